/// Conversions of half precision numbers, by integer arithmetic on their parts.
#include "leapgraph/symbolic/float16.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace leapgraph::symbolic {

namespace {

constexpr int fraction_bits = 10;
constexpr int exponent_bias = 15;
constexpr std::uint16_t infinite = 0x7c00;
constexpr std::uint16_t quiet = 0x0200;
constexpr std::uint16_t fraction_mask = 0x03ff;

/// The nearest integer to x >= 0, ties to even, whatever the rounding mode.
std::uint32_t nearest(double x) {
  const double below = std::floor(x), rest = x - below;
  const auto whole = static_cast<std::uint32_t>(below);
  return rest > 0.5 || (rest == 0.5 && whole % 2 == 1) ? whole + 1 : whole;
}

/// The half of a number >= 0, as its bits.
std::uint16_t magnitude(double x) {
  if (x >= 65520) return infinite;
  if (x < 0x1p-14) return static_cast<std::uint16_t>(nearest(x * 0x1p24));  // subnormal; 1024 is the smallest normal
  const int exponent = std::ilogb(x);
  // From 1024 to 2048, which carries into the exponent by itself.
  const std::uint32_t digits = nearest(std::ldexp(x, fraction_bits - exponent));
  const auto biased = static_cast<std::uint32_t>(exponent + exponent_bias - 1);
  return static_cast<std::uint16_t>((biased << fraction_bits) + digits);
}

}  // namespace

Float16::Float16(double value) {
  const auto wide = std::bit_cast<std::uint64_t>(value);
  const auto sign = static_cast<std::uint16_t>(wide >> 48 & 0x8000);
  if (std::isnan(value))
    bits_ = static_cast<std::uint16_t>(sign | infinite | quiet | (wide >> 42 & fraction_mask));
  else
    bits_ = static_cast<std::uint16_t>(sign | magnitude(std::abs(value)));
}

Float16::operator double() const {
  const int exponent = bits_ >> fraction_bits & 0x1f;
  const int fraction = bits_ & fraction_mask;
  const double sign = (bits_ & 0x8000) != 0 ? -1.0 : 1.0;
  if (exponent == 0) return sign * fraction * 0x1p-24;
  if (exponent < 31) return sign * std::ldexp(fraction + 1024, exponent - exponent_bias - fraction_bits);
  if (fraction == 0) return sign * std::numeric_limits<double>::infinity();
  const std::uint64_t payload = static_cast<std::uint64_t>(fraction | quiet) << 42;
  return std::bit_cast<double>((static_cast<std::uint64_t>(bits_ & 0x8000) << 48) | 0x7ff0000000000000 | payload);
}

}  // namespace leapgraph::symbolic
