/// Functions of complex numbers: those that reals have too, and parts, polar form, Fourier transforms.

#include "leapgraph/symbolic/complex.hpp"

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/symbolic/fft.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;

/// A function whose definition for reals holds for complex numbers too.
struct SameAsForReals {
  std::string_view name;
  std::string_view signature;
};

constexpr std::string_view elementwise_pair = "(C, C) => C | (complex, C) => C | (C, complex) => C";
constexpr std::string_view one_number = "(complex) => complex";
constexpr std::string_view complex_size = "(complex_vector) => int | (complex_row_vector) => int | (complex_matrix) => int";
constexpr std::string_view of_all_elements =
    "(array[] complex) => complex | (complex_vector) => complex | (complex_row_vector) => complex | "
    "(complex_matrix) => complex";
constexpr std::string_view of_each_column =
    "(complex_vector, complex_vector) => complex_row_vector | (complex_row_vector, complex_row_vector) => "
    "complex_row_vector | (complex_matrix, complex_matrix) => complex_row_vector";
constexpr std::string_view of_each_row =
    "(complex_vector, complex_vector) => complex_vector | (complex_row_vector, complex_row_vector) => complex_vector | "
    "(complex_matrix, complex_matrix) => complex_vector";
constexpr std::string_view scaled_rows =
    "(complex_vector, complex_matrix) => complex_matrix | (complex_row_vector, complex_matrix) => complex_matrix";
constexpr std::string_view scaled_columns =
    "(complex_matrix, complex_vector) => complex_matrix | (complex_matrix, complex_row_vector) => complex_matrix";

