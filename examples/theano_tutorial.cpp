/// "A Brief Intro to Theano" and its continuation, example by example, on Leapgraph: the same expressions, the same
/// numbers.
///
///   theano_tutorial                                            everything, as in the tutorial
///   theano_tutorial --burn-in 500 --draws 2000 --seed 7        the sampler at the end with other settings
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "leapgraph/symbolic.hpp"

using namespace leapgraph::symbolic;

namespace {

// --- Printing as NumPy prints ---

/// Shortest text that reads back as the same number; "5.0" for a whole one.
std::string text(double x) {
  char buffer[32];
  std::string result(buffer, std::to_chars(buffer, buffer + sizeof buffer, x).ptr);
  return result.find_first_of(".en") == std::string::npos ? result + ".0" : result;
}

/// Elements of an array in columns, as NumPy before 1.14 had them: eight digits, a place for the sign.
std::vector<std::string> cells(const Array& array) {
  std::vector<std::string> result;
  std::size_t digits = 0, whole = 0;
  for (double x : array.reals()) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.8f", std::abs(x));
    std::string cell = buffer;
    while (cell.back() == '0') cell.pop_back();
    whole = std::max(whole, cell.find('.'));
    digits = std::max(digits, cell.size() - cell.find('.') - 1);
    result.push_back((std::signbit(x) ? "-" : "") + cell);
  }
  const bool integers = !is_floating(array.dtype());
  for (std::string& cell : result) {
    if (integers) cell.pop_back();
    const std::size_t point = std::min(cell.find('.'), cell.size());
    cell.insert(0, whole + (integers ? 0 : 1) - std::min(whole + 1, point), ' ');
    if (!integers) cell.resize(whole + digits + 2, ' ');
  }
  return result;
}

/// "[[ 11.  22.]\n [ 33.  44.]]"; `separator` ", " and an indentation give what `repr` shows.
std::string table(const Array& array, const std::string& separator = " ", std::size_t indent = 0) {
  const std::vector<std::string> all = cells(array);
  const std::size_t columns = array.shape().empty() ? 1 : static_cast<std::size_t>(array.shape().back());
  const bool is_matrix = array.shape().size() == 2;
  std::string result = is_matrix ? "[" : "";
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool begins = i % columns == 0, ends = (i + 1) % columns == 0;
    if (begins) result += (i == 0 ? "" : (separator == " " ? "\n" : ",\n") + std::string(indent + 1, ' ')) + "[";
    result += all[i] + (ends ? "]" : separator);
  }
  return result + (is_matrix ? "]" : "");
}

std::string repr(const Array& array, std::size_t indent = 0) { return "array(" + table(array, ", ", indent + 6) + ")"; }

void heading(const std::string& words) { std::cout << "\n# " << words << '\n'; }

/// What Python's `range(n)` gives.
std::vector<int> range(int n) {
  std::vector<int> numbers;
  for (int i = 0; i < n; ++i) numbers.push_back(i);
  return numbers;
}

// --- Expressions and functions ---

void adding_two_scalars() {
  heading("Adding two scalars");
  const Expr x = dscalar("x");
  const Expr y = dscalar("y");
  std::cout << to_string(x.type()) << '\n' << to_string(dscalar.type()) << '\n';
  const Expr z = x + y;
  std::cout << pp(z) << '\n';
  const Function f = function({x, y}, z);
  std::cout << text(f(2, 3)) << '\n' << text(f(16.3, 12.1)) << '\n';
}

void adding_two_matrices() {
  heading("Adding two matrices");
  const Expr x = dmatrix("x");
  const Expr y = dmatrix("y");
  const Expr z = x + y;
  const Function f = function({x, y}, z);
  std::cout << repr(f({{1, 2}, {3, 4}}, {{10, 20}, {30, 40}})) << '\n';

  heading("The types there are");
  std::size_t column = 0;
  for (const VariableType& type : all_variable_types()) std::cout << type.name() << (++column % 10 == 0 ? "\n" : ", ");
}

