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

/// Past this argument erfc is about to underflow, and its asymptotic series is exact to the last place.
constexpr double erfc_series_from = 26.0;

/// erfc(x) sqrt(pi) x exp(x^2) for large x: the sum of (-1)^k (2k - 1)!! / (2 x^2)^k up to k = 6.
Expr erfc_series(const Expr& x) {
  const Expr u = inv(sqr(x));
  return 1.0 + u * (-0.5 + u * (0.75 + u * (-1.875 + u * (6.5625 + u * (-29.53125 + u * 162.421875)))));
}

Expr gaussian_over_erfc(const Expr& x) {
  const Expr small = minimum(x, erfc_series_from);
  return where(x < erfc_series_from, gaussian(small) / erfc(small),
               x * std::sqrt(std::numbers::pi) / erfc_series(maximum(x, erfc_series_from)));
}

Expr log_erfc(const Expr& x) {
  const Expr large = maximum(x, erfc_series_from);
  return where(x < erfc_series_from, log(erfc(minimum(x, erfc_series_from))),
               log(erfc_series(large)) - sqr(x) - log(large * std::sqrt(std::numbers::pi)));
}

/// log(2 sigmoid(x)) = log(1 + tanh(x / 2)), which is 0 at 0.
Expr log_twice_sigmoid(const Expr& x) {
  return where(abs(x) < 0.5, -log1p(0.5 * expm1(-x)), log_sigmoid(x) + std::numbers::ln2);
}

bool literal_is_even_integer(const Match& m) { return std::fmod(m.literal(literal_variable), 2.0) == 0; }
bool literal_is_odd_positive_integer(const Match& m) {
  return m.literal(literal_variable) > 0 && std::fmod(m.literal(literal_variable), 2.0) == 1;
}
bool x_is_nonnegative(const Match& m) { return is_nonnegative(m.value(0)); }
/// The right side keeps the pattern of the left one over a bounded argument: not again.
bool x_is_not_bounded(const Match& m) {
  const Expr x = m.value(0);
  return !(&x.op() == &minimum_op && uniform_value(x.node().input(1)) == erfc_series_from);
}
/// ... over arguments scaled by a selected power of two.
bool x_is_not_scaled_by_choice(const Match& m) {
  const Expr x = m.value(0);
  return !(&x.op() == &mul_op && &x.node().input(0).op() == &where_op);
}

