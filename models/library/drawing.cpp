/// How each distribution is drawn from, in terms of few kinds of random numbers.
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/covariances.hpp"
#include "leapgraph/models/library/draws.hpp"
#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/shaping.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::DType;
using symbolic::Expr;
using symbolic::Shape;
using Parameters = std::span<const Expr>;

// ---------------------------------------------------------------- numbers

Expr gamma_variate(Draws& d, const Expr& alpha, const Shape& n) { return symbolic::exp(d.log_gamma(alpha, n)); }
Expr beta_variate(Draws& d, const Expr& a, const Expr& b, const Shape& n) {
  const Expr first = d.log_gamma(a, n);
  return symbolic::sigmoid(first - d.log_gamma(b, n));
}
/// sqrt(nu / chi-squared with nu degrees of freedom): what makes a normal number one of Student's t.
Expr student_t_stretch(Draws& d, const Expr& nu, const Shape& n) {
  return symbolic::exp(0.5 * (symbolic::log(0.5 * nu) - d.log_gamma(0.5 * nu, n)));
}
Expr logit_of(const Expr& u) { return symbolic::log(u) - symbolic::log1p(-u); }
Expr happens(const Expr& u, const Expr& probability) { return symbolic::cast(u < probability, DType::int64); }
/// The number of failures before `r` successes, given the logarithm of their rate.
Expr mixed_poisson(Draws& d, const Expr& shape, const Expr& log_scale, const Shape& n) {
  return d.poisson(symbolic::exp(d.log_gamma(shape, n) + log_scale), n);
}

// ---------------------------------------------------------------- categories

/// 1 + how many of `thresholds`, along the last axis, are below x.
Expr one_and_passed(const Expr& x, const Expr& thresholds) {
  const Expr passed = symbolic::expand_dims(x, -1) > thresholds;
  return std::int64_t{1} + symbolic::sum(symbolic::cast(passed, DType::int64), {-1});
}
Expr without_last(const Expr& x) { return symbolic::slice(x, -1, {0, x.shape().back() - 1}); }
Expr category(Draws& d, const Expr& theta, const Shape& n) {
  return one_and_passed(d.uniform(n), without_last(symbolic::cumsum(theta, -1)));
}

/// How often each category came in `trials`: a binomial number for each of them in turn.
Expr category_counts(Draws& d, const Expr& theta, const Expr& trials) {
  const std::int64_t count = theta.shape().back();
  Expr left = symbolic::cast(trials, DType::float64), rest = symbolic::constant(1.0);
  symbolic::Operands counts;
  for (std::int64_t k = 0; k < count; ++k) {
    const Expr p = symbolic::reshape(symbolic::slice(theta, -1, {k, k + 1}), {});
    if (k + 1 == count) {
      counts.emplace_back(symbolic::cast(left, DType::int64));
      break;
    }
    const Expr taken = d.binomial(left, symbolic::where(rest > p, p / rest, 1.0), {});
    counts.emplace_back(taken);
    left = left - symbolic::cast(taken, DType::float64);
    rest = rest - p;
  }
  return symbolic::stack(counts);
}

// ---------------------------------------------------------------- vectors and matrices

Shape vectors_of(Shape n, std::int64_t length) {
  n.push_back(length);
  return n;
}
/// Rows of standard normal numbers, times the factor.
Expr correlated(Draws& d, const Expr& factor, const Shape& n) {
  return symbolic::matmul(d.normal(vectors_of(n, factor.shape()[0])), symbolic::transpose(factor, {1, 0}));
}
Expr over_vectors(const Expr& x) { return x.rank() == 0 ? x : symbolic::expand_dims(x, -1); }
/// alpha [K] or [n, K]: normalised gamma variates.
Expr dirichlet_variate(Draws& d, const Expr& alpha, const Shape& n) {
  return symbolic::softmax(d.log_gamma(alpha, vectors_of(n, alpha.shape().back())));
}

Expr lower_mask(std::int64_t size, bool diagonal) {
  symbolic::Array mask(symbolic::Type{DType::boolean, {size, size}});
  for (std::int64_t i = 0; i < size; ++i)
    for (std::int64_t j = 0; j < size; ++j) mask.set_integer(i * size + j, (diagonal ? j <= i : j < i) ? 1 : 0);
  return symbolic::constant(mask);
}

