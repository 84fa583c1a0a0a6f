/// Jacobians and Hessians: one derivative along a variable direction, vectorized over all unit directions.
#include <fmt/format.h>

#include "leapgraph/symbolic/derivatives/formal.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/masked_adjoints.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/shaping.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

/// [i..., j...] of the shape of `like` twice: whether i is j.
Expr is_unit(const Expr& like) {
  const Expr number = numbered(like);
  return eq(expand_axes(number, shifted(leading_axes(like.rank()), like.rank())), number);
}

/// `made`, the derivatives along all directions in the shape of `directions`, each in that of `item`, as one tensor of
/// both shapes: what is the same for all directions has axes of length 1, or none.
Expr whole(const Expr& made, const Expr& directions, const Expr& item) {
  return broadcast_like(made, nested_like(directions, item));
}

/// The first `front` axes moved behind the others.
Expr front_to_back(const Expr& e, std::int64_t front) {
  if (front == 0 || front == e.rank()) return e;
  Axes order;
  for (std::int64_t axis = front; axis < e.rank(); ++axis) order.push_back(axis);
  for (std::int64_t axis = 0; axis < front; ++axis) order.push_back(axis);
  return transpose(e, order);
}

void require_floating_output(const Expr& output, std::string_view what) {
  if (!output) throw GraphError(fmt::format("{}: the output is an empty expression", what));
  if (!is_floating(output.dtype()))
    throw NotDifferentiable(fmt::format("{}: the output must be floating, got {} (made at {}:{})", what,
                                        to_string(output.type()), output.node().place().file_name(),
                                        output.node().place().line()));
  if (is_complex(output.dtype()))
    throw NotDifferentiable(fmt::format("{}: the output must be real, got {}; take real(), imag() or abs() of it", what,
                                        to_string(output.type())));
}

/// `found`, which have the shapes of `items`, for every unit value of a variable like `like`, in front of it the axes
/// of `like`: all at once; or in a loop, where an op does not work on batches. `with` says what `variables` are then.
Exprs for_all_units(const Exprs& found, const Exprs& items, const Expr& like, std::span<const Expr> variables,
                    std::span<const Expr> units, const std::function<Exprs(const Expr& unit)>& with) {
  try {
    return vectorize(found, variables, units, like.rank());
  } catch (const NotVectorizable&) {
    const Expr numbers = numbered(like);
    const ScanResult rows = scan(
        [&](const Exprs&, const Exprs& number) {
          Substitution replacements;
          const Exprs values = with(eq(numbers, number[0]));
          for (std::size_t i = 0; i < variables.size(); ++i) replacements.emplace(variables[i], values[i]);
          return ScanBody{{}, substitute(found, replacements)};
        },
        {}, {ravel(numbers)});
    Exprs result;
    for (std::size_t k = 0; k < found.size(); ++k)
      result.push_back(reshape_like(rows.outputs[k], nested_like(like, items[k])));
    return result;
  }
}

/// d output / d wrt[k], rows found together.
Exprs by_rows(const Expr& output, std::span<const Expr> wrt) {
  const Expr adjoint = input(output.type(), "adjoint"), mask = input({DType::boolean, output.shape()}, "mask");
  const Exprs found = masked_vjp(std::span(&output, 1), wrt, std::span(&adjoint, 1), std::span(&mask, 1));
  const Expr unit = is_unit(output);
  Exprs present, items;
  for (std::size_t k = 0; k < found.size(); ++k)
    if (found[k]) present.push_back(found[k]), items.push_back(wrt[k]);
  const Exprs variables{adjoint, mask}, units{cast(unit, output.dtype()), unit};
  const Exprs made = for_all_units(present, items, output, variables, units, [&](const Expr& one) {
    return Exprs{cast(one, output.dtype()), one};
  });
  Exprs result(found.size());
  for (std::size_t k = 0, next = 0; k < found.size(); ++k)
    if (found[k]) result[k] = whole(made[next++], output, wrt[k]);
  return result;
}

