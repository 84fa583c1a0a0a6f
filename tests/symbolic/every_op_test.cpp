/// Checks what every op says about itself: shapes, derivatives of first and second order in both modes, the same at
/// unknown shapes, and emitted code against the reference. A new op is tested without an edit here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/rewrite/verify.hpp"
#include "leapgraph/symbolic/runtime/symbols.hpp"
#include "symbolic/op_examples.hpp"

namespace leapgraph::symbolic {
namespace {

class EveryOp : public testing::TestWithParam<const Op*> {};

INSTANTIATE_TEST_SUITE_P(Ops, EveryOp, testing::ValuesIn(all_ops().begin(), all_ops().end()),
                         [](const auto& test) { return std::string(test.param->name); });

constexpr double epsilon = std::numeric_limits<double>::epsilon();

double value_of(const Exprs& inputs, const Expr& e, const Arrays& arguments) {
  return interpret(Graph{inputs, {e}}, arguments)[0].real();
}

/// A scalar that moves with every element of a floating output: its sum with uneven weights.
Expr weighted_sum(const Expr& e, const Array& weights) { return sum(e * constant(weights)); }

/// An example with what its derivatives need; `cost` is absent where the output is not floating.
struct Case {
  Expr example;
  Exprs inputs;
  Arrays arguments;
  Exprs wrt;  ///< the floating inputs
  std::vector<std::size_t> places;
  Expr cost;
};

std::vector<Case> cases_of(const Op& op) {
  std::vector<Case> cases;
  for (const Expr& example : examples_of(op)) {
    Case c{example, variables_of(example), {}, {}, {}, {}};
    c.arguments = draw_arguments(op, c.inputs, cases.size() + 1);
    for (std::size_t k = 0; k < c.inputs.size(); ++k)
      if (c.inputs[k].dtype() == DType::float64) {
        c.wrt.push_back(c.inputs[k]);
        c.places.push_back(k);
      }
    const Array value = interpret(Graph{c.inputs, {example}}, c.arguments)[0];
    // float32 has too few digits for differences; EmittedCodeAgreesWithReference sees its gradients.
    if (example.dtype() == DType::float64) c.cost = weighted_sum(example, draw_direction(value.type(), 5));
    cases.push_back(std::move(c));
  }
  return cases;
}

/// Does the op, or one that its derivatives are made of, say that it has no gradient?
template <class F>
bool has_gradient(F&& f) {
  try {
    f();
    return true;
  } catch (const GraphError& error) {
    const std::string text = error.what();
    if (text.find("has no gradient") == std::string::npos && text.find("differentiated again") == std::string::npos)
      throw;
    return false;
  }
}

Arrays directions(const Case& c, std::uint64_t seed) {
  Arrays result;
  for (std::size_t place : c.places) result.push_back(draw_direction(c.arguments[place].type(), seed + place));
  return result;
}

Arrays moved(const Case& c, const Arrays& direction, double by) {
  Arrays result = c.arguments;
  for (std::size_t k = 0; k < c.places.size(); ++k) {
    Array& array = result[c.places[k]];
    const Array old = array;
    array = Array(old.type());
    for (std::int64_t i = 0; i < old.size(); ++i) array.set(i, old.real(i) + by * direction[k].real(i));
  }
  return result;
}

/// d f / d t at 0 of f(x + t direction): central differences with steps h and h / 2, extrapolated, so that the error
/// is of order h^4 f''''' = 1e-12 and rounding 1e-16 / h = 1e-13, both times the size of f.
double slope(const Case& c, const Expr& f, const Arrays& direction) {
  const auto central = [&](double h) {
    return (value_of(c.inputs, f, moved(c, direction, h)) - value_of(c.inputs, f, moved(c, direction, -h))) / (2 * h);
  };
  constexpr double h = 1e-3;
  return (4 * central(h / 2) - central(h)) / 3;
}

/// Fourth derivatives of the examples stay below 1e3 in their domains, which leaves 1e-9; 1e-8 is safe.
constexpr double difference_tolerance = 1e-8;

double inner(const Array& a, const Array& b) {
  double total = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) total += a.real(i) * b.real(i);
  return total;
}

/// Difference in units in the last place of the larger of `want` and `size`, in the precision of `dtype`; infinite
/// where one is nan or infinite and the other is not.
double error_in_ulps(double got, double want, double size, DType dtype) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return 0;
  if (!std::isfinite(got) || !std::isfinite(want)) return std::numeric_limits<double>::infinity();
  const double scale = std::max(std::abs(want), size);
  if (dtype == DType::float32) {
    const auto narrow = static_cast<float>(scale);
    return std::abs(got - want) / (std::nextafter(narrow, std::numeric_limits<float>::infinity()) - narrow);
  }
  return std::abs(got - want) / (std::nextafter(scale, std::numeric_limits<double>::infinity()) - scale);
}

