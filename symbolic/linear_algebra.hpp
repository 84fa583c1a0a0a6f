/// Linear algebra on matrices and stacks of matrices: factors, systems of equations, decompositions, products by
/// labels.
///
/// A stack has its matrices in the last two axes; the axes before broadcast against each other. Numbers are computed in
/// float64 and given back in the floating element type of the arguments (integers: float64). Everything has gradients
/// of any order in both modes unless said otherwise. Sides that do not fit are a ShapeError, when the graph is built or
/// at the call; matrices that have no factor or inverse are NotPositiveDefinite or SingularMatrix at the call.
#pragma once

#include <string_view>
#include <vector>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- Factors and systems of equations. A right side of one axis is a vector; of more, columns of a matrix. ---

/// L with a = L L' (or the upper L' with `lower` = false), of the symmetric part (a + a') / 2: the gradient is
/// symmetric. The error names the order of the first leading minor that is not positive.
struct CholeskyOptions {
  bool lower = true;
  bool raises = true;  ///< else the factor of a matrix that has none is nan
};
Expr cholesky(const Operand& a, CholeskyOptions options = {});
inline Expr cholesky(const Operand& a, bool lower) { return cholesky(a, CholeskyOptions{.lower = lower}); }

struct TriangularOptions {
  bool lower = true;           ///< which triangle is read
  bool transposed = false;     ///< solve with a' instead
  bool unit_diagonal = false;  ///< the diagonal counts as 1 and is not read
  bool raises = true;          ///< a zero on the diagonal is a SingularMatrix; else it is divided by
};
Expr solve_triangular(const Operand& a, const Operand& b, TriangularOptions options = {});
/// a^-1 b from the Cholesky factor of a.
Expr cho_solve(const Operand& factor, const Operand& b, bool lower = true);

/// What the caller knows of a matrix; nothing checks it but what the method needs.
enum class Assume { general, symmetric, positive_definite, lower_triangular, upper_triangular, diagonal };
/// a^-1 b.
Expr solve(const Operand& a, const Operand& b, Assume assume = Assume::general);
Expr inverse(const Operand& a);
inline Expr matrix_inverse(const Operand& a) { return inverse(a); }
/// Moore-Penrose inverse; singular values up to `tolerance` times the largest count as 0 (negative: rounding times the
/// longer side). The gradient holds where the rank stays the same.
Expr pinv(const Operand& a, double tolerance = -1.0);
/// The shortest x that makes |a x - b| least.
Expr lstsq(const Operand& a, const Operand& b);

/// a[rows] = lower upper.
struct LuFactors {
  Expr rows, lower, upper;
};
LuFactors lu(const Operand& a);
/// Both factors in one matrix, for `lu_solve`.
struct PackedLu {
  Expr packed, rows;
};
PackedLu lu_factor(const Operand& a);
Expr lu_solve(const PackedLu& factors, const Operand& b, bool transposed = false);

// --- Determinants ---

/// The gradient is right for singular matrices too; the second derivative needs an inverse.
Expr det(const Operand& a);
/// Sign and logarithm of the absolute value; 0 and -inf for singular matrices, whose gradient is an error.
struct SignLogDet {
  Expr sign, log_abs;
};
SignLogDet slogdet(const Operand& a);
/// log(det(a)); nan where the determinant is negative.
Expr logdet(const Operand& a);

// --- Decompositions. Signs are fixed, which makes them functions: R has no negative diagonal; of eigenvectors, and of
// left singular vectors, the first component of at least nine tenths of the largest is positive. ---

/// a = q r. `complete`: q is square; it then has a gradient for square matrices only. The gradient needs the columns
/// (or the first of them, of a wide matrix) to be independent.
struct QrFactors {
  Expr q, r;
};
QrFactors qr(const Operand& a, bool complete = false);

/// Eigenvalues in ascending order and eigenvectors as columns, of the symmetric part. Where eigenvalues are equal (to
/// rounding), the vectors have no derivative: what they contribute is left out, and functions that do not depend on
/// their choice, such as sum(values * values), have the right gradient.
struct Eigenpairs {
  Expr values, vectors;
};
Eigenpairs eigh(const Operand& a);
Expr eigvalsh(const Operand& a);

