/// NUTS against a recursive reference leaf by leaf, its stationarity from exact draws, and mutants that must fail.
#include "leapgraph/samplers/nuts.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "samplers/hand_written.hpp"

namespace leapgraph::samplers {
namespace {

using testing::correlated_normal;
using testing::LogDensity;
using testing::MomentCheck;
using testing::PlainLeapfrog;
using testing::standard_normal;
using Vector = std::vector<double>;

/// Records the log density of every leaf, in order.
class Recording : public PlainLeapfrog {
 public:
  using PlainLeapfrog::PlainLeapfrog;
  void advance(const Point& from, Point& to, const Metric& metric, double step_size, std::int64_t steps) override {
    PlainLeapfrog::advance(from, to, metric, step_size, steps);
    leaves.push_back(to.log_density);
  }
  std::vector<double> leaves;
};

/// What the reference can be made to get wrong.
enum class Mutation { none, biased_inside_subtrees, energy_sign, always_newest };

/// NUTS as it is published: recursive, with vectors copied and weights in logarithms (Betancourt 2017, appendix A.5).
class RecursiveNuts {
 public:
  struct State {
    Vector position, momentum, gradient, velocity;
    double log_density = 0, kinetic_energy = 0;
  };

  RecursiveNuts(Integrator& integrator, const Metric& metric, double step_size, std::int64_t max_depth,
                Mutation mutation = Mutation::none)
      : integrator_(integrator),
        metric_(metric),
        step_size_(step_size),
        max_depth_(max_depth),
        mutation_(mutation),
        points_(integrator.dimension(), 2) {}

  DrawStatistics transition(const DrawKey& key, Point& state) {
    RandomStream momentum(key, Purpose::momentum);
    refresh_momentum(metric_, momentum, state);
    RandomStream random(key, Purpose::tree);
    random_ = &random;
    const State start = get(state);
    start_energy_ = energy(start);
    diverging_ = false;
    acceptance_ = 0;
    leaves_ = 0;
    Half whole{start, start, start, start.momentum, 0.0};  // first: the backward end; last: the forward end
    std::int64_t depth = 0;
    while (depth < max_depth_) {
      const bool forward = random.uniform() > 0.5;
      Half half;
      if (!build(forward ? whole.last : whole.first, forward ? 1 : -1, depth, half)) break;
      ++depth;
      if (mutation_ == Mutation::always_newest || half.log_weight > whole.log_weight ||
          random.uniform() < std::exp(half.log_weight - whole.log_weight)) {
        whole.sample = half.sample;
      }
      const Half& back = forward ? whole : half;
      const Half& fore = forward ? half : whole;
      // A half built backwards begins at its forward end.
      const State& back_last = forward ? whole.last : half.first;
      const State& fore_first = forward ? half.first : whole.first;
      const State& back_first = forward ? whole.first : half.last;
      const State& fore_last = forward ? half.last : whole.last;
      const bool go_on = persists(back_first, back_last, fore_first, fore_last, back.rho, fore.rho);
      Half next{back_first, fore_last, whole.sample, sum(back.rho, fore.rho),
                log_sum(whole.log_weight, half.log_weight)};
      whole = next;
      if (!go_on) break;
    }
    std::copy(whole.sample.position.begin(), whole.sample.position.end(), state.position.begin());
    std::copy(whole.sample.gradient.begin(), whole.sample.gradient.end(), state.gradient.begin());
    state.log_density = whole.sample.log_density;
    return {.lp = state.log_density,
            .acceptance_rate = acceptance_ / static_cast<double>(leaves_),
            .tree_depth = depth,
            .n_steps = leaves_,
            .diverging = diverging_,
            .energy = energy(whole.sample)};
  }

 private:
  struct Half {
    State first, last, sample;
    Vector rho;
    double log_weight = 0;
  };

