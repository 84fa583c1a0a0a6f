/// The loop: a closed body applied step by step to carried values and slices of sequences.
///
/// A scan node has the inputs [steps, initial carries..., sequences..., constants...] and the attributes "body" (from
/// carries, one slice of each sequence and constants to new carries and outputs), "carries" and "sequences" (how many),
/// and "length" (the number of steps where it is known, else -1). Its outputs are the final carries, then the body's
/// outputs stacked along a new axis 0.
///
/// With the attribute "until" (true: may stop, see `Ending`; "must_stop" besides) the body's last output is a boolean
/// scalar: the step that makes it true is the last, and counts. The node then has one output more, the number of steps
/// done (int64), and the stacked outputs have that many rows, a number known at run time only. With the attribute
/// "capacity" (native code) they have that many rows, of which only those of steps done mean something; more steps are
/// an error. "truncate_gradient": the gradient runs over that many last steps.
#include "leapgraph/symbolic/ops/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

Type element_type(const Type& sequence) {
  return {sequence.dtype, Shape(sequence.shape.begin() + 1, sequence.shape.end())};
}

Type stacked_type(const Type& element, std::int64_t length) {
  return {element.dtype, with_axes(element.shape, {0}, length)};
}

/// Rows of the stacked outputs, -1 where they are known at run time only.
std::int64_t stacked_rows(const Attributes& attributes) {
  if (attributes.has("capacity")) return attributes.get<std::int64_t>("capacity");
  return ending_of(attributes) == Ending::none ? attributes.get<std::int64_t>("length") : unknown;
}

std::vector<Type> scan_type(std::span<const Type> inputs, const Attributes& attributes) {
  const Graph& body = *attributes.get<Body>("body");
  const std::size_t carries = count_of(attributes, "carries"), sequences = count_of(attributes, "sequences");
  const std::int64_t length = attributes.get<std::int64_t>("length");
  const bool stops = ending_of(attributes) != Ending::none;
  if (inputs.empty() || inputs[0] != Type{DType::int64, {}})
    throw DTypeError("the number of steps must be an integer scalar");
  if (inputs.size() != body.inputs.size() + 1 || body.outputs.size() < carries + (stops ? 1 : 0))
    throw InternalError("scan: inputs do not fit the body");
  std::vector<Type> arguments(inputs.begin() + 1, inputs.end());
  for (std::size_t j = 0; j < sequences; ++j) {
    Type& sequence = arguments[carries + j];
    if (sequence.rank() == 0) throw ShapeError(fmt::format("sequence {} is a scalar", j));
    if (sequence.shape[0] != unknown && sequence.shape[0] < length)
      throw ShapeError(
          fmt::format("sequence {} has {} elements, {} steps were asked for", j, sequence.shape[0], length));
    sequence = element_type(sequence);
  }
  std::vector<Type> types = output_types(body, arguments);
  if (stops) {
    if (types.back() != Type{DType::boolean, {}})
      throw DTypeError(fmt::format("the condition must be a boolean scalar, got {}", to_string(types.back())));
    types.pop_back();
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i >= carries) {
      types[i] = stacked_type(types[i], stacked_rows(attributes));
      continue;
    }
    const std::optional<Type> kept = agree(arguments[i], types[i]);
    if (!kept)
      refuse_types(arguments[i], types[i],
                   fmt::format("carry {} starts as {} and the body returns {}; a carry keeps its type", i,
                               to_string(arguments[i]), to_string(types[i])));
    types[i] = *kept;
  }
  if (stops) types.push_back({DType::int64, {}});
  return types;
}

/// Row `i` of a sequence.
Array row_of(const Array& sequence, std::int64_t i) {
  Array row(element_type(sequence.type()));
  copy_elements(sequence, i * row.size(), row, 0, row.size());
  return row;
}

