/// The reference evaluation of the ops on matrices: by Eigen, or by plain loops in long double; no code in common with
/// runtime/.
#pragma once

#include <span>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic::reference {

using Arrays = std::vector<Array>;

Arrays cholesky(const Node& node, std::span<const Array> inputs);
Arrays solve_triangular(const Node& node, std::span<const Array> inputs);
Arrays lu(const Node& node, std::span<const Array> inputs);
Arrays lu_solve(const Node& node, std::span<const Array> inputs);
Arrays solve(const Node& node, std::span<const Array> inputs);
Arrays inverse(const Node& node, std::span<const Array> inputs);
Arrays det(const Node& node, std::span<const Array> inputs);
Arrays log_abs_det(const Node& node, std::span<const Array> inputs);
Arrays sign_det(const Node& node, std::span<const Array> inputs);
Arrays cofactors(const Node& node, std::span<const Array> inputs);
Arrays qr(const Node& node, std::span<const Array> inputs);
Arrays eigh(const Node& node, std::span<const Array> inputs);
Arrays svd(const Node& node, std::span<const Array> inputs);
Arrays pinv(const Node& node, std::span<const Array> inputs);
Arrays sqrtm(const Node& node, std::span<const Array> inputs);
Arrays symmetric_sylvester(const Node& node, std::span<const Array> inputs);
Arrays expm(const Node& node, std::span<const Array> inputs);

}  // namespace leapgraph::symbolic::reference
