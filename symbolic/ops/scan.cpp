/// The loop: a closed body applied step by step to carried values and slices of sequences.
///
/// A scan node has the inputs [steps, initial carries..., sequences..., constants...] and the attributes "body" (from
/// carries, one slice of each sequence and constants to new carries and outputs), "carries" and "sequences" (how many),
/// and "length" (the number of steps where it is known, else -1). Its outputs are the final carries, then the body's
/// outputs stacked along a new axis 0.
#include "leapgraph/symbolic/ops/scan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

Type element_type(const Type& sequence) {
  return {sequence.dtype, Shape(sequence.shape.begin() + 1, sequence.shape.end())};
}

Type stacked_type(const Type& element, std::int64_t length) {
  return {element.dtype, with_axes(element.shape, {0}, length)};
}

std::vector<Type> scan_type(std::span<const Type> inputs, const Attributes& attributes) {
  const Graph& body = *attributes.get<Body>("body");
  const std::size_t carries = count_of(attributes, "carries"), sequences = count_of(attributes, "sequences");
  const std::int64_t length = attributes.get<std::int64_t>("length");
  if (inputs.empty() || inputs[0] != Type{DType::int64, {}})
    throw GraphError("the number of steps must be an integer scalar");
  if (inputs.size() != body.inputs.size() + 1 || body.outputs.size() < carries)
    throw InternalError("scan: inputs do not fit the body");
  std::vector<Type> arguments(inputs.begin() + 1, inputs.end());
  for (std::size_t j = 0; j < sequences; ++j) {
    Type& sequence = arguments[carries + j];
    if (sequence.rank() == 0) throw GraphError(fmt::format("sequence {} is a scalar", j));
    if (sequence.shape[0] != unknown && sequence.shape[0] < length)
      throw GraphError(
          fmt::format("sequence {} has {} elements, {} steps were asked for", j, sequence.shape[0], length));
    sequence = element_type(sequence);
  }
  std::vector<Type> types = output_types(body, arguments);
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i >= carries) {
      types[i] = stacked_type(types[i], length);
      continue;
    }
    const std::optional<Type> kept = agree(arguments[i], types[i]);
    if (!kept)
      throw GraphError(fmt::format("carry {} starts as {} and the body returns {}; a carry keeps its type", i,
                                   to_string(arguments[i]), to_string(types[i])));
    types[i] = *kept;
  }
  return types;
}

/// Row `i` of a sequence.
Array row_of(const Array& sequence, std::int64_t i) {
  Array row(element_type(sequence.type()));
  copy_elements(sequence, i * row.size(), row, 0, row.size());
  return row;
}

std::vector<Array> scan_evaluate(const Node& node, std::span<const Array> inputs) {
  const Graph& body = *node.get<Body>("body");
  const std::size_t carries = count_of(node.attributes(), "carries"),
                    sequences = count_of(node.attributes(), "sequences");
  const std::int64_t steps = inputs[0].integer();
  if (steps < 0) throw GraphError(fmt::format("scan: the number of steps must not be negative, got {}", steps));
  std::vector<Array> arguments(inputs.begin() + 1, inputs.end());
  for (std::size_t j = 0; j < sequences; ++j)
    if (const std::int64_t length = arguments[carries + j].shape()[0]; length < steps)
      throw GraphError(fmt::format("scan: sequence {} has {} elements, {} steps were asked for", j, length, steps));

  std::vector<Array> stacked;  // made when the type of the first row is known
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::size_t j = carries; j < carries + sequences; ++j) arguments[j] = row_of(inputs[input_of(j)], step);
    const std::vector<Array> results = interpret(body, arguments);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (i < carries) {
        if (results[i].type() != arguments[i].type())
          throw GraphError(fmt::format("scan: carry {} is {} before step {} and {} after it; a carry keeps its type", i,
                                       to_string(arguments[i].type()), step, to_string(results[i].type())));
        arguments[i] = results[i];
        continue;
      }
      if (step == 0) stacked.emplace_back(stacked_type(results[i].type(), steps));
      Array& rows = stacked[i - carries];
      if (element_type(rows.type()) != results[i].type())
        throw GraphError(fmt::format("scan: output {} is {} at step {} and was {} before", i - carries,
                                     to_string(results[i].type()), step, to_string(element_type(rows.type()))));
      copy_elements(results[i], 0, rows, step * results[i].size(), results[i].size());
    }
  }
  if (steps == 0) {
    std::vector<Type> types;
    for (std::size_t i = 0; i < arguments.size(); ++i)
      types.push_back(i >= carries && i < carries + sequences ? element_type(arguments[i].type())
                                                              : arguments[i].type());
    types = output_types(body, types);
    for (std::size_t i = carries; i < types.size(); ++i) {
      Type type = stacked_type(types[i], 0);
      // No row tells a length that depends on values; nothing reads it.
      std::replace(type.shape.begin(), type.shape.end(), unknown, std::int64_t{0});
      stacked.emplace_back(std::move(type));
    }
  }
  std::vector<Array> outputs(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(carries));
  outputs.insert(outputs.end(), stacked.begin(), stacked.end());
  return outputs;
}

