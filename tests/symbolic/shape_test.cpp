/// Ops on shapes: values, inference of lengths, views, derivatives, error messages.
#include "leapgraph/symbolic/op.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr tensor(Shape shape, const char* name = "x") { return input({DType::float64, std::move(shape)}, name); }
Expr counted(Shape shape) {
  Array array(Type{DType::float64, std::move(shape)});
  for (std::int64_t i = 0; i < array.size(); ++i) array.set(i, static_cast<double>(i));
  return constant(array);
}

/// Elements of the view that a node's layout describes, read from a row-major input.
Array through_layout(const Expr& view) {
  const Expr& from = view.node().input(0);
  const Array memory = value_of(from);
  Layout in{from.shape(), 0, {}}, out;
  std::int64_t stride = memory.size();
  for (std::int64_t n : from.shape()) in.strides.push_back(n == 0 ? 0 : stride /= n);
  EXPECT_TRUE(lowering_as<View>(view.op())->layout(view.node(), in, out));
  Array result(Type{memory.dtype(), out.shape});
  std::vector<std::int64_t> index(out.shape.size(), 0);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    std::int64_t rest = i, position = out.offset;
    for (std::size_t axis = out.shape.size(); axis-- > 0;) {
      position += rest % out.shape[axis] * out.strides[axis];
      rest /= out.shape[axis];
    }
    result.set(i, memory.real(position));
  }
  return result;
}

TEST(Views, AreWhatTheirLayoutsSay) {
  const Expr x = counted({2, 3, 4}), m = counted({3, 4}), v = counted({6});
  for (const Expr& view :
       {transpose(x), transpose(x, {1, 0, 2}), reshape(x, {4, -1}), reshape(x, {2, 1, 12, 1}), expand_dims(m, -1),
        squeeze(counted({3, 1, 2}), 1), broadcast_to(v, {2, 6}), broadcast_to(counted({3, 1}), {2, 3, 5}),
        slice(v, 0, {4, 1, -1}), slice(m, 1, {1, -1}), at(x, -1, 1), diagonal(m), reshape(counted({0, 3}), {3, 0})}) {
    SCOPED_TRACE(view.op().name);
    const Array wanted = value_of(view), got = through_layout(view);
    EXPECT_EQ(got.shape(), view.shape());
    EXPECT_TRUE(same_bits(got, wanted)) << to_string(got) << " and " << to_string(wanted);
  }
}

TEST(Reshape, IsAViewOfStridedMemoryWhereStridesExpressIt) {
  const auto layout_of = [](const Expr& view, const Layout& in) {
    Layout out;
    const bool is_view = lowering_as<View>(view.op())->layout(view.node(), in, out);
    return std::pair(is_view, out);
  };
  const Expr x = tensor({4, 6});
  const Layout transposed{{4, 6}, 5, {1, 4}};
  EXPECT_FALSE(layout_of(reshape(x, {24}), transposed).first);
  EXPECT_FALSE(layout_of(reshape(x, {6, 4}), transposed).first);
  const auto [split, out] = layout_of(reshape(x, {2, 2, 3, 2}), transposed);
  EXPECT_TRUE(split);
  EXPECT_EQ(out.strides, (std::vector<std::int64_t>{2, 1, 8, 4}));
  EXPECT_EQ(out.offset, 5);
  const auto [reversed, backwards] = layout_of(reshape(tensor({6}), {2, 3}), {{6}, 5, {-1}});
  EXPECT_TRUE(reversed);
  EXPECT_EQ(backwards.strides, (std::vector<std::int64_t>{-3, -1}));
  const auto [zero, stretched] = layout_of(reshape(tensor({2, 3}), {6}), {{2, 3}, 0, {0, 0}});
  EXPECT_TRUE(zero);
  EXPECT_EQ(stretched.strides, (std::vector<std::int64_t>{0}));
}

TEST(Reshape, InfersOneLength) {
  EXPECT_EQ(reshape(tensor({2, 6}), {3, -1}).shape(), (Shape{3, 4}));
  EXPECT_EQ(reshape(tensor({unknown}), {3, -1}).shape(), (Shape{3, unknown}));
  EXPECT_EQ(reshape(tensor({unknown, 2}), {3, 4}).shape(), (Shape{3, 4}));
  const Expr x = tensor({3, 4});
  EXPECT_EQ(reshape(x, {3, -1}), x);
  expect_says(error_of([&] { reshape(x, {5, -1}); }), {"the 12 elements of [3, 4] do not fill [5, ?]"});
  expect_says(error_of([&] { reshape(x, {-1, -1}); }), {"only one length"});
  const Expr open = dvector("open");
  expect_says(error_of([&] {
                value_of({open}, reshape(open, {2, 2}), {some_values({3})});
              }),
              {"the 3 elements of [3] do not fill [2, 2]"});
}

TEST(Transpose, PermutesAxes) {
  const Expr x = counted({2, 3});
  expect_reals(value_of(transpose(x)), {0, 3, 1, 4, 2, 5});
  EXPECT_EQ(transpose(x, {0, -1}), x);
  EXPECT_EQ(transpose(tensor({2, 3, 4}), {2, 0, 1}).shape(), (Shape{4, 2, 3}));
  expect_says(error_of([&] { transpose(x, {0}); }), {"[0] does not name all 2 axes"});
  expect_says(error_of([&] { transpose(x, {0, 0}); }), {"given twice"});
}