/// Bartlett's decomposition: the factor of a Wishart matrix with nu degrees of freedom and unit scale.
Expr bartlett(Draws& d, const Expr& nu, std::int64_t size) {
  const Expr below = symbolic::where(lower_mask(size, false), d.normal({size, size}), 0.0);
  const Expr degrees = nu - symbolic::cast(symbolic::arange(size), DType::float64);
  const Expr roots = symbolic::exp(0.5 * (std::numbers::ln2 + d.log_gamma(0.5 * degrees, {size})));
  return symbolic::where(lower_mask(size, true), below + symbolic::diag(roots), 0.0);
}
Expr squared(const Expr& factor) { return symbolic::matmul(factor, symbolic::transpose(factor, {1, 0})); }
Expr wishart_factor(Draws& d, const Expr& nu, const Expr& factor) {
  return symbolic::matmul(factor, bartlett(d, nu, factor.shape()[0]));
}
/// R with R R' an inverse Wishart matrix of scale L L': L times the inverse of Bartlett's factor, transposed.
Expr inverse_wishart_root(Draws& d, const Expr& nu, const Expr& factor) {
  return solve_lower_triangle(bartlett(d, nu, factor.shape()[0]), factor);
}

/// Lewandowski, Kurowicka & Joe (2009), section 2.4: partial correlations are beta numbers on (-1, 1).
Expr lkj_factor(Draws& d, std::int64_t size, const Expr& eta) {
  if (size == 1) return symbolic::full({1, 1}, 1.0);
  const Expr column = symbolic::cast(symbolic::arange(size), DType::float64);
  // Column j is conditional on the j before it; those on and above the diagonal are drawn and not used.
  const Expr alpha =
      symbolic::maximum(eta + 0.5 * (static_cast<double>(size) - 2.0 - column), 0.5) + symbolic::full({size, 1}, 0.0);
  const Expr partial =
      symbolic::where(lower_mask(size, false), 2.0 * beta_variate(d, alpha, alpha, {size, size}) - 1.0, 0.0);
  // What is left of each row's length before column j.
  const Expr left = symbolic::cumsum(0.5 * symbolic::log1p(-symbolic::sqr(partial)), 1);
  const Expr before =
      symbolic::concatenate({symbolic::full({size, 1}, 0.0), symbolic::slice(left, 1, {0, size - 1})}, 1);
  const Expr ends = symbolic::cast(
      symbolic::eq(symbolic::expand_dims(symbolic::arange(size), 1), symbolic::arange(size)), DType::float64);
  return (partial + ends) * symbolic::exp(before);
}