/// A stacked output that grows row by row.
class Rows {
 public:
  /// Adds a row. Throws GraphError when its type is not that of the rows before.
  void add(const Array& row, std::size_t number) {
    if (count_ == 0) rows_ = Array(stacked_type(row.type(), 1));
    if (element_type(rows_.type()) != row.type())
      throw ShapeError(fmt::format("scan: output {} is {} at step {} and was {} before", number, to_string(row.type()),
                                   count_, to_string(element_type(rows_.type()))));
    if (count_ == rows_.shape()[0]) rows_ = resized(2 * count_);
    copy_elements(row, 0, rows_, count_ * row.size(), row.size());
    ++count_;
  }
  /// So many rows; what was not added is 0.
  Array finished(std::int64_t rows) const { return rows_.shape()[0] == rows ? rows_ : resized(rows); }

 private:
  Array resized(std::int64_t rows) const {
    const Type row = element_type(rows_.type());
    Array result(stacked_type(row, rows));
    copy_elements(rows_, 0, result, 0, std::min(rows, count_) * element_count(row.shape));
    return result;
  }

  std::int64_t count_ = 0;
  Array rows_;
};

/// Type of a stacked output that has no step to take it from.
Type rowless_type(const Type& element, std::int64_t rows) {
  Type type = stacked_type(element, rows);
  // No row tells a length that depends on values; nothing reads it.
  std::replace(type.shape.begin(), type.shape.end(), unknown, std::int64_t{0});
  return type;
}

std::vector<Array> scan_evaluate(const Node& node, std::span<const Array> inputs) {
  const Graph& body = *node.get<Body>("body");
  const std::size_t carries = count_of(node.attributes(), "carries"),
                    sequences = count_of(node.attributes(), "sequences"), outputs = stacked_outputs(node);
  const Ending ending = ending_of(node.attributes());
  const auto fail = [&node](const Failure& failure) { raise(failure, node.place()); };
  const std::int64_t steps = inputs[0].integer();
  if (steps < 0) fail({Check::negative_steps, steps});
  std::vector<Array> arguments(inputs.begin() + 1, inputs.end());
  std::int64_t available = steps;
  for (std::size_t j = 0; j < sequences; ++j) available = std::min(available, arguments[carries + j].shape()[0]);
  if (available < steps) fail({Check::short_sequence, steps, available});

  for (std::size_t i = 0; i < carries; ++i) arguments[i] = take(inputs[input_of(i)]);
  const Evaluator evaluate(body);
  std::vector<Rows> stacked(outputs);
  std::int64_t done = 0;
  bool stopped = false;
  while (done < steps && !stopped) {
    for (std::size_t j = carries; j < carries + sequences; ++j) arguments[j] = row_of(inputs[input_of(j)], done);
    // The body is the only holder of the carries that it gets: it may write them in place.
    std::vector<Type> types;
    for (std::size_t i = 0; i < carries; ++i) types.push_back(arguments[i].type());
    std::vector<Array> given;
    for (std::size_t i = 0; i < arguments.size(); ++i)
      given.push_back(i < carries + sequences ? std::move(arguments[i]) : arguments[i]);
    std::vector<Array> results = evaluate(std::move(given));
    for (std::size_t i = 0; i < carries; ++i) {
      if (results[i].type() != types[i])
        throw ShapeError(fmt::format("scan: carry {} is {} before step {} and {} after it; a carry keeps its type", i,
                                     to_string(types[i]), done, to_string(results[i].type())));
      arguments[i] = std::move(results[i]);
    }
    for (std::size_t i = 0; i < outputs; ++i) stacked[i].add(results[carries + i], i);
    stopped = ending != Ending::none && results.back().integer() != 0;
    ++done;
  }
  if (ending == Ending::must_stop && !stopped && steps > 0) fail({Check::never_stopped, done, steps});

  std::vector<Array> values(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(carries));
  const bool has_capacity = node.attributes().has("capacity");
  const std::int64_t rows = has_capacity ? node.get<std::int64_t>("capacity") : done;
  if (rows < done) fail({Check::capacity, steps, rows});
  if (done > 0) {
    for (const Rows& output : stacked) values.push_back(output.finished(rows));
  } else {
    std::vector<Type> types;
    for (std::size_t i = 0; i < arguments.size(); ++i)
      types.push_back(i >= carries && i < carries + sequences ? element_type(arguments[i].type())
                                                              : arguments[i].type());
    types = output_types(body, types);
    for (std::size_t i = 0; i < outputs; ++i) values.emplace_back(rowless_type(types[carries + i], rows));
  }
  if (ending != Ending::none) values.push_back(Array::scalar(done));
  return values;
}