/// d outputs[i] / d wrt, columns found together.
Exprs by_columns(std::span<const Expr> outputs, const Expr& wrt) {
  const Expr tangent = input(wrt.type(), "tangent");
  const Exprs found = jvp(outputs, std::span(&wrt, 1), std::span(&tangent, 1));
  const Expr units = cast(is_unit(wrt), wrt.dtype());
  Exprs present, items;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i]) present.push_back(found[i]), items.push_back(outputs[i]);
  const Exprs made = for_all_units(present, items, wrt, std::span(&tangent, 1), std::span(&units, 1),
                                   [&](const Expr& one) { return Exprs{cast(one, wrt.dtype())}; });
  Exprs result(found.size());
  for (std::size_t i = 0, next = 0; i < found.size(); ++i)
    if (found[i]) result[i] = front_to_back(whole(made[next++], wrt, outputs[i]), wrt.rank());
  return result;
}

bool has_fewer_elements(const Expr& a, const Expr& b) {
  if (is_known(a.shape()) && is_known(b.shape())) return element_count(a.shape()) < element_count(b.shape());
  return a.rank() == 0 && b.rank() > 0;
}

Expr zeros_of(const Expr& output, const Expr& wrt) {
  return broadcast_like(constant(0.0, output.dtype()), nested_like(output, wrt));
}

}  // namespace

Exprs jacobian(const Expr& output, std::span<const Expr> wrt, Mode mode, Disconnected disconnected) {
  require_floating_output(output, "jacobian");
  // Says what is wrong with the variables, and which of them are not connected.
  const Exprs connected = grad(sum(output), wrt, disconnected);
  std::vector<bool> forward(wrt.size());
  Exprs in_reverse;
  for (std::size_t k = 0; k < wrt.size(); ++k) {
    forward[k] = mode == Mode::forward || (mode == Mode::automatic && has_fewer_elements(wrt[k], output));
    if (!forward[k]) in_reverse.push_back(wrt[k]);
  }
  Exprs result, rows;
  if (!in_reverse.empty()) rows = by_rows(output, in_reverse);
  for (std::size_t k = 0, next = 0; k < wrt.size(); ++k) {
    result.push_back(forward[k] ? by_columns(std::span(&output, 1), wrt[k])[0] : rows[next++]);
    if (!result[k] && connected[k]) result[k] = zeros_of(output, wrt[k]);
    if (result[k]) result[k] = cast(result[k], output.dtype());
  }
  return as_derivatives(std::move(result), wrt);
}

Expr jacobian(const Expr& output, const Expr& wrt, Mode mode, Disconnected disconnected) {
  return jacobian(output, std::span(&wrt, 1), mode, disconnected)[0];
}

std::vector<Exprs> hessian(const Expr& cost, std::span<const Expr> wrt) {
  const Exprs gradient = grad(cost, wrt);
  for (const Expr& e : wrt)
    if (is_complex(e.dtype()))
      throw NotDifferentiable(fmt::format(
          "hessian: variables must be real, got {}; take real and imaginary part as two", to_string(e.type())));
  std::vector<Exprs> blocks(wrt.size(), Exprs(wrt.size()));
  for (std::size_t j = 0; j < wrt.size(); ++j) {
    const Exprs columns = by_columns(gradient, wrt[j]);
    for (std::size_t i = 0; i < wrt.size(); ++i) {
      const Expr block = columns[i] ? columns[i] : zeros_of(gradient[i], wrt[j]);
      blocks[i][j] = as_derivatives({block}, std::span(&wrt[j], 1))[0];
    }
  }
  return blocks;
}

Expr hessian(const Expr& cost, const Expr& wrt) { return hessian(cost, std::span(&wrt, 1))[0][0]; }

Exprs hessian_vector_product(const Expr& cost, std::span<const Expr> wrt, std::span<const Expr> vectors) {
  const Exprs gradient = grad(cost, wrt);
  Exprs result = jvp(gradient, wrt, vectors);
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = result[i] ? broadcast_like(result[i], gradient[i]) : zeros_like(gradient[i]);
  return result;
}

Expr hessian_vector_product(const Expr& cost, const Expr& wrt, const Expr& vector) {
  return hessian_vector_product(cost, std::span(&wrt, 1), std::span(&vector, 1))[0];
}

}  // namespace leapgraph::symbolic