/// Compares all elements; `by_element`: relative to each element (or `size`), else to the largest of the array.
void expect_close(const Array& got, const Array& want, double ulps, bool by_element, const std::string& what,
                  double size = 0) {
  ASSERT_EQ(got.type(), want.type()) << what;
  if (!by_element)
    for (double x : want.reals())
      if (std::isfinite(x)) size = std::max(size, std::abs(x));
  for (std::int64_t i = 0; i < got.size(); ++i) {
    if (is_floating(got.dtype()))
      EXPECT_LE(error_in_ulps(got.real(i), want.real(i), size, got.dtype()), ulps)
          << what << ", element " << i << ": " << got.real(i) << " for " << want.real(i);
    else
      EXPECT_EQ(got.integer(i), want.integer(i)) << what << ", element " << i;
  }
}

TEST_P(EveryOp, DescribesItself) {
  const Op& op = *GetParam();
  EXPECT_FALSE(op.summary.empty());
  EXPECT_NE(op.type, nullptr);
  EXPECT_EQ(find_op(op.name), &op) << "two ops have this name";
  const bool is_variable = op.name == "input" || op.name == "parameter";
  EXPECT_EQ(op.evaluate == nullptr, is_variable);
  EXPECT_EQ(lowering_as<Abstract>(op) != nullptr && op.concrete == nullptr, false) << "an abstract op needs `concrete`";
  if (!is_source(op)) {
    EXPECT_TRUE(op.examples != nullptr || is_elementwise(op)) << "no examples to test it by";
  }
}

TEST_P(EveryOp, ExamplesEvaluateToTheTypeTheyHave) {
  for (const Case& c : cases_of(*GetParam())) {
    EXPECT_NO_THROW(verify(Graph{c.inputs, {c.example}}));
    const Array value = interpret(Graph{c.inputs, {c.example}}, c.arguments)[0];
    EXPECT_EQ(value.dtype(), c.example.dtype());
    ASSERT_EQ(value.type().rank(), c.example.rank());
    for (std::size_t axis = 0; axis < value.shape().size(); ++axis)
      EXPECT_TRUE(c.example.shape()[axis] == unknown || value.shape()[axis] == c.example.shape()[axis]);
  }
}

TEST_P(EveryOp, GradientIsTheSlope) {
  const Op& op = *GetParam();
  for (const Case& c : cases_of(op)) {
    if (!c.cost || c.wrt.empty()) continue;
    Exprs gradient;
    if (!has_gradient([&] { gradient = grad(c.cost, c.wrt, Disconnected::zero); })) GTEST_SKIP() << "no gradient";
    const Arrays direction = directions(c, 11);
    double along = 0;
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      const Array value = interpret(Graph{c.inputs, {gradient[k]}}, c.arguments)[0];
      ASSERT_EQ(value.type(), c.arguments[c.places[k]].type());
      along += inner(value, direction[k]);
    }
    const double expected = slope(c, c.cost, direction);
    if (std::isnan(expected)) continue;  // of nothing: the logarithm of an empty sum
    EXPECT_NEAR(along, expected, difference_tolerance * (1 + std::abs(expected))) << to_string(c.example.type());
  }
}

