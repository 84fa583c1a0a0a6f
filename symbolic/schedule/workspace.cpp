/// Static memory plan: every workspace buffer gets an offset, and buffers that are never alive together share memory.
#include <algorithm>

#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

namespace {

struct Lifetime {
  std::int64_t first = -1, last = -1;
};

/// Walks the steps in order of execution and notes when each buffer is touched.
class Lifetimes {
 public:
  explicit Lifetimes(const Program& program) : program_(program), lifetimes_(program.buffers.size()) {
    walk(program.steps);
  }
  const Lifetime& of(std::size_t buffer) const { return lifetimes_[buffer]; }

 private:
  void touch(int buffer) {
    for (; buffer >= 0; buffer = program_.buffers[static_cast<std::size_t>(buffer)].base) {
      Lifetime& life = lifetimes_[static_cast<std::size_t>(buffer)];
      if (life.first < 0) life.first = now_;
      life.last = now_;
    }
  }
  void touch(const std::vector<int>& buffers) {
    for (int buffer : buffers) touch(buffer);
  }

  void visit(const Nest& nest) {
    for (const Statement& statement : nest.statements)
      if (const auto* load = std::get_if<Load>(&statement.what)) touch(load->from.buffer);
    for (const Store& store : nest.stores) touch(store.to.buffer);
    for (const Accumulation& accumulation : nest.accumulations) touch(accumulation.to.buffer);
    touch(nest.segments);
  }
  void visit(const Fill& fill) { touch(fill.buffer); }
  void visit(const RoutineCall& call) {
    touch(call.inputs);
    touch(call.outputs);
  }
  void visit(const CallStep& call) {
    touch(call.inputs);
    touch(call.outputs);
    touch(call.workspace);
  }
  void visit(const BranchStep& branch) {
    touch(branch.condition);
    walk(branch.if_true);
    walk(branch.if_false);
    // Both sides write the same outputs, of which only one runs: what either wrote stays alive until the end.
    touch(branch.condition);
  }
  void visit(const LoopStep& loop) {
    const std::int64_t start = now_;
    touch(loop.steps);
    touch(loop.done);
    touch(loop.stop);
    for (const LoopStep::Carry& carry : loop.carries) touch(carry.current);
    walk(loop.body);
    for (const LoopStep::Carry& carry : loop.carries) {
      touch(carry.current);
      touch(carry.next);
    }
    touch(loop.steps);
    touch(loop.done);
    touch(loop.stop);
    for (Lifetime& life : lifetimes_)
      if (life.first >= 0 && life.first <= start && life.last >= start)
        life.last = now_;  // the next iteration reads it again
    for (const Buffer& buffer : program_.buffers)
      if (buffer.place == Place::slice && buffer.loop == loop.number) extend(buffer.base, start);
  }
  /// What rows are cut from is alive for the whole loop.
  void extend(int buffer, std::int64_t start) {
    for (; buffer >= 0; buffer = program_.buffers[static_cast<std::size_t>(buffer)].base) {
      Lifetime& life = lifetimes_[static_cast<std::size_t>(buffer)];
      life.first = life.first < 0 ? start : std::min(life.first, start);
      life.last = std::max(life.last, now_);
    }
  }

  void walk(const Steps& steps) {
    for (const Step& step : steps) {
      ++now_;
      std::visit([this](const auto& s) { visit(s); }, step.what);
      ++now_;
    }
  }

  const Program& program_;
  std::vector<Lifetime> lifetimes_;
  std::int64_t now_ = 0;
};

/// Above this, a C compiler gains less from registers than it loses in the length of one function.
constexpr std::size_t long_function = 800;

/// Arrays start on cache lines; what is shorter than one is packed.
std::int64_t padded(std::int64_t bytes) { return bytes < 64 ? (bytes + 7) / 8 * 8 : (bytes + 63) / 64 * 64; }

}  // namespace

std::size_t statement_count(const Step& step) {
  if (const auto* nest = std::get_if<Nest>(&step.what))
    return 1 + nest->statements.size() + nest->stores.size() + nest->accumulations.size();
  if (const auto* loop = std::get_if<LoopStep>(&step.what)) return 1 + statement_count(loop->body);
  if (const auto* branch = std::get_if<BranchStep>(&step.what))
    return 1 + statement_count(branch->if_true) + statement_count(branch->if_false);
  return 1;
}

std::size_t statement_count(const Steps& steps) {
  std::size_t count = 0;
  for (const Step& step : steps) count += statement_count(step);
  return count;
}

void spill_locals(Program& program) {
  if (statement_count(program.steps) <= long_function) return;
  for (Buffer& buffer : program.buffers)
    if (buffer.place == Place::local) buffer.place = Place::workspace;
}

void plan_workspace(Program& program) {
  const Lifetimes lifetimes(program);
  struct Extent {
    std::int64_t begin, end;
    Lifetime life;
  };
  std::vector<std::size_t> wanted;
  for (std::size_t b = 0; b < program.buffers.size(); ++b)
    if (program.buffers[b].place == Place::workspace && lifetimes.of(b).first >= 0) wanted.push_back(b);
  const auto bytes = [&program](std::size_t b) {
    const Buffer& buffer = program.buffers[b];
    return padded(buffer.size * info(buffer.dtype).bytes);
  };
  std::stable_sort(wanted.begin(), wanted.end(), [&](std::size_t a, std::size_t b) { return bytes(a) > bytes(b); });
  std::vector<Extent> placed;  // ordered by begin
  for (std::size_t b : wanted) {
    const Lifetime life = lifetimes.of(b);
    std::int64_t offset = 0;
    for (const Extent& other : placed) {
      if (other.life.last < life.first || life.last < other.life.first) continue;
      if (offset + bytes(b) <= other.begin) break;
      offset = std::max(offset, other.end);
    }
    const Extent mine{offset, offset + bytes(b), life};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), mine,
                                   [](const Extent& x, const Extent& y) { return x.begin < y.begin; }),
                  mine);
    program.buffers[b].index = offset;
    program.workspace_bytes = std::max(program.workspace_bytes, (mine.end + 63) / 64 * 64);
  }
}

}  // namespace leapgraph::symbolic
