/// Slices, positions, gathers and scatters against loops written out; derivatives; error messages.
#include <optional>

#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr tensor(Shape shape, const char* name = "x") { return input({DType::float64, std::move(shape)}, name); }
Expr counted(Shape shape) {
  Array array(Type{DType::float64, std::move(shape)});
  for (std::int64_t i = 0; i < array.size(); ++i) array.set(i, static_cast<double>(i));
  return constant(array);
}

/// Python's slice of 0, 1, ..., n - 1, written as the language defines it.
std::vector<double> sliced(std::int64_t n, const Slice& s) {
  std::vector<double> result;
  if (s.step > 0) {
    std::int64_t start = s.start.value_or(0), stop = s.stop.value_or(n);
    if (start < 0) start = std::max<std::int64_t>(0, start + n);
    if (stop < 0) stop += n;
    for (std::int64_t i = start; i < std::min(stop, n); i += s.step) result.push_back(static_cast<double>(i));
  } else {
    std::int64_t start = s.start.value_or(n - 1), stop = s.stop ? (*s.stop < 0 ? *s.stop + n : *s.stop) : -1;
    if (s.start && start < 0) start += n;
    for (std::int64_t i = std::min(start, n - 1); i > std::max<std::int64_t>(stop, -1); i += s.step)
      result.push_back(static_cast<double>(i));
  }
  return result;
}

TEST(Slice, FollowsPythonForEveryStartStopAndStep) {
  std::vector<std::optional<std::int64_t>> places{std::nullopt};
  for (std::int64_t i = -7; i <= 7; ++i) places.emplace_back(i);
  const Expr open = dvector("x");
  for (const std::int64_t n : {0, 1, 5})
    for (const std::int64_t step : {1, -1, 2, -3})
      for (const auto& start : places)
        for (const auto& stop : places) {
          const Slice range{start, stop, step};
          const std::vector<double> wanted = sliced(n, range);
          const Array got = value_of(slice(counted({n}), 0, range));
          ASSERT_EQ(got.reals(), wanted) << start.value_or(99) << ':' << stop.value_or(99) << ':' << step;
          ASSERT_EQ(slice(counted({n}), 0, range).shape()[0], static_cast<std::int64_t>(wanted.size()));
          ASSERT_EQ(value_of({open}, slice(open, 0, range), {value_of(counted({n}))}).reals(), wanted);
        }
}

TEST(Slice, WorksAlongAnyAxis) {
  expect_reals(value_of(slice(counted({2, 3}), -1, {std::nullopt, std::nullopt, -1})), {2, 1, 0, 5, 4, 3});
  const Expr x = tensor({4});
  EXPECT_EQ(slice(x, 0, {0, 4}), x);
  EXPECT_EQ(slice(x, 0, {-3, 9}), slice(x, 0, {1, std::nullopt}));
  expect_says(error_of([&] { slice(x, 0, {0, 4, 0}); }), {"the step of a slice must not be 0"});
  expect_says(error_of([&] { slice(x, 1, {0, 4}); }), {"axis 1 does not exist in a tensor of rank 1"});
}

TEST(At, PicksOnePosition) {
  expect_reals(value_of(at(counted({2, 3}), -1)), {3, 4, 5});
  expect_reals(value_of(at(counted({2, 3}), 1, 1)), {1, 4});
  EXPECT_EQ(at(tensor({2, 3}), 0).rank(), 1);
  expect_says(error_of([] { at(tensor({3}), 3); }), {"position 3 does not exist along an axis of length 3"});
  expect_says(error_of([] { at(tensor({3}), -4); }), {"position -4 does not exist"});
  const Expr x = dvector("x");
  expect_says(error_of([&] { value_of({x}, at(x, 2), {some_values({2})}); }), {"position 2 does not exist"});
}

TEST(Gather, PicksRowsAlongAnyAxis) {
  const Expr x = counted({2, 3}), i = constant(integers({2}, {2, 0})), j = constant(integers({2, 1}, {1, 0}));
  expect_reals(value_of(gather(x, j)), {3, 4, 5, 0, 1, 2});
  EXPECT_EQ(gather(x, j).shape(), (Shape{2, 1, 3}));
  expect_reals(value_of(gather(x, i, 1)), {2, 0, 5, 3});
  EXPECT_EQ(gather(x, j, 1).shape(), (Shape{2, 2, 1}));
  expect_reals(value_of(gather(x, j, -1)), {1, 0, 4, 3});
  EXPECT_EQ(gather(x, 1), at(x, 1));
  const Expr n = lscalar("n");
  expect_reals(value_of({n}, gather(x, n), {Array::scalar(std::int64_t{1})}), {3, 4, 5});
  EXPECT_EQ(gather(counted({3}), constant(Array::of<std::int32_t>({1}, {2}))).dtype(), DType::float64);
}

