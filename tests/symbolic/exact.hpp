/// A second evaluator of graphs, in some 350 digits: what the real-number value of an expression is.
#pragma once

#include <boost/math/special_functions/bernoulli.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic::exact {

// Enough to tell 1 + 1e-320 from 1.
using Number = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<350>, boost::multiprecision::et_off>;

struct Value {
  Shape shape;
  std::vector<Number> elements;
};

/// Position in a tensor of shape `from` of element `i` of its stretched version of shape `to`.
inline std::size_t stretched_position(const Shape& from, const Shape& to, std::size_t i) {
  std::size_t position = 0, stride = 1;
  for (std::size_t axis = to.size(); axis-- > 0;) {
    const auto length = static_cast<std::size_t>(to[axis]);
    const std::size_t index = i % length;
    i /= length;
    if (axis + from.size() < to.size()) continue;
    const auto mine = static_cast<std::size_t>(from[axis + from.size() - to.size()]);
    if (mine != 1) position += index * stride;
    stride *= mine;
  }
  return position;
}

inline Number not_a_number() { return std::numeric_limits<Number>::quiet_NaN(); }
inline bool is_finite(const Number& x) { return boost::multiprecision::isfinite(x); }

/// erfc by the series of positive terms, or the continued fraction far out.
inline Number erfc(const Number& x) {
  using boost::multiprecision::exp;
  const Number root_pi = sqrt(boost::math::constants::pi<Number>());
  if (x < 0) return 2 - erfc(-x);
  if (x > 30) {
    if (x > 1e6) return 0;
    Number fraction = x;
    for (int k = 200; k > 0; --k) fraction = x + Number(k) / 2 / fraction;
    return exp(-x * x) / (fraction * root_pi);
  }
  Number term = x, sum = x;
  for (int n = 1; term > sum * Number("1e-345"); ++n) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
    if (term == 0) break;
  }
  return 1 - 2 / root_pi * exp(-x * x) * sum;
}

/// log and sqrt of what has none are nan, of 0 and infinity the limit.
inline Number log_of(const Number& x) {
  if (x == 0) return -std::numeric_limits<Number>::infinity();
  return x > 0 ? Number(log(x)) : not_a_number();
}
inline Number exp_of(const Number& x) {
  if (x > 1e6) return std::numeric_limits<Number>::infinity();
  if (x < -1e6) return 0;
  return exp(x);
}
inline Number expm1_of(const Number& x) {
  if (abs(x) > Number("1e-100")) return exp_of(x) - 1;
  return x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4)));
}
inline Number log1p_of(const Number& x) {
  if (abs(x) > Number("1e-100")) return log_of(1 + x);
  return x * (1 - x / 2 + x * x / 3 - x * x * x / 4);
}
inline Number power(const Number& x, const Number& y) {
  if (y == trunc(y) && abs(y) < 1000) return Number(pow(x, static_cast<int>(y)));
  return x > 0 ? exp_of(y * log_of(x)) : x == 0 && y > 0 ? Number(0) : not_a_number();
}

/// By the series of Stirling, far out, and the recurrence; infinite at the poles.
inline Number log_gamma(const Number& x) {
  if (x <= 0 && x == trunc(x)) return std::numeric_limits<Number>::infinity();
  Number product = 1, y = x;
  for (; y < 150; y += 1) product *= y;
  // Bernoulli numbers over 2 k (2 k - 1): 20 terms are 60 digits at 150.
  static const std::vector<Number> terms = [] {
    std::vector<Number> result;
    for (int k = 1; k <= 20; ++k) result.push_back(boost::math::bernoulli_b2n<Number>(k) / (2 * k * (2 * k - 1)));
    return result;
  }();
  Number sum = (y - Number(0.5)) * log(y) - y + log(2 * boost::math::constants::pi<Number>()) / 2, power = y;
  for (const Number& term : terms) {
    sum += term / power;
    power *= y * y;
  }
  return sum - log(abs(product));
}

using Function = std::function<Number(const std::vector<Number>&)>;

