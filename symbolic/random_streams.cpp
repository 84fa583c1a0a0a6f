/// Random variables as draws from seeded streams; what NumPy computes from standard draws is an expression here.
#include "leapgraph/symbolic/random_streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/shaping.hpp"

namespace leapgraph::symbolic {

SampleSize::SampleSize(Shape shape) : shape_(std::move(shape)) {
  for (std::size_t axis = 0; axis < shape_->size(); ++axis)
    if ((*shape_)[axis] < 0)
      throw NegativeLength(fmt::format("random variable: axis {} has the negative length {}", axis, (*shape_)[axis]));
}

namespace {

constexpr std::size_t words = 624;

void begin(std::span<std::uint32_t> s, std::uint32_t seed) {
  s[0] = seed;
  for (std::uint32_t i = 1; i < words; ++i) s[i] = 1812433253U * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
  s[words] = words;  // all used up
}

/// What broadcasts to the shape of all parameters; only its shape matters.
Expr together(const Operands& parameters) {
  Expr all;
  for (const Operand& p : parameters) {
    const Expr zero = zeros_like(p);
    all = all ? all + zero : zero;
  }
  return all;
}

/// `parameter` in the shape of the sample.
Expr stretched(const Operand& parameter, const SampleSize& size, const Operands& parameters, DType dtype) {
  const Expr value = cast(parameter, dtype);
  if (size.shape()) return broadcast_to(value, *size.shape());
  return broadcast_like(value, size.tensor() ? size.tensor() : together(parameters));
}

Draw standard_draw(const char* op, const Expr& stream, const SampleSize& size, const Operands& parameters,
                   Where place) {
  const Expr like = size.tensor() ? size.tensor() : together(parameters);
  std::optional<Shape> shape = size.shape();
  if (!shape && !like) shape = Shape{};
  if (!shape && is_known(like.shape())) shape = like.shape();
  const Exprs outputs =
      outputs_of(shape ? *make_node(*find_op(op), {stream}, {{"shape", *shape}}, place)
                       : *make_node(random_like_op, {stream, like}, {{"draw", std::string(op)}}, place));
  return {outputs[0], outputs[1]};
}

}  // namespace

Draw draw_uniform(const Operand& stream, const SampleSize& size, Where place) {
  return standard_draw("random_uniform", stream, size, {}, place);
}

Draw draw_normal(const Operand& stream, const SampleSize& size, Where place) {
  return standard_draw("random_normal", stream, size, {}, place);
}

Array seeded_stream(std::uint32_t seed) {
  Array state(Type{DType::uint32, {stream_words}});
  begin(state.data<std::uint32_t>(), seed);
  return state;
}

Array seeded_stream(const std::vector<std::uint32_t>& seeds) {
  if (seeds.empty()) throw GraphError("a random stream needs a seed");
  Array state(Type{DType::uint32, {stream_words}});
  const auto s = state.data<std::uint32_t>();
  begin(s, 19650218U);
  std::size_t i = 1, j = 0;
  const auto wrap = [&] {
    if (i < words) return;
    s[0] = s[words - 1];
    i = 1;
  };
  for (std::size_t k = std::max(words, seeds.size()); k > 0; --k) {
    s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525U)) + seeds[j] + static_cast<std::uint32_t>(j);
    ++i;
    j = (j + 1) % seeds.size();
    wrap();
  }
  for (std::size_t k = words - 1; k > 0; --k) {
    s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941U)) - static_cast<std::uint32_t>(i);
    ++i;
    wrap();
  }
  s[0] = 0x80000000U;
  return state;
}

RandomStreams::RandomStreams(std::uint32_t seed) : generator_(seeded_stream(seed)) {}
RandomStreams::RandomStreams(const std::vector<std::uint32_t>& seeds) : generator_(seeded_stream(seeds)) {}