TEST(Gather, NamesThePositionThatDoesNotExist) {
  const Expr x = tensor({3});
  expect_says(error_of([&] {
                gather(x, constant(integers({3}, {0, 3, 1})));
              }),
              {"gather: position 3 does not exist along an axis of length 3"});
  expect_says(error_of([&] { gather(x, constant(integers({1}, {-1}))); }), {"position -1 does not exist"});
  const Expr i = lvector("i");
  expect_says(error_of([&] {
                value_of({x, i}, gather(x, i), {some_values({3}), integers({2}, {1, 5})});
              }),
              {"gather(x: float64[3], i: int64[?]): position 5 does not exist along an axis of length 3"});
  expect_says(error_of([&] { gather(x, x); }), {"the index must be of integers, got float64[3]"});
  expect_says(error_of([&] { gather(constant(1.0), i); }), {"axis 0 does not exist in a tensor of rank 0"});
}

TEST(ScatterAdd, AddsRepeatedPositions) {
  const Expr i = constant(integers({4}, {2, 0, 2, 2}));
  expect_reals(value_of(scatter_add(counted({4}), i, 4)), {1, 0, 5, 0});
  expect_reals(value_of(scatter_add(counted({4, 2}), i, 3)), {2, 3, 0, 0, 10, 13});
  EXPECT_EQ(value_of(scatter_add(cast(counted({4}), DType::int64), i, 3)).dtype(), DType::int64);
  expect_says(error_of([&] { scatter_add(counted({4}), i, 2); }), {"scatter_add: position 2 does not exist"});
  expect_says(error_of([&] { scatter_add(counted({3}), i, 3); }), {"must begin with the axes of the index"});
}

TEST(PadSlice, PutsAPartIntoZeros) {
  const Expr like = tensor({2, 4});
  expect_reals(value_of({like}, pad_slice(counted({2, 2}) + 1.0, like, 1, {1, 3}), {some_values({2, 4})}),
               {0, 1, 2, 0, 0, 3, 4, 0});
  expect_reals(value_of(pad_slice(counted({3}), counted({5}), 0, {3, 0, -1})), {0, 2, 1, 0, 0});
  expect_says(error_of([&] {
                pad_slice(counted({2, 1}), like, 1, {1, 3});
              }),
              {"a part of length 1 is not a slice of length 2"});
  expect_says(error_of([&] { pad_slice(counted({3, 2}), like, 1, {1, 3}); }), {"differs from the whole"});
}

TEST(Index, HasTheRightDerivatives) {
  const Expr i = constant(integers({5}, {2, 0, 2, 1, 1})), j = constant(integers({2, 2}, {1, 0, 1, 1}));
  for (const std::int64_t n : {std::int64_t{3}, unknown}) {
    const Expr x = tensor({n, 2}), v = tensor({n}, "v");
    expect_derivatives({x, v},
                       {slice(x, 0, {1, std::nullopt}), slice(v, 0, {std::nullopt, std::nullopt, -1}),
                        slice(x, 0, {-2, -1}), slice(v, 0, {-1, 0, -1}), at(v, -1), at(x, 1), at(x, 0, 1), at(v, 0),
                        gather(x, i), gather(v, j), gather(x, j, 1), scatter_add(gather(sqr(v), i), i, 4),
                        pad_slice(at(x, 1) * at(x, 1), constant(some_values({4})), 0, {1, 3})},
                       {some_values({3, 2}), some_values({3})});
  }
}

TEST(Index, HasTheRightDerivativesForARunTimeIndex) {
  const Expr x = dvector("x"), i = lvector("i");
  expect_derivatives({x, i}, {gather(sqr(x), i) * 2.0}, {some_values({4}), integers({5}, {3, 0, 3, 1, 1})});
}

}  // namespace
}  // namespace leapgraph::symbolic
