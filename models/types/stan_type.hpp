/// The types of the Stan language as values: how they are written, which promote to which, what indexing leaves of
/// them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace leapgraph::models {

/// What an array is an array of. `text` is a string literal, `none` what a `void` function returns; `unknown` is the
/// type of an expression with an error in it, which is not complained about again.
enum class Base {
  integer,
  real,
  complex,
  vector,
  row_vector,
  matrix,
  complex_vector,
  complex_row_vector,
  complex_matrix,
  tuple,
  text,
  none,
  unknown
};

/// A type without sizes: `depth` array dimensions around a base.
struct StanType {
  Base base = Base::real;
  int depth = 0;
  std::vector<StanType> slots = {};  ///< of a tuple

  bool operator==(const StanType&) const = default;

  bool is_array() const { return depth > 0; }
  bool is(Base b) const { return depth == 0 && base == b; }
  bool is_int() const { return is(Base::integer); }
  bool is_real() const { return is(Base::real); }
  bool is_complex() const { return is(Base::complex); }
  /// int or real: what arithmetic on plain numbers takes.
  bool is_scalar() const { return is_int() || is_real(); }
  bool is_unknown() const { return base == Base::unknown; }
};

namespace stan_types {
inline const StanType integer{Base::integer};
inline const StanType real{Base::real};
inline const StanType complex{Base::complex};
inline const StanType vector{Base::vector};
inline const StanType row_vector{Base::row_vector};
inline const StanType matrix{Base::matrix};
inline const StanType none{Base::none};
inline const StanType unknown{Base::unknown};
}  // namespace stan_types

/// As Stan writes it: "array[,] vector", "tuple(int, real)".
std::string to_string(const StanType& type);
/// "(int, vector)"
std::string to_string(std::span<const StanType> types);

StanType array_of(StanType element, int depth = 1);
/// One array dimension less. Throws InternalError for what is not an array.
StanType element_of(const StanType& type);

/// Dimensions of a value: array dimensions and those of vectors and matrices. A tuple has those of its arrays only.
int rank(const StanType& type);
/// Dimensions of the base: 0, 1 for vectors, 2 for matrices.
int base_rank(Base base);
/// A matrix that is no array.
inline bool is_one_matrix(const StanType& type) { return !type.is_array() && base_rank(type.base) == 2; }
/// Elements are integers.
bool holds_integers(const StanType& type);
/// Elements are int or real numbers, in any container.
bool holds_reals(const StanType& type);
bool holds_complex(const StanType& type);

/// The promotion steps from `from` to `to`: 0 for the same type, 1 from int to real and from real to complex, in arrays
/// and tuples as in their elements; nothing where there is no way.
std::optional<int> promotions(const StanType& from, const StanType& to);
inline bool promotes(const StanType& from, const StanType& to) { return promotions(from, to).has_value(); }
/// The least type that both promote to, as the elements of an array literal need it.
std::optional<StanType> common_type(const StanType& a, const StanType& b);
/// The same container with real elements.
StanType with_reals(StanType type);
/// The same container of complex numbers, and of their real parts. A type that has neither is returned as it is.
StanType with_complex(StanType type);
StanType with_real_parts(StanType type);

/// One index of `x[...]`: a single integer drops its dimension, all others keep it.
enum class IndexKind { single, multiple };
/// The type of `x[indices]`; nothing when there are more indices than dimensions.
std::optional<StanType> indexed(const StanType& type, std::span<const IndexKind> indices);

}  // namespace leapgraph::models
