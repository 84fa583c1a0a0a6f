/// The contraction of two tensors by labels, which all named products are written with.
#pragma once

#include <vector>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// output[o...] = sum over the other labels of a[first...] * b[second...]: one label an axis, none twice in a tensor.
Expr contract(const Operand& a, const Operand& b, std::vector<std::int64_t> first, std::vector<std::int64_t> second,
              std::vector<std::int64_t> output);

}  // namespace leapgraph::symbolic
