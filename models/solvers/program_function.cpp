/// Derivatives of a program's function as graphs, compiled together; calls with workspaces of their own.
#include "leapgraph/models/solvers/program_function.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <stdexcept>

#include "leapgraph/symbolic/compile.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::solvers {

using symbolic::Expr;
using symbolic::Exprs;
using symbolic::Graph;

struct ProgramFunction::Code {
  std::once_flag compiled;
  std::vector<symbolic::CompiledFunction> functions;  // one a kind
};

struct ProgramFunction::Bound::Workspace {
  std::unique_ptr<void, decltype(&std::free)> memory{nullptr, &std::free};
  std::vector<const void*> in;
};

namespace {

std::size_t length_of(const Expr& vector) { return static_cast<std::size_t>(vector.shape().at(0)); }

}  // namespace

ProgramFunction::ProgramFunction(FunctionGraph graph)
    : graph_(std::move(graph)),
      outputs_(length_of(graph_.value)),
      states_(length_of(graph_.state)),
      parameters_(length_of(graph_.parameters)),
      code_(std::make_unique<Code>()) {}

ProgramFunction::~ProgramFunction() = default;

const ProgramFunction::Code& ProgramFunction::code() const {
  std::call_once(code_->compiled, [this] {
    const Exprs inputs{graph_.point, graph_.state, graph_.parameters, graph_.data};
    const auto jacobian = [&](const Expr& by) {
      return symbolic::jacobian(graph_.value, by, symbolic::Mode::automatic, symbolic::Disconnected::zero);
    };
    Exprs values{graph_.value};
    if (graph_.rejection) values.push_back(graph_.rejection);
    Exprs with_states = values, with_all;
    with_states.push_back(jacobian(graph_.state));
    with_all = with_states;
    with_all.push_back(jacobian(graph_.parameters));
    const std::array<Graph, 3> graphs = {Graph{inputs, values}, Graph{inputs, with_states}, Graph{inputs, with_all}};
    code_->functions = symbolic::compile(graphs);
  });
  return *code_;
}

ProgramFunction::Bound::Bound(const ProgramFunction& function, std::span<const double> parameters,
                              std::span<const double> data)
    : function_(function), parameter_values_(parameters), data_(data), workspaces_(3) {}

ProgramFunction::Bound::~Bound() = default;

void ProgramFunction::Bound::call(Kind kind, std::span<const double> point, const double* state,
                                  std::span<void* const> results) {
  const symbolic::CompiledFunction& compiled = function_.code().functions[kind];
  Workspace& workspace = workspaces_[kind];
  if (workspace.in.empty()) {
    workspace.memory.reset(
        std::aligned_alloc(64, (static_cast<std::size_t>(compiled.workspace_bytes()) / 64 + 1) * 64));
    workspace.in.resize(4);
    for (const symbolic::Array& array : compiled.data()) workspace.in.push_back(array.raw());
  }
  workspace.in[0] = point.data();
  workspace.in[1] = state;
  workspace.in[2] = parameter_values_.data();
  workspace.in[3] = data_.data();
  double rejection = 0;
  std::array<void*, 4> out{};
  std::size_t next = 0;
  out[next++] = results[0];
  if (function_.graph_.rejection) out[next++] = &rejection;
  for (std::size_t i = 1; i < results.size(); ++i) out[next++] = results[i];
  symbolic::RuntimeError error;
  const symbolic::Runtime runtime{.error = &error};
  if (compiled.call(workspace.in.data(), out.data(), workspace.memory.get(), &runtime) != 0)
    throw std::domain_error(compiled.failure(error));
  if (std::isfinite(rejection)) return;
  std::string reasons;
  for (const std::string& reason : function_.graph_.reasons) reasons += (reasons.empty() ? "" : " or ") + reason;
  throw std::domain_error(reasons.empty() ? "the function rejects" : reasons);
}

void ProgramFunction::Bound::value(std::span<const double> point, const double* state, double* value) {
  const std::array<void*, 1> results = {value};
  call(value_only, point, state, results);
}

void ProgramFunction::Bound::value_and_state_jacobian(std::span<const double> point, const double* state, double* value,
                                                      double* by_state) {
  const std::array<void*, 2> results = {value, by_state};
  call(with_states, point, state, results);
}

void ProgramFunction::Bound::value_and_jacobians(std::span<const double> point, const double* state, double* value,
                                                 double* by_state, double* by_parameters) {
  const std::array<void*, 3> results = {value, by_state, by_parameters};
  call(with_all, point, state, results);
}

}  // namespace leapgraph::models::solvers
