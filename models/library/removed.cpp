/// What the language had once and has no more, with what is written instead.
#include <fmt/format.h>

#include <array>

#include "leapgraph/models/library/library.hpp"

namespace leapgraph::models::library {
namespace {

struct Removed {
  std::string_view name;
  std::string_view instead;
};

constexpr auto removed_functions = std::to_array<Removed>({
    {"binomial_coefficient_log", "lchoose(x, y)"},
    {"cov_exp_quad", "gp_exp_quad_cov(x, alpha, rho)"},
    {"fabs", "abs(x)"},
    {"get_lp", "target()"},
    {"if_else", "condition ? a : b"},
    {"increment_log_prob", "target += x;"},
    {"multiply_log", "lmultiply(x, y)"},
});

/// The endings of densities and distribution functions up to Stan 2.32.
constexpr auto removed_suffixes = std::to_array<Removed>({
    {"_ccdf_log", "_lccdf"},
    {"_cdf_log", "_lcdf"},
    {"_log", "_lpdf"},
});

}  // namespace

std::string replacement_of_removed(std::string_view name) {
  for (const Removed& function : removed_functions) {
    if (name == function.name) return std::string(function.instead);
  }
  for (const Removed& suffix : removed_suffixes) {
    if (!name.ends_with(suffix.name)) continue;
    const std::string_view base = name.substr(0, name.size() - suffix.name.size());
    const Distribution* distribution = find_distribution(base);
    if (distribution == nullptr) continue;
    const bool mass = suffix.instead == "_lpdf" && distribution->is_discrete();
    return fmt::format("{}{}(y | ...)", base, mass ? "_lpmf" : suffix.instead);
  }
  return {};
}

}  // namespace leapgraph::models::library
