/// Element types: NumPy's promotion, plain numbers, half precision, integers beyond 2^53; variables and named
/// dimensions.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/type.hpp"
#include "symbolic/errors.hpp"

namespace leapgraph::symbolic {
namespace {

// --- Promotion ---

constexpr std::string_view letters = "?bwilBWILhfdcz";  // one an element type, in the order of DType

/// numpy.promote_types of every pair (NumPy 1.24).
constexpr std::string_view promoted_by_numpy[] = {
    "?bwilBWILhfdcz",  // bool
    "bbwilwildhfdcz",  // int8
    "wwwilwildffdcz",  // int16
    "iiiiliilddddzz",  // int32
    "llllllllddddzz",  // int64
    "BwwilBWILhfdcz",  // uint8
    "WiiilWWILffdcz",  // uint16
    "IllllIIILdddzz",  // uint32
    "LddddLLLLdddzz",  // uint64
    "hhfddhfddhfdcz",  // float16
    "fffddffddffdcz",  // float32
    "ddddddddddddzz",  // float64
    "ccczzcczzcczcz",  // complex64
    "zzzzzzzzzzzzzz",  // complex128
};

TEST(DTypes, PromoteAsInNumpy) {
  ASSERT_EQ(all_dtypes().size(), letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i)
    for (std::size_t j = 0; j < letters.size(); ++j) {
      const DType want = all_dtypes()[letters.find(promoted_by_numpy[i][j])].dtype;
      const DTypeInfo &a = all_dtypes()[i], &b = all_dtypes()[j];
      EXPECT_EQ(info(promote(a.dtype, b.dtype)).name, info(want).name) << a.name << " with " << b.name;
    }
}

TEST(DTypes, AreInTheOrderOfTheirTable) {
  for (std::size_t i = 0; i < all_dtypes().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(all_dtypes()[i].dtype), i);
    EXPECT_EQ(dtype_named(all_dtypes()[i].name), all_dtypes()[i].dtype);
  }
  EXPECT_THROW(dtype_named("float128"), DTypeError);
  EXPECT_EQ(part_of(DType::complex64), DType::float32);
  EXPECT_EQ(part_of(DType::int8), DType::int8);
  EXPECT_EQ(complex_of(DType::float16), DType::complex64);
  EXPECT_EQ(complex_of(DType::int32), DType::complex128);
}

DType sum_with(DType dtype, const Operand& plain) { return (variable(dtype, Rank::vector, "x") + plain).dtype(); }

TEST(PlainNumbers, TakeTheTypeOfTheTensorWhereItHoldsThem) {
  EXPECT_EQ(sum_with(DType::float32, 1.5), DType::float32);
  EXPECT_EQ(sum_with(DType::float32, 0.1), DType::float32);
  EXPECT_EQ(sum_with(DType::float16, 1), DType::float16);
  EXPECT_EQ(sum_with(DType::float32, std::int64_t{1} << 40), DType::float32);
  EXPECT_EQ(sum_with(DType::int8, 100), DType::int8);
  EXPECT_EQ(sum_with(DType::int8, -128), DType::int8);
  EXPECT_EQ(sum_with(DType::uint8, 255), DType::uint8);
  EXPECT_EQ(sum_with(DType::int16, true), DType::int16);
  EXPECT_EQ(sum_with(DType::boolean, 1), DType::int64);
  EXPECT_EQ(sum_with(DType::int64, 1u), DType::int64);
  EXPECT_EQ(sum_with(DType::uint64, std::uint64_t{1} << 63), DType::uint64);
}

TEST(PlainNumbers, WidenTheTensorWhereItDoesNotHoldThem) {
  EXPECT_EQ(sum_with(DType::int8, 300), DType::int16);
  EXPECT_EQ(sum_with(DType::int8, 128), DType::int16);
  EXPECT_EQ(sum_with(DType::int8, std::int64_t{1} << 40), DType::int64);
  EXPECT_EQ(sum_with(DType::uint8, -1), DType::int16);
  EXPECT_EQ(sum_with(DType::uint8, 256), DType::int16);
  EXPECT_EQ(sum_with(DType::uint32, -1), DType::int64);
  EXPECT_EQ(sum_with(DType::uint16, 70000), DType::int32);
  EXPECT_EQ(sum_with(DType::uint64, -1), DType::float64);
  EXPECT_EQ(sum_with(DType::int64, std::uint64_t{1} << 63), DType::float64);
  EXPECT_EQ(sum_with(DType::int8, 1.5), DType::float64);
  EXPECT_EQ(sum_with(DType::int64, 1.0), DType::float64);
  EXPECT_EQ(sum_with(DType::boolean, 0.5), DType::float64);
  EXPECT_EQ(sum_with(DType::float32, std::complex<double>(0, 1)), DType::complex64);
  EXPECT_EQ(sum_with(DType::int8, std::complex<double>(0, 1)), DType::complex64);
  EXPECT_EQ(sum_with(DType::float64, std::complex<double>(0, 1)), DType::complex128);
}

// --- Half precision ---

/// The nearest half by search over all finite ones: an independent definition of rounding.
std::uint16_t nearest_half(double x) {
  std::uint16_t best = 0;
  double distance = std::numeric_limits<double>::infinity();
  for (std::uint32_t bits = 0; bits <= 0x7c00; ++bits) {
    // Infinity stands at 65536, where the next number would be.
    const double value =
        bits == 0x7c00 ? 65536.0 : static_cast<double>(Float16::from_bits(static_cast<std::uint16_t>(bits)));
    const double here = std::abs(value - std::abs(x));
    if (here < distance || (here == distance && bits % 2 == 0)) {
      best = static_cast<std::uint16_t>(bits);
      distance = here;
    }
  }
  return static_cast<std::uint16_t>(best | (std::signbit(x) ? 0x8000 : 0));
}

TEST(HalfPrecision, EveryBitPatternGoesToDoubleAndBack) {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const Float16 half = Float16::from_bits(static_cast<std::uint16_t>(bits));
    const double wide = static_cast<double>(half);
    if (std::isnan(wide))
      EXPECT_EQ(Float16(wide).bits(), bits | 0x0200) << bits;  // nan comes back quiet, with its payload
    else
      ASSERT_EQ(Float16(wide).bits(), bits) << bits;
  }
  EXPECT_EQ(static_cast<double>(Float16::from_bits(0x3c01)), 1 + 0x1p-10);
  EXPECT_EQ(static_cast<double>(Float16::from_bits(0x0001)), 0x1p-24);
  EXPECT_EQ(static_cast<double>(Float16::from_bits(0x7bff)), 65504);
}

