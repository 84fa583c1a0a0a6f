/// The builders of linear_algebra.hpp over the ops on stacks of matrices: element types, vectors as right sides, options.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>

#include "leapgraph/symbolic/linear_algebra.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/reductions.hpp"

namespace leapgraph::symbolic {

namespace {

std::string made_at(const std::source_location& place) {
  return fmt::format("(made at {}:{})", place.file_name(), place.line());
}

/// f of the operand in float64, in its own floating type again; nodes are made at its place.
template <class F>
Expr of_matrix(std::string_view what, const Operand& a, F&& f) {
  const BuiltAt here(a.place());
  const RealOperands real = real_operands(what, {a});
  return cast(f(real.values[0]), real.dtype);
}

/// f(a, b) for a right side b that may be a vector.
template <class F>
Expr of_system(std::string_view what, const Operand& a, const Operand& b, F&& f) {
  const BuiltAt here(a.place());
  const RealOperands real = real_operands(what, {a, b});
  const Expr& right = real.values[1];
  const bool is_vector = right.rank() == 1;
  const Expr x = f(real.values[0], is_vector ? expand_dims(right, 1) : right);
  return cast(is_vector ? squeeze(x, -1) : x, real.dtype);
}

Expr triangular_solution(const Expr& a, const Expr& b, TriangularOptions options) {
  return make(solve_triangular_op, {a, b},
              {{"lower", options.lower},
               {"transposed", options.transposed},
               {"unit_diagonal", options.unit_diagonal},
               {"raises", options.raises}});
}

Expr solved_by_cholesky(const Expr& factor, const Expr& b, bool lower) {
  const Expr half = triangular_solution(factor, b, {lower, !lower, false});
  return triangular_solution(factor, half, {lower, lower, false});
}

Expr solved(const Expr& a, const Expr& b, Assume assume) {
  switch (assume) {
    case Assume::positive_definite:
      return solved_by_cholesky(make(cholesky_op, {a}, {{"raises", true}}), b, true);
    case Assume::lower_triangular:
      return triangular_solution(a, b, {true, false, false});
    case Assume::upper_triangular:
      return triangular_solution(a, b, {false, false, false});
    case Assume::diagonal:
      return b / as_column(diagonals(a));
    case Assume::general:
    case Assume::symmetric:
      break;
  }
  return make(solve_op, {a, b}, {{"transposed", false}});
}

}  // namespace

// --- Factors and systems of equations ---

Expr cholesky(const Operand& a, CholeskyOptions options) {
  return of_matrix("cholesky", a, [options](const Expr& x) {
    const Expr factor = make(cholesky_op, {x}, {{"raises", options.raises}});
    return options.lower ? factor : transposed(factor);
  });
}

Expr solve_triangular(const Operand& a, const Operand& b, TriangularOptions options) {
  return of_system("solve_triangular", a, b,
                   [options](const Expr& x, const Expr& y) { return triangular_solution(x, y, options); });
}

Expr cho_solve(const Operand& factor, const Operand& b, bool lower) {
  return of_system("cho_solve", factor, b,
                   [lower](const Expr& x, const Expr& y) { return solved_by_cholesky(x, y, lower); });
}

Expr solve(const Operand& a, const Operand& b, Assume assume) {
  return of_system("solve", a, b, [assume](const Expr& x, const Expr& y) { return solved(x, y, assume); });
}

Expr inverse(const Operand& a) {
  return of_matrix("inverse", a, [](const Expr& x) { return make(inverse_op, {x}); });
}

Expr pinv(const Operand& a, double tolerance) {
  return of_matrix("pinv", a, [tolerance](const Expr& x) { return make(pinv_op, {x}, {{"tolerance", tolerance}}); });
}

Expr lstsq(const Operand& a, const Operand& b) {
  return of_system("lstsq", a, b, [](const Expr& x, const Expr& y) {
    return matmul(make(pinv_op, {x}, {{"tolerance", -1.0}}), y);
  });
}

LuFactors lu(const Operand& a) {
  const BuiltAt here(a.place());
  const RealOperands real = real_operands("lu", {a});
  const Exprs parts = outputs_of(*make_node(lu_op, real.values));
  return {parts[1], cast(lower_part(parts[0], 0.0) + identity_like(parts[0]), real.dtype),
          cast(upper_part(parts[0]), real.dtype)};
}

PackedLu lu_factor(const Operand& a) {
  const BuiltAt here(a.place());
  const RealOperands real = real_operands("lu_factor", {a});
  const Exprs parts = outputs_of(*make_node(lu_op, real.values));
  return {cast(parts[0], real.dtype), parts[1]};
}

Expr lu_solve(const PackedLu& factors, const Operand& b, bool transposed) {
  const Operand packed(factors.packed, b.place());
  return of_system("lu_solve", packed, b, [&](const Expr& x, const Expr& y) {
    return make(lu_solve_op, {x, cast(factors.rows, DType::int64), y}, {{"transposed", transposed}});
  });
}

// --- Determinants ---

Expr det(const Operand& a) {
  return of_matrix("det", a, [](const Expr& x) { return make(det_op, {x}); });
}

SignLogDet slogdet(const Operand& a) {
  return {of_matrix("slogdet", a, [](const Expr& x) { return make(sign_det_op, {x}); }),
          of_matrix("slogdet", a, [](const Expr& x) { return make(log_abs_det_op, {x}); })};
}

Expr logdet(const Operand& a) {
  return of_matrix("logdet", a, [](const Expr& x) {
    return where(make(sign_det_op, {x}) >= 0.0, make(log_abs_det_op, {x}), std::numeric_limits<double>::quiet_NaN());
  });
}

// --- Decompositions ---

QrFactors qr(const Operand& a, bool complete) {
  const BuiltAt here(a.place());
  const RealOperands real = real_operands("qr", {a});
  const Exprs parts = outputs_of(*make_node(qr_op, real.values, {{"complete", complete}}));
  return {cast(parts[0], real.dtype), cast(parts[1], real.dtype)};
}

Eigenpairs eigh(const Operand& a) {
  const BuiltAt here(a.place());
  const RealOperands real = real_operands("eigh", {a});
  const Exprs parts = outputs_of(*make_node(eigh_op, real.values));
  return {cast(parts[0], real.dtype), cast(parts[1], real.dtype)};
}

Expr eigvalsh(const Operand& a) { return eigh(a).values; }

namespace {

/// Columns with orthonormal ones added until they are square: those of a complete Q, whose first ones are the columns
/// themselves up to signs.
Expr completed(const Expr& columns) {
  const Expr q = outputs_of(*make_node(qr_op, {columns}, {{"complete", true}}))[0];
  const std::int64_t m = from_end(columns.shape(), 2), k = from_end(columns.shape(), 1);
  return concatenate({columns, slice(q, -1, {k, m})}, -1);
}

}  // namespace

Svd svd(const Operand& a, bool full_matrices) {
  const BuiltAt here(a.place());
  const RealOperands real = real_operands("svd", {a});
  const Exprs parts = outputs_of(*make_node(svd_op, real.values));
  Expr u = parts[0], vt = parts[2];
  if (full_matrices) {
    const std::int64_t m = from_end(real.values[0].shape(), 2), n = from_end(real.values[0].shape(), 1);
    if (m == unknown || n == unknown)
      throw ShapeError(fmt::format("svd: full matrices need known lengths, got {} {}", to_string(a.expr().type()),
                                   made_at(a.place())));
    if (m > n) u = completed(u);
    if (n > m) vt = transposed(completed(transposed(vt)));
  }
  return {cast(u, real.dtype), cast(parts[1], real.dtype), cast(vt, real.dtype)};
}

Expr svdvals(const Operand& a) { return svd(a).s; }

Expr matrix_rank(const Operand& a, double tolerance) {
  const BuiltAt here(a.place());
  const Expr x = real_operands("matrix_rank", {a}).values[0], s = outputs_of(*make_node(svd_op, {x}))[1];
  const Expr sides = cast(maximum(length(x, -1), length(x, -2)), DType::float64);
  const Expr least = tolerance < 0 ? sides * std::numeric_limits<double>::epsilon() : constant(tolerance);
  return sum(cast(s > least * max(s, {-1}, true), DType::int64), {-1});
}

Expr cond(const Operand& a) {
  return of_matrix("cond", a, [](const Expr& x) {
    const Expr s = outputs_of(*make_node(svd_op, {x}))[1];
    return at(s, 0, -1) / at(s, -1, -1);
  });
}

// --- Functions of matrices ---

Expr expm(const Operand& a) {
  return of_matrix("expm", a, [](const Expr& x) { return make(expm_op, {x}); });
}

Expr sqrtm(const Operand& a) {
  return of_matrix("sqrtm", a, [](const Expr& x) { return make(sqrtm_op, {x}); });
}

namespace {

/// Throws ShapeError unless the operand is a square matrix or a stack of them.
void require_sides(std::string_view what, const Operand& a) {
  const Type types[] = {Type{DType::float64, a.expr().shape()}};
  try {
    require_square(types, 0);
  } catch (const ShapeError& error) {
    throw ShapeError(fmt::format("{}: {} {}", what, error.what(), made_at(a.place())));
  }
}

}  // namespace

Expr matrix_power(const Operand& a, std::int64_t exponent) {
  const BuiltAt here(a.place());
  require_sides("matrix_power", a);
  Expr power = exponent < 0 ? inverse(a) : a.expr();
  if (power.dtype() == DType::boolean) power = cast(power, DType::int64);
  if (exponent == 0) return identity_like(power);
  std::uint64_t left = exponent < 0 ? -static_cast<std::uint64_t>(exponent) : static_cast<std::uint64_t>(exponent);
  Expr result;
  for (;; power = matmul(power, power)) {
    if ((left & 1U) != 0) result = result ? matmul(result, power) : power;
    left >>= 1U;
    if (left == 0) return result;
  }
}

namespace {

void require_plain_square(std::string_view what, std::initializer_list<Operand> operands) {
  std::size_t number = 0;
  for (const Operand& operand : operands) {
    const Shape& shape = operand.expr().shape();
    if (shape.size() != 2)
      throw ShapeError(fmt::format("{}: input {} must be a matrix, got {} {}", what, number,
                                   to_string(operand.expr().type()), made_at(operand.place())));
    if (shape[0] != shape[1] && shape[0] != unknown && shape[1] != unknown)
      throw ShapeError(fmt::format("{}: input {} must be square, got {} {}", what, number,
                                   to_string(operand.expr().type()), made_at(operand.place())));
    ++number;
  }
}

/// The matrix X of `like`'s shape with system vec(X) = vec(right), rows one after another.
Expr solved_as_vector(const Expr& system, const Expr& right) {
  return reshape_like(solve(system, reshape(right, {unknown})), right);
}

}  // namespace

Expr solve_sylvester(const Operand& a, const Operand& b, const Operand& c) {
  require_plain_square("solve_sylvester", {a, b});
  const BuiltAt here(a.place());
  const RealOperands real = real_operands("solve_sylvester", {a, b, c});
  const Expr &x = real.values[0], &y = real.values[1], &right = real.values[2];
  const Type types[] = {x.type(), y.type(), right.type()};
  if (right.rank() != 2)
    throw ShapeError(
        fmt::format("solve_sylvester: input 2 must be a matrix, got {} {}", to_string(right.type()), made_at(c.place())));
  require_equal(types, 0, 0, 2, 0);
  require_equal(types, 1, 0, 2, 1);
  return cast(solved_as_vector(kron(x, identity_like(y)) + kron(identity_like(x), transposed(y)), right), real.dtype);
}

Expr solve_continuous_lyapunov(const Operand& a, const Operand& q) {
  return solve_sylvester(a, Operand(matrix_transpose(a), a.place()), q);
}

Expr solve_discrete_lyapunov(const Operand& a, const Operand& q) {
  require_plain_square("solve_discrete_lyapunov", {a, q});
  const BuiltAt here(a.place());
  const RealOperands real = real_operands("solve_discrete_lyapunov", {a, q});
  const Expr& x = real.values[0];
  const Expr both = kron(x, x);
  return cast(solved_as_vector(identity_like(both) - both, real.values[1]), real.dtype);
}

// --- Norms ---

namespace {

Expr singular_values(const Expr& x) { return outputs_of(*make_node(svd_op, {x}))[1]; }

void require_matrices(std::string_view what, const Operand& a) {
  if (a.expr().rank() < 2)
    throw ShapeError(fmt::format("{}: input 0 must be a matrix or a stack of matrices, got {} {}", what,
                                 to_string(a.expr().type()), made_at(a.place())));
}

}  // namespace

Expr matrix_norm(const Operand& a) {
  require_matrices("matrix_norm", a);
  return of_matrix("matrix_norm", a, [](const Expr& x) { return norm(x, 2, {-2, -1}); });
}

Expr matrix_norm(const Operand& a, double order) {
  require_matrices("matrix_norm", a);
  const bool is_sum = std::abs(order) == 1 || std::isinf(order);
  if (!is_sum && std::abs(order) != 2)
    throw GraphError(fmt::format("matrix_norm: the order must be 1, -1, 2, -2, infinity or -infinity, got {} {}", order,
                                 made_at(a.place())));
  return of_matrix("matrix_norm", a, [&](const Expr& x) {
    const Expr values = is_sum ? sum(abs(x), {std::isinf(order) ? -1 : -2}) : singular_values(x);
    return order > 0 ? max(values, {-1}) : min(values, {-1});
  });
}

Expr matrix_norm(const Operand& a, std::string_view name) {
  require_matrices("matrix_norm", a);
  if (name == "fro") return matrix_norm(a);
  if (name == "nuc")
    return of_matrix("matrix_norm", a, [](const Expr& x) { return sum(singular_values(x), {-1}); });
  throw GraphError(fmt::format("matrix_norm: the norm must be 'fro' or 'nuc', got '{}' {}", name, made_at(a.place())));
}

// --- Products ---

Expr matrix_transpose(const Operand& a) {
  const BuiltAt here(a.place());
  require_matrices("matrix_transpose", a);
  return transposed(a);
}

namespace {

Expr with_rank(Expr x, std::int64_t rank) {
  while (x.rank() < rank) x = expand_dims(x, 0);
  return x;
}

/// Axes 0 and 1 become one, which goes to the end.
Expr merged_to_end(const Expr& x) {
  const Expr merged = flattened(x, 2);
  Axes order = shifted(leading_axes(merged.rank() - 1), 1);
  order.push_back(0);
  return transpose(merged, order);
}

}  // namespace

Expr kron(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const Operand operands[] = {a, b};
  const Exprs values = promoted(operands);
  const std::int64_t rank = std::max(values[0].rank(), values[1].rank());
  Expr x = with_rank(values[0], rank), y = with_rank(values[1], rank);
  Shape shape;
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const std::int64_t m = x.shape()[static_cast<std::size_t>(2 * axis)];
    const std::int64_t n = y.shape()[static_cast<std::size_t>(2 * axis)];
    shape.push_back(m == unknown || n == unknown ? unknown : m * n);
    x = expand_dims(x, 2 * axis + 1);
    y = expand_dims(y, 2 * axis);
  }
  Expr product = x * y;  // [m_0, n_0, m_1, n_1, ...]
  if (can_be_filled_in(shape)) return reshape(product, shape);
  for (std::int64_t axis = 0; axis < rank; ++axis) product = merged_to_end(product);
  return product;
}

