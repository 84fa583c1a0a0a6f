/// Arithmetic, comparisons, rounding, choice and casts, element by element.
#include <cmath>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

/// Comparisons and rounding are constant almost everywhere.
Exprs no_gradient(const Application& a) { return Exprs(a.inputs.size()); }

/// Remainder with the sign of the divisor, as Python's %.
template <class T>
T floored_remainder(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    const T r = std::fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : (r == 0 ? std::copysign(T{0}, y) : r);
  } else {
    if (y == 0) return 0;
    if constexpr (std::is_signed_v<T>)
      if (y == -1) return 0;
    const T r = x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
  }
}

template <class T>
T floored_quotient(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) return std::floor(x / y);
  if (y == 0) return 0;
  if constexpr (std::is_signed_v<T>)
    if (y == -1) return static_cast<T>(0 - static_cast<std::uint64_t>(x));
  return (x - floored_remainder(x, y)) / y;
}

std::vector<Type> where_type(std::span<const Type> inputs, const Attributes& attributes) {
  if (inputs[0].dtype != DType::boolean) throw DTypeError("the condition must be boolean");
  Type result = same_type(inputs.subspan(1), attributes)[0];
  result.shape = broadcast(result.shape, inputs[0].shape);
  return {result};
}

std::vector<Type> cast_type(std::span<const Type> inputs, const Attributes& attributes) {
  return {Type{attributes.get<DType>("dtype"), inputs[0].shape}};
}

constexpr Domain power_domain[] = {{0.3, 2.5}, {-2.0, 2.5}};
constexpr Domain nonzero_divisor[] = {{-2.0, 2.0}, {0.5, 2.0}};

}  // namespace

const Op add_op{
    .name = "add",
    .summary = "a + b",
    .arity = 2,
    .type = same_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint, a.adjoint};
        },
    .evaluate = elementwise<[](auto x, auto y) { return x + y; }>,
    .lowering = Elementwise{.code = "{0} + {1}"},
    .complex = complex_rule::add,
};

const Op sub_op{
    .name = "sub",
    .summary = "a - b",
    .arity = 2,
    .type = same_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint, -a.adjoint};
        },
    .evaluate = elementwise<[](auto x, auto y) { return x - y; }>,
    .lowering = Elementwise{.code = "{0} - {1}"},
    .complex = complex_rule::sub,
};

const Op mul_op{
    .name = "mul",
    .summary = "a b",
    .arity = 2,
    .type = same_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint * a.inputs[1], a.adjoint * a.inputs[0]};
        },
    .evaluate = elementwise<[](auto x, auto y) { return x * y; }>,
    .lowering = Elementwise{.code = "{0} * {1}"},
    .complex = complex_rule::bilinear,
};

const Op div_op{
    .name = "div",
    .summary = "a / b, of floating numbers",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint / a.inputs[1], -a.adjoint * a.output / a.inputs[1]};
        },
    .evaluate = elementwise_real<[](double x, double y) { return x / y; }>,
    .lowering = Elementwise{.code = "{0} / {1}"},
    .domains = nonzero_divisor,
    .complex = complex_rule::div,
};

const Op floor_div_op{
    .name = "floor_div",
    .summary = "a / b rounded towards minus infinity; integer division by 0 is 0",
    .arity = 2,
    .type = same_type,
    .gradient = no_gradient,
    .evaluate = elementwise_signed<[](auto x, auto y) { return floored_quotient(x, y); }>,
    .lowering = Elementwise{.code = "lg_floor_div({0}, {1})"},
    .domains = nonzero_divisor,
};

const Op mod_op{
    .name = "mod",
    .summary = "a - b floor(a / b): the remainder with the divisor's sign; integers modulo 0 give 0",
    .arity = 2,
    .type = same_type,
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint, -a.adjoint * floor(a.inputs[0] / a.inputs[1])};
        },
    .evaluate = elementwise_signed<[](auto x, auto y) { return floored_remainder(x, y); }>,
    .lowering = Elementwise{.code = "lg_mod({0}, {1})"},
    .domains = nonzero_divisor,
};

