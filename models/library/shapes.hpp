/// Sizes of arguments in words, and the checks on them that several functions share.
#pragma once

#include <string>

#include "leapgraph/models/library/function.hpp"

namespace leapgraph::models::library {

/// "vector[3]", "matrix[2, 4]", "array[5] vector[2]"
std::string describe(const StanType& type, const symbolic::Shape& shape);
std::string describe(const BuildCall& call, std::size_t argument);

/// `count` positions along an axis of `x` from `first` on, which counts from 1: a slice where `first` is known, else
/// the elements picked one by one. Throws ArgumentError where they are known not to be there.
symbolic::Expr stretch(const symbolic::Expr& x, std::int64_t axis, const symbolic::Expr& first, std::int64_t count);

/// A size that is known and not negative. Throws ArgumentError.
std::int64_t size_argument(const BuildCall& call, std::size_t i);

/// Throws ArgumentError when argument `i` is not a square matrix.
void require_square(const BuildCall& call, std::size_t i);

/// Throws ArgumentError when argument `i` has no elements.
void require_elements(const BuildCall& call, std::size_t i);

}  // namespace leapgraph::models::library
