/// `_rng` functions: where they take their random numbers from, and how distributions are drawn from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/types/stan_type.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// A place in a stream of random numbers, as expressions: every member takes fresh numbers, one for each element, which
/// depend on nothing but the stream and their place in it. `shape` is that of the result; parameters broadcast to it.
/// Elements whose parameters are outside the domain are nan, or -1 for whole numbers.
class Draws {
 public:
  /// `stream`: symbolic::counter_stream; `first`: int64, the place from which numbers are taken.
  Draws(symbolic::Expr stream, symbolic::Expr first) : stream_(std::move(stream)), first_(std::move(first)) {}

  symbolic::Expr uniform(const symbolic::Shape& shape);      ///< on (0, 1), ends excluded
  symbolic::Expr normal(const symbolic::Shape& shape);       ///< standard
  symbolic::Expr exponential(const symbolic::Shape& shape);  ///< standard
  /// The logarithm of a gamma variate with rate 1: its variate is 0 in double precision for small shapes.
  symbolic::Expr log_gamma(const symbolic::Expr& alpha, const symbolic::Shape& shape);
  symbolic::Expr poisson(const symbolic::Expr& rate, const symbolic::Shape& shape);  ///< int64
  symbolic::Expr binomial(const symbolic::Expr& trials, const symbolic::Expr& probability,
                          const symbolic::Shape& shape);  ///< int64
  /// Around 0, in [-pi, pi].
  symbolic::Expr von_mises(const symbolic::Expr& kappa, const symbolic::Shape& shape);
  /// White balls among `drawn` from an urn: int64.
  symbolic::Expr hypergeometric(const symbolic::Expr& drawn, const symbolic::Expr& white, const symbolic::Expr& black,
                                const symbolic::Shape& shape);

  std::int64_t taken() const { return taken_; }  ///< numbers taken so far, from `first` on

 private:
  symbolic::Expr places(const symbolic::Shape& shape);

  symbolic::Expr stream_, first_;
  std::int64_t taken_ = 0;
};

/// How outcomes of a distribution are drawn. `parameters` are its arguments without the outcome; `outcomes` is the
/// shape of what is drawn, without the axes of an outcome's own vector or matrix: {} or {n}.
struct Drawing {
  std::string_view distribution;
  symbolic::Expr (*draw)(Draws& draws, std::span<const symbolic::Expr> parameters, const symbolic::Shape& outcomes);
};
std::span<const Drawing> drawings();

/// A distribution that can be drawn from.
struct DrawnDistribution {
  const Distribution* distribution = nullptr;
  const Drawing* drawing = nullptr;

  explicit operator bool() const { return drawing != nullptr; }
  /// The type of a draw, an array of draws where an argument has an entry for each; `types` are the parameters'.
  StanType type(std::span<const StanType> types) const;
  /// Draws as an expression of the parameters. Throws ArgumentError when lengths differ.
  symbolic::Expr draw(Draws& draws, std::span<const symbolic::Expr> parameters, std::span<const StanType> types) const;
};
/// What "normal_rng" draws from; empty when there is none.
DrawnDistribution find_drawn_distribution(std::string_view function);

}  // namespace leapgraph::models::library
