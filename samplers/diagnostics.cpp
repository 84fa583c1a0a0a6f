/// R-hat, effective sample sizes, Monte Carlo standard errors and E-BFMI, step by step as R's `posterior` takes them.
#include "leapgraph/samplers/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <unsupported/Eigen/FFT>
#include <vector>

#include "leapgraph/samplers/random.hpp"
#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::samplers {
namespace {

using Index = std::int64_t;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void check(const ChainDraws& x) {
  if (x.chains < 0 || x.draws < 0 || static_cast<Index>(x.values.size()) != x.chains * x.draws) {
    throw Error(
        fmt::format("diagnostics: {} values are not {} chains of {} draws", x.values.size(), x.chains, x.draws));
  }
}

void check_probability(double p) {
  if (!(p >= 0 && p <= 1)) throw Error(fmt::format("diagnostics: a probability must lie in [0, 1], got {}", p));
}

// The sum of f over x, in four interleaved partial sums: fast, and accurate to some ulp of the mean magnitude.
template <class Function>
double sum_of(std::span<const double> x, Function f) {
  double a = 0, b = 0, c = 0, d = 0;
  std::size_t i = 0;
  for (; i + 4 <= x.size(); i += 4) {
    a += f(x[i]);
    b += f(x[i + 1]);
    c += f(x[i + 2]);
    d += f(x[i + 3]);
  }
  for (; i < x.size(); ++i) a += f(x[i]);
  return (a + c) + (b + d);
}

// Measured from the first value, so that the mean of a stuck chain is exactly where it is stuck.
double mean_of(std::span<const double> x) {
  if (x.empty()) return nan;
  const auto n = static_cast<double>(x.size());
  const double origin = x[0];
  const double mean = origin + sum_of(x, [origin](double v) { return v - origin; }) / n;
  return std::isfinite(mean) ? mean : sum_of(x, [n](double v) { return v / n; });  // infinities; differences too large
}

// With divisor n - 1; NaN for less than two values.
double variance_of(std::span<const double> x, double mean) {
  if (x.size() < 2) return nan;
  return sum_of(x, [mean](double v) { return (v - mean) * (v - mean); }) / (static_cast<double>(x.size()) - 1);
}

double variance_of(std::span<const double> x) { return variance_of(x, mean_of(x)); }

// NaN, infinite or constant: no diagnostic is defined. The tolerance is absolute in posterior too.
bool is_degenerate(std::span<const double> x) {
  if (x.empty()) return true;
  double low = x[0], high = x[0];
  for (const double v : x) {
    if (!std::isfinite(v)) return true;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  return high - low < std::numeric_limits<double>::epsilon();
}

// `sorted` ascends and holds no NaN. Written with the operations of R's quantile.default in their order, since
// draws are compared with the result.
template <class Value>
double quantile_of_sorted(Index n, double p, Value sorted) {
  if (n == 0) return nan;
  const double position = 1 + static_cast<double>(n - 1) * p;
  const double below = std::floor(position), above = std::ceil(position);
  const double low = sorted(static_cast<Index>(below) - 1), high = sorted(static_cast<Index>(above) - 1);
  if (!(position > below) || high == low) return low;
  const double h = position - below;
  return (1 - h) * low + h * high;
}

// Columns of equal length, the halves of the chains, one after another.
struct Columns {
  std::span<const double> values;
  Index length = 0;
  Index count = 0;
  std::span<const double> operator[](Index c) const {
    return values.subspan(static_cast<std::size_t>(c * length), static_cast<std::size_t>(length));
  }
};

// Where the draws of chains x draws go when each chain is cut in two halves; -1 for a middle draw.
struct Split {
  Index chains = -1, draws = -1;
  Index length = 0, count = 0;
  std::vector<std::int32_t> target;

  Split() = default;
  Split(Index chains_, Index draws_)
      : chains(chains_), draws(draws_), target(static_cast<std::size_t>(chains_ * draws_), -1) {
    const Index half = draws / 2;
    length = half;
    count = 2 * chains;
    if (draws == 1) {  // nothing to cut
      length = 1;
      count = chains;
    } else if (half == 1) {  // posterior gets a matrix that is the other way round: one column for each half
      length = chains;
      count = 2;
    }
    for (Index c = 0; c < chains; ++c) {
      for (Index d = 0; d < draws; ++d) {
        const bool first = d < half, second = d >= draws - half;
        Index to = -1;
        if (draws == 1) {
          to = c;
        } else if (half == 1) {
          to = first ? c : second ? chains + c : -1;
        } else {
          to = first ? c * half + d : second ? (chains + c) * half + d - (draws - half) : -1;
        }
        target[static_cast<std::size_t>(c * draws + d)] = static_cast<std::int32_t>(to);
      }
    }
  }
};

struct ColumnMoments {
  std::vector<double> means, variances;
  double between = 0;  // variance of the means
};

ColumnMoments moments_of(const Columns& x) {
  ColumnMoments m;
  for (Index c = 0; c < x.count; ++c) {
    m.means.push_back(mean_of(x[c]));
    m.variances.push_back(variance_of(x[c], m.means.back()));
  }
  m.between = variance_of(m.means);
  return m;
}

double basic_rhat(const Columns& x, const ColumnMoments& m) {
  if (is_degenerate(x.values)) return nan;
  const auto n = static_cast<double>(x.length);
  const double between = n * m.between, within = mean_of(m.variances);
  return std::sqrt((between / within + n - 1) / n);
}

// Geyer's initial positive, then monotone sequence over the autocorrelations; `autocovariance` (lags 0 to n - 1, n at
// least 3) is the mean over the columns.
double ess_from_autocovariance(std::span<const double> autocovariance, Index columns, double between) {
  const auto n = static_cast<Index>(autocovariance.size());
  const auto length = static_cast<double>(n);
  const double mean_variance = autocovariance[0] * length / (length - 1);
  double plus = mean_variance * (length - 1) / length;
  if (columns > 1) plus += between;
  const auto correlation = [&](Index lag) {
    return 1 - (mean_variance - autocovariance[static_cast<std::size_t>(lag)]) / plus;
  };
  std::vector<double> rho(static_cast<std::size_t>(n), 0.0);
  const auto at = [&](Index lag) -> double& { return rho[static_cast<std::size_t>(lag)]; };
  double even = 1, odd = correlation(1);
  at(0) = even;
  at(1) = odd;
  Index last = 0;
  while (last < n - 5 && even + odd > 0) {
    last += 2;
    even = correlation(last);
    odd = correlation(last + 1);
    if (even + odd >= 0) {
      at(last) = even;
      at(last + 1) = odd;
    }
  }
  if (even > 0) at(last) = even;
  for (Index lag = 2; lag <= last - 2; lag += 2) {
    if (at(lag) + at(lag + 1) > at(lag - 2) + at(lag - 1)) at(lag) = at(lag + 1) = (at(lag - 2) + at(lag - 1)) / 2;
  }
  // With last = 0 posterior sums one element, where the formula has none (R's 1:0 counts down).
  double sum = 0;
  for (Index lag = 0; lag < std::max<Index>(last, 1); ++lag) sum += at(lag);
  const double time = -1 + 2 * sum + at(last);
  const auto size = static_cast<double>(columns) * length;
  const double bound = 1 / std::log10(size);  // antithetic chains: no more than size * log10(size)
  return size / (time < bound ? bound : time);
}

// Twice the length at least, so that the correlation does not wrap around: 2^k or 3 * 2^k, which transform fastest.
Index padded_length(Index n) {
  Index length = 4;
  while (length < 2 * n) length *= 2;
  return length / 4 * 3 >= 2 * n && length >= 16 ? length / 4 * 3 : length;
}

bool either_nan(double a, double b) { return std::isnan(a) || std::isnan(b); }

struct Ranked {
  double value;
  std::int32_t index;  // of the draw, or of its place in the split chains
};

double mcse_of_quantile(double ess, double p, std::span<const Ranked> sorted) {
  if (std::isnan(ess)) return nan;
  const double a = ess * p + 1, b = ess * (1 - p) + 1;
  const auto size = static_cast<double>(sorted.size());
  const double low = std::max(std::floor(boost::math::ibeta_inv(a, b, 0.1586553) * size), 1.0);
  const double high = std::min(std::ceil(boost::math::ibeta_inv(a, b, 0.8413447) * size), size);
  return (sorted[static_cast<std::size_t>(high) - 1].value - sorted[static_cast<std::size_t>(low) - 1].value) / 2;
}

}  // namespace

// The draws of one quantity at a time, sorted, and everything that can be kept for the next one.
class DiagnosticsWorkspace {
 public:
  DiagnosticsWorkspace() = default;
  explicit DiagnosticsWorkspace(const ChainDraws& x) { load(x); }

