/// Fourier transforms without a scale: each is linear, and the adjoint of one is another.
#include "leapgraph/symbolic/fft.hpp"

#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

std::string made_at(const std::source_location& place) {
  return fmt::format("(made at {}:{})", place.file_name(), place.line());
}

// --- Types ---

void require_pairs(const Type& type) {
  if (type.dtype != DType::float64) throw DTypeError(fmt::format("input 0 must be float64, got {}", to_string(type)));
  if (type.rank() < 2 || (type.shape.back() != 2 && type.shape.back() != unknown))
    throw ShapeError(fmt::format(
        "input 0 must be pairs of real and imaginary parts along a last axis of length 2, got {}", to_string(type)));
}

std::vector<Type> fft_type(std::span<const Type> inputs, const Attributes&) {
  require_pairs(inputs[0]);
  Type result = inputs[0];
  result.shape.back() = 2;
  return {result};
}

std::vector<Type> rfft_type(std::span<const Type> inputs, const Attributes&) {
  if (inputs[0].dtype != DType::float64)
    throw DTypeError(fmt::format("input 0 must be float64, got {}", to_string(inputs[0])));
  if (inputs[0].rank() < 1 || inputs[0].shape.back() == 0)
    throw ShapeError(fmt::format("there is nothing to transform, got {}", to_string(inputs[0])));
  Shape shape = inputs[0].shape;
  if (shape.back() != unknown) shape.back() = shape.back() / 2 + 1;
  shape.push_back(2);
  return {Type{DType::float64, shape}};
}

std::vector<Type> irfft_type(std::span<const Type> inputs, const Attributes& attributes) {
  require_pairs(inputs[0]);
  Shape shape(inputs[0].shape.begin(), inputs[0].shape.end() - 1);
  const std::int64_t odd = attributes.get<bool>("odd");
  if (shape.back() != unknown) {
    if (shape.back() < 2 - odd)
      throw ShapeError(fmt::format("there is nothing to transform, got {}", to_string(inputs[0])));
    shape.back() = 2 * (shape.back() - 1) + odd;
  }
  return {Type{DType::float64, shape}};
}

// --- Applications ---

Expr transformed(const Expr& x, bool inverse) { return make(fft_op, {x}, {{"inverse", inverse}}); }
Expr forward(const Expr& x, bool doubled) { return make(rfft_op, {x}, {{"doubled", doubled}}); }
Expr backward(const Expr& y, bool odd, bool halved) { return make(irfft_op, {y}, {{"odd", odd}, {"halved", halved}}); }
/// The same, as long as the last axis of `like`.
Expr backward_like(const Expr& y, const Expr& like, bool halved) {
  const std::int64_t n = like.shape().back();
  return n == unknown ? make(irfft_like_op, {y, like}, {{"halved", halved}}) : backward(y, n % 2 == 1, halved);
}

// --- Reference: the sums themselves ---

using Complex = std::complex<long double>;

Complex root_of_unity(std::int64_t numerator, std::int64_t n) {
  const long double angle =
      2 * std::numbers::pi_v<long double> * static_cast<long double>(numerator % n) / static_cast<long double>(n);
  return {std::cos(angle), std::sin(angle)};
}

bool is_alone(std::int64_t k, std::int64_t n) { return k == 0 || 2 * k == n; }

std::vector<Array> fft_evaluate(const Node& node, std::span<const Array> inputs) {
  const Array& x = inputs[0];
  require_pairs(x.type());
  const std::int64_t n = from_end(x.shape(), 2), sign = node.get<bool>("inverse") ? 1 : -1;
  Array result(x.type());
  for (std::int64_t start = 0; start < x.size(); start += 2 * n)
    for (std::int64_t k = 0; k < n; ++k) {
      Complex total = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        const Complex root = root_of_unity(j * k, n);
        total += Complex(x.real(start + 2 * j), x.real(start + 2 * j + 1)) * (sign > 0 ? root : std::conj(root));
      }
      result.set(start + 2 * k, static_cast<double>(total.real()));
      result.set(start + 2 * k + 1, static_cast<double>(total.imag()));
    }
  return {result};
}

