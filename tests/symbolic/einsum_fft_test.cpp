/// Einstein sums against sums written out, Fourier transforms against their definition; derivatives, errors.
#include "leapgraph/symbolic/fft.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/linear_algebra.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

Expr data(Shape shape, double start = 0.3) { return constant(some_values(std::move(shape), start)); }

void expect_same(const Expr& got, const Expr& wanted, double tolerance = 1e-13) {
  const Array a = value_of(got), b = value_of(wanted);
  EXPECT_EQ(a.type(), b.type());
  expect_reals(a, b.reals(), tolerance);
}

TEST(Einsum, IsNumPys) {
  const Expr a = data({2, 3}, 0.1), b = data({3, 4}, 0.5), v = data({3}, 0.9), s = data({3, 3}, 0.2);
  const Expr x = data({5, 2, 3}, 0.4), y = data({5, 3, 4}, 0.6);
  expect_same(einsum("ij,jk->ik", {a, b}), dot(a, b));
  expect_same(einsum("ij,jk", {a, b}), dot(a, b));
  expect_same(einsum("ba", {a}), transpose(a));
  expect_same(einsum("i,i", {v, v}), dot(v, v));
  expect_same(einsum("ii", {s}), sum(diagonal(s)));
  expect_same(einsum("ii->i", {s}), diagonal(s));
  expect_same(einsum("ij->", {a}), sum(a));
  expect_same(einsum("ij->j", {a}), sum(a, {0}));
  expect_same(einsum("i,j->ji", {v, v}), outer(v, v));
  expect_same(einsum(" b i j , b j k -> b i k ", {x, y}), matmul(x, y));
  expect_same(einsum("...ij,...jk->...ik", {x, y}), matmul(x, y));
  expect_same(einsum("...ij,jk", {x, b}), matmul(x, b));
  expect_same(einsum("i...->...", {a}), sum(a, {0}));
  expect_same(einsum("...,...", {a, v}), a * v);
  expect_same(einsum(",ij", {2.0, a}), 2.0 * a);
  expect_same(einsum("ij,jk,kl,l->i", {a, b, transpose(b), v}), dot(dot(a, dot(b, transpose(b))), v));
  expect_same(einsum("bij,bij->b", {x, x}), sum(x * x, {1, 2}));
  expect_same(einsum("ij,ij->ij", {a, a}), a * a);
  expect_same(einsum("iij,j->i", {data({3, 3, 2}, 0.3), data({2}, 0.1)}),
              stack({dot(at(at(data({3, 3, 2}, 0.3), 0), 0), data({2}, 0.1)),
                     dot(at(at(data({3, 3, 2}, 0.3), 1), 1), data({2}, 0.1)),
                     dot(at(at(data({3, 3, 2}, 0.3), 2), 2), data({2}, 0.1))}));
  expect_same(einsum("Ab,bC", {a, b}), dot(a, b));
  expect_same(einsum("iji->j", {data({2, 3, 2}, 0.7)}),
              at(at(data({2, 3, 2}, 0.7), 0), 0, 1) + at(at(data({2, 3, 2}, 0.7), 1), 1, 1));
  expect_same(einsum("ij,jk->ik", {data({2, 1}, 0.1), b}), outer(reshape(data({2, 1}, 0.1), {2}), sum(b, {0})));
  EXPECT_EQ(einsum("ij,jk", {cast(a, DType::int8), cast(b, DType::int32)}).dtype(), DType::int32);
  EXPECT_EQ(value_of(einsum("i,i", {v > 0.0, v > 0.0})).dtype(), DType::int64);
}

TEST(Einsum, HasDerivativesAtUnknownShapes) {
  const Expr a = dmatrix("a"), b = dmatrix("b"), v = dvector("v");
  expect_derivatives({a, b, v},
                     {einsum("ij,jk,k->i", {a, b, v}), einsum("ii,ik->k", {a, b}), einsum("i,i,ij->j", {v, v, b})},
                     {some_values({2, 2}, 0.1), some_values({2, 2}, 0.5), some_values({2}, 0.2)});
}

