/// The functions and distributions of Stan's library that this one does not have yet. A name leaves the list when its
/// record is written.
#include <array>

#include "leapgraph/models/library/library.hpp"

namespace leapgraph::models::library {
namespace {

constexpr auto names = std::to_array<std::string_view>({
    "complex_schur_decompose",
    "complex_schur_decompose_t",
    "complex_schur_decompose_u",
    "eigendecompose",
    "eigenvalues",
    "eigenvectors",
    "generate_laplace_options",
    "laplace_latent",
    "laplace_latent_solve",
    "laplace_marginal",
    "laplace_marginal_tol",
    "student_t_qf",
    "wiener",
    "wiener_full",
    "wiener_lccdf_unnorm",
    "wiener_lcdf_unnorm",
});

}  // namespace

std::span<const std::string_view> unsupported_names() { return names; }

}  // namespace leapgraph::models::library
