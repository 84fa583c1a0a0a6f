/// Both sides of every rewrite rule over extreme values, against 350-digit arithmetic. A new rule is tested by being in
/// its table.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/rules.hpp"
#include "symbolic/exact.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Few enough that all pairs can be tried.
const std::vector<double> extreme{0.0,    -0.0,     5e-324,    -1e-300, 1e-160, 1e-20,  -1e-20, 1e-8,  -1e-8,
                                  0.3,    -0.3,     1.0,       -1.0,    2.5,    -2.5,   30.0,   -30.0, 700.0,
                                  -700.0, 800.0,    -800.0,    1e10,    -1e10,  1e200,  -1e300, 5.5,   0.999,
                                  -25.0,  infinity, -infinity, nan,     1e300,  -0.999, 27.0};
/// For rules of several variables.
const std::vector<double> few{0.0,   -0.0,   1e-20, -0.3,     2.5,       -30.0, 700.0,
                              800.0, -800.0, 1e300, infinity, -infinity, nan};

/// A rule over fresh variables, with a literal for its literal variable.
struct Case {
  std::string name;
  Expr left, right, rounds;
};

std::vector<Case> cases_of(const Rule& rule) {
  const Variables& v = variables();
  std::vector<Case> cases;
  const auto uses_literal = [&] {
    for (const Expr& e : free_inputs(std::span(&rule.left, 1)))
      if (e == v.c) return true;
    return false;
  }();
  const std::vector<double> literals =
      uses_literal ? std::vector{2.0, -2.0, 3.0, 1.0, 0.5, -3.0, 1.7} : std::vector{0.0};
  for (const double c : literals)
    for (const Expr& x : {v.x, abs(v.x)}) {
      Bindings bindings{};
      bindings[0] = {true, {1.0, x}, x, {1.0, x}};
      bindings[1] = {true, {1.0, v.y}, v.y, {1.0, v.y}};
      bindings[2] = {true, {1.0, v.z}, v.z, {1.0, v.z}};
      bindings[literal_variable] = {true, {c, Expr()}, Expr(), {c, Expr()}};
      if (rule.guard != nullptr && !rule.guard(Match{bindings})) continue;
      const Substitution substitution{{v.x, x}, {v.c, constant(c)}};
      const auto over = [&](const Expr& e) { return e ? substitute(std::span(&e, 1), substitution)[0] : e; };
      cases.push_back({std::string(rule.name) + (uses_literal ? " with " + std::to_string(c) : ""), over(rule.left),
                       over(rule.right), over(rule.rounds)});
      break;
    }
  return cases;
}

/// How far a double is from the exact value, in the exact type; infinite for nan.
exact::Number error(double value, const exact::Number& truth) {
  if (std::isnan(value)) return std::numeric_limits<exact::Number>::infinity();
  if (std::isinf(value) && (value > 0) == (truth > 0) && abs(truth) > std::numeric_limits<double>::max()) return 0;
  if (std::isinf(value)) return std::numeric_limits<exact::Number>::infinity();
  return abs(exact::Number(value) - truth);
}

/// Distance of the doubles around a value.
double last_place(const exact::Number& truth) {
  const double x = std::abs(static_cast<double>(truth));
  if (std::isinf(x)) return infinity;
  return std::max(std::nextafter(x, infinity) - x, 5e-324);
}

std::string point_text(const std::vector<Array>& point) {
  std::string text;
  for (const Array& a : point) text += " " + to_string(a);
  return text;
}

class Comparison {
 public:
  Comparison(Case c, Expr other) : case_(std::move(c)), other_(std::move(other)) {
    Exprs all{case_.left, case_.right, other_};
    if (case_.rounds) all.push_back(case_.rounds);
    inputs_ = free_inputs(all);
    graph_ = {inputs_, all};
  }

  const Exprs& inputs() const { return inputs_; }