  // Views the draws until the next call.
  void load(const ChainDraws& x) {
    check(x);
    if (x.chains != split_.chains || x.draws != split_.draws) {
      split_ = Split(x.chains, x.draws);
      scores_.assign(static_cast<std::size_t>(std::max<Index>(2 * split_.length * split_.count - 1, 0)), nan);
    }
    draws_ = x.values;
    degenerate_ = is_degenerate(draws_);
    sorted_.clear();
  }

  struct Bulk {
    double rhat = nan;
    double ess = nan;
  };
  Bulk bulk() {
    if (!score_ranks()) return {};
    const Columns x = columns(scored_);
    const ColumnMoments m = moments_of(x);
    return {basic_rhat(x, m), ess(x, m)};
  }

  // R-hat of the ranks of |x - median|.
  double folded_rhat() {
    if (!score_folded_ranks()) return nan;
    const Columns x = columns(scored_);
    return basic_rhat(x, moments_of(x));
  }

  double split_rhat() {
    if (draws_.empty()) return nan;
    const Columns x = split(draws_);
    return basic_rhat(x, moments_of(x));
  }

  // Of a function of the draws, one value a draw.
  double ess_of(std::span<const double> values) {
    if (values.empty()) return nan;
    const Columns x = split(values);
    return ess(x, moments_of(x));
  }