TEST(HalfPrecision, RoundsToTheNearestTiesToEven) {
  const double cases[] = {1 + 0x1p-11,
                          1 + 3 * 0x1p-11,
                          1 + 0x1p-11 + 0x1p-40,
                          65504,
                          65519.999,
                          65520,
                          1e300,
                          0x1p-25,
                          0x1.8p-25,
                          3 * 0x1p-25,
                          0x1p-14 - 0x1p-25,
                          2049,
                          2051,
                          0x1p-26,
                          -0.0,
                          -2049.5,
                          0.1,
                          1.0 / 3,
                          -1e-300,
                          4095.9};
  for (const double x : cases) EXPECT_EQ(Float16(x).bits(), nearest_half(x)) << x;
  std::uint64_t state = 88172645463325252ULL;
  for (int i = 0; i < 20; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    const double x = std::ldexp(static_cast<double>(state >> 11), -53 + static_cast<int>(state % 44) - 26);
    EXPECT_EQ(Float16(x).bits(), nearest_half(x)) << x;
  }
}

CompileOptions interpreted() { return {.target = CompileOptions::Target::interpreter}; }

/// Both targets give the same bits.
std::vector<Array> agreed(const Exprs& inputs, const Exprs& outputs, const std::vector<Array>& arguments) {
  const std::vector<Array> native = function(inputs, outputs)(arguments);
  const std::vector<Array> reference = function(inputs, outputs, interpreted())(arguments);
  for (std::size_t i = 0; i < native.size(); ++i) {
    EXPECT_EQ(native[i].type(), reference[i].type()) << "output " << i;
    EXPECT_TRUE(same_bits(native[i], reference[i]))
        << "output " << i << ": " << to_string(native[i]) << " and " << to_string(reference[i]);
  }
  return native;
}