Expr block_diag(const Operands& blocks) {
  if (blocks.empty()) throw ShapeError("block_diag: needs at least one block");
  const BuiltAt here(blocks[0].place());
  Exprs parts = promoted(blocks);
  for (Expr& part : parts) {
    part = with_rank(part, 2);
    if (part.rank() != 2)
      throw ShapeError(
          fmt::format("block_diag: takes matrices, got {} {}", to_string(part.type()), made_at(blocks[0].place())));
  }
  const auto zeros_along = [](const Expr& x, std::int64_t axis) { return sum(zeros_like(x), {axis}); };
  Operands rows;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Operands row;
    for (std::size_t j = 0; j < parts.size(); ++j) {
      if (i == j)
        row.emplace_back(parts[i]);
      else
        row.emplace_back(cast(outer(zeros_along(parts[i], 1), zeros_along(parts[j], 0)), parts[i].dtype()));
    }
    rows.emplace_back(row.size() == 1 ? row[0].expr() : concatenate(row, 1));
  }
  return rows.size() == 1 ? rows[0].expr() : concatenate(rows, 0);
}

namespace {

/// Where to cut a chain of matrices whose sides are sides[0], ..., sides[n] (Cormen et al., matrix-chain order).
Expr chained(const Exprs& factors, const std::vector<std::vector<std::size_t>>& cuts, std::size_t first,
             std::size_t last) {
  if (first == last) return factors[first];
  const std::size_t cut = cuts[first][last];
  return dot(chained(factors, cuts, first, cut), chained(factors, cuts, cut + 1, last));
}

}  // namespace