  double ess_quantile(double p) {
    if (degenerate_) return nan;
    const auto size = static_cast<double>(draws_.size());
    const double limit = quantile(p == 1 ? (size - 0.5) / size : p);
    indicator_.resize(draws_.size());
    std::transform(draws_.begin(), draws_.end(), indicator_.begin(), [&](double v) { return v <= limit ? 1.0 : 0.0; });
    return ess_of(indicator_);
  }

  double ess_tail() {
    const double low = ess_quantile(0.05), high = ess_quantile(0.95);
    return either_nan(low, high) ? nan : std::min(low, high);
  }

  double quantile(double p) {
    sort();
    if (sorted_.size() != draws_.size()) return nan;
    return quantile_of_sorted(static_cast<Index>(sorted_.size()), p,
                              [&](Index i) { return sorted_[static_cast<std::size_t>(i)].value; });
  }

  double mcse_quantile(double p) {
    const double ess = ess_quantile(p);
    sort();
    return mcse_of_quantile(ess, p, sorted_);
  }

 private:
  Columns columns(std::span<const double> values) const { return {values, split_.length, split_.count}; }

  Columns split(std::span<const double> values) {
    buffer_.resize(static_cast<std::size_t>(split_.length * split_.count));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (split_.target[i] >= 0) buffer_[static_cast<std::size_t>(split_.target[i])] = values[i];
    }
    return columns(buffer_);
  }

  // NaNs, which have no place, are left out.
  void sort() {
    if (!sorted_.empty()) return;
    sorted_.reserve(draws_.size());
    for (std::size_t i = 0; i < draws_.size(); ++i) {
      if (!std::isnan(draws_[i])) sorted_.push_back({draws_[i], static_cast<std::int32_t>(i)});
    }
    std::sort(sorted_.begin(), sorted_.end(), [](const Ranked& a, const Ranked& b) { return a.value < b.value; });
  }

  // Normal scores of the split draws; false where one of them is NaN.
  bool score_ranks() {
    sort();
    ranked_.clear();
    for (const Ranked& r : sorted_) place(r.value, r.index);
    return score();
  }

