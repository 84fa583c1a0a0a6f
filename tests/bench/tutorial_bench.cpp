/// The work of the Theano tutorial, timed: its sampler from expressions to the first draw with an empty and with a warm
/// cache, a draw beside the same by hand, and what else is in it. tutorial_peers.py does the same with PyTensor.
///
///     tutorial_bench [REPEATS]
///
/// Medians with the quartiles. Cold and warm compilations are processes of their own.
#define main run_tutorial
#include "../../examples/theano_tutorial.cpp"
#undef main

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void report(const char* what, std::vector<double> seconds, double unit, const char* name) {
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double share) {
    return seconds[static_cast<std::size_t>(share * double(seconds.size() - 1))] / unit;
  };
  std::printf("%-58s %9.4g %s   (%.4g to %.4g)\n", what, at(0.5), name, at(0.25), at(0.75));
  std::fflush(stdout);
}

/// Times of `calls` calls of `f`, each divided by `calls`.
template <class F>
std::vector<double> timed(std::size_t repeats, int calls, F&& f) {
  for (int i = 0; i < calls / 10 + 1; ++i) f();
  std::vector<double> result;
  for (std::size_t k = 0; k < repeats; ++k) {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < calls; ++i) f();
    result.push_back(seconds_since(start) / calls);
  }
  return result;
}

/// What `f` returns in a process of its own.
template <class F>
double in_a_process(F&& f) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    const double result = f();
    _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  double result = 0;
  const bool complete = read(ends[0], &result, sizeof result) == sizeof result;
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  close(ends[1]);
  if (!complete || status != 0) std::abort();
  return result;
}

/// From a target to its sampler's first draw.
double first_draw(const Gaussian& target) {
  const Clock::time_point start = Clock::now();
  sampler_of(target, 12345).draw();
  return seconds_since(start);
}

// --- The sampler by hand, with the same generator ---

class ByHand {
 public:
  static constexpr int batch = 3, dim = 5, steps = 20;

  ByHand(const Gaussian& target, const Array& inverse_covariance) {
    for (int j = 0; j < dim; ++j) mean_[j] = target.mean.real(j);
    for (int j = 0; j < dim * dim; ++j) precision_[j / dim][j % dim] = inverse_covariance.real(j);
    for (int j = 0; j < batch * dim; ++j) position_[j / dim][j % dim] = target.initial_positions.real(j);
  }

  void draw() {
    Matrix q, v;
    double before[batch];
    for (int i = 0; i < batch; ++i) {
      for (int j = 0; j < dim; ++j) {
        q[i][j] = position_[i][j];
        v[i][j] = normal();
      }
      before[i] = energy(q[i], v[i]);
    }
    kick(q, v, 0.5 * step_);
    drift(q, v);
    for (int s = 1; s < steps; ++s) {
      kick(q, v, step_);
      drift(q, v);
    }
    kick(q, v, 0.5 * step_);
    int accepted = 0;
    for (int i = 0; i < batch; ++i)
      if (std::exp(before[i] - energy(q[i], v[i])) >= uniform()) {
        ++accepted;
        std::copy(q[i], q[i] + dim, position_[i]);
      }
    step_ = std::clamp(step_ * (rate_ > 0.9 ? 1.02 : 0.98), 0.001, 0.5);
    rate_ = 0.9 * rate_ + 0.1 * accepted / batch;
  }
  double first() const { return position_[0][0]; }

 private:
  using Matrix = double[batch][dim];

  double uniform() {
    const auto a = static_cast<double>(words_() >> 5), b = static_cast<double>(words_() >> 6);
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }
  double normal() {
    if (has_kept_) {
      has_kept_ = false;
      return kept_;
    }
    double x, y, r;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      r = x * x + y * y;
    } while (r >= 1 || r == 0);
    const double f = std::sqrt(-2 * std::log(r) / r);
    kept_ = f * x;
    has_kept_ = true;
    return f * y;
  }
  double energy(const double* q, const double* v) const {
    double e = 0;
    for (int j = 0; j < dim; ++j) {
      double sum = 0;
      for (int k = 0; k < dim; ++k) sum += (q[k] - mean_[k]) * precision_[k][j];
      e += 0.5 * sum * (q[j] - mean_[j]) + 0.5 * v[j] * v[j];
    }
    return e;
  }
  void kick(const Matrix& q, Matrix& v, double step) const {
    for (int i = 0; i < batch; ++i) {
      double slope[dim] = {};
      for (int k = 0; k < dim; ++k)
        for (int j = 0; j < dim; ++j) slope[j] += (q[i][k] - mean_[k]) * precision_[k][j];
      for (int j = 0; j < dim; ++j) v[i][j] -= step * slope[j];
    }
  }
  void drift(Matrix& q, const Matrix& v) const {
    for (int i = 0; i < batch; ++i)
      for (int j = 0; j < dim; ++j) q[i][j] += step_ * v[i][j];
  }

  double mean_[dim], precision_[dim][dim], step_ = 1e-3, rate_ = 0.9, kept_ = 0;
  bool has_kept_ = false;
  Matrix position_;
  std::mt19937 words_{12345};
};

}  // namespace