Expr multi_dot(const Operands& operands) {
  if (operands.empty()) throw ShapeError("multi_dot: needs at least one factor");
  const BuiltAt here(operands[0].place());
  const Exprs factors = promoted(operands);
  const std::size_t n = factors.size();
  std::vector<double> sides;
  for (std::size_t k = 0; k < n; ++k) {
    const Shape& shape = factors[k].shape();
    const bool is_end = k == 0 || k + 1 == n;
    if (shape.size() != 2 && !(is_end && shape.size() == 1))
      throw ShapeError(fmt::format("multi_dot: factor {} must be a matrix{}, got {} {}", k,
                                   is_end ? " or a vector" : "", to_string(factors[k].type()),
                                   made_at(operands[k].place())));
    const auto side = [](std::int64_t length) { return length == unknown ? 10.0 : static_cast<double>(length); };
    if (k == 0) sides.push_back(shape.size() == 1 ? 1.0 : side(shape[0]));
    sides.push_back(shape.size() == 1 && k > 0 ? 1.0 : side(shape.back()));
  }
  std::vector<std::vector<std::size_t>> cuts(n, std::vector<std::size_t>(n, 0));
  std::vector<std::vector<double>> costs(n, std::vector<double>(n, 0.0));
  for (std::size_t span = 1; span < n; ++span)
    for (std::size_t i = 0; i + span < n; ++i) {
      const std::size_t j = i + span;
      costs[i][j] = std::numeric_limits<double>::infinity();
      for (std::size_t k = i; k < j; ++k) {
        const double cost = costs[i][k] + costs[k + 1][j] + sides[i] * sides[k + 1] * sides[j + 1];
        if (cost < costs[i][j]) {
          costs[i][j] = cost;
          cuts[i][j] = k;
        }
      }
    }
  return chained(factors, cuts, 0, n - 1);
}

