/// Transforms of constrained variables as functions: `simplex_constrain`, `simplex_jacobian`, `simplex_unconstrain` and
/// their like, made of the records of the transforms.
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/models/library/structured.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

using symbolic::Expr;
using symbolic::Shape;

// ---------------------------------------------------------------- element by element

struct ElementwiseName {
  std::string_view stem;
  bool lower, upper, offset;
  std::string_view domain;  ///< of the inverse
};
constexpr std::array<ElementwiseName, 4> elementwise_names = {{
    {"lower_bound", true, false, false, "values of at least the bound"},
    {"upper_bound", false, true, false, "values of at most the bound"},
    {"lower_upper_bound", true, true, false, "values between the bounds"},
    {"offset_multiplier", false, false, true, "a multiplier that is not 0"},
}};
constexpr std::string_view one_bound = "(R, R) => R | (R, real) => R";
constexpr std::string_view two_bounds = "(R, R, R) => R | (R, R, real) => R | (R, real, R) => R | (R, real, real) => R";

TransformBounds<Expr> bounds_of(const ElementwiseName& name, const BuildCall& call) {
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    if (call[i].rank() > 0 && call[i].shape() != call[0].shape()) {
      throw ArgumentError("sizes differ: " + describe(call, 0) + " and " + describe(call, i));
    }
  }
  TransformBounds<Expr> bounds;
  std::size_t next = 1;
  if (name.lower) bounds.lower = call[next++];
  if (name.upper) bounds.upper = call[next++];
  if (name.offset) {
    bounds.offset = call[next++];
    bounds.multiplier = call[next++];
  }
  return bounds;
}

// ---------------------------------------------------------------- vectors and matrices

/// What a function takes for the coordinates of one value.
enum class Free {
  vector,         ///< a vector, of the value's length or one less
  vector_and_k,   ///< a vector, and the number of rows
  vector_and_mn,  ///< a vector, and the numbers of rows and columns
  matrix          ///< a matrix with a row, or a column, less
};

struct StructuredName {
  std::string_view stem;
  TypeWord word;
  Free free;
  int more_rows = 0, more_columns = 0;  ///< of a value than of its coordinates
};
constexpr std::array<StructuredName, 12> structured_names = {{
    {"ordered", TypeWord::Ordered, Free::vector},
    {"positive_ordered", TypeWord::PositiveOrdered, Free::vector},
    {"simplex", TypeWord::Simplex, Free::vector, 1},
    {"sum_to_zero", TypeWord::SumToZeroVector, Free::vector, 1},
    {"sum_to_zero", TypeWord::SumToZeroMatrix, Free::matrix, 1, 1},
    {"unit_vector", TypeWord::UnitVector, Free::vector},
    {"stochastic_column", TypeWord::ColumnStochasticMatrix, Free::matrix, 1, 0},
    {"stochastic_row", TypeWord::RowStochasticMatrix, Free::matrix, 0, 1},
    {"cholesky_factor_corr", TypeWord::CholeskyFactorCorr, Free::vector_and_k},
    {"cholesky_factor_cov", TypeWord::CholeskyFactorCov, Free::vector_and_mn},
    {"corr_matrix", TypeWord::CorrMatrix, Free::vector_and_k},
    {"cov_matrix", TypeWord::CovMatrix, Free::vector_and_k},
}};

std::string_view constrain_signature(Free free) {
  switch (free) {
    case Free::vector:
      return "(arrays vector) => arrays vector";
    case Free::vector_and_k:
      return "(arrays vector, int) => arrays matrix";
    case Free::vector_and_mn:
      return "(arrays vector, int, int) => arrays matrix";
    case Free::matrix:
      return "(arrays matrix) => arrays matrix";
  }
  throw InternalError("unknown Free");
}

/// Matrices [n, rows, columns] as rows of their elements, column after column, and back.
Expr flattened(const Expr& matrices) {
  const Shape& shape = matrices.shape();
  return symbolic::reshape(symbolic::transpose(matrices, {0, 2, 1}), {shape[0], shape[1] * shape[2]});
}
Expr as_matrices(const Expr& rows, std::int64_t row_count, std::int64_t column_count) {
  return symbolic::transpose(symbolic::reshape(rows, {rows.shape()[0], column_count, row_count}), {0, 2, 1});
}

/// The first argument in its two parts: how many arrays hold, and what one of them is.
struct Parts {
  Shape arrays, one;
  std::int64_t count;
};
Parts parts_of(const BuildCall& call) {
  const Shape& shape = call[0].shape();
  const auto depth = shape.begin() + call.types[0].depth;
  const Shape arrays(shape.begin(), depth);
  return {arrays, {depth, shape.end()}, symbolic::element_count(arrays)};
}

/// `x` [n, lengths...] in arrays as the first argument was.
Expr in_arrays(const Expr& x, const Parts& parts) {
  Shape shape = parts.arrays;
  shape.insert(shape.end(), x.shape().begin() + 1, x.shape().end());
  return symbolic::reshape(x, shape);
}

Shape lengths_of_value(const StructuredName& name, const BuildCall& call, const Shape& free) {
  switch (name.free) {
    case Free::vector:
      return {free[0] + name.more_rows};
    case Free::vector_and_k:
      return {size_argument(call, 1), size_argument(call, 1)};
    case Free::vector_and_mn:
      return {size_argument(call, 1), size_argument(call, 2)};
    case Free::matrix:
      return {free[0] + name.more_rows, free[1] + name.more_columns};
  }
  throw InternalError("unknown Free");
}

