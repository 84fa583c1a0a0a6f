/// Bit operations on integers and booleans, powers of integers, and the sign bit of reals.
#include <cmath>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> whole_type(std::span<const Type> inputs, const Attributes& attributes) {
  for (const Type& type : inputs)
    if (is_floating(type.dtype)) throw DTypeError("takes integers or booleans");
  return same_type(inputs, attributes);
}

std::vector<Type> integer_type(std::span<const Type> inputs, const Attributes& attributes) {
  for (const Type& type : inputs)
    if (!is_integer(type.dtype)) throw DTypeError("takes integers");
  return same_type(inputs, attributes);
}

Exprs none(const Application& a) { return Exprs(a.inputs.size()); }

/// Element by element in the unsigned 64 bits of two's complement, told how many of them the type has and whether it
/// has a sign.
template <auto F>
std::vector<Array> bitwise(const Node& node, std::span<const Array> inputs) {
  const DTypeInfo& row = info(inputs[0].dtype());
  Array output(Type{node.types()[0].dtype, broadcast_shape(inputs)});
  const BroadcastWalk walk(output.shape(), inputs);
  const auto bits = row.kind == NumberKind::boolean ? std::uint64_t{1} : static_cast<std::uint64_t>(8 * row.bytes);
  for (std::int64_t i = 0; i < walk.size(); ++i) {
    const auto at = [&](std::size_t k) {
      return static_cast<std::uint64_t>(inputs[k].integer(walk.input_position(k, i)));
    };
    const std::uint64_t second = inputs.size() > 1 ? at(1) : 0;
    const std::uint64_t value = F(at(0), second, bits, row.kind == NumberKind::signed_integer);
    output.set_integer(i, static_cast<std::int64_t>(bits == 1 ? value & 1 : value));
  }
  return {output};
}

/// Patterns of integers of several types.
Exprs integer_examples(const Op& op, bool booleans) {
  const auto numbers = [](DType dtype, std::int64_t scale, std::int64_t offset) {
    return cast(static_cast<double>(scale) * input({DType::float64, {9}}, "x") + static_cast<double>(offset), dtype);
  };
  Exprs examples;
  const auto add = [&](const Expr& first, const Expr& second) {
    examples.push_back(op.arity == 1 ? make(op, {first}) : make(op, {first, second}));
  };
  add(numbers(DType::int8, 60, 0), numbers(DType::int8, 3, 2));
  add(numbers(DType::uint8, 60, 120), numbers(DType::uint8, 2, 4));
  add(numbers(DType::int32, 1000000000, 0), numbers(DType::int32, 10, 10));
  add(numbers(DType::int64, 4000000000000000000, 0), numbers(DType::int64, 20, 30));
  add(cast(numbers(DType::int64, 4000000000000000000, 0), DType::uint64), numbers(DType::uint64, 16, 33));
  if (booleans) add(input({DType::float64, {9}}, "x") > 0.0, input({DType::float64, {9}}, "y") > 0.0);
  return examples;
}

}  // namespace

const Op bitwise_and_op{
    .name = "bitwise_and",
    .summary = "bits that are set in a and in b",
    .arity = 2,
    .type = whole_type,
    .gradient = none,
    .evaluate = bitwise<[](auto x, auto y, auto, bool) { return x & y; }>,
    .lowering = Elementwise{.code = "{0} & {1}"},
    .examples = [] { return integer_examples(bitwise_and_op, true); },
};

const Op bitwise_or_op{
    .name = "bitwise_or",
    .summary = "bits that are set in a or in b",
    .arity = 2,
    .type = whole_type,
    .gradient = none,
    .evaluate = bitwise<[](auto x, auto y, auto, bool) { return x | y; }>,
    .lowering = Elementwise{.code = "{0} | {1}"},
    .examples = [] { return integer_examples(bitwise_or_op, true); },
};