/// The number of steps where the graph tells: it depends on constants only.
std::int64_t known_steps(const Expr& steps) {
  if (const auto value = constant_value(steps)) return value->integer();
  for (const Node* node : topological_order(std::span(&steps, 1)))
    if (node->op().evaluate == nullptr) return unknown;
  return interpret(Graph{{}, {steps}}, {})[0].integer();
}

}  // namespace

std::shared_ptr<const Node> make_scan(const Expr& steps, const Exprs& arguments, Body body, std::size_t carries,
                                      std::size_t sequences, Where place) {
  const std::int64_t length = known_steps(steps);
  if (length < unknown || (length == unknown && constant_value(steps)))
    throw GraphError(fmt::format("scan: the number of steps must not be negative, got {} (made at {}:{})", length,
                                 place.file_name(), place.line()));
  Exprs inputs{steps};
  inputs.insert(inputs.end(), arguments.begin(), arguments.end());
  return make_node(scan_op, std::move(inputs),
                   {{"body", std::move(body)},
                    {"carries", static_cast<std::int64_t>(carries)},
                    {"sequences", static_cast<std::int64_t>(sequences)},
                    {"length", length}},
                   place);
}

namespace {

/// Sets the attribute "length" once the steps are known.
Exprs scan_concrete(const Node& node) {
  if (node.get<std::int64_t>("length") != unknown) return {Expr()};
  const std::int64_t length = known_steps(node.input(0));
  if (length == unknown) return {Expr()};
  return outputs_of(*make_node(scan_op, node.inputs(), node.attributes().with("length", length), node.place()));
}

Exprs scan_examples() {
  const auto vector = [](std::int64_t n, const char* name) { return input({DType::float64, {n}}, name); };
  const Expr s = input({DType::float64, {}}, "s"), x = vector(3, "x"), z = vector(5, "z"), k = vector(3, "k");
  const Expr rows = input({DType::float64, {4, 3}}, "rows");
  const ScanResult recurrence = scan(
      [&](const Exprs& carry, const Exprs& element) {
        const Expr next = 0.5 * carry[0] * k + element[0];
        return ScanBody{{next}, {carry[0] * next}};
      },
      {x}, {rows});
  const ScanResult pair = scan(
      [&](const Exprs& carry, const Exprs& element) {
        return ScanBody{{carry[0] + 0.1 * carry[1], carry[1] - 0.1 * carry[0] * element[0]}, {}};
      },
      {s, 0.0}, {z}, 3);
  const ScanResult map = scan(
      [&](const Exprs&, const Exprs& element) {
        return ScanBody{{}, {sqr(element[0]) * s}};
      },
      {}, {z});
  const ScanResult nothing = scan(
      [](const Exprs& carry, const Exprs&) {
        return ScanBody{{2.0 * carry[0]}, {}};
      },
      {x}, {}, 0);
  const ScanResult nested = scan(
      [&](const Exprs& outer, const Exprs&) {
        const ScanResult inner = scan(
            [&](const Exprs& carry, const Exprs&) {
              return ScanBody{{0.9 * carry[0] + outer[0] * s}, {}};
            },
            {outer[0]}, {}, 2);
        return ScanBody{{inner.carry[0]}, {outer[0]}};
      },
      {x}, {}, 3);
  return {recurrence.carry[0], recurrence.outputs[0], pair.carry[0],   pair.carry[1],
          map.outputs[0],      nothing.carry[0],      nested.carry[0], nested.outputs[0]};
}

}  // namespace

