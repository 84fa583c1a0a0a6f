/// Compiles densities and drives the compiled code from the samplers.
#include "leapgraph/samplers/density.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <limits>
#include <numeric>

#include "leapgraph/samplers/leapfrog.hpp"
#include "leapgraph/symbolic/counter_random.hpp"
#include "leapgraph/symbolic/host_function.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::samplers {

using symbolic::CompiledFunction;
using symbolic::DType;
using symbolic::Expr;
using symbolic::Exprs;
using symbolic::Graph;

Density host_density(std::int64_t dimension, LogDensityFunction function, bool thread_safe, std::string name) {
  const auto host = std::make_shared<symbolic::WrappedFunction>(std::move(function));
  const Expr address = symbolic::input({DType::int64, {2}}, "host function");
  Density density;
  density.dimension = dimension;
  density.log_density = [address](const Expr& position) { return symbolic::host_call(address, position)[0]; };
  density.variables = {{std::move(name), {dimension}}};
  density.constrain = [](const Expr& position) { return Exprs{position}; };
  density.arguments = {{address, host->argument()}};
  density.thread_safe = thread_safe;
  density.why = [host](std::span<const double>) { return host->last_failure(); };
  return density;
}

struct CompiledDensity::State {
  Density density;
  MetricKind metric = MetricKind::unit;
  std::int64_t values = 0;
  bool is_completed = false;                // `complete` is called for every draw
  std::vector<CompiledFunction> functions;  // log density with gradient, leapfrog, values of a draw

  const CompiledFunction& log_density() const { return functions[0]; }
  const CompiledFunction& leapfrog() const { return functions[1]; }
  const CompiledFunction& draw() const { return functions[2]; }
};

namespace {

/// One function with a workspace of its own and the pointers that do not change from call to call.
class Caller {
 public:
  Caller(const CompiledFunction& function, const Density& density, std::size_t own_inputs)
      : function_(&function),
        workspace_(std::aligned_alloc(64, static_cast<std::size_t>(function.workspace_bytes()) + 64), &std::free),
        in_(own_inputs) {
    for (const auto& [variable, value] : density.arguments) in_.push_back(value.raw());
    for (const symbolic::Array& array : function.data()) in_.push_back(array.raw());
  }

  template <std::size_t I, std::size_t O>
  bool operator()(const void* const (&in)[I], void* const (&out)[O]) {
    std::copy(std::begin(in), std::end(in), in_.begin());
    return function_->call(in_.data(), out, workspace_.get()) == 0;
  }

 private:
  const CompiledFunction* function_;
  std::unique_ptr<void, decltype(&std::free)> workspace_;
  std::vector<const void*> in_;
};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

/// The integrator of one chain.
class CompiledIntegrator final : public Integrator {
 public:
  explicit CompiledIntegrator(std::shared_ptr<const CompiledDensity::State> state)
      : state_(std::move(state)),
        log_density_(state_->log_density(), state_->density, 1),
        leapfrog_(state_->leapfrog(), state_->density, 6) {}

  std::int64_t dimension() const override { return state_->density.dimension; }

  void evaluate(Point& point) override {
    last_ = point.position;
    const bool ok = log_density_({point.position.data()}, {&point.log_density, point.gradient.data()});
    if (!ok) point.log_density = nan;
  }

  void advance(const Point& from, Point& to, const Metric& metric, double step_size, std::int64_t steps) override {
    last_ = to.position;
    const bool ok = leapfrog_(
        {from.position.data(), from.momentum.data(), from.gradient.data(), metric.inverse().data(), &step_size, &steps},
        {to.position.data(), to.momentum.data(), to.gradient.data(), &to.log_density});
    if (!ok) to.log_density = nan;
  }

  std::string why() const override { return state_->density.why ? state_->density.why(last_) : std::string(); }

 private:
  std::shared_ptr<const CompiledDensity::State> state_;
  Caller log_density_;
  Caller leapfrog_;
  std::span<const double> last_;
};

/// The values of draws, and whether they can be had.
class DrawCaller {
 public:
  explicit DrawCaller(std::shared_ptr<const CompiledDensity::State> state)
      : state_(std::move(state)), call_(state_->draw(), state_->density, state_->density.stream ? 2 : 1) {}

