/// From graphs to callable functions: specialise, rewrite, schedule, emit, compile, load - or interpret.
#include "leapgraph/symbolic/function.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_set>

#include "leapgraph/symbolic/backend/cpu.hpp"
#include "leapgraph/symbolic/emit/c.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/rewrite/loops.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/schedule/schedule.hpp"

namespace leapgraph::symbolic {

using NativeFunction = int (*)(const void* const* in, void* const* out, void* work, const Runtime* runtime);

struct CompiledFunction::State {
  Graph graph;
  std::vector<Type> inputs, outputs;
  std::vector<Array> data;
  std::int64_t workspace_bytes = 0;
  NativeFunction native = nullptr;
  std::shared_ptr<const LoadedObject> object;
  std::shared_ptr<const std::string> source;
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
int call_interpreted(const CompiledFunction::State& state, const void* const* in, void* const* out) {
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
  for (std::size_t i = 0; i < results.size(); ++i)
    std::memcpy(out[i], results[i].raw(), static_cast<std::size_t>(results[i].bytes()));
  return 0;
}

std::vector<Graph> prepared(std::span<const Graph> graphs, const CompileOptions& options) {
  std::vector<Graph> result;
  for (const Graph& graph : graphs) {
    require_closed(graph.inputs, graph.outputs);
    std::vector<Shape> shapes;
    for (const Expr& e : graph.inputs) shapes.push_back(e.shape());
    Graph concrete = specialize(graph, shapes);
    result.push_back(options.rewrite ? rewrite(concrete) : with_bodies(concrete, lower_abstract));
  }
  return result;
}

ScheduledModule scheduled(std::span<const Graph> graphs) {
  std::vector<NamedGraph> named;
  for (std::size_t i = 0; i < graphs.size(); ++i) named.push_back({fmt::format("function_{}", i), graphs[i]});
  return schedule(named);
}

}  // namespace

const std::vector<Type>& CompiledFunction::inputs() const { return state_->inputs; }
const std::vector<Type>& CompiledFunction::outputs() const { return state_->outputs; }
std::int64_t CompiledFunction::workspace_bytes() const { return state_->workspace_bytes; }
const std::vector<Array>& CompiledFunction::data() const { return state_->data; }
bool CompiledFunction::is_native() const { return state_->native != nullptr; }
const std::string& CompiledFunction::source() const {
  static const std::string none;
  return state_->source ? *state_->source : none;
}
const Graph& CompiledFunction::graph() const { return state_->graph; }

int CompiledFunction::call(const void* const* in, void* const* out, void* workspace, const Runtime* runtime) const {
  if (state_->native != nullptr) return state_->native(in, out, workspace, runtime);
  return call_interpreted(*state_, in, out);
}

std::vector<Array> CompiledFunction::operator()(std::span<const Array> arguments) const {
  const State& state = *state_;
  if (arguments.size() != state.inputs.size())
    throw GraphError(fmt::format("the function takes {} arguments, got {}", state.inputs.size(), arguments.size()));
  for (std::size_t i = 0; i < arguments.size(); ++i) require_fitting(state.graph.inputs[i], arguments[i]);
  if (state.native == nullptr) return interpret(state.graph, arguments);
  std::vector<const void*> in;
  for (const Array& argument : arguments) in.push_back(argument.raw());
  for (const Array& array : state.data) in.push_back(array.raw());
  std::vector<Array> results;
  std::vector<void*> out;
  for (const Type& type : state.outputs) results.emplace_back(type);
  for (Array& result : results) out.push_back(result.raw());
  const std::unique_ptr<void, decltype(&std::free)> workspace(
      std::aligned_alloc(64, static_cast<std::size_t>(state.workspace_bytes) + 64), &std::free);
  RuntimeError error;
  const Runtime runtime{&error};
  if (state.native(in.data(), out.data(), workspace.get(), &runtime) != 0) {
    if (error.check == 1)
      throw GraphError(fmt::format("position {} is out of range: there are {} rows", error.value, error.position));
    throw GraphError("the compiled function failed");
  }
  return results;
}

std::vector<CompiledFunction> compile(std::span<const Graph> graphs, const CompileOptions& options) {
  const std::vector<Graph> ready = prepared(graphs, options);
  std::optional<Compiler> compiler;
  if (options.target != CompileOptions::Target::interpreter) compiler = find_compiler();
  if (options.target == CompileOptions::Target::native && !compiler) throw GraphError(missing_compiler());

  std::vector<std::shared_ptr<CompiledFunction::State>> states;
  for (const Graph& graph : ready) {
    states.push_back(std::make_shared<CompiledFunction::State>());
    states.back()->graph = graph;
    states.back()->inputs = types_of(graph.inputs);
    states.back()->outputs = types_of(graph.outputs);
  }
  if (compiler) {
    const ScheduledModule module = scheduled(ready);
    const auto source = std::make_shared<const std::string>(emit_c(module.module));
    const std::shared_ptr<const LoadedObject> object = load_source(*source, *compiler, options.cache);
    for (std::size_t i = 0; i < states.size(); ++i) {
      const Program& program = module.module.functions[static_cast<std::size_t>(module.entry[i])];
      states[i]->data = program.data;
      states[i]->workspace_bytes = program.workspace_bytes;
      states[i]->object = object;
      states[i]->source = source;
      states[i]->native = reinterpret_cast<NativeFunction>(object->symbol("lg_" + program.name));
    }
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
  const ScheduledModule module = scheduled(ready);
  if (stage == "kernels") return describe(module.module);
  if (stage == "c") return emit_c(module.module);
  throw GraphError(fmt::format("there is no stage '{}': graph, rewritten, kernels, c", stage));
}

struct Function::State {
  Graph graph;
  CompileOptions options;
  std::mutex mutex;
  std::map<std::vector<Shape>, CompiledFunction> compiled;
};

Function::Function(Exprs inputs, Exprs outputs, CompileOptions options) : state_(std::make_shared<State>()) {
  require_closed(inputs, outputs);
  state_->graph = Graph{std::move(inputs), std::move(outputs)};
  state_->options = options;
}

CompiledFunction Function::specialised(std::span<const Array> arguments) const {
  const Graph& graph = state_->graph;
  if (arguments.size() != graph.inputs.size())
    throw GraphError(fmt::format("the function takes {} arguments, got {}", graph.inputs.size(), arguments.size()));
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    require_fitting(graph.inputs[i], arguments[i]);
    shapes.push_back(arguments[i].shape());
  }
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->compiled.find(shapes);
  if (found != state_->compiled.end()) return found->second;
  return state_->compiled.emplace(shapes, compile(specialize(graph, shapes), state_->options)).first->second;
}

std::vector<Array> Function::operator()(std::span<const Array> arguments) const {
  return specialised(arguments)(arguments);
}

std::size_t Function::specialisations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->compiled.size();
}

Function function(Exprs inputs, Exprs outputs, CompileOptions options) {
  return {std::move(inputs), std::move(outputs), options};
}
Function function(Exprs inputs, Expr output, CompileOptions options) {
  return {std::move(inputs), Exprs{std::move(output)}, options};
}

std::string missing_compiler() {
  if (find_compiler()) return "";
  return "no C compiler was found (gcc, clang or cc in PATH): functions are interpreted, which is slower";
}

}  // namespace leapgraph::symbolic
