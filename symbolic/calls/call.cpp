/// Arguments are bound to inputs, turns are taken, the code runs, and new values take their places.
#include "leapgraph/symbolic/calls/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

void Frame::use(const Specialisation& s) {
  if (&s == specialisation) return;
  in.resize(shapes.size());
  in.insert(in.end(), s.data.begin(), s.data.end());
  extents.resize(s.extent_count);
  if (s.workspace_bytes > workspace_bytes) {
    workspace.reset(std::aligned_alloc(64, (static_cast<std::size_t>(s.workspace_bytes) + 127) / 64 * 64));
    workspace_bytes = -1;
    if (!workspace) throw std::bad_alloc();
    workspace_bytes = s.workspace_bytes;
  }
  specialisation = &s;
}

/// Builds results where they are returned.
class ResultsOfCall {
 public:
  explicit ResultsOfCall(Results& results) : results_(results) {}
  static constexpr std::size_t inline_count = Results::inline_count;
  void use_words(std::size_t count) {
    results_.is_inline_ = true;
    results_.count_ = static_cast<std::uint32_t>(count);
  }
  void* word(std::size_t i, DType dtype) {
    results_.dtypes_[i] = dtype;
    return &results_.words_[i];
  }
  void reserve(std::size_t count) { results_.arrays_.reserve(count); }
  void add(Array array) {
    results_.arrays_.emplace_back(std::move(array));
    ++results_.count_;
  }
  void set_names(const std::shared_ptr<const std::vector<std::string>>& names) { results_.names_ = names; }

 private:
  Results& results_;
};

