/// Complex numbers: every function against std::complex, on its branch cuts too; tensors, loops, and gradients in JAX's
/// convention against finite differences and holomorphic derivatives.
#include "leapgraph/symbolic/complex.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/loops.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "symbolic/errors.hpp"

namespace leapgraph::symbolic {
namespace {

using C = std::complex<double>;
using namespace std::complex_literals;

Array array_of(const std::vector<C>& values) {
  return Array::of<C>({static_cast<std::int64_t>(values.size())}, values);
}

std::vector<C> values_of(const Array& array) {
  std::vector<C> result;
  for (std::int64_t i = 0; i < array.size(); ++i) result.push_back(complex_at(array, i));
  return result;
}

using Long = std::complex<long double>;

/// Within `ulps` of the size of the number; infinities equal, nan where nan is.
void expect_near(C got, C want, double ulps, const std::string& what) {
  const auto near = [&](double x, double y) {
    if (std::isnan(y)) return std::isnan(x);
    if (std::isinf(y)) return x == y;
    return std::abs(x - y) <= ulps * 0x1p-52 * std::abs(want) + 1e-300;
  };
  EXPECT_TRUE(near(got.real(), want.real()) && near(got.imag(), want.imag())) << what << ": " << got << " for " << want;
}

/// Native code and interpreter; both must give the same to 8 ulps (vector functions and libm differ by less).
std::vector<Array> agreed(const Exprs& inputs, const Exprs& outputs, const std::vector<Array>& arguments) {
  const std::vector<Array> native = function(inputs, outputs)(arguments);
  const std::vector<Array> reference =
      function(inputs, outputs, {.target = CompileOptions::Target::interpreter})(arguments);
  for (std::size_t k = 0; k < native.size(); ++k) {
    EXPECT_EQ(native[k].type(), reference[k].type()) << "output " << k;
    for (std::int64_t i = 0; i < std::min(native[k].size(), reference[k].size()); ++i)
      expect_near(complex_at(native[k], i), complex_at(reference[k], i),
                  native[k].dtype() == DType::complex64 ? 1e10 : 64,
                  "output " + std::to_string(k) + ", element " + std::to_string(i));
  }
  return native;
}

struct Elementary {
  const char* name;
  Expr (*build)(const Operand&);
  C (*value)(const C&);
  C (*derivative)(const C&);
};

const Elementary table[] = {
    {"exp", exp, std::exp, std::exp},
    {"log", log, std::log, [](const C& z) { return 1.0 / z; }},
    {"log10", log10, std::log10, [](const C& z) { return 1.0 / z / std::log(10.0); }},
    {"log2", log2, [](const C& z) { return std::log(z) / std::log(2.0); },
     [](const C& z) { return 1.0 / z / std::log(2.0); }},
    {"exp2", exp2, [](const C& z) { return std::exp(z * std::log(2.0)); },
     [](const C& z) { return std::exp(z * std::log(2.0)) * std::log(2.0); }},
    {"expm1", expm1, [](const C& z) { return C(std::exp(Long(z)) - 1.0L); }, std::exp},
    {"log1p", log1p, [](const C& z) { return C(std::log(1.0L + Long(z))); },
     [](const C& z) { return 1.0 / (1.0 + z); }},
    {"sqrt", sqrt, std::sqrt, [](const C& z) { return 0.5 / std::sqrt(z); }},
    {"sin", sin, std::sin, std::cos},
    {"cos", cos, std::cos, [](const C& z) { return -std::sin(z); }},
    {"tan", tan, std::tan, [](const C& z) { return 1.0 / std::cos(z) / std::cos(z); }},
    {"sinh", sinh, std::sinh, std::cosh},
    {"cosh", cosh, std::cosh, std::sinh},
    {"tanh", tanh, std::tanh, [](const C& z) { return 1.0 / std::cosh(z) / std::cosh(z); }},
    {"asin", asin, std::asin, [](const C& z) { return 1.0 / std::sqrt(1.0 - z * z); }},
    {"acos", acos, std::acos, [](const C& z) { return -1.0 / std::sqrt(1.0 - z * z); }},
    {"atan", atan, std::atan, [](const C& z) { return 1.0 / (1.0 + z * z); }},
    {"asinh", asinh, std::asinh, [](const C& z) { return 1.0 / std::sqrt(1.0 + z * z); }},
    {"acosh", acosh, std::acosh, [](const C& z) { return 1.0 / (std::sqrt(z - 1.0) * std::sqrt(z + 1.0)); }},
    {"atanh", atanh, std::atanh, [](const C& z) { return 1.0 / (1.0 - z * z); }},
    {"sqr", sqr, [](const C& z) { return z * z; }, [](const C& z) { return 2.0 * z; }},
    {"inv", inv, [](const C& z) { return 1.0 / z; }, [](const C& z) { return -1.0 / z / z; }},
    {"cube", [](const Operand& z) { return pow(z, 3); }, [](const C& z) { return z * z * z; },
     [](const C& z) { return 3.0 * z * z; }},
    {"power", [](const Operand& z) { return pow(z, 1.5 - 0.5i); }, [](const C& z) { return std::pow(z, 1.5 - 0.5i); },
     [](const C& z) { return (1.5 - 0.5i) * std::pow(z, 0.5 - 0.5i); }},
    {"exponent", [](const Operand& z) { return pow(2.0, z); }, [](const C& z) { return std::pow(C(2), z); },
     [](const C& z) { return std::log(2.0) * std::pow(C(2), z); }},
    {"reciprocal power", [](const Operand& z) { return pow(z, -2); }, [](const C& z) { return 1.0 / (z * z); },
     [](const C& z) { return -2.0 / (z * z * z); }},
    {"quotient", [](const Operand& z) { return (1.0 + 2.0i) / z - z / (3.0 - 1.0i); },
     [](const C& z) { return (1.0 + 2.0i) / z - z / (3.0 - 1.0i); },
     [](const C& z) { return -(1.0 + 2.0i) / (z * z) - 1.0 / (3.0 - 1.0i); }},
};

/// In all quadrants, near 1 and far away; none on a cut.
const std::vector<C> points{0.5 + 0.25i,  -0.5 + 0.25i, -1.5 - 0.75i,  2.0 - 1.0i, 0.6 + 0.8i,
                            1e-3 + 2e-3i, -3.0 + 4.0i,  0.999 - 0.01i, 0.1 + 3.0i, -2.5 - 0.1i};

TEST(ComplexFunctions, AreThoseOfTheStandardLibrary) {
  const Expr z = zvector("z");
  Exprs outputs;
  for (const Elementary& row : table) outputs.push_back(row.build(z));
  const auto got = agreed({z}, outputs, {array_of(points)});
  for (std::size_t k = 0; k < std::size(table); ++k)
    for (std::size_t i = 0; i < points.size(); ++i)
      // A few roundings each; powers multiply the error of the logarithm.
      expect_near(complex_at(got[k], static_cast<std::int64_t>(i)), table[k].value(points[i]), 40, table[k].name);
}

TEST(ComplexFunctions, HaveTheBranchesOfC99OnTheirCuts) {
  const std::vector<C> cuts{{-4.0, 0.0},  {-4.0, -0.0}, {2.0, 0.0},  {2.0, -0.0}, {-2.0, 0.0},
                            {-2.0, -0.0}, {0.0, 2.0},   {-0.0, 2.0}, {0.0, -2.0}, {-0.0, -2.0},
                            {0.5, 0.0},   {0.5, -0.0},  {0.0, 0.5},  {-0.0, 0.5}};
  const Expr z = zvector("z");
  const std::pair<Expr, C (*)(const C&)> functions[] = {
      {sqrt(z), std::sqrt}, {log(z), std::log},     {asin(z), std::asin},   {acos(z), std::acos},
      {atan(z), std::atan}, {asinh(z), std::asinh}, {acosh(z), std::acosh}, {atanh(z), std::atanh}};
  Exprs outputs;
  for (const auto& [e, f] : functions) outputs.push_back(e);
  const auto got = agreed({z}, outputs, {array_of(cuts)});
  for (std::size_t k = 0; k < outputs.size(); ++k)
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      const C want = functions[k].second(cuts[i]);
      std::ostringstream what;
      what << "function " << k << " of " << cuts[i];
      expect_near(complex_at(got[k], static_cast<std::int64_t>(i)), want, 8, what.str());
    }
}

TEST(ComplexFunctions, DoNotOverflowOrLoseDigitsOnTheWay) {
  const std::vector<C> far{{1e300, 1e300},    {-1e300, 2e300}, {1e-300, -1e-300}, {3e200, -4e-200},
                           {1 + 1e-12, 1e-9}, {0.3, 800.0},    {-0.7, -900.0}};
  const Expr z = zvector("z");
  const auto got = agreed({z}, {abs(z), z / z, sqrt(z), log(z), tan(z), sign(z)}, {array_of(far)});
  for (std::size_t i = 0; i < far.size(); ++i) {
    const auto k = static_cast<std::int64_t>(i);
    expect_near(complex_at(got[0], k), std::abs(far[i]), 4, "abs");
    expect_near(complex_at(got[1], k), 1.0, 8, "z / z");
    expect_near(complex_at(got[2], k), std::sqrt(far[i]), 8, "sqrt");
    expect_near(complex_at(got[5], k), far[i] / std::abs(far[i]), 8, "sign");
  }
  // log |1 + d + i e| = d + (e^2 - d^2) / 2 + ...
  const double d = (1 + 1e-12) - 1;
  EXPECT_NEAR(complex_at(got[3], 4).real(), d + (1e-18 - d * d) / 2, 1e-27);
  expect_near(complex_at(got[4], 5), {0.0, 1.0}, 4, "tan far from the real axis");
  expect_near(complex_at(got[4], 6), {0.0, -1.0}, 4, "tan far from the real axis");
}

TEST(ComplexNumbers, AreMadeTakenApartAndCompared) {
  const auto [x, y] = dvectors("x", "y");
  const Expr z = zvector("z"), s = zscalar("s"), c = cvector("c");
  const Array a = Array::vector({1, -2, 3}), b = Array::vector({0.5, -1, -4});
  const std::vector<C> w{1.0 + 2.0i, -3.0 + 0.5i, 2.0 - 1.0i};
  const C k = 2.0 - 3.0i;
  const Array narrow = array_of(w).cast(DType::complex64);
  const Exprs outputs{complex(x, y),
                      real(z),
                      imag(z),
                      conj(z),
                      angle(z),
                      abs(z),
                      x * z,
                      z + x,
                      s - z,
                      z / x,
                      complex_from_polar(abs(z), angle(z)),
                      eq(z, s),
                      neq(z, z),
                      where(x > 0.0, z, s),
                      c * x,
                      c * 2.0,
                      -z,
                      2.0i * x,
                      real(x),
                      imag(x),
                      conj(x),
                      angle(x),
                      cast(z, DType::complex64),
                      cast(c, DType::complex128),
                      cast(z, DType::boolean),
                      z * std::complex<double>(1, 1),
                      isnan(z),
                      eq(z, x),
                      s * s};
  const auto got = agreed({x, y, z, s, c}, outputs, {a, b, array_of(w), Array::of<C>({}, {k}), narrow});
  EXPECT_EQ(to_string(got[0]), "[1+0.5j, -2-1j, 3-4j]");
  EXPECT_EQ(to_string(got[1]), "[1, -3, 2]");
  EXPECT_EQ(to_string(got[2]), "[2, 0.5, -1]");
  EXPECT_EQ(to_string(got[3]), "[1-2j, -3-0.5j, 2+1j]");
  EXPECT_EQ(got[4].real(1), std::arg(w[1]));
  EXPECT_EQ(to_string(got[6]), "[1+2j, 6-1j, 6-3j]");
  EXPECT_EQ(to_string(got[8]), "[1-5j, 5-3.5j, 0-2j]");
  expect_near(complex_at(got[10], 1), w[1], 8, "from polar");
  EXPECT_EQ(to_string(got[11]), "[0, 0, 0]");
  EXPECT_EQ(to_string(got[13]), "[1+2j, 2-3j, 2-1j]");
  EXPECT_EQ(got[14].dtype(), DType::complex128);
  EXPECT_EQ(got[15].dtype(), DType::complex64);
  EXPECT_EQ(to_string(got[17]), "[0+2j, 0-4j, 0+6j]");
  EXPECT_EQ(to_string(got[19]), "[0, 0, 0]");
  EXPECT_EQ(to_string(got[24]), "[1, 1, 1]");
  EXPECT_EQ(complex_at(got[28]), k * k);
}

TEST(ComplexNumbers, RealFactorsDoNotTouchTheOtherPart) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto [x, y] = dvectors("x", "y");
  const auto got = agreed({x, y}, {x * complex(y, 1.0), complex(x, y) * 2.0, complex(1.0, y) / x},
                          {Array::vector({inf}), Array::vector({0.5})});
  EXPECT_EQ(to_string(got[0]), "[inf+infj]");
  EXPECT_EQ(to_string(got[1]), "[inf+1j]");
  EXPECT_EQ(to_string(got[2]), "[0+0j]");
}