namespace {

/// The next seed: 30 bits of the next word.
std::uint32_t next_seed(Array& generator) {
  const Expr state = constant(generator);
  const auto draw =
      make_node(random_integers_op, {state, constant(std::int64_t{0}), constant((std::int64_t{1} << 30) - 1)});
  const std::vector<Array> drawn = random_integers_op.evaluate(
      *draw, std::vector{generator, Array::scalar(std::int64_t{0}), Array::scalar((std::int64_t{1} << 30) - 1)});
  generator = drawn[0];
  return static_cast<std::uint32_t>(drawn[1].integer());
}

}  // namespace

void RandomStreams::seed(std::uint32_t seed) {
  generator_ = seeded_stream(seed);
  for (SharedVariable& stream : streams_) stream.set_value(seeded_stream(next_seed(generator_)));
}

SharedVariable RandomStreams::next_stream(Where place) {
  const std::string name = fmt::format("stream_{}", streams_.size());
  streams_.push_back(shared(seeded_stream(next_seed(generator_)), name, place));
  return streams_.back();
}

Expr RandomStreams::standard(const char* op, const SampleSize& size, const Operands& parameters, Where place) {
  SharedVariable stream = next_stream(place);
  const Draw draw = standard_draw(op, stream.variable(), size, parameters, place);
  stream.set_default_update(draw.stream);
  return draw.numbers;
}

Expr RandomStreams::drawn(const char* op, Exprs parameters, Attributes attributes, Where place) {
  SharedVariable stream = next_stream(place);
  parameters.insert(parameters.begin(), stream.variable());
  const Exprs outputs = outputs_of(*make_node(*find_op(op), std::move(parameters), std::move(attributes), place));
  stream.set_default_update(outputs[0]);
  return outputs[1];
}

Expr RandomStreams::uniform(const SampleSize& size, const Operand& low, const Operand& high, Where place) {
  return low + (high - low) * standard("random_uniform", size, {low, high}, place);
}

Expr RandomStreams::normal(const SampleSize& size, const Operand& mean, const Operand& sd, Where place) {
  return mean + sd * standard("random_normal", size, {mean, sd}, place);
}

Expr RandomStreams::lognormal(const SampleSize& size, const Operand& mean, const Operand& sd, Where place) {
  return exp(normal(size, mean, sd, place));
}

Expr RandomStreams::exponential(const SampleSize& size, const Operand& scale, Where place) {
  return -scale * log1p(-standard("random_uniform", size, {scale}, place));
}

Expr RandomStreams::laplace(const SampleSize& size, const Operand& location, const Operand& scale, Where place) {
  const Expr u = standard("random_uniform", size, {location, scale}, place);
  // 0 has no logarithm; its neighbour stands for it.
  const Expr lower = log(maximum(u + u, 0x1p-53)), upper = -log(2.0 - u - u);
  return location + scale * where(u < 0.5, lower, upper);
}

Expr RandomStreams::logistic(const SampleSize& size, const Operand& location, const Operand& scale, Where place) {
  const Expr u = maximum(standard("random_uniform", size, {location, scale}, place), 0x1p-54);
  return location + scale * logit(u);
}

Expr RandomStreams::gumbel(const SampleSize& size, const Operand& location, const Operand& scale, Where place) {
  const Expr u = maximum(standard("random_uniform", size, {location, scale}, place), 0x1p-54);
  return location - scale * log(-log1p(-u));
}

Expr RandomStreams::weibull(const SampleSize& size, const Operand& shape, Where place) {
  return pow(-log1p(-standard("random_uniform", size, {shape}, place)), 1.0 / shape);
}

Expr RandomStreams::pareto(const SampleSize& size, const Operand& shape, Where place) {
  return expm1(-log1p(-standard("random_uniform", size, {shape}, place)) / shape);
}

Expr RandomStreams::bernoulli(const SampleSize& size, const Operand& p, Where place) {
  return binomial(size, std::int64_t{1}, p, place);
}