namespace {

using State = Function::State;

std::string title(const State& s) {
  return s.options.name.empty() ? "function" : fmt::format("function '{}'", s.options.name);
}

std::string title(const State& s, std::size_t i) {
  const std::string& name = s.inputs[i].name;
  return fmt::format("{}: input {}{}", title(s), i, name.empty() ? "" : fmt::format(" '{}'", name));
}

Type type_of(const State::Input& input) { return {input.dtype, input.shape}; }

[[noreturn]] void refuse_shape(const State& s, std::size_t i, const Type& got) {
  throw ShapeError(fmt::format("{} must be {}, got {}", title(s, i), to_string(type_of(s.inputs[i])), to_string(got)));
}

void require_shape(const State& s, std::size_t i, const Type& got) {
  const Shape& wanted = s.inputs[i].shape;
  if (wanted.size() != got.shape.size()) refuse_shape(s, i, got);
  for (std::size_t axis = 0; axis < wanted.size(); ++axis)
    if (wanted[axis] != unknown && wanted[axis] != got.shape[axis]) refuse_shape(s, i, got);
}

void bind_array(const State& s, Frame& f, std::size_t i, const Array& array) {
  require_shape(s, i, array.type());
  f.in[i] = array.raw();
  f.shapes[i] = &array.shape();
}

const Shape scalar_shape;

template <class T>
void bind_word(Frame& f, std::size_t i, T value) {
  std::memcpy(&f.words[i], &value, sizeof value);
  f.in[i] = &f.words[i];
  f.shapes[i] = &scalar_shape;
}

/// The argument converted, where it is not used as it is.
void bind_converted(const State& s, Frame& f, std::size_t i, const Argument& argument) {
  const State::Input& input = s.inputs[i];
  const Array given = argument.array();
  if (input.strict && (argument.is_weak() || given.dtype() != input.dtype))
    throw DTypeError(fmt::format("{} takes nothing but arrays of {}, got {}{}", title(s, i), info(input.dtype).name,
                                 argument.is_weak() ? "plain numbers, " : "", to_string(given.type())));
  require_shape(s, i, given.type());
  try {
    f.converted[i] = converted(argument, input.dtype, input.downcast);
  } catch (const DTypeError& error) {
    throw DTypeError(fmt::format("{} {}", title(s, i), error.what()));
  }
  f.has_converted = true;
  bind_array(s, f, i, *f.converted[i]);
}

void bind(const State& s, Frame& f, std::size_t i, const Argument& argument) {
  const State::Input& input = s.inputs[i];
  switch (argument.kind()) {
    case Argument::Kind::real:
      if (input.is_scalar && input.dtype == DType::float64 && !input.strict) return bind_word(f, i, argument.real());
      break;
    case Argument::Kind::integer:
      if (!input.is_scalar || input.strict) break;
      if (input.dtype == DType::int64) return bind_word(f, i, argument.integer());
      if (input.dtype == DType::float64 && std::abs(argument.integer()) <= std::int64_t{1} << 53)
        return bind_word(f, i, static_cast<double>(argument.integer()));
      break;
    case Argument::Kind::array:
      if (!argument.is_weak() && argument.tensor().dtype() == input.dtype)
        return bind_array(s, f, i, argument.tensor());
      break;
    default:
      break;
  }
  bind_converted(s, f, i, argument);
}

void bind_default(const State& s, Frame& f, std::size_t i) {
  const State::Input& input = s.inputs[i];
  if (input.state != nullptr) {  // its turn has begun
    f.in[i] = input.state->current().raw();
    f.shapes[i] = &input.state->current().shape();
  } else if (input.value) {
    f.in[i] = input.value->raw();
    f.shapes[i] = &input.value->shape();
  } else {
    throw MissingInput(fmt::format("{} is not given, and has no default", title(s, i)));
  }
}

[[noreturn]] void refuse_count(const State& s, std::size_t count) {
  throw GraphError(fmt::format("{}: takes {} arguments, got {}", title(s), s.inputs.size(), count));
}

std::size_t input_called(const State& s, std::string_view name) {
  for (std::size_t i = 0; i < s.inputs.size(); ++i)
    if (s.inputs[i].name == name) return i;
  std::string known;
  for (const State::Input& input : s.inputs)
    if (!input.name.empty()) known += (known.empty() ? "" : ", ") + fmt::format("'{}'", input.name);
  throw GraphError(
      fmt::format("{}: there is no input '{}'{}", title(s), name, known.empty() ? "" : ", there are " + known));
}

void bind_arguments(const State& s, Frame& f, const Argument* const* arguments, std::size_t count) {
  // Arguments left out at the end are absent ones.
  while (count > 0 && arguments[count - 1]->kind() == Argument::Kind::absent) --count;
  std::fill(f.is_given.begin(), f.is_given.end(), false);
  bool by_name = false;
  for (std::size_t i = 0; i < count; ++i) {
    const Argument& argument = *arguments[i];
    const std::string_view name = argument.name();
    if (name.empty() && by_name)
      throw GraphError(fmt::format("{}: argument {} has no name, but follows one by name", title(s), i));
    by_name = by_name || !name.empty();
    if (!by_name && i >= s.inputs.size()) refuse_count(s, count);
    const std::size_t target = by_name ? input_called(s, name) : i;
    if (f.is_given[target]) throw GraphError(fmt::format("{} is given twice", title(s, target)));
    if (argument.kind() == Argument::Kind::absent) {
      if (by_name) throw GraphError(fmt::format("{} is given without a value", title(s, target)));
      continue;
    }
    f.is_given[target] = true;
    bind(s, f, target, argument);
  }
}

/// The turns of all variables that a call updates, in order of address: two calls cannot wait for each other.
class Turns {
 public:
  explicit Turns(const std::vector<SharedStorage*>& storages) : storages_(storages) {
    try {
      for (; begun_ < storages_.size(); ++begun_) storages_[begun_]->begin_turn();
    } catch (...) {
      end();
      throw;
    }
  }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;
  ~Turns() { end(); }

  void commit() noexcept {
    for (SharedStorage* storage : storages_) storage->lock().lock();
    for (SharedStorage* storage : storages_) storage->commit();
    for (SharedStorage* storage : storages_) storage->lock().unlock();
  }