TEST(ComplexTensors, AreReducedMultipliedIndexedAndJoined) {
  const Expr A = zmatrix("A"), v = zvector("v"), B = dmatrix("B"), n = lvector("n");
  std::vector<C> a, w{1.0 + 1.0i, 2.0 - 1.0i, -1.0 + 0.5i};
  for (int i = 0; i < 6; ++i) a.emplace_back(i - 2, 0.5 * i * i - 3);
  const Array AA = Array::of<C>({2, 3}, a), BB = Array::of<double>({3, 2}, {1, 2, 3, 4, 5, 6});
  const Exprs outputs{sum(A),
                      sum(A, {0}),
                      mean(A, {1}),
                      prod(A, {1}),
                      prod(A),
                      cumsum(v),
                      dot(A, v),
                      dot(A, B),
                      dot(v, conj(v)),
                      outer(v, v),
                      transpose(A),
                      reshape(A, {3, 2}),
                      at(A, 1),
                      slice(A, 1, {1, 3}),
                      gather(v, n),
                      concatenate({v, at(A, 0)}),
                      stack({v, conj(v)}),
                      variance(A),
                      set_rows(v, n, constant(7.0)),
                      diag(v),
                      diagonal(A),
                      tensordot(A, A, {0, 1}, {0, 1}),
                      concatenate({v, at(B, 0, 1)}),
                      A + v,
                      length(A, 1),
                      zeros_like(A),
                      ones_like(v),
                      add_rows(v, n, 2.0i),
                      broadcast_to(v, {2, 3}),
                      expand_dims(v, 0),
                      matmul(A, B),
                      sum(abs(A))};
  const auto got = agreed({A, v, B, n}, outputs, {AA, array_of(w), BB, Array::of<std::int64_t>({2}, {2, 0})});
  C total = 0, product = 1;
  for (C x : a) total += x, product *= x;
  EXPECT_EQ(complex_at(got[0]), total);
  EXPECT_EQ(complex_at(got[1], 2), a[2] + a[5]);
  expect_near(complex_at(got[2], 1), (a[3] + a[4] + a[5]) / 3.0, 4, "mean");
  expect_near(complex_at(got[3], 1), a[3] * a[4] * a[5], 8, "prod along an axis");
  expect_near(complex_at(got[4]), product, 8, "prod");
  EXPECT_EQ(complex_at(got[5], 2), w[0] + w[1] + w[2]);
  EXPECT_EQ(complex_at(got[6], 1), a[3] * w[0] + a[4] * w[1] + a[5] * w[2]);
  EXPECT_EQ(complex_at(got[7], 3), a[3] * 2.0 + a[4] * 4.0 + a[5] * 6.0);
  EXPECT_EQ(complex_at(got[8]), C(1 + 1 + 4 + 1 + 1 + 0.25));
  EXPECT_EQ(complex_at(got[9], 1), w[0] * w[1]);
  EXPECT_EQ(complex_at(got[10], 1), a[3]);
  EXPECT_EQ(values_of(got[11]), a);
  EXPECT_EQ(values_of(got[14]), (std::vector<C>{w[2], w[0]}));
  EXPECT_EQ(complex_at(got[15], 4), a[1]);
  EXPECT_EQ(complex_at(got[16], 3), std::conj(w[0]));
  double spread = 0;
  for (C x : a) spread += std::norm(x - total / 6.0) / 6;
  EXPECT_NEAR(got[17].real(), spread, 1e-13);
  EXPECT_EQ(values_of(got[18]), (std::vector<C>{7, w[1], 7}));
  EXPECT_EQ(complex_at(got[19], 4), w[1]);
  EXPECT_EQ(complex_at(got[22], 3), C(1));
  EXPECT_EQ(got[24].integer(), 3);
  EXPECT_EQ(values_of(got[27]), (std::vector<C>{w[0] + 2.0i, w[1], w[2] + 2.0i}));
}