TEST(Broadcast, StretchesOnlyLengthOne) {
  expect_reals(value_of(broadcast_to(counted({3, 1}), {3, 2})), {0, 0, 1, 1, 2, 2});
  EXPECT_EQ(broadcast_to(tensor({unknown, 1}), {unknown, 4}).shape(), (Shape{unknown, 4}));
  expect_says(error_of([] { broadcast_to(tensor({3}), {4}); }), {"[3] does not stretch to [4]"});
  expect_says(error_of([] { broadcast_to(tensor({2, 3}), {3}); }), {"[2, 3] has more axes than [3]"});
  const Expr x = dvector("x"), y = dvector("y");
  EXPECT_EQ(broadcast_like(tensor({3}), y).shape(), (Shape{3}));
  EXPECT_EQ(broadcast_like(x, x), x);
  expect_reals(value_of({x, y}, broadcast_like(x, y), {some_values({1}), some_values({2})}),
               {some_values({1}).real(), some_values({1}).real()});
  expect_says(error_of([&] {
                value_of({x, y}, broadcast_like(x, y), {some_values({3}), some_values({1})});
              }),
              {"[3] does not stretch to [1]"});
  expect_reals(value_of({x}, ones_like(x), {some_values({2})}), {1, 1});
  EXPECT_EQ(value_of(full({2}, 7)).dtype(), DType::int64);
}

TEST(Join, StacksAndConcatenates) {
  const Expr a = counted({2, 2}), b = a + 10.0;
  expect_reals(value_of(stack({a, b}, 1)), {0, 1, 10, 11, 2, 3, 12, 13});
  EXPECT_EQ(stack({a, b}, -1).shape(), (Shape{2, 2, 2}));
  expect_reals(value_of(concatenate({a, b}, 1)), {0, 1, 10, 11, 2, 3, 12, 13});
  EXPECT_EQ(concatenate({a, tensor({unknown, 2})}).shape(), (Shape{unknown, 2}));
  expect_reals(value_of(stack({1.5, 2, true})), {1.5, 2, 1});
  expect_says(error_of([&] { stack({a, tensor({3})}); }), {"part 1 is float64[3] and part 0 is float64[2, 2]"});
  expect_says(error_of([&] { concatenate({a, tensor({2, 3})}); }), {"part 1", "[?, 3]"});
  expect_says(error_of([] { stack({}); }), {"stack: needs at least one part"});
  expect_says(error_of([] { concatenate({constant(1.0)}); }), {"axis 0 does not exist in a tensor of rank 0"});
}

TEST(Length, IsALiteralWhereItIsKnown) {
  const Expr x = tensor({3, unknown});
  EXPECT_EQ(length(x, 0), constant(std::int64_t{3}));
  EXPECT_EQ(value_of({x}, length(x, -1), {some_values({3, 5})}).integer(), 5);
  expect_says(error_of([&] { length(x, 2); }), {"axis 2 does not exist"});
}

TEST(Arange, Counts) {
  EXPECT_EQ(to_string(value_of(arange(4))), "[0, 1, 2, 3]");
  EXPECT_EQ(arange(0).shape(), (Shape{0}));
  expect_says(error_of([] { arange(-1); }), {"must not be negative, got -1"});
}

TEST(Diagonal, IsTakenAndPlaced) {
  expect_reals(value_of(diagonal(counted({2, 3}))), {0, 4});
  expect_reals(value_of(diag(counted({3}))), {0, 0, 0, 0, 1, 0, 0, 0, 2});
  expect_says(error_of([] { diag(tensor({2, 2})); }), {"takes a vector"});
  expect_says(error_of([] { diagonal(tensor({2})); }), {"takes a matrix"});
}

TEST(Shape, HasTheRightDerivativesWhereLengthsAreKnown) {
  const Expr x = tensor({2, 3}), v = tensor({3}, "v");
  expect_derivatives({x, v},
                     {reshape(x, {3, 2}), transpose(x), expand_dims(x, 1), squeeze(expand_dims(v, 0), 0),
                      broadcast_to(v, {2, 3}) * x, stack({v, v * v, at(x, 1)}, 1), concatenate({x, expand_dims(v, 0)}),
                      diag(v), diagonal(x), diagonal(transpose(x)), diagonal(diag(v) * 2.0)},
                     {some_values({2, 3}), some_values({3})});
}

TEST(Shape, HasTheRightDerivativesWhereLengthsAreUnknown) {
  const Expr x = dmatrix("x"), v = dvector("v");
  expect_derivatives({x, v},
                     {reshape(x, {-1}), reshape_like(x, transpose(x)), transpose(x), expand_dims(x, 1),
                      broadcast_like(v, x) * x, stack({v, v * v}, 1), concatenate({v, v * 2.0, reshape(x, {-1})}),
                      concatenate({x, expand_dims(v, 0)}), diag(v), diagonal(x), diagonal(transpose(x))},
                     {some_values({2, 3}), some_values({3})});
}

TEST(Shape, HasNoDerivativesOfNothing) {
  const Expr x = dvector("x");
  expect_derivatives({x}, {concatenate({x, x}), stack({x, x}), diag(x), reshape(x, {-1, 1}), sum(x)},
                     {Array::vector({})});
}

}  // namespace
}  // namespace leapgraph::symbolic