  // Normal scores of |x - median|, the median being that of all draws. The two sides of the median are sorted already.
  bool score_folded_ranks() {
    sort();
    if (sorted_.empty() || sorted_.size() != draws_.size()) return false;
    const std::size_t n = sorted_.size();
    const long double middle = (static_cast<long double>(sorted_[(n - 1) / 2].value) + sorted_[n / 2].value) / 2;
    const auto median = static_cast<double>(middle);
    if (!std::isfinite(median)) return false;
    std::size_t right = 0;
    while (right < n && sorted_[right].value < median) ++right;
    std::size_t left = right;
    ranked_.clear();
    while (left > 0 || right < n) {
      const double below = left > 0 ? median - sorted_[left - 1].value : 0;
      const double above = right < n ? sorted_[right].value - median : 0;
      if (right == n || (left > 0 && below <= above)) {
        place(below, sorted_[--left].index);
      } else {
        place(above, sorted_[right++].index);
      }
    }
    return score();
  }

  void place(double value, std::int32_t draw) {
    const std::int32_t to = split_.target[static_cast<std::size_t>(draw)];
    if (to >= 0) ranked_.push_back({value, to});
  }

  // scored_ = Phi^-1((r - 3/8) / (S + 1/4)), r the average rank among equal values of ranked_, which ascends.
  bool score() {
    const auto size = static_cast<std::size_t>(split_.length * split_.count);
    if (ranked_.size() != size) return false;
    scored_.resize(size);
    for (std::size_t first = 0; first < size;) {
      std::size_t last = first;
      while (last + 1 < size && ranked_[last + 1].value == ranked_[first].value) ++last;
      double& score = scores_[first + last];  // twice the rank, from 0
      if (std::isnan(score)) {
        const double rank = static_cast<double>(first + last) / 2 + 1;
        score = normal_quantile((rank - 0.375) / (static_cast<double>(size) + 0.25));
      }
      for (; first <= last; ++first) scored_[static_cast<std::size_t>(ranked_[first].index)] = score;
    }
    return true;
  }

  double ess(const Columns& x, const ColumnMoments& m) {
    if (x.length < 3 || is_degenerate(x.values)) return nan;
    return ess_from_autocovariance(mean_autocovariance(x, m), x.count, m.between);
  }

  // The mean over the columns of their biased autocovariances, through their summed power spectra. Two columns share
  // one complex transform: if z = a + ib then |A(k)|^2 + |B(k)|^2 = (|Z(k)|^2 + |Z(-k)|^2) / 2.
  std::span<const double> mean_autocovariance(const Columns& x, const ColumnMoments& m) {
    const auto n = static_cast<std::size_t>(x.length);
    const auto padded = static_cast<std::size_t>(padded_length(x.length));
    power_.assign(padded, 0.0);
    signal_.resize(padded);
    spectrum_.resize(padded);
    for (Index c = 0; c < x.count; c += 2) {
      std::fill(signal_.begin(), signal_.end(), 0.0);
      for (Index part = 0; part < 2 && c + part < x.count; ++part) {
        const auto column = static_cast<std::size_t>(c + part);
        if (m.variances[column] == 0) continue;  // a stuck chain adds exactly nothing
        const std::span<const double> values = x[c + part];
        double* to = reinterpret_cast<double*>(signal_.data()) + part;  // real or imaginary parts
        for (std::size_t i = 0; i < n; ++i) to[2 * i] = values[i] - m.means[column];
      }
      fft_.fwd(spectrum_.data(), signal_.data(), static_cast<Eigen::Index>(padded));
      for (std::size_t k = 0; k < padded; ++k) power_[k] += std::norm(spectrum_[k]);
    }
    for (std::size_t k = 1; k < padded - k; ++k) power_[k] = power_[padded - k] = (power_[k] + power_[padded - k]) / 2;
    // A real and even sequence: forward and backward transforms are the same but for the scale.
    fft_.fwd(spectrum_.data(), power_.data(), static_cast<Eigen::Index>(padded));
    autocovariance_.resize(n);
    const double scale = 1 / (static_cast<double>(padded) * static_cast<double>(n) * static_cast<double>(x.count));
    for (std::size_t lag = 0; lag < n; ++lag) autocovariance_[lag] = spectrum_[lag].real() * scale;
    return autocovariance_;
  }

  Split split_;
  std::vector<double> scores_;  // normal scores by twice the rank; NaN where not asked for yet
  Eigen::FFT<double> fft_{Eigen::default_fft_impl<double>(), Eigen::FFT<double>::HalfSpectrum};