TEST(HalfPrecision, NativeConversionsAreThoseOfTheReference) {
  Array halves(Type{DType::float16, {0x10000 - 2 * 1023}}), doubles(Type{DType::float64, {4096}});
  std::int64_t count = 0;
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits)
    if ((bits & 0x7fff) <= 0x7c00)
      halves.data<Float16>()[static_cast<std::size_t>(count++)] = Float16::from_bits(static_cast<std::uint16_t>(bits));
  for (std::int64_t i = 0; i < doubles.size(); ++i)
    doubles.set(i, (i % 2 == 0 ? 1 : -1) *
                       std::ldexp(1.0 + static_cast<double>(i % 97) * 0x1p-11, static_cast<int>(i % 46) - 27));
  const Expr h = variable(DType::float16, Rank::vector, "h"), x = dvector("x"), n = lvector("n");
  const std::vector<Array> whole{Array::of<std::int64_t>({6}, {0, -2049, 65503, 65519, 65520, std::int64_t{1} << 62})};
  const auto results = agreed({h, x, n},
                              {cast(cast(h, DType::float32), DType::float16), cast(h, DType::float64),
                               cast(x, DType::float16), cast(cast(x, DType::float32), DType::float16),
                               cast(h, DType::int16), cast(h, DType::boolean), cast(n, DType::float16)},
                              {halves, doubles, whole[0]});
  EXPECT_TRUE(same_bits(results[0], halves));
  EXPECT_EQ(to_string(results[6]), "[0, -2048, 65504, 65504, inf, inf]");
}

TEST(HalfPrecision, IsComputedInSinglePrecisionAndRoundedOnce) {
  const Expr a = variable(DType::float16, Rank::vector, "a"), b = variable(DType::float16, Rank::vector, "b");
  Array x(Type{DType::float16, {1000}}), y(Type{DType::float16, {1000}});
  for (std::int64_t i = 0; i < 1000; ++i)
    x.set(i, 0.001 * static_cast<double>(i) - 0.3), y.set(i, 1.0 / (1.0 + static_cast<double>(i)));
  const Expr chosen = where(a > b, a, b);
  const auto results = agreed({a, b},
                              {a + b, a * b, a / b, sqrt(b), -abs(a), maximum(a, b), chosen, floor_div(a, b), a > b,
                               sum(b), dot(a, b), cumsum(b), mean(a)},
                              {x, y});
  EXPECT_EQ(results[0].dtype(), DType::float16);
  // 1/1 + 1/2 + ... in half precision stops growing at 7.04; in single precision it does not.
  double harmonic = 0;
  for (std::int64_t i = 0; i < 1000; ++i) harmonic += y.real(i);
  EXPECT_EQ(results[9].real(), static_cast<double>(Float16(harmonic)));
  EXPECT_EQ(results[9].dtype(), DType::float16);
}

TEST(HalfPrecision, HasGradientsAndGoesThroughLoops) {
  const Expr x = variable(DType::float16, Rank::vector, "x");
  const ScanResult loop = scan(
      [](const Exprs& carry, const Exprs& e) {
        return ScanBody{{carry[0] * 0.5 + e[0]}, {exp(carry[0])}};
      },
      {constant(1.0, DType::float16)}, {x});
  const Expr cost = loop.carry[0] + sum(exp(x));
  const Expr g = grad(cost, x);
  EXPECT_EQ(g.dtype(), DType::float16);
  const std::vector<Array> arguments{Array::vector({0.5, -1, 2}).cast(DType::float16)};
  const Array got = function({x}, g)(arguments)[0];
  const double want[] = {0.25 + std::exp(0.5), 0.5 + std::exp(-1.0), 1 + std::exp(2.0)};
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_NEAR(got.real(i), want[i], 0x1p-10 * want[i]);
}

// --- 64-bit integers ---

constexpr std::int64_t top = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t utop = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t odd = (std::int64_t{1} << 53) + 1;  // no double

TEST(LongIntegers, AreExactInLiteralsAndArithmetic) {
  const Expr n = lvector("n"), k = lscalar("k");
  const std::vector<Array> arguments{
      Array::of<std::int64_t>({4}, {odd, -odd, top, std::numeric_limits<std::int64_t>::min()}), Array::scalar(odd)};
  const auto results = agreed({n, k},
                              {n + 2,
                               n - odd,
                               n * 3,
                               eq(n, odd),
                               n > odd,
                               max(n),
                               min(n),
                               sum(n),
                               cumsum(n),
                               n % 10,
                               floor_div(n, 3),
                               maximum(n, odd - 1),
                               minimum(n, k),
                               where(n > 0, n, odd),
                               abs(n - 1),
                               sign(n),
                               concatenate({n, n}),
                               gather(n, constant(1)),
                               cast(n, DType::uint64),
                               prod(n),
                               neg(n),
                               cast(cast(n, DType::uint64), DType::int64),
                               n + constant(odd),
                               dot(n, n),
                               clip(n, -odd, odd)},
                              arguments);
  EXPECT_EQ(results[0].integer(0), odd + 2);
  EXPECT_EQ(results[1].integer(0), 0);
  EXPECT_EQ(results[1].integer(2), top - odd);
  EXPECT_EQ(to_string(results[3]), "[1, 0, 0, 0]");
  EXPECT_EQ(to_string(results[4]), "[0, 0, 1, 0]");
  EXPECT_EQ(results[5].integer(), top);
  EXPECT_EQ(results[7].integer(), -1);
  EXPECT_EQ(results[9].integer(1), 7);  // the divisor's sign
  EXPECT_EQ(results[10].integer(0), odd / 3);
  EXPECT_EQ(results[12].integer(2), odd);
  EXPECT_EQ(results[24].integer(2), odd);
}

