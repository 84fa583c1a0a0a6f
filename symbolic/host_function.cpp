/// The trampolines between compiled code and C++ functions that may throw.
#include "leapgraph/symbolic/host_function.hpp"

#include <array>
#include <bit>
#include <exception>
#include <mutex>
#include <vector>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

struct WrappedFunction::State {
  Function function;
  mutable std::mutex mutex;
  std::int64_t failures = 0;
  std::string last_failure;

  int reject(std::string message) {
    const std::lock_guard lock(mutex);
    ++failures;
    last_failure = std::move(message);
    return 1;
  }
};

WrappedFunction::WrappedFunction(Function function) : state_(std::make_unique<State>()) {
  state_->function = std::move(function);
}
WrappedFunction::~WrappedFunction() = default;
WrappedFunction::WrappedFunction(WrappedFunction&&) noexcept = default;
WrappedFunction& WrappedFunction::operator=(WrappedFunction&&) noexcept = default;

Array WrappedFunction::argument() const {
  const HostFunction function = &WrappedFunction::call;
  return Array::of<std::int64_t>({2}, {static_cast<std::int64_t>(std::bit_cast<std::uintptr_t>(function)),
                                       static_cast<std::int64_t>(std::bit_cast<std::uintptr_t>(state_.get()))});
}

std::int64_t WrappedFunction::failures() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failures;
}

std::string WrappedFunction::last_failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->last_failure;
}

int WrappedFunction::call(void* context, const double* x, std::int64_t n, double* value, double* gradient) {
  State& state = *static_cast<State*>(context);
  const auto size = static_cast<std::size_t>(n);
  try {
    *value = state.function({x, size}, {gradient, size});
    return 0;
  } catch (const std::exception& error) {
    return state.reject(error.what());
  } catch (...) {
    return state.reject("an exception that is not a std::exception");
  }
}

namespace {

/// A function and the two numbers that find it, in one piece of memory.
struct OwnedMap {
  std::array<std::int64_t, 2> address;
  HostMapFunction function;
};

int call_map(void* context, const double* x, std::int64_t n, const double* data, std::int64_t count, double* value,
             std::int64_t m, double* jacobian) {
  const auto size = [](std::int64_t length) { return static_cast<std::size_t>(length); };
  try {
    static_cast<const OwnedMap*>(context)->function({.x = {x, size(n)},
                                                     .data = {data, size(count)},
                                                     .value = {value, size(m)},
                                                     .jacobian = {jacobian, size(m * n)}});
    return 0;
  } catch (...) {
    return 1;
  }
}

}  // namespace

Array host_map_function(HostMapFunction function) {
  const auto owned = std::make_shared<OwnedMap>();
  const auto number = [](auto pointer) { return static_cast<std::int64_t>(std::bit_cast<std::uintptr_t>(pointer)); };
  owned->address = {number(HostMap{call_map}), number(owned.get())};
  owned->function = std::move(function);
  return Array({DType::int64, {2}},
               std::shared_ptr<std::byte>(owned, reinterpret_cast<std::byte*>(owned->address.data())));
}

std::string host_map_failure(const Node& node, std::span<const Array> inputs) {
  const auto& owned = *std::bit_cast<const OwnedMap*>(static_cast<std::uintptr_t>(inputs[0].integer(1)));
  const auto last = [&](std::size_t k) { return static_cast<std::size_t>(inputs[k].shape().back()); };
  const auto m = static_cast<std::size_t>(node.get<std::int64_t>("length"));
  const std::size_t n = last(1), count = last(2);
  const Shape& shape = inputs[1].shape();
  const auto rows = static_cast<std::size_t>(element_count(Shape(shape.begin(), shape.end() - 1)));
  std::vector<double> value(m), jacobian(m * n);
  for (std::size_t row = 0; row < rows; ++row) {
    try {
      owned.function({.x = inputs[1].data<double>().subspan(row * n, n),
                      .data = inputs[2].data<double>().subspan(row * count, count),
                      .value = value,
                      .jacobian = jacobian});
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  return "";
}

}  // namespace leapgraph::symbolic
