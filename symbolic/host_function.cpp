/// The trampoline between compiled code and C++ functions that may throw.
#include "leapgraph/symbolic/host_function.hpp"

#include <bit>
#include <exception>
#include <mutex>

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

}  // namespace leapgraph::symbolic