TEST(LongIntegers, HaveExactPowers) {
  const Expr a = lscalar("a"), n = lscalar("n"), u = ulscalar("u"), b = bvector("b");
  const struct {
    std::int64_t base, exponent, power;
  } rows[] = {{3, 35, 50031545098999707},
              {-3, 3, -27},
              {0, 0, 1},
              {2, 63, std::numeric_limits<std::int64_t>::min()},
              {2, 64, 0},  // wraps around
              {2, -1, 0},  // a fraction
              {-1, -3, -1}};
  for (const auto target : {CompileOptions::Target::native, CompileOptions::Target::interpreter}) {
    const CompileOptions way{.target = target};
    const Function f = function({a, n}, pow(a, n), way);
    for (const auto& row : rows)
      EXPECT_EQ(Array(f(row.base, row.exponent)).integer(), row.power) << row.base << " " << row.exponent;
    EXPECT_EQ(to_string(function({u}, pow(u, 40), way)(3)), "12157665459056928801");
    EXPECT_EQ(to_string(function({b}, pow(b, 3), way)({-5, 6, 7})), "[-125, -40, 87]");
    EXPECT_EQ(double(function({a}, pow(a, -1), way)(2)), 0.5);
  }
  EXPECT_EQ(pow(iscalar("i"), 2).dtype(), DType::int32);
  EXPECT_EQ(pow(iscalar("i"), 0.5).dtype(), DType::float64);
  EXPECT_EQ(pow(boolscalar("p"), boolscalar("q")).dtype(), DType::int8);
}

TEST(LongIntegers, UnsignedOnesAreOrderedAndDividedAsSuch) {
  const Expr n = ulvector("n");
  const Array numbers = Array::of<std::uint64_t>({4}, {utop, std::uint64_t{1} << 63, 5, 0});
  const auto results =
      agreed({n},
             {n > 5, max(n), min(n), n % 10, floor_div(n, 10), maximum(n, 7), minimum(n, 7), sign(n), abs(n),
              cast(n, DType::float64), cast(n, DType::int64), sum(n), n + utop, lt(n, utop), cast(n, DType::float32),
              cast(cast(n, DType::float64), DType::uint64), min(n + 1), ge(n, std::uint64_t{1} << 63), n * 1.0},
             {numbers});
  EXPECT_EQ(to_string(results[0]), "[1, 1, 0, 0]");
  EXPECT_EQ(to_string(results[1]), "18446744073709551615");
  EXPECT_EQ(to_string(results[2]), "0");
  EXPECT_EQ(to_string(results[3]), "[5, 8, 5, 0]");
  EXPECT_EQ(to_string(results[4]), "[1844674407370955161, 922337203685477580, 0, 0]");
  EXPECT_EQ(to_string(results[5]), "[18446744073709551615, 9223372036854775808, 7, 7]");
  EXPECT_EQ(to_string(results[7]), "[1, 1, 1, 0]");
  EXPECT_EQ(results[9].real(0), 0x1p64);
  EXPECT_EQ(to_string(results[10]), "[-1, -9223372036854775808, 5, 0]");
  EXPECT_EQ(to_string(results[12]), "[18446744073709551614, 9223372036854775807, 4, 18446744073709551615]");
  EXPECT_EQ(to_string(results[13]), "[0, 1, 1, 1]");
  EXPECT_EQ(to_string(results[15]), "[0, 9223372036854775808, 5, 0]");  // 2^64 does not fit: 0
  EXPECT_EQ(to_string(results[17]), "[1, 1, 0, 0]");
}

