/// Systems of equations, inverses, determinants, decompositions and functions of matrices.
#include "leapgraph/symbolic/linear_algebra.hpp"

#include <vector>

#include "leapgraph/models/library/covariances.hpp"
#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;

void require_fits(const BuildCall& call, bool fits) {
  if (!fits) throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
}

/// The transposed matrix; a vector is its own transpose.
Expr transposed_argument(const Expr& x) { return x.rank() == 2 ? symbolic::transpose(x) : x; }

/// A^-1 B; of a positive definite A by its Cholesky factor.
template <bool definite>
Expr left_division(const BuildCall& call) {
  require_square(call, 0);
  require_fits(call, call.length(0) == call.length(1));
  if (definite) return symbolic::cho_solve(cholesky_factor(call[0]), call[1]);
  return symbolic::solve(call[0], call[1]);
}

/// B A^-1: the transpose of A'^-1 B'.
template <bool definite>
Expr right_division(const BuildCall& call) {
  require_square(call, 1);
  require_fits(call, call[0].shape().back() == call.length(1));
  const Expr right = transposed_argument(call[0]);
  return transposed_argument(definite ? symbolic::cho_solve(cholesky_factor(call[1]), right)
                                      : symbolic::solve(symbolic::transpose(call[1]), right));
}

Expr identity_like(const Expr& square) { return symbolic::diag(symbolic::full({square.shape()[0]}, 1.0)); }

/// exp(A) B.
Expr exponential_times(const Expr& a, const Expr& b) { return symbolic::dot(symbolic::expm(a), b); }

symbolic::Eigenpairs symmetric_eigenpairs(const BuildCall& call) {
  require_square(call, 0);
  require_elements(call, 0);
  const symbolic::Eigenpairs pairs = symbolic::eigh(call[0]);
  return {where_symmetric(call[0], pairs.values), where_symmetric(call[0], pairs.vectors)};
}

/// Q and R of all rows: R has zeros below.
Expr complete_r(const BuildCall& call) {
  const std::int64_t missing = call.length(0) - call.length(0, 1);
  const Expr r = symbolic::qr(call[0]).r;
  if (missing <= 0) return r;
  return symbolic::concatenate({r, symbolic::full({missing, call.length(0, 1)}, 0.0)}, 0);
}