std::vector<Array> rfft_evaluate(const Node& node, std::span<const Array> inputs) {
  const Array& x = inputs[0];
  const std::int64_t n = x.shape().back(), kept = n / 2 + 1;
  const Type types[] = {x.type()};
  Array result(rfft_type(types, node.attributes())[0]);
  for (std::int64_t row = 0; row * kept * 2 < result.size(); ++row)
    for (std::int64_t k = 0; k < kept; ++k) {
      Complex total = 0;
      for (std::int64_t j = 0; j < n; ++j)
        total += static_cast<long double>(x.real(row * n + j)) * std::conj(root_of_unity(j * k, n));
      if (is_alone(k, n)) total = total.real();
      if (node.get<bool>("doubled") && !is_alone(k, n)) total *= 2;
      result.set((row * kept + k) * 2, static_cast<double>(total.real()));
      result.set((row * kept + k) * 2 + 1, static_cast<double>(total.imag()));
    }
  return {result};
}

Array backward_sums(const Array& y, Shape shape, bool halved) {
  const std::int64_t n = shape.back(), kept = n / 2 + 1;
  Array result(Type{DType::float64, std::move(shape)});
  for (std::int64_t row = 0; row * n < result.size(); ++row)
    for (std::int64_t j = 0; j < n; ++j) {
      long double total = 0;
      for (std::int64_t k = 0; k < kept; ++k) {
        const Complex c(y.real((row * kept + k) * 2), y.real((row * kept + k) * 2 + 1));
        const long double weight = halved || is_alone(k, n) ? 1 : 2;
        total +=
            is_alone(k, n) ? c.real() * root_of_unity(j * k, n).real() : weight * (c * root_of_unity(j * k, n)).real();
      }
      result.set(row * n + j, static_cast<double>(total));
    }
  return result;
}

std::vector<Array> irfft_evaluate(const Node& node, std::span<const Array> inputs) {
  const Type types[] = {inputs[0].type()};
  return {backward_sums(inputs[0], irfft_type(types, node.attributes())[0].shape, node.get<bool>("halved"))};
}

std::int64_t rows_of(const Shape& shape) { return element_count(Shape(shape.begin(), shape.end() - 1)); }

}  // namespace

const Op fft_op{
    .name = "fft",
    .summary = "Fourier transform of complex pairs, forward or inverse, without a scale",
    .type = fft_type,
    .gradient = [](const Application& a) { return Exprs{transformed(a.adjoint, !a.node.get<bool>("inverse"))}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{transformed(tangents[0], node.get<bool>("inverse"))};
        },
    .evaluate = fft_evaluate,
    .lowering = Routine{"lg_fft",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          const Shape& shape = node.types()[0].shape;
                          return {count_of_matrices(shape), from_end(shape, 2), node.get<bool>("inverse")};
                        }},
    .examples =
        [] {
          return Exprs{transformed(example({4, 2}), false),    transformed(example({3, 6, 2}), true),
                       transformed(example({67, 2}), false),   transformed(example({1, 2}), true),
                       transformed(example({2, 0, 2}), false), transformed(example({15, 2}), false)};
        },
    .batched = batched_stack,
};

const Op rfft_op{
    .name = "rfft",
    .summary =
        "Fourier transform of real numbers, as pairs, up to the highest frequency; `doubled`: the adjoint of irfft",
    .type = rfft_type,
    .gradient =
        [](const Application& a) { return Exprs{backward_like(a.adjoint, a.inputs[0], !a.node.get<bool>("doubled"))}; },
    .tangent = [](const Node& node,
                  std::span<const Expr> tangents) { return Exprs{forward(tangents[0], node.get<bool>("doubled"))}; },
    .evaluate = rfft_evaluate,
    .lowering = Routine{"lg_rfft",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          const Shape& shape = node.input(0).shape();
                          return {rows_of(shape), shape.back(), node.get<bool>("doubled")};
                        }},
    .examples =
        [] {
          return Exprs{forward(example({8}), false), forward(example({2, 5}), false), forward(example({6}), true),
                       forward(example({1}), false), forward(example({3, 2}), true),  forward(example({7}), true)};
        },
    .batched = batched_stack,
};