TEST(LongIntegers, LiteralsKeepTheirBitsWhenFolded) {
  const auto value = [](const Expr& e) { return to_string(function({}, e)({})[0]); };
  EXPECT_EQ(value(constant(odd) + odd), std::to_string(2 * odd));
  EXPECT_EQ(value(constant(utop) - std::uint64_t{1}), "18446744073709551614");
  EXPECT_EQ(value(gt(constant(utop), constant(std::uint64_t{3}))), "1");
  EXPECT_EQ(value(cast(constant(odd), DType::int64)), std::to_string(odd));
  EXPECT_EQ(value(maximum(constant(utop), constant(std::uint64_t{1}))), "18446744073709551615");
  EXPECT_EQ(pp(constant(utop)), "18446744073709551615");
}

TEST(LongIntegers, RealsThatDoNotFitBecomeZero) {
  const Expr x = dvector("x");
  const Array reals = Array::vector({1e30, -1e30, std::nan(""), 9.3e18, -9.3e18, 0x1p63, -0x1p63, 1.9, -1.9, -1});
  const auto results = agreed({x}, {cast(x, DType::int64), cast(x, DType::uint64), cast(x, DType::int8)}, {reals});
  EXPECT_EQ(to_string(results[0]), "[0, 0, 0, 0, 0, 0, -9223372036854775808, 1, -1, -1]");
  EXPECT_EQ(to_string(results[1]),
            "[0, 0, 0, 9300000000000000000, 0, 9223372036854775808, 9223372036854775808, 1, 18446744073709551615, "
            "18446744073709551615]");
}

// --- Variables ---

TEST(Variables, HaveEightyTypesAsInTheano) {
  EXPECT_EQ(all_variable_types().size(), 80u);
  std::set<std::string> names;
  for (const VariableType& type : all_variable_types()) {
    names.insert(type.name());
    const Expr x = type("x");
    EXPECT_EQ(x.type(), type.type());
    EXPECT_EQ(name_of(x), "x");
    EXPECT_EQ(Type(type).dtype, type.dtype);
  }
  EXPECT_EQ(names.size(), 80u);
  EXPECT_EQ(bscalar.name(), "bscalar");
  EXPECT_EQ(ztensor7.name(), "ztensor7");
  EXPECT_TRUE(names.contains("icol") && names.contains("crow") && names.contains("wtensor5"));
  EXPECT_EQ(to_string(frow.type()), "float32[1, ?]");
  EXPECT_EQ(to_string(lcol.type()), "int64[?, 1]");
  EXPECT_EQ(dtensor6.type().rank(), 6);
  EXPECT_EQ(cvector.type().dtype, DType::complex64);
  EXPECT_EQ(rank_text(dscalar("x").type()), "float64 scalar");
  EXPECT_EQ(rank_text(icol("x").type()), "int32 col");
  EXPECT_EQ(rank_text(brow("x").type()), "int8 row");
  EXPECT_EQ(rank_text(dmatrix("x").type()), "float64 matrix");
  EXPECT_EQ(rank_text({DType::float16, {1, 1, 1, 1}}), "float16 tensor4");
  EXPECT_EQ(boolvector.type().dtype, DType::boolean);
  EXPECT_EQ(ubscalar.name(), "uint8_scalar");
}

TEST(Variables, AreMadeSeveralAtOnceAndRememberTheirPlace) {
  const auto [a, b, c] = dmatrices("a", "b", "c");
  const int line = __LINE__ - 1;
  EXPECT_EQ(name_of(b), "b");
  EXPECT_NE(a, b);
  EXPECT_EQ(c.type(), dmatrix.type());
  EXPECT_EQ(b.node().place().line(), static_cast<unsigned>(line));
  EXPECT_NE(std::string(b.node().place().file_name()).find("types_test"), std::string::npos);
  const Expr x = fvector("x");
  EXPECT_EQ(x.node().place().line(), static_cast<unsigned>(__LINE__ - 1));
  const auto [r, s] = zrows("r", "s");
  EXPECT_EQ(r.type(), zrow.type());
  EXPECT_NE(dscalar("x"), dscalar("x"));
}

TEST(Variables, RowsAndColumnsBroadcastAndSumTheirGradients) {
  const Expr r = drow("r"), c = dcol("c");
  const Expr cost = sum(r * c);
  const Exprs wrt{r, c};
  const Exprs g = grad(cost, wrt);
  EXPECT_EQ(g[0].type(), r.type());
  const auto values = function(wrt, g)({Array::of<double>({1, 3}, {1, 2, 3}), Array::of<double>({2, 1}, {10, 20})});
  EXPECT_EQ(to_string(values[0]), "[[30, 30, 30]]");
  EXPECT_EQ(to_string(values[1]), "[[6], [6]]");
  EXPECT_THROW(function({r}, r)({Array::of<double>({2, 1}, {1, 2})}), ShapeError);
}

