/// Everything that a program can call, by name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/library/draws.hpp"
#include "leapgraph/models/library/function.hpp"
#include "leapgraph/models/library/solver.hpp"
#include "leapgraph/models/library/structured.hpp"
#include "leapgraph/models/library/transform.hpp"
#include "leapgraph/models/syntax/ast.hpp"

namespace leapgraph::models::library {

/// Functions under a heading of the reference.
struct Family {
  std::string_view heading;
  std::span<const Function> functions;
};
std::vector<Family> families();

/// Functions, operators under their names. A name may have several records: `log2` is a function and a constant.
std::vector<const Function*> all_functions();
std::vector<const Function*> find_functions(std::string_view name);

/// The names that operators have as functions; `/` has two, the second one for a matrix on its right.
std::vector<std::string_view> function_names(UnaryOperator op);
std::vector<std::string_view> function_names(BinaryOperator op);

/// "normal_lpdf" taken apart. `unnormalized` for _lupdf and _lupmf. The distribution of "normal_lccdf" is its record in
/// `cumulative_functions`.
struct DensityName {
  const Distribution* distribution;
  bool unnormalized;
};
/// The distribution that a call of this name means; nothing when there is none or the suffix is not its own.
std::optional<DensityName> find_density(std::string_view function);

/// Stan's library has a function of this name and this one does not have it yet: it is refused by name and not as
/// unknown.
bool is_known_but_unsupported(std::string_view name);
/// The sorted names behind that question; distributions without their suffixes.
std::span<const std::string_view> unsupported_names();

/// What is written now in place of a function that the language has no more; empty for all other names.
std::string replacement_of_removed(std::string_view name);

/// The candidate that differs from `name` in the fewest letters, if that is few enough to be meant.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates);

}  // namespace leapgraph::models::library