const Op scan_op{
    .name = "scan",
    .summary = "a body applied step by step to carried values and slices of sequences",
    .arity = -1,
    .type = scan_type,
    .gradient = scan_gradient,
    .tangent = scan_tangent,
    .evaluate = scan_evaluate,
    .lowering = Loop{},
    .concrete = scan_concrete,
    .examples = scan_examples,
};

namespace {

/// Steps given by the sequences: the length of the shortest.
Expr steps_of(const Exprs& sequences) {
  std::int64_t known = unknown;
  Expr steps;
  for (const Expr& e : sequences)
    if (e.shape()[0] == unknown) {
      const Expr here = length(e, 0);
      steps = steps && steps != here ? minimum(steps, here) : here;
    } else {
      known = known == unknown ? e.shape()[0] : std::min(known, e.shape()[0]);
    }
  if (known == unknown) return steps;
  return steps ? minimum(steps, known) : constant(known);
}

std::string types_of(const Exprs& exprs) {
  std::string text;
  for (const Expr& e : exprs) text += (text.empty() ? "" : ", ") + to_string(e.type());
  return "[" + text + "]";
}

}  // namespace

ScanResult scan(const std::function<ScanBody(const Exprs& carry, const Exprs& elements)>& step, const Operands& initial,
                const Operands& sequences, std::optional<Operand> steps, Where place) {
  const auto refuse = [&place](const std::string& what) -> GraphError {
    return GraphError(fmt::format("scan: {} (made at {}:{})", what, place.file_name(), place.line()));
  };
  Exprs rows, elements, carried(initial.begin(), initial.end());
  for (const Operand& sequence : sequences) {
    rows.push_back(sequence);
    if (rows.back().rank() == 0) throw refuse(fmt::format("sequence {} is a scalar", rows.size() - 1));
    elements.push_back(input(element_type(rows.back().type()), fmt::format("element {}", elements.size())));
  }
  if (!steps && rows.empty()) throw refuse("give the number of steps or a sequence");
  if (steps && (steps->expr().rank() != 0 || !is_integer(steps->expr().dtype())))
    throw refuse("the number of steps must be an integer scalar, got " + to_string(steps->expr().type()));
  const Expr count = steps ? cast(*steps, DType::int64) : steps_of(rows);

  // A plain number takes the element type that the body gives its carry; then the body is made once more.
  Exprs carry;
  ScanBody body;
  for (bool settled = false; !settled;) {
    carry.clear();
    for (const Expr& e : carried) carry.push_back(input(e.type(), fmt::format("carry {}", carry.size())));
    body = step(carry, elements);
    if (body.carry.size() != carry.size())
      throw refuse(fmt::format("the body returns {} carries for {} initial values {}", body.carry.size(), carry.size(),
                               types_of(carried)));
    settled = true;
    for (std::size_t i = 0; i < carry.size(); ++i) {
      if (!body.carry[i]) throw refuse(fmt::format("the body returns nothing for carry {}", i));
      const DType wanted = body.carry[i].dtype();
      if (initial[i].is_weak() && wanted != carried[i].dtype() && promote(wanted, carried[i].dtype()) == wanted) {
        carried[i] = cast(carried[i], wanted);
        settled = false;
      } else if (!agree(carried[i].type(), body.carry[i].type())) {
        throw refuse(fmt::format("carry {} starts as {} and the body returns {}; a carry keeps its type", i,
                                 to_string(carried[i].type()), to_string(body.carry[i].type())));
      }
    }
  }
  for (std::size_t i = 0; i < body.outputs.size(); ++i)
    if (!body.outputs[i]) throw refuse(fmt::format("the body returns nothing for output {}", i));

  Exprs results = body.carry, variables = carry, arguments = carried;
  results.insert(results.end(), body.outputs.begin(), body.outputs.end());
  variables.insert(variables.end(), elements.begin(), elements.end());
  arguments.insert(arguments.end(), rows.begin(), rows.end());
  const Exprs constants = invariant_parts(results, variables);
  variables.insert(variables.end(), constants.begin(), constants.end());
  arguments.insert(arguments.end(), constants.begin(), constants.end());
  const Exprs outputs =
      outputs_of(*make_scan(count, arguments, close_over(results, variables), carry.size(), rows.size(), place));
  const auto split = outputs.begin() + static_cast<std::ptrdiff_t>(carry.size());
  return {{outputs.begin(), split}, {split, outputs.end()}};
}

}  // namespace leapgraph::symbolic
