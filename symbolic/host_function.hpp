/// A C++ function with its gradient, made callable from compiled graphs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "leapgraph/symbolic/array.hpp"

namespace leapgraph::symbolic {

/// Holds a function of a real vector for use as the `function` argument of graphs made with `host_call`. The function
/// returns the value at `x` and fills `gradient`, which is as long as `x`; it may be called from several threads at
/// once. An exception rejects the point (value and gradient become nan) and is kept here, since it must not pass
/// through compiled code. Arguments stay valid as long as the object lives; moving it keeps them valid.
class WrappedFunction {
 public:
  using Function = std::function<double(std::span<const double> x, std::span<double> gradient)>;

  explicit WrappedFunction(Function function);
  ~WrappedFunction();
  WrappedFunction(WrappedFunction&&) noexcept;
  WrappedFunction& operator=(WrappedFunction&&) noexcept;

  /// The int64[2] to pass: the address of a `HostFunction` and its context.
  Array argument() const;

  /// How many calls threw, and the message of the last of them ("" when none did).
  std::int64_t failures() const;
  std::string last_failure() const;

 private:
  struct State;
  static int call(void* context, const double* x, std::int64_t n, double* value, double* gradient);
  std::unique_ptr<State> state_;
};

}  // namespace leapgraph::symbolic