Expr tensordot(const Operand& a, const Operand& b, int axes) {
  const BuiltAt here(a.place());
  const std::int64_t rank = a.expr().rank();
  if (axes < 0 || axes > rank || axes > b.expr().rank())
    throw ShapeError(fmt::format("tensordot: there are no {} axes to sum over in both {} and {}", axes,
                                 to_string(a.expr().type()), to_string(b.expr().type())));
  Axes of_a, of_b;
  for (std::int64_t axis = 0; axis < axes; ++axis) {
    of_a.push_back(rank - axes + axis);
    of_b.push_back(axis);
  }
  return tensordot(a, b, of_a, of_b);
}

Expr vdot(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  return dot(reshape(a, {unknown}), reshape(b, {unknown}));
}

Expr inner(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  if (a.expr().rank() == 0 || b.expr().rank() == 0) return mul(a, b);
  return tensordot(a, b, {-1}, {-1});
}

Expr vecdot(const Operand& a, const Operand& b, std::int64_t axis) {
  const BuiltAt here(a.place());
  const Expr product = mul(a, b);
  return sum(product, {normalize_axis(axis, product.rank(), "vecdot")});
}

namespace {

void require_rank(std::string_view what, const char* name, const Operand& operand, std::int64_t rank) {
  if (operand.expr().rank() < rank)
    throw ShapeError(fmt::format("{}: the {} must have {} or more axes, got {} {}", what, name, rank,
                                 to_string(operand.expr().type()), made_at(operand.place())));
}

}  // namespace