 private:
  void end() {
    while (begun_ > 0) storages_[--begun_]->end_turn();
  }
  const std::vector<SharedStorage*>& storages_;
  std::size_t begun_ = 0;
};

/// Values of shared variables as they are at one time. Those that the call updates cannot change in its turn.
void bind_shared(const State& s, Frame& f) {
  for (const std::size_t i : s.reads) s.shared[i]->lock().lock();
  // Counting a holder does not throw.
  for (const std::size_t i : s.reads) f.held[i] = s.shared[i]->value();
  for (const std::size_t i : s.reads) s.shared[i]->lock().unlock();
  const std::size_t first = s.inputs.size();
  for (std::size_t i = 0; i < s.shared.size(); ++i) {
    const Array& value = f.held[i] ? *f.held[i] : s.shared[i]->current();
    f.in[first + i] = value.raw();
    f.shapes[first + i] = &value.shape();
  }
}

/// What no argument is given for, and then the code for the shapes of all.
const Specialisation& bind_rest(const State& s, Frame& f) {
  for (std::size_t i = 0; i < s.inputs.size(); ++i)
    if (!f.is_given[i]) bind_default(s, f, i);
  bind_shared(s, f);
  if (f.specialisation != nullptr && Specialisations::fits(*f.specialisation, f.shapes)) return *f.specialisation;
  return s.code->find(f.shapes);
}

/// A frame for the time of a call; what it holds of others is let go of at the end.
class FrameInUse {
 public:
  explicit FrameInUse(const State& s) : state_(s), frame_(s.frames.take()) {
    if (frame_ == nullptr)
      frame_ = new Frame(s.inputs.size(), s.shared.size(), s.definition.outputs.size(), s.updated.size());
  }
  FrameInUse(const FrameInUse&) = delete;
  FrameInUse& operator=(const FrameInUse&) = delete;
  ~FrameInUse() {
    for (const std::size_t i : state_.reads) frame_->held[i].reset();
    if (frame_->has_converted) {
      frame_->has_converted = false;
      for (std::optional<Array>& array : frame_->converted) array.reset();
    }
    state_.frames.give_back(frame_);
  }
  Frame& operator*() const { return *frame_; }

 private:
  const State& state_;
  Frame* frame_;
};

/// A tensor with memory of its own, for which `memory` may be used where nobody else holds it.
const Array& with_memory(Array& memory, const Type& type, std::int64_t bytes) {
  const bool is_free = memory.is_only_holder() && memory.type() == type;
  if (is_free)
    std::atomic_thread_fence(std::memory_order_acquire);  // after all reads by those who let go of it
  else
    memory = Array(type, uninitialized(bytes));
  return memory;
}

/// The used part of a tensor whose lengths a call has reported.
Array used_part(const Array& whole, const std::vector<int>& reported, const std::vector<std::int64_t>& extents) {
  Shape shape = whole.shape();
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    if (reported[axis] >= 0) shape[axis] = extents[static_cast<std::size_t>(reported[axis])];
  return fitted(whole, shape);
}

/// Runs native code. False: there was not enough room, for which `f.error` says what was needed.
bool run_native(const State& s, Frame& f, const Specialisation& code, ResultsOfCall& results) {
  const std::size_t count = s.definition.outputs.size();
  const bool inline_results = count <= ResultsOfCall::inline_count && code.has_short_scalars(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Specialisation::Output& output = code.outputs[i];
    f.out[i] = inline_results ? results.word(i, output.type.dtype)
                              : const_cast<std::byte*>(with_memory(f.results[i], output.type, output.bytes).raw());
  }
  for (std::size_t i = 0; i < s.updated.size(); ++i) {
    const Specialisation::Output& output = code.outputs[count + i];
    f.out[count + i] = s.updated[i]->next(output.type.shape).raw();
  }
  f.error = {};
  const Runtime runtime{&f.error, f.extents.data()};
  if (code.compiled.call(f.in.data(), f.out.data(), f.workspace.get(), &runtime) != 0) {
    if (f.error.check == static_cast<std::int64_t>(Check::capacity)) return false;
    code.compiled.raise_failure(f.error);
  }
  if (inline_results) {
    results.use_words(count);
  } else {
    results.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      results.add(code.outputs[i].extents.empty() ? f.results[i]
                                                  : used_part(f.results[i], code.outputs[i].extents, f.extents));
  }
  for (std::size_t i = 0; i < s.updated.size(); ++i) {
    const Specialisation::Output& output = code.outputs[count + i];
    if (output.extents.empty()) continue;
    Array used = used_part(s.updated[i]->next(output.type.shape), output.extents, f.extents);
    s.updated[i]->set_next(std::move(used));
  }
  return true;
}

/// A tensor that nobody else holds.
Array of_its_own(Array array) {
  if (array.is_only_holder()) return array;
  return copy_of(array);
}

void run_interpreted(const State& s, const Frame& f, const Specialisation& code, ResultsOfCall& results) {
  const Graph& graph = code.compiled.graph();
  std::vector<Array> arguments;
  for (std::size_t i = 0; i < f.shapes.size(); ++i) {
    // Borrowed: nobody is the only holder, so nobody writes into it.
    auto* memory = static_cast<std::byte*>(const_cast<void*>(f.in[i]));
    arguments.emplace_back(Type{graph.inputs[i].dtype(), *f.shapes[i]},
                           std::shared_ptr<std::byte>(std::shared_ptr<void>(), memory));
  }
  std::vector<Array> values = interpret(graph, arguments);
  const std::size_t count = s.definition.outputs.size();
  results.reserve(count);
  for (std::size_t i = 0; i < count; ++i) results.add(of_its_own(values[i]));
  for (std::size_t i = 0; i < s.updated.size(); ++i) s.updated[i]->set_next(of_its_own(values[count + i]));
}

}  // namespace

