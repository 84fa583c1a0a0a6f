/// Rules as two expressions over variables, compiled once and matched modulo order, grouping, signs and literal
/// factors.
#pragma once

#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "leapgraph/symbolic/rewrite/views.hpp"

namespace leapgraph::symbolic {

inline constexpr std::size_t most_variables = 4;

/// What a variable of a rule stands for: factor * core, and the expression where it was seen first.
struct Binding {
  bool bound = false;
  Scaled value;
  Expr origin;
  Scaled origin_value;
};
using Bindings = std::array<Binding, most_variables>;

/// The expression that a variable stands for; literals get the given element type.
Expr realize(const Binding& binding, DType dtype);

/// What a rule's guard sees.
struct Match {
  const Bindings& bindings;
  Expr value(std::size_t variable) const { return realize(bindings[variable], DType::float64); }
  double literal(std::size_t variable) const { return bindings[variable].value.factor; }
};
using Guard = bool (*)(const Match& match);

class ProductEditor;

/// One row of a table of rules. `left` and `right` are written with the ordinary builders over the variables of
/// `Variables`; right may be evaluated wherever left may, and is nowhere further from the exact value, but for what
/// `rounds` says. Rules that need more than a pattern bring a function, and left and right as an example.
struct Rule {
  std::string_view name;
  Expr left;
  Expr right;
  Guard guard = nullptr;
  /// |error| that rounding an intermediate quantity may cost, in units of the last place of 1: an expression over the
  /// variables, e.g. `abs(x)` where x was added to something.
  Expr rounds = {};
  /// For rules that are functions: the new expression for a node, or absent. `anchor` is the op at the root.
  Expr (*node)(Views& views, const Expr& e) = nullptr;
  /// The same inside products: edits the product around factor `index`, whose base has the op `anchor` (exp_op: an
  /// exponential, add_op: a sum or difference, absent: any), or returns false.
  bool (*factor)(Views& views, ProductEditor& product, std::size_t index) = nullptr;
  const Op* anchor = nullptr;
};

/// The variables of all tables: x, y, z match any floating expression, c only a literal.
struct Variables {
  Expr x, y, z, c;
};
const Variables& variables();
inline constexpr std::size_t literal_variable = 3;

/// A compiled left side.
struct Pattern {
  enum class Kind { variable, literal, call, sum, product } kind = Kind::literal;
  double factor = 1.0;  ///< literal multiple of what follows; the value of a literal
  std::size_t variable = 0;
  const Op* op = nullptr;
  std::vector<Pattern> parts;     ///< arguments, terms or factors
  std::vector<double> exponents;  ///< of factors
};

Pattern compile(const Expr& left);

/// Matches a whole expression; `then` is asked before the match counts, so that alternatives are tried.
bool match(Views& views, const Pattern& pattern, const Expr& e, Bindings& bindings, const std::function<bool()>& then);

/// Right side with the variables replaced, in the given element type, made at `place`.
Expr instantiate(const Expr& right, const Bindings& bindings, DType dtype, const std::source_location& place);

/// Whether the value is at least 0 (or nan) for all arguments, as far as a short look shows; `positive`: above 0 in
/// real arithmetic, whatever it rounds to.
bool is_nonnegative(const Expr& e, int depth = 0);
bool is_positive(const Expr& e, int depth = 0);

}  // namespace leapgraph::symbolic
