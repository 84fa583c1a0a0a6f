/// Checks of what distributions are given.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "leapgraph/models/pedantic/checks.hpp"
#include "leapgraph/models/pedantic/literal.hpp"
#include "leapgraph/models/syntax/walk.hpp"

namespace leapgraph::models::pedantic {
namespace {

/// A `~` or a call of a density: the outcome and the other arguments.
struct Use {
  const library::Distribution& distribution;
  std::vector<const TypedExpression*> arguments;
  Range range;
};

using DeclaredTypes = std::map<SymbolId, const SizedType<Typed>*>;

DeclaredTypes types_of_parameters(const Findings& findings) {
  DeclaredTypes types;
  const ProgramBlock<Typed>* block = findings.program.tree.block(BlockKind::Parameters);
  if (block == nullptr) return types;
  for (const TypedStatement& statement : block->statements) {
    const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node);
    if (declaration == nullptr) continue;
    for (const Variable<Typed>& variable : declaration->variables) types[variable.info.symbol] = &declaration->type;
  }
  return types;
}

/// The range of a parameter that stands there by its name alone; of an element of it, too.
std::optional<DeclaredRange> range_of_parameter(const TypedExpression& expression, const DeclaredTypes& types) {
  if (const auto* indexed = std::get_if<Indexed<Typed>>(&expression.node)) {
    return range_of_parameter(*indexed->base, types);
  }
  const auto found = types.find(expression.info.symbol);
  return found == types.end() ? std::nullopt : declared_range(*found->second);
}

/// Some number that the declaration allows is outside the domain.
bool may_leave(const library::Domain& domain, const DeclaredRange& range) {
  for (const double value : {-1e10, -2.5, -0.5, 0.5, 2.5, 1e10, range.lower + 1e-3, range.upper - 1e-3}) {
    if (range.lower < value && value < range.upper && !domain.holds(value)) return true;
  }
  return false;
}

void check_domains(const Findings& findings, const Use& use, const DeclaredTypes& types) {
  for (std::size_t i = 0; i < use.arguments.size(); ++i) {
    const TypedExpression& given = *use.arguments[i];
    const library::DensityArgument& argument = use.distribution.arguments[i];
    const std::string what = i == 0 ? fmt::format("the outcome of '{}'", use.distribution.name)
                                    : fmt::format("'{}' of '{}'", argument.name, use.distribution.name);
    if (const std::optional<double> value = literal_value(given)) {
      if (!argument.domain->holds(*value)) {
        findings.warn(given.range, fmt::format("{} must be {}, and is {}", what, argument.domain->words, *value));
      } else if (i > 0 && *value != 0 && (std::abs(*value) < 0.1 || std::abs(*value) > 10)) {
        findings.warn(given.range, fmt::format("{} is {}, far from 1", what, *value),
                      "samplers like parameters of a size near 1: rescale the data, or declare the parameter with an "
                      "offset and multiplier");
      }
      continue;
    }
    const std::optional<DeclaredRange> range = range_of_parameter(given, types);
    if (!range || !may_leave(*argument.domain, *range)) continue;
    findings.warn(given.range,
                  fmt::format("{} must be {}, and this parameter may have other values", what, argument.domain->words),
                  "the sampler stops at such values: give the parameter bounds where it is declared");
  }
}

/// The outcome is a parameter, whose bounds are not those of the uniform.
void check_uniform(const Findings& findings, const Use& use, const DeclaredTypes& types) {
  if (use.distribution.name != "uniform") return;
  const auto parameter = types.find(use.arguments[0]->info.symbol);
  if (parameter == types.end()) return;
  const std::optional<DeclaredRange> range = declared_range(*parameter->second);
  const std::optional<double> lower = literal_value(*use.arguments[1]), upper = literal_value(*use.arguments[2]);
  const bool fits = !range || ((!lower || *lower == range->lower) && (!upper || *upper == range->upper));
  const std::string& name = findings.symbol(use.arguments[0]->info.symbol).name;
  if (!fits) {
    findings.warn(use.range, fmt::format("the bounds of this uniform are not those of the parameter '{}'", name),
                  "where the declaration allows more, the density is 0 and the sampler gets stuck: declare the same "
                  "bounds, or better give the parameter a prior without edges");
  }
}

void check_known_trouble(const Findings& findings, const Use& use) {
  const std::string_view name = use.distribution.name;
  if (name == "lkj_corr") {
    findings.warn(use.range, "'lkj_corr' factorises its matrix for every gradient",
                  "declare a cholesky_factor_corr and give it 'lkj_corr_cholesky'");
  }
  if (name != "gamma" && name != "inv_gamma") return;
  const std::optional<double> a = literal_value(*use.arguments[1]), b = literal_value(*use.arguments[2]);
  if (a && b && *a == *b && *a < 1) {
    findings.warn(use.range, fmt::format("'{}' with two equal arguments below 1 is far from noninformative", name),
                  "Gelman (2006) explains; for a scale, normal(0, 1) or student_t(4, 0, 1) over the positive half are "
                  "better");
  }
}

}  // namespace

void check_distributions(const Findings& findings) {
  const DeclaredTypes types = types_of_parameters(findings);
  const auto check = [&](const DensityUse& density, std::vector<const TypedExpression*> arguments, Range range) {
    if (density.distribution == nullptr || arguments.size() != density.distribution->arguments.size()) return;
    const Use use{*density.distribution, std::move(arguments), range};
    check_domains(findings, use, types);
    check_uniform(findings, use, types);
    check_known_trouble(findings, use);
  };
  const auto calls = [&](const TypedExpression& expression) {
    for_each_within(expression, [&](const TypedExpression& part) {
      const auto* call = std::get_if<Call<Typed>>(&part.node);
      if (call == nullptr) return;
      std::vector<const TypedExpression*> arguments;
      for (const TypedExpression& argument : call->arguments) arguments.push_back(&argument);
      check(part.info.density, std::move(arguments), part.range);
    });
  };
  const auto statements = [&](const TypedStatement& statement) {
    for_each_within(statement, [&](const TypedStatement& part) {
      if (const auto* tilde = std::get_if<Tilde<Typed>>(&part.node)) {
        std::vector<const TypedExpression*> arguments{&tilde->variate};
        for (const TypedExpression& argument : tilde->arguments) arguments.push_back(&argument);
        check(part.info.density, std::move(arguments), part.range);
      }
      for_each_part(part, calls, [](const TypedStatement&) {});
    });
  };
  for (const FunctionDefinition<Typed>& function : findings.program.tree.functions) statements(*function.body);
  for (const ProgramBlock<Typed>& block : findings.program.tree.blocks) {
    for (const TypedStatement& statement : block.statements) statements(statement);
  }
}

}  // namespace leapgraph::models::pedantic
