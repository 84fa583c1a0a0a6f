/// The random numbers: known answers of Philox, accuracy of the normal quantile, independence of streams.
#include "leapgraph/samplers/random.hpp"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <set>
#include <vector>

namespace leapgraph::samplers {
namespace {

using Words = std::array<std::uint32_t, 4>;

TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32_10({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Uniform, NeverGivesZeroOrOneAndIsSymmetric) {
  EXPECT_EQ(uniform_from_bits(0), 0x1p-53);
  EXPECT_EQ(uniform_from_bits(~std::uint64_t{0}), 1.0 - 0x1p-53);
  for (const std::uint64_t bits : {std::uint64_t{0x123456789abcdef0}, std::uint64_t{1} << 63, std::uint64_t{12345}}) {
    EXPECT_EQ(uniform_from_bits(bits) + uniform_from_bits(~bits), 1.0);
  }
}

TEST(NormalQuantile, AgreesWithBoostToFifteenDigits) {
  const boost::math::normal_distribution<long double> normal;
  double worst = 0;
  const auto check = [&](double p) {
    const double exact = static_cast<double>(boost::math::quantile(normal, static_cast<long double>(p)));
    worst = std::max(worst, std::abs(normal_quantile(p) - exact) / std::abs(exact));
  };
  for (int i = 1; i < 20000; ++i) {
    if (i != 10000) check(i / 20000.0);
  }
  for (double p = 0x1p-53; p < 0.1; p *= 1.01) {
    check(p);
    if (p > 1e-9) check(1.0 - p);
  }
  check(1.0 - 0x1p-53);
  EXPECT_LT(worst, 1e-15);  // the accuracy that the header states
  EXPECT_EQ(normal_quantile(0.5), 0.0);
}

TEST(RandomStream, FillsTheNormalsThatSingleCallsGive) {
  for (const std::size_t count : {1u, 2u, 7u, 31u, 32u, 33u, 1000u}) {
    RandomStream one({.seed = 7, .chain = 1, .draw = 2}, Purpose::momentum), other = one;
    EXPECT_EQ(one.uniform(), other.uniform());  // begin in the middle of a block
    std::vector<double> values(count);
    one.fill_normals(values);
    for (const double value : values) ASSERT_EQ(value, other.normal());
    EXPECT_EQ(one.bits(), other.bits());
  }
}

TEST(RandomStream, DependsOnEveryPartOfItsKey) {
  const DrawKey key{.seed = 1, .chain = 2, .draw = 3};
  std::set<std::uint64_t> first;
  first.insert(RandomStream(key, Purpose::momentum).bits());
  first.insert(RandomStream(key, Purpose::tree).bits());
  first.insert(RandomStream({.seed = 2, .chain = 2, .draw = 3}, Purpose::momentum).bits());
  first.insert(RandomStream({.seed = 1 + (std::uint64_t{1} << 32), .chain = 2, .draw = 3}, Purpose::momentum).bits());
  first.insert(RandomStream({.seed = 1, .chain = 3, .draw = 3}, Purpose::momentum).bits());
  first.insert(RandomStream({.seed = 1, .chain = 2, .draw = 4}, Purpose::momentum).bits());
  EXPECT_EQ(first.size(), 6u);
}

TEST(RandomStream, HasTheMomentsOfTheNormalDistribution) {
  // Four moments of 400,000 normals; |z| < 5.1 on each: false-alarm rate 1.4e-6.
  constexpr int count = 400000;
  std::vector<double> values(count);
  RandomStream({.seed = 20240229}, Purpose::momentum).fill_normals(values);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (const double x : values) {
    m1 += x;
    m2 += x * x - 1;
    m3 += x * x * x;
    m4 += x * x * x * x - 3;
  }
  const double root = std::sqrt(count);
  EXPECT_LT(std::abs(m1 / root), 5.1);
  EXPECT_LT(std::abs(m2 / root / std::sqrt(2.0)), 5.1);
  EXPECT_LT(std::abs(m3 / root / std::sqrt(15.0)), 5.1);
  EXPECT_LT(std::abs(m4 / root / std::sqrt(96.0)), 5.1);
}

}  // namespace
}  // namespace leapgraph::samplers
