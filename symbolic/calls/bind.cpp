/// Binds arguments to inputs, and says which do not fit.
#include "leapgraph/symbolic/calls/bind.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/calls/numbers.hpp"
#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/variables.hpp"

namespace leapgraph::symbolic {

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
  const auto names = dimension_names(s.definition.inputs[i].variable);
  throw ShapeError(
      fmt::format("{} must be {}, got {}", title(s, i), named_text(type_of(s.inputs[i]), names), to_string(got)));
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
  if (argument.kind() == Argument::Kind::array) {
    if (!argument.is_weak() && argument.tensor().dtype() == input.dtype) return bind_array(s, f, i, argument.tensor());
  } else if (input.takes_numbers && store(argument, input.dtype, &f.words[i])) {
    f.in[i] = &f.words[i];
    f.shapes[i] = &scalar_shape;
    return;
  }
  bind_converted(s, f, i, argument);
}

[[noreturn]] void refuse_count(const State& s, std::size_t count) {
  throw GraphError(fmt::format("{}: takes {} argument{}, got {}", title(s), s.inputs.size(),
                               s.inputs.size() == 1 ? "" : "s", count));
}

std::size_t input_called(const State& s, std::string_view name) {
  const auto is_called = [name](const State::Input& input) { return input.name == name; };
  const auto found = std::find_if(s.inputs.begin(), s.inputs.end(), is_called);
  if (found != s.inputs.end()) {
    if (std::any_of(found + 1, s.inputs.end(), is_called))
      throw GraphError(fmt::format("{}: several inputs are called '{}'", title(s), name));
    return static_cast<std::size_t>(found - s.inputs.begin());
  }
  std::string known;
  for (const State::Input& input : s.inputs)
    if (!input.name.empty()) known += (known.empty() ? "" : ", ") + fmt::format("'{}'", input.name);
  throw GraphError(
      fmt::format("{}: there is no input '{}'{}", title(s), name, known.empty() ? "" : ", there are " + known));
}

/// Arguments of which some have names or are left out. Fills `is_given`.
void bind_by_name(const State& s, Frame& f, const Argument* const* arguments, std::size_t count) {
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

}  // namespace

std::size_t bind_arguments(const Function::State& s, Frame& f, const Argument* const* arguments, std::size_t count) {
  // Arguments left out at the end are absent ones.
  while (count > 0 && arguments[count - 1]->kind() == Argument::Kind::absent && arguments[count - 1]->name().empty())
    --count;
  const bool in_order = std::all_of(arguments, arguments + count, [](const Argument* argument) {
    return argument->name().empty() && argument->kind() != Argument::Kind::absent;
  });
  if (!in_order) {
    bind_by_name(s, f, arguments, count);
    f.some_given = true;
    return 0;
  }
  if (count > s.inputs.size()) refuse_count(s, count);
  for (std::size_t i = 0; i < count; ++i) bind(s, f, i, *arguments[i]);
  f.some_given = false;
  return count;
}

void bind_default(const Function::State& s, Frame& f, std::size_t i) {
  const Function::State::Input& input = s.inputs[i];
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

}  // namespace leapgraph::symbolic