  static State get(const Point& p) {
    const auto copy = [](std::span<double> v) { return Vector(v.begin(), v.end()); };
    return {copy(p.position), copy(p.momentum), copy(p.gradient), copy(p.velocity), p.log_density, p.kinetic_energy};
  }
  void put(const State& s, Point& p) const {
    std::copy(s.position.begin(), s.position.end(), p.position.begin());
    std::copy(s.momentum.begin(), s.momentum.end(), p.momentum.begin());
    std::copy(s.gradient.begin(), s.gradient.end(), p.gradient.begin());
    p.log_density = s.log_density;
  }
  double energy(const State& s) const { return s.kinetic_energy - s.log_density; }
  static double log_sum(double a, double b) {
    const double most = std::max(a, b);
    return most + std::log(std::exp(a - most) + std::exp(b - most));
  }
  static Vector sum(const Vector& a, const Vector& b) {
    Vector c(a);
    for (std::size_t i = 0; i < c.size(); ++i) c[i] += b[i];
    return c;
  }
  static bool positive(const State& a, const Vector& rho) {
    double dot = 0;
    for (std::size_t i = 0; i < rho.size(); ++i) dot += a.velocity[i] * rho[i];
    return dot > 0;
  }
  static bool persists(const State& a, const State& b, const State& c, const State& d, const Vector& ab,
                       const Vector& cd) {
    const Vector whole = sum(ab, cd), left = sum(ab, c.momentum), right = sum(cd, b.momentum);
    return positive(a, whole) && positive(d, whole) && positive(a, left) && positive(c, left) && positive(b, right) &&
           positive(d, right);
  }

  bool build(const State& from, double sign, std::int64_t depth, Half& out) {
    if (depth == 0) {
      put(from, points_[0]);
      DensityFailures failures;
      const double h = leapfrog(integrator_, metric_, failures, points_[0], points_[1], sign * step_size_, 1);
      ++leaves_;
      const double log_weight = (mutation_ == Mutation::energy_sign ? -1.0 : 1.0) * (start_energy_ - h);
      acceptance_ += std::min(1.0, std::exp(start_energy_ - h));
      diverging_ = h - start_energy_ > 1000;
      const State leaf = get(points_[1]);
      out = {leaf, leaf, leaf, leaf.momentum, log_weight};
      return !diverging_;
    }
    Half first, second;
    if (!build(from, sign, depth - 1, first) || !build(first.last, sign, depth - 1, second)) return false;
    const double log_weight = log_sum(first.log_weight, second.log_weight);
    const double against = mutation_ == Mutation::biased_inside_subtrees ? first.log_weight : log_weight;
    const bool take = random_->uniform() < std::exp(second.log_weight - against);
    out = {first.first, second.last, take ? second.sample : first.sample, sum(first.rho, second.rho), log_weight};
    return persists(first.first, first.last, second.first, second.last, first.rho, second.rho);
  }

  Integrator& integrator_;
  const Metric& metric_;
  double step_size_;
  std::int64_t max_depth_;
  Mutation mutation_;
  PointArena points_;
  RandomStream* random_ = nullptr;
  double start_energy_ = 0, acceptance_ = 0;
  std::int64_t leaves_ = 0;
  bool diverging_ = false;
};

/// A quartic well, wide in one direction: curved trajectories, and divergences where the step is long.
double quartic(std::span<const double> x, std::span<double> gradient) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double scale = i == 0 ? 0.01 : 1.0;
    gradient[i] = -scale * x[i] * x[i] * x[i];
    sum -= 0.25 * scale * x[i] * x[i] * x[i] * x[i];
  }
  return sum;
}

void set_state(Integrator& integrator, const Vector& position, Point& state) {
  std::copy(position.begin(), position.end(), state.position.begin());
  integrator.evaluate(state);
}

class TreeOracle : public ::testing::TestWithParam<std::tuple<MetricKind, double>> {};