/// The number of steps where the graph tells: it depends on constants only.
std::int64_t known_steps(const Expr& steps) {
  if (const auto value = constant_value(steps)) return value->integer();
  for (const Node* node : topological_order(std::span(&steps, 1)))
    if (node->op().evaluate == nullptr) return unknown;
  return interpret(Graph{{}, {steps}}, {})[0].integer();
}

}  // namespace

Ending ending_of(const Attributes& attributes) {
  if (!attributes.has("until") || !attributes.get<bool>("until")) return Ending::none;
  return attributes.has("must_stop") && attributes.get<bool>("must_stop") ? Ending::must_stop : Ending::may_stop;
}

std::shared_ptr<const Node> make_scan(const Expr& steps, const Exprs& arguments, Body body, std::size_t carries,
                                      std::size_t sequences, Where place, Ending ending) {
  const std::int64_t length = known_steps(steps);
  if (length < unknown || (length == unknown && constant_value(steps))) raise({Check::negative_steps, length}, place);
  Exprs inputs{steps};
  inputs.insert(inputs.end(), arguments.begin(), arguments.end());
  Attributes attributes{{"body", std::move(body)},
                        {"carries", static_cast<std::int64_t>(carries)},
                        {"sequences", static_cast<std::int64_t>(sequences)},
                        {"length", length}};
  if (ending != Ending::none) attributes = attributes.with("until", true);
  if (ending == Ending::must_stop) attributes = attributes.with("must_stop", true);
  return make_node(scan_op, std::move(inputs), std::move(attributes), place);
}

Expr carry_of_last_row(const Expr& rows) {
  if (&rows.op() != &scan_op) return {};
  const Node& node = rows.node();
  const std::size_t carries = count_of(node.attributes(), "carries"), output = static_cast<std::size_t>(rows.output());
  const bool does_a_step = ending_of(node.attributes()) == Ending::none && node.get<std::int64_t>("length") > 0;
  if (!does_a_step || output < carries || node.attributes().has("capacity")) return {};
  const Exprs& results = node.get<Body>("body")->outputs;
  const auto end = results.begin() + static_cast<std::ptrdiff_t>(carries);
  const auto found = std::find(results.begin(), end, results[output]);
  return found == end ? Expr() : outputs_of(node)[static_cast<std::size_t>(found - results.begin())];
}

ScanResult with_truncated_gradient(const ScanResult& result, std::int64_t steps) {
  if (result.carry.empty() && result.outputs.empty()) return result;
  const Node& old = result.carry.empty() ? result.outputs[0].node() : result.carry[0].node();
  const auto made = make_node(old.op(), old.inputs(), old.attributes().with("truncate_gradient", steps), old.place());
  const Exprs all = outputs_of(*made);
  const auto split = all.begin() + static_cast<std::ptrdiff_t>(result.carry.size());
  const bool stops = ending_of(old.attributes()) != Ending::none;
  return {{all.begin(), split},
          {split, split + static_cast<std::ptrdiff_t>(result.outputs.size())},
          stops ? all.back() : result.steps};
}

