/// Draws from random streams: each op takes the state of an MT19937 stream and gives the state after it and the
/// numbers.
///
/// The state is a uint32[628]: the 624 words of the generator, how many of them are used up, whether a normal number is
/// kept, and its two halves. Native code calls runtime/mersenne_twister.c; the reference draws from std::mt19937.
#include <fmt/format.h>

#include <bit>
#include <numeric>
#include <random>
#include <sstream>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/random_streams.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr std::size_t words = 624, position = 624, kept = 625, kept_number = 626;

// --- Type rules: the state, then parameters ---

void require_stream(const Type& state) {
  if (state.dtype != DType::uint32)
    throw DTypeError(fmt::format("the state of a random stream is uint32[{}], got {}", stream_words, to_string(state)));
  if (state.rank() != 1 || (state.shape[0] != unknown && state.shape[0] != stream_words))
    throw ShapeError(fmt::format("the state of a random stream is uint32[{}], got {}", stream_words, to_string(state)));
}

Type stream_type() { return {DType::uint32, {stream_words}}; }

std::vector<Type> standard_type(std::span<const Type> inputs, const Attributes& attributes) {
  require_stream(inputs[0]);
  return {stream_type(), Type{DType::float64, attributes.get<std::vector<std::int64_t>>("shape")}};
}

/// One number for each element of the parameters, which have one shape.
std::vector<Type> counts_type(std::span<const Type> inputs, const Attributes&) {
  require_stream(inputs[0]);
  for (const Type& parameter : inputs.subspan(1))
    if (!agree(parameter.shape, inputs[1].shape))
      throw ShapeError(
          fmt::format("parameters of shapes {} and {}", to_string(inputs[1].shape), to_string(parameter.shape)));
  return {stream_type(), Type{DType::int64, inputs[1].shape}};
}

std::vector<Type> multinomial_type(std::span<const Type> inputs, const Attributes&) {
  require_stream(inputs[0]);
  const Type &trials = inputs[1], &probabilities = inputs[2];
  Shape rows = probabilities.shape;
  if (rows.empty()) throw ShapeError("probabilities have an axis of categories, got a scalar");
  rows.pop_back();
  if (!agree(rows, trials.shape))
    throw ShapeError(fmt::format("trials of shape {} for probabilities of shape {}", to_string(trials.shape),
                                 to_string(probabilities.shape)));
  return {stream_type(), Type{DType::int64, probabilities.shape}};
}

/// As many numbers as `like` has elements.
std::vector<Type> like_type(std::span<const Type> inputs, const Attributes& attributes) {
  require_stream(inputs[0]);
  const bool whole = attributes.get<std::string>("draw") == "random_permutation";
  return {stream_type(), Type{whole ? DType::int64 : DType::float64, inputs[1].shape}};
}

std::vector<Type> permutation_type(std::span<const Type> inputs, const Attributes& attributes) {
  require_stream(inputs[0]);
  return {stream_type(), Type{DType::int64, attributes.get<std::vector<std::int64_t>>("shape")}};
}

std::vector<Type> choice_type(std::span<const Type> inputs, const Attributes& attributes) {
  require_stream(inputs[0]);
  const auto n = attributes.get<std::int64_t>("count");
  if (inputs[1].rank() != 1) throw ShapeError("probabilities must be a vector, got " + to_string(inputs[1]));
  if (const std::int64_t k = inputs[1].shape[0]; k != unknown && k < n)
    throw ShapeError(fmt::format("{} different numbers cannot be chosen from {}", n, k));
  return {stream_type(), Type{DType::int64, {n}}};
}

// --- The reference ---

class Stream {
 public:
  explicit Stream(const Array& state) {
    const auto s = state.data<std::uint32_t>();
    std::stringstream text;
    for (std::size_t i = 0; i < words; ++i) text << s[i] << ' ';
    text << std::min<std::uint32_t>(s[position], words);
    text >> engine_;
    if (s[kept] != 0) normal_ = std::bit_cast<double>(std::array<std::uint32_t, 2>{s[kept_number], s[kept_number + 1]});
  }

  Array state() const {
    std::stringstream text;
    text << engine_;
    Array result(stream_type());
    const auto s = result.data<std::uint32_t>();
    for (std::size_t i = 0; i <= position; ++i) text >> s[i];
    if (normal_) {
      const auto halves = std::bit_cast<std::array<std::uint32_t, 2>>(*normal_);
      s[kept] = 1;
      s[kept_number] = halves[0];
      s[kept_number + 1] = halves[1];
    }
    return result;
  }

  double uniform() {
    const std::uint64_t high = engine_() >> 5, low = engine_() >> 6;
    return std::ldexp(static_cast<double>(high << 26 | low), -53);
  }