  void operator()(std::span<const double> position, const DrawKey& key, std::span<double> values) {
    const Density& density = state_->density;
    const symbolic::Array stream = symbolic::counter_stream(key.seed, key.chain, key.draw);
    bool drawable = true;
    void* out[] = {values.data(), &drawable};
    const bool ok = density.stream ? call_({position.data(), stream.raw()}, out) : call_({position.data()}, out);
    if (!ok) throw Error("the values of a draw could not be computed");
    if (state_->is_completed || !drawable) density.complete(key, values);
  }

 private:
  std::shared_ptr<const CompiledDensity::State> state_;
  Caller call_;
};

namespace {

void check_values(const Density& density, const Exprs& values) {
  const bool completed = density.complete && !density.drawable;
  if (values.size() > density.variables.size() || (values.size() < density.variables.size() && !completed))
    throw Error(fmt::format("density: {} variables are declared, but `constrain` gives {} values",
                            density.variables.size(), values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].shape() != density.variables[i].shape)
      throw Error(fmt::format("density: the variable '{}' is declared {}, but its value is {}",
                              density.variables[i].name, symbolic::to_string(density.variables[i].shape),
                              symbolic::to_string(values[i].type())));
  }
}

Graph draw_graph(const Density& density, const Exprs& arguments, const Expr& position, const Exprs& values) {
  symbolic::Operands parts;
  for (const Expr& value : values) parts.emplace_back(symbolic::reshape(symbolic::cast(value, DType::float64), {-1}));
  Exprs inputs{position};
  if (density.stream) inputs.push_back(density.stream);
  inputs.insert(inputs.end(), arguments.begin(), arguments.end());
  const Expr all = parts.empty() ? symbolic::full({0}, 0.0) : symbolic::concatenate(parts);
  return Graph{inputs, {all, density.drawable ? density.drawable(position) : symbolic::constant(true)}};
}

}  // namespace

CompiledDensity::CompiledDensity(Density density, MetricKind metric, const symbolic::CompileOptions& options) {
  Exprs arguments;
  for (const auto& [variable, value] : density.arguments) arguments.push_back(variable);
  const LeapfrogGraphs graphs = leapfrog_graphs(density.dimension, density.log_density, arguments, metric);
  const Expr position = symbolic::input({DType::float64, {density.dimension}}, "position");
  const Exprs values = density.constrain(position);
  auto state = std::make_shared<State>();
  check_values(density, values);
  state->is_completed = density.complete && !density.drawable;
  const Graph all[] = {graphs.log_density, graphs.leapfrog, draw_graph(density, arguments, position, values)};
  for (const TraceVariable& variable : density.variables) state->values += symbolic::element_count(variable.shape);
  state->density = std::move(density);
  state->metric = metric;
  state->functions = symbolic::compile(all, options);
  state_ = std::move(state);
}

const Density& CompiledDensity::density() const { return state_->density; }
std::int64_t CompiledDensity::values() const { return state_->values; }
bool CompiledDensity::is_native() const { return state_->log_density().is_native(); }
const std::string& CompiledDensity::source() const { return state_->log_density().source(); }

double CompiledDensity::log_density_gradient(std::span<const double> position, std::span<double> gradient) const {
  double value = nan;
  Caller call(state_->log_density(), state_->density, 1);
  const bool ok = call({position.data()}, {&value, gradient.data()});
  return ok ? value : nan;
}

void CompiledDensity::constrain(std::span<const double> position, std::span<double> values, const DrawKey& key) const {
  DrawCaller call(state_);
  call(position, key, values);
}

SampleTarget CompiledDensity::target() const {
  SampleTarget target;
  target.dimension = state_->density.dimension;
  target.values = state_->values;
  target.metric = state_->metric;
  target.thread_safe = state_->density.thread_safe;
  target.integrator = [state = state_](std::int64_t) { return std::make_unique<CompiledIntegrator>(state); };
  target.constrain = [state = state_](std::int64_t) -> Constrain {
    return [call = std::make_shared<DrawCaller>(state)](std::span<const double> position, const DrawKey& key,
                                                        std::span<double> values) { (*call)(position, key, values); };
  };
  return target;
}

}  // namespace leapgraph::samplers
