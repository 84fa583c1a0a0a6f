/// Buffers: tensors whose rows are written by an index, alone and as the carries of loops, where they are written in
/// place.
#include <chrono>

#include "leapgraph/symbolic/function.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr vector(const char* name, std::int64_t n) { return input({DType::float64, {n}}, name); }
Expr scalar(const char* name) { return input({DType::float64, {}}, name); }

// --- The ops ---

TEST(SetRows, KeepsTheLastOfRowsNamedTwice) {
  const Expr x = vector("x", 4);
  const Expr y = set_rows(x, constant(integers({3}, {2, 0, 2})), constant(Array::vector({7, 8, 9})));
  expect_reals(value_of({x}, y, {Array::vector({1, 2, 3, 4})}), {8, 2, 9, 4});
}

TEST(AddRows, AddsBothOfRowsNamedTwice) {
  const Expr x = vector("x", 4);
  const Expr y = add_rows(x, constant(integers({3}, {2, 0, 2})), constant(Array::vector({7, 8, 9})));
  expect_reals(value_of({x}, y, {Array::vector({1, 2, 3, 4})}), {9, 2, 19, 4});
}

TEST(SetRows, StretchesValuesAndTakesTheElementTypeOfTheTensor) {
  const Expr x = input({DType::int64, {3, 2}}, "x");
  expect_reals(value_of({x}, set_rows(x, 1, 5), {integers({3, 2}, {1, 2, 3, 4, 5, 6})}), {1, 2, 5, 5, 5, 6});
  EXPECT_EQ(set_rows(vector("v", 3), 0, 1).dtype(), DType::float64);
}

TEST(SetRows, LeavesTheArgumentAlone) {
  const Expr x = vector("x", 2);
  const Array argument = Array::vector({1, 2});
  expect_reals(value_of({x}, set_rows(x, 0, 5.0) + x, {argument}), {6, 4});
  expect_reals(argument, {1, 2});
}

TEST(SetRows, DifferentiatesWhereRowsMeet) {
  const Expr x = vector("x", 4), v = vector("v", 3), rows = lvector("rows");
  for (const Expr& index : {rows, constant(integers({3}, {2, 0, 2}))})
    expect_derivatives({x, v, rows}, {set_rows(sqr(x), index, v * v), add_rows(sqr(x), index, v * v)},
                       {some_values({4}), some_values({3}, 1.2), integers({3}, {2, 0, 2})});
}

TEST(SetRows, SaysWhatIsWrong) {
  const Expr x = vector("x", 3), m = input({DType::float64, {3, 2}}, "m");
  expect_says(error_of([&] { set_rows(x, 3, 0.0); }), {"set_rows: position 3", "length 3"});
  expect_says(error_of([&] { add_rows(x, constant(integers({2}, {0, -1})), 0.0); }), {"add_rows: position -1"});
  expect_says(error_of([&] { set_rows(x, 0.5, 0.0); }), {"the index must be of integers"});
  expect_says(error_of([&] { set_rows(m, 0, constant(Array::vector({1, 2, 3}))); }), {"[3]", "[2]"});
  expect_says(error_of([&] { set_rows(scalar("s"), 0, 0.0); }), {"a scalar has no rows"});
  expect_says(error_of([&] { set_rows(input({DType::int64, {3}}, "i"), 0, scalar("s")); }), {"float64", "int64[3]"});
  expect_says(error_of([&] { add_rows(input({DType::boolean, {3}}, "b"), 0, true); }), {"booleans cannot be added"});
  const Expr row = lscalar("row");
  expect_says(error_of([&] {
                value_of({x, row}, set_rows(x, row, 0.0), {Array::vector({1, 2, 3}), Array::scalar(std::int64_t{3})});
              }),
              {"set_rows: position 3"});
}

TEST(SetRows, ReportsARunTimeRowThatDoesNotExist) {
  const Expr x = vector("x", 3), row = lscalar("row");
  for (const Expr& y : {set_rows(x, row, 0.0), add_rows(x, row, 1.0)}) {
    const Function f = function({x, row}, y);
    EXPECT_EQ(f({Array::vector({1, 2, 3}), Array::scalar(std::int64_t{2})})[0].size(), 3);
    expect_says(error_of([&] { f({Array::vector({1, 2, 3}), Array::scalar(std::int64_t{-1})}); }), {"-1", "3"});
  }
}

}  // namespace
}  // namespace leapgraph::symbolic