void logistic_curve() {
  heading("The logistic curve");
  const Expr x = dmatrix("x");
  const Expr s = 1 / (1 + exp(-x));
  const Function logistic = function({x}, s);
  std::cout << table(logistic({{0, 1}, {-1, -2}})) << '\n';
}

void several_outputs() {
  heading("Several outputs");
  const auto [a, b] = dmatrices("a", "b");
  const Expr diff = a - b;
  const Expr abs_diff = abs(diff);
  const Expr diff_squared = pow(diff, 2);
  const Function f = function({a, b}, {diff, abs_diff, diff_squared});
  std::string list;
  for (const Array& array : f({{1, 1}, {1, 1}}, {{0, 1}, {2, 3}})) list += (list.empty() ? "[" : ", ") + repr(array, 1);
  std::cout << list << "]\n";
}

void default_values() {
  heading("Default values of arguments");
  const auto [x, y, w] = dscalars("x", "y", "w");
  const Expr z = (x + y) * w;
  const Function g = function({x, In(y, 1), In(w, 2, "w_by_name")}, z);
  std::cout << "g(33) = " << text(g(33)) << '\n';
  std::cout << "g(33, 0, 1) = " << text(g(33, 0, 1)) << '\n';
  std::cout << "g(33, w_by_name=1) = " << text(g(33, arg("w_by_name") = 1)) << '\n';
  std::cout << "g(33, w_by_name=1, y=0) = " << text(g(33, arg("w_by_name") = 1, arg("y") = 0)) << '\n';
}

// --- Shared variables ---

void an_accumulator() {
  heading("An accumulator");
  const SharedVariable state = shared(0, "state");
  const Expr inc = iscalar("inc");
  const Function accumulator = function({inc}, state, {.updates = {{state, state + inc}}});
  const Function decrementor = function({inc}, state, {.updates = {{state, state - inc}}});
  const auto value = [&state] { return state.get_value().integer(); };
  std::cout << value() << '\n';
  std::cout << to_string(accumulator(1)) << '\n' << value() << '\n';
  std::cout << to_string(accumulator(300)) << '\n' << value() << '\n';
  state.set_value(-1);
  std::cout << to_string(accumulator(3)) << '\n' << value() << '\n';
  std::cout << to_string(decrementor(2)) << '\n' << value() << '\n';
}

void vectors_and_matrices() {
  heading("Products of vectors and matrices");
  const auto [a, b] = dvectors("a", "b");
  const Expr d = dmatrix("d");
  const Expr c = a * b;
  const Function f = function({a, b, d}, dot(d, c));

  // numpy.random.RandomState([1, 2, 3]): randn(5), rand(5), randn(5, 5)
  const SharedVariable state = shared(seeded_stream({1, 2, 3}), "state");
  const Draw first = draw_normal(state, {5}), second = draw_uniform(first.stream, {5}),
             third = draw_normal(second.stream, {5, 5});
  const Results drawn = function({}, {first.numbers, second.numbers, third.numbers})();
  const Array &a_value = drawn[0], &b_value = drawn[1], &d_value = drawn[2];
  const Array actual = f(a_value, b_value, d_value);
  bool all_close = true;
  for (int i = 0; i < 5; ++i) {
    double expected = 0;
    for (int j = 0; j < 5; ++j) expected += d_value.real(5 * i + j) * a_value.real(j) * b_value.real(j);
    all_close = all_close && std::abs(actual.real(i) - expected) <= 1e-8 + 1e-5 * std::abs(expected);
  }
  std::cout << (all_close ? "SUCCESS!" : "FAILURE") << '\n';
}

void logistic_regression() {
  heading("Logistic regression of a bioassay");
  const Array dose = Array::vector({-0.86, -0.3, -0.05, 0.73});
  const Array deaths = Array::vector({0, 1, 3, 5});
  const auto [x, y] = dvectors("x", "y");
  const SharedVariable w = shared(1.0, "w"), b = shared(0.0, "b"), step = shared(10.0, "step");
  std::cout << "Initial model: " << text(w.get_value().real()) << ' ' << text(b.get_value().real()) << '\n';

  const Expr p = 1 / (1 + exp(-(x * w + b)));
  const Expr xent = -y * log(p) - (5 - y) * log(1 - p);
  const Expr cost = mean(xent);
  const Exprs gradients = grad(cost, {w, b});
  const Function train = function(
      {x, y}, cost, {.updates = {{w, w - step * gradients[0]}, {b, b - step * gradients[1]}, {step, step * 0.99}}});
  for (int i = 0; i < 1000; ++i) train(dose, deaths);
  std::cout << "Final model: " << text(w.get_value().real()) << ' ' << text(b.get_value().real()) << '\n';
}