Results call(const State& s, const Argument* const* arguments, std::size_t count) {
  const FrameInUse frame(s);
  Frame& f = *frame;
  bind_arguments(s, f, arguments, count);
  Turns turns(s.turns);
  const Specialisation* code = &bind_rest(s, f);
  Results results;
  ResultsOfCall building(results);
  if (!code->is_native) {
    run_interpreted(s, f, *code, building);
  } else {
    f.use(*code);
    while (!run_native(s, f, *code, building)) {
      code = &s.code->larger(*code, f.error);
      f.use(*code);
    }
  }
  if (s.output_names) building.set_names(s.output_names);
  turns.commit();
  return results;
}

CompiledFunction code_for(const State& s, const Argument* const* arguments, std::size_t count) {
  const FrameInUse frame(s);
  bind_arguments(s, *frame, arguments, count);
  const Turns turns(s.turns);
  return bind_rest(s, *frame).compiled;
}

Function::State::State(Definition definition_, const FunctionOptions& options_, std::shared_ptr<Specialisations> known,
                       const State* states_of)
    : definition(std::move(definition_)), options(options_), code(std::move(known)) {
  if (!code) code = std::make_shared<Specialisations>(graph_of(definition), options.compile);
  for (const In& in : definition.inputs) {
    Input input{.dtype = in.variable.dtype(),
                .shape = in.variable.shape(),
                .is_scalar = in.variable.rank() == 0,
                .strict = in.strict,
                .downcast = Downcast::exact,
                .name = in.name,
                .value = in.value,
                .state = nullptr};
    const std::optional<bool> allowed = in.allow_downcast ? in.allow_downcast : options.allow_input_downcast;
    if (allowed) input.downcast = *allowed ? Downcast::always : Downcast::never;
    inputs.push_back(std::move(input));
  }
  for (const SharedVariable& variable : definition.shared) shared.push_back(storage_of(variable));
  for (const auto& [variable, value] : definition.updates) updated.push_back(storage_of(variable));
  for (const auto& [i, value] : definition.state_updates) {
    inputs[i].state = states_of != nullptr ? states_of->inputs[i].state
                                           : std::make_shared<SharedStorage>(copy_of(*inputs[i].value), inputs[i].name);
    updated.push_back(inputs[i].state.get());
  }
  turns = updated;
  std::sort(turns.begin(), turns.end());
  for (std::size_t i = 0; i < shared.size(); ++i)
    if (std::find(updated.begin(), updated.end(), shared[i]) == updated.end()) reads.push_back(i);
  std::sort(reads.begin(), reads.end(), [this](std::size_t a, std::size_t b) { return shared[a] < shared[b]; });
  const auto is_named = [](const Output& output) { return !output.name.empty(); };
  if (std::any_of(definition.outputs.begin(), definition.outputs.end(), is_named)) {
    std::vector<std::string> names;
    for (const Output& output : definition.outputs) names.push_back(output.name);
    output_names = std::make_shared<const std::vector<std::string>>(std::move(names));
  }
}

}  // namespace leapgraph::symbolic