  void at(const std::vector<Array>& point) {
    const std::vector<Array> values = interpret(graph_, point);
    std::map<const Node*, exact::Value> arguments;
    bool has_nan = false, finite = true, tiny = false, huge = false;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      exact::Value value{inputs_[i].shape(), {}};
      for (const double x : point[i].reals()) {
        has_nan = has_nan || std::isnan(x);
        finite = finite && std::isfinite(x);
        tiny = tiny || (x != 0 && std::abs(x) < 1e-165);
        huge = huge || std::abs(x) > 1e5;
        // Beyond what 350 digits hold, a large number stands for the limit.
        value.elements.emplace_back(std::clamp(x, -1e5, 1e5));
      }
      arguments.emplace(&inputs_[i].node(), std::move(value));
    }
    const auto truth = has_nan ? std::nullopt : exact::evaluate(case_.left, arguments);
    for (std::int64_t i = 0; i < values[0].size(); ++i) {
      const double left = values[0].real(i);
      const double rounds = case_.rounds ? values[3].real(values[3].size() == 1 ? 0 : i) : 0.0;
      for (const std::size_t k : {std::size_t{1}, std::size_t{2}}) {
        const double right = values[k].real(i);
        std::string fault;
        if (has_nan || !truth)
          fault = std::isnan(left) == std::isnan(right) ? "" : "nan for a value, or a value for nan";
        else
          fault = fault_of(left, right, truth->elements[static_cast<std::size_t>(i)], rounds, finite && !tiny && !huge);
        EXPECT_EQ(fault, "") << case_.name << (k == 1 ? " (right side)" : " (rewritten)") << " at" << point_text(point)
                             << ": left " << left << ", right " << right << ", exact "
                             << (truth ? static_cast<double>(truth->elements[static_cast<std::size_t>(i)]) : nan);
      }
    }
  }

  /// What is wrong with `right` in the place of `left`, empty if nothing. Where the real value does not exist, a
  /// nan stays a nan (or becomes infinite: the sign of a zero decides which); where it does, the right side is not
  /// further from it. `comparable`: the truth is exact.
  static std::string fault_of(double left, double right, const exact::Number& truth, double rounds, bool comparable) {
    if (boost::multiprecision::isnan(truth))
      return comparable && std::isnan(left) && std::isfinite(right) ? "a value where none exists" : "";
    if (std::isnan(right)) return std::isnan(left) ? "" : "a new nan";
    if (!comparable || !exact::is_finite(truth)) return "";
    // A few places of the result, and of the smallest numbers, whose places a product magnifies.
    exact::Number allowed = error(left, truth) + 6 * last_place(truth) + 1e-320;
    if (rounds > 0) allowed += 4 * rounds * 0x1p-53;
    return error(right, truth) <= allowed ? "" : "further from the exact value";
  }

 private:
  Case case_;
  Expr other_;
  Exprs inputs_;
  Graph graph_;
};

void compare(const Case& c) {
  Graph rewritten{free_inputs(std::span(&c.left, 1)), {c.left}};
  rewritten = rewrite(rewritten);
  EXPECT_FALSE(rewritten.outputs[0] == c.left) << c.name << " leaves its own left side alone";
  EXPECT_EQ(c.left.type(), c.right.type()) << c.name;
  Comparison comparison(c, rewritten.outputs[0]);
  const Exprs& inputs = comparison.inputs();
  bool scalars = true;
  for (const Expr& e : inputs) scalars = scalars && e.rank() == 0;
  if (scalars && inputs.size() == 1) {
    for (const double x : extreme) comparison.at({Array::scalar(x)});
  } else if (scalars && inputs.size() == 2) {
    for (const double x : few)
      for (const double y : few) comparison.at({Array::scalar(x), Array::scalar(y)});
  } else {
    std::mt19937 random(20240117);
    for (int trial = 0; trial < 45; ++trial) {
      // First what real numbers are; then, with infinities and nan.
      std::uniform_int_distribution<std::size_t> pick(0, few.size() - (trial < 30 ? 4 : 1));
      std::vector<Array> point;
      for (const Expr& e : inputs) {
        point.emplace_back(e.type());
        for (std::int64_t i = 0; i < point.back().size(); ++i) point.back().set(i, few[pick(random)]);
      }
      comparison.at(point);
    }
  }
}

class EveryRule : public testing::TestWithParam<const Rule*> {};