TEST_P(EveryOp, SecondDerivativeIsTheSlopeOfTheGradient) {
  for (const Case& c : cases_of(*GetParam())) {
    if (!c.cost || c.wrt.empty()) continue;
    const Arrays first = directions(c, 21), second = directions(c, 31);
    Expr derivative;
    Exprs gradient;
    if (!has_gradient([&] {
          derivative = constant(0.0);
          const Exprs g = grad(c.cost, c.wrt, Disconnected::zero);
          for (std::size_t k = 0; k < g.size(); ++k) derivative = derivative + weighted_sum(g[k], first[k]);
          gradient = grad(derivative, c.wrt, Disconnected::zero);
        }))
      GTEST_SKIP() << "no second gradient";
    double along = 0;
    for (std::size_t k = 0; k < gradient.size(); ++k)
      along += inner(interpret(Graph{c.inputs, {gradient[k]}}, c.arguments)[0], second[k]);
    const double expected = slope(c, derivative, second);
    EXPECT_NEAR(along, expected, 10 * difference_tolerance * (1 + std::abs(expected))) << to_string(c.example.type());
  }
}

TEST_P(EveryOp, ForwardModeIsTheTransposeOfReverseMode) {
  for (const Case& c : cases_of(*GetParam())) {
    if (!c.cost || c.wrt.empty()) continue;
    const Arrays direction = directions(c, 41);
    Exprs tangents, gradient;
    for (const Array& array : direction) tangents.push_back(constant(array));
    Expr forward;
    if (!has_gradient([&] {
          gradient = grad(c.cost, c.wrt, Disconnected::zero);
          forward = jvp(std::span(&c.cost, 1), c.wrt, tangents)[0];
        }))
      GTEST_SKIP() << "no gradient";
    double reverse = 0, size = 0;
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      const Array value = interpret(Graph{c.inputs, {gradient[k]}}, c.arguments)[0];
      reverse += inner(value, direction[k]);
      for (double g : value.reals()) size += std::abs(g);
    }
    // The same products in another order.
    EXPECT_NEAR(forward ? value_of(c.inputs, forward, c.arguments) : 0.0, reverse, 100 * epsilon * (1 + size));
  }
}

/// The value and gradient again, built from inputs without known lengths.
TEST_P(EveryOp, UnknownShapesGiveTheSame) {
  for (const Case& c : cases_of(*GetParam())) {
    Substitution loosened;
    Exprs inputs;
    for (const Expr& e : c.inputs) {
      inputs.push_back(input(Type{e.dtype(), Shape(e.shape().size(), unknown)}, name_of(e)));
      loosened.emplace(e, inputs.back());
    }
    const Expr example = substitute(std::span(&c.example, 1), loosened)[0];
    Exprs known{c.example}, loose{example};
    if (c.cost && !c.wrt.empty()) {
      const Array weights = draw_direction(interpret(Graph{c.inputs, {c.example}}, c.arguments)[0].type(), 5);
      Exprs wrt;
      for (std::size_t place : c.places) wrt.push_back(inputs[place]);
      if (has_gradient([&] { grad(c.cost, c.wrt, Disconnected::zero); })) {
        for (const Expr& g : grad(c.cost, c.wrt, Disconnected::zero)) known.push_back(g);
        for (const Expr& g : grad(weighted_sum(example, weights), wrt, Disconnected::zero)) loose.push_back(g);
      }
    }
    EXPECT_NO_THROW(verify(Graph{inputs, loose}));
    const Arrays expected = interpret(Graph{c.inputs, known}, c.arguments);
    const Arrays direct = interpret(Graph{inputs, loose}, c.arguments);
    std::vector<Shape> shapes;
    for (const Array& a : c.arguments) shapes.push_back(a.shape());
    const Graph specialised = lower_abstract(specialize(Graph{inputs, loose}, shapes));
    EXPECT_NO_THROW(verify(specialised, Stage::lowered));
    const Arrays after = interpret(specialised, c.arguments);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      // A sum may be taken over axes in another order.
      const std::string what = "output " + std::to_string(i);
      expect_close(direct[i], expected[i], 64, false, what + " at unknown shapes");
      expect_close(after[i], expected[i], 64, false, what + " specialised");
    }
  }
}

