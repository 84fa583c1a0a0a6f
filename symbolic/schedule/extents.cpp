/// Each value of run-time length becomes one of fixed capacity and the extents of its axes: lengths that meet,
/// lowerings, and whole graphs.
#include "leapgraph/symbolic/schedule/extents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/lengths.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/schedule/bounder.hpp"

namespace leapgraph::symbolic {

std::vector<Bounded> Bounder::run(std::span<const Expr> outputs, Bounds known) {
  std::swap(known, values_);
  for (const Node* node : topological_order(outputs)) visit(*node);
  std::vector<Bounded> result;
  for (const Expr& e : outputs) result.push_back(values_.at(e));
  std::swap(known, values_);
  return result;
}

void Bounder::refuse(const Node& node, const std::string& why) const {
  throw GraphError(fmt::format("{}: {}: this can be interpreted but not compiled (made at {}:{})", node.op().name, why,
                               node.place().file_name(), node.place().line()));
}

void Bounder::visit(const Node& node) {
  const Exprs outputs = outputs_of(node);
  if (values_.contains(outputs[0])) return;
  std::vector<Bounded> inputs;
  for (const Expr& e : node.inputs()) inputs.push_back(of(e));
  const std::vector<Bounded> made = rebuilt(node, inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    values_.insert_or_assign(outputs[i], made[i]);
    add_extents(wanted_, made[i].value, made[i].extents);
  }
}

std::vector<Bounded> Bounder::rebuilt(const Node& node, const std::vector<Bounded>& inputs) {
  place_ = node.place();
  const Op& op = node.op();
  if (&op == &scan_op) return scan(node, inputs);
  if (&op == &length_op) return {inputs[0].extent(static_cast<std::size_t>(axis_of(node)))};
  if (&op == &iota_op) return {counted(node, inputs[0])};
  const bool exact = std::all_of(inputs.begin(), inputs.end(), [](const Bounded& b) { return b.is_exact(); });
  if (lowering_as<Branch>(op) != nullptr) return branch(node, inputs);
  if (lowering_as<Call>(op) != nullptr) return call(node, inputs, exact);
  if (exact)
    return exact_outputs(lowering_as<Abstract>(op) == nullptr ? again(node, inputs) : concrete(again(node, inputs)));
  if (lowering_as<Elementwise>(op) != nullptr) return {elementwise(node, inputs)};
  if (const auto* reduction = lowering_as<Reduction>(op)) return {reduction_of(node, inputs[0], reduction->combine)};
  if (const auto* contraction = lowering_as<Contraction>(op)) return {contracted(node, inputs, *contraction)};
  if (lowering_as<Gather>(op) != nullptr) return {gathered(inputs[0], inputs[1])};
  if (const Rule* rule = find_rule(op)) return {(this->*rule->apply)(node, inputs)};
  refuse(node, "an axis has a length that is known at run time only");
}

Exprs Bounder::again(const Node& node, const std::vector<Bounded>& inputs) {
  Exprs values;
  for (const Bounded& b : inputs) values.push_back(b.value);
  return rebuild_same(node, values);
}

Exprs Bounder::concrete(Exprs outputs) {
  while (outputs.size() == 1 && outputs[0].op().concrete != nullptr) {
    const Exprs direct = outputs[0].op().concrete(outputs[0].node());
    if (direct.empty() || !direct[0] || direct == outputs) break;
    outputs = direct;
  }
  return outputs;
}

// ---------------------------------------------------------------- lengths that meet

Expr Bounder::checked(const Expr& n, const Expr& holds, Check check) const {
  const Expr zero = constant(Array::of<std::int64_t>({1}, {0}));
  // No row has the number of a length that does not fit: it is what the failure reports.
  const Expr row = where(holds, std::int64_t{0}, where(eq(n, std::int64_t{0}), std::int64_t{-1}, n));
  return n + make(gather_op, {zero, row}, {{"check", static_cast<std::int64_t>(check)}}, place_);
}

Expr Bounder::equal(const Expr& n, const Expr& other) const {
  return n == other ? n : checked(n, eq(n, other), Check::lengths);
}

Bounded Bounder::resized(const Bounded& b, std::size_t axis, std::int64_t length) const {
  Bounded result = b;
  const auto a = static_cast<std::int64_t>(axis);
  if (length < b.room(axis)) result.value = slice(b.value, a, {0, length});
  if (length > b.room(axis)) {
    Shape shape = b.value.shape();
    shape[axis] = length;
    const Expr like = full(shape, constant(0.0, b.value.dtype()));
    result.value = pad_slice(b.value, like, a, {0, b.room(axis)});
  }
  return result;
}

Expr Bounder::align(std::vector<Bounded>& values, const std::vector<AxisOf>& meeting, bool broadcasts) const {
  std::int64_t exact = unknown, room = std::numeric_limits<std::int64_t>::max();
  Expr common;
  for (const auto& [v, axis] : meeting) {
    const Bounded& b = values[v];
    if (!b.extents[axis]) {
      if (!broadcasts || b.room(axis) != 1) exact = b.room(axis);
      continue;
    }
    common = common ? equal(common, b.extents[axis]) : b.extents[axis];
    room = std::min(room, b.room(axis));
  }
  if (!common) return {};
  if (exact != unknown) {
    const Expr checked = equal(common, constant(exact));
    // The check is made where the value is read: an extent that nobody reads would not be checked.
    for (const auto& [v, axis] : meeting)
      if (values[v].extents[axis]) {
        Bounded& b = values[v];
        b = resized(b, axis, exact);
        b.value = guarded(b.value, checked);
        b.extents[axis] = Expr();
      }
    return {};
  }
  for (const auto& [v, axis] : meeting)
    if (values[v].extents[axis]) {
      values[v] = resized(values[v], axis, room);
      values[v].extents[axis] = common;
    }
  return common;
}

Expr Bounder::guarded(const Expr& value, const Expr& check) {
  return where(check >= std::int64_t{0}, value, cast(constant(0.0), value.dtype()));
}

Expr Bounder::mask(const Bounded& b, std::size_t axis) const {
  return positions(b.room(axis), axis, b.rank()) < b.extents[axis];
}

Expr Bounder::masked(const Bounded& b, std::size_t axis, const Expr& fill, bool all_wanted) const {
  if (!b.extents[axis]) return b.value;
  const Expr result = where(mask(b, axis), b.value, fill);
  if (all_wanted) add_extents(wanted_, result, Exprs(b.rank()));
  return result;
}

Bounded Bounder::counted(const Node& node, const Bounded& length) const {
  const std::vector<Bounded> inputs{length};
  const Expr made = concrete(again(node, inputs))[0];
  if (is_known(made.shape())) return made;
  constexpr std::int64_t generous = std::int64_t{1} << 24;
  Expr n = checked(length.value, length.value >= std::int64_t{0}, Check::negative_length);
  const auto most = upper_bound(length.value);
  if (most && *most <= std::max(generous, iota_capacity_)) return {arange(std::max<std::int64_t>(0, *most)), {n}};
  n = checked(n, n <= iota_capacity_, Check::capacity);
  return {arange(iota_capacity_), {n}};
}

// ---------------------------------------------------------------- by lowering

Bounded Bounder::elementwise(const Node& node, std::vector<Bounded> inputs) const {
  const std::size_t rank = node.types()[0].shape.size();
  Exprs extents(rank);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::vector<AxisOf> meeting;
    for (std::size_t k = 0; k < inputs.size(); ++k)
      if (axis + inputs[k].rank() >= rank) meeting.push_back({k, axis + inputs[k].rank() - rank});
    extents[axis] = align(inputs, meeting, true);
  }
  return {again(node, inputs)[0], extents};
}