int main(int argc, char** argv) {
  const std::size_t repeats = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 15;
  const std::filesystem::path caches =
      std::filesystem::temp_directory_path() / ("leapgraph-tutorial-" + std::to_string(getpid()));
  const auto use_cache = [&](const std::string& name) {
    std::filesystem::create_directories(caches / name);
    setenv("XDG_CACHE_HOME", (caches / name).c_str(), 1);
  };
  use_cache("preparation");
  const Gaussian target = random_gaussian(3, 5);
  const Array precision = eval(inverse(constant(target.covariance)), {});

  std::vector<double> cold, warm;
  for (std::size_t k = 0; k < repeats; ++k) {
    use_cache("sampler " + std::to_string(k));
    cold.push_back(in_a_process([&] { return first_draw(target); }));
    warm.push_back(in_a_process([&] { return first_draw(target); }));
  }
  report("HMC sampler, expressions to first draw, empty cache", cold, 1e-3, "ms");
  report("  warm cache", warm, 1e-3, "ms");

  use_cache("calls");
  HmcSampler sampler = sampler_of(target, 12345);
  report("HMC draw, 3 x 5, 20 leapfrogs", timed(repeats, 20000, [&] { sampler.draw(); }), 1e-6, "us");
  ByHand by_hand(target, precision);
  double seen = 0;
  report("  by hand in C++", timed(repeats, 20000, [&] { by_hand.draw(), seen += by_hand.first(); }), 1e-6, "us");

  {
    const auto [x, y] = dscalars("x", "y");
    const Function f = function({x, y}, x + y);
    report("x + y, one call", timed(repeats, 200000, [&] { seen += f(seen, 1.5) - seen; }), 1e-9, "ns");
  }
  {
    const auto [x, y, w] = dscalars("x", "y", "w");
    const Function g = function({x, In(y, 1), In(w, 2, "w_by_name")}, (x + y) * w);
    report("g(33) with two defaults", timed(repeats, 200000, [&] { seen += double(g(33)); }), 1e-9, "ns");
  }
  {
    const SharedVariable state = shared(0);
    const Expr inc = iscalar("inc");
    const Function accumulator = function({inc}, state, {.updates = {{state, state + inc}}});
    report("accumulator", timed(repeats, 100000, [&] { seen += double(accumulator(1)); }), 1e-9, "ns");
  }
  {
    RandomStreams streams(234);
    const Function f = function({}, streams.uniform({2, 2}));
    report("uniform(2, 2)", timed(repeats, 100000, [&] { seen += Array(f()).real(0); }), 1e-9, "ns");
  }
  {
    const Expr x = dmatrix("x");
    const Function f = function({x}, 1 / (1 + exp(-x)));
    const Array argument = Array::of<double>({1000, 1000}, std::vector<double>(1000000, 0.5));
    report("logistic, 1000 x 1000", timed(repeats, 5, [&] { seen += Array(f(argument)).real(0); }), 1e-3, "ms");
  }
  for (const int k : {2, 1000}) {
    const Expr n = iscalar("k"), a = dvector("A");
    const ScanOutputs result = scan({.fn = [](Expr prior, Expr factor) { return prior * factor; },
                                     .outputs_info = {ones_like(a)},
                                     .non_sequences = {a},
                                     .n_steps = n});
    const Function power = function({a, n}, result[0][-1]);
    const Array argument = Array::vector(std::vector<double>(10, 0.999));
    const std::string what = "power loop of 10 numbers, " + std::to_string(k) + " steps";
    report(what.c_str(), timed(repeats, 2000, [&] { seen += Array(power(argument, k)).real(0); }), 1e-6, "us");
  }
  {
    const Expr w = dvector("w"), start = dvector("start");
    const ScanOutputs states = scan({.fn = [](Expr h, Expr u) { return tanh(h * u); },
                                     .outputs_info = {start},
                                     .non_sequences = {w},
                                     .n_steps = 1000});
    const Function f = function({w, start}, grad(sum(states.last[0]), w));
    const Array at = Array::vector(std::vector<double>(10, 1.1)), from = Array::vector(std::vector<double>(10, 0.5));
    report("gradient of 1000 tanh steps of 10 numbers",
           timed(repeats, 200, [&] { seen += Array(f(at, from)).real(0); }), 1e-6, "us");
  }
  std::filesystem::remove_all(caches);
  return std::isnan(seen) ? 1 : 0;
}