const Op neg_op{
    .name = "neg",
    .summary = "-a",
    .type = same_type,
    .gradient = [](const Application& a) { return Exprs{-a.adjoint}; },
    .evaluate = elementwise<[](auto x) { return -x; }>,
    .lowering = Elementwise{.code = "-{0}"},
    .complex = complex_rule::neg,
};

const Op abs_op{
    .name = "abs",
    .summary = "|a|",
    .type = same_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * sign(a.inputs[0])}; },
    .evaluate = elementwise_signed<[](auto x) { return x < 0    ? -x
                                                       : x == 0 ? decltype(x){0}
                                                                : x; }>,
    .lowering = Elementwise{.code = "lg_abs({0})"},
    .complex = complex_rule::abs,
};

const Op sign_op{
    .name = "sign",
    .summary = "-1, 0 or 1; nan of nan",
    .type = same_type,
    .gradient = no_gradient,
    .evaluate = elementwise_signed<[](auto x) {
      return 0 < x ? static_cast<decltype(x)>(1) : x < 0 ? static_cast<decltype(x)>(-1) : x;
    }>,
    .lowering = Elementwise{.code = "{0} > 0 ? 1 : {0} < 0 ? -1 : {0}"},
    .complex = complex_rule::sign,
};

const Op sqr_op{
    .name = "sqr",
    .summary = "a a",
    .type = same_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint * (2.0 * a.inputs[0])}; },
    .evaluate = elementwise<[](auto x) { return x * x; }>,
    .lowering = Elementwise{.code = "{0} * {0}"},
    .complex = complex_rule::sqr,
};

const Op inv_op{
    .name = "inv",
    .summary = "1 / a",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{-a.adjoint * sqr(a.output)}; },
    .evaluate = elementwise_real<[](double x) { return 1 / x; }>,
    .lowering = Elementwise{.code = "1 / {0}"},
    .domain = {0.3, 3.0},
    .complex = complex_rule::inv,
};

const Op pow_op{
    .name = "pow",
    .summary = "a to the power b",
    .arity = 2,
    .type = floating_type,
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &y = a.inputs[1];
          // d/dx at y = 0 is 0 even where x^(y-1) is infinite; d/dy at x = 0 is 0 for y > 0.
          const std::optional<double> exponent = literal_value(y);
          const Expr by_base = exponent == 2.0                ? y * x
                               : exponent && *exponent != 0.0 ? y * pow(x, constant(*exponent - 1.0, y.dtype()))
                                                              : where(eq(y, 0.0), 0.0, y * pow(x, y - 1.0));
          const Expr by_exponent = a.output * log(where(eq(x, 0.0), 1.0, x));
          return Exprs{a.adjoint * by_base, a.adjoint * by_exponent};
        },
    .evaluate = elementwise_real<[](double x, double y) { return std::pow(x, y); }>,
    .lowering = Elementwise{.code = "pow{f}({0}, {1})"},
    .domains = power_domain,
    .complex = complex_rule::pow,
};

const Op sqrt_op{
    .name = "sqrt",
    .summary = "square root",
    .type = floating_type,
    .gradient = [](const Application& a) { return Exprs{a.adjoint / (2.0 * a.output)}; },
    .evaluate = elementwise_real<[](double x) { return std::sqrt(x); }>,
    .lowering = Elementwise{.code = "sqrt{f}({0})"},
    .domain = {0.2, 4.0},
    .complex = complex_rule::sqrt,
};

const Op maximum_op{
    .name = "maximum",
    .summary = "the larger of a and b; nan if either is",
    .arity = 2,
    .type = same_type,
    // A tie shares the adjoint, so that the gradient does not depend on the order of the arguments.
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &y = a.inputs[1];
          const Expr half = 0.5 * a.adjoint;
          return Exprs{where(gt(x, y), a.adjoint, where(eq(x, y), half, 0.0)),
                       where(gt(y, x), a.adjoint, where(eq(x, y), half, 0.0))};
        },
    .evaluate = elementwise_signed<[](auto x, auto y) { return x != x   ? x
                                                               : y != y ? y
                                                               : x < y  ? y
                                                                        : x; }>,
    .lowering = Elementwise{.code = "({0} > {1} || {0} != {0}) ? {0} : {1}"},
};

