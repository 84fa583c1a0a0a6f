/// Decompositions with orthogonal matrices, and functions of matrices.
///
/// Reverse rules: Giles (2008) for eigenvalues; Townsend, Differentiating the singular value decomposition (2016);
/// Walter, Lehmann & Lamour, On evaluating higher-order derivatives of the QR decomposition (2012). Signs are fixed, so
/// that the decompositions are functions: linear_algebra.hpp says how.
#include <fmt/format.h>

#include <limits>

#include "leapgraph/symbolic/indexing.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/linalg_reference.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// 0.3 x with 1, 2, 3, ... added along the diagonal: eigenvalues and singular values that are apart.
Expr spread(const Expr& x) {
  const std::int64_t rows = from_end(x.shape(), 2), columns = from_end(x.shape(), 1);
  const Expr i = expand_dims(arange(rows), 1), j = arange(columns);
  return 0.3 * x + where(eq(i, j), cast(i + 1, DType::float64), 0.0);
}

Expr output_of(const Op& op, const Expr& a, std::size_t number, Attributes attributes = {}) {
  return outputs_of(*make_node(op, {a}, std::move(attributes)))[number];
}

Expr plus(const Expr& a, const Expr& b) { return !a ? b : !b ? a : a + b; }

Shape with_last(Shape batch, std::int64_t length) {
  batch.push_back(length);
  return batch;
}

/// The smaller of two lengths; unknown where either is, unless a 0 decides.
std::int64_t smaller(std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return 0;
  return a == unknown || b == unknown ? unknown : std::min(a, b);
}

std::vector<std::int64_t> matrix_sizes(const Node& node) {
  const Shape& shape = node.input(0).shape();
  return {count_of_matrices(shape), from_end(shape, 2), from_end(shape, 1)};
}

/// a / b, and 0 where `is_zero` says that b counts as 0.
Expr divided_where(const Expr& is_zero, const Expr& a, const Expr& b) {
  return where(is_zero, 0.0, a / where(is_zero, 1.0, b));
}

/// A bound on what rounding does to each of a stack of vectors of eigenvalues, as 1 by 1 matrices.
Expr rounding_of(const Expr& values) { return as_matrix(4 * epsilon * sum(abs(values), {-1})); }

// --- QR ---

std::vector<Type> qr_type(std::span<const Type> inputs, const Attributes& attributes) {
  require_matrix(inputs, 0);
  const Shape& shape = inputs[0].shape;
  const std::int64_t m = from_end(shape, 2), n = from_end(shape, 1);
  const std::int64_t q = attributes.get<bool>("complete") ? m : smaller(m, n);
  return {Type{DType::float64, stack_of(batch_of(shape), m, q)}, Type{DType::float64, stack_of(batch_of(shape), q, n)}};
}

/// For at least as many rows as columns: M = R R~' - Q~' Q, A~ = (Q~ + Q copyltu(M)) R^-T, where copyltu mirrors the
/// lower triangle.
Expr tall_gradient(const Expr& q, const Expr& r, const Expr& q_adjoint, const Expr& r_adjoint) {
  Expr m;
  if (r_adjoint) m = matmul(r, transposed(r_adjoint));
  if (q_adjoint) m = plus(m, -matmul(transposed(q_adjoint), q));
  const Expr mirrored = lower_part(m) + transposed(lower_part(m, 0.0));
  const Expr sum = plus(q_adjoint, matmul(q, mirrored));
  return transposed(make(solve_triangular_op, {r, transposed(sum)},
                         {{"lower", false}, {"transposed", false}, {"unit_diagonal", false}, {"raises", true}}));
}