TEST_P(EveryRule, MovesValuesOnlyTowardsTheExactOne) {
  const std::vector<Case> cases = cases_of(*GetParam());
  EXPECT_FALSE(cases.empty()) << GetParam()->name << ": the guard lets nothing through";
  for (const Case& c : cases) compare(c);
}

std::vector<const Rule*> rules_of(std::span<const Rule> table) {
  std::vector<const Rule*> rules;
  for (const Rule& rule : table)
    if (rules.empty() || rules.back()->name != rule.name) rules.push_back(&rule);
  return rules;
}

std::string test_name(const testing::TestParamInfo<const Rule*>& info) {
  std::string name = std::to_string(info.index) + "_";
  for (const char c : info.param->name)
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  return name;
}

// --- Rules together ---

/// Random expressions of x and y and their derivatives.
Exprs random_expression(std::mt19937& random, const Expr& x, const Expr& y) {
  Exprs pool{x, y, constant(1.0), constant(2.0), constant(-1.0), constant(0.5), constant(3.0)};
  const auto below = [&random](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  // Half the time one of the last four, so that expressions get deep.
  const auto pick = [&] { return below(2) == 0 ? pool[pool.size() - 1 - below(4)] : pool[below(pool.size())]; };
  const std::size_t steps = 3 + below(9);
  for (std::size_t step = 0; step < steps; ++step) {
    const Expr a = pick(), b = pick();
    const Exprs choices{exp(a),  exp(a),  log(a), a + b,  a - b,  a - b,        a * b,      a * b,
                        a / b,   a / b,   -a,     inv(a), sqr(a), 1.0 + exp(a), sigmoid(a), 1.0 / (1.0 + exp(a)),
                        tanh(a), sqrt(a), cosh(a)};
    pool.push_back(choices[below(choices.size())]);
  }
  const Expr wrt[] = {x, y};
  Exprs result = grad(pool.back(), wrt, Disconnected::zero);
  result.push_back(pool.back());
  return result;
}

TEST(AllRules, KeepOrImproveRandomExpressionsAndTheirDerivatives) {
  std::mt19937 random(1);
  const Expr x = variables().x, y = variables().y;
  for (int trial = 0; trial < 300; ++trial) {
    const Graph before{{x, y}, random_expression(random, x, y)};
    const Graph after = rewrite(before);
    for (const auto& [vx, vy] : {std::pair{0.7, -1.3}, {2.1, 0.4}, {-0.6, 3.0}, {30.0, -20.0}, {-800.0, 1e-9}}) {
      const Array point[] = {Array::scalar(vx), Array::scalar(vy)};
      const auto left = interpret(before, point), right = interpret(after, point);
      const std::map<const Node*, exact::Value> exact_point{{&x.node(), {{}, {exact::Number(vx)}}},
                                                            {&y.node(), {{}, {exact::Number(vy)}}}};
      for (std::size_t i = 0; i < left.size(); ++i) {
        const double l = left[i].real(), r = right[i].real();
        if (l == r || (std::isnan(l) && std::isnan(r))) continue;
        const auto truth = exact::evaluate(before.outputs[i], exact_point);
        if (!truth || !exact::is_finite(truth->elements[0])) continue;
        // Conditioning is arbitrary here: this finds wrong rules, not lost places.
        const exact::Number& t = truth->elements[0];
        EXPECT_TRUE(error(r, t) <= 100 * error(l, t) + 1e-9 * abs(t) + 1e-12)
            << "trial " << trial << ", output " << i << " at " << vx << " " << vy << ": " << l << " became " << r
            << ", exact " << static_cast<double>(t);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Canonical, EveryRule, testing::ValuesIn(rules_of(canonical_rules())), test_name);
INSTANTIATE_TEST_SUITE_P(Stability, EveryRule, testing::ValuesIn(rules_of(stability_rules())), test_name);
INSTANTIATE_TEST_SUITE_P(Factors, EveryRule, testing::ValuesIn(rules_of(factor_rules())), test_name);
INSTANTIATE_TEST_SUITE_P(Closing, EveryRule, testing::ValuesIn(rules_of(closing_rules())), test_name);

}  // namespace
}  // namespace leapgraph::symbolic
