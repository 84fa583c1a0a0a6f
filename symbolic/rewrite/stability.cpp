/// The stability rules that can be said as two expressions.
#include <cmath>
#include <numbers>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// log(2 sigmoid(x)) = log(1 + tanh(x / 2)), which is 0 at 0.
Expr log_twice_sigmoid(const Expr& x) {
  return where(abs(x) < 0.5, -log1p(0.5 * expm1(-x)), log_sigmoid(x) + std::numbers::ln2);
}

bool literal_is_even_integer(const Match& m) { return std::fmod(m.literal(literal_variable), 2.0) == 0; }
bool literal_is_odd_positive_integer(const Match& m) {
  return m.literal(literal_variable) > 0 && std::fmod(m.literal(literal_variable), 2.0) == 1;
}
bool literal_is_positive(const Match& m) { return m.literal(literal_variable) > 0; }
bool x_is_nonnegative(const Match& m) { return is_nonnegative(m.value(0)); }

bool y_is_no_literal(const Match& m) { return static_cast<bool>(m.bindings[1].value.core); }

/// Of large |x| without the overflow of cosh, of small x without the rounding of 1 + x^2 / 2.
Expr log_cosh(const Expr& x) {
  const Expr large = abs(x);
  return where(large < 1.0, log1p(2.0 * sqr(sinh(0.5 * x))), large + (log1p(exp(-2.0 * large)) - std::numbers::ln2));
}

/// (x + y) - x = y over a sum of roots, for the difference of the roots.
Expr over_roots(const Expr& difference, const Expr& roots) {
  return where(isinf(difference), roots * difference, difference / where(eq(roots, 0.0), 1.0, roots));
}

/// log((1 + x) / x) for x > 0: as a sum of what it is below 1 and above, each 0 for the other.
Expr log_above(const Expr& x) {
  const Expr large = 1.0 < x;
  return log1p(where(large, inv(x), x)) - log(where(large, 1.0, x));
}
/// log((x + c) / x) and log(x / (x + c)), for negative x too.
Expr log_of_excess(const Expr& x, const Expr& c) {
  const Expr large = c < abs(x);
  return log1p(where(large, c / x, 0.0)) + log(where(large, 1.0, (x + c) / x));
}
Expr log_of_share(const Expr& x, const Expr& c) {
  const Expr large = c < abs(x);
  return log(where(large, 1.0, x / (x + c))) - log1p(where(large, c / x, 0.0));
}

/// sigmoid(x) - sigmoid(y) as a product: no cancellation where both are near 1.
Expr difference_of_sigmoids(const Expr& x, const Expr& y) {
  const Expr gap = where(eq(x, y), 0.0, abs(x - y));
  return sigmoid(maximum(x, y)) * sigmoid(-minimum(x, y)) * where(x < y, expm1(-gap), -expm1(-gap));
}

/// y / d, and 1 where y is infinite and d is y and something else.
Expr part_of(const Expr& y, const Expr& d) { return where(logical_and(isinf(y), isinf(d)), 1.0, y / d); }

/// y log(x) for x >= 0, which is 0 where y is, as log(x^0) is for any x.
Expr log_of_power(const Expr& x, const Expr& y) { return where(logical_and(eq(y, 0.0), isnan(x)), 0.0, xlogy(y, x)); }