std::vector<Rule> make_rules() {
  const auto& [x, y, z, c] = variables();
  const Expr half_x = 0.5 * x;
  const Expr large = abs(x);
  // Better than what the rules about any product find.
  std::vector<Rule> rules{
      {.name = "log(erfc(x) / 2)",
       .left = log(0.5 * erfc(x)),
       .right = where(x < 0.0, log1p(-0.5 * erfc(abs(x))), log_erfc(x) - std::numbers::ln2)},
      {.name = "log(2 sigmoid(x))", .left = log(2.0 * sigmoid(x)), .right = log_twice_sigmoid(x)},
  };
  for (const std::vector<Rule>& functions : {logarithm_rules(), product_rules()})
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
      {.name = "log(cosh(x))",
       .left = log(cosh(x)),
       .right =
           where(large < 1.0, log1p(2.0 * sqr(sinh(half_x))), large + (log1p(exp(-2.0 * large)) - std::numbers::ln2))},
      {.name = "log(2 cosh(x))", .left = log(2.0 * cosh(x)), .right = logaddexp(x, -x)},
      {.name = "log((1 + x) / (1 - x))", .left = log((1.0 + x) / (1.0 - x)), .right = 2.0 * atanh(x)},
      {.name = "log(x + sqrt(x^2 + 1))", .left = log(x + sqrt(sqr(x) + 1.0)), .right = asinh(x)},
      {.name = "log(x + sqrt(x^2 - 1))", .left = log(x + sqrt(sqr(x) - 1.0)), .right = acosh(x)},
      {.name = "log(erfc(x))", .left = log(erfc(x)), .right = log_erfc(x), .guard = x_is_not_bounded},
      // --- log1p, expm1, exp ---
      {.name = "log1p(exp(x))", .left = log1p(exp(x)), .right = softplus(x)},
      {.name = "log1p(-exp(x))", .left = log1p(-exp(x)), .right = log1mexp(x)},
      {.name = "log1p(-sigmoid(x))", .left = log1p(-sigmoid(x)), .right = log_sigmoid(-x)},
      {.name = "log1p(-tanh(x))", .left = log1p(-tanh(x)), .right = log_twice_sigmoid(-2.0 * x)},
      {.name = "log1p(tanh(x))", .left = log1p(tanh(x)), .right = log_twice_sigmoid(2.0 * x)},
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
      // --- roots ---
      {.name = "sqrt(x^2)", .left = sqrt(sqr(x)), .right = abs(x)},
      {.name = "sqrt(x)^2", .left = sqr(sqrt(x)), .right = where(x < 0.0, nan, x)},
      {.name = "sqrt(exp(x))", .left = sqrt(exp(x)), .right = exp(half_x), .rounds = exp(half_x) * large},
      {.name = "sqrt(x^2 + y^2)",
       .left = sqrt(sqr(x) + sqr(y)),
       .right =
           [&] {
             // Scaled by a power of two where the squares would leave the range of doubles: exact, and the same bits
             // elsewhere.
             const Expr sum = sqr(x) + sqr(y);
             const Expr scale = where(sum < 0x1p-900, 0x1p600, where(0x1p+1000 < sum, 0x1p-600, 1.0));
             return sqrt(sqr(scale * x) + sqr(scale * y)) / scale;
           }(),
       .guard = [](const Match& m) { return m.value(0).dtype() == DType::float64 && x_is_not_scaled_by_choice(m); }},
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
      {.name = "1 + erf(x)", .left = 1.0 + erf(x), .right = erfc(-x)},
      {.name = "1 - erf(x)", .left = 1.0 - erf(x), .right = erfc(x)},
      {.name = "1 - erfc(x)", .left = 1.0 - erfc(x), .right = erf(x)},
      {.name = "2 - erfc(x)", .left = 2.0 - erfc(x), .right = erfc(-x)},
      {.name = "softplus(x) - x", .left = softplus(x) - x, .right = softplus(-x)},
      // --- factors of products ---
      {.name = "exp(x) sigmoid(-x)", .left = exp(x) * sigmoid(-x), .right = sigmoid(x)},
      {.name = "sigmoid(x) / sigmoid(-x)", .left = sigmoid(x) / sigmoid(-x), .right = exp(x)},
      {.name = "expm1(x) sigmoid(-x)", .left = expm1(x) * sigmoid(-x), .right = tanh(half_x)},
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
      {.name = "exp(-x^2) / erfc(x)", .left = exp(-sqr(x)) / erfc(x), .right = gaussian(x) / erfc(x)},
      {.name = "gaussian(x) / erfc(x)",
       .left = gaussian(x) / erfc(x),
       .right = gaussian_over_erfc(x),
       .guard = x_is_not_bounded},
      {.name = "gaussian(x) / erfc(-x)",
       .left = gaussian(x) / erfc(-x),
       .right = gaussian_over_erfc(-x),
       .guard = [](const Match& m) { return x_is_not_bounded(m) && &m.value(0).op() != &minimum_op; }},
  };
  rules.insert(rules.end(), rows.begin(), rows.end());
  return rules;
}

std::vector<Rule> make_closing_rules() {
  const auto& [x, y, z, c] = variables();
  return {
      {.name = "exp(x) - exp(-x)", .left = exp(x) - exp(-x), .right = 2.0 * sinh(x)},
      // After log(x + sqrt(x^2 + 1)) has been seen. Where the square leaves the range, the literal does not count.
      {.name = "sqrt(x^2 + c)",
       .left = sqrt(sqr(x) + c),
       .right = where(sqr(x) + c < 0x1p1000, sqrt(minimum(sqr(x) + c, 0x1p1000)), abs(x)),
       .guard =
           [](const Match& m) {
             return m.literal(literal_variable) > 0 && m.literal(literal_variable) < 1e100 &&
                    m.value(0).dtype() == DType::float64;
           }},
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
  static const std::vector<Rule> rules = make_rules();
  return rules;
}

std::span<const Rule> closing_rules() {
  static const std::vector<Rule> rules = make_closing_rules();
  return rules;
}

}  // namespace leapgraph::symbolic