const Op irfft_op{
    .name = "irfft",
    .summary = "inverse of rfft without a scale; `halved`: its adjoint",
    .type = irfft_type,
    .gradient = [](const Application& a) { return Exprs{forward(a.adjoint, !a.node.get<bool>("halved"))}; },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{backward(tangents[0], node.get<bool>("odd"), node.get<bool>("halved"))};
        },
    .evaluate = irfft_evaluate,
    .lowering = Routine{"lg_irfft",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          const Shape& shape = node.types()[0].shape;
                          return {rows_of(shape), shape.back(), node.get<bool>("halved")};
                        }},
    .examples =
        [] {
          return Exprs{backward(example({5, 2}), false, false),    backward(example({2, 3, 2}), true, false),
                       backward(example({4, 2}), false, true),     backward(example({1, 2}), true, false),
                       backward(example({3, 2, 2}), false, false), backward(example({4, 2}), true, true)};
        },
    .batched = batched_stack,
};

const Op irfft_like_op{
    .name = "irfft_like",
    .summary = "irfft to as many numbers as the last axis of b has",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      require_pairs(inputs[0]);
      if (inputs[1].rank() < 1) throw ShapeError("input 1 must have an axis");
      Shape shape(inputs[0].shape.begin(), inputs[0].shape.end() - 1);
      const std::int64_t n = inputs[1].shape.back();
      if (n != unknown && shape.back() != unknown && shape.back() != n / 2 + 1)
        throw ShapeError(fmt::format("{} coefficients do not belong to {} numbers", shape.back(), n));
      shape.back() = n;
      return {Type{DType::float64, shape}};
    },
    .gradient =
        [](const Application& a) {
          return Exprs{forward(a.adjoint, !a.node.get<bool>("halved")), Expr()};
        },
    .tangent =
        [](const Node& node, std::span<const Expr> tangents) {
          return Exprs{tangents[0] ? backward_like(tangents[0], node.input(1), node.get<bool>("halved")) : Expr()};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Type types[] = {inputs[0].type(), inputs[1].type()};
      return {backward_sums(inputs[0], node.op().type(std::span<const Type>(types, 2), node.attributes())[0].shape,
                            node.get<bool>("halved"))};
    },
    .lowering = Abstract{},
    .concrete = [](const Node& node) -> Exprs {
      if (node.input(1).shape().back() == unknown) return {Expr()};
      return {backward_like(node.input(0), node.input(1), node.get<bool>("halved"))};
    },
    .examples =
        [] {
          return Exprs{make(irfft_like_op, {example({3, 2}), example({5}, "like")}, {{"halved", true}}),
                       make(irfft_like_op, {example({2, 3, 2}), example({4}, "like")}, {{"halved", false}})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr like = item_like(b.inputs[1], b.axes);
      return {{make(irfft_like_op, {b.inputs[0].value, like}, b.node.attributes()), b.inputs[0].varies}};
    },
};

namespace {

/// n numbers along an axis: what a transform is multiplied by.
Expr scaled(const Expr& y, const Expr& n, FftNorm norm, bool is_forward) {
  const bool is_scaled = norm == FftNorm::ortho || norm == (is_forward ? FftNorm::forward : FftNorm::backward);
  if (!is_scaled) return y;
  const Expr count = cast(n, DType::float64);
  return y / (norm == FftNorm::ortho ? sqrt(count) : count);
}

}  // namespace

namespace {

/// Of pairs, or of a complex tensor, which is taken apart and put together again.
Expr transformed_and_scaled(std::string_view what, const Operand& x, FftNorm norm, bool is_forward) {
  const BuiltAt here(x.place());
  const Expr& given = x;
  if (is_complex(given.dtype())) {
    const Expr pairs = transformed_and_scaled(what, Operand(stack({real(given), imag(given)}, given.rank()), x.place()),
                                              norm, is_forward);
    return complex(at(pairs, 0, -1), at(pairs, 1, -1));
  }
  const RealOperands operands = real_operands(what, {x});
  const Expr y = transformed(operands.values[0], !is_forward);
  return cast(scaled(y, length(y, -2), norm, is_forward), operands.dtype);
}

}  // namespace

Expr fft(const Operand& x, FftNorm norm) { return transformed_and_scaled("fft", x, norm, true); }
Expr ifft(const Operand& y, FftNorm norm) { return transformed_and_scaled("ifft", y, norm, false); }

Expr rfft(const Operand& x, FftNorm norm) {
  const BuiltAt here(x.place());
  const RealOperands real = real_operands("rfft", {x});
  const Expr y = forward(real.values[0], false);
  return cast(scaled(y, length(real.values[0], -1), norm, true), real.dtype);
}

