/// Functions of graphs: what they are made of, and copies with other shared variables.
#include "leapgraph/symbolic/function.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/calls/call.hpp"
#include "leapgraph/symbolic/interpret.hpp"

namespace leapgraph::symbolic {

In::In(Expr input, const Argument& default_value, std::string own_name, Expr update_to)
    : variable(std::move(input)), name(std::move(own_name)), update(std::move(update_to)) {
  if (!variable || default_value.kind() == Argument::Kind::absent) return;
  try {
    value = converted(default_value, variable.dtype());
  } catch (const DTypeError& error) {
    throw DTypeError(fmt::format("the default of '{}': {}", name_of(variable), error.what()));
  }
  require_fitting(variable, *value);
}

Function::Function(const Inputs& inputs, const Outputs& outputs, FunctionOptions options)
    : state_(std::make_shared<const State>(define(inputs, outputs, options), options)) {}

Results Function::call(const Argument* const* arguments, std::size_t count) const {
  return symbolic::call(*state_, arguments, count);
}

Results Function::operator()(std::span<const Argument> arguments) const {
  std::vector<const Argument*> pointers;
  for (const Argument& argument : arguments) pointers.push_back(&argument);
  return call(pointers.data(), pointers.size());
}

Results Function::operator()(std::span<const Array> arguments) const {
  return (*this)(std::vector<Argument>(arguments.begin(), arguments.end()));
}

const std::string& Function::name() const { return state_->options.name; }
const std::vector<In>& Function::inputs() const { return state_->definition.inputs; }
const std::vector<Output>& Function::outputs() const { return state_->definition.outputs; }
const std::vector<std::pair<SharedVariable, Expr>>& Function::updates() const { return state_->definition.updates; }

std::vector<SharedVariable> Function::shared_variables() const {
  std::vector<SharedVariable> all = state_->definition.shared;
  for (const auto& [variable, value] : updates())
    if (std::find(all.begin(), all.end(), variable) == all.end()) all.push_back(variable);
  return all;
}

Array Function::value(std::string_view input) const {
  for (const State::Input& known : state_->inputs) {
    if (known.name != input) continue;
    if (known.state != nullptr) return known.state->copy();
    if (known.value) return *known.value;
    throw GraphError(fmt::format("the input '{}' has no value of its own", input));
  }
  throw GraphError(fmt::format("there is no input '{}'", input));
}

Function Function::output_subset(const std::vector<std::size_t>& outputs) const {
  Definition part = state_->definition;
  part.outputs.clear();
  for (const std::size_t i : outputs) {
    if (i >= state_->definition.outputs.size())
      throw IndexError(fmt::format("there is no output {}: the function has {}", i, state_->definition.outputs.size()));
    part.outputs.push_back(state_->definition.outputs[i]);
  }
  return Function(std::make_shared<State>(std::move(part), state_->options, nullptr, state_.get()));
}

CompiledFunction Function::specialised(std::span<const Array> arguments) const {
  std::vector<Argument> all(arguments.begin(), arguments.end());
  std::vector<const Argument*> pointers;
  for (const Argument& argument : all) pointers.push_back(&argument);
  return code_for(*state_, pointers.data(), pointers.size());
}

std::size_t Function::specialisations() const { return state_->code->count(); }

Function function(const Inputs& inputs, const Outputs& outputs, FunctionOptions options) {
  return Function(inputs, outputs, std::move(options));
}

Function function(const Inputs& inputs, const Outputs& outputs, CompileOptions options) {
  return Function(inputs, outputs, {.compile = std::move(options), .on_unused_input = OnUnusedInput::ignore});
}

Function copy(const Function& f, const CopyOptions& options) {
  const Function::State& original = *f.state_;
  Definition definition = original.definition;
  FunctionOptions kept = original.options;
  if (!options.name.empty()) kept.name = options.name;
  Substitution swapped;
  const std::vector<SharedVariable> known = f.shared_variables();
  for (const auto& [old, other] : options.swap) {
    if (std::find(known.begin(), known.end(), old) == known.end())
      throw UpdateError(fmt::format("copy: the function has no shared variable '{}'", old.name()));
    if (old.dtype() != other.dtype() || old.rank() != other.rank())
      throw UpdateError(fmt::format("copy: '{}' is {} and cannot be replaced by '{}', which is {}", old.name(),
                                    to_string(old.type()), other.name(), to_string(other.type())));
    if (!swapped.emplace(old, other).second) throw UpdateError(fmt::format("copy: '{}' is replaced twice", old.name()));
  }
  const auto in_copy = [&swapped](const SharedVariable& variable) {
    const auto found = swapped.find(variable);
    return found == swapped.end() ? variable : shared_variable(found->second);
  };
  if (options.delete_updates) {
    definition.updates.clear();
    definition.state_updates.clear();
    for (In& in : definition.inputs) in.update = {};
  }
  // Values of inputs with a state go on from where they are.
  for (In& in : definition.inputs)
    if (in.update || options.delete_updates) {
      const Function::State::Input& input = original.inputs[static_cast<std::size_t>(&in - definition.inputs.data())];
      if (input.state != nullptr) in.value = input.state->copy();
    }
  std::shared_ptr<Specialisations> code = options.delete_updates ? nullptr : original.code;
  for (SharedVariable& variable : definition.shared) variable = in_copy(variable);
  for (auto& [variable, value] : definition.updates) variable = in_copy(variable);
  const auto rebuilt = [&swapped](Expr& e) { e = substitute(std::span(&e, 1), swapped)[0]; };
  if (!swapped.empty()) {
    for (Output& output : definition.outputs) rebuilt(output.value);
    for (auto& [variable, value] : definition.updates) rebuilt(value);
    for (auto& [input, value] : definition.state_updates) rebuilt(value);
  }
  // Of two variables that are one now, one would be read and updated twice.
  const auto has_twins = [](auto variables) {
    for (std::size_t i = 0; i < variables.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (variables[i] == variables[j]) return true;
    return false;
  };
  std::vector<SharedVariable> updated;
  for (const auto& [variable, value] : definition.updates) updated.push_back(variable);
  if (has_twins(updated)) throw UpdateError("copy: a shared variable would be updated twice");
  if (has_twins(definition.shared) || options.delete_updates) {
    code = nullptr;
    const Graph graph = graph_of(definition);
    definition.shared.clear();
    for (const Expr& variable : free_inputs(graph.outputs))
      if (is_shared(variable)) definition.shared.push_back(shared_variable(variable));
  }
  return Function(std::make_shared<Function::State>(std::move(definition), kept, std::move(code)));
}

}  // namespace leapgraph::symbolic