TEST(Einsum, SaysWhatIsWrong) {
  const Expr a = input({DType::float64, {2, 3}}, "a"), b = input({DType::float64, {4, 5}}, "b");
  expect_says(error_of([&] {
                einsum("ij,jk->ik", {a, b});
              }),
              {"label 'j' has lengths 3 and 4", "float64[2, 3]", "float64[4, 5]", "einsum_fft_test.cpp"});
  expect_says(error_of([&] { einsum("ij,jk", {a}); }), {"1 operands for the subscripts of 2"});
  expect_says(error_of([&] { einsum("ijk", {a}); }), {"operand 0 has 2 axes", "'ijk' name 3"});
  expect_says(error_of([&] { einsum("i", {a}); }), {"operand 0 has 2 axes"});
  expect_says(error_of([&] { einsum("ij->ik", {a}); }), {"the output label 'k' is in no operand"});
  expect_says(error_of([&] { einsum("ij->ii", {a}); }), {"label 'i' twice"});
  expect_says(error_of([&] { einsum("i1", {a}); }), {"'1' is not a letter"});
  expect_says(error_of([&] { einsum("i..", {a}); }), {"three dots"});
  expect_says(error_of([&] { einsum("ij->i->j", {a}); }), {"is not a letter"});
  expect_says(error_of([&] { einsum("...j->j", {a}); }), {"must have the ellipsis"});
}

/// The transform of real data by the sum that defines it.
std::vector<double> sums(const Array& x, std::int64_t kept, double sign) {
  std::vector<double> result;
  const std::int64_t n = x.size();
  for (std::int64_t k = 0; k < kept; ++k) {
    double re = 0, im = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const double angle = sign * 2 * 3.14159265358979323846 * static_cast<double>(j * k % n) / static_cast<double>(n);
      re += x.real(j) * std::cos(angle);
      im += x.real(j) * std::sin(angle);
    }
    result.push_back(re);
    result.push_back(im);
  }
  return result;
}

TEST(Fft, IsItsDefinitionForAnyLengthAndGoesBack) {
  CompileOptions options;
  options.cache = false;
  Exprs outputs;
  std::vector<std::vector<double>> wanted;
  const auto expect = [&](const Expr& e, const std::vector<double>& values) {
    outputs.push_back(e);
    wanted.push_back(values);
  };
  for (const std::int64_t n : {1, 2, 3, 8, 12, 67, 134}) {  // with and without large prime factors
    const Expr x = data({n}, 0.4);
    const Array values = value_of(x);
    const Expr pairs = stack({x, zeros_like(x)}, 1), y = rfft(x);
    expect(y, sums(values, n / 2 + 1, -1));
    expect(fft(pairs), sums(values, n, -1));
    expect(ifft(pairs, FftNorm::none), sums(values, n, 1));
    for (const FftNorm norm : {FftNorm::backward, FftNorm::ortho, FftNorm::forward}) {
      expect(irfft(rfft(x, norm), n % 2 == 1, norm), values.reals());
      expect(at(ifft(fft(pairs, norm), norm), 0, 1), values.reals());
    }
  }
  const Arrays native = compile(Graph{{}, outputs}, options)(Arrays{}), interpreted = interpret(Graph{{}, outputs}, {});
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    expect_reals(native[i], wanted[i], 1e-12);
    expect_reals(interpreted[i], wanted[i], 1e-12);
  }
  // Parseval.
  const Expr x = data({9}, 0.2);
  expect_same(sum(sqr(fft(stack({x, x}, 1), FftNorm::ortho))), 2.0 * sum(sqr(x)), 1e-12);
  EXPECT_EQ(rfft(input({DType::float32, {4, 6}}, "x")).type(), (Type{DType::float32, {4, 4, 2}}));
}