/// The elementwise functions that rules speak of, by name.
inline const std::map<std::string_view, Function>& functions() {
  using V = const std::vector<Number>&;
  static const std::map<std::string_view, Function> table{
      {"add", [](V a) { return a[0] + a[1]; }},
      {"sub", [](V a) { return a[0] - a[1]; }},
      {"mul", [](V a) { return a[0] * a[1]; }},
      {"div", [](V a) { return a[1] == 0 ? not_a_number() : Number(a[0] / a[1]); }},
      {"inv", [](V a) { return a[0] == 0 ? not_a_number() : Number(1 / a[0]); }},
      {"neg", [](V a) { return Number(-a[0]); }},
      {"abs", [](V a) { return Number(abs(a[0])); }},
      {"sqr", [](V a) { return a[0] * a[0]; }},
      {"sqrt", [](V a) { return a[0] < 0 ? not_a_number() : Number(sqrt(a[0])); }},
      {"pow", [](V a) { return power(a[0], a[1]); }},
      {"exp", [](V a) { return exp_of(a[0]); }},
      {"expm1", [](V a) { return expm1_of(a[0]); }},
      {"log", [](V a) { return log_of(a[0]); }},
      {"log1p", [](V a) { return log1p_of(a[0]); }},
      {"sin", [](V a) { return Number(sin(a[0])); }},
      {"cos", [](V a) { return Number(cos(a[0])); }},
      {"sinh", [](V a) { return Number((expm1_of(a[0]) - expm1_of(-a[0])) / 2); }},
      {"cosh", [](V a) { return Number((exp_of(a[0]) + exp_of(-a[0])) / 2); }},
      {"tanh",
       [](V a) {
         const Number e = expm1_of(-2 * abs(a[0]));
         return Number(a[0] < 0 ? e / (2 + e) : -e / (2 + e));
       }},
      {"asinh",
       [](V a) {
         return Number(a[0] < 0 ? -log_of(-a[0] + sqrt(a[0] * a[0] + 1)) : log_of(a[0] + sqrt(a[0] * a[0] + 1)));
       }},
      {"acosh", [](V a) { return a[0] < 1 ? not_a_number() : log_of(a[0] + sqrt(a[0] * a[0] - 1)); }},
      {"atanh", [](V a) { return Number((log1p_of(a[0]) - log1p_of(-a[0])) / 2); }},
      {"tan", [](V a) { return Number(tan(a[0])); }},
      {"asin", [](V a) { return abs(a[0]) > 1 ? not_a_number() : Number(asin(a[0])); }},
      {"acos", [](V a) { return abs(a[0]) > 1 ? not_a_number() : Number(acos(a[0])); }},
      {"atan", [](V a) { return Number(atan(a[0])); }},
      {"lgamma", [](V a) { return log_gamma(a[0]); }},
      {"xlogy", [](V a) { return a[0] == 0 ? Number(0) : Number(a[0] * log_of(a[1])); }},
      {"erf", [](V a) { return Number(1 - erfc(a[0])); }},
      {"erfc", [](V a) { return erfc(a[0]); }},
      {"erfcx", [](V a) { return exp_of(a[0] * a[0]) * erfc(a[0]); }},
      {"ierfcx",
       [](V a) {
         const Number scaled = exp_of(a[0] * a[0]) * erfc(a[0]);
         return Number(1 / sqrt(boost::math::constants::pi<Number>()) - a[0] * scaled);
       }},
      {"ndtr", [](V a) { return erfc(-a[0] / sqrt(Number(2))) / 2; }},
      {"log_ndtr", [](V a) { return log_of(erfc(-a[0] / sqrt(Number(2))) / 2); }},
      {"cbrt",
       [](V a) {
         return a[0] < 0    ? Number(-pow(Number(-a[0]), Number(1) / 3))
                : a[0] == 0 ? a[0]
                            : Number(pow(a[0], Number(1) / 3));
       }},
      {"gaussian", [](V a) { return exp_of(-a[0] * a[0]); }},
      {"sigmoid", [](V a) { return Number(1 / (1 + exp_of(-a[0]))); }},
      {"softplus", [](V a) { return Number(a[0] > 0 ? a[0] + log1p_of(exp_of(-a[0])) : log1p_of(exp_of(a[0]))); }},
      {"log_sigmoid", [](V a) { return Number(a[0] < 0 ? a[0] - log1p_of(exp_of(a[0])) : -log1p_of(exp_of(-a[0]))); }},
      {"log1mexp", [](V a) { return log_of(-expm1_of(a[0])); }},
      {"logaddexp",
       [](V a) {
         const Number top = a[0] > a[1] ? a[0] : a[1];
         return Number(top + log1p_of(exp_of(-abs(a[0] - a[1]))));
       }},
      {"logit", [](V a) { return a[0] < 0 || a[0] > 1 ? not_a_number() : Number(log_of(a[0]) - log1p_of(-a[0])); }},
      {"maximum", [](V a) { return a[0] > a[1] ? a[0] : a[1]; }},
      {"minimum", [](V a) { return a[0] < a[1] ? a[0] : a[1]; }},
      {"where", [](V a) { return a[0] != 0 ? a[1] : a[2]; }},
      {"lt", [](V a) { return Number(a[0] < a[1] ? 1 : 0); }},
      {"le", [](V a) { return Number(a[0] <= a[1] ? 1 : 0); }},
      {"eq", [](V a) { return Number(a[0] == a[1] ? 1 : 0); }},
      {"isnan", [](V a) { return Number(a[0] != a[0] ? 1 : 0); }},
      {"isinf", [](V a) { return Number(boost::multiprecision::isinf(a[0]) ? 1 : 0); }},
      {"logical_and", [](V a) { return Number(a[0] != 0 && a[1] != 0 ? 1 : 0); }},
      {"logical_not", [](V a) { return Number(a[0] == 0 ? 1 : 0); }},
  };
  return table;
}