const Op bitwise_xor_op{
    .name = "bitwise_xor",
    .summary = "bits in which a and b differ",
    .arity = 2,
    .type = whole_type,
    .gradient = none,
    .evaluate = bitwise<[](auto x, auto y, auto, bool) { return x ^ y; }>,
    .lowering = Elementwise{.code = "{0} ^ {1}"},
    .examples = [] { return integer_examples(bitwise_xor_op, true); },
};

namespace {

/// From the leading bit of the exponent down: x^(2k) = (x^k)^2, x^(2k + 1) = (x^k)^2 x.
constexpr auto whole_power = [](std::uint64_t x, std::uint64_t n, std::uint64_t, bool has_sign) {
  if (has_sign && n >> 63 != 0)  // the true value is a fraction, but for 1 and -1
    return x == 1 ? x : ~x == 0 ? (n % 2 == 0 ? std::uint64_t{1} : x) : std::uint64_t{0};
  std::uint64_t power = 1;
  for (int bit = 63; bit >= 0; --bit) {
    power *= power;
    if (n >> bit & 1) power *= x;
  }
  return power;
};

}  // namespace

const Op integer_pow_op{
    .name = "integer_pow",
    .summary = "a to the power b in integers: it wraps around, and fractions become 0",
    .arity = 2,
    .type = integer_type,
    .gradient = none,
    .evaluate = bitwise<whole_power>,
    .lowering = Elementwise{.code = "lg_power({0}, {1})"},
    .examples = [] { return integer_examples(integer_pow_op, false); },
};

const Op bitwise_not_op{
    .name = "bitwise_not",
    .summary = "the bits that are not set in a, an integer",
    .type = integer_type,
    .gradient = none,
    .evaluate = bitwise<[](auto x, auto, auto, bool) { return ~x; }>,
    .lowering = Elementwise{.code = "~{0}"},
    .examples = [] { return integer_examples(bitwise_not_op, false); },
};

const Op left_shift_op{
    .name = "left_shift",
    .summary = "a 2^b in the bits of a; nothing is left of it for b below 0 or beyond the number of bits",
    .arity = 2,
    .type = integer_type,
    .gradient = none,
    .evaluate = bitwise<[](auto x, auto y, auto bits, bool) { return y >= bits ? 0 : x << y; }>,
    .lowering = Elementwise{.code = "(unsigned long){1} >= 8 * sizeof({T}) ? 0 : ({T})((unsigned long){0} << {1})"},
    .examples = [] { return integer_examples(left_shift_op, false); },
};

namespace {

constexpr auto shifted_right = [](std::uint64_t x, std::uint64_t y, std::uint64_t bits, bool has_sign) {
  const auto whole = static_cast<std::int64_t>(x);
  if (y >= bits) return static_cast<std::uint64_t>(has_sign && whole < 0 ? -1 : 0);
  return has_sign ? static_cast<std::uint64_t>(whole >> y) : x >> y;
};

}  // namespace

const Op right_shift_op{
    .name = "right_shift",
    .summary = "a / 2^b rounded down; 0 or -1 for b below 0 or beyond the number of bits",
    .arity = 2,
    .type = integer_type,
    .gradient = none,
    .evaluate = bitwise<shifted_right>,
    .lowering = Elementwise{.code = "(unsigned long){1} >= 8 * sizeof({T}) ? ({0} < 0 ? -1 : 0) : {0} >> {1}"},
    .examples = [] { return integer_examples(right_shift_op, false); },
};

const Op copysign_op{
    .name = "copysign",
    .summary = "the size of a with the sign bit of b",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr towards = make(copysign_op, {ones_like(a.inputs[1]), a.inputs[1]});
          return Exprs{a.adjoint * (sign(a.inputs[0]) * towards), Expr()};
        },
    .evaluate = elementwise_real<[](double x, double y) { return std::copysign(x, y); }>,
    .lowering = Elementwise{.code = "__builtin_copysign{f}({0}, {1})"},
};

}  // namespace leapgraph::symbolic
