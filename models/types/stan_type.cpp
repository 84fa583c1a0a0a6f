/// The rules of Stan's types (reference manual, "Types" and "Indexing").
#include "leapgraph/models/types/stan_type.hpp"

#include <algorithm>
#include <array>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::models {
namespace {

/// Everything about a base, in the order of the enumeration.
struct BaseInfo {
  Base base;
  const char* text;
  int rank;
  Base scalar;    // what its elements are
  Base promoted;  // what it becomes in one step; itself when there is none
};

constexpr std::array<BaseInfo, 13> bases = {{
    {Base::integer, "int", 0, Base::integer, Base::real},
    {Base::real, "real", 0, Base::real, Base::complex},
    {Base::complex, "complex", 0, Base::complex, Base::complex},
    {Base::vector, "vector", 1, Base::real, Base::complex_vector},
    {Base::row_vector, "row_vector", 1, Base::real, Base::complex_row_vector},
    {Base::matrix, "matrix", 2, Base::real, Base::complex_matrix},
    {Base::complex_vector, "complex_vector", 1, Base::complex, Base::complex_vector},
    {Base::complex_row_vector, "complex_row_vector", 1, Base::complex, Base::complex_row_vector},
    {Base::complex_matrix, "complex_matrix", 2, Base::complex, Base::complex_matrix},
    {Base::tuple, "tuple", 0, Base::tuple, Base::tuple},
    {Base::text, "string", 0, Base::text, Base::text},
    {Base::none, "void", 0, Base::none, Base::none},
    {Base::unknown, "unknown", 0, Base::unknown, Base::unknown},
}};

const BaseInfo& info(Base base) { return bases[static_cast<std::size_t>(base)]; }

}  // namespace

std::string to_string(const StanType& type) {
  std::string text;
  if (type.depth > 0) text = "array[" + std::string(static_cast<std::size_t>(type.depth - 1), ',') + "] ";
  text += info(type.base).text;
  if (type.base == Base::tuple) text += to_string(std::span(type.slots));
  return text;
}

std::string to_string(std::span<const StanType> types) {
  std::string text = "(";
  for (const StanType& type : types) text += (text.size() > 1 ? ", " : "") + to_string(type);
  return text + ")";
}

StanType array_of(StanType element, int depth) {
  element.depth += depth;
  return element;
}

StanType element_of(const StanType& type) {
  if (!type.is_array()) throw InternalError("element_of a type that is not an array");
  return array_of(type, -1);
}

int base_rank(Base base) { return info(base).rank; }
int rank(const StanType& type) { return type.depth + base_rank(type.base); }
bool holds_integers(const StanType& type) { return type.base == Base::integer; }
bool holds_complex(const StanType& type) { return info(type.base).scalar == Base::complex; }
bool holds_reals(const StanType& type) { return holds_integers(type) || info(type.base).scalar == Base::real; }

std::optional<int> promotions(const StanType& from, const StanType& to) {
  if (from.is_unknown() || to.is_unknown()) return 0;
  if (from.depth != to.depth) return std::nullopt;
  if (from.base == Base::tuple && to.base == Base::tuple) {
    if (from.slots.size() != to.slots.size()) return std::nullopt;
    int total = 0;
    for (std::size_t i = 0; i < from.slots.size(); ++i) {
      const std::optional<int> steps = promotions(from.slots[i], to.slots[i]);
      if (!steps) return std::nullopt;
      total += *steps;
    }
    return total;
  }
  Base base = from.base;
  for (int steps = 0;; ++steps) {
    if (base == to.base) return steps;
    if (info(base).promoted == base) return std::nullopt;
    base = info(base).promoted;
  }
}

std::optional<StanType> common_type(const StanType& a, const StanType& b) {
  if (a.is_unknown()) return b;
  if (promotes(a, b)) return b;
  if (promotes(b, a)) return a;
  if (a.base != Base::tuple || b.base != Base::tuple || a.depth != b.depth || a.slots.size() != b.slots.size()) {
    return std::nullopt;
  }
  StanType result = a;
  for (std::size_t i = 0; i < a.slots.size(); ++i) {
    const std::optional<StanType> slot = common_type(a.slots[i], b.slots[i]);
    if (!slot) return std::nullopt;
    result.slots[i] = *slot;
  }
  return result;
}

StanType with_reals(StanType type) {
  if (type.base == Base::integer) type.base = Base::real;
  return type;
}

StanType with_complex(StanType type) {
  while (!holds_complex(type) && info(type.base).promoted != type.base) type.base = info(type.base).promoted;
  return type;
}

StanType with_real_parts(StanType type) {
  if (!holds_complex(type)) return type;
  for (const BaseInfo& candidate : bases)
    if (candidate.scalar == Base::real && candidate.promoted == type.base) type.base = candidate.base;
  return type;
}

std::optional<StanType> indexed(const StanType& type, std::span<const IndexKind> indices) {
  if (type.is_unknown()) return type;
  StanType result = type;
  std::size_t next = 0;
  for (int dimension = 0; dimension < type.depth && next < indices.size(); ++dimension, ++next) {
    if (indices[next] == IndexKind::single) --result.depth;
  }
  const std::span<const IndexKind> rest = indices.subspan(next);
  if (rest.empty()) return result;
  if (static_cast<int>(rest.size()) > base_rank(type.base)) return std::nullopt;

  const bool complex = holds_complex(type);
  const Base scalar = complex ? Base::complex : Base::real;
  const Base column = complex ? Base::complex_vector : Base::vector;
  const Base row = complex ? Base::complex_row_vector : Base::row_vector;
  const bool first_single = rest[0] == IndexKind::single;
  if (base_rank(type.base) == 1) {
    if (first_single) result.base = scalar;
    return result;
  }
  const bool second_single = rest.size() == 2 && rest[1] == IndexKind::single;
  if (first_single) {
    result.base = second_single ? scalar : row;
  } else if (second_single) {
    result.base = column;
  }
  return result;
}

}  // namespace leapgraph::models
