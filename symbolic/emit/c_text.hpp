/// How types, literals and scalar operations look in emitted C.
#pragma once

#include <functional>
#include <string>

#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

/// A buffer that is a scalar variable `b3` of the emitted function; others are pointers or arrays of that name.
inline bool is_scalar_variable(const Buffer& buffer) { return buffer.place == Place::local && buffer.size == 1; }

std::string c_type(DType dtype);         ///< of an element in memory
std::string variable_type(DType dtype);  ///< of a value: booleans are bytes in memory and truth values in loops
std::string literal(const Literal& value, DType dtype);
/// The expression of a computed statement; `name` spells its arguments, `index` is what "{i}" stands for.
std::string computed(const Nest& nest, const Compute& compute, DType dtype, const std::function<std::string(int)>& name,
                     const std::string& index);
std::string combined(Combine combine, const std::string& target, const std::string& value);
/// The statement that leaves the function because a check failed.
std::string failure(Check check, const std::string& value, const std::string& limit, int made_at);
/// What changes nothing when combined with it.
std::string identity(Combine combine, DType dtype);

}  // namespace leapgraph::symbolic
