/// Formulas that overflow or cancel when they are computed as they are spelled, in many spellings. Their true values
/// are in stability_values.txt under the same names.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// A function of one variable or of two.
struct Spelling {
  template <class F>
  Spelling(F f) {
    if constexpr (std::is_invocable_v<F, const Expr&>)
      of = [f](const Exprs& x) { return f(x[0]); };
    else
      of = [f](const Exprs& x) { return f(x[0], x[1]); };
  }
  std::function<Expr(const Exprs&)> of;
};

using Formulas = std::map<std::string, std::vector<Spelling>>;

inline Formulas formulas() {
  using E = const Expr&;
  const double root2 = std::sqrt(2.0), two_pi = 2.0 * std::numbers::pi;
  const auto logistic = [](E x) { return 1.0 / (1.0 + exp(-x)); };
  Formulas table;
  const auto row = [&table](const std::string& name, std::vector<Spelling> spellings) {
    table.emplace(name, std::move(spellings));
  };
  // --- Logarithms and exponentials beside 1 ---
  row("log1p", {[](E x) { return log(1.0 + x); }, [](E x) { return log(1.0 - -x); }, [](E x) { return log1p(x); },
                [](E x) { return -log(1.0 / (x + 1.0)); }, [](E x) { return 0.5 * log(sqr(1.0 + x)); },
                [](E x) { return 2.0 * log(sqrt(1.0 + x)); }});
  row("expm1", {[](E x) { return exp(x) - 1.0; }, [](E x) { return -(1.0 - exp(x)); }, [](E x) { return expm1(x); },
                [](E x) { return (3.0 * exp(x) - 3.0) / 3.0; }, [](E x) { return 1.0 / exp(-x) - 1.0; },
                [](E x) { return exp(x) * (1.0 - exp(-x)); }, [](E x) { return exp(0.5 * x) * exp(0.5 * x) - 1.0; }});
  row("softplus",
      {[](E x) { return log(1.0 + exp(x)); }, [](E x) { return log1p(exp(x)); }, [](E x) { return softplus(x); },
       [](E x) { return -log(1.0 / (1.0 + exp(x))); }, [](E x) { return log(1.0 + 1.0 / exp(-x)); },
       [](E x) { return logaddexp(x, 0.0); }, [](E x) { return x + log(1.0 + exp(-x)); },
       [](E x) { return -log(1.0 - sigmoid(x)); }, [](E x) { return log(exp(0.0 * x) + exp(x)); }});
  row("log1mexp", {[](E x) { return log(1.0 - exp(x)); }, [](E x) { return log(-(exp(x) - 1.0)); },
                   [](E x) { return log1p(-exp(x)); }, [](E x) { return log(-expm1(x)); },
                   [](E x) { return log1mexp(x); }, [](E x) { return log(1.0 - 1.0 / exp(-x)); }});
  row("log_expm1", {[](E x) { return log(exp(x) - 1.0); }, [](E x) { return log(expm1(x)); },
                    [](E x) { return x + log(1.0 - exp(-x)); }, [](E x) { return log(exp(x) - exp(0.0 * x)); }});
  row("e^x+e^2x", {[](E x) { return log(exp(x) + exp(2.0 * x)); }, [](E x) { return log(exp(x) + sqr(exp(x))); },
                   [](E x) { return log(exp(x) + exp(x) * exp(x)); }, [](E x) { return log(exp(x) * (1.0 + exp(x))); },
                   [](E x) { return logaddexp(x, 2.0 * x); }, [](E x) { return log(exp(x) + exp(x + x)); },
                   [](E x) { return x + log(1.0 + exp(x)); }});
  row("e^2x-e^x", {[](E x) { return log(exp(2.0 * x) - exp(x)); }, [](E x) { return log(-exp(x) + sqr(exp(x))); },
                   [](E x) { return log(exp(x) * (exp(x) - 1.0)); }});
  row("four_exponentials", {[](E x) { return log(exp(x) + exp(2.0 * x) + exp(-x) + 3.0); },
                            [](E x) { return log(3.0 + 1.0 / exp(x) + exp(x) * (1.0 + exp(x))); },
                            [](E x) { return log((3.0 + exp(x)) + (sqr(exp(x)) + inv(exp(x)))); }});
  row("logaddexp", {[](E x, E y) { return log(exp(x) + exp(y)); }, [](E x, E y) { return logaddexp(x, y); },
                    [](E x, E y) { return x + log(1.0 + exp(y - x)); }, [](E x, E y) { return x + softplus(y - x); },
                    [](E x, E y) { return log(exp(x) * (1.0 + exp(y - x))); },
                    [](E x, E y) {
                      return log(sum(exp(stack({x, y})), {0}));
                    },
                    [](E x, E y) { return log((exp(x) + exp(y)) / 2.0) + std::log(2.0); },
                    [](E x, E y) {
                      return log(2.0 * mean(exp(stack({x, y})), {0}));
                    },
                    [](E x, E y) { return log(1.0 / exp(-x) + exp(y)); }});
  row("weighted_logaddexp", {[](E x, E y) { return log(0.25 * exp(x) + exp(y) * 0.75); },
                             [](E x, E y) { return log((exp(x) + 3.0 * exp(y)) / 4.0); },
                             [](E x, E y) { return logaddexp(x + std::log(0.25), y + std::log(0.75)); }});
  row("logsubexp", {[](E x, E y) { return log(exp(x) - exp(y)); }, [](E x, E y) { return log(-exp(y) + exp(x)); },
                    [](E x, E y) { return x + log(1.0 - exp(y - x)); }, [](E x, E y) { return x + log1mexp(y - x); }});
  row("share", {[](E x, E y) { return exp(x) / (exp(x) + exp(y)); }, [](E x, E y) { return 1.0 / (1.0 + exp(y - x)); },
                [](E x, E y) { return 1.0 / (1.0 + exp(y) / exp(x)); },
                [](E x, E y) { return 1.0 - exp(y) / (exp(x) + exp(y)); },
                [](E x, E y) { return exp(x - log(exp(x) + exp(y))); }});
  row("e^x/e^y", {[](E x, E y) { return exp(x) / exp(y); }, [](E x, E y) { return exp(x) * exp(-y); },
                  [](E x, E y) { return exp(x) * (1.0 / exp(y)); }, [](E x, E y) { return inv(exp(y) / exp(x)); }});
  row("log_quotient", {[](E x, E y) { return log(exp(x) / exp(y)); },
                       [](E x, E y) { return log(exp(x)) - log(exp(y)); }, [](E x, E y) { return -log(exp(y - x)); }});
  row("log_ratio", {[](E x, E y) { return log((1.0 + exp(x)) / (1.0 + exp(y))); },
                    [](E x, E y) { return log(1.0 + exp(x)) - log(exp(y) + 1.0); }});
  row("cloglog", {[](E x) { return log(1.0 - exp(-exp(x))); }, [](E x) { return log(-expm1(-exp(x))); }});
  row("cloglog_p", {[](E x) { return 1.0 - exp(-exp(x)); }, [](E x) { return -expm1(-exp(x)); }});
  row("weibull_cdf", {[](E x) { return log(1.0 - exp(-sqr(x))); }, [](E x) { return log(1.0 - exp(-pow(x, 2.0))); }});
  row("expm1/x", {[](E x) { return (exp(x) - 1.0) / x; }, [](E x) { return expm1(x) / x; }});
  // --- The logistic function ---
  row("sigmoid",
      {[](E x) { return 1.0 / (1.0 + exp(-x)); }, [](E x) { return exp(x) / (1.0 + exp(x)); },
       [](E x) { return 1.0 - 1.0 / (1.0 + exp(x)); }, [](E x) { return exp(x) * (1.0 / (exp(x) + 1.0)); },
       [](E x) { return pow(1.0 + exp(-x), -1.0); }, [](E x) { return exp(-log1p(exp(-x))); },
       [](E x) { return exp(-log(1.0 + exp(-x))); }, [](E x) { return 0.5 * (1.0 + tanh(0.5 * x)); },
       [](E x) { return 1.0 - sigmoid(-x); }, [](E x) { return exp(x) * sigmoid(-x); },
       [](E x) { return exp(x - log(1.0 + exp(x))); }, [](E x) { return 1.0 / (1.0 + 1.0 / exp(x)); },
       [](E x) { return (exp(x) + 1.0 - 1.0) / (exp(x) + 1.0); }, [](E x) { return sqr(1.0 / sqrt(1.0 + exp(-x))); }});
  row("3_sigmoid(-x)",
      {[](E x) { return 3.0 / (1.0 + exp(x)); }, [](E x) { return 3.0 - 3.0 * sigmoid(x); },
       [](E x) { return 3.0 * (1.0 - 1.0 / (1.0 + exp(-x))); }, [](E x) { return 3.0 * exp(-x) / (1.0 + exp(-x)); }});
  row("e^x/(e^x+3)", {[](E x) { return exp(x) / (exp(x) + 3.0); }, [](E x) { return 1.0 / (1.0 + 3.0 * exp(-x)); }});
  row("log_sigmoid", {[](E x) { return log(1.0 / (1.0 + exp(-x))); }, [](E x) { return -log(1.0 + exp(-x)); },
                      [](E x) { return log(1.0 - 1.0 / (1.0 + exp(x))); }, [](E x) { return log(sigmoid(x)); },
                      [](E x) { return log(exp(x) / (exp(x) + 1.0)); }, [](E x) { return x - log(1.0 + exp(x)); },
                      [](E x) { return log1p(-sigmoid(-x)); }, [](E x) { return log(1.0 - sigmoid(-x)); },
                      [](E x) { return x - softplus(x); }, [](E x) { return log(0.5 * (1.0 + tanh(0.5 * x))); }});
  row("xent", {[=](E x) { return -3.0 * log(logistic(x)) - (5.0 - 3.0) * log(1.0 - logistic(x)); },
               [](E x) {
                 const Expr p = exp(x) / (exp(x) + 1.0);
                 return -3.0 * log(p) - 2.0 * log1p(-p);
               },
               [](E x) {
                 const Expr y = constant(3.0), p = pow(1.0 + exp(x * -1.0), -1.0);
                 return (0.0 - y) * log(p) - (5.0 - y) * log(1.0 + -1.0 * p);
               },
               [](E x) { return 5.0 * log(1.0 + exp(x)) - 3.0 * x; },
               [=](E x) { return -log(pow(logistic(x), 3.0) * pow(1.0 - logistic(x), 2.0)); },
               [=](E x) { return -(3.0 * log(logistic(x)) + 2.0 * log(1.0 - logistic(x))); }});
  row("xent0.3", {[=](E x) { return -(0.25 * log(logistic(x)) + 0.75 * log(1.0 - logistic(x))); },
                  [](E x) { return 0.25 * log(1.0 + exp(-x)) + 0.75 * log(1.0 + exp(x)); },
                  [](E x) { return log(1.0 + exp(x)) - 0.25 * x; },
                  [](E x) { return maximum(x, 0.0) - 0.25 * x + log(1.0 + exp(-abs(x))); }});
  row("xent1", {[=](E x) { return -(1.0 * log(logistic(x)) + 0.0 * log(1.0 - logistic(x))); },
                [](E x) { return maximum(x, 0.0) - x + log(1.0 + exp(-abs(x))); }});
  row("xent_y", {[=](E x, E y) { return -(y * log(logistic(x)) + (1.0 - y) * log(1.0 - logistic(x))); },
                 [=](E x, E y) { return -y * log(sigmoid(x)) - (1.0 - y) * log(1.0 - sigmoid(x)); },
                 [=](E x, E y) { return -(y * log(logistic(x)) + (1.0 - y) * log1p(-logistic(x))); }});
  row("kl", {[=](E x, E y) {
               const Expr p = logistic(x), q = logistic(y);
               return p * (log(p) - log(q)) + (1.0 - p) * (log(1.0 - p) - log(1.0 - q));
             },
             [=](E x, E y) {
               const Expr p = logistic(x), q = logistic(y);
               return p * log(p / q) + (1.0 - p) * log((1.0 - p) / (1.0 - q));
             }});
  row("logit_of_sigmoid",
      {[=](E x) { return log(logistic(x) / (1.0 - logistic(x))); }, [](E x) { return logit(sigmoid(x)); },
       [](E x) { return log(sigmoid(x)) - log(1.0 - sigmoid(x)); }, [](E x) { return logit(exp(x) / (1.0 + exp(x))); },
       [](E x) { return -log(1.0 / sigmoid(x) - 1.0); }});
  row("sigmoid_of_logit",
      {[](E x) { return sigmoid(log(x / (1.0 - x))); }, [](E x) { return sigmoid(logit(x)); },
       [](E x) { return 1.0 / (1.0 + exp(-log(x / (1.0 - x)))); }, [](E x) { return sigmoid(log(x) - log(1.0 - x)); }});
  row("logit",
      {[](E x) { return log(x / (1.0 - x)); }, [](E x) { return log(x) - log(1.0 - x); }, [](E x) { return logit(x); },
       [](E x) { return -log((1.0 - x) / x); }, [](E x) { return -log(1.0 / x - 1.0); }});
  row("odds",
      {[=](E x) { return logistic(x) / (1.0 - logistic(x)); }, [](E x) { return sigmoid(x) / (1.0 - sigmoid(x)); },
       [](E x) { return inv((1.0 - sigmoid(x)) / sigmoid(x)); }, [](E x) { return 1.0 / sigmoid(-x) - 1.0; },
       [](E x) { return exp(softplus(x)) - 1.0; }, [](E x) { return expm1(softplus(x)); }});
  row("log_p+log(1-p)", {[=](E x) { return log(logistic(x)) + log(1.0 - logistic(x)); },
                         [](E x) { return log(sigmoid(x) * (1.0 - sigmoid(x))); },
                         [](E x) { return log(sigmoid(x) - sqr(sigmoid(x))); }});
  row("logistic_density",
      {[](E x) { return log(exp(-x) / sqr(1.0 + exp(-x))); },
       [](E x) { return log(exp(-x) * pow(1.0 + exp(-x), -2.0)); }, [](E x) { return -x - 2.0 * log(1.0 + exp(-x)); }});
  row("entropy", {[=](E x) {
                    const Expr p = logistic(x);
                    return -p * log(p) - (1.0 - p) * log(1.0 - p);
                  },
                  [](E x) {
                    const Expr p = sigmoid(x);
                    return -(p * log(p) + (1.0 - p) * log1p(-p));
                  }});
  row("focal", {[=](E x) { return -sqr(1.0 - logistic(x)) * log(logistic(x)); },
                [](E x) { return -pow(1.0 - sigmoid(x), 2.0) * log(sigmoid(x)); }});
  row("binomial", {[=](E x) { return log(pow(logistic(x), 3.0) * pow(1.0 - logistic(x), 7.0)); },
                   [=](E x) { return 3.0 * log(logistic(x)) + 7.0 * log(1.0 - logistic(x)); },
                   [](E x) { return log(pow(sigmoid(x), 3.0)) + log(pow(sigmoid(-x), 7.0)); }});
  row("log(sigmoid sigmoid)",
      {[](E x, E y) { return log(sigmoid(x) * sigmoid(y)); }, [=](E x, E y) { return log(logistic(x) * logistic(y)); },
       [](E x, E y) { return -log((1.0 + exp(-x)) * (1.0 + exp(-y))); }});
  row("softplus-x", {[](E x) { return log(1.0 + exp(x)) - x; }, [](E x) { return softplus(x) - x; },
                     [](E x) { return -(x - log1p(exp(x))); }});
  row("swish", {[](E x) { return x / (1.0 + exp(-x)); }, [=](E x) { return x * logistic(x); },
                [](E x) { return x * exp(x) / (1.0 + exp(x)); }});
  row("distributed", {[](E x, E y) { return (2.0 / sigmoid(x) + 3.0 / sigmoid(y)) * sigmoid(x) * sigmoid(y); },
                      [](E x, E y) { return sigmoid(x) * (3.0 / sigmoid(y) + 2.0 / sigmoid(x)) * sigmoid(y); }});
  // --- Hyperbolic functions ---
  row("tanh",
      {[](E x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); },
       [](E x) { return (exp(2.0 * x) - 1.0) / (exp(2.0 * x) + 1.0); },
       [](E x) { return (1.0 - exp(-2.0 * x)) / (1.0 + exp(-2.0 * x)); },
       [](E x) { return (0.5 * (exp(x) - exp(-x))) / (0.5 * (exp(-x) + exp(x))); },
       [](E x) { return 2.0 / (1.0 + exp(-2.0 * x)) - 1.0; }, [](E x) { return sinh(x) / cosh(x); },
       [](E x) { return 1.0 - 2.0 / (exp(2.0 * x) + 1.0); },
       [](E x) { return (exp(x) - 1.0 / exp(x)) / (exp(x) + 1.0 / exp(x)); },
       [](E x) { return 2.0 * sigmoid(2.0 * x) - 1.0; }, [](E x) { return sigmoid(2.0 * x) - sigmoid(-2.0 * x); },
       [](E x) { return expm1(2.0 * x) / (exp(2.0 * x) + 1.0); },
       [](E x) { return (sqr(exp(x)) - 1.0) / (1.0 + sqr(exp(x))); }});
  row("coth", {[](E x) { return (exp(x) + exp(-x)) / (exp(x) - exp(-x)); }, [](E x) { return cosh(x) / sinh(x); },
               [](E x) { return 1.0 / tanh(x); }, [](E x) { return (1.0 + exp(-2.0 * x)) / (1.0 - exp(-2.0 * x)); }});
  row("sech", {[](E x) { return 2.0 / (exp(x) + exp(-x)); }, [](E x) { return 1.0 / cosh(x); },

               [](E x) { return 2.0 * exp(x) / (exp(2.0 * x) + 1.0); }});
  row("csch", {[](E x) { return 2.0 / (exp(x) - exp(-x)); }, [](E x) { return 1.0 / sinh(x); },
               [](E x) { return 2.0 * exp(x) / (exp(2.0 * x) - 1.0); }});
  row("sinh", {[](E x) { return (exp(x) - exp(-x)) / 2.0; }, [](E x) { return 0.5 * exp(x) - 0.5 / exp(x); },
               [](E x) { return sinh(x); }, [](E x) { return -0.5 * (exp(-x) - exp(x)); }});
  row("log_cosh", {[](E x) { return log(cosh(x)); }, [](E x) { return log((exp(x) + exp(-x)) / 2.0); },
                   [](E x) { return log(0.5 * exp(x) + 0.5 * exp(-x)); }});
  row("log(2cosh)", {[](E x) { return log(exp(x) + exp(-x)); }, [](E x) { return log(2.0 * cosh(x)); },
                     [](E x) { return log(exp(x) + 1.0 / exp(x)); }, [](E x) { return x + log(1.0 + exp(-2.0 * x)); },
                     [](E x) { return log(exp(2.0 * x) + 1.0) - x; }});
  row("log_sinh", {[](E x) { return log(sinh(x)); }, [](E x) { return log((exp(x) - exp(-x)) / 2.0); },
                   [](E x) { return log(0.5 * (exp(x) - exp(-x))); }});
  row("log_tanh", {[](E x) { return log(tanh(x)); }, [](E x) { return log((exp(x) - exp(-x)) / (exp(x) + exp(-x))); },
                   [](E x) { return log(1.0 - exp(-2.0 * x)) - log(1.0 + exp(-2.0 * x)); },
                   [](E x) { return log(sinh(x) / cosh(x)); }});
  row("1-tanh", {[](E x) { return 1.0 - tanh(x); }, [](E x) { return 1.0 - (exp(x) - exp(-x)) / (exp(x) + exp(-x)); },
                 [](E x) { return -(tanh(x) - 1.0); }, [](E x) { return 1.0 + tanh(-x); }});
  row("1-tanh^2", {[](E x) { return 1.0 - sqr(tanh(x)); }, [](E x) { return 1.0 - tanh(x) * tanh(x); },
                   [](E x) { return (1.0 - tanh(x)) * (1.0 + tanh(x)); }, [](E x) { return 1.0 / sqr(cosh(x)); },
                   [](E x) { return 4.0 / sqr(exp(x) + exp(-x)); }});
  row("log(1-tanh)", {[](E x) { return log(1.0 - tanh(x)); }, [](E x) { return log1p(-tanh(x)); },
                      [](E x) { return log(1.0 - sinh(x) / cosh(x)); }});
  row("log(1-tanh^2)", {[](E x) { return log(1.0 - sqr(tanh(x))); }, [](E x) { return -2.0 * log(cosh(x)); },
                        [](E x) { return log1p(-sqr(tanh(x))); }, [](E x) { return log(1.0 / sqr(cosh(x))); }});
  row("cosh-1", {[](E x) { return cosh(x) - 1.0; }, [](E x) { return (exp(x) + exp(-x)) / 2.0 - 1.0; },
                 [](E x) { return 0.5 * (exp(x) + exp(-x) - 2.0); }});
  row("asinh", {[](E x) { return log(x + sqrt(x * x + 1.0)); }, [](E x) { return log(sqrt(1.0 + sqr(x)) + x); },
                [](E x) { return asinh(x); }, [](E x) { return -log(sqrt(1.0 + sqr(x)) - x); },
                [](E x) { return log(x + pow(x * x + 1.0, 0.5)); }});
  row("acosh", {[](E x) { return log(x + sqrt(x * x - 1.0)); }, [](E x) { return acosh(x); },
                [](E x) { return log(x + sqrt(x - 1.0) * sqrt(x + 1.0)); }});
  row("atanh",
      {[](E x) { return 0.5 * log((1.0 + x) / (1.0 - x)); }, [](E x) { return 0.5 * (log(1.0 + x) - log(1.0 - x)); },
       [](E x) { return atanh(x); }, [](E x) { return -0.5 * log((1.0 - x) / (x + 1.0)); },
       [](E x) { return log(sqrt((1.0 + x) / (1.0 - x))); }});
  // --- Trigonometry, roots, quotients ---
  row("1-cos", {[](E x) { return 1.0 - cos(x); }, [](E x) { return -(cos(x) - 1.0); },
                [](E x) { return 0.5 * (2.0 - 2.0 * cos(x)); }, [](E x) { return 1.0 + -1.0 * cos(-x); }});
  row("(1-cos)/x^2", {[](E x) { return (1.0 - cos(x)) / sqr(x); }, [](E x) { return (1.0 - cos(x)) / (x * x); },
                      [](E x) { return (1.0 - cos(x)) * pow(x, -2.0); }});
  row("(1-cos)/x", {[](E x) { return (1.0 - cos(x)) / x; }});
  row("(1-cos)/sin", {[](E x) { return (1.0 - cos(x)) / sin(x); }, [](E x) { return sin(x) / (1.0 + cos(x)); }});
  row("sqrt(1+x)-1", {[](E x) { return sqrt(1.0 + x) - 1.0; }, [](E x) { return -(1.0 - sqrt(x + 1.0)); },
                      [](E x) { return pow(1.0 + x, 0.5) - 1.0; }});
  row("sqrt(1+x^2)-1",
      {[](E x) { return sqrt(1.0 + sqr(x)) - 1.0; }, [](E x) { return -1.0 + pow(x * x + 1.0, 0.5); }});
  row("1-sqrt(1-x^2)", {[](E x) { return 1.0 - sqrt(1.0 - sqr(x)); }, [](E x) { return -(sqrt(1.0 - x * x) - 1.0); }});
  row("sqrt(x+1)-sqrt(x)",
      {[](E x) { return sqrt(x + 1.0) - sqrt(x); }, [](E x) { return -(sqrt(x) - sqrt(1.0 + x)); }});
  row("sqrt(x^2+1)-x", {[](E x) { return sqrt(sqr(x) + 1.0) - x; }, [](E x) { return sqrt(1.0 + x * x) - x; }});
  row("1/x-1/(x+1)", {[](E x) { return 1.0 / x - 1.0 / (x + 1.0); }, [](E x) { return inv(x) - inv(1.0 + x); }});
  row("1-1/(1+x)", {[](E x) { return 1.0 - 1.0 / (1.0 + x); }, [](E x) { return x / (1.0 + x); }});
  row("x^2/(1+x^2)", {[](E x) { return sqr(x) / (1.0 + sqr(x)); }, [](E x) { return x * x / (x * x + 1.0); },
                      [](E x) { return 1.0 - 1.0 / (1.0 + sqr(x)); }});
  row("x/(1+x^2)", {[](E x) { return x / (1.0 + sqr(x)); }, [](E x) { return x / (x * x + 1.0); }});
  row("log(1+x^2)",
      {[](E x) { return log(1.0 + sqr(x)); }, [](E x) { return log(x * x + 1.0); }, [](E x) { return log1p(sqr(x)); },
       [](E x) { return 2.0 * log(sqrt(1.0 + sqr(x))); }, [](E x) { return -log(1.0 / (1.0 + x * x)); }});
  row("student",
      {[](E x) { return log(pow(1.0 + sqr(x) / 4.0, -2.5)); }, [](E x) { return -2.5 * log(1.0 + sqr(x) / 4.0); },
       [](E x) { return -2.5 * log1p(sqr(0.5 * x)); }, [](E x) { return -2.5 * log(1.0 + 0.25 * x * x); }});
  row("log(1+x+x^2)", {[](E x) { return log(1.0 + x + sqr(x)); }, [](E x) { return log(sqr(x) + (x + 1.0)); },
                       [](E x) { return log(1.0 + (x + x * x)); }, [](E x) { return log(1.0 + x * (1.0 + x)); }});
  row("hypotenuse",
      {[](E x) { return sqrt(sqr(x) + sqr(2.0 * x)); }, [](E x) { return sqrt(pow(x, 2.0) + pow(2.0 * x, 2.0)); },
       [](E x) { return sqrt(x * x + (x * 2.0) * (x * 2.0)); }, [](E x) { return pow(x * x + sqr(x + x), 0.5); },
       [](E x) {
         return sqrt(sum(sqr(stack({x, 2.0 * x})), {0}));
       },
       [](E x) { return sqrt(x * x + 4.0 * x * x); }});
  row("log_hypotenuse",
      {[](E x) { return log(sqr(x) + sqr(2.0 * x)); }, [](E x) { return 2.0 * log(sqrt(x * x + 4.0 * sqr(x))); },
       [](E x) {
         return log(sum(sqr(stack({x, 2.0 * x})), {0}));
       }});
  row("x/(x^2+1)^.5", {[](E x) { return x / sqrt(sqr(x) + 1.0); }, [](E x) { return x * pow(1.0 + x * x, -0.5); }});
  row("hypot", {[](E x, E y) { return sqrt(x * x + y * y); }, [](E x, E y) { return pow(sqr(x) + pow(y, 2.0), 0.5); },
                [](E x, E y) {
                  return sqrt(sum(sqr(stack({x, y})), {0}));
                }});
  row("log_hypot2",
      {[](E x, E y) { return log(x * x + y * y); }, [](E x, E y) { return 2.0 * log(sqrt(sqr(x) + sqr(y))); }});
  row("1/hypot",
      {[](E x, E y) { return 1.0 / sqrt(x * x + y * y); }, [](E x, E y) { return pow(sqr(x) + sqr(y), -0.5); }});
  row("x/hypot",
      {[](E x, E y) { return x / sqrt(x * x + y * y); }, [](E x, E y) { return x * pow(sqr(x) + sqr(y), -0.5); }});
  row("abs",
      {[](E x) { return sqrt(pow(x, 2.0)); }, [](E x) { return sqrt(x * x); }, [](E x) { return pow(sqr(x), 0.5); }});
  // --- Powers and logarithms ---
  row("log(x^2)", {[](E x) { return log(sqr(x)); }, [](E x) { return log(x * x); },
                   [](E x) { return log(pow(x, 2.0)); }, [](E x) { return 2.0 * log(abs(x)); }});
  row("log(x^3)", {[](E x) { return log(pow(x, 3.0)); }, [](E x) { return log(x * x * x); },
                   [](E x) { return log(x * sqr(x)); }, [](E x) { return -log(pow(x, -3.0)); }});
  row("log(1/x)",
      {[](E x) { return log(1.0 / x); }, [](E x) { return log(pow(x, -1.0)); }, [](E x) { return log(x / sqr(x)); }});
  row("log(sqrt)", {[](E x) { return log(sqrt(x)); }, [](E x) { return log(pow(x, 0.5)); }});
  row("x^1.5", {[](E x) { return pow(x, 1.5); }, [](E x) { return x * sqrt(x); }});
  row("log_power", {[](E x, E y) { return log(pow(x, y)); }, [](E x, E y) { return -log(pow(x, -y)); }});
  row("power_of_power", {[](E x, E y) { return pow(pow(x, 2.0), y); }, [](E x, E y) { return pow(sqr(x), y); }});
  row("square", {[](E x) { return sqr(x); }});
  row("gamma_density", {[](E x) { return log(pow(x, 2.5) * exp(-x)); }, [](E x) { return 2.5 * log(x) - x; },
                        [](E x) { return log(exp(-x) * sqr(x) * sqrt(x)); }});
  row("beta_density", {[](E x) { return log(pow(x, 3.0) * pow(1.0 - x, 1.5)); },
                       [](E x) { return 3.0 * log(x) + 1.5 * log(1.0 - x); }});
  row("gumbel", {[](E x) { return log(exp(-(x + exp(-x)))); }, [](E x) { return log(exp(-x) * exp(-exp(-x))); }});
  row("normal_density", {[=](E x) { return log(exp(-0.5 * sqr(x)) / std::sqrt(two_pi)); },
                         [=](E x) { return log(exp(-x * x / 2.0) * (1.0 / std::sqrt(two_pi))); },
                         [=](E x) { return log(exp(-0.5 * sqr(x)) / sqrt(two_pi)); }});
  row("laplace_density", {[](E x) { return log(0.5 * exp(-abs(x))); }, [](E x) { return log(exp(-abs(x)) / 2.0); }});
  row("mixture",
      {[](E x) { return log(0.25 * exp(-0.5 * sqr(x - 1.0)) + 0.75 * exp(-0.5 * sqr(x + 2.0))); },
       [](E x) { return log(exp(-sqr(2.0 + x) / 2.0) * 0.75 + exp(-((x - 1.0) * (x - 1.0)) / 2.0) * 0.25); }});
  row("compound", {[](E x) { return pow(1.0 + x, 10.0) - 1.0; }, [](E x) { return exp(10.0 * log(1.0 + x)) - 1.0; },
                   [](E x) { return expm1(10.0 * log1p(x)); }});
  row("(1+x)^100", {[](E x) { return pow(1.0 + x, 100.0); }, [](E x) { return exp(100.0 * log(1.0 + x)); }});
  row("(1+x)log(1+x)",
      {[](E x) { return (1.0 + x) * log(1.0 + x); }, [](E x) { return log(1.0 + x) + x * log(1.0 + x); }});
  // --- Inverse pairs ---
  row("identity_small",
      {[](E x) { return log(exp(x)); }, [](E x) { return log1p(expm1(x)); }, [](E x) { return asinh(sinh(x)); },
       [](E x) { return log1p(exp(x) - 1.0); }, [](E x) { return atanh(tanh(x)); }, [](E x) { return -log(exp(-x)); },
       [](E x) { return log(exp(x) * exp(x)) / 2.0; },
       [](E x) { return 0.5 * log((1.0 + tanh(x)) / (1.0 - tanh(x))); }});
  row("identity_above_0",
      {[](E x) { return exp(log(x)); }, [](E x) { return acosh(cosh(x)); }, [](E x) { return sqr(sqrt(x)); },
       [](E x) { return log(1.0 + expm1(x)); }, [](E x) { return sinh(asinh(x)); }, [](E x) { return expm1(log1p(x)); },
       [](E x) { return 1.0 / (1.0 / x); }});
  row("identity_below_1",
      {[](E x) { return tanh(atanh(x)); }, [](E x) { return expm1(log1p(x)); }, [](E x) { return sin(asin(x)); }});
  row("positive_identity",
      {[](E x) { return exp(log(x)); }, [](E x) { return sqr(sqrt(x)); }, [](E x) { return sqrt(x) * sqrt(x); },
       [](E x) { return pow(sqrt(x), 2.0); }, [](E x) { return 1.0 / (1.0 / x); },
       [](E x) { return exp(-log(1.0 / x)); }, [](E x) { return sqrt(sqr(x)); },
       [](E x) { return pow(pow(x, 3.0), 1.0 / 3.0); }, [](E x) { return cbrt(pow(x, 3.0)); }});
  row("identity", {[](E x) { return sinh(asinh(x)); }, [](E x) { return -(-x); }});
  row("(1+x)^2-1", {[](E x) { return sqr(1.0 + x) - 1.0; }, [](E x) { return (x + 1.0) * (1.0 + x) - 1.0; },
                    [](E x) { return -(1.0 - pow(1.0 + x, 2.0)); }});
  row("cbrt(1+x)-1", {[](E x) { return cbrt(1.0 + x) - 1.0; }, [](E x) { return -1.0 + cbrt(x + 1.0); }});
  row("log(1+1/x)", {[](E x) { return log(x + 1.0) - log(x); }, [](E x) { return log((1.0 + x) / x); },
                     [](E x) { return log(1.0 + 1.0 / x); }, [](E x) { return -log(x / (x + 1.0)); },
                     [](E x) { return log1p(inv(x)); }, [](E x) { return -(log(x) - log1p(x)); },
                     [](E x) { return log((x + 1.0) * inv(x)); }});
  row("log(1+3/x)", {[](E x) { return log(x + 3.0) - log(x); }, [](E x) { return log((3.0 + x) / x); },
                     [](E x) { return -log(x / (x + 3.0)); }, [](E x) { return log(1.0 + 3.0 / x); }});
  row("log_cauchy",
      {[](E x) { return -log(3.0 * (1.0 + sqr(x))); }, [](E x) { return log(1.0 / (3.0 * (1.0 + x * x))); },
       [](E x) { return -log(3.0 + 3.0 * sqr(x)); }});
  row("log(sigmoid-sigmoid)",
      {[](E x, E y) { return log(sigmoid(x) - sigmoid(y)); }, [=](E x, E y) { return log(logistic(x) - logistic(y)); },
       [](E x, E y) { return log(-sigmoid(y) + 1.0 / (1.0 + exp(-x))); },
       [](E x, E y) { return log(1.0 / (1.0 + exp(y)) - 1.0 / (1.0 + exp(x))); }});
  row("sigmoid-sigmoid",
      {[](E x, E y) { return sigmoid(x) - sigmoid(y); }, [=](E x, E y) { return -(logistic(y) - logistic(x)); }});
  // --- Error functions ---
  row("erfc", {[](E x) { return 1.0 - erf(x); }, [](E x) { return -(erf(x) - 1.0); }, [](E x) { return 1.0 + erf(-x); },
               [](E x) { return erfc(x); }, [](E x) { return 2.0 - erfc(-x); }, [](E x) { return -erf(x) + 1.0; }});
  row("erf", {[](E x) { return 1.0 - erfc(x); }, [](E x) { return -1.0 + erfc(-x); },
              [](E x) { return -(erfc(x) - 1.0); }, [](E x) { return -erf(-x); }});
  row("log_erfc", {[](E x) { return log(erfc(x)); }, [](E x) { return log(1.0 - erf(x)); },
                   [](E x) { return log1p(-erf(x)); }, [](E x) { return log(2.0 - erfc(-x)); }});
  row("erfcx", {[](E x) { return exp(x * x) * erfc(x); }, [](E x) { return exp(sqr(x)) * (1.0 - erf(x)); },
                [](E x) { return erfc(x) / exp(-sqr(x)); }});
  row("log_Phi",
      {[=](E x) { return log(0.5 * (1.0 + erf(x / root2))); }, [](E x) { return log(0.5 * erfc(-x * std::sqrt(0.5))); },
       [=](E x) { return log(erfc(-x / root2) / 2.0); }, [=](E x) { return log(1.0 - 0.5 * erfc(x / root2)); },
       [=](E x) { return log(0.5 + 0.5 * erf(x / root2)); }, [=](E x) { return log(0.5 + erf(x / sqrt(2.0)) / 2.0); }});
  row("log(1-Phi)",
      {[=](E x) { return log(1.0 - 0.5 * (1.0 + erf(x / root2))); },
       [=](E x) { return log(0.5 - 0.5 * erf(x / root2)); }, [=](E x) { return log(1.0 - 0.5 * erfc(-x / root2)); },
       [=](E x) { return log1p(-0.5 * erfc(-x / root2)); }});
  row("1-Phi",
      {[=](E x) { return 1.0 - 0.5 * (1.0 + erf(x / root2)); }, [=](E x) { return 0.5 - 0.5 * erf(x / root2); },
       [=](E x) { return 1.0 - 0.5 * erfc(-x / root2); }, [=](E x) { return 0.5 * (1.0 - erf(x / root2)); }});
  row("hazard", {[=](E x) { return exp(-0.5 * sqr(x)) / std::sqrt(two_pi) / (0.5 * erfc(x / root2)); },
                 [=](E x) { return exp(-0.5 * x * x) / std::sqrt(two_pi) / (1.0 - 0.5 * (1.0 + erf(x / root2))); }});
  row("mills", {[=](E x) { return 0.5 * erfc(x / root2) / (exp(-0.5 * sqr(x)) / std::sqrt(two_pi)); },
                [=](E x) { return (1.0 - 0.5 * (1.0 + erf(x / root2))) * std::sqrt(two_pi) * exp(0.5 * x * x); }});
  row("erf-erf", {[](E x, E y) { return erf(x) - erf(y); }, [](E x, E y) { return erfc(y) - erfc(x); },
                  [](E x, E y) { return -(erf(y) - erf(x)); }});
  row("lgamma_step",
      {[](E x) { return lgamma(x + 1.0) - lgamma(x); }, [](E x) { return -(lgamma(x) - lgamma(1.0 + x)); }});
  row("one", {[](E x) { return exp(x) * exp(-x); }, [](E x) { return exp(x) / exp(x); }});
  return table;
}

}  // namespace leapgraph::symbolic
