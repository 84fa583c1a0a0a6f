/// Functions made of the dictionary's ops: values at the edges, bits of every integer type, gradients on both sides of
/// a branch, refusals; and gradients of special functions against closed forms.
#include "leapgraph/symbolic/elementwise_functions.hpp"

#include <functional>
#include <limits>
#include <numbers>

#include "leapgraph/symbolic/special_functions.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Expr data(const std::vector<double>& values) { return constant(Array::vector(values)); }
double scalar_of(const Expr& e) { return value_of(e).real(); }
template <class T>
Expr whole(const std::vector<T>& values) {
  return constant(Array::of<T>({static_cast<std::int64_t>(values.size())}, values));
}

double slope_at(const std::function<Expr(const Expr&)>& f, double x) {
  const Expr v = dscalar("v");
  return value_of({v}, grad(f(v), std::span(&v, 1))[0], {Array::scalar(x)}).real();
}

TEST(ElementwiseFunctions, DivideAndRoundAsTheyAreNamed) {
  const auto [quotient, rest] = divmod(data({-7, 7, -7}), data({2, -2, -2}));
  expect_reals(value_of(quotient), {-4, -4, 3});
  expect_reals(value_of(rest), {1, -1, -1});
  expect_reals(value_of(fmod(data({-7, 7, 5.5}), data({2, -2, 2}))), {-1, 1, 1.5});
  EXPECT_EQ(int_div(constant(std::int64_t{7}), 2).dtype(), DType::int64);
  EXPECT_EQ(scalar_of(true_div(constant(std::int64_t{7}), 2)), 3.5);
  const std::vector<double> halves{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 4503599627370497.5, inf};
  expect_reals(value_of(round_half_to_even(data(halves))), {-2, -2, 0, 0, 2, 2, 0, 4503599627370498, inf});
  expect_reals(value_of(round_half_away_from_zero(data(halves))), {-3, -2, -1, 1, 2, 3, 0, 4503599627370498, inf});
  EXPECT_NEAR(scalar_of(hypot(3e200, 4e200)) / 5e200, 1, 4e-16);
  EXPECT_EQ(slope_at([](const Expr& x) { return fmod(x, 2.0); }, -3.5), 1);
  expect_reals(value_of(copysign(data({3, -3, 0}), data({-0.0, 1, -1}))), {-3, 3, 0});
  EXPECT_EQ(value_of(signbit(data({-0.0, 0.0, -2}))).reals(), (std::vector<double>{1, 0, 1}));
  expect_reals(value_of(heaviside(data({-1, 0, 2}), 0.5)), {0, 0.5, 1});
  EXPECT_EQ(value_of(fill(data({1, 2, 3}), 7.0)).reals(), (std::vector<double>{7, 7, 7}));
}

TEST(ElementwiseFunctions, TellFiniteFromInfiniteAndInsideFromOutside) {
  const Expr x = data({1, inf, -inf, nan});
  EXPECT_EQ(value_of(isfinite(x)).reals(), (std::vector<double>{1, 0, 0, 0}));
  EXPECT_EQ(value_of(isposinf(x)).reals(), (std::vector<double>{0, 1, 0, 0}));
  EXPECT_EQ(value_of(isneginf(x)).reals(), (std::vector<double>{0, 0, 1, 0}));
  const Expr one = constant(1.0), off = constant(Array::vector({1 + 1e-6, 1 + 1e-4, 1 / 0.0, std::nan("")}));
  EXPECT_EQ(value_of(isclose(one, off)).reals(), (std::vector<double>{1, 0, 0, 0}));
  EXPECT_EQ(value_of(isclose(off, off)).reals(), (std::vector<double>{1, 1, 1, 0}));
  EXPECT_TRUE(value_of(allclose(off, off, 0, 0, true)).real());
  EXPECT_EQ(value_of(isfinite(whole<std::int8_t>({1, -128}))).reals(), (std::vector<double>{1, 1}));
  constexpr double most = std::numeric_limits<double>::max();
  expect_reals(value_of(nan_to_num(x)), {1, most, -most, 0});
  expect_reals(value_of(nan_to_num(x, 5.0, 6.0, 7.0)), {1, 6, 7, 5});
  EXPECT_EQ(value_of(nan_to_num(cast(x, DType::float32))).real(1), std::numeric_limits<float>::max());
  EXPECT_EQ(slope_at([](const Expr& v) { return nan_to_num(3.0 * v); }, 2), 3);
  const Expr y = data({0, 1, 2, 3});
  EXPECT_EQ(value_of(in_range(y, 0.0, 3.0)).reals(), (std::vector<double>{1, 1, 1, 1}));
  EXPECT_EQ(value_of(in_range(y, 0.0, 3.0, Open::both)).reals(), (std::vector<double>{0, 1, 1, 0}));
  EXPECT_EQ(value_of(in_range(y, 0.0, 3.0, Open::low)).reals(), (std::vector<double>{0, 1, 1, 1}));
}