/// The value has the shape of the result.
Constrained constrained(const StructuredName& name, const BuildCall& call) {
  const StructuredTransform& transform = *structured_transform(name.word);
  const Parts parts = parts_of(call);
  Shape batch = parts.one;
  batch.insert(batch.begin(), parts.count);
  const Expr values = symbolic::reshape(call[0], batch);
  const Expr coordinates = name.free == Free::matrix ? flattened(values) : values;
  const Shape lengths = lengths_of_value(name, call, parts.one);
  const std::int64_t wanted = transform.coordinates(lengths);
  if (coordinates.shape()[1] != wanted) {
    throw ArgumentError(std::to_string(wanted) + " elements are needed, found " + describe(call, 0));
  }
  Constrained result = transform.constrain(coordinates, lengths);
  result.value = in_arrays(result.value, parts);
  return result;
}

Expr unconstrained(const StructuredName& name, const BuildCall& call) {
  const StructuredTransform& transform = *structured_transform(name.word);
  const Parts parts = parts_of(call);
  if (parts.one.size() == 2 && name.free == Free::vector_and_k && parts.one[0] != parts.one[1]) {
    throw ArgumentError(describe(call, 0) + " is not square");
  }
  Shape batch = parts.one;
  batch.insert(batch.begin(), parts.count);
  const Expr values = symbolic::reshape(call[0], batch);
  transform.coordinates(parts.one);  // complains about lengths that no value can have
  const Expr holds = symbolic::expand_dims(transform.holds(values), 1);
  const Expr coordinates =
      symbolic::where(holds, transform.unconstrained(values, parts.one), std::numeric_limits<double>::quiet_NaN());
  if (name.free != Free::matrix) return in_arrays(coordinates, parts);
  return in_arrays(as_matrices(coordinates, parts.one[0] - name.more_rows, parts.one[1] - name.more_columns), parts);
}

// ---------------------------------------------------------------- records

/// What all three functions of a transform share.
struct Family {
  std::string stem, constraint;
  std::string_view signature, inverse_signature;
  std::string_view domain;  ///< of the inverse
  std::function<Constrained(const BuildCall&)> constrain;
  std::function<Expr(const BuildCall&)> unconstrain;
};

std::vector<Family> make_families() {
  std::vector<Family> families;
  for (const ElementwiseName& name : elementwise_names) {
    const Transform& transform = transform_for(name.lower, name.upper, name.offset, name.offset);
    const std::string_view signature = name.lower != name.upper ? one_bound : two_bounds;
    families.push_back(
        {.stem = std::string(name.stem),
         .constraint = std::string(transform.summary),
         .signature = signature,
         .inverse_signature = signature,
         .domain = name.domain,
         .constrain =
             [name, &transform](const BuildCall& call) { return transform.constrain(call[0], bounds_of(name, call)); },
         .unconstrain =
             [name, &transform](const BuildCall& call) {
               return transform.unconstrained(call[0], bounds_of(name, call));
             }});
  }
  for (const StructuredName& name : structured_names) {
    const bool from_vector = name.free == Free::vector_and_k || name.free == Free::vector_and_mn;
    families.push_back(
        {.stem = std::string(name.stem),
         .constraint = std::string(structured_transform(name.word)->summary),
         .signature = constrain_signature(name.free),
         .inverse_signature = from_vector ? "(arrays matrix) => arrays vector" : constrain_signature(name.free),
         .domain = "values that hold the constraint",
         .constrain = [name](const BuildCall& call) { return constrained(name, call); },
         .unconstrain = [name](const BuildCall& call) { return unconstrained(name, call); }});
  }
  return families;
}

/// The records' texts, which they refer to.
struct Texts {
  std::string constrain, jacobian, unconstrain, inverse_summary, jacobian_summary;
};

}  // namespace

std::span<const Function> constrain_functions() {
  static const std::vector<Family> families = make_families();
  static const std::vector<Texts> texts = [] {
    std::vector<Texts> result;
    for (const Family& family : families) {
      result.push_back({.constrain = family.stem + "_constrain",
                        .jacobian = family.stem + "_jacobian",
                        .unconstrain = family.stem + "_unconstrain",
                        .inverse_summary = "the inverse of " + family.stem + "_constrain",
                        .jacobian_summary = family.constraint + "; adds the log of its Jacobian to the target"});
    }
    return result;
  }();
  static const std::vector<Function> table = [] {
    std::vector<Function> result;
    for (std::size_t i = 0; i < families.size(); ++i) {
      const Family& family = families[i];
      const auto value = [&family](const BuildCall& call) { return family.constrain(call).value; };
      result.push_back(
          {.name = texts[i].constrain, .summary = family.constraint, .signature = family.signature, .build = value});
      result.push_back({.name = texts[i].jacobian,
                        .summary = texts[i].jacobian_summary,
                        .signature = family.signature,
                        .build = value,
                        .log_jacobian = [&family](const BuildCall& call) {
                          const Expr sum = family.constrain(call).log_jacobian;
                          return sum ? sum : symbolic::constant(0.0);
                        }});
      result.push_back({.name = texts[i].unconstrain,
                        .summary = texts[i].inverse_summary,
                        .signature = family.inverse_signature,
                        .build = family.unconstrain,
                        .domain = family.domain});
    }
    return result;
  }();
  return table;
}

}  // namespace leapgraph::models::library