constexpr std::array<SameAsForReals, 58> same_as_for_reals = {{
    {"add", elementwise_pair},
    {"subtract", elementwise_pair},
    {"multiply",
     "(complex, C) => C | (C, complex) => C | (complex_matrix, complex_matrix) => complex_matrix | "
     "(complex_matrix, complex_vector) => complex_vector | (complex_row_vector, complex_matrix) => complex_row_vector "
     "| "
     "(complex_row_vector, complex_vector) => complex | (complex_vector, complex_row_vector) => complex_matrix"},
    {"divide", "(complex, C) => C | (C, complex) => C"},
    {"elt_multiply", elementwise_pair},
    {"elt_divide", elementwise_pair},
    {"pow", elementwise_pair},
    {"minus", "(Z) => Z"},
    {"plus", one_number},
    {"transpose",
     "(complex_vector) => complex_row_vector | (complex_row_vector) => complex_vector | (complex_matrix) => "
     "complex_matrix"},
    {"exp", one_number},
    {"log", one_number},
    {"log10", one_number},
    {"sqrt", one_number},
    {"sin", one_number},
    {"cos", one_number},
    {"tan", one_number},
    {"asin", one_number},
    {"acos", one_number},
    {"atan", one_number},
    {"sinh", one_number},
    {"cosh", one_number},
    {"tanh", one_number},
    {"asinh", one_number},
    {"acosh", one_number},
    {"atanh", one_number},
    {"rows", complex_size},
    {"cols", complex_size},
    {"rep_vector", "(complex, int) => complex_vector"},
    {"rep_row_vector", "(complex, int) => complex_row_vector"},
    {"rep_matrix",
     "(complex, int, int) => complex_matrix | (complex_vector, int) => complex_matrix | (complex_row_vector, int) => "
     "complex_matrix"},
    {"diag_matrix", "(complex_vector) => complex_matrix"},
    {"to_vector",
     "(complex_vector) => complex_vector | (complex_row_vector) => complex_vector | (complex_matrix) => complex_vector "
     "| (array[] complex) => complex_vector"},
    {"to_row_vector",
     "(complex_row_vector) => complex_row_vector | (complex_vector) => complex_row_vector | (complex_matrix) => "
     "complex_row_vector | (array[] complex) => complex_row_vector"},
    {"to_matrix",
     "(complex_matrix) => complex_matrix | (complex_vector) => complex_matrix | (complex_row_vector) => complex_matrix "
     "| (array[,] complex) => complex_matrix | (array[] complex_row_vector) => complex_matrix | (C, int, int) => "
     "complex_matrix | (array[] complex, int, int) => complex_matrix | (C, int, int, int) => complex_matrix | (array[] "
     "complex, int, int, int) => complex_matrix"},
    {"to_array_1d",
     "(complex_vector) => array[] complex | (complex_row_vector) => array[] complex | (complex_matrix) => array[] "
     "complex | (array[,] complex) => array[] complex | (array[,,] complex) => array[] complex"},
    {"to_array_2d", "(complex_matrix) => array[,] complex"},
    {"head", "(complex_vector, int) => complex_vector | (complex_row_vector, int) => complex_row_vector"},
    {"tail", "(complex_vector, int) => complex_vector | (complex_row_vector, int) => complex_row_vector"},
    {"segment", "(complex_vector, int, int) => complex_vector | (complex_row_vector, int, int) => complex_row_vector"},
    {"reverse", "(complex_vector) => complex_vector | (complex_row_vector) => complex_row_vector"},
    {"row", "(complex_matrix, int) => complex_row_vector"},
    {"col", "(complex_matrix, int) => complex_vector"},
    {"block", "(complex_matrix, int, int, int, int) => complex_matrix"},
    {"sub_col", "(complex_matrix, int, int, int) => complex_vector"},
    {"sub_row", "(complex_matrix, int, int, int) => complex_row_vector"},
    {"diagonal", "(complex_matrix) => complex_vector"},
    {"append_row",
     "(complex, complex_vector) => complex_vector | (complex_vector, complex) => complex_vector | (complex_vector, "
     "complex_vector) => complex_vector | (complex_matrix, complex_matrix) => complex_matrix | (complex_matrix, "
     "complex_row_vector) => complex_matrix | (complex_row_vector, complex_matrix) => complex_matrix | "
     "(complex_row_vector, complex_row_vector) => complex_matrix"},
    {"append_col",
     "(complex, complex_row_vector) => complex_row_vector | (complex_row_vector, complex) => complex_row_vector | "
     "(complex_row_vector, complex_row_vector) => complex_row_vector | (complex_matrix, complex_matrix) => "
     "complex_matrix | (complex_matrix, complex_vector) => complex_matrix | (complex_vector, complex_matrix) => "
     "complex_matrix | (complex_vector, complex_vector) => complex_matrix"},
    {"cumulative_sum",
     "(array[] complex) => array[] complex | (complex_vector) => complex_vector | (complex_row_vector) => "
     "complex_row_vector"},
    {"sum", of_all_elements},
    {"prod", of_all_elements},
    {"columns_dot_product", of_each_column},
    {"rows_dot_product", of_each_row},
    {"diag_pre_multiply", scaled_rows},
    {"diag_post_multiply", scaled_columns},
    {"trace", "(complex_matrix) => complex"},
    {"add_diag",
     "(complex_matrix, complex) => complex_matrix | (complex_matrix, complex_vector) => complex_matrix | "
     "(complex_matrix, complex_row_vector) => complex_matrix"},
}};

const Function& real_record(std::string_view name) {
  for (const auto family : {operator_functions(), elementwise_functions(), reduction_functions(), container_functions(),
                            matrix_functions()}) {
    for (const Function& function : family)
      if (function.name == name) return function;
  }
  throw InternalError("no function of reals named " + std::string(name));
}

Expr squared_modulus(const Expr& z) { return symbolic::sqr(symbolic::real(z)) + symbolic::sqr(symbolic::imag(z)); }

/// conj(x) . y
Expr inner_product(const BuildCall& call) {
  if (call.length(0) != call.length(1))
    throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, 1));
  return symbolic::sum(symbolic::conj(call[0]) * call[1]);
}

/// z, or for an infinite z the one point at infinity, with the sign of its imaginary part on a zero.
Expr project(const Expr& z) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Expr x = symbolic::real(z), y = symbolic::imag(z);
  const Expr is_infinite = symbolic::logical_or(symbolic::isinf(x), symbolic::isinf(y));
  const Expr zero = symbolic::where(y < 0.0, -0.0, 0.0);
  return symbolic::complex(symbolic::where(is_infinite, infinity, x), symbolic::where(is_infinite, zero, y));
}

template <Expr (*transform)(const symbolic::Operand&, symbolic::FftNorm)>
Expr along_both_axes(const BuildCall& call) {
  constexpr auto norm = symbolic::FftNorm::backward;
  return symbolic::transpose(transform(symbolic::transpose(transform(call[0], norm)), norm));
}