TEST(Fft, HasDerivativesAtUnknownShapes) {
  const Expr x = dvector("x"), y = dmatrix("y");
  expect_derivatives({x, y}, {rfft(x), irfft(y), irfft(y, true, FftNorm::ortho), fft(y), rfft(irfft(rfft(x), true))},
                     {some_values({5}, 0.2), some_values({3, 2}, 0.6)});
  expect_derivatives({x}, {rfft(x, FftNorm::ortho)}, {some_values({6}, 0.2)});
}

TEST(Fft, FrequenciesAndShifts) {
  expect_reals(value_of(fftfreq(5, 0.5)), {0, 0.4, 0.8, -0.8, -0.4});
  expect_reals(value_of(fftfreq(4)), {0, 0.25, -0.5, -0.25});
  expect_reals(value_of(rfftfreq(4)), {0, 0.25, 0.5});
  const Expr five = constant(Array::vector({0, 1, 2, -2, -1})), four = constant(Array::vector({0, 1, -2, -1}));
  expect_reals(value_of(fftshift(five)), {-2, -1, 0, 1, 2});
  expect_reals(value_of(fftshift(four)), {-2, -1, 0, 1});
  expect_reals(value_of(ifftshift(fftshift(five))), {0, 1, 2, -2, -1});
  const Expr x = dmatrix("x");
  expect_reals(value_of({x}, fftshift(x, 0), {matrix({3, 2}, {1, 2, 3, 4, 5, 6})}), {5, 6, 1, 2, 3, 4});
}

TEST(Fft, ConvolutionsAreNumPys) {
  const Expr a = constant(Array::vector({1, 2, 3, 4})), b = constant(Array::vector({0.5, -1, 2}));
  expect_reals(value_of(convolve1d(a, b)), {0.5, 0, 1.5, 3, 2, 8});
  expect_reals(value_of(convolve1d(b, a)), {0.5, 0, 1.5, 3, 2, 8});
  expect_reals(value_of(convolve1d(a, b, Overlap::same)), {0, 1.5, 3, 2});
  expect_reals(value_of(convolve1d(a, b, Overlap::valid)), {1.5, 3});
  const Expr x = dvector("x"), y = dvector("y");
  for (const auto& [n, m] : {std::pair{4, 3}, std::pair{2, 5}, std::pair{1, 1}}) {
    const Arrays point{some_values({n}, 0.3), some_values({m}, 0.8)};
    expect_reals(value_of({x, y}, convolve1d(x, y), point),
                 value_of(convolve1d(constant(point[0]), constant(point[1]))).reals());
    expect_derivatives({x, y}, {convolve1d(x, y)}, point);
  }
  // By the transform: multiplication of padded coefficients.
  const Expr stacked = stack({a, 2.0 * a});
  expect_same(at(convolve1d(stacked, b), 1), 2.0 * convolve1d(a, b));
}

TEST(Fft, SaysWhatIsWrong) {
  expect_says(error_of([] {
                fft(input({DType::float64, {4, 3}}, "x"));
              }),
              {"fft: input 0 must be pairs", "float64[4, 3]", "einsum_fft_test.cpp"});
  expect_says(error_of([] { rfft(input({DType::float64, {0}}, "x")); }), {"nothing to transform"});
  expect_says(error_of([] { irfft(input({DType::float64, {1, 2}}, "x")); }), {"nothing to transform"});
  expect_says(error_of([] { convolve1d(dvector("x"), dvector("y"), Overlap::valid); }), {"known lengths"});
  const Expr x = dmatrix("x");
  expect_says(error_of([&] {
                function({x}, fft(x))({matrix({2, 3}, {1, 2, 3, 4, 5, 6})});
              }),
              {"fft", "float64[2, 3]", "einsum_fft_test.cpp"});
}

}  // namespace
}  // namespace leapgraph::symbolic