TEST(ElementwiseFunctions, WorkOnBits) {
  const Expr a = whole<std::int32_t>({12, -1, 7}), b = whole<std::int32_t>({10, 6, -8});
  EXPECT_EQ(value_of(a & b).reals(), (std::vector<double>{8, 6, 0}));
  EXPECT_EQ(value_of(a | b).reals(), (std::vector<double>{14, -1, -1}));
  EXPECT_EQ(value_of(a ^ b).reals(), (std::vector<double>{6, -7, -1}));
  EXPECT_EQ(value_of(~whole<std::uint8_t>({0, 255, 5})).reals(), (std::vector<double>{255, 0, 250}));
  EXPECT_EQ(value_of(~a).reals(), (std::vector<double>{-13, 0, -8}));
  EXPECT_EQ(value_of(left_shift(whole<std::int8_t>({1, 100, -1}), 1)).reals(), (std::vector<double>{2, -56, -2}));
  EXPECT_EQ(value_of(left_shift(whole<std::int8_t>({1, 1, 1}), whole<std::int8_t>({7, 8, -1}))).reals(),
            (std::vector<double>{-128, 0, 0}));
  EXPECT_EQ(value_of(right_shift(whole<std::int64_t>({-5, 5, -5}), whole<std::int64_t>({1, 1, 64}))).reals(),
            (std::vector<double>{-3, 2, -1}));
  EXPECT_EQ(value_of(right_shift(whole<std::uint64_t>({~std::uint64_t{0}}), 63)).reals(), (std::vector<double>{1}));
  const Expr x = data({-1, 0.5, 2});
  EXPECT_EQ(value_of((x > 0.0) & (x < 1.0)).reals(), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ((x > 0.0) & (x < 1.0), logical_and(x > 0.0, x < 1.0));
  EXPECT_EQ(value_of(logical_xor(x > 0.0, x > 1.0)).reals(), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ((~(x > 0.0)).dtype(), DType::boolean);
  EXPECT_EQ((whole<std::int8_t>({1}) & whole<std::int16_t>({1})).dtype(), DType::int16);
  EXPECT_THROW(x & a, DTypeError);
  EXPECT_THROW(~x, DTypeError);
  EXPECT_THROW(left_shift(x > 0.0, x > 0.0), DTypeError);
}

TEST(ElementwiseFunctions, TakeLimitsOfLogarithms) {
  EXPECT_EQ(scalar_of(xlogx(0.0)), 0);
  EXPECT_NEAR(slope_at(xlogx, 2), std::log(2.0) + 1, 1e-15);
  expect_reals(value_of(xlog1py(data({0, 0, 2, 0}), data({-1, inf, 1, -3}))), {0, 0, 2 * std::log(2.0), 0});
  EXPECT_EQ(slope_at([](const Expr& x) { return xlog1py(x, 1.0); }, 0), std::log1p(1.0));
  EXPECT_NEAR(scalar_of(logexpm1(softplus(-30.0))), -30, 1e-13);
  EXPECT_NEAR(scalar_of(logdiffexp(1000.0, 999.0)), 1000 + std::log1p(-std::exp(-1.0)), 1e-12);
  EXPECT_NEAR(scalar_of(logaddexp2(2000.0, 2000.0)), 2001, 1e-12);
  EXPECT_EQ(scalar_of(exp10(3.0)), 1000);
  EXPECT_NEAR(scalar_of(deg2rad(180.0)), std::numbers::pi, 1e-15);
  EXPECT_NEAR(scalar_of(rad2deg(constant(std::int64_t{1}))), 180 / std::numbers::pi, 1e-13);
  EXPECT_EQ(scalar_of(sinc(0.0)), 1);
  for (double x : {1e-9, 0.1, 0.1999, 0.2001, 1.7})
    EXPECT_NEAR(scalar_of(sinc(x)), std::sin(std::numbers::pi * x) / (std::numbers::pi * x), 3e-16) << x;
  EXPECT_NEAR(slope_at(sinc, 1e-9), -std::numbers::pi * std::numbers::pi / 3 * 1e-9, 1e-23);
}

TEST(ElementwiseFunctions, ActivateWithoutNan) {
  const Expr x = data({-inf, -800, -1, 0, 1, 800, inf});
  for (const auto& [name, f] : {std::pair<const char*, Expr (*)(const Operand&)>{"swish", swish},
                                {"gelu", gelu},
                                {"mish", mish},
                                {"selu", selu},
                                {"softsign", softsign},
                                {"hard_sigmoid", hard_sigmoid},
                                {"ultra_fast_sigmoid", ultra_fast_sigmoid}}) {
    for (double value : value_of(f(x)).reals()) EXPECT_FALSE(std::isnan(value)) << name;
    for (double at : {-800.0, -1.3, 0.4, 800.0}) {
      const double h = 1e-5;
      const double expected = (scalar_of(f(at + h)) - scalar_of(f(at - h))) / (2 * h);
      EXPECT_NEAR(slope_at(f, at), expected, 1e-8) << name << " at " << at;
    }
  }
  expect_reals(value_of(relu(data({-inf, -2, 0, 3, inf}))), {0, 0, 0, 3, inf});
  EXPECT_TRUE(std::isnan(scalar_of(relu(nan))));
  EXPECT_EQ(relu(whole<std::int32_t>({-3, 3})).dtype(), DType::int32);
  EXPECT_EQ(slope_at([](const Expr& v) { return relu(v, 0.1); }, 0), 0.1);
  EXPECT_EQ(slope_at([](const Expr& v) { return elu(v); }, 800), 1);
  EXPECT_EQ(slope_at([](const Expr& v) { return elu(v, 2.0); }, 0), 2);
  EXPECT_NEAR(scalar_of(ultra_fast_sigmoid(1.0)), 0.5 * (1.5 * 0.5 / 1.5 + 1), 1e-15);
  EXPECT_NEAR(scalar_of(gelu(1.0)), 0.84134474606854293, 1e-15);
}

TEST(ElementwiseFunctions, LoseWithoutOverflow) {
  expect_reals(value_of(binary_crossentropy(data({1, 0, 0.5}), data({1, 0, 1}))), {0, 0, std::log(2.0)});
  EXPECT_EQ(scalar_of(sigmoid_binary_crossentropy(-800.0, 1.0)), 800);
  EXPECT_EQ(scalar_of(sigmoid_binary_crossentropy(800.0, 1.0)), 0);
  EXPECT_EQ(slope_at([](const Expr& z) { return sigmoid_binary_crossentropy(z, 1.0); }, -800), -1);
  const Expr p = constant(matrix({2, 3}, {0.5, 0.25, 0.25, 0, 1, 0}));
  const Expr classes = constant(integers({2}, {0, 1}));
  expect_reals(value_of(categorical_crossentropy(p, classes)), {std::log(2.0), 0});
  expect_reals(value_of(categorical_crossentropy(p, constant(matrix({2, 3}, {1, 0, 0, 0, 1, 0})))), {std::log(2.0), 0});
  const Expr z = dmatrix("z"), y = input({DType::int64, {unknown}}, "y");
  const Array logits = matrix({2, 3}, {1000, 0, 0, 0, 1000, 0});
  expect_reals(value_of({z, y}, softmax_crossentropy(z, y), {logits, integers({2}, {0, 2})}), {0, 1000});
  expect_derivatives({z}, {softmax_crossentropy(z, classes)}, {some_values({2, 3})});
  EXPECT_THROW(value_of({z, y}, softmax_crossentropy(z, y), {logits, integers({2}, {0, 3})}), IndexError);
  EXPECT_THROW(value_of({z, y}, softmax_crossentropy(z, y), {logits, integers({2}, {0, -1})}), IndexError);
  EXPECT_THROW(softmax_crossentropy(z, constant(std::int64_t{1})), GraphError);
}

// --- Special functions ---

TEST(SpecialFaces, AreWhatTheyAreMadeOf) {
  EXPECT_EQ(scalar_of(factorial(5.0)), 120);
  EXPECT_EQ(scalar_of(factorial(constant(std::int64_t{20}))), 2432902008176640000.0);
  EXPECT_EQ(scalar_of(factorial(-1.0)), 0);
  EXPECT_NEAR(scalar_of(binomial(50.0, 25.0)), 126410606437752.0, 1);
  EXPECT_NEAR(scalar_of(log_binomial(1e10, 3.0)), std::log(1e10) * 3 - std::log(6.0), 1e-8);
  EXPECT_EQ(value_of(gammasgn(data({2, -0.5, -1.5, -2.5, -1, inf}))).reals()[1], -1);
  EXPECT_EQ(value_of(gammasgn(data({2, -0.5, -1.5, -2.5}))).reals(), (std::vector<double>{1, -1, 1, -1}));
  EXPECT_NEAR(scalar_of(chi2sf(2.0, constant(std::int64_t{2}))), std::exp(-1.0), 1e-15);
  EXPECT_NEAR(scalar_of(gammal(2.0, 1.0) + gammau(2.0, 1.0)), 1, 1e-15);
  EXPECT_NEAR(scalar_of(zeta(2.0)), std::numbers::pi * std::numbers::pi / 6, 1e-15);
  EXPECT_NEAR(scalar_of(multigammaln(3.0, 2)), std::lgamma(3.0) + std::lgamma(2.5) + 0.5 * std::log(std::numbers::pi),
              1e-14);
  EXPECT_NEAR(scalar_of(j0(2.404825557695773)), 0, 1e-16);
  EXPECT_EQ(polygamma(1, constant(2.0)), trigamma(constant(2.0)));
  EXPECT_EQ(gammainc(constant(1.0F), 2.0).dtype(), DType::float64);
  EXPECT_EQ(ndtr(input({DType::float32, {}}, "x")).dtype(), DType::float32);
}

/// Gradients that have a closed form, where differences would not see their digits.
TEST(SpecialFaces, HaveGradientsAsAccurateAsTheirValues) {
  const auto relative = [](const std::function<Expr(const Expr&)>& f, double x, double expected) {
    EXPECT_NEAR(slope_at(f, x) / expected, 1, 1e-13) << x;
  };
  relative(erfcx, 1e6, -std::numbers::inv_sqrtpi / 1e12 * (1 - 1.5e-12));  // asymptotic series
  relative(log_ndtr, -1e5, 1e5 + 1e-5);
  relative(log_ndtr, -38, 38.026279466575868988);
  relative([](const Expr& x) { return gammainc(1.0, x); }, 700, std::exp(-700.0));
  relative([](const Expr& x) { return gammaincc(1e6, x); }, 1e6,
           -1 / std::sqrt(2 * std::numbers::pi * 1e6) / (1 + 1 / 12e6));
  relative([](const Expr& p) { return gammaincinv(1.0, p); }, 0.25, 1 / 0.75);
  relative([](const Expr& x) { return betainc(2.0, 1.0, x); }, 1e-100, 2e-100);
  relative([](const Expr& a) { return betainc(a, 1.0, 0.25); }, 3, std::log(0.25) / 64);        // x^a
  relative([](const Expr& b) { return betainc(1.0, b, 0.25); }, 3, -std::log(0.75) * 27 / 64);  // 1 - (1 - x)^b
  relative([](const Expr& a) { return betaln(a, 1.0); }, 1e10, -1e-10);                         // -log(a)
  relative([](const Expr& b) { return hyp2f1(1.0, b, 1.0, 0.5); }, 2, 4 * std::numbers::ln2);   // (1 - z)^-b
  relative([](const Expr& z) { return hyp2f1(1.0, 2.0, 1.0, z); }, -3, 2 / 64.0);
}

TEST(SpecialFaces, RefuseDerivativesThatDoNotExistByName) {
  const Expr nu = dscalar("nu"), x = dscalar("x");
  const auto by_order = [&](const Expr& e) { return error_of([&] { grad(e, std::span(&nu, 1)); }); };
  expect_says(by_order(jv(nu, x)), {"jv", "no gradient with respect to its order"});
  expect_says(by_order(kv(nu, 2.0)), {"kv", "its order"});
  expect_says(by_order(polygamma(nu, x)), {"polygamma", "its order"});
  expect_says(by_order(zeta(nu, x)), {"zeta", "its exponent"});
  EXPECT_THROW(grad(jv(nu, x), std::span(&nu, 1)), NotDifferentiable);
  EXPECT_THROW(jvp(jv(nu, x), nu, constant(1.0)), NotDifferentiable);
  EXPECT_NO_THROW(grad(jv(nu, x), std::span(&x, 1)));
  EXPECT_NEAR(value_of({nu, x}, jvp(jv(nu, x), x, constant(1.0)), {Array::scalar(0.0), Array::scalar(1.0)}).real(),
              -0.44005058574493355, 1e-15);
  const Expr slope = grad(betainc(nu, 2.0, x), std::span(&nu, 1))[0];
  EXPECT_THROW(grad(slope, std::span(&nu, 1)), NotDifferentiable);
  EXPECT_NO_THROW(grad(slope, std::span(&x, 1)));
}

}  // namespace
}  // namespace leapgraph::symbolic