std::vector<Function> make_linear_algebra() {
  constexpr std::string_view symmetric = "a symmetric matrix", definite = "a symmetric positive definite matrix";
  return {
      // systems of equations
      {.name = "mdivide_left",
       .summary = "A^-1 * B, the operator A \\ B",
       .signature = "(matrix, vector) => vector | (matrix, matrix) => matrix",
       .build = left_division<false>,
       .domain = "a matrix that has an inverse"},
      {.name = "mdivide_right",
       .summary = "B * A^-1, the operator B / A",
       .signature = "(row_vector, matrix) => row_vector | (matrix, matrix) => matrix",
       .build = right_division<false>,
       .domain = "a matrix that has an inverse"},
      {.name = "mdivide_left_spd",
       .summary = "A^-1 * B of a symmetric positive definite A",
       .signature = "(matrix, vector) => vector | (matrix, matrix) => matrix",
       .build = left_division<true>,
       .domain = definite},
      {.name = "mdivide_right_spd",
       .summary = "B * A^-1 of a symmetric positive definite A",
       .signature = "(row_vector, matrix) => row_vector | (matrix, matrix) => matrix",
       .build = right_division<true>,
       .domain = definite},
      {.name = "mdivide_left_tri_low",
       .summary = "L^-1 * B, of the lower triangle of L",
       .signature = "(matrix, vector) => vector | (matrix, matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             require_fits(call, call.length(0) == call.length(1));
             return symbolic::solve_triangular(call[0], call[1], {.raises = false});
           }},
      {.name = "mdivide_right_tri_low",
       .summary = "B * L^-1, of the lower triangle of L",
       .signature = "(row_vector, matrix) => row_vector | (matrix, matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 1);
             require_fits(call, call[0].shape().back() == call.length(1));
             return transposed_argument(symbolic::solve_triangular(call[1], transposed_argument(call[0]),
                                                                   {.transposed = true, .raises = false}));
           }},

      // inverses and determinants
      {.name = "inverse",
       .summary = "inverse of a matrix",
       .signature = "(matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return symbolic::inverse(call[0]);
           },
       .domain = "a matrix that has an inverse"},
      {.name = "inverse_spd",
       .summary = "inverse of a symmetric positive definite matrix",
       .signature = "(matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return symbolic::cho_solve(cholesky_factor(call[0]), identity_like(call[0]));
           },
       .domain = definite},
      {.name = "chol2inv",
       .summary = "inverse of L * L', of the lower triangle of L",
       .signature = "(matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return symbolic::cho_solve(call[0], identity_like(call[0]));
           }},
      {.name = "generalized_inverse",
       .summary = "Moore-Penrose inverse of a matrix",
       .signature = "(matrix) => matrix",
       .build = [](const BuildCall& call) { return symbolic::pinv(call[0]); }},
      {.name = "determinant",
       .summary = "determinant of a square matrix",
       .signature = "(matrix) => real",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return symbolic::det(call[0]);
           }},
      {.name = "log_determinant",
       .summary = "log of the absolute value of the determinant",
       .signature = "(matrix) => real",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return symbolic::slogdet(call[0]).log_abs;
           }},
      {.name = "log_determinant_spd",
       .summary = "log of the determinant of a symmetric positive definite matrix",
       .signature = "(matrix) => real",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return 2.0 * symbolic::sum(symbolic::log(symbolic::diagonal(cholesky_factor(call[0]))));
           },
       .domain = definite},

      // decompositions
      {.name = "eigenvalues_sym",
       .summary = "eigenvalues of a symmetric matrix in ascending order",
       .signature = "(matrix) => vector",
       .build = [](const BuildCall& call) { return symmetric_eigenpairs(call).values; },
       .domain = symmetric},
      {.name = "eigenvectors_sym",
       .summary = "eigenvectors of a symmetric matrix as columns, in the order of the eigenvalues",
       .signature = "(matrix) => matrix",
       .build = [](const BuildCall& call) { return symmetric_eigenpairs(call).vectors; },
       .domain = symmetric},
      {.name = "qr_thin_Q",
       .summary = "orthonormal columns Q of the matrix Q * R",
       .signature = "(matrix) => matrix",
       .build = [](const BuildCall& call) { return symbolic::qr(call[0]).q; }},
      {.name = "qr_thin_R",
       .summary = "upper triangle R, its diagonal not negative, of the matrix Q * R",
       .signature = "(matrix) => matrix",
       .build = [](const BuildCall& call) { return symbolic::qr(call[0]).r; }},
      {.name = "qr_Q",
       .summary = "square orthogonal Q of the matrix Q * R",
       .signature = "(matrix) => matrix",
       .build = [](const BuildCall& call) { return symbolic::qr(call[0], true).q; }},
      {.name = "qr_R",
       .summary = "upper triangle R of the matrix Q * R, as many rows as the matrix",
       .signature = "(matrix) => matrix",
       .build = complete_r},
      {.name = "qr_thin",
       .summary = "orthonormal columns Q and upper triangle R of the matrix Q * R",
       .signature = "(matrix) => tuple(matrix, matrix)",
       .build =
           [](const BuildCall& call) {
             const symbolic::QrFactors factors = symbolic::qr(call[0]);
             return call.slot == 0 ? factors.q : factors.r;
           }},
      {.name = "qr",
       .summary = "square orthogonal Q, and R of as many rows as the matrix Q * R",
       .signature = "(matrix) => tuple(matrix, matrix)",
       .build =
           [](const BuildCall& call) { return call.slot == 0 ? symbolic::qr(call[0], true).q : complete_r(call); }},
      {.name = "eigendecompose_sym",
       .summary = "eigenvectors as columns, and eigenvalues in ascending order, of a symmetric matrix",
       .signature = "(matrix) => tuple(matrix, vector)",
       .build =
           [](const BuildCall& call) {
             const symbolic::Eigenpairs pairs = symmetric_eigenpairs(call);
             return call.slot == 0 ? pairs.vectors : pairs.values;
           },
       .domain = symmetric},
      {.name = "svd",
       .summary = "U, s and V of the matrix U * diag_matrix(s) * V', s in descending order",
       .signature = "(matrix) => tuple(matrix, vector, matrix)",
       .build =
           [](const BuildCall& call) {
             const symbolic::Svd factors = symbolic::svd(call[0]);
             if (call.slot == 1) return factors.s;
             return call.slot == 0 ? factors.u : symbolic::transpose(factors.vt);
           }},
      {.name = "singular_values",
       .summary = "singular values in descending order",
       .signature = "(matrix) => vector",
       .build = [](const BuildCall& call) { return symbolic::svdvals(call[0]); }},
      {.name = "svd_U",
       .summary = "left singular vectors as columns",
       .signature = "(matrix) => matrix",
       .build = [](const BuildCall& call) { return symbolic::svd(call[0]).u; }},
      {.name = "svd_V",
       .summary = "right singular vectors as columns",
       .signature = "(matrix) => matrix",
       .build = [](const BuildCall& call) { return symbolic::transpose(symbolic::svd(call[0]).vt); }},

      // functions of matrices
      {.name = "matrix_exp",
       .summary = "exponential of a matrix",
       .signature = "(matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             return symbolic::expm(call[0]);
           }},
      {.name = "matrix_exp_multiply",
       .summary = "exponential of A, times B",
       .signature = "(matrix, matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             require_fits(call, call.length(0) == call.length(1));
             return exponential_times(call[0], call[1]);
           }},
      {.name = "scale_matrix_exp_multiply",
       .summary = "exponential of t * A, times B",
       .signature = "(real, matrix, matrix) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 1);
             if (call.length(1) != call.length(2)) {
               throw ArgumentError("sizes differ: " + describe(call, 1) + " and " + describe(call, 2));
             }
             return exponential_times(call[0] * call[1], call[2]);
           }},
      {.name = "matrix_power",
       .summary = "product of n times the matrix",
       .signature = "(matrix, int) => matrix",
       .build =
           [](const BuildCall& call) {
             require_square(call, 0);
             if (call.integer(1) < 0) throw ArgumentError("the exponent is negative");
             return symbolic::matrix_power(call[0], call.integer(1));
           }},
  };
}

}  // namespace

std::span<const Function> linear_algebra_functions() {
  static const std::vector<Function> table = make_linear_algebra();
  return table;
}

}  // namespace leapgraph::models::library
