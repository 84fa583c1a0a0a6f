/// Numbers in, numbers out.
#include "leapgraph/symbolic/calls/numbers.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "leapgraph/symbolic/calls/results_of_call.hpp"
#include "leapgraph/symbolic/checks.hpp"

namespace leapgraph::symbolic {

namespace {

/// A plain number as a T, where that is the same number.
template <class T>
bool store(const Argument& number, void* memory) {
  T value{};
  if (number.kind() == Argument::Kind::real) {
    if constexpr (!std::is_floating_point_v<T>) return false;
    value = static_cast<T>(number.real());
    if (static_cast<double>(value) != number.real() && !std::isnan(number.real())) return false;
  } else {
    const std::int64_t whole = number.integer();
    if constexpr (std::is_same_v<T, bool>) {
      if (whole != 0 && whole != 1) return false;
    } else if constexpr (std::is_floating_point_v<T>) {
      constexpr std::int64_t limit = std::int64_t{1} << std::numeric_limits<T>::digits;
      if (whole < -limit || whole > limit) return false;
    } else {
      if (!std::in_range<T>(whole)) return false;
    }
    value = static_cast<T>(whole);
  }
  std::memcpy(memory, &value, sizeof value);
  return true;
}

}  // namespace

bool store(const Argument& number, DType dtype, void* memory) {
  if (dtype == DType::float64) return store<double>(number, memory);
  switch (dtype) {
    case DType::int64:
      return store<std::int64_t>(number, memory);
    case DType::boolean:
      return store<bool>(number, memory);
    case DType::int8:
      return store<std::int8_t>(number, memory);
    case DType::int16:
      return store<std::int16_t>(number, memory);
    case DType::int32:
      return store<std::int32_t>(number, memory);
    case DType::uint8:
      return store<std::uint8_t>(number, memory);
    case DType::uint16:
      return store<std::uint16_t>(number, memory);
    case DType::uint32:
      return store<std::uint32_t>(number, memory);
    case DType::uint64:
      return store<std::uint64_t>(number, memory);
    case DType::float32:
      return store<float>(number, memory);
    default:
      return false;
  }
}

bool call_with_numbers(const Function::State& s, const Argument* const* arguments, std::size_t count,
                       Results& results) {
  Frame* const frame = s.frames.take();
  if (frame == nullptr) return false;
  Frame& f = *frame;
  const Specialisation* const code = f.specialisation;
  bool is_done = code != nullptr && code->only_numbers && count <= s.inputs.size();
  for (std::size_t i = 0; is_done && i < s.inputs.size(); ++i) {
    const Function::State::Input& input = s.inputs[i];
    if (i < count) {
      const Argument& argument = *arguments[i];
      is_done = argument.kind() != Argument::Kind::absent && argument.kind() != Argument::Kind::array &&
                argument.name().empty() && input.takes_numbers && store(argument, input.dtype, &f.words[i]);
      f.in[i] = &f.words[i];
    } else {
      is_done = input.value.has_value();
      if (is_done) f.in[i] = input.value->raw();
    }
  }
  RuntimeError failure;
  if (is_done) {
    ResultsOfCall building(results);
    const std::size_t outputs = s.definition.outputs.size();
    for (std::size_t i = 0; i < outputs; ++i) f.out[i] = building.word(i, code->outputs[i].type.dtype);
    building.use_words(outputs);
    f.error.check = 0;
    const Runtime runtime{&f.error, f.extents.data()};
    if (code->compiled.call(f.in.data(), f.out.data(), f.workspace.get(), &runtime) != 0) {
      failure = f.error;
      is_done = false;
    }
  }
  s.frames.give_back(frame);
  if (failure.check != 0 && failure.check != static_cast<std::int64_t>(Check::capacity))
    code->compiled.raise_failure(failure);
  return is_done;
}

}  // namespace leapgraph::symbolic
