/// A vector function written in C++ and called from compiled code: its value and its Jacobian are the two outputs.
///
/// Inputs: [function, x, data], where `function` is an int64[2] holding the address of a `HostMap` and of its context
/// (host_function.hpp makes such pairs). The function must be pure: equal calls are merged.
#include <algorithm>
#include <bit>
#include <limits>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> host_map_type(std::span<const Type> inputs, const Attributes& attributes) {
  if (inputs[0].dtype != DType::int64 || inputs[0].rank() != 1 ||
      (inputs[0].shape[0] != 2 && inputs[0].shape[0] != unknown))
    throw DTypeError("the function must be an int64[2]: address and context");
  for (const Type& type : {inputs[1], inputs[2]})
    if (type.dtype != DType::float64 || type.rank() < 1) throw DTypeError("point and data must be float64 vectors");
  const Shape &x = inputs[1].shape, &data = inputs[2].shape;
  if (!std::equal(x.begin(), x.end() - 1, data.begin(), data.end() - 1))
    throw ShapeError("point and data must have the same leading axes");
  Shape value(x.begin(), x.end() - 1);
  value.push_back(attributes.get<std::int64_t>("length"));
  Shape jacobian = value;
  jacobian.push_back(x.back());
  return {Type{DType::float64, value}, Type{DType::float64, jacobian}};
}

/// How many rows the function is called for, and the lengths of x, data and value in each.
std::vector<std::int64_t> host_map_lengths(const Node& node, const Shape& x, const Shape& data) {
  return {element_count(Shape(x.begin(), x.end() - 1)), x.back(), data.back(), node.get<std::int64_t>("length")};
}

std::vector<std::int64_t> host_map_sizes(const Node& node) {
  return host_map_lengths(node, node.input(1).shape(), node.input(2).shape());
}

std::vector<Array> host_map_evaluate(const Node& node, std::span<const Array> inputs) {
  const auto function = std::bit_cast<HostMap>(static_cast<std::uintptr_t>(inputs[0].integer(0)));
  auto* context = std::bit_cast<void*>(static_cast<std::uintptr_t>(inputs[0].integer(1)));
  const Type types[] = {inputs[0].type(), inputs[1].type(), inputs[2].type()};
  const std::vector<Type> results = host_map_type(types, node.attributes());
  Array value(results[0]), jacobian(results[1]);
  const std::vector<std::int64_t> lengths = host_map_lengths(node, inputs[1].shape(), inputs[2].shape());
  const std::int64_t n = lengths[1], count = lengths[2], m = lengths[3];
  for (std::int64_t row = 0; row < lengths[0]; ++row) {
    const double* x = inputs[1].data<double>().data() + row * n;
    const double* data = inputs[2].data<double>().data() + row * count;
    double* v = value.data<double>().data() + row * m;
    double* j = jacobian.data<double>().data() + row * m * n;
    if (function(context, x, n, data, count, v, m, j) == 0) continue;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    std::fill(v, v + m, nan);
    std::fill(j, j + m * n, nan);
  }
  return {value, jacobian};
}

/// One call a row of the batch.
std::vector<Batched> host_map_batched(const Batch& batch) {
  if (batch.inputs[0].varies) throw NotVectorizable("host_map: the function differs within the batch");
  const Expr like = batch_like(batch);
  const auto row_of = [&](const Batched& input, const Expr& item) {
    const Expr value =
        input.varies ? with_item_rank(input.value, item.rank(), batch.axes) : with_batch_axes(input, batch.axes);
    return stretched_batch(value, like, batch.axes);
  };
  const Exprs inputs{batch.inputs[0].value, row_of(batch.inputs[1], batch.node.input(1)),
                     row_of(batch.inputs[2], batch.node.input(2))};
  std::vector<Batched> result;
  for (const Expr& e : outputs_of(*make_node(batch.node.op(), inputs, batch.node.attributes(), batch.node.place())))
    result.push_back({e});
  return result;
}

}  // namespace

const Op host_map_op{
    .name = "host_map",
    .summary = "value and Jacobian of a vector function written in C++",
    .arity = 3,
    .type = host_map_type,
    .gradient =
        [](const Application& a) {
          if (a.adjoints[1])
            throw NotDifferentiable(
                "host_map: the Jacobian of a function written in C++ cannot be differentiated again");
          return Exprs{Expr(), sum(expand_dims(a.adjoint, a.adjoint.rank()) * a.outputs[1], {-2}), Expr()};
        },
    .evaluate = host_map_evaluate,
    .lowering = Routine{"lg_host_map", host_map_sizes},
    .examples = [] { return Exprs(); },  // no address to draw at random
    .batched = host_map_batched,
};

Exprs host_map(const Operand& function, const Operand& x, const Operand& data, std::int64_t length, Where place) {
  const BuiltAt here(place);
  return outputs_of(*make_node(host_map_op, {function, cast(x, DType::float64), cast(data, DType::float64)},
                               {{"length", length}}, place));
}

}  // namespace leapgraph::symbolic
