/// The loop: a closed body applied step by step to carried values and slices of sequences.
///
/// A scan node has the inputs [steps, initial carries..., sequences..., constants...] and the attributes "body" (from
/// carries, one slice of each sequence and constants to new carries and outputs), "carries" and "sequences" (how many),
/// and "length" (the number of steps where it is known, else -1). Its outputs are the final carries, then the body's
/// outputs stacked along a new axis 0.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr Slice backwards{std::nullopt, std::nullopt, -1};

std::size_t count_of(const Attributes& attributes, std::string_view name) {
  return static_cast<std::size_t>(attributes.get<std::int64_t>(name));
}

/// Position in the node's inputs of the body's parameter `i`: the steps come first.
std::size_t input_of(std::size_t parameter) { return parameter + 1; }

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

// --- Derivatives ---

/// A scan taken apart, and its body applied to fresh variables.
struct Opened {
  const Node& node;
  const Graph& body;
  std::size_t carries, sequences;
  std::int64_t length;
  Exprs variables;  ///< carries, elements, constants
  Exprs results;    ///< new carries, outputs

  explicit Opened(const Node& scan)
      : node(scan),
        body(*scan.get<Body>("body")),
        carries(count_of(scan.attributes(), "carries")),
        sequences(count_of(scan.attributes(), "sequences")),
        length(scan.get<std::int64_t>("length")),
        variables(fresh_arguments(body, "step")),
        results(symbolic::apply(body, variables)) {}

  const Expr& steps() const { return node.input(0); }
  const Expr& argument(std::size_t i) const { return node.input(input_of(i)); }
  bool is_sequence(std::size_t i) const { return i >= carries && i < carries + sequences; }
  bool is_constant(std::size_t i) const { return i >= carries + sequences; }

  /// The sequence has exactly one element a step.
  bool fits_exactly(const Expr& sequence) const {
    const std::int64_t known = sequence.shape()[0];
    return known != unknown ? known == this->length : symbolic::length(sequence, 0) == steps();
  }
};

Exprs picked(const Exprs& all, const std::vector<bool>& which) {
  Exprs result;
  for (std::size_t i = 0; i < which.size(); ++i)
    if (which[i]) result.push_back(all[i]);
  return result;
}

/// What `vjp` or `jvp` returned for the picked, back at their places.
Exprs spread(const Exprs& some, const std::vector<bool>& which) {
  Exprs result(which.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < which.size(); ++i)
    if (which[i]) result[i] = some[next++];
  return result;
}

/// Parameters that move when the wanted inputs do: those, and the carries that the body computes from them.
std::vector<bool> moving_parameters(const Opened& scan, std::vector<bool> moving) {
  for (bool changed = true; changed;) {
    changed = false;
    const std::vector<bool> moved = moved_by(scan.results, picked(scan.variables, moving));
    for (std::size_t i = 0; i < scan.carries; ++i)
      if (moved[i] && !moving[i]) moving[i] = changed = true;
  }
  return moving;
}

/// One step backwards: adjoints of carries, elements and constants from those of new carries and outputs.
struct BackwardStep {
  std::vector<bool> moving;   ///< parameters with an adjoint
  std::vector<bool> carried;  ///< carries whose adjoint may differ from 0
  Exprs seeds;                ///< adjoint variables, one a result; absent: 0
  Exprs adjoints;             ///< one a parameter; absent: 0
};

BackwardStep backward_step(const Opened& scan, const Application& a) {
  BackwardStep step;
  for (std::size_t i = 0; i < scan.variables.size(); ++i)
    step.moving.push_back(is_floating(scan.variables[i].dtype()) && (a.wanted.empty() || a.wanted[input_of(i)]));
  step.moving = moving_parameters(scan, step.moving);
  step.carried.assign(scan.carries, false);
  step.seeds.resize(scan.results.size());
  const auto seed = [&](std::size_t i) {
    step.seeds[i] = input(scan.results[i].type(), fmt::format("adjoint {}", i));
    if (i < scan.carries) step.carried[i] = true;
  };
  for (std::size_t i = 0; i < scan.results.size(); ++i)
    if (a.adjoints[i] && is_floating(scan.results[i].dtype()) && (i >= scan.carries || step.moving[i])) seed(i);
  for (bool changed = true; changed;) {
    changed = false;
    step.adjoints = spread(vjp(scan.results, picked(scan.variables, step.moving), step.seeds), step.moving);
    for (std::size_t i = 0; i < scan.carries; ++i)
      if (step.adjoints[i] && !step.carried[i]) {
        seed(i);
        changed = true;
      }
  }
  return step;
}

