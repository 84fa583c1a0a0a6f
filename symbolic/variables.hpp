/// Makers of variables: `dmatrix("X")`, `auto [a, b] = lvectors("a", "b")`, for every element type and rank, with names
/// for dimensions.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/type.hpp"

namespace leapgraph::symbolic {

using Where = std::source_location;

/// How many axes a variable has, and which of them have length 1. All other lengths are unknown until a call.
enum class Rank : std::uint8_t { scalar, vector, matrix, row, col, tensor3, tensor4, tensor5, tensor6, tensor7 };

/// One axis of a variable: a length, a name, both or neither. Axes of one name have one length in every call.
struct Dimension {
  Dimension() = default;
  Dimension(const char* text) : name(text) {}
  Dimension(std::string text, std::int64_t known = unknown) : name(std::move(text)), length(known) {}
  Dimension(std::integral auto known) : length(static_cast<std::int64_t>(known)) {}

  std::string name;
  std::int64_t length = unknown;
};
using Dimensions = std::vector<Dimension>;

/// The name of a variable, and the place where it was written.
struct VariableName {
  VariableName(const char* name, Where where = Where::current()) : text(name), place(where) {}
  VariableName(std::string name, Where where = Where::current()) : text(std::move(name)), place(where) {}

  std::string text;
  Where place;
};

/// An element type with a rank: makes variables.
struct VariableType {
  DType dtype;
  Rank rank;

  /// A new variable, whatever its name. Unnamed without one.
  Expr operator()(const VariableName& name) const { return (*this)(name.text, name.place); }
  Expr operator()(Where place = Where::current()) const { return (*this)(std::string(), place); }
  Expr operator()(std::string name, Where place) const;
  /// With lengths or names for the axes, one each: `dmatrix("X", {"N", 3})`. Throws ShapeError for another number of
  /// axes, or where a row or column gets another length than 1.
  Expr operator()(std::string name, const Dimensions& dimensions, Where place = Where::current()) const;

  Type type() const;
  operator Type() const { return type(); }
  /// "dmatrix"; types without a letter are written out: "float16_matrix".
  std::string name() const;
  bool operator==(const VariableType&) const = default;
};

/// The same for several variables at once.
struct VariableTypes {
  VariableType one;

