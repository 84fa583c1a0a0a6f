/// Known values: first the record's own functions on plain numbers, else the expression it builds, interpreted.
#include "leapgraph/models/library/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;

DType dtype_of(const StanType& type) { return holds_integers(type) ? DType::int64 : DType::float64; }

/// Element `i` of a container, or the scalar that meets all of its elements.
template <class T>
struct Elements {
  std::span<const T> values;
  std::size_t step;
  explicit Elements(const Array& array) : values(array.data<T>()), step(array.shape().empty() ? 0 : 1) {}
  T operator[](std::size_t i) const { return values[i * step]; }
};

template <class T, class Result>
Array map(Result (*f)(T), const Array& x) {
  Array result(symbolic::Type{symbolic::DTypeOf<Result>::value, x.shape()});
  const auto from = x.data<T>();
  const auto to = result.data<Result>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = f(from[i]);
  return result;
}

template <class T, class Result>
std::optional<Array> map2(Result (*f)(T, T), const Array& x, const Array& y) {
  const bool x_is_container = !x.shape().empty();
  if (x_is_container && !y.shape().empty() && x.shape() != y.shape()) return std::nullopt;  // `build` explains
  Array result(symbolic::Type{symbolic::DTypeOf<Result>::value, x_is_container ? x.shape() : y.shape()});
  const Elements<T> a(x), b(y);
  const auto to = result.data<Result>();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = f(a[i], b[i]);
  return result;
}

/// The value by the record's own functions, where one of them is meant for arguments like these.
std::optional<Array> evaluate_directly(const Known& known, const Resolution& resolution, std::span<const Array> x) {
  const bool integers = !x.empty() && x[0].dtype() == DType::int64;
  const bool same_dtype = x.size() < 2 || x[0].dtype() == x[1].dtype();
  const bool reduces = x.size() == 1 && rank(resolution.result) == 0 && rank(resolution.parameters[0]) > 0;
  if (reduces) {
    if (integers && known.integer_reduction) return Array::scalar(known.integer_reduction(x[0].data<std::int64_t>()));
    if (!integers && known.real_reduction) return Array::scalar(known.real_reduction(x[0].data<double>()));
  } else if (x.size() == 1) {
    if (integers && known.integer_map) return map(known.integer_map, x[0]);
    if (!integers && known.real_map) return map(known.real_map, x[0]);
  } else if (x.size() == 2 && same_dtype) {
    if (integers && known.integer_map2) return map2(known.integer_map2, x[0], x[1]);
    if (!integers && known.relation) return map2(known.relation, x[0], x[1]);
    const bool one_scalar = x[0].shape().empty() || x[1].shape().empty();
    if (!integers && known.real_map2 && (known.pairs || one_scalar)) return map2(known.real_map2, x[0], x[1]);
  }
  return std::nullopt;
}

/// Complex numbers are pairs along a last axis outside of the library, complex tensors in it.
Expr from_pairs(const Expr& x, const StanType& type) {
  if (x.rank() == rank(type)) return symbolic::complex(x, 0.0);
  return symbolic::complex(symbolic::at(x, 0, -1), symbolic::at(x, 1, -1));
}
Expr to_pairs(const Expr& z) { return symbolic::stack({symbolic::real(z), symbolic::imag(z)}, -1); }

bool has_nan(const Array& x) {
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x.real(i))) return true;
  }
  return false;
}

/// "takes p between 0 and 1, found 1.5": of containers the element that belongs to element `i` of the value.
[[noreturn]] void refuse(const Function& function, const Resolution& resolution, std::span<const Array> arguments,
                         const symbolic::Shape& shape, std::int64_t i) {
  std::string found;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const Array& x = arguments[k];
    const bool by_element = x.shape() == shape && !resolution.parameters[k].is(Base::matrix);
    found += (k > 0 ? ", " : "");
    found += x.shape().empty() || by_element ? fmt::format("{}", x.real(x.shape().empty() ? 0 : i))
                                             : describe(resolution.parameters[k], x.shape());
  }
  throw ArgumentError(fmt::format("takes {}, found {}", function.domain, found));
}

/// A value that is nan although no argument is.
void require_in_domain(const Function& function, const Resolution& resolution, std::span<const Array> arguments,
                       const Array& value) {
  if (function.domain.empty() || !has_nan(value)) return;
  if (std::any_of(arguments.begin(), arguments.end(), has_nan)) return;
  std::int64_t i = 0;
  while (!std::isnan(value.real(i))) ++i;
  refuse(function, resolution, arguments, value.shape(), i);
}

Array interpreted(const Function& function, const Resolution& resolution, std::span<const Array> arguments) {
  symbolic::Exprs expressions;
  for (const Array& value : arguments) expressions.push_back(symbolic::constant(value));
  const Expr expression = build(function, resolution, expressions);
  if (function.domain.empty()) return symbolic::interpret({{}, {expression}}, {}).at(0);
  try {
    return symbolic::interpret({{}, {expression}}, {}).at(0);
  } catch (const symbolic::GraphError&) {  // a matrix that has no factor or inverse
    refuse(function, resolution, arguments, {}, 0);
  }
}

}  // namespace

Array evaluate(const Function& function, const Resolution& resolution, std::span<const Array> arguments) {
  std::vector<Array> promoted;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const DType dtype = dtype_of(resolution.parameters[i]);
    promoted.push_back(arguments[i].dtype() == dtype ? arguments[i] : arguments[i].cast(dtype));
  }
  std::optional<Array> directly = evaluate_directly(function.known, resolution, promoted);
  Array value = directly ? *std::move(directly) : interpreted(function, resolution, promoted);
  require_in_domain(function, resolution, promoted, value);
  return value;
}

Expr build(const Function& function, const Resolution& resolution, std::span<const Expr> arguments) {
  symbolic::Exprs promoted;
  std::vector<StanType> types;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const StanType& type = resolution.parameters[i];
    const DType dtype = dtype_of(type);
    types.push_back(with_real_parts(type));
    if (holds_complex(type)) {
      promoted.push_back(from_pairs(arguments[i], type));
    } else if (arguments[i].dtype() == dtype) {
      promoted.push_back(arguments[i]);
    } else if (const std::optional<Array> known = symbolic::constant_value(arguments[i])) {
      promoted.push_back(symbolic::constant(known->cast(dtype)));  // stays known to functions that must know it
    } else {
      promoted.push_back(symbolic::cast(arguments[i], dtype));
    }
  }
  const Expr result = function.build({promoted, types, with_real_parts(resolution.result), resolution.slot});
  return holds_complex(resolution.result) ? to_pairs(result) : result;
}

Expr log_jacobian(const Function& function, const Resolution& resolution, std::span<const Expr> arguments) {
  Function term = function;
  term.build = function.log_jacobian;
  Resolution to_real = resolution;
  to_real.result = stan_types::real;
  return build(term, to_real, arguments);
}

}  // namespace leapgraph::models::library