const Op minimum_op{
    .name = "minimum",
    .summary = "the smaller of a and b; nan if either is",
    .arity = 2,
    .type = same_type,
    .gradient =
        [](const Application& a) {
          const Expr &x = a.inputs[0], &y = a.inputs[1];
          const Expr half = 0.5 * a.adjoint;
          return Exprs{where(lt(x, y), a.adjoint, where(eq(x, y), half, 0.0)),
                       where(lt(y, x), a.adjoint, where(eq(x, y), half, 0.0))};
        },
    .evaluate = elementwise_signed<[](auto x, auto y) { return x != x   ? x
                                                               : y != y ? y
                                                               : x < y  ? x
                                                                        : y; }>,
    .lowering = Elementwise{.code = "({0} < {1} || {0} != {0}) ? {0} : {1}"},
};

const Op floor_op{
    .name = "floor",
    .summary = "the largest integer not above a",
    .type = floating_type,
    .gradient = no_gradient,
    .evaluate = elementwise_real<[](double x) { return std::floor(x); }>,
    .lowering = Elementwise{.code = "floor{f}({0})"},
};

const Op ceil_op{
    .name = "ceil",
    .summary = "the smallest integer not below a",
    .type = floating_type,
    .gradient = no_gradient,
    .evaluate = elementwise_real<[](double x) { return std::ceil(x); }>,
    .lowering = Elementwise{.code = "ceil{f}({0})"},
};

const Op round_op{
    .name = "round",
    .summary = "the nearest integer, halves to the even one",
    .type = floating_type,
    .gradient = no_gradient,
    .evaluate = elementwise_real<[](double x) { return std::nearbyint(x); }>,
    .lowering = Elementwise{.code = "rint{f}({0})"},
};

const Op trunc_op{
    .name = "trunc",
    .summary = "a without its fraction",
    .type = floating_type,
    .gradient = no_gradient,
    .evaluate = elementwise_real<[](double x) { return std::trunc(x); }>,
    .lowering = Elementwise{.code = "trunc{f}({0})"},
};

const Op eq_op{
    .name = "eq",
    .summary = "a equal to b",
    .arity = 2,
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise<[](auto x, auto y) { return x == y; }>,
    .lowering = Elementwise{.code = "{0} == {1}"},
    .complex = complex_rule::eq,
};

const Op neq_op{
    .name = "neq",
    .summary = "a not equal to b",
    .arity = 2,
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise<[](auto x, auto y) { return x != y; }>,
    .lowering = Elementwise{.code = "{0} != {1}"},
    .complex = complex_rule::neq,
};

const Op lt_op{
    .name = "lt",
    .summary = "a less than b",
    .arity = 2,
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise_signed<[](auto x, auto y) { return x < y; }>,
    .lowering = Elementwise{.code = "{0} < {1}"},
};

const Op le_op{
    .name = "le",
    .summary = "a less than or equal to b",
    .arity = 2,
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise_signed<[](auto x, auto y) { return x <= y; }>,
    .lowering = Elementwise{.code = "{0} <= {1}"},
};

const Op logical_and_op{
    .name = "logical_and",
    .summary = "a and b, of booleans",
    .arity = 2,
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise<[](auto x, auto y) { return x != 0 && y != 0; }>,
    .lowering = Elementwise{.code = "({0} != 0) & ({1} != 0)"},
};

const Op logical_or_op{
    .name = "logical_or",
    .summary = "a or b, of booleans",
    .arity = 2,
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise<[](auto x, auto y) { return x != 0 || y != 0; }>,
    .lowering = Elementwise{.code = "({0} != 0) | ({1} != 0)"},
};

