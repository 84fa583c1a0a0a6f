/// The checks of pedantic mode, by theme.
#pragma once

#include <string>
#include <vector>

#include "leapgraph/models/pedantic/influence.hpp"

namespace leapgraph::models::pedantic {

/// A program with what was found out about it, and where warnings go.
struct Findings {
  const TypedProgram& program;
  const Influence& influence;
  std::vector<Diagnostic>& warnings;

  const Symbol& symbol(SymbolId id) const { return program.symbols[static_cast<std::size_t>(id)]; }
  void warn(Range range, std::string message, std::string hint = {}) const {
    warnings.push_back({.range = range,
                        .message = std::move(message),
                        .expected = {},
                        .found = {},
                        .hint = std::move(hint),
                        .severity = Severity::Warning});
  }
  /// "'a' and 'b'"
  std::string names(const Symbols& symbols) const;
};

/// Parameters that nothing depends on, without a prior or with several, hard bounds.
void check_parameters(const Findings& findings);
/// Variables and functions that are never used, and variables that may be read before they are assigned.
void check_variables(const Findings& findings);
/// What distributions are given: numbers and parameters outside the domain of an argument, numbers far from 1, priors
/// that are known for trouble.
void check_distributions(const Findings& findings);
/// Branches and loops that parameters decide about; transformed parameters on the left of `~`.
void check_smoothness(const Findings& findings);

}  // namespace leapgraph::models::pedantic
