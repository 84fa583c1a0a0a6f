/// Random numbers by place. Native code and the algorithms that reject call runtime/philox.c; the reference of the
/// uniform numbers that these are made of is written here.
#include "leapgraph/symbolic/counter_random.hpp"

#include <array>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/runtime/philox.h"

namespace leapgraph::symbolic {

namespace {

constexpr double two_to_32 = 0x1p32;
constexpr std::uint32_t generated_quantities = 6;  // samplers::Purpose

/// Philox4x32-10, after the paper's section 2.2: ten rounds of two products each.
double reference_uniform(double seed_low, double seed_high, double draw, double place) {
  const auto word = [](double x) { return static_cast<std::uint32_t>(x); };
  const double chain = std::floor(draw / two_to_32);
  std::array<std::uint32_t, 4> counter = {word(place), word(draw - chain * two_to_32), word(chain),
                                          generated_quantities};
  std::array<std::uint32_t, 2> key = {word(seed_low), word(seed_high)};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0], b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  const std::uint64_t bits = counter[0] | std::uint64_t{counter[1]} << 32;
  return (static_cast<double>(bits >> 12) + 0.5) / 0x1p52;
}

/// Calls a function of `count` numbers for every element of the broadcast inputs.
template <std::size_t count, class F>
std::vector<Array> by_element(const Node& node, std::span<const Array> inputs, F f) {
  Array output(Type{node.types()[0].dtype, broadcast_shape(inputs)});
  const BroadcastWalk walk(output.shape(), inputs);
  for (std::int64_t i = 0; i < walk.size(); ++i) {
    std::array<double, count> x;
    for (std::size_t k = 0; k < count; ++k) x[k] = inputs[k].real(walk.input_position(k, i));
    output.set(i, std::apply(f, x));
  }
  return {output};
}

constexpr Domain word{0, 4e9}, draws{0, 1e12}, places{0, 1e6};
constexpr std::array uniform_domains = {word, word, draws, places};
constexpr std::array log_gamma_domains = {word, word, draws, places, Domain{0.1, 9.0}};
constexpr std::array poisson_domains = {word, word, draws, places, Domain{0.5, 40.0}};

/// Trials are whole numbers.
Exprs binomial_examples() {
  const Expr stream = constant(counter_stream(12345678901234, 3, 5));
  const Expr probability = input({DType::float64, {7}}, "probability");
  return {binomial_at(stream, arange(7), 8.0, probability), binomial_at(stream, 3.0, 1000.0, probability)};
}

Exprs hypergeometric_examples() {
  const Expr stream = constant(counter_stream(7, 0, 11)), where = input({DType::float64, {6}}, "place");
  return {hypergeometric_at(stream, cast(floor(abs(where)), DType::float64), 10.0, 8.0, 40.0)};
}

Exprs stream_words_of(const Expr& stream) {
  if (stream.type().dtype != DType::float64 || stream.rank() != 1)
    throw ShapeError("a stream of random numbers by place is float64[3], got " + to_string(stream.type()));
  Exprs words;
  for (std::int64_t i = 0; i < 3; ++i) words.push_back(reshape(slice(stream, 0, {i, i + 1}), {}));
  return words;
}

Expr at(const Op& op, const Expr& stream, std::initializer_list<Operand> rest) {
  Exprs inputs = stream_words_of(stream);
  for (const Operand& operand : rest) inputs.push_back(cast(operand, DType::float64));
  return make(op, inputs);
}

}  // namespace

const Op uniform_at_op{
    .name = "uniform_at",
    .summary = "the uniform random number of a place in a stream: seed (low, high), chain and draw, place",
    .arity = 4,
    .type = floating_type,
    .evaluate = [](const Node& node,
                   std::span<const Array> inputs) { return by_element<4>(node, inputs, reference_uniform); },
    .lowering = Elementwise{.code = "lg_philox_uniform({0}, {1}, {2}, {3})"},
    .domains = uniform_domains,
    .examples = [] { return elementwise_examples(uniform_at_op); },
};