const Op logical_not_op{
    .name = "logical_not",
    .summary = "not a",
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise<[](auto x) { return x == 0; }>,
    .lowering = Elementwise{.code = "{0} == 0"},
};

const Op isnan_op{
    .name = "isnan",
    .summary = "whether a is not a number",
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise<[](auto x) { return x != x; }>,
    .lowering = Elementwise{.code = "{0} != {0}"},
    .complex = complex_rule::either_part,
};

const Op isinf_op{
    .name = "isinf",
    .summary = "whether a is infinite",
    .type = predicate_type,
    .gradient = no_gradient,
    .evaluate = elementwise<[](auto x) { return std::isinf(static_cast<double>(x)); }>,
    .lowering = Elementwise{.code = "lg_abs((double){0}) == __builtin_inf()"},
    .complex = complex_rule::either_part,
};

const Op where_op{
    .name = "where",
    .summary = "a where the condition holds, else b; the side not taken has gradient 0",
    .arity = 3,
    .type = where_type,
    .gradient =
        [](const Application& a) {
          const Expr& condition = a.inputs[0];
          return Exprs{Expr(), where(condition, a.adjoint, 0.0), where(condition, 0.0, a.adjoint)};
        },
    .evaluate = elementwise<[](auto condition, auto x, auto y) { return condition != 0 ? x : y; }>,
    .lowering = Elementwise{.code = "{0} ? {1} : {2}"},
    .examples =
        [] {
          const auto vector = [](const char* name) { return input({DType::float64, {6}}, name); };
          const Expr c = vector("c"), x = vector("x"), y = input({DType::float64, {}}, "y");
          return Exprs{where(c > 0.0, x, vector("z")), where(c > 0.0, x, y)};
        },
    .complex = complex_rule::where,
};

const Op cast_op{
    .name = "cast",
    .summary = "a as another element type; reals to integers by truncation",
    .type = cast_type,
    .gradient =
        [](const Application& a) {
          return Exprs{is_floating(a.inputs[0].dtype()) ? cast(a.adjoint, a.inputs[0].dtype()) : Expr()};
        },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return {inputs[0].cast(node.get<DType>("dtype"))};
    },
    .lowering = Elementwise{.code = "lg_cast({T}, {0})"},
    .examples =
        [] {
          const Expr x = input({DType::float64, {6}}, "x");
          return Exprs{cast(x, DType::int64), cast(x, DType::float32), cast(x > 0.0, DType::float64),
                       cast(x, DType::boolean)};
        },
    .complex = complex_rule::cast,
};

namespace {

/// b op a, remembering for `pp` that the user wrote it the other way round.
Expr mirrored(const Op& op, const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const Operand sides[] = {b, a};
  return make(op, promoted(sides), {{"mirrored", true}}, a.place());
}

}  // namespace