/// a = u diag(s) vt, s in descending order; equal singular values as in `eigh`, and vectors of singular values 0 have
/// no derivative either. `full_matrices`: u and vt are square, without a gradient for what is added.
struct Svd {
  Expr u, s, vt;
};
Svd svd(const Operand& a, bool full_matrices = false);
Expr svdvals(const Operand& a);
/// Number of singular values above `tolerance` times the largest; int64.
Expr matrix_rank(const Operand& a, double tolerance = -1.0);
/// Largest over smallest singular value.
Expr cond(const Operand& a);

// --- Functions of matrices ---

Expr expm(const Operand& a);
/// The symmetric root of the symmetric part; nan for matrices with negative eigenvalues.
Expr sqrtm(const Operand& a);
Expr matrix_power(const Operand& a, std::int64_t exponent);  ///< negative: of the inverse
/// x with a x + x b = c. By one system of as many equations as c has elements: for small matrices.
Expr solve_sylvester(const Operand& a, const Operand& b, const Operand& c);
/// x with a x + x a' = q.
Expr solve_continuous_lyapunov(const Operand& a, const Operand& q);
/// x with a x a' - x + q = 0.
Expr solve_discrete_lyapunov(const Operand& a, const Operand& q);

// --- Norms of matrices; those of vectors, and of all elements, are `norm` of reductions.hpp ---

/// Frobenius. The gradient at 0 is 0.
Expr matrix_norm(const Operand& a);
/// 1 and -1: largest and smallest sum of a column; infinities: of a row; 2 and -2: largest and smallest singular value.
Expr matrix_norm(const Operand& a, double order);
/// "fro", or "nuc": the sum of singular values.
Expr matrix_norm(const Operand& a, std::string_view name);
inline Expr matrix_norm(const Operand& a, int order) { return matrix_norm(a, static_cast<double>(order)); }
inline Expr matrix_norm(const Operand& a, const char* name) { return matrix_norm(a, std::string_view(name)); }

// --- Products ---

Expr matrix_transpose(const Operand& a);  ///< the last two axes exchanged
/// Sums of products by labels, as NumPy has it: "ij,jk->ik", "...ii->...i", "ij,j" (the output is then the labels that
/// occur once, in alphabetical order), any number of operands. Labels of different lengths are a ShapeError that names
/// them.
Expr einsum(std::string_view subscripts, const Operands& operands);
Expr kron(const Operand& a, const Operand& b);
Expr block_diag(const Operands& blocks);
/// The product of a chain of matrices (the ends may be vectors), in the order that takes the fewest operations where
/// lengths are known.
Expr multi_dot(const Operands& factors);
/// Over the last `axes` axes of a and the first of b.
Expr tensordot(const Operand& a, const Operand& b, int axes = 2);
Expr vdot(const Operand& a, const Operand& b);                            ///< of all elements
Expr inner(const Operand& a, const Operand& b);                           ///< over the last axis of both
Expr vecdot(const Operand& a, const Operand& b, std::int64_t axis = -1);  ///< over one axis, the others broadcast
Expr matvec(const Operand& a, const Operand& x);                          ///< [..., m, n], [..., n] -> [..., m]
Expr vecmat(const Operand& x, const Operand& a);                          ///< [..., m], [..., m, n] -> [..., n]
/// For each position of axis 0 of both: the last axis of a against the first of b.
Expr batched_dot(const Operand& a, const Operand& b);
Expr batched_tensordot(const Operand& a, const Operand& b, const Axes& axes_a, const Axes& axes_b);
/// The inverse of tensordot with a over its last axes, `axes` counting the first ones. Lengths must be known.
Expr tensorinv(const Operand& a, std::int64_t axes = 2);
/// x with tensordot(a, x) = b over all axes of x. Lengths must be known.
Expr tensorsolve(const Operand& a, const Operand& b);

}  // namespace leapgraph::symbolic