TEST(ComplexTensors, GoThroughLoopsBranchesAndCalls) {
  const Expr c = zscalar("c"), v = zvector("v"), flag = boolscalar("flag");
  const ScanResult orbit = scan(
      [&](const Exprs& carry, const Exprs& e) {
        return ScanBody{{sqr(carry[0]) + c}, {carry[0] * e[0], abs(carry[0])}};
      },
      {c}, {v});
  const ScanResult escape = while_loop([](const Exprs& z) { return lt(abs(z[0]), 2.0); },
                                       [&](const Exprs& z) { return Exprs{sqr(z[0]) + c}; }, {c}, 100);
  const Expr branch = ifelse(
      flag, [&] { return Exprs{c * v}; }, [&] { return Exprs{conj(v)}; })[0];
  const Expr p = zvector("p"), q = dvector("q");
  const Expr called = call(close({{p, q}, {p * q}}), {v, abs(v)})[0];
  const std::vector<C> w{1.0 + 1.0i, 2.0 - 1.0i, -1.0 + 0.5i};
  const C k = -0.4 + 0.9i;
  for (const bool side : {true, false}) {
    const auto got =
        agreed({c, v, flag}, {orbit.carry[0], orbit.outputs[0], orbit.outputs[1], branch, called, escape.carry[0]},
               {Array::of<C>({}, {k}), array_of(w), Array::scalar(side)});
    C z = k;
    for (std::size_t i = 0; i < 3; ++i) {
      expect_near(complex_at(got[1], static_cast<std::int64_t>(i)), z * w[i], 8, "scan output");
      z = z * z + k;
    }
    expect_near(complex_at(got[0]), z, 16, "scan carry");
    expect_near(complex_at(got[3], 1), side ? k * w[1] : std::conj(w[1]), 4, "ifelse");
    expect_near(complex_at(got[4], 2), w[2] * std::abs(w[2]), 4, "call");
    EXPECT_GE(std::abs(complex_at(got[5])), 2.0);
  }
}

