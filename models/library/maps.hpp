/// Records of functions that act element by element: one definition, written over "a number", serves expressions and
/// plain numbers alike.
#pragma once

#include <cmath>
#include <string_view>

#include "leapgraph/models/library/function.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {

/// Throws ArgumentError when containers among the arguments have different shapes.
void require_equal_shapes(const BuildCall& call);

/// A function of one real. `definition` is a generic lambda over Expr and double.
template <auto definition>
Function real_map(std::string_view name, std::string_view summary, std::string_view domain = {}) {
  return {.name = name,
          .summary = summary,
          .signature = "(R) => R",
          .build = [](const BuildCall& call) -> symbolic::Expr { return definition(call[0]); },
          .known = {.real_map = [](double x) -> double { return definition(x); }},
          .domain = domain};
}

/// A function of two reals; a scalar meets every element of a container.
template <auto definition>
Function real_map2(std::string_view name, std::string_view summary,
                   std::string_view signature = "(R, R) => R | (real, R) => R | (R, real) => R") {
  return {.name = name,
          .summary = summary,
          .signature = signature,
          .build = [](const BuildCall& call) -> symbolic::Expr {
            require_equal_shapes(call);
            return definition(call[0], call[1]);
          },
          .known = {.real_map2 = [](double x, double y) -> double { return definition(x, y); }}};
}

/// A comparison: an int, 0 or 1. `compare` makes an expression of two expressions, a bool of two numbers.
template <auto compare>
Function relation(std::string_view name, std::string_view summary) {
  return {
      .name = name,
      .summary = summary,
      .signature = "(int, int) => int | (real, real) => int",
      .build = [](const BuildCall& call) -> symbolic::Expr {
        return symbolic::cast(compare(call[0], call[1]), symbolic::DType::int64);
      },
      .known = {.integer_map2 = [](std::int64_t x, std::int64_t y) -> std::int64_t { return compare(x, y) ? 1 : 0; },
                .relation = [](double x, double y) -> std::int64_t { return compare(x, y) ? 1 : 0; }}};
}

}  // namespace leapgraph::models::library