std::vector<Function> make_complex() {
  std::vector<Function> table = {
      {"get_real", "real part", "(Z) => real Z", [](const BuildCall& c) { return symbolic::real(c[0]); }},
      {"get_imag", "imaginary part", "(Z) => real Z", [](const BuildCall& c) { return symbolic::imag(c[0]); }},
      {"conj", "complex conjugate", "(Z) => Z", [](const BuildCall& c) { return symbolic::conj(c[0]); }},
      {"abs", "absolute value of complex numbers", "(Z) => real Z",
       [](const BuildCall& c) { return symbolic::modulus(symbolic::real(c[0]), symbolic::imag(c[0])); }},
      {"norm", "square of the absolute value", "(complex) => real",
       [](const BuildCall& c) { return squared_modulus(c[0]); }},
      {"arg", "phase, from -pi to pi", "(complex) => real", [](const BuildCall& c) { return symbolic::angle(c[0]); }},
      {"proj", "projection onto the Riemann sphere", one_number, [](const BuildCall& c) { return project(c[0]); }},
      {"polar", "complex number of modulus r and phase theta", "(real, real) => complex",
       [](const BuildCall& c) { return symbolic::complex_from_polar(c[0], c[1]); }},
      {"to_complex", "complex number of real and imaginary part",
       "() => complex | (real) => complex | (real, real) => complex | (vector, vector) => complex_vector | "
       "(row_vector, "
       "row_vector) => complex_row_vector | (matrix, matrix) => complex_matrix | (array[] real, array[] real) => "
       "array[] complex | (real, vector) => complex_vector | (vector, real) => complex_vector | (real, row_vector) => "
       "complex_row_vector | (row_vector, real) => complex_row_vector | (real, matrix) => complex_matrix | (matrix, "
       "real) => complex_matrix | (real, array[] real) => array[] complex | (array[] real, real) => array[] complex",
       [](const BuildCall& c) {
         if (c.arguments.empty()) return symbolic::complex(0.0, 0.0);
         require_equal_shapes(c);
         return c.arguments.size() == 1 ? symbolic::complex(c[0], 0.0) : symbolic::complex(c[0], c[1]);
       }},
      {"logical_eq", "equality of complex numbers", "(complex, complex) => int",
       [](const BuildCall& c) { return symbolic::cast(symbolic::eq(c[0], c[1]), symbolic::DType::int64); }},
      {"logical_neq", "inequality of complex numbers", "(complex, complex) => int",
       [](const BuildCall& c) { return symbolic::cast(symbolic::neq(c[0], c[1]), symbolic::DType::int64); }},
      {"dot_product", "sum of products with the conjugates of the first",
       "(complex_vector, complex_vector) => complex | (complex_row_vector, complex_row_vector) => complex | "
       "(complex_vector, complex_row_vector) => complex | (complex_row_vector, complex_vector) => complex",
       inner_product},
      {"dot_product", "sum of products of complex numbers", "(array[] complex, array[] complex) => complex",
       [](const BuildCall& c) {
         require_equal_shapes(c);
         return symbolic::sum(c[0] * c[1]);
       }},
      {"dot_self", "sum of squared absolute values", "(complex_vector) => complex | (complex_row_vector) => complex",
       [](const BuildCall& c) { return symbolic::complex(symbolic::sum(squared_modulus(c[0])), 0.0); }},
      {"fft", "discrete Fourier transform", "(complex_vector) => complex_vector",
       [](const BuildCall& c) { return symbolic::fft(c[0]); }},
      {"inv_fft", "inverse discrete Fourier transform", "(complex_vector) => complex_vector",
       [](const BuildCall& c) { return symbolic::ifft(c[0]); }},
      {"fft2", "discrete Fourier transform along columns and rows", "(complex_matrix) => complex_matrix",
       along_both_axes<symbolic::fft>},
      {"inv_fft2", "inverse of fft2", "(complex_matrix) => complex_matrix", along_both_axes<symbolic::ifft>},
  };
  for (const SameAsForReals& row : same_as_for_reals) {
    const Function& real = real_record(row.name);
    table.push_back({.name = row.name, .summary = real.summary, .signature = row.signature, .build = real.build});
  }
  return table;
}

}  // namespace

std::span<const Function> complex_functions() {
  static const std::vector<Function> table = make_complex();
  return table;
}

}  // namespace leapgraph::models::library