const std::array drawing_table = {
    Drawing{"normal", [](Draws& d, Parameters p, const Shape& n) -> Expr { return p[0] + p[1] * d.normal(n); }},
    Drawing{"std_normal", [](Draws& d, Parameters, const Shape& n) -> Expr { return d.normal(n); }},
    Drawing{"cauchy",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[0] + p[1] * symbolic::tan(std::numbers::pi * (d.uniform(n) - 0.5));
            }},
    Drawing{"student_t",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr z = d.normal(n);
              return p[1] + p[2] * z * student_t_stretch(d, p[0], n);
            }},
    Drawing{"double_exponential",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr up = d.exponential(n);
              return p[0] + p[1] * (up - d.exponential(n));
            }},
    Drawing{"skew_double_exponential",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr size = 0.5 * p[1] * d.exponential(n);
              return p[0] + symbolic::where(d.uniform(n) < p[2], -size / (1.0 - p[2]), size / p[2]);
            }},
    Drawing{"logistic",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return p[0] + p[1] * logit_of(d.uniform(n)); }},
    Drawing{"loglogistic",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[0] * symbolic::exp(logit_of(d.uniform(n)) / p[1]);
            }},
    Drawing{"exponential", [](Draws& d, Parameters p, const Shape& n) -> Expr { return d.exponential(n) / p[0]; }},
    Drawing{"exp_mod_normal",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr z = d.normal(n);
              return p[0] + p[1] * z + d.exponential(n) / p[2];
            }},
    Drawing{"gamma",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return gamma_variate(d, p[0], n) / p[1]; }},
    Drawing{"inv_gamma",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return p[1] * symbolic::exp(-d.log_gamma(p[0], n)); }},
    Drawing{"chi_square",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return 2.0 * gamma_variate(d, 0.5 * p[0], n); }},
    Drawing{"inv_chi_square",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return 0.5 * symbolic::exp(-d.log_gamma(0.5 * p[0], n));
            }},
    Drawing{"scaled_inv_chi_square",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return 0.5 * p[0] * symbolic::sqr(p[1]) * symbolic::exp(-d.log_gamma(0.5 * p[0], n));
            }},
    Drawing{"weibull",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[1] * symbolic::exp(symbolic::log(d.exponential(n)) / p[0]);
            }},
    Drawing{"frechet",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[1] * symbolic::exp(-symbolic::log(d.exponential(n)) / p[0]);
            }},
    Drawing{"gumbel",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[0] - p[1] * symbolic::log(d.exponential(n));
            }},
    Drawing{"rayleigh",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[0] * symbolic::sqrt(2.0 * d.exponential(n));
            }},
    Drawing{"lognormal",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return symbolic::exp(p[0] + p[1] * d.normal(n)); }},
    Drawing{"beta",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return beta_variate(d, p[0], p[1], n); }},
    Drawing{"beta_proportion",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return beta_variate(d, p[0] * p[1], (1.0 - p[0]) * p[1], n);
            }},
    Drawing{"uniform",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return p[0] + (p[1] - p[0]) * d.uniform(n); }},
    Drawing{"pareto",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[0] * symbolic::exp(d.exponential(n) / p[1]);
            }},
    Drawing{"pareto_type_2",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return p[0] + p[1] * symbolic::expm1(d.exponential(n) / p[2]);
            }},
    Drawing{"skew_normal",  // Azzalini (1985): a half-normal number and a normal one
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr stretch = symbolic::sqrt(1.0 + symbolic::sqr(p[2]));
              const Expr half = p[2] * symbolic::abs(d.normal(n));
              return p[0] + p[1] * (half + d.normal(n)) / stretch;
            }},
    Drawing{"von_mises",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return d.von_mises(p[1], n) + symbolic::mod(p[0], 2 * std::numbers::pi);
            }},
    // --- integers
    Drawing{"bernoulli",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return happens(d.uniform(n), p[0]); }},
    Drawing{"bernoulli_logit",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return happens(d.uniform(n), symbolic::sigmoid(p[0])); }},
    Drawing{"bernoulli_logit_glm",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return happens(d.uniform(n), symbolic::sigmoid(p[1] + symbolic::matmul(p[0], p[2])));
            }},
    Drawing{"binomial",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return d.binomial(p[0], p[1], n); }},
    Drawing{"beta_binomial",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return d.binomial(p[0], beta_variate(d, p[1], p[2], n), n);
            }},
    Drawing{"poisson", [](Draws& d, Parameters p, const Shape& n) -> Expr { return d.poisson(p[0], n); }},
    Drawing{"poisson_log",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return d.poisson(symbolic::exp(p[0]), n); }},
    Drawing{"neg_binomial",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return mixed_poisson(d, p[0], -symbolic::log(p[1]), n);
            }},
    Drawing{"neg_binomial_2",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return mixed_poisson(d, p[1], symbolic::log(p[0]) - symbolic::log(p[1]), n);
            }},
    Drawing{"neg_binomial_2_log",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return mixed_poisson(d, p[1], p[0] - symbolic::log(p[1]), n);
            }},
    Drawing{"beta_neg_binomial",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr failure = d.log_gamma(p[2], n);
              return mixed_poisson(d, p[0], failure - d.log_gamma(p[1], n), n);
            }},
    Drawing{"yule_simon",  // geometric, the chance of success being exp(-w)
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr w = d.exponential(n) / p[0];
              return std::int64_t{1} +
                     symbolic::cast(symbolic::floor(symbolic::log(d.uniform(n)) / symbolic::log1mexp(-w)), DType::int64);
            }},
    Drawing{"hypergeometric",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return d.hypergeometric(p[0], p[1], p[2], n); }},
    Drawing{"discrete_range",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr count = p[1] - p[0] + std::int64_t{1};
              return p[0] + symbolic::cast(symbolic::floor(d.uniform(n) * count), DType::int64);
            }},
    Drawing{"categorical", [](Draws& d, Parameters p, const Shape& n) -> Expr { return category(d, p[0], n); }},
    Drawing{"categorical_logit",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return category(d, symbolic::softmax(p[0]), n); }},
    Drawing{"ordered_logistic",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              return one_and_passed(p[0] + logit_of(d.uniform(n)), p[1]);
            }},
    Drawing{"ordered_probit",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return one_and_passed(p[0] + d.normal(n), p[1]); }},
    // --- vectors and matrices
    Drawing{"multi_normal",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return p[0] + correlated(d, cholesky_factor(p[1]), n); }},
    Drawing{"multi_normal_cholesky",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return p[0] + correlated(d, p[1], n); }},
    Drawing{"multi_student_t",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr z = correlated(d, cholesky_factor(p[2]), n);
              return p[1] + z * over_vectors(student_t_stretch(d, p[0], n));
            }},
    Drawing{"multi_student_t_cholesky",
            [](Draws& d, Parameters p, const Shape& n) -> Expr {
              const Expr z = correlated(d, p[2], n);
              return p[1] + z * over_vectors(student_t_stretch(d, p[0], n));
            }},
    Drawing{"dirichlet",
            [](Draws& d, Parameters p, const Shape& n) -> Expr { return dirichlet_variate(d, p[0], n); }},
    Drawing{"wishart",
            [](Draws& d, Parameters p, const Shape&) -> Expr {
              return squared(wishart_factor(d, p[0], cholesky_factor(p[1])));
            }},
    Drawing{"wishart_cholesky",
            [](Draws& d, Parameters p, const Shape&) -> Expr { return wishart_factor(d, p[0], p[1]); }},
    Drawing{"inv_wishart",
            [](Draws& d, Parameters p, const Shape&) -> Expr {
              return squared(inverse_wishart_root(d, p[0], cholesky_factor(p[1])));
            }},
    Drawing{"inv_wishart_cholesky",
            [](Draws& d, Parameters p, const Shape&) -> Expr {
              return cholesky_factor(squared(inverse_wishart_root(d, p[0], p[1])));
            }},
};

