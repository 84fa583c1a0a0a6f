/// Random numbers by place, for `_rng` functions.
#include "leapgraph/models/library/draws.hpp"

#include "leapgraph/symbolic/counter_random.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/special_functions.hpp"

namespace leapgraph::models::library {

using symbolic::DType;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// Whole numbers; -1 where there is none.
Expr counts(const Expr& numbers) {
  return symbolic::cast(symbolic::where(symbolic::isnan(numbers), -1.0, numbers), DType::int64);
}

}  // namespace

Expr Draws::places(const Shape& shape) {
  const std::int64_t count = symbolic::element_count(shape);
  const Expr from = symbolic::cast(first_ + taken_, DType::float64);
  taken_ += count;
  if (shape.empty()) return from;
  return from + symbolic::cast(symbolic::reshape(symbolic::arange(count), shape), DType::float64);
}

Expr Draws::uniform(const Shape& shape) { return symbolic::uniform_at(stream_, places(shape)); }
Expr Draws::normal(const Shape& shape) { return symbolic::ndtri(uniform(shape)); }
Expr Draws::exponential(const Shape& shape) { return -symbolic::log(uniform(shape)); }
Expr Draws::log_gamma(const Expr& alpha, const Shape& shape) {
  return symbolic::log_gamma_at(stream_, places(shape), alpha);
}
Expr Draws::poisson(const Expr& rate, const Shape& shape) {
  return counts(symbolic::poisson_at(stream_, places(shape), rate));
}
Expr Draws::binomial(const Expr& trials, const Expr& probability, const Shape& shape) {
  return counts(symbolic::binomial_at(stream_, places(shape), trials, probability));
}

Expr Draws::von_mises(const Expr& kappa, const Shape& shape) {
  return symbolic::von_mises_at(stream_, places(shape), kappa);
}
Expr Draws::hypergeometric(const Expr& drawn, const Expr& white, const Expr& black, const Shape& shape) {
  return counts(symbolic::hypergeometric_at(stream_, places(shape), drawn, white, black));
}

}  // namespace leapgraph::models::library
