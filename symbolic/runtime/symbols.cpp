/// The table of precompiled scalar functions.
#include "leapgraph/symbolic/runtime/symbols.hpp"

#include <algorithm>
#include <array>

#include "leapgraph/symbolic/runtime/special.h"

namespace leapgraph::symbolic {

namespace {

RuntimeSymbol row(std::string_view name, double (*f)(double)) { return {name, 1, reinterpret_cast<void (*)()>(f)}; }
RuntimeSymbol row(std::string_view name, double (*f)(double, double)) {
  return {name, 2, reinterpret_cast<void (*)()>(f)};
}

}  // namespace

std::span<const RuntimeSymbol> runtime_symbols() {
  static const std::array table{
      row("lg_sigmoid", lg_sigmoid),   row("lg_softplus", lg_softplus),   row("lg_log_sigmoid", lg_log_sigmoid),
      row("lg_log1mexp", lg_log1mexp), row("lg_logaddexp", lg_logaddexp), row("lg_logit", lg_logit),
      row("lg_xlogy", lg_xlogy),       row("lg_gaussian", lg_gaussian),   row("lg_lgamma", lg_lgamma),
      row("lg_digamma", lg_digamma),   row("lg_trigamma", lg_trigamma),   row("lg_tetragamma", lg_tetragamma),
  };
  return table;
}

const RuntimeSymbol* find_runtime_symbol(std::string_view name) {
  const auto table = runtime_symbols();
  const auto found =
      std::find_if(table.begin(), table.end(), [name](const RuntimeSymbol& s) { return s.name == name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace leapgraph::symbolic