// --- Gradients ---

TEST(ComplexGradients, AreTheHolomorphicDerivatives) {
  // f = Re h(z): df/dx - i df/dy = h'(z); and of Im h(z) it is -i h'(z).
  const Expr z = zvector("z");
  Exprs outputs;
  for (const Elementary& row : table) {
    outputs.push_back(grad(sum(real(row.build(z))), z));
    outputs.push_back(grad(sum(imag(row.build(z))), z));
  }
  const auto got = agreed({z}, outputs, {array_of(points)});
  for (std::size_t k = 0; k < std::size(table); ++k)
    for (std::size_t i = 0; i < points.size(); ++i) {
      const C want = table[k].derivative(points[i]);
      const double condition = 1e5;  // some derivatives are differences of parts that are larger than they
      expect_near(complex_at(got[2 * k], static_cast<std::int64_t>(i)), want, condition,
                  std::string("Re ") + table[k].name);
      expect_near(complex_at(got[2 * k + 1], static_cast<std::int64_t>(i)), -1.0i * want, condition,
                  std::string("Im ") + table[k].name);
    }
}

/// df/dx - i df/dy by central differences, extrapolated.
C difference(const std::function<double(C)>& f, C z) {
  const auto along = [&](C step) {
    const auto central = [&](double h) { return (f(z + h * step) - f(z - h * step)) / (2 * h); };
    return (4 * central(5e-4) - central(1e-3)) / 3;
  };
  return {along(1), -along(1i)};
}