TEST_P(TreeOracle, BuildsTheLeavesAndSelectsThePointOfTheRecursiveReference) {
  const auto [kind, step_size] = GetParam();
  for (const std::int64_t d : {1, 2, 3, 9}) {
    const auto n = static_cast<std::size_t>(d);
    Vector inverse(n * (kind == MetricKind::dense ? n : 1), kind == MetricKind::dense ? 0.3 : 0.7);
    for (std::size_t i = 0; kind == MetricKind::dense && i < n; ++i) inverse[i * n + i] = 1.0;
    const Metric metric = kind == MetricKind::unit       ? Metric::unit(d)
                          : kind == MetricKind::diagonal ? Metric::diagonal(inverse)
                                                         : Metric::dense(d, inverse);
    Recording iterative(d, quartic), recursive(d, quartic);
    constexpr std::int64_t max_depth = 6;
    Nuts nuts(d, {.max_depth = max_depth});
    RecursiveNuts reference(recursive, metric, step_size, max_depth);
    PointArena states(d, 2);
    std::vector<std::int64_t> depths(max_depth + 1);
    for (std::uint32_t draw = 0; draw < 150; ++draw) {
      Vector start(n);
      RandomStream random({.seed = 11, .draw = draw}, Purpose::initial_point);
      random.fill_normals(start);
      if (draw % 10 == 0) start[0] += 60.0;  // a start far out, of low density
      set_state(iterative, start, states[0]);
      set_state(recursive, start, states[1]);
      const DrawKey key{.seed = 12, .draw = draw};
      DensityFailures failures;
      const DrawStatistics got =
          nuts.transition({iterative, metric, step_size, step_size, key, failures, {}}, states[0]);
      const DrawStatistics expected = reference.transition(key, states[1]);
      ASSERT_EQ(iterative.leaves, recursive.leaves) << d << " " << draw;
      ASSERT_EQ(Vector(states[0].position.begin(), states[0].position.end()),
                Vector(states[1].position.begin(), states[1].position.end()));
      ASSERT_EQ(Vector(states[0].gradient.begin(), states[0].gradient.end()),
                Vector(states[1].gradient.begin(), states[1].gradient.end()));
      ASSERT_EQ(got.lp, expected.lp);
      ASSERT_EQ(got.tree_depth, expected.tree_depth);
      ASSERT_EQ(got.n_steps, expected.n_steps);
      ASSERT_EQ(got.diverging, expected.diverging);
      ASSERT_EQ(got.reached_max_treedepth, got.tree_depth == max_depth);
      ASSERT_EQ(got.energy, expected.energy);
      ASSERT_NEAR(got.acceptance_rate, expected.acceptance_rate, 1e-12);
      ++depths[static_cast<std::size_t>(got.tree_depth)];
      iterative.leaves.clear();
      recursive.leaves.clear();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(MetricsAndSteps, TreeOracle,
                         ::testing::Combine(::testing::Values(MetricKind::unit, MetricKind::diagonal,
                                                              MetricKind::dense),
                                            ::testing::Values(0.03, 0.2, 0.7, 1.5)));

TEST(Nuts, StopsATrajectoryAtADivergence) {
  PlainLeapfrog integrator(1, quartic);
  const Metric metric = Metric::unit(1);
  Nuts nuts(1, {});
  PointArena states(1, 1);
  set_state(integrator, {100.0}, states[0]);
  DensityFailures failures;
  const auto statistics = nuts.transition({integrator, metric, 50.0, 50.0, {}, failures, {}}, states[0]);
  EXPECT_TRUE(statistics.diverging);
  EXPECT_EQ(statistics.n_steps, 1);
  EXPECT_EQ(statistics.tree_depth, 0);
  EXPECT_EQ(statistics.acceptance_rate, 0.0);
  EXPECT_EQ(states[0].position[0], 100.0);
  EXPECT_EQ(failures.count, 0);
}

TEST(Nuts, TakesADensityThatIsNotFiniteOrThrowsForADivergenceAndKeepsTheFirstReason) {
  const auto half_line = [](std::span<const double> x, std::span<double> gradient) {
    gradient[0] = -1.0;
    if (x[0] < 0) throw std::domain_error("scale is " + std::to_string(x[0]));
    return x[0] > 4 ? std::numeric_limits<double>::quiet_NaN() : -x[0];
  };
  PlainLeapfrog integrator(1, half_line);
  const Metric metric = Metric::unit(1);
  Nuts nuts(1, {});
  PointArena states(1, 1);
  set_state(integrator, {1.0}, states[0]);
  DensityFailures failures;
  std::int64_t divergences = 0;
  for (std::uint32_t draw = 0; draw < 100; ++draw) {
    divergences += nuts.transition({integrator, metric, 1.0, 1.0, {.draw = draw}, failures, {}}, states[0]).diverging;
    ASSERT_GE(states[0].position[0], 0.0);
    ASSERT_LE(states[0].position[0], 4.0);
  }
  EXPECT_GT(divergences, 10);
  EXPECT_EQ(failures.count, divergences);
  EXPECT_EQ(failures.first.substr(0, 8), "scale is");
}

TEST(Nuts, SurvivesStartsFromWhichTheWeightsWouldOverflow) {
  PlainLeapfrog integrator(4, standard_normal);
  const Metric metric = Metric::unit(4);
  Nuts nuts(4, {});
  PointArena states(4, 1);
  set_state(integrator, Vector(4, 1e4), states[0]);  // log density -2e8
  DensityFailures failures;
  for (std::uint32_t draw = 0; draw < 20; ++draw) {
    const auto statistics = nuts.transition({integrator, metric, 1.9, 1.9, {.draw = draw}, failures, {}}, states[0]);
    ASSERT_TRUE(std::isfinite(statistics.lp));
    ASSERT_GE(statistics.acceptance_rate, 0.0);
    ASSERT_LE(statistics.acceptance_rate, 1.0);
  }
}

TEST(Nuts, StopsInsideATreeWhenAsked) {
  std::stop_source stop;
  PlainLeapfrog* self = nullptr;
  PlainLeapfrog integrator(1, [&](std::span<const double> x, std::span<double> gradient) {
    if (self->calls == 100) stop.request_stop();
    return standard_normal(x, gradient);
  });
  self = &integrator;
  const Metric metric = Metric::unit(1);
  Nuts nuts(1, {});
  PointArena states(1, 1);
  set_state(integrator, {1.0}, states[0]);
  DensityFailures failures;
  nuts.transition({integrator, metric, 1e-4, 1e-4, {}, failures, stop.get_token()}, states[0]);
  EXPECT_EQ(integrator.calls, 100);
}

// Largest |z| over first and second moments, signs and products of coordinates after `transitions` from exact draws of
// a normal with unit variances and correlation rho of the first two coordinates.
template <class Transition>
double worst_z(std::size_t n, double rho, int replicas, std::uint32_t transitions, Integrator& integrator,
               Transition&& transition) {
  std::vector<MomentCheck> mean(n, {0, 1}), square(n, {1, 2}), sign(n, {0, 1});
  MomentCheck product(rho, 1 + rho * rho), fourth(3, 96), mixed(0, 15);
  PointArena states(static_cast<std::int64_t>(n), 1);
  Vector z(n);
  for (int replica = 0; replica < replicas; ++replica) {
    const auto chain = static_cast<std::uint32_t>(replica);
    RandomStream({.seed = 77, .chain = chain}, Purpose::initial_point).fill_normals(z);
    z[1] = rho * z[0] + std::sqrt(1 - rho * rho) * z[1];
    set_state(integrator, z, states[0]);
    for (std::uint32_t draw = 0; draw < transitions; ++draw) {
      transition(DrawKey{.seed = 78, .chain = chain, .draw = draw}, states[0]);
    }
    const auto x = states[0].position;
    for (std::size_t i = 0; i < n; ++i) {
      mean[i].add(x[i]);
      square[i].add(x[i] * x[i]);
      sign[i].add(x[i] > 0 ? 1 : -1);
    }
    product.add(x[0] * x[1]);
    fourth.add(x[0] * x[0] * x[0] * x[0]);
    mixed.add(x[0] * x[0] * x[0]);
  }
  double worst = std::max({std::abs(product.z()), std::abs(fourth.z()), std::abs(mixed.z())});
  for (const auto& checks : {mean, square, sign}) {
    for (const MomentCheck& check : checks) worst = std::max(worst, std::abs(check.z()));
  }
  return worst;
}

// At most 12 statistics a test: |z| < 5.5 has a false-alarm rate of 5e-7. A mutant must be far beyond it.
constexpr double bound = 5.5;
constexpr int replicas = 60000;

TEST(NutsInvariance, KeepsExactDrawsOfNormalsExact) {
  for (const double step_size : {0.5, 1.4}) {
    PlainLeapfrog integrator(3, standard_normal);
    const Metric metric = Metric::diagonal({1.5, 1.0, 0.4});
    Nuts nuts(3, {.max_depth = 5});
    DensityFailures failures;
    const double z = worst_z(3, 0.0, replicas, 3, integrator, [&](const DrawKey& key, Point& state) {
      nuts.transition({integrator, metric, step_size, step_size, key, failures, {}}, state);
    });
    EXPECT_LT(z, bound) << step_size;
  }
}

TEST(NutsInvariance, KeepsExactDrawsOfACorrelatedNormalExact) {
  PlainLeapfrog integrator(2, correlated_normal(0.8));
  for (const Metric& metric : {Metric::unit(2), Metric::dense(2, {1.0, 0.8, 0.8, 1.0})}) {
    Nuts nuts(2, {.max_depth = 5});
    DensityFailures failures;
    const double step_size = metric.kind() == MetricKind::dense ? 1.3 : 0.7;
    const double z = worst_z(2, 0.8, replicas, 3, integrator, [&](const DrawKey& key, Point& state) {
      nuts.transition({integrator, metric, step_size, step_size, key, failures, {}}, state);
    });
    EXPECT_LT(z, bound);
  }
}

double mutant_z(Mutation mutation) {
  PlainLeapfrog integrator(2, correlated_normal(0.8));
  const Metric metric = Metric::unit(2);
  RecursiveNuts mutant(integrator, metric, 0.7, 5, mutation);
  return worst_z(2, 0.8, 20000, 3, integrator,
                 [&](const DrawKey& key, Point& state) { mutant.transition(key, state); });
}

TEST(NutsInvariance, DetectsMutants) {
  EXPECT_LT(mutant_z(Mutation::none), bound);
  EXPECT_GT(mutant_z(Mutation::biased_inside_subtrees), bound);
  EXPECT_GT(mutant_z(Mutation::energy_sign), 2 * bound);
  EXPECT_GT(mutant_z(Mutation::always_newest), bound);
}

TEST(NutsInvariance, DetectsADensityThatDoesNotFitItsGradient) {
  PlainLeapfrog integrator(
      2, [](std::span<const double> x, std::span<double> gradient) { return 0.9 * standard_normal(x, gradient); });
  const Metric metric = Metric::unit(2);
  Nuts nuts(2, {.max_depth = 5});
  DensityFailures failures;
  const double z = worst_z(2, 0.0, replicas, 3, integrator, [&](const DrawKey& key, Point& state) {
    nuts.transition({integrator, metric, 0.9, 0.9, key, failures, {}}, state);
  });
  EXPECT_GT(z, 2 * bound);
}

TEST(Nuts, IsEfficientOnIndependentNormalsThanksToTheChecksAcrossSubtrees) {
  // Measured: some 40 effective draws (worst of x and x^2) per 1000 gradients with the checks, 7 without.
  constexpr std::size_t n = 100, draws = 1000;
  PlainLeapfrog integrator(n, standard_normal);
  const Metric metric = Metric::unit(n);
  Nuts nuts(n, {});
  PointArena states(n, 1);
  Vector z(n);
  RandomStream({.seed = 3}, Purpose::initial_point).fill_normals(z);
  set_state(integrator, z, states[0]);
  DensityFailures failures;
  std::vector<Vector> x(n), square(n);
  std::int64_t gradients = 0;
  for (std::uint32_t draw = 0; draw < draws; ++draw) {
    gradients +=
        nuts.transition({integrator, metric, 0.6, 0.6, {.seed = 4, .draw = draw}, failures, {}}, states[0]).n_steps;
    for (std::size_t i = 0; i < n; ++i) {
      x[i].push_back(states[0].position[i]);
      square[i].push_back(x[i].back() * x[i].back());
    }
  }
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < n; ++i) {
    least = std::min({least, testing::effective_sample_size(x[i]), testing::effective_sample_size(square[i])});
  }
  EXPECT_GT(1000 * least / static_cast<double>(gradients), 20.0);
}

}  // namespace
}  // namespace leapgraph::samplers