  double normal() {
    if (normal_) return std::exchange(normal_, std::nullopt).value();
    for (;;) {
      const double x = 2.0 * uniform() - 1.0, y = 2.0 * uniform() - 1.0, square = x * x + y * y;
      if (square >= 1.0 || square == 0.0) continue;
      const double f = std::sqrt(-2.0 * std::log(square) / square);
      normal_ = f * x;
      return f * y;
    }
  }

  std::uint64_t below(std::uint64_t most) {
    if (most == 0) return 0;
    const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(most);
    for (;;) {
      std::uint64_t value = engine_();
      if (most >> 32 != 0) value = value << 32 | engine_();
      if ((value & mask) <= most) return value & mask;
    }
  }

 private:
  std::mt19937 engine_;
  std::optional<double> normal_;
};

template <double (Stream::*draw)()>
std::vector<Array> standard_draws(const Node& node, std::span<const Array> inputs) {
  Stream stream(inputs[0]);
  Array numbers(node.types()[1]);
  for (double& x : numbers.data<double>()) x = (stream.*draw)();
  return {stream.state(), numbers};
}

std::vector<Array> integer_draws(const Node& node, std::span<const Array> inputs) {
  Stream stream(inputs[0]);
  Array numbers(Type{node.types()[1].dtype, inputs[1].shape()});
  for (std::int64_t i = 0; i < numbers.size(); ++i) {
    const std::int64_t low = inputs[1].integer(i), high = inputs[2].integer(i);
    const std::uint64_t most = high < low ? 0 : static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    numbers.set_integer(i, static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + stream.below(most)));
  }
  return {stream.state(), numbers};
}

/// Numbers whose algorithms are long are drawn by the routine that native code calls too: what is independent of it are
/// NumPy's numbers in the tests.
using Routine_ = long(const void* const* in, void* const* out, const long* sizes);
extern "C" {
Routine_ lg_mt_poisson, lg_mt_binomial, lg_mt_multinomial, lg_mt_choice;
}

std::vector<Array> by_routine(Routine_* routine, const Node& node, std::span<const Array> inputs,
                              const std::vector<long>& sizes, Shape shape) {
  Array state(stream_type()), numbers(Type{DType::int64, std::move(shape)});
  std::vector<const void*> in;
  for (const Array& input : inputs) in.push_back(input.raw());
  void* const out[] = {state.raw(), numbers.raw()};
  if (const long failed = routine(in.data(), out, sizes.data()); failed != 0)
    raise({static_cast<Check>(failed & 255), failed >> 8}, node.place());
  return {state, numbers};
}

std::int64_t last_of(const Shape& shape) { return shape.empty() ? 1 : shape.back(); }
std::int64_t rows_of(const Shape& shape) {
  return element_count(Shape(shape.begin(), shape.empty() ? shape.end() : shape.end() - 1));
}

std::vector<Array> permutation_draws(const Node& node, std::span<const Array> inputs) {
  Stream stream(inputs[0]);
  Array numbers(node.types()[1]);
  const std::int64_t n = last_of(numbers.shape()), rows = n == 0 ? 0 : numbers.size() / n;
  const auto x = numbers.data<std::int64_t>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto here = x.subspan(static_cast<std::size_t>(row * n), static_cast<std::size_t>(n));
    std::iota(here.begin(), here.end(), 0);
    for (std::size_t i = here.size(); i-- > 1;) std::swap(here[i], here[stream.below(i)]);
  }
  return {stream.state(), numbers};
}

// --- Examples: a stream in the middle of its words ---

Expr example_state() {
  static const Expr state = constant(seeded_stream(42));
  return state;
}
Exprs drawn(const Op& op, Exprs inputs, Attributes attributes = {}) {
  const Exprs first = outputs_of(*make_node(op, inputs, attributes));
  inputs[0] = first[0];
  const Exprs second = outputs_of(*make_node(op, inputs, std::move(attributes)));
  return {first[1], second[1], cast(second[0], DType::int64)};
}
Expr vector_of(const std::vector<double>& values) { return constant(Array::vector(values)); }
Expr integers_of(const std::vector<std::int64_t>& values) {
  return constant(Array::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

std::vector<std::int64_t> sample_size(const Node& node) { return {element_count(node.types()[1].shape)}; }

}  // namespace

const Op random_uniform_op{
    .name = "random_uniform",
    .summary = "numbers evenly in [0, 1) and the stream after them",
    .arity = 1,
    .type = standard_type,
    .evaluate = standard_draws<&Stream::uniform>,
    .lowering = Routine{"lg_mt_uniform", sample_size},
    .examples =
        [] {
          return drawn(random_uniform_op, {example_state()}, {{"shape", Shape{3, 150}}});
        },
};

const Op random_normal_op{
    .name = "random_normal",
    .summary = "standard normal numbers and the stream after them",
    .arity = 1,
    .type = standard_type,
    .evaluate = standard_draws<&Stream::normal>,
    .lowering = Routine{"lg_mt_normal", sample_size},
    .examples =
        [] {
          return drawn(random_normal_op, {example_state()}, {{"shape", Shape{7, 51}}});
        },
};

const Op random_like_op{
    .name = "random_like",
    .summary = "as many numbers of the op that the attribute `draw` names as a tensor has elements",
    .arity = 2,
    .type = like_type,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Op* op = find_op(node.get<std::string>("draw"));
      const auto draws = make_node(*op, {node.input(0)}, {{"shape", inputs[1].shape()}}, node.place());
      return op->evaluate(*draws, inputs.first(1));
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Shape& shape = node.input(1).shape();
          if (!is_known(shape)) return Exprs{Expr()};
          const Op* op = find_op(node.get<std::string>("draw"));
          return outputs_of(*make_node(*op, {node.input(0)}, {{"shape", shape}}, node.place()));
        },
    .examples =
        [] {
          const Expr like = input(Type{DType::float64, {2, 3}}, "like");
          return Exprs{drawn(random_like_op, {example_state(), like}, {{"draw", std::string("random_normal")}})[1]};
        },
};