// --- Emitted code ---

/// libmvec states 4 units for its functions and the table of runtime/ says its own, the reference is off by one itself;
/// only rounding once differs otherwise.
double value_ulps(const Op& op) {
  if (const RuntimeSymbol* symbol = find_runtime_symbol("lg_" + std::string(op.name))) return symbol->ulps + 2;
  return is_elementwise(op) ? 5 : 64;
}

/// Gradients are a few such functions one after another, sums are taken in another order, and the arguments of a
/// function inside are rounded differently: some ten roundings, at most.
constexpr double graph_ulps = 128;

CompileOptions native() {
  CompileOptions options;
  options.target = CompileOptions::Target::native;
  options.as_written = true;
  options.cache = false;
  return options;
}

TEST_P(EveryOp, EmittedCodeAgreesWithReference) {
  const Op& op = *GetParam();
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  Exprs inputs, outputs;
  Arrays arguments;
  std::vector<bool> is_gradient;
  for (const Case& c : cases_of(op)) {
    for (std::size_t k = 0; k < c.inputs.size(); ++k) {  // examples may share variables
      if (std::find(inputs.begin(), inputs.end(), c.inputs[k]) != inputs.end()) continue;
      inputs.push_back(c.inputs[k]);
      arguments.push_back(c.arguments[k]);
    }
    outputs.push_back(c.example);
    is_gradient.push_back(false);
    if (!c.cost || c.wrt.empty()) continue;
    has_gradient([&] {
      for (const Expr& g : grad(c.cost, c.wrt, Disconnected::zero)) {
        outputs.push_back(g);
        is_gradient.push_back(true);
      }
    });
  }
  if (outputs.empty()) return;
  std::vector<Shape> shapes;
  for (const Array& a : arguments) shapes.push_back(a.shape());
  const Graph graph = lower_abstract(specialize(Graph{inputs, outputs}, shapes));
  const Arrays want = interpret(graph, arguments);
  const Arrays got = compile(graph, native())(arguments);
  for (std::size_t i = 0; i < want.size(); ++i)
    expect_close(got[i], want[i], is_gradient[i] ? graph_ulps : value_ulps(op), is_elementwise(op) && !is_gradient[i],
                 (is_gradient[i] ? "gradient " : "example ") + std::to_string(i));
}

TEST_P(EveryOp, RewritingKeepsValuesAndGradients) {
  const Op& op = *GetParam();
  for (const Case& c : cases_of(op)) {
    Exprs outputs{c.example};
    if (c.cost && !c.wrt.empty())
      has_gradient([&] {
        for (const Expr& g : grad(c.cost, c.wrt, Disconnected::zero)) outputs.push_back(g);
      });
    std::vector<Shape> shapes;
    for (const Array& a : c.arguments) shapes.push_back(a.shape());
    const Graph graph = specialize(Graph{c.inputs, outputs}, shapes);
    RewriteOptions options;
    options.observer = [](std::string_view pass, const Graph& now) { verify(now, Stage::specialized, pass); };
    const Arrays want = interpret(graph, c.arguments), got = interpret(rewrite(graph, options), c.arguments);
    for (std::size_t i = 0; i < want.size(); ++i)
      expect_close(got[i], want[i], graph_ulps, false, "output " + std::to_string(i));
  }
}