Expr irfft(const Operand& y, bool is_odd, FftNorm norm) {
  const BuiltAt here(y.place());
  const RealOperands real = real_operands("irfft", {y});
  const Expr x = backward(real.values[0], is_odd, false);
  return cast(scaled(x, length(x, -1), norm, false), real.dtype);
}

namespace {

void require_length(std::string_view what, std::int64_t n) {
  if (n <= 0) throw ShapeError(fmt::format("{}: the length must be positive, got {}", what, n));
}

/// 0, 1, ... for the elements of a vector.
Expr numbers_of(const Expr& vector) {
  const std::int64_t n = vector.shape()[0];
  return n == unknown ? cumsum(ones_like(cast(vector, DType::int64))) - 1 : arange(n);
}

/// 0, 1, ... for the positions along an axis.
Expr positions_along(const Expr& x, std::int64_t axis) {
  Axes others;
  for (std::int64_t k = 0; k < x.rank(); ++k)
    if (k != axis) others.push_back(k);
  return numbers_of(others.empty() ? x : any(eq(x, x), others));
}

/// Turned by half the length: position i comes from i + offset, modulo the length.
Expr turned(const Expr& x, std::int64_t axis, bool back) {
  const std::int64_t normal = normalize_axis(axis, x.rank(), "fftshift");
  const Expr n = length(x, normal), half = floor_div(n, std::int64_t{2});
  return gather(x, mod(positions_along(x, normal) + (back ? half : n - half), n), normal);
}

}  // namespace

Expr fftfreq(std::int64_t n, double spacing) {
  require_length("fftfreq", n);
  const Expr i = arange(n);
  return cast(where(i < (n + 1) / 2, i, i - n), DType::float64) / (static_cast<double>(n) * spacing);
}

Expr rfftfreq(std::int64_t n, double spacing) {
  require_length("rfftfreq", n);
  return cast(arange(n / 2 + 1), DType::float64) / (static_cast<double>(n) * spacing);
}

Expr fftshift(const Operand& x, std::int64_t axis) {
  const BuiltAt here(x.place());
  return turned(x, axis, false);
}

Expr ifftshift(const Operand& x, std::int64_t axis) {
  const BuiltAt here(x.place());
  return turned(x, axis, true);
}

Expr convolve1d(const Operand& a, const Operand& b, Overlap overlap) {
  const BuiltAt here(a.place());
  if (a.expr().rank() == 0 || b.expr().rank() == 0)
    throw ShapeError(fmt::format("convolve1d: takes vectors or stacks of them, got {} and {} {}",
                                 to_string(a.expr().type()), to_string(b.expr().type()), made_at(a.place())));
  Expr x = a, y = b;
  const std::int64_t n = x.shape().back(), m = y.shape().back();
  if (n == 0 || m == 0)
    throw ShapeError(fmt::format("convolve1d: there is nothing to convolve, got {} and {} {}",
                                 to_string(a.expr().type()), to_string(b.expr().type()), made_at(a.place())));
  if (overlap != Overlap::full && (n == unknown || m == unknown))
    throw ShapeError(fmt::format("convolve1d: parts of the full sums need known lengths, got {} and {} {}",
                                 to_string(a.expr().type()), to_string(b.expr().type()), made_at(a.place())));
  if (m > n && n != unknown && m != unknown) return convolve1d(b, a, overlap);
  // Position k of the result sees x at k, k - 1, ..., k - (m - 1): at 0 <= k - j < n, and zeros elsewhere.
  const auto vector_of = [](const Expr& e) {
    Axes others = leading_axes(e.rank() - 1);
    return others.empty() ? e : any(eq(e, e), others);
  };
  const Expr i = vector_of(x), j = vector_of(y);
  const Expr k = numbers_of(concatenate({eq(i, i), slice(eq(j, j), 0, {1, std::nullopt})}));
  const Expr from = expand_dims(k, 1) - numbers_of(j), last = length(x, -1) - 1;
  const Expr windows = gather(x, clip(from, std::int64_t{0}, last), -1);
  const Expr sums = sum(where(logical_and(from >= 0, from <= last), windows, 0.0) * as_row(y), {-1});
  if (overlap == Overlap::full) return sums;
  return overlap == Overlap::same ? slice(sums, -1, {(m - 1) / 2, (m - 1) / 2 + n}) : slice(sums, -1, {m - 1, n});
}

}  // namespace leapgraph::symbolic