void gradients_and_evaluation() {
  heading("Gradients, and evaluation without a function");
  {
    const auto [x, y] = dscalars("x", "y");
    const Expr z = x + y;
    const auto grad_sum = [](const Expr& u, const Expr& v, const Expr& f) { return grad(f, u) + grad(f, v); };
    std::cout << eval(grad_sum(x, y, z), {{x, 0}, {y, 0}}) << '\n';
  }
  {
    const auto [x, y] = iscalars("x", "y");
    std::cout << eval(x + y, {{x, 1}, {y, 2}}) << '\n';
  }
}

// --- Random streams ---

void random_numbers() {
  heading("Random numbers");
  RandomStreams srng(234);
  const Expr rv_u = srng.uniform({2, 2});
  const Expr rv_n = srng.normal({2, 2});
  const Function f = function({}, rv_u);
  std::cout << repr(f()) << '\n' << repr(f()) << '\n';

  heading("Without updates: the same numbers again");
  const Function g = function({}, rv_n, {.no_default_updates = true});
  const Array once = g(), again = g();
  std::cout << (same_bits(once, again) ? "True" : "False") << '\n';

  heading("A random variable has one value in a call");
  const Function nearly_zeros = function({}, rv_u + rv_u - 2 * rv_u);
  std::cout << repr(nearly_zeros()) << '\n';
}

// --- Loops ---

void powers() {
  heading("A loop: elementwise powers");
  const Expr k = iscalar("k");
  const Expr A = dvector("A");
  const ScanOutputs result = scan({.fn = [](Expr prior_result, Expr a) { return prior_result * a; },
                                   .outputs_info = {ones_like(A)},
                                   .non_sequences = {A},
                                   .n_steps = k});
  const Expr final_result = result[0][-1];
  const Function power = function({A, k}, final_result, {.updates = result.updates});
  std::cout << table(power(range(10), 2)) << '\n' << table(power(range(10), 4)) << '\n';
}

void polynomial() {
  heading("A loop over sequences: a polynomial");
  const Expr coefficients = fvector("coefficients"), x = fscalar("x");
  const Expr terms = scan({.fn = [](Expr coefficient, Expr power, Expr val) { return coefficient * pow(val, power); },
                           .sequences = {coefficients, arange(1000)},
                           .outputs_info = {no_recurrence},
                           .non_sequences = {x}})[0];
  const Function calculate_polynomial = function({coefficients, x}, sum(terms));
  std::cout << text(calculate_polynomial(Array::of<float>({3}, {1, 0, 2}), 3)) << '\n';
}

// --- Hamiltonian Monte Carlo ---

/// The potential energy of each row of positions.
using Energy = std::function<Expr(const Expr& positions)>;

/// Positions and velocities, one particle a row.
struct Phase {
  Expr position, velocity;
};

Expr kinetic_energy(const Expr& velocity) { return 0.5 * sum(pow(velocity, 2), {1}); }

Expr hamiltonian(const Phase& phase, const Energy& energy) {
  return energy(phase.position) + kinetic_energy(phase.velocity);
}

Expr metropolis_hastings_accept(const Expr& energy_before, const Expr& energy_after, RandomStreams& streams) {
  return exp(energy_before - energy_after) - streams.uniform(SampleSize::like(energy_before)) >= 0;
}

