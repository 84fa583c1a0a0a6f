/// Systems of equations, inverses and determinants: one LU factorisation serves all that is asked of a matrix.
///
/// These ops stay one node each until rules have seen them; then they are made of `lu` and `lu_solve`, whose equal
/// nodes are one: a solution, its gradient and the determinant factor the matrix once.
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/linalg_reference.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

Expr solution(const Expr& a, const Expr& b, bool is_transposed) {
  return make(solve_op, {a, b}, {{"transposed", is_transposed}});
}
Expr inverse_of(const Expr& a) { return make(inverse_op, {a}); }
Expr cofactors_of(const Expr& a) { return make(cofactors_op, {a}); }

std::vector<Type> solve_type(std::span<const Type> inputs, const Attributes&) {
  require_square(inputs, 0);
  require_matrix(inputs, 1);
  const std::int64_t n = require_equal(inputs, 0, -1, 1, -2);
  return {Type{DType::float64, stack_of(broadcast(batch_of(inputs[0].shape), batch_of(inputs[1].shape)), n,
                                        from_end(inputs[1].shape, 1))}};
}

/// X = A^-1 B: B~ = A^-T X~, A~ = -B~ X'.
Exprs solve_gradient(const Application& a) {
  const bool is_transposed = a.node.get<bool>("transposed");
  const Expr right = solution(a.inputs[0], a.adjoint, !is_transposed);
  Expr left;
  if (a.wanted.empty() || a.wanted[0])
    left = sum_like(is_transposed ? -matmul(a.output, transposed(right)) : -matmul(right, transposed(a.output)),
                    a.inputs[0]);
  return {left, sum_like(right, a.inputs[1])};
}

Exprs solve_tangent(const Node& node, std::span<const Expr> tangents) {
  const bool is_transposed = node.get<bool>("transposed");
  Expr right = tangents[1];
  if (tangents[0]) {
    const Expr moved = matmul(is_transposed ? transposed(tangents[0]) : tangents[0], outputs_of(node)[0]);
    right = right ? right - moved : -moved;
  }
  return {solution(node.input(0), right, is_transposed)};
}

Exprs factors_of(const Expr& a) { return outputs_of(*make_node(lu_op, {a})); }

/// The diagonal of U: [..., n].
Expr pivots(const Expr& a) {
  const Expr packed = factors_of(a)[0];
  const std::int64_t n = from_end(a.shape(), 1);
  Shape flat = batch_of(packed.shape());
  flat.push_back(n * n);
  return gather(reshape(packed, flat), arange(n) * (n + 1), -1);
}

/// Examples of a function of square matrices.
template <class F>
Exprs square_examples(F&& f) {
  return {f(regular(example({3, 3}))), f(regular(example({2, 2, 2}))), f(-regular(example({1, 1}))),
          f(example({0, 0}))};
}

}  // namespace

const Op solve_op{
    .name = "solve",
    .summary = "A^-1 B, or A'^-1 B, for square matrices",
    .arity = 2,
    .type = solve_type,
    .gradient = solve_gradient,
    .tangent = solve_tangent,
    .evaluate = reference::solve,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = [](const Node& node) -> Exprs {
      if (!is_known(node.input(0).shape()) || !is_known(node.input(1).shape())) return {Expr()};
      const Exprs lu = factors_of(node.input(0));
      return {make(lu_solve_op, {lu[0], lu[1], node.input(1)}, {{"transposed", node.get<bool>("transposed")}})};
    },
    .examples =
        [] {
          const auto solved = [](Shape left, Shape right, bool is_transposed) {
            return solution(regular(example(std::move(left))), example(std::move(right), "b"), is_transposed);
          };
          return Exprs{solved({3, 3}, {3, 2}, false),          solved({3, 3}, {3, 1}, true),
                       solved({2, 2, 2}, {2, 2, 3}, true),     solved({2, 2}, {3, 2, 1}, false),
                       solved({2, 1, 2, 2}, {3, 2, 1}, false), solved({0, 0}, {0, 2}, false)};
        },
    .batched = batched_matrices,
};

