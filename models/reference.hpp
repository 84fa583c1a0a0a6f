/// What programs can call, as text: the reference that `hmc-run functions` prints from the library's records.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leapgraph::models {

/// Every function by family, every distribution with its forms, every constrained type; one line each.
std::string reference();

/// A function with its signatures, a distribution with its arguments and forms, or a constrained type. A distribution
/// goes by its name or that of one of its functions. Nothing when there is none.
std::optional<std::string> reference(std::string_view name);

/// What may be said of a name that has no entry: not in this version, no longer in the language, a name like it.
std::string not_in_reference(std::string_view name);

}  // namespace leapgraph::models