Expr matvec(const Operand& a, const Operand& x) {
  const BuiltAt here(a.place());
  require_rank("matvec", "matrix", a, 2);
  require_rank("matvec", "vector", x, 1);
  return squeeze(matmul(a, as_column(x)), -1);
}

Expr vecmat(const Operand& x, const Operand& a) {
  const BuiltAt here(x.place());
  require_rank("vecmat", "matrix", a, 2);
  require_rank("vecmat", "vector", x, 1);
  return squeeze(matmul(as_row(x), a), -2);
}

Expr batched_tensordot(const Operand& a, const Operand& b, const Axes& axes_a, const Axes& axes_b) {
  const BuiltAt here(a.place());
  require_rank("batched_tensordot", "first input", a, 1);
  require_rank("batched_tensordot", "second input", b, 1);
  const std::int64_t rank_a = a.expr().rank(), rank_b = b.expr().rank();
  if (axes_a.size() != axes_b.size())
    throw ShapeError(fmt::format("batched_tensordot: {} axes against {} {}", axes_a.size(), axes_b.size(),
                                 made_at(a.place())));
  // As subscripts: b for the batch, one letter a pair of axes, others for those that stay.
  std::string first(static_cast<std::size_t>(rank_a), ' '), second(static_cast<std::size_t>(rank_b), ' '), output = "Z";
  first[0] = second[0] = 'Z';
  char next = 'a';
  for (std::size_t k = 0; k < axes_a.size(); ++k) {
    const auto i = static_cast<std::size_t>(normalize_axis(axes_a[k], rank_a, "batched_tensordot"));
    const auto j = static_cast<std::size_t>(normalize_axis(axes_b[k], rank_b, "batched_tensordot"));
    if (first[i] != ' ' || second[j] != ' ')
      throw ShapeError(fmt::format("batched_tensordot: an axis is the batch axis or is named twice {}",
                                   made_at(a.place())));
    first[i] = second[j] = next++;
  }
  for (std::string* labels : {&first, &second})
    for (char& label : *labels)
      if (label == ' ') output += label = next++;
  return einsum(first + "," + second + "->" + output, {a, b});
}

