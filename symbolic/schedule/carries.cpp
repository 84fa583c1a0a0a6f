/// Carries of loops written in place: a next value that is made when the old one was read for the last time needs no
/// memory of its own and no copy.
#include <algorithm>
#include <set>

#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

namespace {

enum class Use { read, write, update };

/// Calls f(buffer number, use) for every mention of a buffer in a step and in what it contains.
template <class F>
void for_each_use(Step& step, const F& f);

template <class F>
void for_each_use(Steps& steps, const F& f) {
  for (Step& step : steps) for_each_use(step, f);
}

template <class F>
void for_each_use(Step& step, const F& f) {
  const auto all = [&f](std::vector<int>& buffers, Use use) {
    for (int& b : buffers) f(b, use);
  };
  if (auto* nest = std::get_if<Nest>(&step.what)) {
    for (Statement& statement : nest->statements)
      if (auto* load = std::get_if<Load>(&statement.what)) f(load->from.buffer, Use::read);
    for (Store& store : nest->stores) f(store.to.buffer, Use::write);
    for (Accumulation& a : nest->accumulations) f(a.to.buffer, Use::update);
  } else if (auto* fill = std::get_if<Fill>(&step.what)) {
    f(fill->buffer, Use::write);
  } else if (auto* routine = std::get_if<RoutineCall>(&step.what)) {
    all(routine->inputs, Use::read);
    all(routine->outputs, Use::write);
  } else if (auto* call = std::get_if<CallStep>(&step.what)) {
    all(call->inputs, Use::read);
    all(call->outputs, Use::write);
    if (call->workspace >= 0) f(call->workspace, Use::update);
  } else if (auto* branch = std::get_if<BranchStep>(&step.what)) {
    f(branch->condition, Use::read);
    for_each_use(branch->if_true, f);
    for_each_use(branch->if_false, f);
  } else if (auto* loop = std::get_if<LoopStep>(&step.what)) {
    if (loop->steps >= 0) f(loop->steps, Use::read);
    if (loop->done >= 0) f(loop->done, Use::write);
    for (LoopStep::Carry& carry : loop->carries) {
      f(carry.current, Use::update);
      f(carry.next, Use::read);
    }
    for_each_use(loop->body, f);
    if (loop->stop >= 0) f(loop->stop, Use::read);
  }
}

class InPlace {
 public:
  explicit InPlace(Program& program) : program_(program) {}

  void run(Steps& steps) {
    for (Step& step : steps) {
      if (auto* branch = std::get_if<BranchStep>(&step.what)) {
        run(branch->if_true);
        run(branch->if_false);
      }
      if (auto* loop = std::get_if<LoopStep>(&step.what)) {
        run(loop->body);
        std::erase_if(loop->carries, [&](const LoopStep::Carry& carry) {
          if (!can_share(loop->body, carry)) return false;
          rename(loop->body, carry.next, carry.current);
          drop_copies_to_self(loop->body);
          return true;
        });
      }
    }
  }

 private:
  /// The buffer that a row or a part is cut from.
  int root(int number) const {
    while (program_.buffers[static_cast<std::size_t>(number)].base >= 0)
      number = program_.buffers[static_cast<std::size_t>(number)].base;
    return number;
  }

  struct Uses {
    bool reads = false, writes = false;
  };
  Uses uses_of(Step& step, const LoopStep::Carry& carry) const {
    Uses uses;
    for_each_use(step, [&](int& b, Use use) {
      const int from = root(b);
      if (from == carry.current) uses.reads = true;
      if (from == carry.next && use != Use::read) uses.writes = true;
    });
    return uses;
  }

  /// Whether the old value is read for the last time before the new one is written, or at the same element.
  bool can_share(Steps& body, const LoopStep::Carry& carry) const {
    bool written = false;
    for (Step& step : body) {
      const Uses uses = uses_of(step, carry);
      if (uses.reads && (written || (uses.writes && !same_elements(step, carry)))) return false;
      written = written || uses.writes;
    }
    return true;
  }

  /// The step is a nest that reads only the element that it writes next.
  static bool same_elements(const Step& step, const LoopStep::Carry& carry) {
    const auto* nest = std::get_if<Nest>(&step.what);
    if (nest == nullptr) return false;
    const Access* to = nullptr;
    for (const Store& store : nest->stores)
      if (store.to.buffer == carry.next) {
        if (to != nullptr) return false;
        to = &store.to;
      }
    for (const Accumulation& a : nest->accumulations)
      if (a.to.buffer == carry.next) return false;
    if (to == nullptr || to->row >= 0) return false;
    for (std::size_t axis = 0; axis < nest->extents.size(); ++axis)
      if (nest->extents[axis] > 1 && to->strides[axis] == 0) return false;
    return std::all_of(nest->statements.begin(), nest->statements.end(), [&](const Statement& statement) {
      const auto* load = std::get_if<Load>(&statement.what);
      return load == nullptr || load->from.buffer != carry.current ||
             (load->from.row < 0 && load->from.offset == to->offset && load->from.strides == to->strides);
    });
  }

  void rename(Steps& steps, int from, int to) {
    for_each_use(steps, [&](int& b, Use) {
      if (b == from) b = to;
    });
    for (Buffer& buffer : program_.buffers)
      if (buffer.base == from) buffer.base = to;
  }

  /// Elements that keep their value need not be stored.
  static void drop_copies_to_self(Steps& steps) {
    std::erase_if(steps, [](Step& step) {
      auto* nest = std::get_if<Nest>(&step.what);
      if (nest == nullptr) return false;
      std::erase_if(nest->stores, [nest](const Store& store) {
        const auto* load = std::get_if<Load>(&nest->statements[static_cast<std::size_t>(store.value)].what);
        return load != nullptr && load->from.row < 0 && store.to.row < 0 && load->from.buffer == store.to.buffer &&
               load->from.offset == store.to.offset && load->from.strides == store.to.strides;
      });
      return nest->stores.empty() && nest->accumulations.empty();
    });
  }

  Program& program_;
};

}  // namespace

void write_carries_in_place(Program& program) { InPlace(program).run(program.steps); }

}  // namespace leapgraph::symbolic