Expr add(const Operand& a, const Operand& b) { return apply_promoted(add_op, {a, b}); }
Expr sub(const Operand& a, const Operand& b) { return apply_promoted(sub_op, {a, b}); }
Expr mul(const Operand& a, const Operand& b) { return apply_promoted(mul_op, {a, b}); }
Expr div(const Operand& a, const Operand& b) { return apply_floating(div_op, {a, b}); }
Expr floor_div(const Operand& a, const Operand& b) { return apply_promoted(floor_div_op, {a, b}); }
Expr mod(const Operand& a, const Operand& b) { return apply_promoted(mod_op, {a, b}); }
Expr neg(const Operand& a) { return apply_promoted(neg_op, {a}); }
Expr abs(const Operand& a) { return apply_promoted(abs_op, {a}); }
Expr sign(const Operand& a) { return apply_promoted(sign_op, {a}); }
Expr sqr(const Operand& a) { return apply_promoted(sqr_op, {a}); }
Expr inv(const Operand& a) { return apply_floating(inv_op, {a}); }
Expr pow(const Operand& a, const Operand& b) {
  const BuiltAt here(a.place());
  const Operand operands[] = {a, b};
  const Exprs both = promoted(operands);
  const auto exponent = literal_value(b);
  if (is_floating(both[0].dtype()) || (exponent && *exponent < 0)) return apply_floating(pow_op, {a, b});
  if (both[0].dtype() == DType::boolean)
    return make(integer_pow_op, {cast(both[0], DType::int8), cast(both[1], DType::int8)}, {}, a.place());
  return make(integer_pow_op, both, {}, a.place());
}
Expr sqrt(const Operand& a) { return apply_floating(sqrt_op, {a}); }
Expr maximum(const Operand& a, const Operand& b) { return apply_promoted(maximum_op, {a, b}); }
Expr minimum(const Operand& a, const Operand& b) { return apply_promoted(minimum_op, {a, b}); }
Expr floor(const Operand& a) { return apply_floating(floor_op, {a}); }
Expr ceil(const Operand& a) { return apply_floating(ceil_op, {a}); }
Expr round(const Operand& a) { return apply_floating(round_op, {a}); }
Expr trunc(const Operand& a) { return apply_floating(trunc_op, {a}); }
Expr eq(const Operand& a, const Operand& b) { return apply_promoted(eq_op, {a, b}); }
Expr neq(const Operand& a, const Operand& b) { return apply_promoted(neq_op, {a, b}); }
Expr lt(const Operand& a, const Operand& b) { return apply_promoted(lt_op, {a, b}); }
Expr le(const Operand& a, const Operand& b) { return apply_promoted(le_op, {a, b}); }
Expr gt(const Operand& a, const Operand& b) { return mirrored(lt_op, a, b); }
Expr ge(const Operand& a, const Operand& b) { return mirrored(le_op, a, b); }
Expr logical_and(const Operand& a, const Operand& b) { return apply_promoted(logical_and_op, {a, b}); }
Expr logical_or(const Operand& a, const Operand& b) { return apply_promoted(logical_or_op, {a, b}); }
Expr logical_not(const Operand& a) { return apply_promoted(logical_not_op, {a}); }
Expr isnan(const Operand& a) { return apply_promoted(isnan_op, {a}); }
Expr isinf(const Operand& a) { return apply_promoted(isinf_op, {a}); }

Expr where(const Operand& condition, const Operand& a, const Operand& b) {
  const BuiltAt here(condition.place());
  const Operand sides[] = {a, b};
  const Exprs values = promoted(sides);
  return make(where_op, {cast(condition, DType::boolean), values[0], values[1]}, {}, condition.place());
}

Expr clip(const Operand& a, const Operand& low, const Operand& high) {
  const BuiltAt here(a.place());
  return minimum({maximum(a, low), a.place()}, high);
}

Expr cast(const Operand& a, DType dtype) {
  if (a.expr().dtype() == dtype) return a;
  if (is_complex(dtype) && !is_complex(a.expr().dtype()))
    return complex(cast(a, part_of(dtype)), constant(0.0, part_of(dtype)));
  if (const auto value = constant_value(a); value && a.expr().rank() == 0) return constant(value->cast(dtype));
  return make(cast_op, {a}, {{"dtype", dtype}}, a.place());
}

Expr operator+(const Operand& a, const Operand& b) { return add(a, b); }
Expr operator-(const Operand& a, const Operand& b) { return sub(a, b); }
Expr operator*(const Operand& a, const Operand& b) { return mul(a, b); }
Expr operator/(const Operand& a, const Operand& b) { return div(a, b); }
Expr operator%(const Operand& a, const Operand& b) { return mod(a, b); }
Expr operator-(const Operand& a) { return neg(a); }
Expr operator<(const Operand& a, const Operand& b) { return lt(a, b); }
Expr operator<=(const Operand& a, const Operand& b) { return le(a, b); }
Expr operator>(const Operand& a, const Operand& b) { return gt(a, b); }
Expr operator>=(const Operand& a, const Operand& b) { return ge(a, b); }

}  // namespace leapgraph::symbolic