Expr Bounder::identity(Combine combine, DType dtype) {
  const bool real = is_floating(dtype);
  const auto extreme = [&](double infinity, std::int64_t whole) {
    return real ? constant(infinity, dtype) : cast(constant(whole), dtype);
  };
  const std::int64_t bits = 8 * info(dtype).bytes;
  const bool is_unsigned = info(dtype).kind == NumberKind::unsigned_integer;
  const std::int64_t top =
      bits == 64 ? std::numeric_limits<std::int64_t>::max() : (std::int64_t{1} << (is_unsigned ? bits : bits - 1)) - 1;
  switch (combine) {
    case Combine::sum:
    case Combine::any:
      return cast(constant(0.0), dtype);
    case Combine::product:
    case Combine::all:
      return cast(constant(1.0), dtype);
    case Combine::maximum:
      return extreme(-std::numeric_limits<double>::infinity(), is_unsigned ? 0 : -top - 1);
    case Combine::minimum:
      if (dtype == DType::uint64) return constant(UINT64_MAX);
      return extreme(std::numeric_limits<double>::infinity(), top);
  }
  return {};
}

Bounded Bounder::reduction_of(const Node& node, Bounded x, Combine combine) const {
  const Axes& axes = node.get<Axes>("axes");
  Exprs kept;
  const Exprs extents = x.extents;
  const bool needs_some = combine == Combine::maximum || combine == Combine::minimum;
  const bool one = std::count_if(extents.begin(), extents.end(), [](const Expr& n) { return bool(n); }) == 1;
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    if (std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(axis))) {
      if (x.extents[axis] && needs_some && !may_be_empty_)
        x.extents[axis] = checked(x.extents[axis], x.extents[axis] > std::int64_t{0}, Check::no_elements);
      x.value = masked(x, axis, identity(combine, x.value.dtype()), !one);
      x.extents[axis] = Expr();
    } else {
      kept.push_back(x.extents[axis]);
    }
  if (one) add_extents(wanted_, x.value, extents);  // its loop and that of the reduction are one
  return {make(node.op(), {x.value}, node.attributes(), node.place()), kept};
}