/// The carries that came into each step and the elements that were used, as a scan of their own that stores them.
Exprs stored(const Opened& scan, const std::vector<std::size_t>& parameters) {
  auto body = std::make_shared<Graph>();
  body->inputs = scan.body.inputs;
  body->outputs.assign(scan.body.outputs.begin(),
                       scan.body.outputs.begin() + static_cast<std::ptrdiff_t>(scan.carries));
  for (std::size_t i : parameters) body->outputs.push_back(scan.body.inputs[i]);
  const Exprs arguments(scan.node.inputs().begin() + 1, scan.node.inputs().end());
  const Exprs outputs =
      outputs_of(*make_scan(scan.steps(), arguments, std::move(body), scan.carries, scan.sequences, scan.node.place()));
  return {outputs.begin() + static_cast<std::ptrdiff_t>(scan.carries), outputs.end()};
}

/// The adjoint scan runs over the steps backwards. It carries the adjoints of the carries and the sums of the adjoints
/// of the constants; its sequences are the stored carries, the elements and the adjoints of the outputs; its outputs
/// are the adjoints of the elements.
Exprs scan_gradient(const Application& a) {
  const Opened scan(a.node);
  const BackwardStep step = backward_step(scan, a);

  // What the backward step reads of the forward one.
  Exprs reads;
  for (const Expr& e : step.adjoints)
    if (e) reads.push_back(e);
  reads = free_inputs(reads);
  const auto is_read = [&reads](const Expr& e) { return std::find(reads.begin(), reads.end(), e) != reads.end(); };
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < scan.carries + scan.sequences; ++i) {
    const bool at_hand = scan.is_sequence(i) && (scan.length != unknown || scan.fits_exactly(scan.argument(i)));
    if (is_read(scan.variables[i]) && !at_hand) kept.push_back(i);
  }
  const Exprs kept_rows = kept.empty() ? Exprs() : stored(scan, kept);

  Exprs names;         // variables of the backward step that are elements of `sequences`
  Operands sequences;  // running backwards
  for (std::size_t i = 0; i < scan.carries + scan.sequences; ++i) {
    if (!is_read(scan.variables[i])) continue;
    const auto row = std::find(kept.begin(), kept.end(), i);
    names.push_back(scan.variables[i]);
    if (row != kept.end())
      sequences.emplace_back(slice(kept_rows[static_cast<std::size_t>(row - kept.begin())], 0, backwards));
    else if (scan.length == 0)
      sequences.emplace_back(slice(scan.argument(i), 0, {0, 0}));
    else if (scan.length != unknown)
      sequences.emplace_back(slice(scan.argument(i), 0, {scan.length - 1, std::nullopt, -1}));
    else
      sequences.emplace_back(slice(scan.argument(i), 0, backwards));
  }
  for (std::size_t i = scan.carries; i < scan.results.size(); ++i)
    if (step.seeds[i]) {
      names.push_back(step.seeds[i]);
      sequences.emplace_back(slice(a.adjoints[i], 0, backwards));
    }
  Operands initial;
  std::vector<std::size_t> carried, summed, emitted;
  for (std::size_t i = 0; i < scan.carries; ++i)
    if (step.carried[i]) {
      carried.push_back(i);
      initial.emplace_back(a.adjoints[i] ? a.adjoints[i] : zeros_like(scan.argument(i)));
    }
  for (std::size_t i = scan.carries; i < scan.variables.size(); ++i) {
    if (!step.adjoints[i]) continue;
    (scan.is_constant(i) ? summed : emitted).push_back(i);
    if (scan.is_constant(i)) initial.emplace_back(zeros_like(scan.argument(i)));
  }
  Exprs result(a.inputs.size());
  if (carried.empty() && summed.empty() && emitted.empty()) return result;

  const ScanResult reverse = symbolic::scan(
      [&](const Exprs& carry, const Exprs& elements) {
        Substitution now;
        for (std::size_t k = 0; k < names.size(); ++k) now.emplace(names[k], elements[k]);
        for (std::size_t k = 0; k < carried.size(); ++k) now.emplace(step.seeds[carried[k]], carry[k]);
        for (std::size_t i = scan.carries + scan.sequences; i < scan.variables.size(); ++i)
          now.emplace(scan.variables[i], scan.argument(i));
        const Exprs adjoints = substitute(step.adjoints, now);
        ScanBody next;
        for (std::size_t k = 0; k < carried.size(); ++k)
          next.carry.push_back(adjoints[carried[k]] ? adjoints[carried[k]] : zeros_like(carry[k]));
        for (std::size_t k = 0; k < summed.size(); ++k)
          next.carry.push_back(carry[carried.size() + k] + adjoints[summed[k]]);
        for (std::size_t i : emitted) next.outputs.push_back(adjoints[i]);
        return next;
      },
      initial, sequences, scan.steps(), a.node.place());

  for (std::size_t k = 0; k < carried.size(); ++k) result[input_of(carried[k])] = reverse.carry[k];
  for (std::size_t k = 0; k < summed.size(); ++k) result[input_of(summed[k])] = reverse.carry[carried.size() + k];
  for (std::size_t k = 0; k < emitted.size(); ++k) {
    const Expr& sequence = scan.argument(emitted[k]);
    const Expr rows = slice(reverse.outputs[k], 0, backwards);
    result[input_of(emitted[k])] = scan.fits_exactly(sequence) ? rows : pad_like(rows, sequence, 0, {0, std::nullopt});
  }
  return result;
}