Exprs qr_gradient(const Application& a) {
  const Shape& shape = a.inputs[0].shape();
  const std::int64_t m = from_end(shape, 2), n = from_end(shape, 1);
  const Expr &q = a.outputs[0], &r = a.outputs[1];
  if (a.node.get<bool>("complete") && !(m == n && m != unknown))
    throw NotDifferentiable(fmt::format("qr: the complete Q of {} has no gradient, the reduced one has (made at {}:{})",
                                        to_string(a.inputs[0].type()), a.node.place().file_name(),
                                        a.node.place().line()));
  const bool is_settled = m != unknown && n != unknown;
  if (is_settled && m >= n) return {tall_gradient(q, r, a.adjoints[0], a.adjoints[1])};
  // A = [X, Y], R = [U, V]: Q U = X, and V = Q' Y. Of a tall matrix Y has no columns.
  const Expr columns = length(q, -1);
  const auto left = [&](const Expr& x) {
    return is_settled ? slice(x, -1, {0, m}) : index(x, {ellipsis, range(0, columns)});
  };
  const auto right = [&](const Expr& x) {
    return is_settled ? slice(x, -1, {m, n}) : index(x, {ellipsis, range(columns, None)});
  };
  Expr q_adjoint = a.adjoints[0], x, y;
  if (a.adjoints[1]) {
    const Expr v_adjoint = right(a.adjoints[1]);
    q_adjoint = plus(q_adjoint, matmul(right(a.inputs[0]), transposed(v_adjoint)));
    y = matmul(q, v_adjoint);
  } else {
    y = zeros_like(right(a.inputs[0]));
  }
  x = tall_gradient(q, left(r), q_adjoint, a.adjoints[1] ? left(a.adjoints[1]) : Expr());
  return {concatenate({x, y}, -1)};
}

// --- Symmetric eigenvalues ---

std::vector<Type> eigh_type(std::span<const Type> inputs, const Attributes&) {
  const std::int64_t n = require_square(inputs, 0);
  const Shape batch = batch_of(inputs[0].shape);
  return {Type{DType::float64, with_last(batch, n)}, Type{DType::float64, stack_of(batch, n, n)}};
}

/// 1 / (w_j - w_i), and 0 on the diagonal and for eigenvalues that are equal up to rounding: eigenvectors then have no
/// derivative, and what does not depend on their choice needs none.
Expr over_differences(const Expr& numerator, const Expr& w) {
  const Expr difference = as_row(w) - as_column(w);
  return divided_where(abs(difference) <= rounding_of(w), numerator, difference);
}

/// A~ = V (diag(w~) + F (V' V~ - V~' V) / 2) V', F_ij = 1 / (w_j - w_i).
Exprs eigh_gradient(const Application& a) {
  const Expr &w = a.outputs[0], &v = a.outputs[1];
  Expr middle;
  if (a.adjoints[0]) middle = diagonal_part(as_row(a.adjoints[0]) + zeros_like(v));
  if (a.adjoints[1]) {
    const Expr turned = matmul(transposed(v), a.adjoints[1]);
    middle = plus(middle, over_differences(0.5 * (turned - transposed(turned)), w));
  }
  return {matmul(matmul(v, middle), transposed(v))};
}

/// V' dA V = diag(dw) + ..., dV = V (F (V' dA V)).
Exprs eigh_tangent(const Node& node, std::span<const Expr> tangents) {
  const Exprs outputs = outputs_of(node);
  const Expr &w = outputs[0], &v = outputs[1];
  const Expr turned = matmul(matmul(transposed(v), symmetric_part(tangents[0])), v);
  return {diagonals(turned), matmul(v, over_differences(turned, w))};
}

// --- Singular values ---

std::vector<Type> svd_type(std::span<const Type> inputs, const Attributes&) {
  require_matrix(inputs, 0);
  const Shape& shape = inputs[0].shape;
  const Shape batch = batch_of(shape);
  const std::int64_t m = from_end(shape, 2), n = from_end(shape, 1), k = smaller(m, n);
  return {Type{DType::float64, stack_of(batch, m, k)}, Type{DType::float64, with_last(batch, k)},
          Type{DType::float64, stack_of(batch, k, n)}};
}