std::vector<Rule> make_stability_rules() {
  const auto& [x, y, z, c] = variables();
  const Expr half_x = 0.5 * x;
  const Expr large = abs(x);
  // Better than what the rules about any product find.
  std::vector<Rule> rules{
      {.name = "log((exp(x) + exp(-x)) / 2)", .left = log(0.5 * (exp(x) + exp(-x))), .right = log_cosh(x)},
      {.name = "log(2 sigmoid(x))", .left = log(2.0 * sigmoid(x)), .right = log_twice_sigmoid(x)},
  };
  for (const std::vector<Rule>& functions : {error_function_rules(), logarithm_rules(), product_rules()})
    rules.insert(rules.end(), functions.begin(), functions.end());
  const std::vector<Rule> rows{
      // --- log ---
      {.name = "log(1 + exp(x))", .left = log(1.0 + exp(x)), .right = softplus(x)},
      {.name = "log(1 + x)", .left = log(1.0 + x), .right = log1p(x)},
      {.name = "log(1 - x)", .left = log(1.0 - x), .right = log1p(-x)},
      {.name = "log(exp(x) - 1)", .left = log(expm1(x)), .right = x + log1mexp(-x), .rounds = abs(x)},
      {.name = "log(1 - exp(x))", .left = log(-expm1(x)), .right = log1mexp(x)},
      {.name = "log(exp(x) - exp(y))",
       .left = log(exp(x) - exp(y)),
       .right = where(eq(y, -infinity), x, x + log1mexp(y - x)),
       .rounds = (abs(x) + abs(y)) * (1.0 - inv(expm1(y - x)))},
      {.name = "log(sigmoid(x))", .left = log(sigmoid(x)), .right = log_sigmoid(x)},
      {.name = "log(exp(x))", .left = log(exp(x)), .right = x},
      {.name = "log(sqrt(x))", .left = log(sqrt(x)), .right = 0.5 * log(x)},
      {.name = "log(1 / x)", .left = log(inv(x)), .right = -log(x)},
      {.name = "log(x^2)", .left = log(sqr(x)), .right = 2.0 * log(abs(x))},
      {.name = "log(x^c), c even", .left = log(pow(x, c)), .right = c * log(abs(x)), .guard = literal_is_even_integer},
      {.name = "log(x^c), c odd",
       .left = log(pow(x, c)),
       .right = c * log(x),
       .guard = literal_is_odd_positive_integer},
      {.name = "log(x^c), x >= 0 or c no integer",
       .left = log(pow(x, c)),
       .right = c * log(x),
       .guard =
           [](const Match& m) {
             const double power = m.literal(literal_variable);
             return std::isfinite(power) && power != 0 && (x_is_nonnegative(m) || power != std::trunc(power));
           }},
      {.name = "log(cosh(x))", .left = log(cosh(x)), .right = log_cosh(x)},
      {.name = "log(sinh(x))",
       .left = log(sinh(x)),
       .right = x + (log1mexp(-2.0 * x) - std::numbers::ln2),
       .rounds = 1.0 + abs(x) + abs(log1mexp(-2.0 * x))},
      {.name = "log(tanh(x))",
       .left = log(tanh(x)),
       .right = log1mexp(-2.0 * x) - softplus(-2.0 * x),
       .rounds = abs(log1mexp(-2.0 * x)) + softplus(-2.0 * x)},
      {.name = "log|1 + x|", .left = log(abs(1.0 + x)), .right = log1p(where(x < -1.0, -2.0 - x, x))},
      {.name = "log(x^y), x >= 0",
       .left = log(pow(x, y)),
       .right = log_of_power(x, y),
       .guard = [](const Match& m) { return x_is_nonnegative(m) && y_is_no_literal(m); }},
      // A sum, for a choice would hold log(x^y) for x < 0 again.
      {.name = "log(x^y)",
       .left = log(pow(x, y)),
       .right = log(where(x < 0.0, pow(x, y), 1.0)) + where(x < 0.0, 0.0, log_of_power(where(x < 0.0, 1.0, x), y)),
       .guard = [](const Match& m) { return !x_is_nonnegative(m) && y_is_no_literal(m); }},
      {.name = "log(2 cosh(x))", .left = log(2.0 * cosh(x)), .right = logaddexp(x, -x)},
      {.name = "log((1 + x) / (1 - x))", .left = log((1.0 + x) / (1.0 - x)), .right = 2.0 * atanh(x)},
      {.name = "log((x + c) / x)",
       .left = log((x + c) / x),
       .right = log_of_excess(x, c),
       .guard = literal_is_positive},
      {.name = "log(x / (x + c))", .left = log(x / (x + c)), .right = log_of_share(x, c), .guard = literal_is_positive},
      {.name = "log(sigmoid(x) - sigmoid(y))",
       .left = log(sigmoid(x) - sigmoid(y)),
       .right = log_sigmoid(x) + log_sigmoid(-y) + log1mexp(where(logical_or(eq(x, y), eq(y, infinity)), 0.0, y - x)),
       .rounds = (abs(x) + abs(y)) * (1.0 - inv(expm1(-abs(x - y))))},
      {.name = "log(1 / x - 1)", .left = log(inv(x) - 1.0), .right = -logit(x)},
      {.name = "log(x + sqrt(x^2 + 1))", .left = log(x + sqrt(sqr(x) + 1.0)), .right = asinh(x)},
      {.name = "log(sqrt(x^2 + 1) - x)", .left = log(sqrt(sqr(x) + 1.0) - x), .right = -asinh(x)},
      {.name = "log(x - sqrt(x^2 - 1))", .left = log(x - sqrt(sqr(x) - 1.0)), .right = -acosh(x)},
      {.name = "log(x + sqrt(x^2 - 1))", .left = log(x + sqrt(sqr(x) - 1.0)), .right = acosh(x)},
      // --- log1p, expm1, exp ---
      {.name = "log1p(exp(x))", .left = log1p(exp(x)), .right = softplus(x)},
      {.name = "log1p(-exp(x))", .left = log1p(-exp(x)), .right = log1mexp(x)},
      {.name = "log1p(-sigmoid(x))", .left = log1p(-sigmoid(x)), .right = log_sigmoid(-x)},
      {.name = "log1p(-tanh(x))", .left = log1p(-tanh(x)), .right = log_twice_sigmoid(-2.0 * x)},
      {.name = "log1p(tanh(x))", .left = log1p(tanh(x)), .right = log_twice_sigmoid(2.0 * x)},
      {.name = "log1p(-tanh(x)^2)", .left = log1p(-sqr(tanh(x))), .right = -2.0 * log_cosh(x)},
      {.name = "log1mexp(-exp(x))",
       .left = log1mexp(-exp(x)),
       .right = where(x < -40.0, x, 0.0) + log1mexp(where(x < -40.0, -infinity, -exp(x)))},
      {.name = "log1mexp(-x^2)",
       .left = log1mexp(-sqr(x)),
       .right = where(large < 1e-10, 2.0 * log(large), 0.0) + log1mexp(where(large < 1e-10, -infinity, -sqr(x)))},
      {.name = "log1p(expm1(x))", .left = log1p(expm1(x)), .right = x},
      {.name = "expm1(log1p(x))", .left = expm1(log1p(x)), .right = where(x < -1.0, nan, x)},
      {.name = "expm1(softplus(x))", .left = expm1(softplus(x)), .right = exp(x)},
      {.name = "exp(log(x))", .left = exp(log(x)), .right = where(x < 0.0, nan, x)},
      {.name = "exp(log1p(x))", .left = exp(log1p(x)), .right = where(x < -1.0, nan, 1.0 + x)},
      {.name = "exp(softplus(x))", .left = exp(softplus(x)), .right = 1.0 + exp(x)},
      {.name = "exp(-softplus(x))", .left = exp(-softplus(x)), .right = sigmoid(-x)},
      {.name = "exp(log_sigmoid(x))", .left = exp(log_sigmoid(x)), .right = sigmoid(x)},
      {.name = "sigmoid(log(x / (1 - x)))",
       .left = sigmoid(log(x / (1.0 - x))),
       .right = where(logical_and(0.0 <= x, x <= 1.0), x, nan)},
      {.name = "sigmoid(logit(x))", .left = sigmoid(logit(x)), .right = where(logical_and(0.0 <= x, x <= 1.0), x, nan)},
      {.name = "logit(sigmoid(x))", .left = logit(sigmoid(x)), .right = x},
      {.name = "tanh(atanh(x))", .left = tanh(atanh(x)), .right = where(large <= 1.0, x, nan)},
      {.name = "atanh(tanh(x))", .left = atanh(tanh(x)), .right = x},
      {.name = "sinh(asinh(x))", .left = sinh(asinh(x)), .right = x},
      {.name = "asinh(sinh(x))", .left = asinh(sinh(x)), .right = x},
      {.name = "cosh(acosh(x))", .left = cosh(acosh(x)), .right = where(x < 1.0, nan, x)},
      {.name = "acosh(cosh(x))", .left = acosh(cosh(x)), .right = large},
      {.name = "sin(asin(x))", .left = sin(asin(x)), .right = where(large <= 1.0, x, nan)},
      {.name = "cos(acos(x))", .left = cos(acos(x)), .right = where(large <= 1.0, x, nan)},
      {.name = "tan(atan(x))", .left = tan(atan(x)), .right = x},
      // --- powers and roots ---
      {.name = "(x^2)^y", .left = pow(sqr(x), y), .right = pow(large, 2.0 * y)},
      {.name = "(x^3)^c, c no integer",
       .left = pow(pow(x, 3.0), c),
       .right = where(logical_and(x < 0.0, -infinity < x), nan, pow(large, 3.0 * c)),
       .guard = [](const Match& m) { return m.literal(literal_variable) != std::trunc(m.literal(literal_variable)); },
       .rounds = pow(large, 3.0 * c) * (1.0 + abs(log(large)))},
      {.name = "cbrt(x^3)", .left = cbrt(pow(x, 3.0)), .right = x},
      {.name = "(x^c)^y, x >= 0",
       .left = pow(pow(x, c), y),
       .right = pow(x, c * y),
       .guard = x_is_nonnegative,
       .rounds = pow(x, c * y) * abs(c * y) * (1.0 + abs(log(x)))},
      {.name = "sqrt(x^2)", .left = sqrt(sqr(x)), .right = abs(x)},
      {.name = "sqrt(x)^2", .left = sqr(sqrt(x)), .right = where(x < 0.0, nan, x)},
      {.name = "1 / sqrt(x)^2", .left = inv(sqr(sqrt(x))), .right = where(x < 0.0, nan, inv(x))},
      {.name = "sqrt(exp(x))", .left = sqrt(exp(x)), .right = exp(half_x), .rounds = exp(half_x) * large},
      // --- terms of sums ---
      {.name = "exp(x) - 1", .left = exp(x) - 1.0, .right = expm1(x)},
      {.name = "1 + expm1(x)", .left = 1.0 + expm1(x), .right = exp(x)},
      {.name = "1 - sigmoid(x)", .left = 1.0 - sigmoid(x), .right = sigmoid(-x)},
      {.name = "sigmoid(x) - sigmoid(-x)", .left = sigmoid(x) - sigmoid(-x), .right = tanh(half_x)},
      {.name = "2 sigmoid(x) - 1", .left = 2.0 * sigmoid(x) - 1.0, .right = tanh(half_x)},
      {.name = "1 - tanh(x)", .left = 1.0 - tanh(x), .right = 2.0 * sigmoid(-2.0 * x)},
      {.name = "1 + tanh(x)", .left = 1.0 + tanh(x), .right = 2.0 * sigmoid(2.0 * x)},
      {.name = "1 - tanh(x)^2", .left = 1.0 - sqr(tanh(x)), .right = inv(sqr(cosh(x))), .rounds = {}},
      {.name = "cosh(x) - 1", .left = cosh(x) - 1.0, .right = 2.0 * sqr(sinh(half_x))},
      {.name = "1 - cos(x)", .left = 1.0 - cos(x), .right = 2.0 * sqr(sin(half_x))},
      {.name = "1 + cos(x)", .left = 1.0 + cos(x), .right = 2.0 * sqr(cos(half_x))},
      {.name = "1 - sin(x)^2", .left = 1.0 - sqr(sin(x)), .right = sqr(cos(x))},
      {.name = "1 - cos(x)^2", .left = 1.0 - sqr(cos(x)), .right = sqr(sin(x))},
      {.name = "sqrt(1 + x) - 1",
       .left = sqrt(1.0 + x) - 1.0,
       // Past 1e34 the 1 is below the last place of the root.
       .right = where(x < 1e34, x / (1.0 + sqrt(1.0 + x)), sqrt(1.0 + x))},
      {.name = "sqrt(x + y) - sqrt(x + z)",
       .left = sqrt(x + y) - sqrt(x + z),
       .right = over_roots(y - z, sqrt(x + y) + sqrt(x + z)),
       .rounds = {}},
      {.name = "sqrt(x + y) - sqrt(x)", .left = sqrt(x + y) - sqrt(x), .right = over_roots(y, sqrt(x + y) + sqrt(x))},
      {.name = "1 / x - 1 / (x + y)", .left = inv(x) - inv(x + y), .right = inv(x) * part_of(y, x + y)},
      {.name = "1 - 1 / (1 + x)", .left = 1.0 - inv(1.0 + x), .right = part_of(x, 1.0 + x)},
      {.name = "1 - x / (x + y)", .left = 1.0 - x / (x + y), .right = part_of(y, x + y)},
      {.name = "1 / sigmoid(x) - 1", .left = inv(sigmoid(x)) - 1.0, .right = exp(-x)},
      {.name = "exp(x) + exp(-x) - 2", .left = exp(x) + exp(-x) - 2.0, .right = 4.0 * sqr(sinh(half_x))},
      {.name = "(exp(x) + exp(-x)) / 2 - 1", .left = 0.5 * (exp(x) + exp(-x)) - 1.0, .right = 2.0 * sqr(sinh(half_x))},
      {.name = "(1 + x)^y - 1",
       .left = pow(1.0 + x, y) - 1.0,
       .right =
           [&] {
             const Expr near = large < 0.5, exponent = y * log1p(where(near, x, 0.0));
             const Expr small = logical_and(near, abs(exponent) < 0.5);
             return expm1(where(small, exponent, 0.0)) + (pow(where(small, 1.0, 1.0 + x), y) - 1.0);
           }()},
      {.name = "(1 + x)^2 - 1", .left = sqr(1.0 + x) - 1.0, .right = x * (2.0 + x)},
      {.name = "cbrt(1 + x) - 1",
       .left = cbrt(1.0 + x) - 1.0,
       // Past 1e48 the 1 is below the last place of the root.
       .right = where(large < 1e48, x / (sqr(cbrt(1.0 + x)) + (1.0 + cbrt(1.0 + x))), cbrt(1.0 + x))},
      {.name = "log(1 + x) - log(x)", .left = log1p(x) - log(x), .right = log_above(x)},
      {.name = "log(x + c) - log(x)",
       .left = log(x + c) - log(x),
       .right = log_above(x / c),
       .guard = literal_is_positive},
      {.name = "log(x) - log(1 - x)", .left = log(x) - log1p(-x), .right = logit(x)},
      {.name = "log_sigmoid(x) - log_sigmoid(-x)", .left = log_sigmoid(x) - log_sigmoid(-x), .right = x},
      {.name = "softplus(x) - softplus(-x)", .left = softplus(x) - softplus(-x), .right = x},
      {.name = "log_sigmoid(x) - x", .left = log_sigmoid(x) - x, .right = log_sigmoid(-x)},
      {.name = "max(x, 0) + softplus(-|x|)", .left = maximum(x, 0.0) + softplus(-large), .right = softplus(x)},
      {.name = "max(0, x) + softplus(-|x|)", .left = maximum(0.0, x) + softplus(-large), .right = softplus(x)},
      {.name = "max(x, y) + softplus(-|x - y|)",
       .left = maximum(x, y) + softplus(-abs(x - y)),
       .right = logaddexp(x, y)},
      {.name = "lgamma(x + 1) - lgamma(x)",
       .left = lgamma(x + 1.0) - lgamma(x),
       .right = where(logical_and(x < 0.0, eq(x, floor(x))), nan, log(large))},
      {.name = "softplus(x) - x", .left = softplus(x) - x, .right = softplus(-x)},
      // --- factors of products ---
      {.name = "exp(x) sigmoid(-x)", .left = exp(x) * sigmoid(-x), .right = sigmoid(x)},
      {.name = "sigmoid(x) / sigmoid(-x)", .left = sigmoid(x) / sigmoid(-x), .right = exp(x)},
      {.name = "expm1(x) sigmoid(-x)", .left = expm1(x) * sigmoid(-x), .right = tanh(half_x)},
      {.name = "exp(x) sigmoid(-2 x)", .left = exp(x) * sigmoid(-2.0 * x), .right = 0.5 / cosh(x)},
      {.name = "exp(x) expm1(-x)", .left = exp(x) * expm1(-x), .right = -expm1(x)},
      {.name = "exp(x) / expm1(2 x)", .left = exp(x) / expm1(2.0 * x), .right = 0.5 / sinh(x)},
      {.name = "exp(x) / expm1(x)", .left = exp(x) / expm1(x), .right = -1.0 / expm1(-x)},
      {.name = "exp(x) / (exp(x) - exp(y))",
       .left = exp(x) / (exp(x) - exp(y)),
       .right = -1.0 / expm1(y - x),
       .rounds = (abs(x) + abs(y)) * (1.0 + sqr(inv(expm1(y - x))) + inv(abs(expm1(y - x))))},
      {.name = "exp(x) / cosh(x)", .left = exp(x) / cosh(x), .right = 2.0 * sigmoid(2.0 * x)},
      {.name = "1 / (cosh(x)^2 sigmoid(-2 x))",
       .left = inv(sqr(cosh(x))) / sigmoid(-2.0 * x),
       .right = 4.0 * sigmoid(2.0 * x)},
      {.name = "1 / (cosh(x)^2 sigmoid(2 x))",
       .left = inv(sqr(cosh(x))) / sigmoid(2.0 * x),
       .right = 4.0 * sigmoid(-2.0 * x)},
      {.name = "sinh(x) / cosh(x)", .left = sinh(x) / cosh(x), .right = tanh(x)},
      {.name = "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
       .left = (exp(x) - exp(-x)) / (exp(x) + exp(-x)),
       .right = tanh(x)},
      {.name = "(exp(x) + exp(-x)) / (exp(x) - exp(-x))",
       .left = (exp(x) + exp(-x)) / (exp(x) - exp(-x)),
       .right = inv(tanh(x))},
      {.name = "cosh(x) / sinh(x)", .left = cosh(x) / sinh(x), .right = inv(tanh(x))},
  };
  rules.insert(rules.end(), rows.begin(), rows.end());
  const std::vector<Rule> squares = square_rules();
  rules.insert(rules.end(), squares.begin(), squares.end());
  return rules;
}

