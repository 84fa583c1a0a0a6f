/// A distribution as one record: its arguments with what is asked of them, and its log density term by term.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/types/stan_type.hpp"
#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::models::library {

/// A set of arguments, one bit each: argument 0, the outcome, is bit 0.
using ArgumentSet = std::uint32_t;

/// What is asked of an argument's numbers.
struct Domain {
  std::string_view words;  ///< "positive"
  bool (*holds)(double);
  symbolic::Expr (*test)(const symbolic::Expr&);  ///< true where it holds, element by element
};

/// How a value outside its domain makes the log density not finite.
enum class Guard {
  formula,  ///< the terms give nan or -inf by themselves
  test      ///< the terms would give a number: the domain must be tested
};

/// What one outcome has of an argument, and whether outcomes may have it in common. Arguments with an entry for each
/// outcome have an axis in front.
enum class Form {
  each,     ///< a number for each outcome, or one for all: real, or any sequence of them
  one,      ///< one number for all
  vectors,  ///< a vector for each outcome, in an array, or one for all; of ints: one array of them
  vector,   ///< one vector for all
  rows,     ///< a row of a matrix for each outcome, or a row_vector for all
  matrix,   ///< one matrix for all
  diagonal  ///< one matrix for all, or the vector of its diagonal
};

struct DensityArgument {
  std::string_view name;
  const Domain* domain;  ///< of its elements
  Guard guard = Guard::formula;
  bool integer = false;  ///< holds ints; else reals
  Form form = Form::each;
  /// A letter for each axis of what one outcome has: axes of one letter, in all arguments, have one length. Empty: all
  /// are "K".
  std::string_view axes = {};
};

/// One additive term of the log density of one outcome, written over the arguments: an outcome's vector lies along the
/// last axis, its matrix along the last two, and the term drops these.
struct Term {
  /// `~` keeps the term when one of these is not data; a term of no arguments is kept by `target +=` only, one of
  /// `everything` always. This is a fact of Stan's math library: lognormal keeps -log sqrt(2 pi) when anything is not
  /// data, normal never does.
  ArgumentSet kept_for;
  symbolic::Expr (*value)(std::span<const symbolic::Expr> arguments);
};

/// Something asked of several arguments together.
struct Condition {
  std::string_view words;  ///< "alpha < beta"
  symbolic::Expr (*test)(std::span<const symbolic::Expr> arguments);
};

struct Distribution {
  std::string_view name;
  std::string_view summary;
  std::vector<DensityArgument> arguments;  ///< the first is the outcome
  std::vector<Term> terms;
  std::vector<Condition> conditions = {};
  /// P(outcome <= y), its logarithm and that of its complement, written over the arguments of one outcome as a term is;
  /// null where Stan has none.
  symbolic::Expr (*cdf)(std::span<const symbolic::Expr> arguments) = nullptr;
  symbolic::Expr (*lcdf)(std::span<const symbolic::Expr> arguments) = nullptr;
  symbolic::Expr (*lccdf)(std::span<const symbolic::Expr> arguments) = nullptr;

  /// A mass function: its name ends in _lpmf, else in _lpdf.
  bool is_discrete() const { return arguments[0].integer; }
};

/// All distributions, continuous ones first.
std::span<const Distribution> all_distributions();
const Distribution* find_distribution(std::string_view name);

/// Nothing when the arguments from number `first` on fit `types`, else the place in `types` of the first that does
/// not.
std::optional<std::size_t> misfit(const Distribution& distribution, std::span<const StanType> types,
                                  std::size_t first = 0);
std::string_view accepted(const DensityArgument& argument);

/// The logarithms of distribution functions, `normal_lccdf` and its like: records with one term, which no `~` asks for.
std::span<const Distribution> cumulative_functions();

/// Every term, as `target +=` wants it.
inline constexpr ArgumentSet everything = ~ArgumentSet{0};

/// The log density, summed over the elements of the arguments; scalars meet every element. `symbolic_arguments` are
/// those that are not data where `~` asks; terms kept for none of them are dropped. With `everything` all terms stay.
/// -inf where a value is outside its domain or a condition does not hold. Arguments are float64 or int64 and of known
/// shapes. Throws ArgumentError when lengths differ, or where derivatives are asked for that a function does not have.
symbolic::Expr log_density(const Distribution& distribution, std::span<const symbolic::Expr> arguments,
                           ArgumentSet symbolic_arguments);

/// What is wrong with a value that is known before sampling: "sigma must be positive, found -1". Nothing if all is
/// well.
std::optional<std::string> violation(const DensityArgument& argument, const symbolic::Array& value);

/// log inv_logit(x) as Stan's Bernoulli densities of logits compute it: x itself below -20, where the exact value is
/// less by at most 2e-9. Programs are to have Stan's values.
symbolic::Expr log_inv_logit_of_density(const symbolic::Expr& x);

// The families.
std::span<const Distribution> continuous_distributions();
std::span<const Distribution> discrete_distributions();
std::span<const Distribution> category_distributions();      ///< of outcomes that pick from a vector, and their counts
std::span<const Distribution> multivariate_distributions();  ///< of vectors
std::span<const Distribution> matrix_distributions();        ///< wishart, lkj_corr and their like
std::span<const Distribution> regression_distributions();    ///< normal_id_glm and its like
std::span<const Distribution> state_space_distributions();   ///< gaussian_dlm_obs

/// log sqrt(2 pi), the constant of normal densities.
inline constexpr double log_sqrt_two_pi = 0.918938533204672741780329736406;

namespace domains {
extern const Domain number;  ///< not nan
extern const Domain finite;
extern const Domain positive;  ///< and finite
extern const Domain nonnegative;
extern const Domain probability;  ///< between 0 and 1
extern const Domain binary;       ///< 0 or 1
extern const Domain counting;     ///< 1 or more
}  // namespace domains

}  // namespace leapgraph::models::library