Expr batched_dot(const Operand& a, const Operand& b) {
  require_rank("batched_dot", "first input", a, 1);
  require_rank("batched_dot", "second input", b, 1);
  if (a.expr().rank() == 1 || b.expr().rank() == 1) return batched_tensordot(a, b, {}, {});
  return batched_tensordot(a, b, {-1}, {1});
}

namespace {

void require_known(std::string_view what, const Operand& operand) {
  if (!is_known(operand.expr().shape()))
    throw ShapeError(fmt::format("{}: the lengths must be known when the graph is built, got {} {}", what,
                                 to_string(operand.expr().type()), made_at(operand.place())));
}

}  // namespace

Expr tensorinv(const Operand& a, std::int64_t axes) {
  const BuiltAt here(a.place());
  require_known("tensorinv", a);
  const Shape& shape = a.expr().shape();
  if (axes <= 0 || axes > a.expr().rank())
    throw ShapeError(fmt::format("tensorinv: {} of the axes of {} cannot come first {}", axes,
                                 to_string(a.expr().type()), made_at(a.place())));
  const Shape front(shape.begin(), shape.begin() + axes);
  Shape swapped(shape.begin() + axes, shape.end());
  const std::int64_t rows = element_count(front), columns = element_count(swapped);
  if (rows != columns)
    throw ShapeError(fmt::format("tensorinv: the first {} axes of {} have {} elements, the others {} {}", axes,
                                 to_string(a.expr().type()), rows, columns, made_at(a.place())));
  swapped.insert(swapped.end(), front.begin(), front.end());
  return reshape(inverse(reshape(a, {rows, columns})), swapped);
}

Expr tensorsolve(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  require_known("tensorsolve", a);
  require_known("tensorsolve", b);
  const Shape &shape = a.expr().shape(), &right = b.expr().shape();
  const std::int64_t n = element_count(right);
  const bool fits = shape.size() >= right.size() && Shape(shape.begin(), shape.begin() + b.expr().rank()) == right;
  const Shape rest = fits ? Shape(shape.begin() + b.expr().rank(), shape.end()) : Shape();
  if (!fits || element_count(rest) != n)
    throw ShapeError(fmt::format("tensorsolve: {} does not begin with {}, or has not as many elements behind that {}",
                                 to_string(a.expr().type()), to_string(b.expr().type()), made_at(a.place())));
  return reshape(solve(reshape(a, {n, n}), reshape(b, {n})), rest);
}

}  // namespace leapgraph::symbolic