  using Name = const VariableName&;
  std::array<Expr, 1> operator()(Name a) const { return {one(a)}; }
  std::array<Expr, 2> operator()(Name a, Name b) const { return {one(a), one(b)}; }
  std::array<Expr, 3> operator()(Name a, Name b, Name c) const { return {one(a), one(b), one(c)}; }
  std::array<Expr, 4> operator()(Name a, Name b, Name c, Name d) const { return {one(a), one(b), one(c), one(d)}; }
  std::array<Expr, 5> operator()(Name a, Name b, Name c, Name d, Name e) const {
    return {one(a), one(b), one(c), one(d), one(e)};
  }
  std::array<Expr, 6> operator()(Name a, Name b, Name c, Name d, Name e, Name f) const {
    return {one(a), one(b), one(c), one(d), one(e), one(f)};
  }
};

/// A variable of any element type and rank.
Expr variable(DType dtype, Rank rank, std::string name, Where place = Where::current());
/// A variable with names or lengths for its axes, of which there may be any number.
Expr variable(DType dtype, const Dimensions& dimensions, std::string name, Where place = Where::current());

/// The 80 types below that Theano has too: eight letters, ten ranks.
std::span<const VariableType> all_variable_types();
/// "float64 matrix", "int32 row", "float64 tensor3": the rank of a type in words.
std::string rank_text(const Type& type);

/// Names of the axes of a variable, "" where one has none; empty where none has.
std::vector<std::string> dimension_names(const Expr& variable);
/// The same for any expression: elementwise functions, reductions, products and transposes hand names on. Takes a walk
/// over the graph.
std::vector<std::string> names_handed_on(const Expr& e);
/// A variable like `old`, with its name, names of axes and place, of another type.
Expr retyped(const Expr& old, Type type);
/// "float64[N=3, D=5]": a type with names for its axes; without names as `to_string`.
std::string named_text(const Type& type, const std::vector<std::string>& names);
/// Throws ShapeError where axes of one name have different lengths in `shapes`, one shape a variable:
/// "argument 'w': dimension D is 4, but D is 5 in argument 'X'".
void require_one_length_a_name(std::span<const Expr> variables, std::span<const Shape> shapes);

// --- b: int8 ---

inline constexpr VariableType bscalar{DType::int8, Rank::scalar};
inline constexpr VariableType bvector{DType::int8, Rank::vector};
inline constexpr VariableType bmatrix{DType::int8, Rank::matrix};
inline constexpr VariableType brow{DType::int8, Rank::row};
inline constexpr VariableType bcol{DType::int8, Rank::col};
inline constexpr VariableType btensor3{DType::int8, Rank::tensor3};
inline constexpr VariableType btensor4{DType::int8, Rank::tensor4};
inline constexpr VariableType btensor5{DType::int8, Rank::tensor5};
inline constexpr VariableType btensor6{DType::int8, Rank::tensor6};
inline constexpr VariableType btensor7{DType::int8, Rank::tensor7};
inline constexpr VariableTypes bscalars{bscalar};
inline constexpr VariableTypes bvectors{bvector};
inline constexpr VariableTypes bmatrices{bmatrix};
inline constexpr VariableTypes brows{brow};
inline constexpr VariableTypes bcols{bcol};
inline constexpr VariableTypes btensor3s{btensor3};
inline constexpr VariableTypes btensor4s{btensor4};
inline constexpr VariableTypes btensor5s{btensor5};
inline constexpr VariableTypes btensor6s{btensor6};
inline constexpr VariableTypes btensor7s{btensor7};

// --- w: int16 ---

inline constexpr VariableType wscalar{DType::int16, Rank::scalar};
inline constexpr VariableType wvector{DType::int16, Rank::vector};
inline constexpr VariableType wmatrix{DType::int16, Rank::matrix};
inline constexpr VariableType wrow{DType::int16, Rank::row};
inline constexpr VariableType wcol{DType::int16, Rank::col};
inline constexpr VariableType wtensor3{DType::int16, Rank::tensor3};
inline constexpr VariableType wtensor4{DType::int16, Rank::tensor4};
inline constexpr VariableType wtensor5{DType::int16, Rank::tensor5};
inline constexpr VariableType wtensor6{DType::int16, Rank::tensor6};
inline constexpr VariableType wtensor7{DType::int16, Rank::tensor7};
inline constexpr VariableTypes wscalars{wscalar};
inline constexpr VariableTypes wvectors{wvector};
inline constexpr VariableTypes wmatrices{wmatrix};
inline constexpr VariableTypes wrows{wrow};
inline constexpr VariableTypes wcols{wcol};
inline constexpr VariableTypes wtensor3s{wtensor3};
inline constexpr VariableTypes wtensor4s{wtensor4};
inline constexpr VariableTypes wtensor5s{wtensor5};
inline constexpr VariableTypes wtensor6s{wtensor6};
inline constexpr VariableTypes wtensor7s{wtensor7};

// --- i: int32 ---

inline constexpr VariableType iscalar{DType::int32, Rank::scalar};
inline constexpr VariableType ivector{DType::int32, Rank::vector};
inline constexpr VariableType imatrix{DType::int32, Rank::matrix};
inline constexpr VariableType irow{DType::int32, Rank::row};
inline constexpr VariableType icol{DType::int32, Rank::col};
inline constexpr VariableType itensor3{DType::int32, Rank::tensor3};
inline constexpr VariableType itensor4{DType::int32, Rank::tensor4};
inline constexpr VariableType itensor5{DType::int32, Rank::tensor5};
inline constexpr VariableType itensor6{DType::int32, Rank::tensor6};
inline constexpr VariableType itensor7{DType::int32, Rank::tensor7};
inline constexpr VariableTypes iscalars{iscalar};
inline constexpr VariableTypes ivectors{ivector};
inline constexpr VariableTypes imatrices{imatrix};
inline constexpr VariableTypes irows{irow};
inline constexpr VariableTypes icols{icol};
inline constexpr VariableTypes itensor3s{itensor3};
inline constexpr VariableTypes itensor4s{itensor4};
inline constexpr VariableTypes itensor5s{itensor5};
inline constexpr VariableTypes itensor6s{itensor6};
inline constexpr VariableTypes itensor7s{itensor7};

// --- l: int64 ---

inline constexpr VariableType lscalar{DType::int64, Rank::scalar};
inline constexpr VariableType lvector{DType::int64, Rank::vector};
inline constexpr VariableType lmatrix{DType::int64, Rank::matrix};
inline constexpr VariableType lrow{DType::int64, Rank::row};
inline constexpr VariableType lcol{DType::int64, Rank::col};
inline constexpr VariableType ltensor3{DType::int64, Rank::tensor3};
inline constexpr VariableType ltensor4{DType::int64, Rank::tensor4};
inline constexpr VariableType ltensor5{DType::int64, Rank::tensor5};
inline constexpr VariableType ltensor6{DType::int64, Rank::tensor6};
inline constexpr VariableType ltensor7{DType::int64, Rank::tensor7};
inline constexpr VariableTypes lscalars{lscalar};
inline constexpr VariableTypes lvectors{lvector};
inline constexpr VariableTypes lmatrices{lmatrix};
inline constexpr VariableTypes lrows{lrow};
inline constexpr VariableTypes lcols{lcol};
inline constexpr VariableTypes ltensor3s{ltensor3};
inline constexpr VariableTypes ltensor4s{ltensor4};
inline constexpr VariableTypes ltensor5s{ltensor5};
inline constexpr VariableTypes ltensor6s{ltensor6};
inline constexpr VariableTypes ltensor7s{ltensor7};

// --- f: float32 ---

inline constexpr VariableType fscalar{DType::float32, Rank::scalar};
inline constexpr VariableType fvector{DType::float32, Rank::vector};
inline constexpr VariableType fmatrix{DType::float32, Rank::matrix};
inline constexpr VariableType frow{DType::float32, Rank::row};
inline constexpr VariableType fcol{DType::float32, Rank::col};
inline constexpr VariableType ftensor3{DType::float32, Rank::tensor3};
inline constexpr VariableType ftensor4{DType::float32, Rank::tensor4};
inline constexpr VariableType ftensor5{DType::float32, Rank::tensor5};
inline constexpr VariableType ftensor6{DType::float32, Rank::tensor6};
inline constexpr VariableType ftensor7{DType::float32, Rank::tensor7};
inline constexpr VariableTypes fscalars{fscalar};
inline constexpr VariableTypes fvectors{fvector};
inline constexpr VariableTypes fmatrices{fmatrix};
inline constexpr VariableTypes frows{frow};
inline constexpr VariableTypes fcols{fcol};
inline constexpr VariableTypes ftensor3s{ftensor3};
inline constexpr VariableTypes ftensor4s{ftensor4};
inline constexpr VariableTypes ftensor5s{ftensor5};
inline constexpr VariableTypes ftensor6s{ftensor6};
inline constexpr VariableTypes ftensor7s{ftensor7};

// --- d: float64 ---

inline constexpr VariableType dscalar{DType::float64, Rank::scalar};
inline constexpr VariableType dvector{DType::float64, Rank::vector};
inline constexpr VariableType dmatrix{DType::float64, Rank::matrix};
inline constexpr VariableType drow{DType::float64, Rank::row};
inline constexpr VariableType dcol{DType::float64, Rank::col};
inline constexpr VariableType dtensor3{DType::float64, Rank::tensor3};
inline constexpr VariableType dtensor4{DType::float64, Rank::tensor4};
inline constexpr VariableType dtensor5{DType::float64, Rank::tensor5};
inline constexpr VariableType dtensor6{DType::float64, Rank::tensor6};
inline constexpr VariableType dtensor7{DType::float64, Rank::tensor7};
inline constexpr VariableTypes dscalars{dscalar};
inline constexpr VariableTypes dvectors{dvector};
inline constexpr VariableTypes dmatrices{dmatrix};
inline constexpr VariableTypes drows{drow};
inline constexpr VariableTypes dcols{dcol};
inline constexpr VariableTypes dtensor3s{dtensor3};
inline constexpr VariableTypes dtensor4s{dtensor4};
inline constexpr VariableTypes dtensor5s{dtensor5};
inline constexpr VariableTypes dtensor6s{dtensor6};
inline constexpr VariableTypes dtensor7s{dtensor7};

// --- c: complex64 ---

inline constexpr VariableType cscalar{DType::complex64, Rank::scalar};
inline constexpr VariableType cvector{DType::complex64, Rank::vector};
inline constexpr VariableType cmatrix{DType::complex64, Rank::matrix};
inline constexpr VariableType crow{DType::complex64, Rank::row};
inline constexpr VariableType ccol{DType::complex64, Rank::col};
inline constexpr VariableType ctensor3{DType::complex64, Rank::tensor3};
inline constexpr VariableType ctensor4{DType::complex64, Rank::tensor4};
inline constexpr VariableType ctensor5{DType::complex64, Rank::tensor5};
inline constexpr VariableType ctensor6{DType::complex64, Rank::tensor6};
inline constexpr VariableType ctensor7{DType::complex64, Rank::tensor7};
inline constexpr VariableTypes cscalars{cscalar};
inline constexpr VariableTypes cvectors{cvector};
inline constexpr VariableTypes cmatrices{cmatrix};
inline constexpr VariableTypes crows{crow};
inline constexpr VariableTypes ccols{ccol};
inline constexpr VariableTypes ctensor3s{ctensor3};
inline constexpr VariableTypes ctensor4s{ctensor4};
inline constexpr VariableTypes ctensor5s{ctensor5};
inline constexpr VariableTypes ctensor6s{ctensor6};
inline constexpr VariableTypes ctensor7s{ctensor7};

// --- z: complex128 ---

inline constexpr VariableType zscalar{DType::complex128, Rank::scalar};
inline constexpr VariableType zvector{DType::complex128, Rank::vector};
inline constexpr VariableType zmatrix{DType::complex128, Rank::matrix};
inline constexpr VariableType zrow{DType::complex128, Rank::row};
inline constexpr VariableType zcol{DType::complex128, Rank::col};
inline constexpr VariableType ztensor3{DType::complex128, Rank::tensor3};
inline constexpr VariableType ztensor4{DType::complex128, Rank::tensor4};
inline constexpr VariableType ztensor5{DType::complex128, Rank::tensor5};
inline constexpr VariableType ztensor6{DType::complex128, Rank::tensor6};
inline constexpr VariableType ztensor7{DType::complex128, Rank::tensor7};
inline constexpr VariableTypes zscalars{zscalar};
inline constexpr VariableTypes zvectors{zvector};
inline constexpr VariableTypes zmatrices{zmatrix};
inline constexpr VariableTypes zrows{zrow};
inline constexpr VariableTypes zcols{zcol};
inline constexpr VariableTypes ztensor3s{ztensor3};
inline constexpr VariableTypes ztensor4s{ztensor4};
inline constexpr VariableTypes ztensor5s{ztensor5};
inline constexpr VariableTypes ztensor6s{ztensor6};
inline constexpr VariableTypes ztensor7s{ztensor7};

// --- Element types that Theano has no letters for ---

inline constexpr VariableType ubscalar{DType::uint8, Rank::scalar};
inline constexpr VariableType ubvector{DType::uint8, Rank::vector};
inline constexpr VariableType ubmatrix{DType::uint8, Rank::matrix};
inline constexpr VariableTypes ubscalars{ubscalar};
inline constexpr VariableTypes ubvectors{ubvector};
inline constexpr VariableTypes ubmatrices{ubmatrix};
inline constexpr VariableType uwscalar{DType::uint16, Rank::scalar};
inline constexpr VariableType uwvector{DType::uint16, Rank::vector};
inline constexpr VariableType uwmatrix{DType::uint16, Rank::matrix};
inline constexpr VariableTypes uwscalars{uwscalar};
inline constexpr VariableTypes uwvectors{uwvector};
inline constexpr VariableTypes uwmatrices{uwmatrix};
inline constexpr VariableType uiscalar{DType::uint32, Rank::scalar};
inline constexpr VariableType uivector{DType::uint32, Rank::vector};
inline constexpr VariableType uimatrix{DType::uint32, Rank::matrix};
inline constexpr VariableTypes uiscalars{uiscalar};
inline constexpr VariableTypes uivectors{uivector};
inline constexpr VariableTypes uimatrices{uimatrix};
inline constexpr VariableType ulscalar{DType::uint64, Rank::scalar};
inline constexpr VariableType ulvector{DType::uint64, Rank::vector};
inline constexpr VariableType ulmatrix{DType::uint64, Rank::matrix};
inline constexpr VariableTypes ulscalars{ulscalar};
inline constexpr VariableTypes ulvectors{ulvector};
inline constexpr VariableTypes ulmatrices{ulmatrix};
inline constexpr VariableType hscalar{DType::float16, Rank::scalar};
inline constexpr VariableType hvector{DType::float16, Rank::vector};
inline constexpr VariableType hmatrix{DType::float16, Rank::matrix};
inline constexpr VariableTypes hscalars{hscalar};
inline constexpr VariableTypes hvectors{hvector};
inline constexpr VariableTypes hmatrices{hmatrix};
inline constexpr VariableType boolscalar{DType::boolean, Rank::scalar};
inline constexpr VariableType boolvector{DType::boolean, Rank::vector};
inline constexpr VariableType boolmatrix{DType::boolean, Rank::matrix};
inline constexpr VariableTypes boolscalars{boolscalar};
inline constexpr VariableTypes boolvectors{boolvector};
inline constexpr VariableTypes boolmatrices{boolmatrix};

}  // namespace leapgraph::symbolic