const Op log_gamma_at_op{
    .name = "log_gamma_at",
    .summary = "logarithm of a gamma variate of shape e from a place in a stream",
    .arity = 5,
    .type = floating_type,
    .evaluate = [](const Node& node,
                   std::span<const Array> inputs) { return by_element<5>(node, inputs, lg_philox_log_gamma); },
    .lowering = Elementwise{.code = "lg_philox_log_gamma({0}, {1}, {2}, {3}, {4})"},
    .domains = log_gamma_domains,
    .examples = [] { return elementwise_examples(log_gamma_at_op); },
};

const Op poisson_at_op{
    .name = "poisson_at",
    .summary = "Poisson number of rate e from a place in a stream",
    .arity = 5,
    .type = floating_type,
    .evaluate = [](const Node& node,
                   std::span<const Array> inputs) { return by_element<5>(node, inputs, lg_philox_poisson); },
    .lowering = Elementwise{.code = "lg_philox_poisson({0}, {1}, {2}, {3}, {4})"},
    .domains = poisson_domains,
    .examples = [] { return elementwise_examples(poisson_at_op); },
};

const Op binomial_at_op{
    .name = "binomial_at",
    .summary = "binomial number of e trials of probability f from a place in a stream",
    .arity = 6,
    .type = floating_type,
    .evaluate = [](const Node& node,
                   std::span<const Array> inputs) { return by_element<6>(node, inputs, lg_philox_binomial); },
    .lowering = Elementwise{.code = "lg_philox_binomial({0}, {1}, {2}, {3}, {4}, {5})"},
    .domain = {0.05, 0.95},
    .examples = binomial_examples,
};

const Op von_mises_at_op{
    .name = "von_mises_at",
    .summary = "angle of a von Mises distribution of concentration e around 0 from a place in a stream",
    .arity = 5,
    .type = floating_type,
    .evaluate = [](const Node& node,
                   std::span<const Array> inputs) { return by_element<5>(node, inputs, lg_philox_von_mises); },
    .lowering = Elementwise{.code = "lg_philox_von_mises({0}, {1}, {2}, {3}, {4})"},
    .domains = log_gamma_domains,
    .examples = [] { return elementwise_examples(von_mises_at_op); },
};

const Op hypergeometric_at_op{
    .name = "hypergeometric_at",
    .summary = "white balls among e drawn from an urn of f white and g black ones, from a place in a stream",
    .arity = 7,
    .type = floating_type,
    .evaluate = [](const Node& node,
                   std::span<const Array> inputs) { return by_element<7>(node, inputs, lg_philox_hypergeometric); },
    .lowering = Elementwise{.code = "lg_philox_hypergeometric({0}, {1}, {2}, {3}, {4}, {5}, {6})"},
    .examples = hypergeometric_examples,
};

Array counter_stream(std::uint64_t seed, std::uint32_t chain, std::uint32_t draw) {
  return Array::vector({static_cast<double>(seed & 0xffffffff), static_cast<double>(seed >> 32),
                        static_cast<double>(chain) * two_to_32 + static_cast<double>(draw)});
}

Expr uniform_at(const Expr& stream, const Operand& place) { return at(uniform_at_op, stream, {place}); }
Expr log_gamma_at(const Expr& stream, const Operand& place, const Operand& alpha) {
  return at(log_gamma_at_op, stream, {place, alpha});
}
Expr poisson_at(const Expr& stream, const Operand& place, const Operand& rate) {
  return at(poisson_at_op, stream, {place, rate});
}
Expr binomial_at(const Expr& stream, const Operand& place, const Operand& trials, const Operand& probability) {
  return at(binomial_at_op, stream, {place, trials, probability});
}

Expr von_mises_at(const Expr& stream, const Operand& place, const Operand& kappa) {
  return at(von_mises_at_op, stream, {place, kappa});
}
Expr hypergeometric_at(const Expr& stream, const Operand& place, const Operand& drawn, const Operand& white,
                       const Operand& black) {
  return at(hypergeometric_at_op, stream, {place, drawn, white, black});
}

}  // namespace leapgraph::symbolic
