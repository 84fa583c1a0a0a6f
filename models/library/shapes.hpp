/// Sizes of arguments in words, and the checks on them that several functions share.
#pragma once

#include <string>

#include "leapgraph/models/library/function.hpp"

namespace leapgraph::models::library {

/// "vector[3]", "matrix[2, 4]", "array[5] vector[2]"
std::string describe(const StanType& type, const symbolic::Shape& shape);
std::string describe(const BuildCall& call, std::size_t argument);

/// Throws ArgumentError when argument `i` has no elements.
void require_elements(const BuildCall& call, std::size_t i);

}  // namespace leapgraph::models::library
