/// A real function written in C++ and called from compiled code: its value and its gradient are the two outputs.
///
/// Inputs: [function, x], where `function` is an int64[2] holding the address of a `HostFunction` and of its context
/// (host_function.hpp makes such pairs). The function must be pure: equal calls are merged.
#include <bit>
#include <limits>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> host_call_type(std::span<const Type> inputs, const Attributes&) {
  if (inputs[0].dtype != DType::int64 || inputs[0].rank() != 1 ||
      (inputs[0].shape[0] != 2 && inputs[0].shape[0] != unknown))
    throw DTypeError("the function must be an int64[2]: address and context");
  if (inputs[1].dtype != DType::float64 || inputs[1].rank() != 1)
    throw DTypeError("the point must be a float64 vector");
  return {Type{DType::float64, {}}, inputs[1]};
}

std::vector<Array> host_call_evaluate(const Node&, std::span<const Array> inputs) {
  const auto function = std::bit_cast<HostFunction>(static_cast<std::uintptr_t>(inputs[0].integer(0)));
  auto* context = std::bit_cast<void*>(static_cast<std::uintptr_t>(inputs[0].integer(1)));
  const Array& x = inputs[1];
  Array value, gradient(x.type());
  if (function(context, x.data<double>().data(), x.size(), value.data<double>().data(),
               gradient.data<double>().data()) != 0) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    value.set(0, nan);
    for (double& g : gradient.data<double>()) g = nan;
  }
  return {value, gradient};
}

}  // namespace

const Op host_call_op{
    .name = "host_call",
    .summary = "value and gradient of a function written in C++",
    .arity = 2,
    .type = host_call_type,
    .gradient =
        [](const Application& a) {
          if (a.adjoints[1])
            throw NotDifferentiable(
                "host_call: the gradient of a function written in C++ cannot be differentiated again");
          return Exprs{Expr(), a.adjoint * a.outputs[1]};
        },
    .evaluate = host_call_evaluate,
    .lowering = Routine{"lg_host_call",
                        [](const Node& node) -> std::vector<std::int64_t> { return {node.input(1).shape()[0]}; }},
    .examples = [] { return Exprs(); },  // no address to draw at random
};

Exprs host_call(const Operand& function, const Operand& x, Where place) {
  const BuiltAt here(place);
  return outputs_of(*make_node(host_call_op, {function, cast(x, DType::float64)}, {}, place));
}

}  // namespace leapgraph::symbolic
