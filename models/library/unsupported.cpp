/// The functions and distributions of Stan's library that this one does not have yet. A name leaves the list when its
/// record is written.
#include <array>

#include "leapgraph/models/library/library.hpp"

namespace leapgraph::models::library {
namespace {

constexpr auto names = std::to_array<std::string_view>({
    "beta_neg_binomial",
    "beta_proportion",
    "chi_square",
    "complex_schur_decompose",
    "complex_schur_decompose_t",
    "complex_schur_decompose_u",
    "dae",
    "dae_tol",
    "discrete_range",
    "eigendecompose",
    "eigenvalues",
    "eigenvectors",
    "exp_mod_normal",
    "frechet",
    "generate_laplace_options",
    "gumbel",
    "hmm_latent",
    "hypergeometric",
    "integrate_1d_double_exponential",
    "integrate_1d_gauss_kronrod",
    "inv_chi_square",
    "laplace_latent",
    "laplace_latent_solve",
    "laplace_marginal",
    "laplace_marginal_tol",
    "loglogistic",
    "ode_adjoint_tol_ctl",
    "pareto_type_2",
    "rayleigh",
    "scaled_inv_chi_square",
    "skew_double_exponential",
    "skew_normal",
    "von_mises",
    "wiener",
    "wiener_full",
    "yule_simon",
});

}  // namespace

std::span<const std::string_view> unsupported_names() { return names; }

}  // namespace leapgraph::models::library
