/// Functions without arguments: mathematical constants and the limits of real numbers.
#include <limits>
#include <numbers>
#include <vector>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

struct Constant {
  std::string_view name;
  std::string_view summary;
  symbolic::Expr (*build)(const BuildCall&);
};

template <auto value>
symbolic::Expr literal(const BuildCall&) {
  return symbolic::constant(value());
}

using Limits = std::numeric_limits<double>;

constexpr Constant constants[] = {
    {"pi", "circumference of a circle of diameter 1", literal<[] { return std::numbers::pi; }>},
    {"e", "base of the natural logarithm", literal<[] { return std::numbers::e; }>},
    {"sqrt2", "square root of 2", literal<[] { return std::numbers::sqrt2; }>},
    {"log2", "natural logarithm of 2", literal<[] { return std::numbers::ln2; }>},
    {"log10", "natural logarithm of 10", literal<[] { return std::numbers::ln10; }>},
    {"not_a_number", "nan", literal<[] { return Limits::quiet_NaN(); }>},
    {"positive_infinity", "greater than every number", literal<[] { return Limits::infinity(); }>},
    {"negative_infinity", "less than every number", literal<[] { return -Limits::infinity(); }>},
    {"machine_precision", "distance from 1 to the next number", literal<[] { return Limits::epsilon(); }>},
};

}  // namespace

std::span<const Function> constant_functions() {
  static const std::vector<Function> table = [] {
    std::vector<Function> result;
    for (const Constant& constant : constants) {
      result.push_back(
          {.name = constant.name, .summary = constant.summary, .signature = "() => real", .build = constant.build});
    }
    return result;
  }();
  return table;
}

}  // namespace leapgraph::models::library
