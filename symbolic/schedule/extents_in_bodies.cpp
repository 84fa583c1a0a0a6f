/// Axes of run-time length in calls, branches and loops.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/schedule/bounder.hpp"

namespace leapgraph::symbolic {

namespace {

/// Bytes: of longer rows there is room for fewer at first.
constexpr std::int64_t usual_row = 1024;

}  // namespace

Bounder::BoundedBody Bounder::in_body(const Graph& body, const std::vector<Bounded>& arguments) {
  BoundedBody result;
  Bounds known;
  std::vector<Expr> added;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    result.parameters.push_back(parameter(static_cast<std::int64_t>(i), arguments[i].value.type()));
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Bounded inner(result.parameters[i]);
    for (std::size_t axis = 0; axis < inner.rank(); ++axis) {
      const Expr& n = arguments[i].extents[axis];
      if (!n) continue;
      const auto found = std::find(result.extents.begin(), result.extents.end(), n);
      const auto number = static_cast<std::size_t>(found - result.extents.begin());
      if (found == result.extents.end()) {
        result.extents.push_back(n);
        added.push_back(parameter(static_cast<std::int64_t>(arguments.size() + number), Type{DType::int64, {}}));
      }
      inner.extents[axis] = added[number];
    }
    known.emplace(body.inputs[i], std::move(inner));
  }
  const auto place = place_;
  result.outputs = run(body.outputs, std::move(known));
  place_ = place;
  result.parameters.insert(result.parameters.end(), added.begin(), added.end());
  return result;
}

Body Bounder::closed(const Exprs& outputs, const Exprs& parameters) {
  return std::make_shared<const Graph>(Graph{parameters, outputs});
}

std::vector<Bounded> Bounder::call(const Node& node, const std::vector<Bounded>& inputs, bool exact) {
  const Graph& body = *node.get<Body>("body");
  if (exact) {
    const BoundedBody inner = in_body(body, inputs);
    const bool all_exact =
        std::all_of(inner.outputs.begin(), inner.outputs.end(), [](const Bounded& b) { return b.is_exact(); });
    if (all_exact) {
      Exprs outputs, arguments;
      for (const Bounded& b : inner.outputs) outputs.push_back(b.value);
      for (const Bounded& b : inputs) arguments.push_back(b.value);
      return exact_outputs(
          outputs_of(*make_node(node.op(), arguments, {{"body", closed(outputs, inner.parameters)}}, node.place())));
    }
  }
  Bounds known;
  for (std::size_t i = 0; i < inputs.size(); ++i) known.emplace(body.inputs[i], inputs[i]);
  return run(body.outputs, std::move(known));  // written out in the place of the call
}

std::vector<Bounded> Bounder::branch(const Node& node, const std::vector<Bounded>& inputs) {
  const std::vector<Bounded> arguments(inputs.begin() + 1, inputs.end());
  Exprs values{inputs[0].value};
  for (const Bounded& b : arguments) values.push_back(b.value);
  Attributes attributes;
  std::vector<std::optional<Exprs>> extents(node.types().size());
  for (const char* side : {"then", "else"}) {
    const BoundedBody inner = in_body(*node.get<Body>(side), arguments);
    Exprs outputs;
    for (std::size_t i = 0; i < inner.outputs.size(); ++i) {
      const std::optional<Exprs> lengths = inner.outside(i, arguments.size());
      if (!lengths || (extents[i] && *extents[i] != *lengths))
        refuse(node, "a side returns something of a run-time length of its own");
      extents[i] = lengths;
      outputs.push_back(inner.outputs[i].value);
    }
    attributes = attributes.with(side, closed(outputs, inner.parameters));
    if (values.size() == inputs.size()) values.insert(values.end(), inner.extents.begin(), inner.extents.end());
  }
  std::vector<Bounded> result;
  for (const Expr& e : outputs_of(*make_node(node.op(), values, attributes, node.place())))
    result.emplace_back(e, *extents[result.size()]);
  return result;
}

std::vector<Bounded> Bounder::scan(const Node& node, std::vector<Bounded> inputs) {
  const std::size_t carries = count_of(node.attributes(), "carries"),
                    sequences = count_of(node.attributes(), "sequences"), rows = stacked_outputs(node);
  const Ending ending = ending_of(node.attributes());
  const std::int64_t length = node.get<std::int64_t>("length");
  const bool run_time_rows = length == unknown || ending != Ending::none;
  const Expr asked = inputs[0].value;
  Expr steps = asked;
  std::int64_t room = length == unknown ? capacity_ : std::min(length, capacity_);
  std::vector<Bounded> arguments(inputs.begin() + 1, inputs.end());
  for (std::size_t j = carries; j < carries + sequences; ++j) {
    Bounded& sequence = arguments[j];
    if (length != unknown && sequence.room(0) < length) sequence = resized(sequence, 0, length);
    room = std::min(room, sequence.room(0));
    // More steps than a sequence has elements: as many as it has no room for.
    if (const Expr& n = sequence.extents[0]; n && n != asked)
      steps = where(steps <= n, steps, steps + sequence.room(0));
  }
  std::vector<Bounded> elements = arguments;
  for (std::size_t j = carries; j < carries + sequences; ++j) {
    elements[j].value =
        at(resized(Bounded(arguments[j].value), 0, std::max<std::int64_t>(1, arguments[j].room(0))).value, 0);
    elements[j].extents.erase(elements[j].extents.begin());
  }
  BoundedBody inner = in_body(*node.get<Body>("body"), elements);
  Exprs outputs;
  std::vector<Exprs> row_extents;
  for (std::size_t i = 0; i < inner.outputs.size(); ++i) {
    Bounded& output = inner.outputs[i];
    if (i < carries) {
      for (std::size_t axis = 0; axis < output.rank(); ++axis) {
        if (output.extents[axis]) output = resized(output, axis, arguments[i].room(axis));
      }
    } else {
      const std::optional<Exprs> lengths = inner.outside(i, elements.size());
      if (!lengths) refuse(node, fmt::format("rows of output {} have a length of their own at run time", i - carries));
      row_extents.push_back(*lengths);
      const std::int64_t bytes = element_count(output.value.shape()) * info(output.value.dtype()).bytes;
      if (bytes > 0) room = std::min(room, std::max<std::int64_t>(4, capacity_ * usual_row / bytes));
    }
    outputs.push_back(output.value);
  }
  Exprs values{steps};
  for (const Bounded& b : arguments) values.push_back(b.value);
  values.insert(values.end(), inner.extents.begin(), inner.extents.end());
  Attributes attributes = node.attributes().with("body", closed(outputs, inner.parameters));
  if (run_time_rows) attributes = attributes.with("capacity", room);
  const Exprs made = outputs_of(*make_node(node.op(), values, attributes, node.place()));
  std::vector<Bounded> result;
  for (std::size_t i = 0; i < made.size(); ++i) {
    Bounded b(made[i]);
    if (i < carries) b.extents = arguments[i].extents;
    if (i >= carries && i < carries + rows) {
      const Exprs& row = row_extents[i - carries];
      std::copy(row.begin(), row.end(), b.extents.begin() + 1);
      if (run_time_rows) b.extents[0] = ending == Ending::none ? asked : made.back();
    }
    result.push_back(std::move(b));
  }
  return result;
}

}  // namespace leapgraph::symbolic
