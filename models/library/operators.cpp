/// The operators of the language, under the names that the library has for them.
#include <type_traits>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;

constexpr std::string_view arithmetic = "(int, int) => int | (M, M) => M | (real, M) => M | (M, real) => M";
constexpr std::string_view negation = "(I) => I | (R) => R";

[[noreturn]] void overflow() { throw ArgumentError("the result is beyond 64-bit integers"); }

std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) overflow();
  return result;
}
std::int64_t checked_subtract(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) overflow();
  return result;
}
std::int64_t checked_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) overflow();
  return result;
}
std::int64_t checked_divide(std::int64_t a, std::int64_t b) {
  if (b == 0) throw ArgumentError("division by zero");
  if (b == -1) return checked_subtract(0, a);
  return a / b;
}
std::int64_t checked_modulus(std::int64_t a, std::int64_t b) {
  if (b == 0) throw ArgumentError("division by zero");
  return b == -1 ? 0 : a % b;
}

/// a / b, rounded towards zero as Stan rounds.
Expr truncated_quotient(const Expr& a, const Expr& b) {
  const Expr magnitude = symbolic::floor_div(symbolic::abs(a), symbolic::abs(b));
  return magnitude * symbolic::sign(a) * symbolic::sign(b);
}

Expr build_divide(const BuildCall& call) {
  return call.result.is_int() ? truncated_quotient(call[0], call[1]) : call[0] / call[1];
}

Expr build_multiply(const BuildCall& call) {
  const StanType& left = call.types[0];
  const StanType& right = call.types[1];
  if (left.is_scalar() || right.is_scalar()) return call[0] * call[1];
  if (left.is(Base::vector)) return symbolic::outer(call[0], call[1]);
  // What is left sums over the last axis of the first and the first of the second argument.
  const std::int64_t inner = call.length(0, rank(left) - 1);
  if (inner != call.length(1)) {
    throw ArgumentError("sizes differ: " + describe(call, 0) + " times " + describe(call, 1));
  }
  return symbolic::dot(call[0], call[1]);
}

template <auto definition>
Expr build_map2(const BuildCall& call) {
  require_equal_shapes(call);
  return definition(call[0], call[1]);
}