TEST(ComplexGradients, OfRealCostsAgreeWithDifferences) {
  const Expr z = zscalar("z");
  const std::pair<const char*, Expr> costs[] = {
      {"|z|^2", sqr(abs(z))},
      {"|exp z| angle", abs(exp(z)) * angle(z)},
      {"non-holomorphic product", real(conj(z) * sin(z)) + imag(z) * real(z)},
      {"quotient of conjugates", imag(z / (conj(z) + 2.0i))},
      {"polar", real(complex_from_polar(abs(z), 2.0 * angle(z)) * z)},
      {"power", abs(pow(z, z))},
      {"inverse", real(asin(z) * conj(atanh(z)) + acosh(z))},
      {"sign", real(sign(z) * (1.0 + 2.0i))},
      {"choice", where(real(z) > 0.0, abs(z), imag(z))},
      {"prod", real(prod(stack({z, conj(z) * z, z + 1.0})))},
      {"matrix product",
       real(dot(dot(reshape(stack({z, 1.0i, 2.0, z * z}), {2, 2}), stack({z, conj(z)})), stack({z, 1.0 - 1.0i})))},
  };
  for (const auto& [name, cost] : costs) {
    const Expr g = grad(cost, z);
    ASSERT_EQ(g.type(), z.type());
    // The second derivative, as the gradient of one part of the gradient.
    const Expr second = grad(real(g) + 2.0 * imag(g), z);
    for (const C at : {0.6 + 0.3i, -0.7 + 0.4i, 0.2 - 1.3i}) {
      const auto value = [&](const Expr& e, C point) {
        return complex_at(interpret(Graph{{z}, {e}}, std::vector{Array::of<C>({}, {point})})[0]);
      };
      const C want = difference([&](C p) { return value(cost, p).real(); }, at);
      EXPECT_LT(std::abs(value(g, at) - want), 1e-8 * (1 + std::abs(want)))
          << name << " at " << at << ": " << value(g, at) << " for " << want;
      const C want2 = difference([&](C p) { return value(g, p).real() + 2 * value(g, p).imag(); }, at);
      EXPECT_LT(std::abs(value(second, at) - want2), 1e-7 * (1 + std::abs(want2)))
          << name << ", second derivative at " << at;
    }
  }
}

