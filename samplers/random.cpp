/// Counter-based random numbers: Philox4x32-10, and normals by a written-out inverse distribution function.
#include "leapgraph/samplers/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leapgraph::samplers {
namespace {

using Coefficients = std::array<double, 8>;  // ascending powers

constexpr double polynomial(const Coefficients& c, double x) {
  return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
}

// AS 241: numerators a, c, e and denominators b, d, f for |p - 1/2| <= 0.425, r <= 5 and r > 5.
constexpr Coefficients a{3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                         1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                         3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr Coefficients b{1.0,
                         4.2313330701600911252e+1,
                         6.8718700749205790830e+2,
                         5.3941960214247511077e+3,
                         2.1213794301586595867e+4,
                         3.9307895800092710610e+4,
                         2.8729085735721942674e+4,
                         5.2264952788528545610e+3};
constexpr Coefficients c{1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                         3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                         2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Coefficients d{1.0,
                         2.05319162663775882187e0,
                         1.67638483018380384940e0,
                         6.89767334985100004550e-1,
                         1.48103976427480074590e-1,
                         1.51986665636164571966e-2,
                         5.47593808499534494600e-4,
                         1.05075007164441684324e-9};
constexpr Coefficients e{6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                         2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                         2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients f{1.0,
                         5.99832206555887937690e-1,
                         1.36929880922735805310e-1,
                         1.48753612908506148525e-2,
                         7.86869131145613259100e-4,
                         1.84631831751005468180e-5,
                         1.42151175831644588870e-7,
                         2.04426310338993978564e-15};

constexpr double central_limit = 0.425;

// q = p - 1/2, |q| <= central_limit.
double central_quantile(double q) {
  const double r = 0.180625 - q * q;
  return q * polynomial(a, r) / polynomial(b, r);
}

// The natural logarithm of a positive normal number, within one unit in the last place: x = 2^k m with m in
// [sqrt(1/2), sqrt(2)), s = (m - 1) / (m + 1), log m = 2 atanh s (the method and coefficients of fdlibm's e_log.c).
double portable_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x) + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
  const auto k = static_cast<double>(static_cast<std::int64_t>(bits >> 52) - 1023);
  const double m = std::bit_cast<double>((bits & 0x000fffffffffffffu) + 0x3fe6a09e00000000u);
  const double g = m - 1.0;
  const double s = g / (2.0 + g);
  const double z = s * s;
  const double w = z * z;
  const double odd = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double even =
      z * (6.666666666666735130e-01 +
           w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const double half_square = 0.5 * g * g;
  constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  return k * ln2_high - ((half_square - (s * (half_square + odd + even) + k * ln2_low)) - g);
}

double tail_quantile(double p) {
  const double r = std::sqrt(-portable_log(std::min(p, 1.0 - p)));
  const double z =
      r <= 5.0 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6) : polynomial(e, r - 5.0) / polynomial(f, r - 5.0);
  return p < 0.5 ? -z : z;
}

template <std::size_t group>
using Words = std::array<std::array<std::uint32_t, group>, 4>;  // word by word, so that blocks are vector lanes

// Philox4x32-10 of `group` counters at once, in place.
template <std::size_t group>
void philox_group(Words<group>& words, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < group; ++i) {
      const std::uint64_t product_0 = std::uint64_t{0xD2511F53} * words[0][i];
      const std::uint64_t product_1 = std::uint64_t{0xCD9E8D57} * words[2][i];
      words[0][i] = static_cast<std::uint32_t>(product_1 >> 32) ^ words[1][i] ^ key[0];
      words[1][i] = static_cast<std::uint32_t>(product_1);
      words[2][i] = static_cast<std::uint32_t>(product_0 >> 32) ^ words[3][i] ^ key[1];
      words[3][i] = static_cast<std::uint32_t>(product_0);
    }
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  Words<1> words{{{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}}};
  philox_group(words, key);
  return {words[0][0], words[1][0], words[2][0], words[3][0]};
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  return std::abs(q) <= central_limit ? central_quantile(q) : tail_quantile(p);
}

std::uint64_t RandomStream::bits() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const auto words = philox4x32_10({block_++, draw_, chain_, purpose_}, key_);
  spare_ = words[2] | std::uint64_t{words[3]} << 32;
  has_spare_ = true;
  return words[0] | std::uint64_t{words[1]} << 32;
}

void RandomStream::fill_normals(std::span<double> values) {
  std::size_t done = 0;
  if (has_spare_ && !values.empty()) values[done++] = normal();
  // Passes over a group of Philox blocks, of which those free of branches are vectorised.
  constexpr std::size_t group = 8;
  std::array<double, 2 * group> u;
  while (done + 1 < values.size()) {
    const std::size_t blocks = std::min(group, (values.size() - done) / 2);
    Words<group> words;
    for (std::size_t i = 0; i < group; ++i) {
      words[0][i] = block_ + static_cast<std::uint32_t>(i);
      words[1][i] = draw_;
      words[2][i] = chain_;
      words[3][i] = purpose_;
    }
    block_ += static_cast<std::uint32_t>(blocks);
    philox_group(words, key_);
    for (std::size_t i = 0; i < blocks; ++i) {
      u[2 * i] = uniform_from_bits(words[0][i] | std::uint64_t{words[1][i]} << 32);
      u[2 * i + 1] = uniform_from_bits(words[2][i] | std::uint64_t{words[3][i]} << 32);
    }
    double* const out = values.data() + done;
    for (std::size_t i = 0; i < 2 * blocks; ++i) out[i] = central_quantile(u[i] - 0.5);
    for (std::size_t i = 0; i < 2 * blocks; ++i) {
      if (std::abs(u[i] - 0.5) > central_limit) out[i] = tail_quantile(u[i]);
    }
    done += 2 * blocks;
  }
  if (done < values.size()) values[done] = normal();
}

}  // namespace leapgraph::samplers