const Op random_integers_op{
    .name = "random_integers",
    .summary = "integers evenly from low to high, both included, and the stream after them",
    .arity = 3,
    .type = counts_type,
    .evaluate = integer_draws,
    .lowering = Routine{"lg_mt_integers", sample_size},
    .examples =
        [] {
          return drawn(random_integers_op, {example_state(), integers_of({0, -5, 7, -(std::int64_t{1} << 40)}),
                                            integers_of({9, 5, 7, std::int64_t{1} << 41})});
        },
};

const Op random_poisson_op{
    .name = "random_poisson",
    .summary = "Poisson numbers of given rates and the stream after them",
    .arity = 2,
    .type = counts_type,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return by_routine(lg_mt_poisson, node, inputs, {inputs[1].size()}, inputs[1].shape());
    },
    .lowering = Routine{"lg_mt_poisson", sample_size},
    .examples =
        [] {
          return drawn(random_poisson_op, {example_state(), vector_of({0.0, 0.5, 3.0, 9.9, 10.0, 50.0, 1e6})});
        },
};

const Op random_binomial_op{
    .name = "random_binomial",
    .summary = "binomial numbers of given trials and probabilities and the stream after them",
    .arity = 3,
    .type = counts_type,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return by_routine(lg_mt_binomial, node, inputs, {inputs[1].size()}, inputs[1].shape());
    },
    .lowering = Routine{"lg_mt_binomial", sample_size},
    .examples =
        [] {
          return drawn(random_binomial_op, {example_state(), integers_of({0, 1, 10, 100, 1000, 1000000, 40}),
                                            vector_of({0.5, 0.5, 0.2, 0.9, 0.3, 0.001, 1.0})});
        },
};

const Op random_multinomial_op{
    .name = "random_multinomial",
    .summary = "multinomial counts of given trials and probabilities and the stream after them",
    .arity = 3,
    .type = multinomial_type,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const Shape& shape = inputs[2].shape();
      return by_routine(lg_mt_multinomial, node, inputs, {rows_of(shape), last_of(shape)}, shape);
    },
    .lowering = Routine{"lg_mt_multinomial",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          const Shape& shape = node.types()[1].shape;
                          return {rows_of(shape), last_of(shape)};
                        }},
    .examples =
        [] {
          return drawn(random_multinomial_op, {example_state(), integers_of({20, 5}),
                                               reshape(vector_of({0.2, 0.3, 0.5, 0.1, 0.9, 0.0}), {2, 3})});
        },
};

const Op random_permutation_op{
    .name = "random_permutation",
    .summary = "rows that are permutations of 0, 1, ... and the stream after them",
    .arity = 1,
    .type = permutation_type,
    .evaluate = permutation_draws,
    .lowering = Routine{"lg_mt_permutation",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          const Shape& shape = node.types()[1].shape;
                          return {rows_of(shape), last_of(shape)};
                        }},
    .examples =
        [] {
          return drawn(random_permutation_op, {example_state()}, {{"shape", Shape{4, 9}}});
        },
};

const Op random_choice_op{
    .name = "random_choice",
    .summary = "different numbers by given probabilities and the stream after them",
    .arity = 2,
    .type = choice_type,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      const auto n = node.get<std::int64_t>("count");
      return by_routine(lg_mt_choice, node, inputs, {n, inputs[1].size()}, {n});
    },
    .lowering = Routine{"lg_mt_choice",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          return {node.get<std::int64_t>("count"), element_count(node.input(1).shape())};
                        }},
    .examples =
        [] {
          return drawn(random_choice_op, {example_state(), vector_of({0.1, 0.4, 0.0, 0.3, 0.2})},
                       {{"count", std::int64_t{3}}});
        },
};

}  // namespace leapgraph::symbolic