Bounded Bounder::contracted(const Node& node, std::vector<Bounded> inputs, const Contraction& contraction) const {
  const ContractionLabels labels = contraction.labels(node);
  const std::vector<std::int64_t>* const lists[] = {&labels.first, &labels.second};
  std::unordered_map<std::int64_t, Expr> extents;
  std::vector<std::int64_t> all = labels.first;
  all.insert(all.end(), labels.second.begin(), labels.second.end());
  for (std::int64_t label : all) {
    if (extents.contains(label)) continue;
    std::vector<AxisOf> meeting;
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t axis = 0; axis < lists[k]->size(); ++axis)
        if ((*lists[k])[axis] == label) meeting.push_back({k, axis});
    const Expr n = align(inputs, meeting, false);
    extents[label] = n;
    const bool summed = std::find(labels.output.begin(), labels.output.end(), label) == labels.output.end();
    if (!n || !summed) continue;
    for (const auto& [k, axis] : meeting)
      inputs[k].value = masked(inputs[k], axis, cast(constant(0.0), inputs[k].value.dtype()));
  }
  Exprs out;
  for (std::int64_t label : labels.output) out.push_back(extents[label]);
  return {again(node, inputs)[0], out};
}

Expr Bounder::harmless(Bounded index) const {
  for (std::size_t axis = 0; axis < index.rank(); ++axis)
    if (index.extents[axis]) index.value = masked(index, axis, cast(constant(std::int64_t{0}), index.value.dtype()));
  return index.value;
}

Bounded Bounder::gathered(const Bounded& table, const Bounded& index) const {
  Expr row = harmless(index);
  if (table.extents[0])  // a position beyond the extent is moved out of the room
    row = where(row < table.extents[0], row, row + table.room(0));
  Exprs extents = index.extents;
  extents.insert(extents.end(), table.extents.begin() + 1, table.extents.end());
  return {gather(Operand(with_a_row(table.value), place_), row), extents};
}

Expr Bounder::with_a_row(const Expr& table) {
  if (table.shape()[0] > 0) return table;
  Shape shape = table.shape();
  shape[0] = 1;
  return full(shape, cast(constant(0.0), table.dtype()));
}

Bounded Bounder::picked(const Bounded& x, std::size_t axis, const Expr& start, std::int64_t step, const Expr& count,
                        std::int64_t room) const {
  const std::int64_t last = std::max<std::int64_t>(0, x.room(axis) - 1);
  const Expr row = clip(start + step * arange(room), std::int64_t{0}, last);
  Bounded result = x;
  Expr table = x.value;
  if (x.room(axis) == 0) table = resized(Bounded(x.value), axis, 1).value;
  result.value = gather(Operand(table, place_), row, static_cast<std::int64_t>(axis));
  result.extents[axis] = count;
  return result;
}

// ---------------------------------------------------------------- whole graphs

namespace {

bool mentions_unknown(const Graph& graph) {
  for (const Node* node : topological_order(graph.outputs)) {
    if (Bounder::has_unknown(*node)) return true;
    for (const auto& [name, value] : node->attributes().entries())
      if (const Body* body = std::get_if<Body>(&value))
        if (mentions_unknown(**body)) return true;
  }
  return false;
}

/// Room for each axis that counts to a number of the graph, so that not even all of them together take more than the
/// square of the capacity.
std::int64_t iota_capacity(const Graph& graph, std::int64_t capacity) {
  int axes = 0;
  for (const Node* node : topological_order(graph.outputs))
    if (&node->op() == &iota_op && !upper_bound(node->input(0))) ++axes;
  if (axes < 3) return capacity;
  return std::max<std::int64_t>(1, std::llround(std::pow(static_cast<double>(capacity), 2.0 / axes)));
}

}  // namespace

void add_extents(Extents& known, const Expr& value, const Exprs& extents) {
  const auto [entry, is_new] = known.emplace(value, extents);
  if (!is_new && entry->second != extents) entry->second.clear();
}

BoundedGraph with_capacity(const Graph& graph, std::int64_t capacity) {
  BoundedGraph result{graph, {}, 0, {}};
  for (const Expr& e : graph.outputs) result.extents.emplace_back(e.shape().size(), -1);
  if (!mentions_unknown(graph)) return result;
  Bounds known;
  for (const Expr& e : graph.inputs) known.emplace(e, Bounded(e));
  Bounder bounder(capacity, iota_capacity(graph, capacity));
  const std::vector<Bounded> outputs = bounder.run(graph.outputs, std::move(known));
  result.wanted = bounder.wanted();
  Exprs extents;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    result.graph.outputs[i] = outputs[i].value;
    for (std::size_t axis = 0; axis < outputs[i].rank(); ++axis) {
      const Expr& n = outputs[i].extents[axis];
      if (!n) continue;
      const auto found = std::find(extents.begin(), extents.end(), n);
      result.extents[i][axis] = static_cast<int>(found - extents.begin());
      if (found == extents.end()) extents.push_back(n);
    }
  }
  result.extent_count = extents.size();
  result.graph.outputs.insert(result.graph.outputs.end(), extents.begin(), extents.end());
  return result;
}

}  // namespace leapgraph::symbolic
