/// From graphs to compiled functions: specialise, rewrite, schedule, emit, compile, load - or interpret.
#include "leapgraph/symbolic/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_set>

#include "leapgraph/symbolic/backend/cpu.hpp"
#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/emit/c.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/rewrite/complex_pairs.hpp"
#include "leapgraph/symbolic/rewrite/half_precision.hpp"
#include "leapgraph/symbolic/rewrite/loops.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/schedule/extents.hpp"
#include "leapgraph/symbolic/schedule/profile_record.hpp"
#include "leapgraph/symbolic/schedule/schedule.hpp"

namespace leapgraph::symbolic {

using NativeFunction = int (*)(const void* const* in, void* const* out, void* work, const Runtime* runtime);

struct CompiledFunction::State {
  Graph graph;
  CompileOptions options;
  std::vector<Type> inputs, outputs;
  std::vector<std::vector<int>> extents;
  std::size_t extent_count = 0;
  std::vector<Array> data;
  std::int64_t workspace_bytes = 0;
  NativeFunction native = nullptr;
  std::shared_ptr<const LoadedObject> object;
  std::shared_ptr<const std::string> source;
  std::shared_ptr<const std::vector<Origin>> places;
  std::shared_ptr<const ProfileRecord> profile;
  // The same function with more room, once it was needed.
  mutable std::mutex mutex;
  mutable std::shared_ptr<const State> larger;
  mutable std::atomic<bool> has_larger = false;
};

namespace {

std::vector<Type> types_of(const Exprs& expressions) {
  std::vector<Type> types;
  for (const Expr& e : expressions) types.push_back(e.type());
  return types;
}

void require_closed(const Exprs& inputs, const Exprs& outputs) {
  std::unordered_set<const Node*> known;
  for (const Expr& e : inputs) {
    if (!e || !is_input(e)) throw GraphError("function: an input is not a variable");
    if (!known.insert(&e.node()).second)
      throw GraphError(fmt::format("function: the input '{}' is given twice", name_of(e)));
  }
  for (const Expr& e : outputs)
    if (!e) throw GraphError("function: an output is an empty expression");
  for (const Expr& e : free_inputs(outputs))
    if (!known.contains(&e.node()))
      throw GraphError(fmt::format("function: an output depends on '{}', which is not among the inputs", name_of(e)));
}

/// Interpreter in the place of native code, over raw pointers.
int call_interpreted(const CompiledFunction::State& state, const void* const* in, void* const* out,
                     const Runtime* runtime) {
  std::vector<Array> arguments;
  for (std::size_t i = 0; i < state.inputs.size(); ++i) {
    Array argument(state.inputs[i]);
    std::memcpy(argument.raw(), in[i], static_cast<std::size_t>(argument.bytes()));
    arguments.push_back(std::move(argument));
  }
  std::vector<Array> results;
  try {
    results = interpret(state.graph, arguments);
  } catch (const GraphError&) {
    return 1;  // a check at run time, such as a row number out of range
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Shape& room = state.outputs[i].shape;
    if (!is_known(room)) return 1;
    for (std::size_t axis = 0; axis < room.size(); ++axis) {
      const std::int64_t length = results[i].shape()[axis];
      if (length > room[axis]) {
        if (runtime != nullptr && runtime->error != nullptr)
          *runtime->error = {static_cast<std::int64_t>(Check::capacity), room[axis], length, -1};
        return 1;
      }
      if (state.extents[i][axis] >= 0) runtime->extents[state.extents[i][axis]] = length;
    }
    const Array whole = fitted(results[i], room);
    std::memcpy(out[i], whole.raw(), static_cast<std::size_t>(whole.bytes()));
  }
  return 0;
}

std::vector<Graph> prepared(std::span<const Graph> graphs, const CompileOptions& options) {
  std::vector<Graph> result;
  for (const Graph& graph : graphs) {
    require_closed(graph.inputs, graph.outputs);
    std::vector<Shape> shapes;
    for (const Expr& e : graph.inputs) shapes.push_back(e.shape());
    Graph concrete = specialize(graph, shapes);
    RewriteOptions how;
    how.speed = options.rewrite;
    result.push_back(options.as_written ? lower_abstract(concrete) : rewrite(concrete, how));
  }
  return result;
}

std::vector<BoundedGraph> bounded(std::span<const Graph> graphs, std::int64_t capacity) {
  std::vector<BoundedGraph> result;
  for (const Graph& graph : graphs) result.push_back(with_capacity(with_half_as_storage(graph), capacity));
  return result;
}

ScheduledModule scheduled(std::span<const BoundedGraph> graphs) {
  std::vector<NamedGraph> named;
  for (std::size_t i = 0; i < graphs.size(); ++i)
    named.push_back(
        {fmt::format("function_{}", i), with_complex_pairs(graphs[i].graph), graphs[i].extent_count, graphs[i].wanted});
  return schedule(named);
}

}  // namespace

const std::vector<Type>& CompiledFunction::inputs() const { return state_->inputs; }
const std::vector<Type>& CompiledFunction::outputs() const { return state_->outputs; }
std::int64_t CompiledFunction::workspace_bytes() const { return state_->workspace_bytes; }
const std::vector<Array>& CompiledFunction::data() const { return state_->data; }
const std::vector<std::vector<int>>& CompiledFunction::extents() const { return state_->extents; }
std::size_t CompiledFunction::extent_count() const { return state_->extent_count; }
bool CompiledFunction::is_native() const { return state_->native != nullptr; }
const std::string& CompiledFunction::source() const {
  static const std::string none;
  return state_->source ? *state_->source : none;
}
const Graph& CompiledFunction::graph() const { return state_->graph; }
std::shared_ptr<const ProfileRecord> CompiledFunction::profile_record() const { return state_->profile; }

int CompiledFunction::call(const void* const* in, void* const* out, void* workspace, const Runtime* runtime) const {
  if (state_->native != nullptr) return state_->native(in, out, workspace, runtime);
  return call_interpreted(*state_, in, out, runtime);
}

namespace {

Origin place_of(const CompiledFunction::State& state, const RuntimeError& error) {
  const auto place = static_cast<std::size_t>(error.place);
  return state.places && place < state.places->size() ? (*state.places)[place] : Origin();
}

}  // namespace

std::string CompiledFunction::failure(const RuntimeError& error) const {
  if (error.check == 0 || !state_->places) return "the compiled function failed";
  return describe({static_cast<Check>(error.check), error.value, error.limit}, place_of(*state_, error));
}

void CompiledFunction::raise_failure(const RuntimeError& error) const {
  if (error.check == 0) throw GraphError(failure(error));
  raise({static_cast<Check>(error.check), error.value, error.limit}, place_of(*state_, error));
}

std::vector<Array> CompiledFunction::operator()(std::span<const Array> arguments) const {
  const State& state = *state_;
  if (arguments.size() != state.inputs.size())
    throw GraphError(fmt::format("the function takes {} arguments, got {}", state.inputs.size(), arguments.size()));
  for (std::size_t i = 0; i < arguments.size(); ++i) require_fitting(state.graph.inputs[i], arguments[i]);
  if (state.native == nullptr) return interpret(state.graph, arguments);
  if (state.has_larger) {
    std::shared_ptr<const State> next;
    {
      const std::lock_guard lock(state.mutex);
      next = state.larger;
    }
    return CompiledFunction(std::move(next))(arguments);
  }
  std::vector<const void*> in;
  for (const Array& argument : arguments) in.push_back(argument.raw());
  for (const Array& array : state.data) in.push_back(array.raw());
  std::vector<Array> results;
  std::vector<void*> out;
  for (const Type& type : state.outputs) results.emplace_back(type);
  for (Array& result : results) out.push_back(result.raw());
  const std::unique_ptr<void, decltype(&std::free)> workspace(
      std::aligned_alloc(64, static_cast<std::size_t>(state.workspace_bytes) + 64), &std::free);
  if (!workspace) throw std::bad_alloc();
  RuntimeError error;
  std::vector<std::int64_t> extents(state.extent_count);
  const Runtime runtime{&error, extents.data()};
  if (state.native(in.data(), out.data(), workspace.get(), &runtime) != 0) {
    if (error.check == static_cast<std::int64_t>(Check::capacity)) return larger(error)(arguments);
    raise_failure(error);
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    Shape shape = results[i].shape();
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      if (const int k = state.extents[i][axis]; k >= 0) shape[axis] = extents[static_cast<std::size_t>(k)];
    results[i] = fitted(results[i], shape);
  }
  return results;
}

CompiledFunction CompiledFunction::larger(const RuntimeError& error) const {
  const std::lock_guard lock(state_->mutex);
  if (!state_->larger) {
    CompileOptions options = state_->options;
    // Powers of two; steps of eight where nobody knows how many there will be.
    constexpr std::int64_t most = std::int64_t{1} << 40;
    if (error.value > most) throw GraphError(failure(error));
    while (options.capacity < error.value) options.capacity *= 2;
    if (error.value <= state_->options.capacity) options.capacity *= 8;
    if (options.capacity > most) throw GraphError(failure(error));
    options.as_written = true;  // it is rewritten already
    state_->larger = compile(state_->graph, options).state_;
    state_->has_larger = true;
  }
  return CompiledFunction(state_->larger);
}

namespace {

std::shared_ptr<const ProfileRecord> counted(const std::shared_ptr<const LoadedObject>& object,
                                             const std::vector<Counter>& counters, std::size_t entry,
                                             const StageTimes& times) {
  const auto record = std::make_shared<ProfileRecord>();
  record->stages = times.stages();
  if (object == nullptr) return record;
  record->counters = counters;
  record->entry = entry;
  record->object = object;
  record->values = static_cast<const std::uint64_t*>(object->symbol("lg_profile"));
  record->ticks = reinterpret_cast<std::uint64_t (*)()>(object->symbol("lg_ticks"));
  record->first_ticks = record->ticks();
  record->first_time = std::chrono::steady_clock::now();
  return record;
}

}  // namespace

std::vector<CompiledFunction> compile(std::span<const Graph> graphs, const CompileOptions& options) {
  StageTimes times;
  const std::vector<Graph> ready = prepared(graphs, options);
  times.mark("rewrite");
  std::optional<Compiler> compiler;
  if (options.target != CompileOptions::Target::interpreter) compiler = find_compiler();
  if (options.target == CompileOptions::Target::native && !compiler) throw GraphError(missing_compiler());

  std::vector<BoundedGraph> planned;
  try {
    planned = bounded(ready, std::max<std::int64_t>(1, options.capacity));
  } catch (const GraphError&) {
    if (compiler) throw;
    planned.clear();  // what can only be interpreted has results whose lengths nobody knows before
    for (const Graph& graph : ready) planned.push_back({graph, {}, 0, {}});
  }

  std::vector<std::shared_ptr<CompiledFunction::State>> states;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    states.push_back(std::make_shared<CompiledFunction::State>());
    CompiledFunction::State& state = *states.back();
    state.graph = ready[i];
    state.options = options;
    state.inputs = types_of(ready[i].inputs);
    state.outputs = types_of(planned[i].graph.outputs);
    state.outputs.resize(ready[i].outputs.size());
    state.extents = planned[i].extents;
    state.extent_count = planned[i].extent_count;
  }
  if (compiler) {
    ScheduledModule module = scheduled(planned);
    const std::vector<Counter> counters = options.profile ? count_steps(module.module) : std::vector<Counter>();
    times.mark("schedule");
    const auto source = std::make_shared<const std::string>(emit_c(module.module));
    const auto places = std::make_shared<const std::vector<Origin>>(module.module.places);
    times.mark("emit");
    // Counters belong to one function: its object is nobody else's.
    const std::shared_ptr<const LoadedObject> object =
        load_source(*source, *compiler, options.cache && !options.profile);
    times.mark("C compiler");
    for (std::size_t i = 0; i < states.size(); ++i) {
      const Program& program = module.module.functions[static_cast<std::size_t>(module.entry[i])];
      states[i]->data = program.data;
      states[i]->workspace_bytes = program.workspace_bytes;
      states[i]->object = object;
      states[i]->source = source;
      states[i]->places = places;
      states[i]->native = reinterpret_cast<NativeFunction>(object->symbol("lg_" + program.name));
      if (options.profile)
        states[i]->profile = counted(object, counters, static_cast<std::size_t>(module.entry[i]), times);
    }
  } else if (options.profile) {
    for (auto& state : states) state->profile = counted(nullptr, {}, 0, times);
  }
  std::vector<CompiledFunction> functions;
  for (auto& state : states) functions.emplace_back(std::move(state));
  return functions;
}

CompiledFunction compile(const Graph& graph, const CompileOptions& options) {
  return compile(std::span(&graph, 1), options)[0];
}

std::string dump_stage(std::span<const Graph> graphs, std::string_view stage, const CompileOptions& options) {
  std::string text;
  if (stage == "graph") {
    for (const Graph& graph : graphs) text += describe(graph);
    return text;
  }
  const std::vector<Graph> ready = prepared(graphs, options);
  if (stage == "rewritten") {
    for (const Graph& graph : ready) text += describe(graph) + explain_loops(graph);
    return text;
  }
  const ScheduledModule module = scheduled(bounded(ready, std::max<std::int64_t>(1, options.capacity)));
  if (stage == "kernels") return describe(module.module);
  if (stage == "c") return emit_c(module.module);
  throw GraphError(fmt::format("there is no stage '{}': graph, rewritten, kernels, c", stage));
}

std::string missing_compiler() {
  if (find_compiler()) return "";
  return "no C compiler was found (gcc, clang or cc in PATH): functions are interpreted, which is slower";
}

}  // namespace leapgraph::symbolic