std::vector<Function> make_operators() {
  using symbolic::eq;
  using symbolic::neq;
  return {
      {.name = "add",
       .summary = "sum, element by element",
       .signature = arithmetic,
       .build = build_map2<[](auto x, auto y) { return x + y; }>,
       .known = {.real_map2 = [](double x, double y) { return x + y; }, .integer_map2 = checked_add}},
      {.name = "subtract",
       .summary = "difference, element by element",
       .signature = arithmetic,
       .build = build_map2<[](auto x, auto y) { return x - y; }>,
       .known = {.real_map2 = [](double x, double y) { return x - y; }, .integer_map2 = checked_subtract}},
      {.name = "multiply",
       .summary = "product: of numbers, of a number and a container, of matrices and vectors",
       .signature = "(int, int) => int | (real, M) => M | (M, real) => M | (matrix, matrix) => matrix | "
                    "(matrix, vector) => vector | (row_vector, matrix) => row_vector | (row_vector, vector) => real | "
                    "(vector, row_vector) => matrix",
       .build = build_multiply,
       .known = {.pairs = false,
                 .real_map2 = [](double x, double y) { return x * y; },
                 .integer_map2 = checked_multiply}},
      {.name = "divide",
       .summary = "quotient; of two integers rounded towards zero",
       .signature = "(int, int) => int | (M, real) => M | (real, M) => M",
       .build = build_divide,
       .known = {.real_map2 = [](double x, double y) { return x / y; }, .integer_map2 = checked_divide}},
      {.name = "modulus",
       .summary = "remainder of the division of integers, with the sign of the first",
       .signature = "(int, int) => int",
       .build = [](const BuildCall& call) { return call[0] - call[1] * truncated_quotient(call[0], call[1]); },
       .known = {.integer_map2 = checked_modulus}},
      {.name = "elt_multiply",
       .summary = "product, element by element",
       .signature = arithmetic,
       .build = build_map2<[](auto x, auto y) { return x * y; }>,
       .known = {.real_map2 = [](double x, double y) { return x * y; }, .integer_map2 = checked_multiply}},
      {.name = "elt_divide",
       .summary = "quotient, element by element; of two integers rounded towards zero",
       .signature = arithmetic,
       .build =
           [](const BuildCall& call) {
             require_equal_shapes(call);
             return build_divide(call);
           },
       .known = {.real_map2 = [](double x, double y) { return x / y; }, .integer_map2 = checked_divide}},
      {.name = "minus",
       .summary = "negation",
       .signature = negation,
       .build = [](const BuildCall& call) { return -call[0]; },
       .known = {.real_map = [](double x) { return -x; },
                 .integer_map = [](std::int64_t x) { return checked_subtract(0, x); }}},
      {.name = "plus",
       .summary = "the argument itself",
       .signature = negation,
       .build = [](const BuildCall& call) { return call[0]; },
       .known = {.real_map = [](double x) { return x; }, .integer_map = [](std::int64_t x) { return x; }}},
      {.name = "transpose",
       .summary = "transposed matrix; a vector becomes a row vector and the reverse",
       .signature = "(matrix) => matrix | (vector) => row_vector | (row_vector) => vector",
       .build =
           [](const BuildCall& call) {
             return call.types[0].is(Base::matrix) ? symbolic::transpose(call[0]) : call[0];
           }},
      {.name = "logical_negation",
       .summary = "1 if the argument is 0, else 0",
       .signature = "(int) => int | (real) => int",
       .build = [](const BuildCall& call) { return symbolic::cast(eq(call[0], 0), symbolic::DType::int64); },
       .known = {.integer_map = [](std::int64_t x) -> std::int64_t { return x == 0 ? 1 : 0; }}},
      {.name = "logical_and",
       .summary = "1 if neither argument is 0, else 0; as && it leaves the second alone when the first decides",
       .signature = "(int, int) => int | (real, real) => int",
       .build =
           [](const BuildCall& call) {
             return symbolic::cast(symbolic::logical_and(neq(call[0], 0), neq(call[1], 0)), symbolic::DType::int64);
           },
       .known = {
           .integer_map2 = [](std::int64_t x, std::int64_t y) -> std::int64_t { return x != 0 && y != 0 ? 1 : 0; },
           .relation = [](double x, double y) -> std::int64_t { return x != 0 && y != 0 ? 1 : 0; }}},
      {.name = "logical_or",
       .summary = "0 if both arguments are 0, else 1; as || it leaves the second alone when the first decides",
       .signature = "(int, int) => int | (real, real) => int",
       .build =
           [](const BuildCall& call) {
             return symbolic::cast(symbolic::logical_or(neq(call[0], 0), neq(call[1], 0)), symbolic::DType::int64);
           },
       .known = {
           .integer_map2 = [](std::int64_t x, std::int64_t y) -> std::int64_t { return x != 0 || y != 0 ? 1 : 0; },
           .relation = [](double x, double y) -> std::int64_t { return x != 0 || y != 0 ? 1 : 0; }}},
      relation<[](auto x, auto y) { return x < y; }>("logical_lt", "1 if less, else 0"),
      relation<[](auto x, auto y) { return x <= y; }>("logical_lte", "1 if less or equal, else 0"),
      relation<[](auto x, auto y) { return (x > y); }>("logical_gt", "1 if greater, else 0"),
      relation<[](auto x, auto y) { return (x >= y); }>("logical_gte", "1 if greater or equal, else 0"),
      relation<[](auto x, auto y) {
        if constexpr (std::is_arithmetic_v<decltype(x)>) {
          return x == y;
        } else {
          return eq(x, y);
        }
      }>("logical_eq", "1 if equal, else 0"),
      relation<[](auto x, auto y) {
        if constexpr (std::is_arithmetic_v<decltype(x)>) {
          return x != y;
        } else {
          return neq(x, y);
        }
      }>("logical_neq", "1 if not equal, else 0"),
  };
}

}  // namespace

std::span<const Function> operator_functions() {
  static const std::vector<Function> table = make_operators();
  return table;
}

}  // namespace leapgraph::models::library