/// Carries and elements run along with their tangents.
Exprs scan_tangent(const Node& node, std::span<const Expr> tangents) {
  const Opened scan(node);
  std::vector<bool> moving;
  for (std::size_t i = 0; i < scan.variables.size(); ++i)
    moving.push_back(is_floating(scan.variables[i].dtype()) && tangents[input_of(i)]);
  moving = moving_parameters(scan, moving);
  Exprs directions(scan.variables.size());
  for (std::size_t i = 0; i < moving.size(); ++i)
    if (moving[i]) directions[i] = input(scan.variables[i].type(), fmt::format("tangent {}", i));
  const Exprs outward = jvp(scan.results, picked(scan.variables, moving), picked(directions, moving));

  Exprs carry_names, element_names;
  Operands initial, sequences;
  for (std::size_t i = 0; i < scan.carries; ++i) {
    carry_names.push_back(scan.variables[i]);
    initial.emplace_back(scan.argument(i));
  }
  for (std::size_t i = 0; i < scan.carries; ++i)
    if (moving[i]) {
      carry_names.push_back(directions[i]);
      const Expr& tangent = tangents[input_of(i)];
      initial.emplace_back(tangent ? broadcast_like(tangent, scan.argument(i)) : zeros_like(scan.argument(i)));
    }
  for (std::size_t i = scan.carries; i < scan.carries + scan.sequences; ++i) {
    element_names.push_back(scan.variables[i]);
    sequences.emplace_back(scan.argument(i));
    if (!moving[i]) continue;
    element_names.push_back(directions[i]);
    sequences.emplace_back(broadcast_like(tangents[input_of(i)], scan.argument(i)));
  }
  const ScanResult forward = symbolic::scan(
      [&](const Exprs& carry, const Exprs& elements) {
        Substitution now;
        for (std::size_t k = 0; k < carry.size(); ++k) now.emplace(carry_names[k], carry[k]);
        for (std::size_t k = 0; k < elements.size(); ++k) now.emplace(element_names[k], elements[k]);
        for (std::size_t i = scan.carries + scan.sequences; i < scan.variables.size(); ++i) {
          now.emplace(scan.variables[i], scan.argument(i));
          if (moving[i]) now.emplace(directions[i], broadcast_like(tangents[input_of(i)], scan.argument(i)));
        }
        const Exprs results = substitute(scan.results, now), moved = substitute(outward, now);
        ScanBody next{{results.begin(), results.begin() + static_cast<std::ptrdiff_t>(scan.carries)}, {}};
        for (std::size_t i = 0; i < scan.carries; ++i)
          if (moving[i]) next.carry.push_back(moved[i] ? broadcast_like(moved[i], carry[i]) : zeros_like(carry[i]));
        for (std::size_t i = scan.carries; i < moved.size(); ++i)
          if (moved[i]) next.outputs.push_back(broadcast_like(moved[i], results[i]));
        return next;
      },
      initial, sequences, scan.steps(), node.place());

  Exprs result(scan.results.size());
  std::size_t next_carry = scan.carries, next_output = 0;
  for (std::size_t i = 0; i < scan.carries; ++i)
    if (moving[i]) result[i] = forward.carry[next_carry++];
  for (std::size_t i = scan.carries; i < result.size(); ++i)
    if (outward[i]) result[i] = forward.outputs[next_output++];
  return result;
}

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
