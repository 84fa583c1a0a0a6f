/// Loop programs as text, for dumps.
#include <fmt/format.h>

#include "leapgraph/symbolic/schedule/schedule.hpp"

namespace leapgraph::symbolic {

namespace {

class Describer {
 public:
  std::string run(const Module& module) {
    for (const Program& program : module.functions) {
      program_ = &program;
      line(0, fmt::format("function {}: {} inputs, {} outputs, {} bytes of workspace", program.name,
                          program.inputs.size(), program.outputs.size(), program.workspace_bytes));
      steps(program.steps, 1);
    }
    return text_;
  }

 private:
  void line(int depth, const std::string& text) {
    text_ += std::string(static_cast<std::size_t>(2 * depth), ' ') + text + "\n";
  }

  std::string name(int number) const {
    const Buffer& buffer = program_->buffers[static_cast<std::size_t>(number)];
    constexpr const char* places[] = {"in", "out", "extent", "data", "work", "local", "row"};
    return fmt::format("b{}:{}", number, places[static_cast<std::size_t>(buffer.place)]);
  }
  std::string at(const Access& access) const {
    std::string strides;
    for (std::int64_t stride : access.strides) strides += fmt::format(" {}", stride);
    return fmt::format("{}[{} +{}{}]", name(access.buffer), access.offset, strides.empty() ? " 0" : strides,
                       access.row < 0 ? "" : fmt::format(" + v{} * {}", access.row, access.row_stride));
  }

  void steps(const Steps& list, int depth) {
    for (const Step& step : list) std::visit([&](const auto& s) { show(s, depth); }, step.what);
  }
  void show(const Nest& nest, int depth) {
    line(depth, fmt::format("nest {}{} ({})", to_string(nest.extents),
                            nest.segments < 0 ? "" : " in segments " + name(nest.segments), nest.origin));
    for (std::size_t i = 0; i < nest.statements.size(); ++i) {
      const Statement& statement = nest.statements[i];
      if (const auto* load = std::get_if<Load>(&statement.what))
        line(depth + 1, fmt::format("v{} = {}", i, at(load->from)));
      if (const auto* literal = std::get_if<Literal>(&statement.what))
        line(depth + 1, is_floating(statement.dtype) ? fmt::format("v{} = {}", i, literal->real)
                                                     : fmt::format("v{} = {}", i, literal->whole));
      if (const auto* compute = std::get_if<Compute>(&statement.what)) {
        std::string arguments;
        for (int argument : compute->arguments) arguments += fmt::format(" v{}", argument);
        line(depth + 1, fmt::format("v{} = `{}`{}", i, compute->code->code, arguments));
      }
    }
    for (const Store& store : nest.stores) line(depth + 1, fmt::format("{} = v{}", at(store.to), store.value));
    constexpr const char* combines[] = {"+", "*", "max", "min", "all", "any"};
    for (const Accumulation& a : nest.accumulations)
      line(depth + 1, fmt::format("{} {}= v{}{}", at(a.to), combines[static_cast<std::size_t>(a.combine)], a.value,
                                  a.factor < 0 ? "" : fmt::format(" * v{}", a.factor)));
  }
  void show(const Fill& fill, int depth) { line(depth, fmt::format("fill {} with 0", name(fill.buffer))); }
  std::string names(const std::vector<int>& buffers) const {
    std::string text;
    for (int b : buffers) text += (text.empty() ? "" : ", ") + name(b);
    return text;
  }
  void show(const RoutineCall& call, int depth) {
    line(depth, fmt::format("{} = {}({})", names(call.outputs), call.routine->symbol, names(call.inputs)));
  }
  void show(const CallStep& call, int depth) {
    line(depth, fmt::format("{} = function #{}({})", names(call.outputs), call.function, names(call.inputs)));
  }
  void show(const LoopStep& loop, int depth) {
    line(depth, fmt::format("loop t{} {} times", loop.number,
                            loop.steps < 0 ? std::to_string(loop.known_steps) : name(loop.steps)));
    steps(loop.body, depth + 1);
    if (loop.stop >= 0) line(depth + 1, fmt::format("stop if {}", name(loop.stop)));
    for (const LoopStep::Carry& carry : loop.carries)
      line(depth + 1, fmt::format("carry {} <- {}", name(carry.current), name(carry.next)));
  }
  void show(const BranchStep& branch, int depth) {
    line(depth, fmt::format("if {}", name(branch.condition)));
    steps(branch.if_true, depth + 1);
    line(depth, "else");
    steps(branch.if_false, depth + 1);
  }

  const Program* program_ = nullptr;
  std::string text_;
};

}  // namespace

std::string describe(const Module& module) { return Describer().run(module); }

}  // namespace leapgraph::symbolic