/// A~ = U (F (U' U~ - U~' U) S + S F (V' V~ - V~' V) + diag(s~)) V' + (I - U U') U~ S^-1 V' + U S^-1 V~' (I - V V'),
/// F_ij = 1 / (s_j^2 - s_i^2), and 0 where singular values are equal; S^-1 is 0 where they are 0.
Exprs svd_gradient(const Application& a) {
  const Expr &u = a.outputs[0], &s = a.outputs[1], &v = a.outputs[2];  // v: rows
  const Expr &u_adjoint = a.adjoints[0], &s_adjoint = a.adjoints[1], &v_adjoint = a.adjoints[2];
  const Expr row = as_row(s), column = as_column(s), rounding = rounding_of(s);
  const Expr difference = row - column;
  const auto skewed = [&](const Expr& x) {
    return divided_where(abs(difference) <= rounding, x - transposed(x), difference * (row + column));
  };
  const Expr is_zero = s <= epsilon * sum(s, {-1}, true);
  Expr middle, outside;
  if (s_adjoint) middle = diagonal_part(as_row(s_adjoint) + zeros_like(difference));
  if (u_adjoint) {
    const Expr turned = matmul(transposed(u), u_adjoint);
    middle = plus(middle, skewed(turned) * row);
    const Expr scaled = divided_where(as_row(is_zero), u_adjoint - matmul(u, turned), row);
    outside = plus(outside, matmul(scaled, v));
  }
  if (v_adjoint) {
    const Expr turned = matmul(v, transposed(v_adjoint));
    middle = plus(middle, column * skewed(turned));
    const Expr scaled = divided_where(as_column(is_zero), v_adjoint - matmul(transposed(turned), v), column);
    outside = plus(outside, matmul(u, scaled));
  }
  return {plus(matmul(matmul(u, middle), v), outside)};
}

// --- Functions of matrices ---

Expr pseudo_inverse(const Expr& a, double tolerance) { return make(pinv_op, {a}, {{"tolerance", tolerance}}); }

/// Golub & Pereyra (1973), for matrices of constant rank, with P the pseudo-inverse:
/// A~ = -P' P~ P' + (I - A P) P~' P P' + P' P P~' (I - P A).
Exprs pinv_gradient(const Application& a) {
  const Expr &x = a.inputs[0], &p = a.output, &adjoint = a.adjoint;
  const Expr turned = transposed(adjoint), back = transposed(p);
  const Expr first = matmul(turned, matmul(p, back)), second = matmul(matmul(back, p), turned);
  return {(first - matmul(x, matmul(p, first))) + (second - matmul(matmul(second, p), x)) -
          matmul(matmul(back, adjoint), back)};
}

Exprs pinv_tangent(const Node& node, std::span<const Expr> tangents) {
  const Expr &x = node.input(0), &d = tangents[0], p = outputs_of(node)[0];
  const Expr turned = transposed(d), back = transposed(p);
  const Expr first = matmul(matmul(p, back), turned), second = matmul(turned, matmul(back, p));
  return {(first - matmul(matmul(first, x), p)) + (second - matmul(p, matmul(x, second))) - matmul(matmul(p, d), p)};
}

Exprs pinv_concrete(const Node& node) {
  const Expr& a = node.input(0);
  if (!is_known(a.shape())) return {Expr()};
  const std::int64_t m = from_end(a.shape(), 2), n = from_end(a.shape(), 1);
  if (m == 0 || n == 0) return {zeros_like(transposed(a))};
  const Exprs usv = outputs_of(*make_node(svd_op, {a}));
  const double tolerance = node.get<double>("tolerance");
  const Expr least =
      max(usv[1], {-1}, true) * (tolerance < 0 ? static_cast<double>(std::max(m, n)) * epsilon : tolerance);
  const Expr inverted = divided_where(usv[1] <= least, constant(1.0), usv[1]);
  return {matmul(transposed(usv[2]) * as_row(inverted), transposed(usv[0]))};
}

Expr exponential(const Expr& a) { return make(expm_op, {a}); }

/// The derivative of exp at A in the direction E: the upper right block of exp([[A, E], [0, A]]) (Higham 2008, 10.3).
Expr exponential_along(const Expr& a, const Expr& e) {
  const Expr above = concatenate({a, e}, -1), below = concatenate({zeros_like(a), a}, -1);
  const Expr both = exponential(concatenate({above, below}, -2));
  const auto part = [](Exprs of, std::int64_t axis, std::int64_t number) {
    return make(split_like_op, std::move(of), {{"axis", axis}, {"part", number}});
  };
  return part({part({both, above, below}, a.rank() - 2, 0), a, e}, a.rank() - 1, 1);
}

}  // namespace

