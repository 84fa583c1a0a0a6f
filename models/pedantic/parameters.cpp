/// Checks of parameters: are they used, have they one prior, are their bounds meant.
#include <fmt/format.h>

#include <map>
#include <optional>

#include "leapgraph/models/pedantic/checks.hpp"
#include "leapgraph/models/pedantic/literal.hpp"
#include "leapgraph/models/syntax/walk.hpp"

namespace leapgraph::models::pedantic {
namespace {

/// Without `removed`, some way leads from the factor's variables to data.
bool reaches_data(const Factor& start, SymbolId removed, const Influence& influence) {
  Symbols seen{removed};
  std::vector<SymbolId> next;
  const auto enter = [&](const Factor& factor) {
    for (const SymbolId symbol : factor.variables) {
      if (seen.insert(symbol).second) next.push_back(symbol);
    }
  };
  enter(start);
  while (!next.empty()) {
    const SymbolId symbol = next.back();
    next.pop_back();
    if (influence.is_data(symbol)) return true;
    for (const Factor& factor : influence.factors()) {
      if (factor.variables.contains(symbol)) enter(factor);
    }
  }
  return false;
}

/// As Stan's pedantic mode has it: a prior of a parameter is a factor that knows of data through this parameter only.
void check_priors(const Findings& findings, SymbolId parameter) {
  int priors = 0;
  bool used = false;
  for (const Factor& factor : findings.influence.factors()) {
    if (!factor.variables.contains(parameter)) continue;
    used = true;
    if (!reaches_data(factor, parameter, findings.influence)) ++priors;
  }
  const Symbol& symbol = findings.symbol(parameter);
  if (!used) {
    findings.warn(symbol.declared, fmt::format("the parameter '{}' does not enter the density", symbol.name),
                  "its draws come from no distribution: use it or remove it");
  } else if (priors == 0) {
    findings.warn(symbol.declared, fmt::format("the parameter '{}' has no prior", symbol.name),
                  "it is then uniform over all values that its declaration allows; if a distribution that data enter "
                  "is meant as its prior, nothing is wrong");
  } else if (priors > 1) {
    findings.warn(symbol.declared, fmt::format("the parameter '{}' has {} priors", symbol.name, priors),
                  "their densities are multiplied");
  }
}

void check_bounds(const Findings& findings, const Declaration<Typed>& declaration) {
  const SizedWord<Typed>* word = plain_word(declaration.type);
  if (word == nullptr) return;
  const std::optional<double> lower = literal_value(word->bounds.lower), upper = literal_value(word->bounds.upper);
  if (!lower || !upper) return;
  if (*lower >= *upper) {
    findings.warn(word->bounds.range, "no value lies between these bounds");
  } else if (!(*upper == 1 && (*lower == 0 || *lower == -1))) {
    findings.warn(word->bounds.range,
                  fmt::format("the parameter '{}' is kept between two numbers", declaration.variables.at(0).name.text),
                  "unless logic or physics forbids other values, a prior that makes them unlikely is better for the "
                  "sampler and for the model");
  }
}

}  // namespace

void check_parameters(const Findings& findings) {
  for (std::size_t i = 0; i < findings.program.symbols.size(); ++i) {
    const auto id = static_cast<SymbolId>(i);
    if (findings.influence.is_parameter(id)) check_priors(findings, id);
  }
  if (const ProgramBlock<Typed>* block = findings.program.tree.block(BlockKind::Parameters)) {
    for (const TypedStatement& statement : block->statements) {
      if (const auto* declaration = std::get_if<Declaration<Typed>>(&statement.node)) {
        check_bounds(findings, *declaration);
      }
    }
  }
  std::map<SymbolId, int> times;
  for (const ProgramBlock<Typed>& block : findings.program.tree.blocks) {
    for (const TypedStatement& statement : block.statements) {
      for_each_within(statement, [&](const TypedStatement& part) {
        const auto* tilde = std::get_if<Tilde<Typed>>(&part.node);
        if (tilde == nullptr || !std::holds_alternative<VariableReference>(tilde->variate.node)) return;
        const SymbolId variate = tilde->variate.info.symbol;
        if (!findings.influence.is_parameter(variate)) return;
        if (++times[variate] != 2) return;
        findings.warn(part.range,
                      fmt::format("'{}' stands on the left of more than one '~'", findings.symbol(variate).name),
                      "the densities are multiplied; a later one does not replace an earlier one");
      });
    }
  }
}

}  // namespace leapgraph::models::pedantic
