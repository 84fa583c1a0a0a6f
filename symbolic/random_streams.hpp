/// Random streams as Theano has them: shared generator states, one a random variable, that functions draw from and
/// advance.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/shared.hpp"

namespace leapgraph::symbolic {

/// Words of a stream's state, a uint32 vector.
inline constexpr std::int64_t stream_words = 628;

/// The state of an MT19937 stream as NumPy's `RandomState(seed)` begins: by one number (Matsumoto & Nishimura's
/// init_genrand) or by several (init_by_array).
Array seeded_stream(std::uint32_t seed);
Array seeded_stream(const std::vector<std::uint32_t>& seeds);

/// The shape of a random variable: lengths, or that of a tensor whose lengths may be unknown until a function is
/// called.
class SampleSize {
 public:
  SampleSize() = default;  ///< a scalar, or what the parameters broadcast to
  /// Throws NegativeLength.
  SampleSize(std::initializer_list<std::int64_t> shape) : SampleSize(Shape(shape)) {}
  SampleSize(Shape shape);
  static SampleSize like(const Operand& tensor) {
    SampleSize size;
    size.like_ = tensor.expr();
    return size;
  }

  const std::optional<Shape>& shape() const { return shape_; }
  const Expr& tensor() const { return like_; }  ///< absent where a shape was given, or nothing

 private:
  std::optional<Shape> shape_;
  Expr like_;
};

/// Numbers drawn from a stream, and the stream after them.
struct Draw {
  Expr stream;
  Expr numbers;
};
/// Numbers evenly in [0, 1), and standard normal ones, from an explicit stream: what `RandomStreams` does behind the
/// scenes, for loops and functions that carry their streams themselves. Throws DTypeError or ShapeError unless `stream`
/// is one.
Draw draw_uniform(const Operand& stream, const SampleSize& size, Where place = Where::current());
Draw draw_normal(const Operand& stream, const SampleSize& size, Where place = Where::current());

/// Makes random variables. Each has a stream of its own, seeded by the next number of this object's generator; a
/// function that draws from it advances it, unless it is told not to (`no_default_updates`). Within one call of a
/// function a random variable has one value, however often it is used. Parameters are tensors that broadcast; what is
/// not given takes the shape that they broadcast to. The numbers are those of NumPy's `RandomState` of the stream's
/// seed.
///
/// Gradients flow to the parameters of distributions that move and scale a standard one; for others they are refused.
class RandomStreams {
 public:
  explicit RandomStreams(std::uint32_t seed);
  explicit RandomStreams(const std::vector<std::uint32_t>& seeds);

  Expr uniform(const SampleSize& size = {}, const Operand& low = 0.0, const Operand& high = 1.0,
               Where place = Where::current());
  Expr normal(const SampleSize& size = {}, const Operand& mean = 0.0, const Operand& sd = 1.0,
              Where place = Where::current());
  Expr lognormal(const SampleSize& size = {}, const Operand& mean = 0.0, const Operand& sd = 1.0,
                 Where place = Where::current());
  Expr exponential(const SampleSize& size = {}, const Operand& scale = 1.0, Where place = Where::current());
  Expr laplace(const SampleSize& size = {}, const Operand& location = 0.0, const Operand& scale = 1.0,
               Where place = Where::current());
  Expr logistic(const SampleSize& size = {}, const Operand& location = 0.0, const Operand& scale = 1.0,
                Where place = Where::current());
  Expr gumbel(const SampleSize& size = {}, const Operand& location = 0.0, const Operand& scale = 1.0,
              Where place = Where::current());
  Expr weibull(const SampleSize& size, const Operand& shape, Where place = Where::current());
  Expr pareto(const SampleSize& size, const Operand& shape, Where place = Where::current());
  /// int64: 1 with probability p, else 0.
  Expr bernoulli(const SampleSize& size = {}, const Operand& p = 0.5, Where place = Where::current());
  /// int64: successes of n trials. What is negative counts as 0, p beyond [0, 1] as the nearer end.
  Expr binomial(const SampleSize& size = {}, const Operand& n = std::int64_t{1}, const Operand& p = 0.5,
                Where place = Where::current());
  Expr poisson(const SampleSize& size = {}, const Operand& rate = 1.0, Where place = Where::current());  ///< int64
  /// int64: evenly from low to high, both included.
  Expr random_integers(const SampleSize& size = {}, const Operand& low = std::int64_t{0},
                       const Operand& high = std::int64_t{1}, Where place = Where::current());
  /// int64 counts of n trials, one for each category of the last axis of `p`, which sums to 1.
  Expr multinomial(const Operand& n, const Operand& p, Where place = Where::current());
  /// int64: permutations of 0, ..., n - 1, one a row where `size` is not empty.
  Expr permutation(std::int64_t n, const SampleSize& size = {}, Where place = Where::current());
  /// int64: numbers below `n`. Without replacement all are different, as many as the product of the lengths of `shape`.
  Expr choice(const Shape& shape, std::int64_t n, bool replace = true, Where place = Where::current());
  /// int64: numbers below the length of the vector `p`, number k with probability p[k].
  Expr choice(const Shape& shape, const Expr& p, bool replace = true, Where place = Where::current());
  /// The rows of `x` (axis 0) in random order.
  Expr shuffle_rows(const Operand& x, Where place = Where::current());

  /// Seeds all streams anew, in the order in which they were made, as a new object with this seed would seed them.
  void seed(std::uint32_t seed);
  /// The states of all streams, in the order in which they were made; to read, set or share.
  const std::vector<SharedVariable>& streams() const { return streams_; }

 private:
  SharedVariable next_stream(Where place);
  Expr standard(const char* op, const SampleSize& size, const Operands& parameters, Where place);
  Expr drawn(const char* op, Exprs parameters, Attributes attributes, Where place);

  Array generator_;  ///< that seeds the streams
  std::vector<SharedVariable> streams_;
};

/// The stream that a random variable draws from. Throws GraphError for an expression that is none.
SharedVariable stream_of(const Expr& random_variable);

}  // namespace leapgraph::symbolic