TEST(ComplexGradients, GoThroughLoopsAndBothModes) {
  const Expr c = zscalar("c"), v = zvector("v");
  const ScanResult loop = scan(
      [&](const Exprs& carry, const Exprs& e) {
        return ScanBody{{carry[0] * c + e[0]}, {sqr(carry[0])}};
      },
      {c}, {v});
  const Expr h = loop.carry[0] * sum(loop.outputs[0]);  // holomorphic in c and v
  const std::vector<C> w{0.5 + 0.2i, -0.3 + 0.1i, 0.4i};
  const C k = 0.7 - 0.4i;
  const auto value = [&](C at) {
    C carry = at, total = 0;
    for (C e : w) total += carry * carry, carry = carry * at + e;
    return carry * total;
  };
  const double step = 1e-4;
  const C slope =
      (value(k - 2.0 * step) - 8.0 * value(k - step) + 8.0 * value(k + step) - value(k + 2.0 * step)) / (12 * step);
  const Exprs cs{c}, outputs{h}, ones{Operand(C(1)).expr()};
  const Exprs forward = jvp(outputs, cs, ones), backward = vjp(outputs, cs, ones);
  const auto got = agreed({c, v}, {grad(real(h), c), forward[0], backward[0], grad(real(h), v)},
                          {Array::of<C>({}, {k}), array_of(w)});
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_LT(std::abs(complex_at(got[i]) - slope), 1e-9) << i << ": " << complex_at(got[i]) << " for " << slope;
}

TEST(ComplexGradients, OfRealInputsAreReal) {
  const Expr x = dvector("x");
  const Expr g = grad(sum(abs(complex(x, 2.0) * complex(x, x))), x);
  EXPECT_EQ(g.dtype(), DType::float64);
  const Array at = Array::vector({0.5, -1.5});
  const Array got = function({x}, g)({at})[0];
  for (std::int64_t i = 0; i < 2; ++i) {
    const double t = at.real(i);
    const auto f = [](double u) { return std::hypot(u, 2) * std::abs(u) * std::sqrt(2.0); };
    EXPECT_NEAR(got.real(i), (f(t + 1e-5) - f(t - 1e-5)) / 2e-5, 1e-8);
  }
}

// --- What is refused ---

TEST(ComplexNumbers, AreRefusedWhereTheyHaveNoMeaning) {
  const Expr z = zvector("z"), x = dvector("x");
  for (const auto& f : std::initializer_list<std::function<Expr()>>{
           [&] { return z < x; }, [&] { return max(z); }, [&] { return lgamma(z); }, [&] { return floor(z); },
           [&] { return atan2(z, x); }, [&] { return complex(z, x); }, [&] { return z % x; },
           [&] { return softmax(z); }, [&] { return cast(z, DType::float64); }})
    EXPECT_NE(message_of<DTypeError>(f).find("complex128"), std::string::npos);
  EXPECT_NE(message_of<DTypeError>([&] { cast(z, DType::float64); }).find("real(z)"), std::string::npos);
  EXPECT_NE(message_of<NotDifferentiable>([&] { grad(sum(z), z); }).find("real(cost)"), std::string::npos);
  EXPECT_THROW(array_of({1.0i}).cast(DType::float64), DTypeError);
  EXPECT_THROW(Array::vector({1}).set_complex(0, 1, 2), DTypeError);
}

}  // namespace
}  // namespace leapgraph::symbolic
