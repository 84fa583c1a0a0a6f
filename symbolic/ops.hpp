/// The dictionary: every op a user can write, one declaration and one sentence each, by family.
#pragma once

#include <optional>

#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/variables.hpp"

namespace leapgraph::symbolic {

// --- Sources (ops/source.cpp) ---

/// A variable of the given type; unknown lengths are -1. Every call makes a new one, whatever its name. `dscalar`,
/// `lvector`, `fmatrix` and their like are in variables.hpp.
Expr input(Type type, std::string name, Where place = Where::current());
/// Input number `index` of the body that contains it.
Expr parameter(std::int64_t index, Type type);
/// A literal of the program: rank 0, any element type.
Expr constant(double value);
Expr constant(std::int64_t value);
Expr constant(int value);  ///< int64
Expr constant(std::uint64_t value);
Expr constant(bool value);
Expr constant(double value, DType dtype);  ///< converted to `dtype`
/// Data: passed to compiled code by pointer, equal to another by identity of the buffer. Rank 0 becomes a literal.
Expr constant(const Array& value);
bool is_input(const Expr& e);     ///< `input` or `parameter`
bool is_constant(const Expr& e);  ///< literal or data
/// The value of a literal or of data; nothing for anything else.
std::optional<Array> constant_value(const Expr& e);
/// The value of a literal of any element type, as a real: rounded where an integer has more than 53 digits in base 2.
std::optional<double> literal_value(const Expr& e);
std::string name_of(const Expr& e);  ///< of an input; "" for others

// --- Elementwise arithmetic and logic (ops/elementwise.cpp). Arguments are promoted to one element type and broadcast.
// ---

Expr add(const Operand& a, const Operand& b);
Expr sub(const Operand& a, const Operand& b);
Expr mul(const Operand& a, const Operand& b);
Expr div(const Operand& a, const Operand& b);        ///< true division: integers become float64
Expr floor_div(const Operand& a, const Operand& b);  ///< rounds towards minus infinity
Expr mod(const Operand& a, const Operand& b);        ///< has the divisor's sign
Expr neg(const Operand& a);
Expr abs(const Operand& a);
Expr sign(const Operand& a);
Expr sqr(const Operand& a);
Expr inv(const Operand& a);
Expr pow(const Operand& a, const Operand& b);
Expr sqrt(const Operand& a);
Expr maximum(const Operand& a, const Operand& b);  ///< nan if either is
Expr minimum(const Operand& a, const Operand& b);
Expr floor(const Operand& a);
Expr ceil(const Operand& a);
Expr round(const Operand& a);  ///< half to even
Expr trunc(const Operand& a);
Expr eq(const Operand& a, const Operand& b);
Expr neq(const Operand& a, const Operand& b);
Expr lt(const Operand& a, const Operand& b);
Expr le(const Operand& a, const Operand& b);
Expr gt(const Operand& a, const Operand& b);
Expr ge(const Operand& a, const Operand& b);
Expr logical_and(const Operand& a, const Operand& b);
Expr logical_or(const Operand& a, const Operand& b);
Expr logical_not(const Operand& a);
Expr isnan(const Operand& a);
Expr isinf(const Operand& a);
/// Elementwise choice; both sides are evaluated. The gradient of the side not taken is 0, not nan.
Expr where(const Operand& condition, const Operand& a, const Operand& b);
Expr clip(const Operand& a, const Operand& low, const Operand& high);
Expr cast(const Operand& a, DType dtype);

// --- Exponentials, logarithms, trigonometry, special functions (ops/special.cpp). Integers become float64. ---

Expr exp(const Operand& a);
Expr expm1(const Operand& a);
Expr exp2(const Operand& a);
Expr log(const Operand& a);
Expr log2(const Operand& a);
Expr log10(const Operand& a);
Expr log1p(const Operand& a);
Expr sin(const Operand& a);
Expr cos(const Operand& a);
Expr tan(const Operand& a);
Expr asin(const Operand& a);
Expr acos(const Operand& a);
Expr atan(const Operand& a);
Expr atan2(const Operand& y, const Operand& x);
Expr sinh(const Operand& a);
Expr cosh(const Operand& a);
Expr tanh(const Operand& a);
Expr asinh(const Operand& a);
Expr acosh(const Operand& a);
Expr atanh(const Operand& a);
Expr erf(const Operand& a);
Expr erfc(const Operand& a);
Expr gaussian(const Operand& a);  ///< exp(-a a), without the rounding error of the square
Expr cbrt(const Operand& a);
Expr sigmoid(const Operand& a);      ///< 1 / (1 + exp(-a))
Expr softplus(const Operand& a);     ///< log(1 + exp(a))
Expr log_sigmoid(const Operand& a);  ///< -softplus(-a)
Expr log1mexp(const Operand& a);     ///< log(1 - exp(a)), a < 0
Expr logaddexp(const Operand& a, const Operand& b);
Expr logit(const Operand& a);
Expr lgamma(const Operand& a);  ///< log |gamma(a)|
Expr digamma(const Operand& a);
Expr trigamma(const Operand& a);
Expr tetragamma(const Operand& a);               ///< derivative of trigamma
Expr xlogy(const Operand& x, const Operand& y);  ///< x log y, 0 at x = 0 for every y that is not nan

// --- Reductions (ops/reduce.cpp). No axes: over all of them. ---

Expr sum(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr prod(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr mean(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr max(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr min(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr all(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr any(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr variance(const Operand& a, const Axes& axes = {}, bool keepdims = false, std::int64_t ddof = 0);
/// log(sum(exp(a))), without overflow.
Expr logsumexp(const Operand& a, const Axes& axes = {}, bool keepdims = false);
Expr softmax(const Operand& a, std::int64_t axis = -1);
/// Along an axis, or of the flattened tensor.
Expr cumsum(const Operand& a, std::optional<std::int64_t> axis = std::nullopt);
/// `a` summed over the axes along which it was broadcast from the shape of `like`; has the shape of `like`.
Expr sum_like(const Operand& a, const Operand& like);

// --- Shape (ops/shape.cpp) ---

Expr reshape(const Operand& a, Shape shape);  ///< one length may be -1: inferred
Expr reshape_like(const Operand& a, const Operand& like);
Expr transpose(const Operand& a);  ///< axes reversed
Expr transpose(const Operand& a, const Axes& permutation);
Expr expand_dims(const Operand& a, std::int64_t axis);
Expr squeeze(const Operand& a, std::int64_t axis);
Expr broadcast_to(const Operand& a, Shape shape);
Expr broadcast_like(const Operand& a, const Operand& like);
Expr stack(const Operands& parts, std::int64_t axis = 0);
Expr concatenate(const Operands& parts, std::int64_t axis = 0);
/// Length of one axis as an int64 scalar; a literal where it is known.
Expr length(const Operand& a, std::int64_t axis);
Expr zeros_like(const Operand& a);
Expr ones_like(const Operand& a);
Expr full(Shape shape, const Operand& value);
/// 0, 1, ..., n - 1 as int64.
Expr arange(std::int64_t n);
Expr diag(const Operand& vector);      ///< vector to diagonal matrix
Expr diagonal(const Operand& matrix);  ///< diagonal of a matrix

// --- Indexing (ops/index.cpp) ---

/// Python's a[start:stop:step] along one axis; negative positions count from the end. Step 1 or -1.
struct Slice {
  std::optional<std::int64_t> start, stop;
  std::int64_t step = 1;
};
Expr slice(const Operand& a, std::int64_t axis, Slice range);
/// a[i] along an axis, which disappears; negative positions count from the end.
Expr at(const Operand& a, std::int64_t position, std::int64_t axis = 0);
/// Elements or rows picked by an integer tensor along an axis; out-of-range positions are an error (data: when bound).
Expr gather(const Operand& a, const Operand& index, std::int64_t axis = 0);
/// out[index[i]] += values[i], `length` rows: the adjoint of gather along axis 0.
Expr scatter_add(const Operand& values, const Operand& index, std::int64_t length);
/// `x` with x[index[i...]] = values[i...]: rows along axis 0, an index of any rank; of rows named twice the last stays.
/// `values` are broadcast to one row for each element of the index and converted to the element type of `x`.
Expr set_rows(const Operand& x, const Operand& index, const Operand& values);
/// The same with +=: a row named twice gets both.
Expr add_rows(const Operand& x, const Operand& index, const Operand& values);
/// Zeros of the given shape with `part` placed at slice(axis, range): the adjoint of slice.
Expr pad_slice(const Operand& part, const Operand& like, std::int64_t axis, Slice range);

// --- Linear algebra (ops/linalg.cpp) ---

/// NumPy's dot for ranks 0 to 2 and beyond: vector.vector, matrix.vector, vector.matrix, matrix.matrix.
Expr dot(const Operand& a, const Operand& b);
/// NumPy's matmul: leading axes broadcast.
Expr matmul(const Operand& a, const Operand& b);
Expr tensordot(const Operand& a, const Operand& b, const Axes& axes_a, const Axes& axes_b);
Expr outer(const Operand& a, const Operand& b);

// --- Control (ops/scan.cpp, ops/control.cpp) ---

struct ScanResult {
  Exprs carry;    ///< after the last step
  Exprs outputs;  ///< stacked along a new axis 0, one row a step
  Expr steps;     ///< how many steps were done
};
/// What a step returns: the new carry, then outputs. `until` is a boolean scalar: the step that makes it true is the
/// last one, and counts. `must_stop`: reaching the number of steps without that is an error at run time.
struct ScanBody {
  Exprs carry;
  Exprs outputs;
  Expr until = {};
  bool must_stop = false;
};
/// The core loop. `step` gets the carry, then one slice of each sequence, and returns the new carry, then the outputs;
/// what it uses of the enclosing graph is passed along by itself. `steps` is an int64 scalar, or absent where a
/// sequence gives the length or `until` the end. A carry keeps its type. Zero steps return the initial carry.
ScanResult scan(const std::function<ScanBody(const Exprs& carry, const Exprs& elements)>& step, const Operands& initial,
                const Operands& sequences = {}, std::optional<Operand> steps = std::nullopt,
                Where place = Where::current());
/// while (condition(carry)) carry = step(carry). Passing `cap` iterations is an error at run time.
ScanResult while_loop(const std::function<Expr(const Exprs& carry)>& condition,
                      const std::function<Exprs(const Exprs& carry)>& step, const Operands& initial,
                      std::optional<Operand> cap = std::nullopt, Where place = Where::current());
/// The same loop, whose gradient stores at most so many bytes for all steps (256 MiB unless said): beyond that, steps
/// are done again. `result` as `scan` returned it.
ScanResult with_gradient_storage(const ScanResult& result, std::int64_t bytes);
/// A closed body applied as one node, compiled once however often it is applied.
Exprs call(const Body& body, const Operands& arguments, Where place = Where::current());
/// `if_true` or `if_false`, evaluating only that one. Both are functions without arguments that return as many
/// expressions of equal types.
Exprs ifelse(const Operand& condition, const std::function<Exprs()>& if_true, const std::function<Exprs()>& if_false,
             Where place = Where::current());
/// A real function of a real vector written in C++, with its gradient: outputs {value, gradient}. `function` is an
/// int64[2] input that carries a HostFunction's address and context at call time. See ops/host_call.cpp.
Exprs host_call(const Operand& function, const Operand& x, Where place = Where::current());
/// What `host_call` calls: fills *value and gradient[0..n); non-zero: the point is rejected (value and gradient become
/// nan). Must not throw.
using HostFunction = int (*)(void* context, const double* x, std::int64_t n, double* value, double* gradient);
/// A vector function of a real vector written in C++, with its Jacobian: outputs {value [length], jacobian [length, n]}
/// from `x` [n] and `data` [any length], with respect to which it has no derivative. `function` is what
/// `host_map_function` (host_function.hpp) made. With as many leading axes on both `x` and `data` it is called for each
/// row. See ops/host_map.cpp.
Exprs host_map(const Operand& function, const Operand& x, const Operand& data, std::int64_t length,
               Where place = Where::current());
/// What `host_map` calls: fills value[0..m) and jacobian[0..m)[0..n); non-zero: the point is rejected (all becomes
/// nan). Must not throw.
using HostMap = int (*)(void* context, const double* x, std::int64_t n, const double* data, std::int64_t count,
                        double* value, std::int64_t m, double* jacobian);

}  // namespace leapgraph::symbolic