/// `n_steps` leapfrog steps: the gradient of the energy is taken inside the body of the loop.
Phase simulate_dynamics(const Phase& initial, const Expr& step_size, int n_steps, const Energy& energy) {
  const auto slope = [&energy](const Expr& position) { return grad(sum(energy(position)), position); };
  const auto leapfrog = [&](Expr position, Expr velocity, Expr step) {
    const Expr new_velocity = velocity - step * slope(position);
    const Expr new_position = position + step * new_velocity;
    return Exprs{new_position, new_velocity};
  };
  const Expr velocity_half = initial.velocity - 0.5 * step_size * slope(initial.position);
  const Expr position_full = initial.position + step_size * velocity_half;
  const ScanOutputs steps = scan({.fn = leapfrog,
                                  .outputs_info = {position_full, velocity_half},
                                  .non_sequences = {step_size},
                                  .n_steps = n_steps - 1});
  const Expr position = steps.last[0];
  return {position, steps.last[1] - 0.5 * step_size * slope(position)};
}

struct Move {
  Expr accept, position;
};

Move hmc_move(RandomStreams& streams, const Expr& positions, const Energy& energy, const Expr& step_size, int n_steps) {
  const Phase before{positions, streams.normal(SampleSize::like(positions))};
  const Phase after = simulate_dynamics(before, step_size, n_steps, energy);
  return {metropolis_hastings_accept(hamiltonian(before, energy), hamiltonian(after, energy), streams), after.position};
}

struct SamplerSettings {
  double initial_step_size = 0.01, target_acceptance_rate = 0.9;
  int n_steps = 20;
  double step_size_dec = 0.98, step_size_min = 0.001, step_size_max = 0.25, step_size_inc = 1.02;
  double average_slowness = 0.9;
  std::uint32_t seed = 12345;
};

struct SamplerState {
  SharedVariable positions, step_size, acceptance_rate;
};

/// The new values of all, computed from the old ones: the step size follows the rate of acceptance before this move.
Updates hmc_updates(const SamplerState& state, const Move& move, const SamplerSettings& settings) {
  const Expr accepted_rows = dimshuffle(move.accept, {0, 'x'});
  const Expr new_positions = where(accepted_rows, move.position, state.positions);
  const Expr new_step_size =
      clip(where(state.acceptance_rate > settings.target_acceptance_rate, state.step_size * settings.step_size_inc,
                 state.step_size * settings.step_size_dec),
           settings.step_size_min, settings.step_size_max);
  const Expr new_rate = settings.average_slowness * state.acceptance_rate +
                        (1.0 - settings.average_slowness) * mean(cast(move.accept, DType::float64));
  return {{state.positions, new_positions}, {state.step_size, new_step_size}, {state.acceptance_rate, new_rate}};
}

class HmcSampler {
 public:
  /// Moves shared positions with the rows as particles.
  HmcSampler(const SharedVariable& positions, const Energy& energy, const SamplerSettings& settings)
      : state_{positions, shared(settings.initial_step_size, "step_size"),
               shared(settings.target_acceptance_rate, "acceptance_rate")},
        streams_(settings.seed),
        simulate_(function({}, Exprs{}, {.updates = updates(energy, settings)})) {}

  Array draw() {
    simulate_();
    return state_.positions.get_value();
  }
  double step_size() const { return state_.step_size.get_value().real(); }
  double acceptance_rate() const { return state_.acceptance_rate.get_value().real(); }

 private:
  Updates updates(const Energy& energy, const SamplerSettings& settings) {
    const Move move = hmc_move(streams_, state_.positions, energy, state_.step_size, settings.n_steps);
    return hmc_updates(state_, move, settings);
  }

  SamplerState state_;
  RandomStreams streams_;
  Function simulate_;
};

struct RunLengths {
  int burn_in = 1000, draws = 1000;
  std::uint32_t seed = SamplerSettings{}.seed;
};

/// A correlated Gaussian, and where to begin.
struct Gaussian {
  Array mean, covariance, initial_positions;
};

Gaussian random_gaussian(std::int64_t batch, std::int64_t dim) {
  // numpy.random.RandomState(123): rand(dim), rand(dim, dim), randn(batch, dim)
  const SharedVariable state = shared(seeded_stream(123), "state");
  const Draw first = draw_uniform(state, {dim}), second = draw_uniform(first.stream, {dim, dim}),
             third = draw_normal(second.stream, {batch, dim});
  const Expr square = (second.numbers + transpose(second.numbers)) / 2;
  const Expr unit = eye(dim);
  const Results drawn = function({}, {first.numbers * 10, square * (1 - unit) + unit, third.numbers})();
  return {drawn[0], drawn[1], drawn[2]};
}

