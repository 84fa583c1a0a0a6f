/// Cholesky and LU factors, and the triangular systems that they lead to.
///
/// Reverse rules: Murray, Differentiation of the Cholesky decomposition (2016), and Giles, An extended collection of
/// matrix derivative results (2008). In the comments x' is the transpose and X~ the adjoint of X.
#include <fmt/format.h>

#include "leapgraph/symbolic/linear_algebra.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/linalg_reference.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"

namespace leapgraph::symbolic {

namespace {

Expr node_of(const Op& op, Exprs inputs, Attributes attributes = {}) {
  return make(op, std::move(inputs), std::move(attributes));
}

// --- Triangular systems ---

struct Triangle {
  bool lower, transposed, unit;
  bool raises = true;
};

Triangle triangle_of(const Node& node) {
  return {node.get<bool>("lower"), node.get<bool>("transposed"), node.get<bool>("unit_diagonal"),
          node.get<bool>("raises")};
}

Expr triangular(const Expr& a, const Expr& b, Triangle t) {
  return node_of(solve_triangular_op, {a, b},
                 {{"lower", t.lower}, {"transposed", t.transposed}, {"unit_diagonal", t.unit}, {"raises", t.raises}});
}

/// What of `x` is read as the triangle.
Expr part(const Expr& x, Triangle t) {
  return t.lower ? lower_part(x, t.unit ? 0.0 : 1.0) : upper_part(x, t.unit ? 0.0 : 1.0);
}

std::vector<Type> triangular_type(std::span<const Type> inputs, const Attributes&) {
  require_square(inputs, 0);
  require_matrix(inputs, 1);
  const std::int64_t n = require_equal(inputs, 0, -1, 1, -2);
  return {Type{DType::float64, stack_of(broadcast(batch_of(inputs[0].shape), batch_of(inputs[1].shape)), n,
                                        from_end(inputs[1].shape, 1))}};
}

/// X = T^-1 B: B~ = T^-T X~, T~ = -B~ X', of which the triangle counts.
Exprs triangular_gradient(const Application& a) {
  const Triangle t = triangle_of(a.node);
  const Expr &matrix = a.inputs[0], &x = a.output;
  const Expr right = triangular(matrix, a.adjoint, {t.lower, !t.transposed, t.unit, t.raises});
  Expr left;
  if (a.wanted.empty() || a.wanted[0]) {
    const Expr product = t.transposed ? matmul(x, transposed(right)) : matmul(right, transposed(x));
    left = sum_like(-part(product, t), matrix);
  }
  return {left, sum_like(right, a.inputs[1])};
}

Exprs triangular_tangent(const Node& node, std::span<const Expr> tangents) {
  const Triangle t = triangle_of(node);
  Expr right = tangents[1];
  if (tangents[0]) {
    const Expr d = part(tangents[0], t);
    const Expr moved = matmul(t.transposed ? transposed(d) : d, outputs_of(node)[0]);
    right = right ? right - moved : -moved;
  }
  return {triangular(node.input(0), right, t)};
}

std::vector<std::int64_t> triangular_sizes(const Node& node) {
  const Triangle t = triangle_of(node);
  const Shape& out = node.types()[0].shape;
  return {count_of_matrices(out),
          from_end(out, 2),
          from_end(out, 1),
          node.input(0).rank() > 2,
          node.input(1).rank() > 2,
          t.lower,
          t.transposed,
          t.unit,
          t.raises};
}

// --- Cholesky ---

/// Lower triangle with half the diagonal.
Expr halved(const Expr& x) { return lower_part(x, 0.5); }

/// A~ = (S + S') / 2 with S = L^-T halved(L' L~) L^-1.
Exprs cholesky_gradient(const Application& a) {
  const Expr& factor = a.output;
  const Triangle transposed_factor{true, true, false};
  const Expr middle = halved(matmul(transposed(factor), a.adjoint));
  const Expr once = triangular(factor, middle, transposed_factor);
  return {symmetric_part(triangular(factor, transposed(once), transposed_factor))};
}

/// dL = L halved(L^-1 dA L^-T).
Exprs cholesky_tangent(const Node& node, std::span<const Expr> tangents) {
  const Expr factor = outputs_of(node)[0];
  const Triangle own{true, false, false};
  const Expr once = triangular(factor, symmetric_part(tangents[0]), own);
  return {matmul(factor, halved(triangular(factor, transposed(once), own)))};
}

// --- LU ---

std::vector<Type> lu_type(std::span<const Type> inputs, const Attributes&) {
  const std::int64_t n = require_square(inputs, 0);
  Shape batch = batch_of(inputs[0].shape), rows = batch;
  rows.push_back(n);
  return {Type{DType::float64, stack_of(batch, n, n)}, Type{DType::int64, rows}, Type{DType::float64, batch}};
}

/// P with (P x)[i] = x[rows[i]].
Expr permutation_matrix(const Expr& rows, const Expr& like) {
  const Expr numbers = cumsum(ones_like(rows), rows.rank() - 1) - 1;
  return cast(eq(as_column(rows), as_row(numbers)), like.dtype());
}

/// P A = L U: A~ = P' L^-T (stril(L' L~) + triu(U~ U')) U^-T.
Exprs lu_gradient(const Application& a) {
  if (!a.adjoints[0]) return {Expr()};
  const Expr &packed = a.outputs[0], &adjoint = a.adjoints[0];
  const Expr upper = upper_part(packed), lower = lower_part(packed, 0.0) + identity_like(packed);
  const Expr middle = lower_part(matmul(transposed(lower), lower_part(adjoint, 0.0)), 0.0) +
                      upper_part(matmul(upper_part(adjoint), transposed(upper)));
  const Expr left = triangular(packed, middle, {true, true, true});
  const Expr both = transposed(triangular(packed, transposed(left), {false, false, false}));
  return {matmul(transposed(permutation_matrix(a.outputs[1], packed)), both)};
}

std::vector<std::int64_t> cholesky_sizes(const Node& node) {
  const Shape& shape = node.input(0).shape();
  return {count_of_matrices(shape), from_end(shape, 1), node.get<bool>("raises")};
}

/// The factors and their row numbers are of one system: both vary, or neither.
std::vector<Batched> lu_solve_batched(const Batch& batch) {
  Batch both = batch;
  Batched &factors = both.inputs[0], &rows = both.inputs[1];
  if (factors.varies != rows.varies) {
    const Expr outer = batch_like(factors.varies ? factors.value : rows.value, batch.axes);
    Batched& fixed = factors.varies ? rows : factors;
    fixed = {broadcast_like(fixed.value, nested_like(outer, fixed.value))};
  }
  return batched_stacks(both, {2, 1, 2});
}

std::vector<Type> lu_solve_type(std::span<const Type> inputs, const Attributes&) {
  require_square(inputs, 0);
  if (inputs[1].dtype != DType::int64 || inputs[1].rank() != inputs[0].rank() - 1)
    throw ShapeError(
        fmt::format("input 1 must be the row numbers that come with the factors, got {}", to_string(inputs[1])));
  require_matrix(inputs, 2);
  require_equal(inputs, 0, -1, 1, -1);
  const std::int64_t n = require_equal(inputs, 0, -1, 2, -2);
  return {Type{DType::float64, stack_of(broadcast(batch_of(inputs[0].shape), batch_of(inputs[2].shape)), n,
                                        from_end(inputs[2].shape, 1))}};
}

/// With P A = L U: A^-1 = U^-1 L^-1 P, and A^-T = P' L^-T U^-T. The adjoint of the factors is that of the two
/// triangular systems.
Exprs lu_solve_gradient(const Application& a) {
  const bool is_transposed = a.node.get<bool>("transposed");
  const Expr &packed = a.inputs[0], &rows = a.inputs[1], &x = a.output;
  const Expr right = node_of(lu_solve_op, {packed, rows, a.adjoint}, {{"transposed", !is_transposed}});
  if (!a.wanted.empty() && !a.wanted[0]) return {Expr(), Expr(), sum_like(right, a.inputs[2])};
  const Expr permutation = permutation_matrix(rows, packed);
  const Triangle lower{true, false, true}, upper{false, false, false};
  const Triangle lower_transposed{true, true, true}, upper_transposed{false, true, false};
  Expr of_upper, of_lower;
  if (is_transposed) {  // z = U^-T b, w = L^-T z, x = P' w
    const Expr w = matmul(permutation, x), z = triangular(packed, a.inputs[2], upper_transposed);
    const Expr z_adjoint = triangular(packed, matmul(permutation, a.adjoint), lower);
    of_lower = matmul(w, transposed(z_adjoint));
    of_upper = matmul(z, transposed(triangular(packed, z_adjoint, upper)));
  } else {  // y = L^-1 P b, x = U^-1 y
    const Expr y_adjoint = triangular(packed, a.adjoint, upper_transposed);
    of_upper = matmul(y_adjoint, transposed(x));
    const Expr y = matmul(upper_part(packed), x);
    of_lower = matmul(triangular(packed, y_adjoint, lower_transposed), transposed(y));
  }
  return {sum_like(-(upper_part(of_upper) + lower_part(of_lower, 0.0)), packed), Expr(), sum_like(right, a.inputs[2])};
}

std::vector<std::int64_t> lu_solve_sizes(const Node& node) {
  const Shape& out = node.types()[0].shape;
  return {count_of_matrices(out),   from_end(out, 2),         from_end(out, 1),
          node.input(0).rank() > 2, node.input(2).rank() > 2, node.get<bool>("transposed")};
}

}  // namespace

const Op cholesky_op{
    .name = "cholesky",
    .summary = "the lower triangular factor L of the positive definite matrix L L', from its symmetric part",
    .type = square_type,
    .gradient = cholesky_gradient,
    .tangent = cholesky_tangent,
    .evaluate = reference::cholesky,
    .lowering = Routine{"lg_cholesky", cholesky_sizes},
    .domain = {-1.0, 1.0},
    .examples =
        [] {
          const auto factored = [](const Expr& a, bool raises) {
            return node_of(cholesky_op, {a}, {{"raises", raises}});
          };
          const auto factor = [&](Shape shape) { return factored(positive_definite(example(std::move(shape))), true); };
          return Exprs{factor({3, 3}),
                       factor({2, 2, 2}),
                       factor({1, 1}),
                       factor({6, 6}),
                       factor({0, 0}),
                       factored(0.2 * example({3, 3}) + 2.0 * identity_like(example({3, 3})), false),
                       factored(constant(Array::of<double>({2, 2, 2}, {1, 2, 2, 1, 4, 2, 2, 3})), false)};
        },
    .batched = batched_stack,
};

const Op solve_triangular_op{
    .name = "solve_triangular",
    .summary = "T^-1 b, of which T only one triangle is read",
    .arity = 2,
    .type = triangular_type,
    .gradient = triangular_gradient,
    .tangent = triangular_tangent,
    .evaluate = reference::solve_triangular,
    .lowering = Routine{"lg_solve_triangular", triangular_sizes},
    .domain = {-1.0, 1.0},
    .concrete =
        [](const Node& node) {
          return with_equal_stacks(node, {2, 2});
        },
    .examples =
        [] {
          const auto solved = [](Shape left, Shape right, Triangle t) {
            return triangular(regular(example(std::move(left))), example(std::move(right), "b"), t);
          };
          return Exprs{
              solved({3, 3}, {3, 2}, {true, false, false}),         solved({3, 3}, {3, 1}, {false, false, false}),
              solved({3, 3}, {3, 1}, {true, true, false}),          solved({2, 3, 3}, {2, 3, 5}, {false, true, true}),
              solved({2, 1, 2, 2}, {3, 2, 2}, {true, false, true}), solved({2, 2}, {2, 2, 1}, {true, true, false}),
              solved({0, 0}, {0, 2}, {true, false, false})};
        },
    .batched = batched_matrices,
};

const Op lu_op{
    .name = "lu",
    .summary =
        "L (below the diagonal, 1 on it) and U of P A = L U in one matrix; the rows of A in the order of P A; the "
        "sign of P",
    .type = lu_type,
    .gradient = lu_gradient,
    .evaluate = reference::lu,
    .lowering = Routine{"lg_lu", square_sizes},
    .domain = {-1.0, 1.0},
    .examples =
        [] {
          const auto packed = [](Shape shape) { return node_of(lu_op, {regular(example(std::move(shape)))}); };
          const Expr x = example({3, 3});
          return Exprs{
              packed({3, 3}), packed({2, 4, 4}), packed({1, 1}), packed({0, 0}),
              // Rows in another order.
              node_of(lu_op, {matmul(constant(Array::of<double>({3, 3}, {0, 1, 0, 0, 0, 1, 1, 0, 0})), regular(x))}),
              outputs_of(*make_node(lu_op, {regular(x)}))[1], outputs_of(*make_node(lu_op, {-regular(x)}))[2]};
        },
    .batched = batched_stack,
};

const Op lu_solve_op{
    .name = "lu_solve",
    .summary = "A^-1 b, or A'^-1 b, from the outputs of lu",
    .arity = 3,
    .type = lu_solve_type,
    .gradient = lu_solve_gradient,
    .evaluate = reference::lu_solve,
    .lowering = Routine{"lg_lu_solve", lu_solve_sizes},
    .domain = {-1.0, 1.0},
    .concrete =
        [](const Node& node) {
          return with_equal_stacks(node, {2, 1, 2});
        },
    .examples =
        [] {
          const auto solved = [](Shape left, Shape right, bool is_transposed) {
            const Exprs lu = outputs_of(*make_node(lu_op, {regular(example(std::move(left)))}));
            return node_of(lu_solve_op, {lu[0], lu[1], example(std::move(right), "b")},
                           {{"transposed", is_transposed}});
          };
          const Expr rows = constant(Array::of<std::int64_t>({3}, {2, 0, 1}));
          return Exprs{
              solved({3, 3}, {3, 2}, false), solved({2, 3, 3}, {2, 3, 2}, true), solved({2, 2}, {3, 2, 1}, false),
              node_of(lu_solve_op, {regular(example({3, 3})), rows, example({3, 2}, "b")}, {{"transposed", true}}),
              node_of(lu_solve_op, {regular(example({3, 3})), rows, example({3, 1}, "b")}, {{"transposed", false}})};
        },
    .batched = lu_solve_batched,
};

}  // namespace leapgraph::symbolic