  std::span<const double> draws_;
  bool degenerate_ = true;
  std::vector<Ranked> sorted_, ranked_;
  std::vector<double> scored_, buffer_, indicator_, power_, autocovariance_;
  std::vector<std::complex<double>> signal_, spectrum_;
};

double rhat(const ChainDraws& x) {
  DiagnosticsWorkspace work(x);
  const double bulk = work.bulk().rhat, folded = work.folded_rhat();
  return either_nan(bulk, folded) ? nan : std::max(bulk, folded);
}

double split_rhat(const ChainDraws& x) { return DiagnosticsWorkspace(x).split_rhat(); }
double ess_bulk(const ChainDraws& x) { return DiagnosticsWorkspace(x).bulk().ess; }
double ess_tail(const ChainDraws& x) { return DiagnosticsWorkspace(x).ess_tail(); }
double ess_mean(const ChainDraws& x) { return DiagnosticsWorkspace(x).ess_of(x.values); }

double ess_quantile(const ChainDraws& x, double probability) {
  check_probability(probability);
  return DiagnosticsWorkspace(x).ess_quantile(probability);
}

double ess_sd(const ChainDraws& x) {
  DiagnosticsWorkspace work(x);
  const double mean = mean_of(x.values);
  std::vector<double> deviations;
  for (const double v : x.values) deviations.push_back(std::abs(v - mean));
  return work.ess_of(deviations);
}

double mcse_mean(const ChainDraws& x) {
  DiagnosticsWorkspace work(x);
  return std::sqrt(variance_of(x.values)) / std::sqrt(work.ess_of(x.values));
}

double mcse_quantile(const ChainDraws& x, double probability) {
  check_probability(probability);
  return DiagnosticsWorkspace(x).mcse_quantile(probability);
}

double mcse_sd(const ChainDraws& x) {
  DiagnosticsWorkspace work(x);
  const double mean = mean_of(x.values);
  std::vector<double> squares, fourth_powers;
  for (const double v : x.values) {
    const double square = (v - mean) * (v - mean);
    squares.push_back(square);
    fourth_powers.push_back(square * square);
  }
  const double variance = mean_of(squares);
  const double variance_of_variance = (mean_of(fourth_powers) - variance * variance) / work.ess_of(squares);
  return std::sqrt(variance_of_variance / variance / 4);
}

double quantile(std::span<const double> values, double probability) {
  check_probability(probability);
  return DiagnosticsWorkspace({values, 1, static_cast<Index>(values.size())}).quantile(probability);
}

double e_bfmi(std::span<const double> energies) {
  if (energies.size() < 2) return nan;
  const double mean = mean_of(energies);
  double changes = 0, deviations = 0;
  for (std::size_t i = 0; i < energies.size(); ++i) {
    if (i > 0) changes += (energies[i] - energies[i - 1]) * (energies[i] - energies[i - 1]);
    deviations += (energies[i] - mean) * (energies[i] - mean);
  }
  return changes / deviations;
}

QuantityAnalysis::QuantityAnalysis() : workspace_(std::make_unique<DiagnosticsWorkspace>()) {}
QuantityAnalysis::~QuantityAnalysis() = default;
QuantityAnalysis::QuantityAnalysis(QuantityAnalysis&&) noexcept = default;
QuantityAnalysis& QuantityAnalysis::operator=(QuantityAnalysis&&) noexcept = default;

QuantityStatistics QuantityAnalysis::operator()(const ChainDraws& x) {
  DiagnosticsWorkspace& work = *workspace_;
  work.load(x);
  QuantityStatistics s;
  s.mean = mean_of(x.values);
  s.sd = std::sqrt(variance_of(x.values, s.mean));
  s.mcse_mean = s.sd / std::sqrt(work.ess_of(x.values));
  s.q5 = work.quantile(0.05);
  s.q50 = work.quantile(0.5);
  s.q95 = work.quantile(0.95);
  s.ess_tail = work.ess_tail();
  const auto [bulk_rhat, ess_bulk] = work.bulk();
  const double folded_rhat = work.folded_rhat();
  s.ess_bulk = ess_bulk;
  s.rhat = either_nan(bulk_rhat, folded_rhat) ? nan : std::max(bulk_rhat, folded_rhat);
  return s;
}

}  // namespace leapgraph::samplers