HmcSampler sampler_of(const Gaussian& target, std::uint32_t seed) {
  const Expr mu = constant(target.mean), cov_inv = constant(Array(eval(inverse(constant(target.covariance)), {})));
  const Energy gaussian_energy = [mu, cov_inv](const Expr& x) {
    return 0.5 * sum(dot(x - mu, cov_inv) * (x - mu), {1});
  };
  return HmcSampler(shared(target.initial_positions, "positions"), gaussian_energy,
                    {.initial_step_size = 1e-3, .step_size_max = 0.5, .seed = seed});
}

void sampling_from_a_gaussian(const RunLengths& lengths) {
  heading("Hamiltonian Monte Carlo: samples from a Gaussian");
  constexpr int batch = 3, dim = 5;
  const Gaussian target = random_gaussian(batch, dim);
  HmcSampler sampler = sampler_of(target, lengths.seed);

  for (int i = 0; i < lengths.burn_in; ++i) sampler.draw();
  std::vector<std::vector<double>> columns(dim);
  for (int i = 0; i < lengths.draws; ++i) {
    const Array draw = sampler.draw();
    for (int row = 0; row < batch; ++row)
      for (int j = 0; j < dim; ++j) columns[static_cast<std::size_t>(j)].push_back(draw.real(row * dim + j));
  }

  std::vector<double> means, covariances;
  for (const auto& column : columns) {
    double total = 0;
    for (double x : column) total += x;
    means.push_back(total / static_cast<double>(column.size()));
  }
  for (std::size_t i = 0; i < dim; ++i)
    for (std::size_t j = 0; j < dim; ++j) {
      double total = 0;
      for (std::size_t n = 0; n < columns[i].size(); ++n)
        total += (columns[i][n] - means[i]) * (columns[j][n] - means[j]);
      covariances.push_back(total / static_cast<double>(columns[i].size() - 1));
    }
  std::cout << "****** TARGET VALUES ******\n";
  std::cout << "target mean: " << table(target.mean) << "\ntarget cov:\n" << table(target.covariance) << '\n';
  std::cout << "****** EMPIRICAL MEAN/COV USING HMC ******\n";
  std::cout << "empirical mean:  " << table(Array::vector(means)) << "\nempirical_cov:\n"
            << table(Array::of<double>({dim, dim}, covariances)) << '\n';
  std::cout << "****** HMC INTERNALS ******\n";
  std::cout << "final stepsize " << text(sampler.step_size()) << '\n';
  std::cout << "final acceptance_rate " << text(sampler.acceptance_rate()) << '\n';
}

/// The options of the sampler; false: a word that is none.
bool read_options(int argc, char** argv, RunLengths& lengths) {
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    long value = -1;
    if (i + 1 == argc || std::sscanf(argv[i + 1], "%ld", &value) != 1 || value < 0) return false;
    if (name == "--burn-in")
      lengths.burn_in = static_cast<int>(value);
    else if (name == "--draws")
      lengths.draws = static_cast<int>(value);
    else if (name == "--seed")
      lengths.seed = static_cast<std::uint32_t>(value);
    else
      return false;
  }
  return lengths.draws > 0;
}

}  // namespace

int main(int argc, char** argv) {
  RunLengths lengths;
  if (!read_options(argc, argv, lengths)) {
    std::cerr << "usage: theano_tutorial [--burn-in N] [--draws N] [--seed S]\n";
    return 64;
  }
  adding_two_scalars();
  adding_two_matrices();
  logistic_curve();
  several_outputs();
  default_values();
  an_accumulator();
  vectors_and_matrices();
  logistic_regression();
  gradients_and_evaluation();
  random_numbers();
  powers();
  polynomial();
  sampling_from_a_gaussian(lengths);
  return 0;
}
