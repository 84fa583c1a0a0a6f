/// Square roots of symmetric matrices, and the linear system that their derivatives solve, which needs no eigenvectors'
/// derivatives: equal eigenvalues do no harm.
#include <limits>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/linalg_reference.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

Expr root_of(const Expr& a) { return make(sqrtm_op, {a}); }

/// X with R X + X R = C, R the symmetric part of `root`.
Expr sylvester(const Expr& root, const Expr& c) { return make(symmetric_sylvester_op, {root, c}); }

std::vector<Type> sylvester_type(std::span<const Type> inputs, const Attributes&) {
  require_square(inputs, 0);
  require_square(inputs, 1);
  const std::int64_t n = require_equal(inputs, 0, -1, 1, -1);
  return {Type{DType::float64, stack_of(broadcast(batch_of(inputs[0].shape), batch_of(inputs[1].shape)), n, n)}};
}

/// f(V' (...) V) turned back, where R = V diag(w) V'.
Exprs sylvester_concrete(const Node& node) {
  const Expr &root = node.input(0), &c = node.input(1);
  if (!is_known(root.shape()) || !is_known(c.shape())) return {Expr()};
  const Exprs wv = outputs_of(*make_node(eigh_op, {root}));
  const Expr &w = wv[0], &v = wv[1], back = transposed(v);
  return {matmul(v, matmul(matmul(back, matmul(c, v)) / (as_column(w) + as_row(w)), back))};
}

}  // namespace

const Op sqrtm_op{
    .name = "sqrtm",
    .summary =
        "the symmetric matrix whose square is the symmetric part of a matrix; nan where eigenvalues are negative",
    .type = square_type,
    // B B = A: B dB + dB B = dA, which is its own transpose.
    .gradient = [](const Application& a) { return Exprs{symmetric_part(sylvester(a.output, a.adjoint))}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{sylvester(outputs_of(node)[0], symmetric_part(tangents[0]))};
        },
    .evaluate = reference::sqrtm,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = [](const Node& node) -> Exprs {
      const Expr& a = node.input(0);
      if (!is_known(a.shape())) return {Expr()};
      const Exprs wv = outputs_of(*make_node(eigh_op, {a}));
      const Expr& w = wv[0];
      const Expr rounding = 4 * std::numeric_limits<double>::epsilon() * sum(abs(w), {-1}, true);
      const Expr roots = where(w < -rounding, std::numeric_limits<double>::quiet_NaN(), sqrt(maximum(w, 0.0)));
      return {matmul(wv[1] * as_row(roots), transposed(wv[1]))};
    },
    .examples =
        [] {
          return Exprs{root_of(positive_definite(example({3, 3}))), root_of(positive_definite(example({2, 2, 2}))),
                       root_of(0.0 * example({2, 2}) + identity_like(example({2, 2}))), root_of(example({0, 0}))};
        },
    .batched = batched_stack,
};

const Op symmetric_sylvester_op{
    .name = "symmetric_sylvester",
    .summary = "X with R X + X R = C, for the symmetric part R of a positive definite matrix",
    .arity = 2,
    .type = sylvester_type,
    // R dX + dX R = dC - dR X - X dR.
    .gradient =
        [](const Application& a) {
          const Expr c = sylvester(a.inputs[0], a.adjoint), x = transposed(a.output);
          return Exprs{sum_like(-symmetric_part(matmul(c, x) + matmul(x, c)), a.inputs[0]), sum_like(c, a.inputs[1])};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          Expr right = tangents[1];
          if (tangents[0]) {
            const Expr x = outputs_of(node)[0], d = symmetric_part(tangents[0]);
            const Expr moved = matmul(d, x) + matmul(x, d);
            right = right ? right - moved : -moved;
          }
          return Exprs{sylvester(node.input(0), right)};
        },
    .evaluate = reference::symmetric_sylvester,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = sylvester_concrete,
    .examples =
        [] {
          return Exprs{sylvester(positive_definite(example({3, 3})), example({3, 3}, "c")),
                       sylvester(positive_definite(example({2, 2})), example({2, 2, 2}, "c"))};
        },
    .batched = batched_matrices,
};

}  // namespace leapgraph::symbolic