/// Where vector functions and selects go wrong: signed zeros, denormals, huge numbers, infinities, nan.
std::vector<double> extreme_values(std::size_t arity) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  std::vector<double> values{0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-310, 1e300, -1e300, inf, -inf, std::nan("")};
  if (arity == 1)
    for (double x : {5e-324, -5e-324, 1e-300, 3.0,  -3.0,  1e-9, -1e-9, 20.0, -20.0, 700.0, -700.0, 720.0,
                     -745.0, -800.0,  1e15,   1e16, -1e16, 27.5, 2.0,   8.0,  -0.5,  1.5,   1e100,  -1e100})
      values.push_back(x);
  return values;
}

/// The op applied to inputs of one element type; absent where its type rule refuses.
Expr applied_to(const Op& op, DType dtype, std::int64_t length, Exprs& inputs) {
  Exprs own;
  for (int k = 0; k < op.arity; ++k) own.push_back(input(Type{dtype, {length}}, "x" + std::to_string(k)));
  try {
    const Expr result = make(op, own);
    inputs.insert(inputs.end(), own.begin(), own.end());
    return result;
  } catch (const GraphError&) {
    return {};
  }
}

/// All combinations of `values` as arguments for `arity` inputs.
template <class T>
Arrays combinations(const std::vector<T>& values, int arity, DType dtype) {
  std::size_t count = 1;
  for (int k = 0; k < arity; ++k) count *= values.size();
  Arrays arguments;
  std::size_t stride = 1;
  for (int k = 0; k < arity; ++k, stride *= values.size()) {
    Array array(Type{dtype, {static_cast<std::int64_t>(count)}});
    for (std::size_t i = 0; i < count; ++i) {
      const T value = values[i / stride % values.size()];
      if constexpr (std::is_same_v<T, double>)
        array.set(static_cast<std::int64_t>(i), value);
      else
        array.set_integer(static_cast<std::int64_t>(i), value);
    }
    arguments.push_back(array);
  }
  return arguments;
}

TEST_P(EveryOp, EmittedElementwiseCodeIsRightAtExtremesAndForAllElementTypes) {
  const Op& op = *GetParam();
  if (!is_elementwise(op) || op.examples != nullptr) return;  // not a function of numbers alone
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  Exprs inputs, outputs;
  Arrays arguments;
  const auto add = [&](DType dtype, const Arrays& own) {
    if (const Expr e = applied_to(op, dtype, own[0].size(), inputs)) {
      outputs.push_back(e);
      arguments.insert(arguments.end(), own.begin(), own.end());
    }
  };
  add(DType::float64, combinations(extreme_values(static_cast<std::size_t>(op.arity)), op.arity, DType::float64));
  std::vector<double> moderate;  // where single precision neither overflows nor underflows
  for (int k = 1; k <= 7; ++k) {
    const Domain domain = op.domains.empty() ? op.domain : op.domains.front();
    moderate.push_back(domain.low + (domain.high - domain.low) * k / 8.0);
  }
  add(DType::float32, combinations(moderate, op.arity, DType::float32));
  const std::vector<std::int64_t> small{-7, -3, -1, 0, 1, 2, 5, 100};
  for (DType dtype : {DType::int8, DType::int32, DType::int64}) add(dtype, combinations(small, op.arity, dtype));
  const std::vector<std::int64_t> natural{0, 1, 3, 200};
  for (DType dtype : {DType::uint8, DType::uint32}) add(dtype, combinations(natural, op.arity, dtype));
  add(DType::boolean, combinations(std::vector<std::int64_t>{0, 1}, op.arity, DType::boolean));

  const Graph graph{inputs, outputs};
  const Arrays want = interpret(graph, arguments), got = compile(graph, native())(arguments);
  // The gamma functions cancel terms of order 1 near their zeros on the negative axis.
  const bool has_zeros =
      op.name == "lgamma" || op.name == "digamma" || op.name == "tetragamma" || op.name == "ndtri_exp";
  const double size = has_zeros ? 1.0 : 0.0;
  for (std::size_t i = 0; i < want.size(); ++i)
    expect_close(got[i], want[i], value_ulps(op), true,
                 to_string(outputs[i].node().input(0).type()) + " output " + std::to_string(i), size);
}

}  // namespace
}  // namespace leapgraph::symbolic