namespace {

/// Sets the attribute "length" once the steps are known.
Exprs scan_concrete(const Node& node) {
  if (node.get<std::int64_t>("length") != unknown) return {Expr()};
  const std::int64_t length = known_steps(node.input(0));
  if (length < 0) return {Expr()};
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
  const auto told = [&place](const std::string& what) {
    return fmt::format("scan: {} (made at {}:{})", what, place.file_name(), place.line());
  };
  const BuiltAt here(place);
  Exprs rows, elements, carried(initial.begin(), initial.end());
  for (const Operand& sequence : sequences) {
    rows.push_back(sequence);
    if (rows.back().rank() == 0) throw ShapeError(told(fmt::format("sequence {} is a scalar", rows.size() - 1)));
    elements.push_back(input(element_type(rows.back().type()), fmt::format("element {}", elements.size())));
  }
  if (steps && (steps->expr().rank() != 0 || !is_integer(steps->expr().dtype())))
    throw DTypeError(told("the number of steps must be an integer scalar, got " + to_string(steps->expr().type())));

  // A plain number takes the element type that the body gives its carry; then the body is made once more.
  Exprs carry;
  ScanBody body;
  for (bool settled = false; !settled;) {
    carry.clear();
    for (const Expr& e : carried) carry.push_back(input(e.type(), fmt::format("carry {}", carry.size())));
    body = step(carry, elements);
    if (body.carry.size() != carry.size())
      throw GraphError(told(fmt::format("the body returns {} carries for {} initial values {}", body.carry.size(),
                                        carry.size(), types_of(carried))));
    settled = true;
    for (std::size_t i = 0; i < carry.size(); ++i) {
      if (!body.carry[i]) throw GraphError(told(fmt::format("the body returns nothing for carry {}", i)));
      const DType wanted = body.carry[i].dtype();
      if (initial[i].is_weak() && wanted != carried[i].dtype() && promote(wanted, carried[i].dtype()) == wanted) {
        carried[i] = cast(carried[i], wanted);
        settled = false;
      } else if (!agree(carried[i].type(), body.carry[i].type())) {
        refuse_types(carried[i].type(), body.carry[i].type(),
                     told(fmt::format("carry {} starts as {} and the body returns {}; a carry keeps its type", i,
                                      to_string(carried[i].type()), to_string(body.carry[i].type()))));
      }
    }
  }
  for (std::size_t i = 0; i < body.outputs.size(); ++i)
    if (!body.outputs[i]) throw GraphError(told(fmt::format("the body returns nothing for output {}", i)));
  if (!steps && rows.empty() && !body.until) throw GraphError(told("give the number of steps or a sequence"));
  if (body.until && body.until.type() != Type{DType::boolean, {}})
    throw DTypeError(told("the condition must be a boolean scalar, got " + to_string(body.until.type())));
  const Expr count = steps          ? cast(*steps, DType::int64)
                     : rows.empty() ? constant(std::numeric_limits<std::int64_t>::max())
                                    : steps_of(rows);

  Exprs results = body.carry, variables = carry, arguments = carried;
  results.insert(results.end(), body.outputs.begin(), body.outputs.end());
  if (body.until) results.push_back(body.until);
  variables.insert(variables.end(), elements.begin(), elements.end());
  arguments.insert(arguments.end(), rows.begin(), rows.end());
  const Exprs constants = invariant_parts(results, variables);
  variables.insert(variables.end(), constants.begin(), constants.end());
  arguments.insert(arguments.end(), constants.begin(), constants.end());
  const Ending ending = !body.until ? Ending::none : body.must_stop ? Ending::must_stop : Ending::may_stop;
  const Exprs outputs = outputs_of(
      *make_scan(count, arguments, close_over(results, variables), carry.size(), rows.size(), place, ending));
  const auto split = outputs.begin() + static_cast<std::ptrdiff_t>(carry.size());
  return {{outputs.begin(), split},
          {split, split + static_cast<std::ptrdiff_t>(body.outputs.size())},
          body.until ? outputs.back() : count};
}

ScanResult while_loop(const std::function<Expr(const Exprs& carry)>& condition,
                      const std::function<Exprs(const Exprs& carry)>& step, const Operands& initial,
                      std::optional<Operand> cap, Where place) {
  const BuiltAt here(place);
  const Exprs start(initial.begin(), initial.end());
  const Expr most = cap ? cast(*cap, DType::int64) : constant(std::numeric_limits<std::int64_t>::max());
  const auto holds = [&](const Exprs& carry) {
    const Expr test = condition(carry);
    if (!test || test.type() != Type{DType::boolean, {}})
      throw DTypeError(fmt::format("while_loop: the condition must be a boolean scalar, got {} (made at {}:{})",
                                   test ? to_string(test.type()) : "nothing", place.file_name(), place.line()));
    return test;
  };
  return scan(
      [&](const Exprs& carry, const Exprs&) {
        ScanBody body{step(carry), {}};
        body.until = logical_not(holds(body.carry));
        body.must_stop = true;
        return body;
      },
      initial, {}, where(holds(start), most, std::int64_t{0}), place);
}

}  // namespace leapgraph::symbolic
