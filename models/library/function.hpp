/// A function of the Stan library as one record: what it takes and gives, and the expression it stands for.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "leapgraph/models/types/stan_type.hpp"
#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

class Draws;

/// Values that a function cannot take: "vectors of 3 and 4 elements". The evaluator adds the function and its place.
class ArgumentError : public Error {
 public:
  using Error::Error;
};

/// A size or a position is not known although the function needs it.
class UnknownInteger : public ArgumentError {
 public:
  using ArgumentError::ArgumentError;
};

/// What `build` sees. Arguments were promoted to `types`, and their shapes are known.
///
/// How values look as tensors: int is int64, real is float64; vector and row_vector have rank 1, matrix rank 2, arrays
/// add axes in front. Complex numbers are complex128 in containers of reals: their `types` are real, vector and so on.
struct BuildCall {
  std::span<const symbolic::Expr> arguments;
  std::span<const StanType> types;
  StanType result;
  int slot = 0;  ///< which leaf is wanted of a result that is a tuple

  const symbolic::Expr& operator[](std::size_t i) const { return arguments[i]; }
  /// Argument `i`, an integer whose value is known now: a length, a position. Throws UnknownInteger when it is not.
  std::int64_t integer(std::size_t i) const;
  /// Length of axis `axis` of argument `i`.
  std::int64_t length(std::size_t i, std::int64_t axis = 0) const;
};

/// The function on plain numbers, for programs that run before sampling: loops over data may call it a million times.
/// What is not there is evaluated through `build`. A map is applied to the elements of containers.
struct Known {
  bool pairs = true;  ///< the maps of two arguments take two containers, element by element
  double (*real_map)(double) = nullptr;
  double (*real_map2)(double, double) = nullptr;
  std::int64_t (*integer_map)(std::int64_t) = nullptr;
  std::int64_t (*integer_map2)(std::int64_t, std::int64_t) = nullptr;
  std::int64_t (*relation)(double, double) = nullptr;  ///< two numbers to 0 or 1
  double (*real_reduction)(std::span<const double>) = nullptr;
  std::int64_t (*integer_reduction)(std::span<const std::int64_t>) = nullptr;
};

struct Function {
  std::string_view name;
  std::string_view summary;    ///< one line
  std::string_view signature;  ///< see types/signature.hpp
  /// The result as an expression of the arguments. Throws ArgumentError for sizes that do not fit.
  std::function<symbolic::Expr(const BuildCall& call)> build;
  Known known = {};
  /// What the arguments must be where the function does not take all: "x between 0 and 1". Elsewhere its value is nan
  /// or cannot be computed, which rejects a proposal; with known arguments it is an error.
  std::string_view domain = {};
  bool sizes_only = false;  ///< asks for the sizes of its arguments, not for their elements
  /// Of a function whose name ends in _jacobian: what a call adds to the target beside its value.
  std::function<symbolic::Expr(const BuildCall& call)> log_jacobian = {};
  /// Of a function whose name ends in _rng, instead of `build`.
  symbolic::Expr (*draw)(Draws& draws, const BuildCall& call) = nullptr;
};

// The families; `library.hpp` puts them together.
std::span<const Function> operator_functions();        ///< + - * / ... under their names add, subtract, ...
std::span<const Function> elementwise_functions();     ///< log, exp, pow, ...
std::span<const Function> reduction_functions();       ///< sum, mean, log_sum_exp, dot_product, ...
std::span<const Function> container_functions();       ///< rep_vector, to_matrix, append_row, size, ...
std::span<const Function> constant_functions();        ///< pi, e, ...
std::span<const Function> matrix_functions();          ///< block, quad_form, trace, ...
std::span<const Function> covariance_functions();      ///< cholesky_decompose, gp_exp_quad_cov, ...
std::span<const Function> linear_algebra_functions();  ///< inverse, determinant, eigenvalues_sym, ...
std::span<const Function> special_functions();         ///< inv_Phi, tgamma, bessel_first_kind, ...
std::span<const Function> constrain_functions();      ///< simplex_constrain, simplex_jacobian, simplex_unconstrain, ...
std::span<const Function> sparse_functions();         ///< csr_matrix_times_vector, ...
std::span<const Function> hidden_markov_functions();  ///< hmm_marginal, ...
std::span<const Function> fill_functions();           ///< zeros_vector, linspaced_vector, ...
std::span<const Function> order_functions();          ///< sort_asc, rank, quantile, ...
std::span<const Function> drawing_functions();  ///< multinomial_rng and others that take what its density does not
std::span<const Function> complex_functions();  ///< get_real, polar, fft, ...

}  // namespace leapgraph::models::library
