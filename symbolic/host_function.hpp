/// C++ functions with their derivatives, made callable from compiled graphs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/graph.hpp"

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

/// What a function called by `host_map` gets and gives. `jacobian` is value.size() rows of x.size() numbers.
struct HostMapCall {
  std::span<const double> x, data;
  std::span<double> value, jacobian;
};
using HostMapFunction = std::function<void(const HostMapCall& call)>;

/// The int64[2] to pass to `host_map` as `function`. The function may be called from several threads at once; an
/// exception rejects the point. It lives as long as a copy of the array does, in a graph's constants as well.
Array host_map_function(HostMapFunction function);
/// Why a node of `host_map` rejects these arguments: the message of the exception; empty where it does not.
std::string host_map_failure(const Node& node, std::span<const Array> inputs);

}  // namespace leapgraph::symbolic
