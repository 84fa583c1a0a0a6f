/// Walks the steps of a module and describes what each counter counts.
#include "leapgraph/symbolic/schedule/counters.hpp"

#include <fmt/format.h>

#include <deque>

namespace leapgraph::symbolic {

namespace {

struct Described {
  std::string operator()(const Nest& nest) const {
    return fmt::format("loop nest {}: {}", to_string(nest.extents), nest.origin.empty() ? "copy" : nest.origin);
  }
  std::string operator()(const Fill&) const { return "fill with 0"; }
  std::string operator()(const RoutineCall& call) const { return fmt::format("routine {}", call.routine->symbol); }
  std::string operator()(const LoopStep& loop) const {
    return loop.steps < 0 ? fmt::format("loop of {} steps", loop.known_steps) : "loop";
  }
  std::string operator()(const BranchStep&) const { return "branch"; }
  std::string operator()(const CallStep& call) const { return fmt::format("call of function {}", call.function); }
};

struct SharesOf {
  std::vector<Share> operator()(const Nest& nest) const { return nest.shares; }
  std::vector<Share> operator()(const Fill&) const { return {}; }
  template <class S>
  std::vector<Share> operator()(const S& step) const {
    return step.share.op.empty() ? std::vector<Share>() : std::vector<Share>{step.share};
  }
};

}  // namespace

std::vector<Counter> count_steps(Module& module) {
  std::vector<Counter> counters;
  for (std::size_t f = 0; f < module.functions.size(); ++f)
    counters.push_back({.what = module.functions[f].name, .function = f, .is_entry = true});
  struct Open {
    Steps* steps;
    std::size_t function;
    int around;
  };
  std::deque<Open> open;
  for (std::size_t f = 0; f < module.functions.size(); ++f) open.push_back({&module.functions[f].steps, f, -1});
  while (!open.empty()) {
    const Open next = open.front();
    open.pop_front();
    for (Step& step : *next.steps) {
      step.counter = static_cast<int>(counters.size());
      Counter counter{.what = std::visit(Described{}, step.what),
                      .function = next.function,
                      .around = next.around,
                      .shares = std::visit(SharesOf{}, step.what)};
      if (const auto* call = std::get_if<CallStep>(&step.what)) counter.called = call->function;
      counters.push_back(std::move(counter));
      if (auto* loop = std::get_if<LoopStep>(&step.what)) open.push_back({&loop->body, next.function, step.counter});
      if (auto* branch = std::get_if<BranchStep>(&step.what)) {
        open.push_back({&branch->if_true, next.function, step.counter});
        open.push_back({&branch->if_false, next.function, step.counter});
      }
    }
  }
  module.counters = static_cast<int>(counters.size());
  return counters;
}

double work_of_element(const Op& op) {
  const auto* elementwise = lowering_as<Elementwise>(op);
  if (elementwise == nullptr) return lowering_as<Contraction>(op) != nullptr ? 2 : lowering_as<Gather>(op) ? 2 : 1;
  const std::string_view code = elementwise->code;
  double work = 1;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '/') work += 4;
    if (code[i] != '(' || i == 0) continue;
    // A function of the C library or of ours costs some ten additions; the small ones of the prelude do not.
    std::size_t start = i;
    while (start > 0 && (std::isalnum(static_cast<unsigned char>(code[start - 1])) != 0 || code[start - 1] == '_' ||
                         code[start - 1] == '{' || code[start - 1] == '}'))
      --start;
    const std::string_view name = code.substr(start, i - start);
    if (name.empty() || name == "lg_abs" || name == "lg_cast") continue;
    work += name.starts_with("sqrt") || name.starts_with("lg_mod") || name.starts_with("lg_floor") ? 4 : 12;
  }
  return work;
}

}  // namespace leapgraph::symbolic