bool has_moderate_literal(const Match& m) {
  return std::abs(m.literal(literal_variable)) < 1e100 && &m.value(0).op() != &abs_op;
}

std::vector<Rule> make_closing_rules() {
  const auto& [x, y, z, c] = variables();
  return {
      {.name = "exp(x) - exp(-x)", .left = exp(x) - exp(-x), .right = 2.0 * sinh(x)},
      ratio_to_square_rule(),
      // When its logarithm has been seen.
      {.name = "sigmoid(x) - sigmoid(y)",
       .left = sigmoid(x) - sigmoid(y),
       .right = difference_of_sigmoids(x, y),
       .rounds = (abs(x) + abs(y)) * abs(sigmoid(x) - sigmoid(y)) * (1.0 - inv(expm1(-abs(x - y))))},
      // After log(x + sqrt(x^2 + 1)) has been seen, and with the gradient taken, for |x| has none at 0.
      {.name = "sqrt(x^2 + c) - x",
       .left = sqrt(sqr(x) + c) - x,
       .right = where(x < 0.0, 1.0, c) * pow(sqrt(sqr(x) + c) + abs(x), where(x < 0.0, 1.0, -1.0)),
       .guard = has_moderate_literal},
      {.name = "sqrt(x^2 + c) + x",
       .left = sqrt(sqr(x) + c) + x,
       .right = where(x < 0.0, c, 1.0) * pow(sqrt(sqr(x) + c) + abs(x), where(x < 0.0, -1.0, 1.0)),
       .guard = has_moderate_literal},
      {.name = "(1 + x)^y",
       .left = pow(1.0 + x, y),
       .right =
           [&] {
             // Where 1 + x is rounded, which many multiplications magnify; not where the logarithm is large.
             const Expr rounded = logical_and(logical_and(abs(x) < 0.5, neq((1.0 + x) - 1.0, x)), eq(y, y));
             return exp(where(rounded, y * log1p(x), 0.0)) * pow(where(rounded, 1.0, 1.0 + x), y);
           }(),
       .guard = [](const Match& m) { return y_is_no_literal(m) || std::abs(m.bindings[1].value.factor) > 16; }},
      {.name = "exp(x) exp(y)",
       .left = exp(x) * exp(y),
       .right = exp(x + y),
       .guard =
           [](const Match& m) {
             // Not where a row and a column would become a matrix of exponentials.
             const Expr a = m.value(0), b = m.value(1);
             return a.shape() == b.shape() || a.rank() == 0 || b.rank() == 0;
           },
       .rounds = exp(x + y) * (abs(x) + abs(y))},
  };
}

}  // namespace

std::span<const Rule> stability_rules() {
  static const std::vector<Rule> rules = make_stability_rules();
  return rules;
}

std::span<const Rule> root_rules() {
  const auto& [x, y, z, c] = variables();
  static const std::vector<Rule> rules{
      // Where the square leaves the range, the literal does not count.
      {.name = "sqrt(x^2 + c)",
       .left = sqrt(sqr(x) + c),
       .right = where(sqr(x) + c < 0x1p1000, sqrt(minimum(sqr(x) + c, 0x1p1000)), abs(x)),
       .guard =
           [](const Match& m) {
             return m.literal(literal_variable) > 0 && m.literal(literal_variable) < 1e100 &&
                    m.value(0).dtype() == DType::float64;
           }},
  };
  return rules;
}

std::span<const Rule> closing_rules() {
  static const std::vector<Rule> rules = make_closing_rules();
  return rules;
}

}  // namespace leapgraph::symbolic