TEST(Variables, OfUnknownLengthBroadcastWhereTheyTurnOutToHaveLengthOne) {
  const auto [x, y] = dmatrices("x", "y");
  const Exprs wrt{x, y};
  const Exprs g = grad(sum(x * y), wrt);
  const auto values =
      function(wrt, {x + y, g[0], g[1]})({Array::of<double>({1, 2}, {1, 2}), Array::of<double>({2, 2}, {1, 2, 3, 4})});
  EXPECT_EQ(to_string(values[0]), "[[2, 4], [4, 6]]");
  EXPECT_EQ(to_string(values[1]), "[[4, 6]]");
  EXPECT_EQ(to_string(values[2]), "[[1, 2], [1, 2]]");
}

// --- Named dimensions ---

TEST(NamedDimensions, AgreeInEveryCall) {
  const Expr X = dmatrix("X", {"N", "D"}), w = dvector("w", {"D"});
  const Function f = function({X, w}, dot(X, w));
  EXPECT_EQ(f({Array(Type{DType::float64, {3, 5}}), Array(Type{DType::float64, {5}})})[0].size(), 3);
  EXPECT_EQ(message_of<ShapeError>([&] {
              f({Array(Type{DType::float64, {3, 5}}), Array(Type{DType::float64, {4}})});
            }),
            "argument 'w': dimension D is 4, but D is 5 in argument 'X'");
  EXPECT_NE(message_of<ShapeError>([&] {
              f({Array(Type{DType::float64, {3}}), Array(Type{DType::float64, {4}})});
            }).find("float64[N=?, D=?]"),
            std::string::npos);
  const Expr square = dmatrix("S", {"K", "K"});
  const Expr Y = dmatrix("Y", {"M", 3});
  EXPECT_NE(message_of<GraphError>([&] {
              dot(dmatrix("X", {"N", 5}) * 2.0, dmatrix("Y", {4, 3}));
            }).find("float64[?, 5]"),
            std::string::npos);
  EXPECT_NE(message_of<GraphError>([&] {
              exp(dmatrix("X", {"N", 5})) + Y;
            }).find("(exp(X): float64[N=?, 5], Y: float64[M=?, 3];"),
            std::string::npos);
  const Expr Z = dmatrix("Z", {"N", "K"});
  EXPECT_NE(message_of<GraphError>([&] {
              function({X, Z}, exp(X) + Z)({Array(Type{DType::float64, {3, 5}}), Array(Type{DType::float64, {3, 4}})});
            }).find("(exp(X): float64[N=3, D=5], Z: float64[N=3, K=4];"),
            std::string::npos);
  EXPECT_NE(debugprint(X, {.types = true}).find("float64[N=?, D=?]"), std::string::npos);
  EXPECT_EQ(message_of<ShapeError>([&] {
              function({square}, square)({Array(Type{DType::float64, {2, 3}})});
            }),
            "argument 'S': dimension K is 3, but K is 2 in argument 'S'");
}

TEST(NamedDimensions, MayHaveLengthsAndAreCheckedWhenMade) {
  const Expr X = dmatrix("X", {"N", 3});
  EXPECT_EQ(to_string(X.type()), "float64[?, 3]");
  EXPECT_EQ(dimension_names(X), (std::vector<std::string>{"N", ""}));
  EXPECT_EQ(named_text(X.type(), dimension_names(X)), "float64[N=?, 3]");
  EXPECT_EQ(to_string(variable(DType::int8, {{"a", 2}, "b", 4, 5, 6, 7, 8, 9}, "t").type()),
            "int8[2, ?, 4, 5, 6, 7, 8, 9]");
  EXPECT_THROW(dvector("x", {"N", "D"}), ShapeError);
  EXPECT_THROW(drow("x", {2, "D"}), ShapeError);
  EXPECT_THROW(dvector("x", {-3}), NegativeLength);
  EXPECT_THROW(dvector("x", {"a,b"}), ShapeError);
  EXPECT_TRUE(dimension_names(dvector("x")).empty());
}

}  // namespace
}  // namespace leapgraph::symbolic