// ---------------------------------------------------------------- draws that take more than their density does

Function drawing(std::string_view name, std::string_view summary, std::string_view signature,
                 Expr (*draw)(Draws& draws, const BuildCall& call)) {
  return {.name = name, .summary = summary, .signature = signature, .build = nullptr, .draw = draw};
}

}  // namespace

std::span<const Drawing> drawings() { return drawing_table; }

std::span<const Function> drawing_functions() {
  static const std::vector<Function> functions = {
      drawing("multinomial_rng", "how often each category came in N trials, with the probabilities theta",
              "(vector, int) => array[] int",
              [](Draws& d, const BuildCall& call) { return category_counts(d, call[0], call[1]); }),
      drawing("multinomial_logit_rng",
              "how often each category came in N trials, with the probabilities softmax(gamma)",
              "(vector, int) => array[] int",
              [](Draws& d, const BuildCall& call) { return category_counts(d, symbolic::softmax(call[0]), call[1]); }),
      drawing("dirichlet_multinomial_rng",
              "how often each category came in N trials, with probabilities from dirichlet(alpha)",
              "(vector, int) => array[] int",
              [](Draws& d, const BuildCall& call) {
                return category_counts(d, dirichlet_variate(d, call[0], {}), call[1]);
              }),
      drawing("lkj_corr_cholesky_rng", "Cholesky factor of a random K by K correlation matrix of density det^(eta - 1)",
              "(int, real) => matrix",
              [](Draws& d, const BuildCall& call) { return lkj_factor(d, size_argument(call, 0), call[1]); }),
      drawing("lkj_corr_rng", "random K by K correlation matrix of density det^(eta - 1)", "(int, real) => matrix",
              [](Draws& d, const BuildCall& call) { return squared(lkj_factor(d, size_argument(call, 0), call[1])); }),
  };
  return functions;
}

}  // namespace leapgraph::models::library
