/// Products of tensors against sums written out; derivatives; error messages.
#include "leapgraph/symbolic/op.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr tensor(Shape shape, const char* name = "x") { return input({DType::float64, std::move(shape)}, name); }
Expr data(Shape shape, double start) { return constant(some_values(std::move(shape), start)); }

TEST(Dot, IsNumPysForRanksOneAndTwo) {
  const Expr a = constant(matrix({2, 3}, {1, 2, 3, 4, 5, 6})), v = constant(Array::vector({1, -1, 2}));
  expect_reals(value_of(dot(v, v)), {6});
  expect_reals(value_of(dot(a, v)), {5, 11});
  expect_reals(value_of(dot(v, transpose(a))), {5, 11});
  expect_reals(value_of(dot(a, transpose(a))), {14, 32, 32, 77});
  EXPECT_EQ(dot(2.0, v), 2.0 * v);
  EXPECT_EQ(dot(tensor({2, 3, 4}), tensor({5, 4, 6}, "y")).shape(), (Shape{2, 3, 5, 6}));
  EXPECT_EQ(value_of(dot(cast(v, DType::int32), cast(v, DType::int32))).type(), (Type{DType::int32, {}}));
  EXPECT_EQ(value_of(dot(v > 0.0, v > 0.0)).integer(), 2);
  EXPECT_EQ(dot(cast(v, DType::float32), v).dtype(), DType::float64);
  expect_reals(value_of(dot(constant(matrix({2, 0}, {})), constant(matrix({0, 2}, {})))), {0, 0, 0, 0});
}

TEST(Matmul, BroadcastsLeadingAxes) {
  const Expr a = data({2, 3, 4}, 0.1), b = data({4, 2}, 0.7), c = data({1, 4, 2}, 0.5), d = data({5, 1, 3, 4}, 0.2);
  const auto reals = [](const Expr& e) { return value_of(e).reals(); };
  const Expr ab = matmul(a, b), ac = matmul(a, c), dc = matmul(d, data({2, 4, 2}, 0.3));
  for (int k = 0; k < 2; ++k) {
    expect_reals(value_of(at(ab, k)), reals(dot(at(a, k), b)));
    expect_reals(value_of(at(ac, k)), reals(dot(at(a, k), at(c, 0))));
  }
  ASSERT_EQ(dc.shape(), (Shape{5, 2, 3, 2}));
  expect_reals(value_of(at(at(dc, 4), 1)), reals(dot(at(at(d, 4), 0), at(data({2, 4, 2}, 0.3), 1))));
  EXPECT_EQ(matmul(a, data({4}, 0)).shape(), (Shape{2, 3}));
  expect_says(error_of([&] { matmul(1.0, a); }), {"not scalars"});
}

TEST(Tensordot, SumsOverPairsOfAxes) {
  const Expr a = data({2, 3, 4}, 0.1), b = data({4, 5, 2}, 0.7);
  const Expr product = tensordot(a, b, {0, -1}, {2, 0});
  ASSERT_EQ(product.shape(), (Shape{3, 5}));
  const Array x = value_of(a), y = value_of(b), got = value_of(product);
  for (int j = 0; j < 3; ++j)
    for (int m = 0; m < 5; ++m) {
      double total = 0;
      for (int i = 0; i < 2; ++i)
        for (int k = 0; k < 4; ++k) total += x.real(12 * i + 4 * j + k) * y.real(10 * k + 2 * m + i);
      EXPECT_NEAR(got.real(5 * j + m), total, 1e-14 * 8);
    }
  expect_reals(value_of(outer(constant(Array::vector({1, 2})), constant(Array::vector({3, 4})))), {3, 4, 6, 8});
}

TEST(Products, SayWhichAxesDoNotFit) {
  const Expr a = tensor({2, 3}, "a"), b = tensor({4, 5}, "b");
  expect_says(error_of([&] { dot(a, b); }),
              {"dot: axis 1 of float64[2, 3] and axis 0 of float64[4, 5] must have one length", "linalg_test.cpp"});
  expect_says(error_of([&] { tensordot(a, b, {0}, {0, 1}); }), {"tensordot: 1 axes against 2"});
  const Expr open = dmatrix("open");
  expect_says(error_of([&] {
                value_of({open, b}, dot(open, b), {some_values({2, 2}), some_values({4, 5})});
              }),
              {"lengths 2 and 4"});
}

TEST(Products, HaveTheRightDerivatives) {
  for (const bool known : {true, false}) {
    const auto shape = [known](Shape s) {
      if (!known)
        for (std::int64_t& n : s) n = unknown;
      return s;
    };
    const Expr a = tensor(shape({2, 3}), "a"), b = tensor(shape({3, 2}), "b"), v = tensor(shape({3}), "v");
    expect_derivatives({a, b, v},
                       {dot(a, b), dot(a, v), dot(v, b), dot(v, v), outer(v, v), tensordot(a, b, {0}, {1}),
                        dot(transpose(a), dot(a, v))},
                       {some_values({2, 3}, 0.1), some_values({3, 2}, 0.5), some_values({3}, -0.3)});
  }
  const Expr x = tensor({2, 1, 2, 3}), y = tensor({2, 3, 2}, "y");
  expect_derivatives({x, y}, {matmul(x, y)}, {some_values({2, 1, 2, 3}), some_values({2, 3, 2}, 0.9)});
}

}  // namespace
}  // namespace leapgraph::symbolic
