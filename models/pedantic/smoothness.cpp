/// Checks of what makes a density rough or not what it seems: branches on parameters, changes of variables.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "leapgraph/models/pedantic/checks.hpp"
#include "leapgraph/models/pedantic/literal.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/walk.hpp"

namespace leapgraph::models::pedantic {
namespace {

void check_controls(const Findings& findings) {
  constexpr const char* hint = "where the density jumps or has a kink, its gradient misleads the sampler";
  for (const Control& control : findings.influence.controls()) {
    if (control.function != no_function || control.block == BlockKind::GeneratedQuantities) continue;
    const Symbols parameters = findings.influence.parameters_behind(control.named);
    if (parameters.empty()) continue;
    findings.warn(control.range, fmt::format("what is computed depends on the value of {}", findings.names(parameters)),
                  hint);
  }
}

/// Conditions in functions that depend on an argument: warned about where parameters are passed for it.
void check_controls_in_functions(const Findings& findings) {
  const auto check = [&](const UserFunctionUse& use, const std::vector<TypedExpression>& arguments, Range range) {
    if (!use) return;
    const FunctionInfo& called = findings.program.tree.functions[static_cast<std::size_t>(use.function)].info;
    for (const Control& control : findings.influence.controls()) {
      if (control.function != use.function) continue;
      const Symbols behind = findings.influence.behind(control.named);
      for (std::size_t i = 0; i < arguments.size() && i < called.parameters.size(); ++i) {
        if (!behind.contains(called.parameters[i])) continue;
        const Symbols parameters = findings.influence.parameters_behind(named_in(arguments[i]));
        if (parameters.empty()) continue;
        findings.warn(range,
                      fmt::format("a branch in this function depends on its argument '{}', and so on {}",
                                  findings.symbol(called.parameters[i]).name, findings.names(parameters)),
                      "where the density jumps or has a kink, its gradient misleads the sampler");
        return;
      }
    }
  };
  for (const ProgramBlock<Typed>& block : findings.program.tree.blocks) {
    if (block.kind != BlockKind::TransformedParameters && block.kind != BlockKind::Model) continue;
    for (const TypedStatement& statement : block.statements) {
      for_each_within(statement, [&](const TypedStatement& part) {
        if (const auto* call = std::get_if<CallStatement<Typed>>(&part.node)) {
          check(part.info.user, call->arguments, part.range);
        }
        for_each_part(
            part,
            [&](const TypedExpression& expression) {
              for_each_within(expression, [&](const TypedExpression& inner) {
                const auto* call = std::get_if<Call<Typed>>(&inner.node);
                if (call != nullptr) check(inner.info.user, call->arguments, inner.range);
              });
            },
            [](const TypedStatement&) {});
      });
    }
  }
}

/// The expression is linear in its variables, so that the Jacobian is a constant. `variable` is false where a variable
/// would make a product of two.
bool is_linear(const TypedExpression& expression, bool variable) {
  const auto all = [&](const std::vector<TypedExpression>& parts) {
    return std::ranges::all_of(parts, [&](const TypedExpression& part) { return is_linear(part, variable); });
  };
  constexpr auto linear =
      std::to_array<std::string_view>({"append_array", "append_col", "append_row",    "block",          "col",
                                       "cols",         "diagonal",   "head",          "rep_array",      "rep_matrix",
                                       "row",          "rep_vector", "rows",          "segment",        "sub_col",
                                       "sub_row",      "sum",        "tail",          "rep_row_vector", "to_array_1d",
                                       "to_array_2d",  "to_matrix",  "to_row_vector", "to_vector",      "transpose"});
  if (expression.info.data_only) return true;
  return std::visit(
      overloaded{[](const auto&) { return false; }, [](const IntLiteral&) { return true; },
                 [](const RealLiteral&) { return true; }, [&](const VariableReference&) { return variable; },
                 [&](const Indexed<Typed>& node) { return is_linear(*node.base, variable); },
                 [&](const TupleProjection<Typed>& node) { return is_linear(*node.base, variable); },
                 [&](const ArrayLiteral<Typed>& node) { return all(node.elements); },
                 [&](const RowVectorLiteral<Typed>& node) { return all(node.elements); },
                 [&](const Unary<Typed>& node) { return is_linear(*node.operand, variable); },
                 [&](const Ternary<Typed>& node) {
                   return is_linear(*node.then, variable) && is_linear(*node.otherwise, variable);
                 },
                 [&](const Call<Typed>& node) {
                   return std::ranges::find(linear, node.function.text) != linear.end() && all(node.arguments);
                 },
                 [&](const Binary<Typed>& node) {
                   switch (node.op) {
                     case BinaryOperator::Add:
                     case BinaryOperator::Subtract:
                       return is_linear(*node.left, variable) && is_linear(*node.right, variable);
                     case BinaryOperator::Multiply:
                     case BinaryOperator::ElementMultiply:
                       return (is_linear(*node.left, variable) && is_linear(*node.right, false)) ||
                              (is_linear(*node.left, false) && is_linear(*node.right, variable));
                     case BinaryOperator::Divide:
                     case BinaryOperator::ElementDivide:
                       return is_linear(*node.left, variable) && is_linear(*node.right, false);
                     default:
                       return false;
                   }
                 }},
      expression.node);
}

void check_changes_of_variables(const Findings& findings) {
  const auto check = [&](const TypedExpression& outcome) {
    if (is_linear(outcome, true)) return;
    const Symbols parameters = findings.influence.parameters_behind(named_in(outcome));
    if (parameters.empty()) return;
    findings.warn(outcome.range,
                  fmt::format("a function of {} that may be nonlinear has a distribution", findings.names(parameters)),
                  "the density is that of the parameter, so the log absolute derivative of the function must be added: "
                  "target += ..., or jacobian += ... in transformed parameters");
  };
  for (const ProgramBlock<Typed>& block : findings.program.tree.blocks) {
    for (const TypedStatement& statement : block.statements) {
      for_each_within(statement, [&](const TypedStatement& part) {
        if (const auto* tilde = std::get_if<Tilde<Typed>>(&part.node)) check(tilde->variate);
        const auto* increment = std::get_if<TargetIncrement<Typed>>(&part.node);
        if (increment == nullptr) return;
        const auto* call = std::get_if<Call<Typed>>(&increment->value.node);
        if (call != nullptr && increment->value.info.density.distribution != nullptr) check(call->arguments[0]);
      });
    }
  }
}

}  // namespace

void check_smoothness(const Findings& findings) {
  check_controls(findings);
  check_controls_in_functions(findings);
  check_changes_of_variables(findings);
}

}  // namespace leapgraph::models::pedantic