Expr RandomStreams::binomial(const SampleSize& size, const Operand& n, const Operand& p, Where place) {
  return drawn("random_binomial",
               {stretched(n, size, {n, p}, DType::int64), stretched(p, size, {n, p}, DType::float64)}, {}, place);
}

Expr RandomStreams::poisson(const SampleSize& size, const Operand& rate, Where place) {
  return drawn("random_poisson", {stretched(rate, size, {rate}, DType::float64)}, {}, place);
}

Expr RandomStreams::random_integers(const SampleSize& size, const Operand& low, const Operand& high, Where place) {
  return drawn("random_integers",
               {stretched(low, size, {low, high}, DType::int64), stretched(high, size, {low, high}, DType::int64)}, {},
               place);
}

Expr RandomStreams::multinomial(const Operand& n, const Operand& p, Where place) {
  const Expr weights = cast(p, DType::float64), trials = cast(n, DType::int64);
  if (weights.rank() == 0) throw ShapeError("multinomial: probabilities have an axis of categories, got a scalar");
  const Expr rows = at(weights, 0, -1) + cast(zeros_like(trials), DType::float64);
  return drawn(
      "random_multinomial",
      {broadcast_like(trials, rows), rows.rank() + 1 == weights.rank() && trials.rank() == 0
                                         ? weights
                                         : broadcast_like(weights, expand_dims(rows, -1) + zeros_like(weights))},
      {}, place);
}

Expr RandomStreams::permutation(std::int64_t n, const SampleSize& size, Where place) {
  if (n < 0) throw NegativeLength(fmt::format("permutation: a length must not be negative, got {}", n));
  if (size.tensor()) throw ShapeError("permutation: the size must be known");
  Shape shape = size.shape().value_or(Shape{});
  shape.push_back(n);
  return drawn("random_permutation", {}, {{"shape", shape}}, place);
}

Expr RandomStreams::choice(const Shape& shape, std::int64_t n, bool replace, Where place) {
  if (n < 1) throw ShapeError(fmt::format("choice: there is nothing to choose from, got {}", n));
  const std::int64_t count = element_count(shape);
  if (replace) return random_integers(SampleSize(shape), std::int64_t{0}, n - 1, place);
  if (count > n) throw ShapeError(fmt::format("choice: {} different numbers cannot be chosen from {}", count, n));
  return reshape(slice(permutation(n, {}, place), 0, {0, count}), shape);
}

Expr RandomStreams::choice(const Shape& shape, const Expr& p, bool replace, Where place) {
  const Expr weights = cast(p, DType::float64);
  if (weights.rank() != 1) throw ShapeError("choice: probabilities must be a vector, got " + to_string(p.type()));
  const std::int64_t count = element_count(shape);
  if (!replace) return reshape(drawn("random_choice", {weights}, {{"count", count}}, place), shape);
  // As many as there are cumulative shares that a uniform number has passed.
  const Expr cumulative = cumsum(weights);
  const Expr u = standard("random_uniform", SampleSize(shape), {}, place);
  const Expr passed = ge(expand_dims(u, -1), cumulative / at(cumulative, -1));
  return sum(cast(passed, DType::int64), {-1});
}

Expr RandomStreams::shuffle_rows(const Operand& x, Where place) {
  const Expr& rows = x.expr();
  if (rows.rank() == 0) throw ShapeError("shuffle_rows: a scalar has no rows");
  const BuiltAt at(place);
  const Expr order = rows.shape()[0] != unknown ? permutation(rows.shape()[0], {}, place)
                                                : drawn("random_like", {of_lengths({length(rows, 0)})},
                                                        {{"draw", std::string("random_permutation")}}, place);
  return gather(rows, order, 0);
}

SharedVariable stream_of(const Expr& random_variable) {
  for (const Node* node : topological_order(std::span(&random_variable, 1)))
    if (node->op().name.starts_with("random_"))
      for (const Expr& e : node->inputs())
        if (is_shared(e)) return shared_variable(e);
  throw GraphError("stream_of: the expression draws from no random stream");
}

}  // namespace leapgraph::symbolic
