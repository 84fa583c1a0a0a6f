/// Checks of derivatives against finite differences, in both modes and to second order, for tests of the symbolic core.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/rewrite/verify.hpp"

namespace leapgraph::symbolic {

using Arrays = std::vector<Array>;

inline Array value_of(const Exprs& inputs, const Expr& output, const Arrays& arguments = {}) {
  return interpret(Graph{inputs, {output}}, arguments)[0];
}
inline Array value_of(const Expr& output) { return value_of({}, output, {}); }

inline Array matrix(Shape shape, std::vector<double> values) { return Array::of<double>(std::move(shape), values); }
inline Array integers(Shape shape, std::vector<std::int64_t> values) {
  return Array::of<std::int64_t>(std::move(shape), values);
}

/// Numbers that are easy to tell apart, neither small nor symmetric.
inline Array some_values(Shape shape, double start = 0.3) {
  Array array(Type{DType::float64, std::move(shape)});
  for (std::int64_t i = 0; i < array.size(); ++i) array.set(i, start + std::sin(1.7 * static_cast<double>(i) + start));
  return array;
}

inline void expect_reals(const Array& got, const std::vector<double>& wanted, double tolerance = 1e-13) {
  ASSERT_EQ(got.reals().size(), wanted.size()) << to_string(got);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double x = got.real(static_cast<std::int64_t>(i));
    if (std::isnan(wanted[i]) || std::isinf(wanted[i]))
      EXPECT_TRUE(x == wanted[i] || (std::isnan(x) && std::isnan(wanted[i])))
          << "element " << i << " of " << to_string(got);
    else
      EXPECT_NEAR(x, wanted[i], tolerance * (1 + std::abs(wanted[i]))) << "element " << i << " of " << to_string(got);
  }
}

/// A scalar that every element of every floating output moves, unevenly.
inline Expr mixed(const Exprs& outputs) {
  Expr total = constant(0.0);
  for (const Expr& e : outputs)
    if (e && is_floating(e.dtype())) total = total + sum(e * (0.5 * e + 0.7));
  return total;
}

/// d cost / d inputs by central differences; non-floating inputs get nothing.
inline std::vector<std::vector<double>> differences(const Exprs& inputs, const Expr& cost, const Arrays& arguments) {
  std::vector<std::vector<double>> result(inputs.size());
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!is_floating(inputs[k].dtype())) continue;
    for (std::int64_t i = 0; i < arguments[k].size(); ++i) {
      const double x = arguments[k].real(i), h = 1e-5 * (1 + std::abs(x));
      const auto moved = [&](double value) {
        Arrays changed = arguments;
        changed[k] = Array(arguments[k].type());
        for (std::int64_t j = 0; j < arguments[k].size(); ++j) changed[k].set(j, j == i ? value : arguments[k].real(j));
        return value_of(inputs, cost, changed).real();
      };
      result[k].push_back((moved(x + h) - moved(x - h)) / (2 * h));
    }
  }
  return result;
}

/// Gradient, forward mode and second derivatives of `outputs` at `arguments`; the same again after the graph has been
/// specialised on the shapes. The tolerance is that of central differences with step 1e-5: truncation 1e-10 and
/// rounding 1e-11 times the size of the cost and its third derivative, which are below 1e3 in these tests.
inline void expect_derivatives(const Exprs& inputs, const Exprs& outputs, const Arrays& arguments,
                               double tolerance = 1e-7) {
  const Expr cost = mixed(outputs);
  Exprs wrt;
  std::vector<std::size_t> places;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (is_floating(inputs[k].dtype())) {
      wrt.push_back(inputs[k]);
      places.push_back(k);
    }
  const Exprs gradient = grad(cost, wrt, Disconnected::zero);
  const auto expected = differences(inputs, cost, arguments);
  double along_ones = 0;
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    SCOPED_TRACE("gradient of input " + std::to_string(places[k]));
    const Array got = value_of(inputs, gradient[k], arguments);
    EXPECT_EQ(got.type(), arguments[places[k]].type());
    expect_reals(got, expected[places[k]], tolerance);
    for (double g : got.reals()) along_ones += g;
  }

  Exprs ones;
  for (const Expr& e : wrt) ones.push_back(ones_like(e));
  const Expr forward = jvp(std::span(&cost, 1), wrt, ones)[0];
  if (forward) {
    SCOPED_TRACE("forward mode");
    expect_reals(value_of(inputs, forward, arguments), {along_ones}, 1e-10);
  } else {
    EXPECT_EQ(along_ones, 0);
  }

  const Expr slope = mixed(gradient);
  const Exprs second = grad(slope, wrt, Disconnected::zero);
  const auto expected_second = differences(inputs, slope, arguments);
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    SCOPED_TRACE("second derivative by input " + std::to_string(places[k]));
    expect_reals(value_of(inputs, second[k], arguments), expected_second[places[k]], tolerance);
  }

  Exprs all = outputs;
  all.insert(all.end(), gradient.begin(), gradient.end());
  all.insert(all.end(), second.begin(), second.end());
  std::vector<Shape> shapes;
  for (const Array& a : arguments) shapes.push_back(a.shape());
  const Graph built{inputs, all};
  verify(built);
  const Graph special = specialize(built, shapes);
  verify(special);
  const Arrays before = interpret(built, arguments), after = interpret(special, arguments);
  for (std::size_t i = 0; i < before.size(); ++i) {
    SCOPED_TRACE("specialised output " + std::to_string(i));
    EXPECT_EQ(before[i].type(), after[i].type());
    expect_reals(after[i], before[i].reals());
  }
}

/// The message of the GraphError that `f` throws; "" when it throws none.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const GraphError& error) {
    return error.what();
  }
  return "";
}

/// The message contains all of the given texts.
inline void expect_says(const std::string& message, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) EXPECT_NE(message.find(text), std::string::npos) << message;
}

}  // namespace leapgraph::symbolic
