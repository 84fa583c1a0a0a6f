/// Fourier transforms along rows: Eigen's kissfft, and Bluestein's algorithm over it for lengths with large prime
/// factors. Without a scale in either direction. Complex numbers are pairs; contract as in matrix.h.
#include <cmath>
#include <complex>
#include <cstddef>
#include <new>
#include <unsupported/Eigen/FFT>
#include <vector>

namespace {

using Complex = std::complex<double>;
using Engine = Eigen::internal::kissfft_impl<double>;

enum { out_of_memory = 14 };  // as in checks.hpp

/// e^(-i pi k / n)
Complex turned(long k, long n) {
  const double angle = 3.14159265358979323846 * static_cast<double>(k) / static_cast<double>(n);
  return {std::cos(angle), -std::sin(angle)};
}

bool has_large_factor(long n) {
  for (long p = 2; p <= 61; ++p)
    while (n % p == 0) n /= p;
  return n > 1;
}

/// Transforms of one length.
class Transform {
 public:
  explicit Transform(long n) : n_(n) {
    if (n == 0 || !has_large_factor(n)) return;
    // x_k w^(k^2) convolved with w^(-k^2), w = e^(-i pi / n), by transforms whose length is a power of two.
    while (padded_ < 2 * n) padded_ *= 2;
    chirp_.resize(static_cast<std::size_t>(n));
    long square = 0;  // k^2 modulo 2 n
    for (long k = 0; k < n; ++k) {
      chirp_[static_cast<std::size_t>(k)] = turned(square, n);
      square = (square + 2 * k + 1) % (2 * n);
    }
    work_.assign(static_cast<std::size_t>(padded_), 0);
    filter_.resize(work_.size());
    for (std::size_t k = 0; k < chirp_.size(); ++k)
      work_[k] = work_[(work_.size() - k) % work_.size()] = std::conj(chirp_[k]);
    engine_.fwd(filter_.data(), work_.data(), static_cast<int>(padded_));
    spectrum_.resize(work_.size());
  }

  void operator()(Complex* to, const Complex* from, bool inverse) {
    if (n_ == 0) return;
    if (n_ == 1) {  // Eigen's does not know it
      *to = *from;
      return;
    }
    const int n = static_cast<int>(n_);
    if (chirp_.empty()) {
      if (inverse)
        engine_.inv(to, from, n);
      else
        engine_.fwd(to, from, n);
      return;
    }
    const auto flipped = [inverse](Complex x) { return inverse ? std::conj(x) : x; };
    work_.assign(work_.size(), 0);
    for (std::size_t k = 0; k < chirp_.size(); ++k) work_[k] = product(flipped(from[k]), chirp_[k]);
    const int padded = static_cast<int>(padded_);
    engine_.fwd(spectrum_.data(), work_.data(), padded);
    for (std::size_t k = 0; k < work_.size(); ++k) spectrum_[k] = product(spectrum_[k], filter_[k]);
    engine_.inv(work_.data(), spectrum_.data(), padded);
    for (std::size_t k = 0; k < chirp_.size(); ++k)
      to[k] = flipped(product(work_[k], chirp_[k])) / static_cast<double>(padded_);
  }

 private:
  static Complex product(Complex a, Complex b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
  }

  long n_, padded_ = 1;
  Engine engine_;
  std::vector<Complex> chirp_, filter_, work_, spectrum_;
};

/// Runs `f` with room for one row; nothing is thrown across the C boundary.
template <class F>
long with_rows(long n, F&& f) {
  try {
    Transform transform(n);
    std::vector<Complex> row(static_cast<std::size_t>(n) + 1), result(row.size());
    f(transform, row.data(), result.data());
    return 0;
  } catch (const std::bad_alloc&) {
    return out_of_memory | n << 8;
  }
}

/// Is the coefficient `k` of a real row of length n its own mirror image?
bool is_alone(long k, long n) { return k == 0 || 2 * k == n; }

}  // namespace

extern "C" {

#define LG_EXPORT __attribute__((visibility("default")))

/// sizes: count, n, inverse. Pairs [n, 2] in and out.
LG_EXPORT long lg_fft(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1];
  return with_rows(n, [&](Transform& transform, Complex*, Complex*) {
    for (long k = 0; k < sizes[0]; ++k)
      transform(static_cast<Complex*>(out[0]) + k * n, static_cast<const Complex*>(in[0]) + k * n, sizes[2] != 0);
  });
}

/// sizes: count, n, whether coefficients with a mirror image count twice. Numbers [n] in, pairs [n / 2 + 1, 2] out.
LG_EXPORT long lg_rfft(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1], kept = n / 2 + 1;
  return with_rows(n, [&](Transform& transform, Complex* row, Complex* result) {
    for (long k = 0; k < sizes[0]; ++k) {
      const double* x = static_cast<const double*>(in[0]) + k * n;
      Complex* y = static_cast<Complex*>(out[0]) + k * kept;
      for (long i = 0; i < n; ++i) row[i] = x[i];
      transform(result, row, false);
      for (long i = 0; i < kept; ++i) {
        y[i] = sizes[2] != 0 && !is_alone(i, n) ? 2.0 * result[i] : result[i];
        if (is_alone(i, n)) y[i] = y[i].real();
      }
    }
  });
}

/// sizes: count, n, whether coefficients with a mirror image count once only. Pairs [n / 2 + 1, 2] in, numbers [n] out.
LG_EXPORT long lg_irfft(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1], kept = n / 2 + 1;
  return with_rows(n, [&](Transform& transform, Complex* row, Complex* result) {
    for (long k = 0; k < sizes[0]; ++k) {
      const Complex* y = static_cast<const Complex*>(in[0]) + k * kept;
      double* x = static_cast<double*>(out[0]) + k * n;
      for (long i = 0; i < kept && i < n; ++i) {
        row[i] = is_alone(i, n) ? Complex(y[i].real()) : sizes[2] != 0 ? 0.5 * y[i] : y[i];
        if (!is_alone(i, n)) row[n - i] = std::conj(row[i]);
      }
      transform(result, row, true);
      for (long i = 0; i < n; ++i) x[i] = result[i].real();
    }
  });
}

}  // extern "C"
