/// IEEE 754 half precision as it is stored: sixteen bits, converted to and from wider numbers with one rounding.
#pragma once

#include <cstdint>

namespace leapgraph::symbolic {

/// 1 sign, 5 exponent, 10 fraction bits: 11 digits in base 2, from 6e-8 to 65504. A stored number: arithmetic is done
/// on `double(x)`.
class Float16 {
 public:
  constexpr Float16() = default;
  /// The nearest half, ties to even; infinite from 65520 on; nan stays nan with the leading bits of its payload.
  explicit Float16(double value);
  explicit operator double() const;  ///< exact

  static constexpr Float16 from_bits(std::uint16_t bits) {
    Float16 result;
    result.bits_ = bits;
    return result;
  }
  constexpr std::uint16_t bits() const { return bits_; }

 private:
  std::uint16_t bits_ = 0;
};

}  // namespace leapgraph::symbolic