/// The value of `e` for given values of its inputs; nothing where an op is not among the functions (those that move
/// elements and round nothing).
inline std::optional<Value> evaluate(const Expr& e, const std::map<const Node*, Value>& inputs) {
  std::map<const Node*, Value> values = inputs;
  for (const Node* node : topological_order(std::span(&e, 1))) {
    if (values.contains(node)) continue;
    Value result{node->types()[0].shape, {}};
    const auto argument = [&](std::size_t k) -> const Value& { return values.at(&node->input(k).node()); };
    const auto size = static_cast<std::size_t>(element_count(result.shape));
    const std::string_view name = node->op().name;
    if (node->inputs().empty()) {
      const auto value = constant_value(Expr(node->shared_from_this(), 0));
      if (!value) return std::nullopt;
      for (const double x : value->reals()) result.elements.emplace_back(x);
    } else if (const auto f = functions().find(name); f != functions().end()) {
      for (std::size_t i = 0; i < size; ++i) {
        std::vector<Number> arguments;
        for (std::size_t k = 0; k < node->inputs().size(); ++k)
          arguments.push_back(argument(k).elements[stretched_position(argument(k).shape, result.shape, i)]);
        result.elements.push_back(f->second(arguments));
      }
    } else if (name == "expand_dims" || name == "reshape") {
      result.elements = argument(0).elements;
    } else if (name == "broadcast_to") {
      for (std::size_t i = 0; i < size; ++i)
        result.elements.push_back(argument(0).elements[stretched_position(argument(0).shape, result.shape, i)]);
    } else if ((name == "sum" || name == "max" || name == "logsumexp" || name == "softmax") &&
               argument(0).shape.size() == 1) {
      // Over vectors only.
      Number total = 0, largest = argument(0).elements[0];
      for (const Number& x : argument(0).elements) {
        total += name == "sum" ? x : exp_of(x);
        if (x > largest) largest = x;
      }
      if (name == "softmax")
        for (const Number& x : argument(0).elements) result.elements.push_back(exp_of(x) / total);
      else
        result.elements.push_back(name == "max" ? largest : name == "logsumexp" ? log_of(total) : total);
    } else {
      return std::nullopt;
    }
    values.emplace(node, std::move(result));
  }
  return values.at(&e.node());
}

}  // namespace leapgraph::symbolic::exact