const Op inverse_op{
    .name = "inverse",
    .summary = "A^-1",
    .type = square_type,
    // Y = A^-1: A~ = -Y' Y~ Y'.
    .gradient =
        [](const Application& a) {
          const Expr y = transposed(a.output);
          return Exprs{-matmul(matmul(y, a.adjoint), y)};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          const Expr y = outputs_of(node)[0];
          return Exprs{-matmul(matmul(y, tangents[0]), y)};
        },
    .evaluate = reference::inverse,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = [](const Node& node) -> Exprs {
      const Expr& a = node.input(0);
      if (!is_known(a.shape())) return {Expr()};
      const std::int64_t n = from_end(a.shape(), 1);
      const Exprs lu = factors_of(a);
      const Expr identity = cast(eq(expand_dims(arange(n), 1), arange(n)), DType::float64);
      return {make(lu_solve_op, {lu[0], lu[1], identity}, {{"transposed", false}})};
    },
    .examples = [] { return square_examples(inverse_of); },
    .batched = batched_stack,
};

const Op cofactors_op{
    .name = "cofactors",
    .summary = "derivatives of the determinant by the elements of a matrix, singular or not",
    .type = square_type,
    // With Y = A^-1 and C = det(A) Y': A~ = sum(C~ C) Y' - Y' C~' C.
    .gradient =
        [](const Application& a) {
          const Expr y = transposed(inverse_of(a.inputs[0])), &c = a.output;
          return Exprs{as_matrix(sum_of_matrix(a.adjoint * c)) * y - matmul(matmul(y, transposed(a.adjoint)), c)};
        },
    .evaluate = reference::cofactors,
    .lowering = Routine{"lg_cofactors", square_sizes},
    .domain = {-1.0, 1.0},
    .examples = [] { return square_examples(cofactors_of); },
    .batched = batched_stack,
};

const Op det_op{
    .name = "det",
    .summary = "determinant",
    .type = number_type,
    .gradient = [](const Application& a) { return Exprs{as_matrix(a.adjoint) * cofactors_of(a.inputs[0])}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{sum_of_matrix(cofactors_of(node.input(0)) * tangents[0])};
        },
    .evaluate = reference::det,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = [](const Node& node) -> Exprs {
      const Expr& a = node.input(0);
      if (!is_known(a.shape())) return {Expr()};
      return {factors_of(a)[2] * prod(pivots(a), {-1})};
    },
    .examples =
        [] {
          Exprs examples = square_examples([](const Expr& x) { return make(det_op, {x}); });
          examples.push_back(make(det_op, {constant(Array::of<double>({2, 2}, {1, 2, 2, 4}))}));
          return examples;
        },
    .batched = batched_stack,
};

const Op log_abs_det_op{
    .name = "log_abs_det",
    .summary = "logarithm of the absolute value of the determinant; -inf for singular matrices",
    .type = number_type,
    .gradient = [](const Application& a) { return Exprs{as_matrix(a.adjoint) * transposed(inverse_of(a.inputs[0]))}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{sum_of_matrix(transposed(inverse_of(node.input(0))) * tangents[0])};
        },
    .evaluate = reference::log_abs_det,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = [](const Node& node) -> Exprs {
      const Expr& a = node.input(0);
      if (!is_known(a.shape())) return {Expr()};
      return {sum(log(abs(pivots(a))), {-1})};
    },
    .examples = [] { return square_examples([](const Expr& x) { return make(log_abs_det_op, {x}); }); },
    .batched = batched_stack,
};

const Op sign_det_op{
    .name = "sign_det",
    .summary = "sign of the determinant: -1, 0 or 1",
    .type = number_type,
    .gradient = [](const Application&) { return Exprs{Expr()}; },
    .tangent = [](const Node&, std::span<const Expr>) { return Exprs{Expr()}; },
    .evaluate = reference::sign_det,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = [](const Node& node) -> Exprs {
      const Expr& a = node.input(0);
      if (!is_known(a.shape())) return {Expr()};
      return {factors_of(a)[2] * prod(sign(pivots(a)), {-1})};
    },
    .examples = [] { return square_examples([](const Expr& x) { return make(sign_det_op, {x}); }); },
    .batched = batched_stack,
};

}  // namespace leapgraph::symbolic
