/// Data as R's dump() writes them: `x <- c(1, 2)`.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/data.hpp"

namespace leapgraph::models {

/// The text begins as a dump does: a name, plain or between quotes, and `<-`.
bool looks_like_r_dump(std::string_view text);

/// What is no dump, and where.
struct RDumpError {
  std::string message;
  std::size_t offset = 0;
};

/// The variables: numbers, `c(...)`, `a:b`, `integer(n)`, `double(n)`, `numeric(n)`, and with dimensions
/// `structure(..., .Dim = c(...))`. A number without '.' and exponent, or with an L, is an integer. Values are turned
/// from R's column-major order into rows. Throws RDumpError.
std::vector<DataVariable> parse_r_dump(std::string_view text);

/// Where number `number` (column-major) of the value that begins at `offset` stands.
std::size_t r_dump_element(std::string_view text, std::size_t offset, std::size_t number);

}  // namespace leapgraph::models