const Op qr_op{
    .name = "qr",
    .summary = "A = Q R, Q with orthonormal columns, R upper triangular with a diagonal that is not negative",
    .type = qr_type,
    .gradient = qr_gradient,
    .evaluate = reference::qr,
    .lowering = Routine{"lg_qr",
                        [](const Node& node) {
                          std::vector<std::int64_t> sizes = matrix_sizes(node);
                          sizes.push_back(node.get<bool>("complete"));
                          return sizes;
                        }},
    .domain = {-1.0, 1.0},
    .examples =
        [] {
          const auto part = [](Shape shape, std::size_t number, bool complete) {
            return output_of(qr_op, spread(example(std::move(shape))), number, {{"complete", complete}});
          };
          return Exprs{part({3, 3}, 0, false),    part({3, 3}, 1, false), part({4, 2}, 0, false),
                       part({2, 3, 2}, 1, false), part({2, 4}, 1, false), part({2, 2, 3}, 0, false),
                       part({2, 2}, 0, true),     part({0, 0}, 0, false)};
        },
    .batched = batched_stack,
};

const Op eigh_op{
    .name = "eigh",
    .summary = "eigenvalues, ascending, and eigenvectors (columns) of the symmetric part of a matrix",
    .type = eigh_type,
    .gradient = eigh_gradient,
    .tangent = eigh_tangent,
    .evaluate = reference::eigh,
    .lowering = Routine{"lg_eigh", square_sizes},
    .domain = {-1.0, 1.0},
    .examples =
        [] {
          const auto part = [](Shape shape, std::size_t number) {
            return output_of(eigh_op, spread(example(std::move(shape))), number);
          };
          return Exprs{part({3, 3}, 0),    part({3, 3}, 1), part({2, 2, 2}, 0),
                       part({2, 2, 2}, 1), part({1, 1}, 0), part({0, 0}, 0)};
        },
    .batched = batched_stack,
};

const Op svd_op{
    .name = "svd",
    .summary = "A = U diag(s) V', with as many singular values, descending, as the shorter side is long",
    .type = svd_type,
    .gradient = svd_gradient,
    .evaluate = reference::svd,
    .lowering = Routine{"lg_svd", matrix_sizes},
    .domain = {-1.0, 1.0},
    .examples =
        [] {
          const auto part = [](Shape shape, std::size_t number) {
            return output_of(svd_op, spread(example(std::move(shape))), number);
          };
          return Exprs{part({3, 3}, 0), part({3, 3}, 1),    part({3, 3}, 2),    part({4, 2}, 0),
                       part({4, 2}, 2), part({2, 2, 3}, 0), part({2, 2, 3}, 2), part({0, 2}, 1)};
        },
    .batched = batched_stack,
};

const Op pinv_op{
    .name = "pinv",
    .summary = "Moore-Penrose inverse: of singular values, those that are 0 stay 0",
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      require_matrix(inputs, 0);
      const Shape& shape = inputs[0].shape;
      return {Type{DType::float64, stack_of(batch_of(shape), from_end(shape, 1), from_end(shape, 2))}};
    },
    .gradient = pinv_gradient,
    .tangent = pinv_tangent,
    .evaluate = reference::pinv,
    .lowering = Abstract{},
    .domain = {-1.0, 1.0},
    .concrete = pinv_concrete,
    .examples =
        [] {
          const auto inverted = [](Shape shape) { return pseudo_inverse(spread(example(std::move(shape))), -1.0); };
          return Exprs{inverted({3, 3}), inverted({4, 2}), inverted({2, 2, 3}), inverted({0, 2})};
        },
    .batched = batched_stack,
};

const Op expm_op{
    .name = "expm",
    .summary = "exponential of a matrix",
    .type = square_type,
    .gradient = [](const Application& a) { return Exprs{exponential_along(transposed(a.inputs[0]), a.adjoint)}; },
    .tangent = [](const Node& node,
                  std::span<const Expr> tangents) { return Exprs{exponential_along(node.input(0), tangents[0])}; },
    .evaluate = reference::expm,
    .lowering = Routine{"lg_expm", square_sizes},
    .domain = {-1.0, 1.0},
    .examples =
        [] {
          return Exprs{exponential(example({2, 2})), exponential(example({2, 3, 3})),
                       exponential(3.0 * example({2, 2})), exponential(example({1, 1})), exponential(example({0, 0}))};
        },
    .batched = batched_stack,
};

}  // namespace leapgraph::symbolic
