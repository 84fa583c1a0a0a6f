/// The functions and distributions of Stan's library that this one does not have yet. A name leaves the list when its
/// record is written.
#include <array>

#include "leapgraph/models/library/library.hpp"

namespace leapgraph::models::library {
namespace {

constexpr auto names = std::to_array<std::string_view>({
    "cholesky_factor_corr_constrain",
    "cholesky_factor_corr_jacobian",
    "cholesky_factor_corr_unconstrain",
    "cholesky_factor_cov_constrain",
    "cholesky_factor_cov_jacobian",
    "cholesky_factor_cov_unconstrain",
    "complex_schur_decompose",
    "complex_schur_decompose_t",
    "complex_schur_decompose_u",
    "corr_matrix_constrain",
    "corr_matrix_jacobian",
    "corr_matrix_unconstrain",
    "cov_matrix_constrain",
    "cov_matrix_jacobian",
    "cov_matrix_unconstrain",
    "csr_extract",
    "eigendecompose",
    "eigendecompose_sym",
    "eigenvalues",
    "eigenvectors",
    "generate_laplace_options",
    "hmm_latent",
    "laplace_latent",
    "laplace_latent_solve",
    "laplace_marginal",
    "laplace_marginal_tol",
    "lower_bound_constrain",
    "lower_bound_jacobian",
    "lower_bound_unconstrain",
    "lower_upper_bound_constrain",
    "lower_upper_bound_jacobian",
    "lower_upper_bound_unconstrain",
    "offset_multiplier_constrain",
    "offset_multiplier_jacobian",
    "offset_multiplier_unconstrain",
    "ordered_constrain",
    "ordered_jacobian",
    "ordered_unconstrain",
    "positive_ordered_constrain",
    "positive_ordered_jacobian",
    "positive_ordered_unconstrain",
    "qr",
    "qr_thin",
    "simplex_constrain",
    "simplex_jacobian",
    "simplex_unconstrain",
    "stochastic_column_constrain",
    "stochastic_column_jacobian",
    "stochastic_column_unconstrain",
    "stochastic_row_constrain",
    "stochastic_row_jacobian",
    "stochastic_row_unconstrain",
    "student_t_qf",
    "sum_to_zero_constrain",
    "sum_to_zero_jacobian",
    "sum_to_zero_unconstrain",
    "svd",
    "unit_vector_constrain",
    "unit_vector_jacobian",
    "unit_vector_unconstrain",
    "upper_bound_constrain",
    "upper_bound_jacobian",
    "upper_bound_unconstrain",
    "wiener",
    "wiener_full",
    "wiener_lccdf_unnorm",
    "wiener_lcdf_unnorm",
});

}  // namespace

std::span<const std::string_view> unsupported_names() { return names; }

}  // namespace leapgraph::models::library
