/// What a library function takes and gives, written as a rule: "(int, int) => int | (M, M) => M | (real, M) => M".
///
/// Alternatives stand between bars. A type is written as in a program, or is a letter that stands for one of several
/// types, the same one throughout an alternative:
///
///     T  any type                                       V, W  vector or row_vector
///     R  any type with real elements, in any container   M     real, vector, row_vector or matrix
///     I  any type with integer elements                 Z     any type with complex elements
///     C  complex, complex_vector, complex_row_vector or complex_matrix
///
/// A result may be a tuple, "tuple(matrix, vector)", or "real Z", the real numbers as many as there are complex ones.
///
/// "arrays real" is a real or an array of reals of any depth, the same depth throughout an alternative: "(arrays
/// vector, int) => arrays matrix".
///
/// Arguments promote (int to real, ...) as everywhere in the language; the alternative that needs the fewest promotions
/// is taken, the first of these where several need as many. The text is the documentation too.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/types/stan_type.hpp"

namespace leapgraph::models {

struct Resolution {
  std::vector<StanType> parameters;  ///< what the arguments are promoted to
  StanType result;
  int promotions = 0;
  int slot = 0;  ///< which leaf is wanted of a result that is a tuple; `result` is then that leaf's type
};

/// The alternative that fits the arguments, or nothing. Throws InternalError for a signature that cannot be read.
std::optional<Resolution> resolve(std::string_view signature, std::span<const StanType> arguments);

/// A call of a library function that takes a function of the program: what follows that function in the call, and what
/// the function has to be.
struct FunctionCallResolution {
  Resolution resolution;             ///< of the arguments behind the function
  std::vector<bool> data_only;       ///< which of them must not depend on parameters
  std::size_t passed_on = 0;         ///< the first that the function is called with in the place of "..."
  std::vector<StanType> parameters;  ///< what the function is called with
  StanType result;                   ///< what it has to return
};

/// Both rules are signatures in which "..." may come last: any arguments, handed on to the function. An argument of
/// `signature` may be marked: "data real". `function` is "(real, vector, ...) => vector"; letters are those of
/// `signature`. Nothing where the arguments do not fit.
std::optional<FunctionCallResolution> resolve_with_function(std::string_view function, std::string_view signature,
                                                            std::span<const StanType> arguments);

/// The alternatives, for messages.
std::vector<std::string> alternatives(std::string_view signature);
/// What the letters of a signature stand for, for those that it uses: " where R is any type with real elements".
std::string legend(std::string_view signature);

}  // namespace leapgraph::models
