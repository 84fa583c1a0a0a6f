/// Where `_rng` functions take their random numbers from.
#pragma once

#include <cstdint>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// A place in a stream of random numbers, as expressions: every member takes fresh numbers, one for each element, which
/// depend on nothing but the stream and their place in it. `shape` is that of the result; parameters broadcast to it.
/// Elements whose parameters are outside the domain are nan, or -1 for whole numbers.
class Draws {
 public:
  /// `stream`: int64[2], the seed, and chain and draw; `first`: int64, the place from which numbers are taken.
  Draws(symbolic::Expr stream, symbolic::Expr first) : stream_(std::move(stream)), first_(std::move(first)) {}

  symbolic::Expr uniform(const symbolic::Shape& shape);      ///< on (0, 1), ends excluded
  symbolic::Expr normal(const symbolic::Shape& shape);       ///< standard
  symbolic::Expr exponential(const symbolic::Shape& shape);  ///< standard
  /// The logarithm of a gamma variate with rate 1: its variate is 0 in double precision for small shapes.
  symbolic::Expr log_gamma(const symbolic::Expr& alpha, const symbolic::Shape& shape);
  symbolic::Expr poisson(const symbolic::Expr& rate, const symbolic::Shape& shape);  ///< int64
  symbolic::Expr binomial(const symbolic::Expr& trials, const symbolic::Expr& probability,
                          const symbolic::Shape& shape);  ///< int64

  std::int64_t taken() const { return taken_; }  ///< numbers taken so far, from `first` on

 private:
  symbolic::Expr places(const symbolic::Shape& shape);

  symbolic::Expr stream_, first_;
  std::int64_t taken_ = 0;
};

}  // namespace leapgraph::models::library
