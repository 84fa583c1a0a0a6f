#include "leapgraph/models/pedantic/pedantic.hpp"

#include <algorithm>

#include "leapgraph/models/pedantic/checks.hpp"

namespace leapgraph::models::pedantic {

std::string Findings::names(const Symbols& symbols) const {
  std::string text;
  std::size_t left = symbols.size();
  for (const SymbolId id : symbols) {
    text += "'" + symbol(id).name + "'";
    --left;
    text += left > 1 ? ", " : left == 1 ? " and " : "";
  }
  return text;
}

std::vector<Diagnostic> warnings(const TypedProgram& program) {
  const Influence influence(program);
  std::vector<Diagnostic> warnings;
  const Findings findings{program, influence, warnings};
  for (const auto check : {check_parameters, check_variables, check_distributions, check_smoothness}) check(findings);
  std::ranges::stable_sort(warnings, {}, [](const Diagnostic& warning) { return warning.range.begin; });
  return warnings;
}

}  // namespace leapgraph::models::pedantic
