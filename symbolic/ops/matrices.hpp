/// What ops on stacks of matrices share. A stack has the matrix in its last two axes; stacks that meet broadcast in the
/// axes before these. Everything is float64 inside: builders convert and convert back.
#pragma once

#include <initializer_list>
#include <string_view>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- Operands ---

/// Operands as float64 expressions, and the element type that the result is to have: their common floating type.
struct RealOperands {
  Exprs values;
  DType dtype;
};
/// Throws DTypeError naming `what` for operands that are not real.
RealOperands real_operands(std::string_view what, std::initializer_list<Operand> operands);

// --- Type rules ---

/// Shape without the last two axes.
Shape batch_of(const Shape& shape);
/// `batch` followed by `rows` and `columns`.
Shape stack_of(Shape batch, std::int64_t rows, std::int64_t columns);
/// Throws ShapeError or DTypeError, naming the input by number, unless it is float64 and a matrix or a stack of them.
void require_matrix(std::span<const Type> inputs, std::size_t number);
/// The same for square matrices; returns the length of their sides, known where either is.
std::int64_t require_square(std::span<const Type> inputs, std::size_t number);
/// The length that both are, where either is known. Throws ShapeError saying which axes do not fit.
std::int64_t require_equal(std::span<const Type> inputs, std::size_t a, std::int64_t axis_a, std::size_t b,
                           std::int64_t axis_b);
/// One stack of square matrices in, one of the same type out.
std::vector<Type> square_type(std::span<const Type> inputs, const Attributes& attributes);
/// One stack of square matrices in, a number for each out.
std::vector<Type> number_type(std::span<const Type> inputs, const Attributes& attributes);

// --- Lowering and batching ---

/// Matrices in a stack of known shape.
std::int64_t count_of_matrices(const Shape& shape);
/// Length of an axis counted from the end, 1: the last.
std::int64_t from_end(const Shape& shape, std::size_t axis);
/// Sizes that routines on one stack of square matrices are given: how many there are, and the length of their sides.
std::vector<std::int64_t> square_sizes(const Node& node);
/// `concrete` of routines with several inputs: those whose stack has another shape than the result's, and that are more
/// than one matrix, are broadcast. `item_ranks`: axes of one item of each input.
Exprs with_equal_stacks(const Node& node, std::initializer_list<std::int64_t> item_ranks);
/// Leading batch axes are leading axes: for ops of one input.
std::vector<Batched> batched_stack(const Batch& batch);
/// The same for several inputs that broadcast, of which input k has `item_ranks[k]` axes that are not of the stack.
std::vector<Batched> batched_stacks(const Batch& batch, std::initializer_list<std::int64_t> item_ranks);
/// For ops whose inputs are all matrices.
std::vector<Batched> batched_matrices(const Batch& batch);

// --- Pieces of the rules ---

/// Element (i, j) where -above <= i - j <= below, else 0; negative: no limit. The diagonal is multiplied by `diagonal`.
Expr band(const Expr& x, std::int64_t below, std::int64_t above, double diagonal = 1.0);
inline Expr lower_part(const Expr& x, double diagonal = 1.0) { return band(x, -1, 0, diagonal); }
inline Expr upper_part(const Expr& x, double diagonal = 1.0) { return band(x, 0, -1, diagonal); }
inline Expr diagonal_part(const Expr& x) { return band(x, 0, 0); }
/// Identity matrices in the shape of `x`, which are square.
Expr identity_like(const Expr& x);
/// The diagonals of a stack of square matrices as a stack of vectors.
Expr diagonals(const Expr& x);
/// The last two axes exchanged.
Expr transposed(const Expr& x);
/// (x + x') / 2
Expr symmetric_part(const Expr& x);
/// A stack of vectors as columns or rows of matrices: [..., n, 1] or [..., 1, n].
Expr as_column(const Expr& x);
Expr as_row(const Expr& x);
/// A stack of numbers as 1 by 1 matrices.
Expr as_matrix(const Expr& x);
/// Sum of all elements of each matrix.
Expr sum_of_matrix(const Expr& x);

// --- Matrices for examples ---

/// Away from singular ones for elements between -1 and 1.
inline Expr regular(const Expr& x) { return x + 3.0 * identity_like(x); }
Expr positive_definite(const Expr& x);

}  // namespace leapgraph::symbolic
