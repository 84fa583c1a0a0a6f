/// Rebuilds a graph bottom-up; each value of run-time length becomes one of fixed capacity and the extents of its axes.
#include "leapgraph/symbolic/schedule/extents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

namespace {

/// A value of known shape; an axis with an extent has only that many positions that mean something.
struct Bounded {
  Expr value;
  Exprs extents;  ///< one an axis, absent where the length is exact

  Bounded() = default;
  Bounded(Expr exact) : value(std::move(exact)), extents(value.shape().size()) {}
  Bounded(Expr e, Exprs n) : value(std::move(e)), extents(std::move(n)) {}

  std::size_t rank() const { return extents.size(); }
  bool is_exact() const {
    return std::all_of(extents.begin(), extents.end(), [](const Expr& n) { return !n; });
  }
  std::int64_t room(std::size_t axis) const { return value.shape()[axis]; }
  Expr extent(std::size_t axis) const { return extents[axis] ? extents[axis] : constant(room(axis)); }
};

using Bounds = std::unordered_map<Expr, Bounded, ExprHash>;

bool has_unknown(const Node& node) {
  return std::any_of(node.types().begin(), node.types().end(), [](const Type& t) { return !is_known(t.shape); });
}

std::int64_t axis_of(const Node& node) { return node.get<std::int64_t>("axis"); }

/// Positions 0, 1, ... along one axis of a tensor of the given rank.
Expr positions(std::int64_t length, std::size_t axis, std::size_t rank) {
  Shape shape(rank, 1);
  shape[axis] = length;
  return reshape(arange(length), shape);
}

class Bounder {
 public:
  explicit Bounder(std::int64_t capacity) : capacity_(capacity) {}

  /// The outputs, given what inputs or parameters stand for.
  std::vector<Bounded> run(std::span<const Expr> outputs, Bounds known) {
    std::swap(known, values_);
    for (const Node* node : topological_order(outputs)) visit(*node);
    std::vector<Bounded> result;
    for (const Expr& e : outputs) result.push_back(values_.at(e));
    std::swap(known, values_);
    return result;
  }

 private:
  const Bounded& of(const Expr& e) const { return values_.at(e); }

  [[noreturn]] void refuse(const Node& node, const std::string& why) const {
    throw GraphError(fmt::format("{}: {}: this can be interpreted but not compiled (made at {}:{})", node.op().name,
                                 why, node.place().file_name(), node.place().line()));
  }

  void visit(const Node& node) {
    const Exprs outputs = outputs_of(node);
    if (values_.contains(outputs[0])) return;
    std::vector<Bounded> inputs;
    for (const Expr& e : node.inputs()) inputs.push_back(of(e));
    const std::vector<Bounded> made = rebuilt(node, inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) values_.insert_or_assign(outputs[i], made[i]);
  }

  std::vector<Bounded> rebuilt(const Node& node, const std::vector<Bounded>& inputs) {
    place_ = node.place();
    const Op& op = node.op();
    if (&op == &scan_op) return scan(node, inputs);
    if (&op == &length_op) return {inputs[0].extent(static_cast<std::size_t>(axis_of(node)))};
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

  static Exprs again(const Node& node, const std::vector<Bounded>& inputs) {
    Exprs values;
    for (const Bounded& b : inputs) values.push_back(b.value);
    return rebuild_same(node, values);
  }
  static Exprs concrete(Exprs outputs) {
    while (outputs.size() == 1 && outputs[0].op().concrete != nullptr) {
      const Exprs direct = outputs[0].op().concrete(outputs[0].node());
      if (direct.empty() || !direct[0] || direct == outputs) break;
      outputs = direct;
    }
    return outputs;
  }
  static std::vector<Bounded> exact_outputs(const Exprs& outputs) { return {outputs.begin(), outputs.end()}; }

  // --- Lengths that meet ---

  /// `n` again, where it is equal to `other`; a failed check where it is not.
  Expr equal(const Expr& n, const Expr& other) const {
    if (n == other) return n;
    const Expr zero = constant(Array::of<std::int64_t>({1}, {0}));
    const Expr row = where(eq(n, other), std::int64_t{0}, where(n > std::int64_t{0}, n, std::int64_t{-1}));
    return n + make(gather_op, {zero, row}, {{"check", static_cast<std::int64_t>(Check::lengths)}}, place_);
  }

  /// Room for `length` positions along an axis; the extent stays.
  Bounded resized(const Bounded& b, std::size_t axis, std::int64_t length) const {
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

  /// Axes of several values that must be of one length at run time, all of them given the same room. Axes are named by
  /// (value, axis); those of exact length 1 are left alone where `broadcasts`. Returns the common extent, absent where
  /// it is exact.
  struct AxisOf {
    std::size_t value, axis;
  };
  Expr align(std::vector<Bounded>& values, const std::vector<AxisOf>& meeting, bool broadcasts) const {
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

  /// `value`, after `check` was computed.
  static Expr guarded(const Expr& value, const Expr& check) {
    return where(check >= std::int64_t{0}, value, cast(constant(0.0), value.dtype()));
  }

  /// Where an axis means something, broadcast along the others.
  Expr mask(const Bounded& b, std::size_t axis) const {
    return positions(b.room(axis), axis, b.rank()) < b.extents[axis];
  }
  Expr masked(const Bounded& b, std::size_t axis, const Expr& fill) const {
    return b.extents[axis] ? where(mask(b, axis), b.value, fill) : b.value;
  }

  // --- By lowering ---

  Bounded elementwise(const Node& node, std::vector<Bounded> inputs) const {
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

  static Expr identity(Combine combine, DType dtype) {
    const bool real = is_floating(dtype);
    const auto extreme = [&](double infinity, std::int64_t whole) {
      return real ? constant(infinity, dtype) : cast(constant(whole), dtype);
    };
    const std::int64_t bits = 8 * info(dtype).bytes;
    const bool is_unsigned = info(dtype).kind == NumberKind::unsigned_integer;
    const std::int64_t top = bits == 64 ? std::numeric_limits<std::int64_t>::max()
                                        : (std::int64_t{1} << (is_unsigned ? bits : bits - 1)) - 1;
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
        return extreme(std::numeric_limits<double>::infinity(), top);
    }
    return {};
  }

  Bounded reduction_of(const Node& node, Bounded x, Combine combine) const {
    const Axes& axes = node.get<Axes>("axes");
    Exprs kept;
    for (std::size_t axis = 0; axis < x.rank(); ++axis)
      if (std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(axis))) {
        x.value = masked(x, axis, identity(combine, x.value.dtype()));
        x.extents[axis] = Expr();
      } else {
        kept.push_back(x.extents[axis]);
      }
    return {make(node.op(), {x.value}, node.attributes(), node.place()), kept};
  }

  Bounded contracted(const Node& node, std::vector<Bounded> inputs, const Contraction& contraction) const {
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

  /// An index whose positions that mean nothing are 0.
  Expr harmless(Bounded index) const {
    for (std::size_t axis = 0; axis < index.rank(); ++axis)
      if (index.extents[axis]) index.value = masked(index, axis, cast(constant(std::int64_t{0}), index.value.dtype()));
    return index.value;
  }

  Bounded gathered(const Bounded& table, const Bounded& index) const {
    Expr row = harmless(index);
    if (table.extents[0])  // a position beyond the extent is moved out of the room
      row = where(row < table.extents[0], row, row + table.room(0));
    Exprs extents = index.extents;
    extents.insert(extents.end(), table.extents.begin() + 1, table.extents.end());
    return {gather(Operand(with_a_row(table.value), place_), row), extents};
  }

  /// Tables without rows cannot be read, not even at a position that is not used.
  static Expr with_a_row(const Expr& table) {
    if (table.shape()[0] > 0) return table;
    Shape shape = table.shape();
    shape[0] = 1;
    return full(shape, cast(constant(0.0), table.dtype()));
  }

  /// Positions start, start + step, ... of an axis, `room` of them of which `count` are wanted.
  Bounded picked(const Bounded& x, std::size_t axis, const Expr& start, std::int64_t step, const Expr& count,
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

  // --- By op ---

  using Apply = Bounded (Bounder::*)(const Node&, const std::vector<Bounded>&);
  struct Rule {
    const Op* op;
    Apply apply;
  };
  static const Rule* find_rule(const Op& op) {
    static const Rule rules[] = {
        {&transpose_op, &Bounder::transposed},
        {&expand_dims_op, &Bounder::expanded},
        {&squeeze_op, &Bounder::squeezed},
        {&broadcast_to_op, &Bounder::broadcast},
        {&broadcast_like_op, &Bounder::broadcast_as},
        {&sum_like_op, &Bounder::summed_as},
        {&reshape_op, &Bounder::reshaped},
        {&reshape_like_op, &Bounder::reshaped_as},
        {&slice_op, &Bounder::sliced},
        {&slice_like_op, &Bounder::sliced_as},
        {&pad_slice_op, &Bounder::padded},
        {&pad_like_op, &Bounder::padded_as},
        {&at_op, &Bounder::single},
        {&scatter_add_op, &Bounder::scattered},
        {&scatter_like_op, &Bounder::scattered_as},
        {&concatenate_op, &Bounder::joined},
        {&split_like_op, &Bounder::part_of},
        {&stack_op, &Bounder::stacked},
        {&logsumexp_op, &Bounder::expanded_form},
        {&softmax_op, &Bounder::expanded_form},
        {&cumsum_op, &Bounder::expanded_form},
        {&add_rows_op, &Bounder::rows_added},
        {&set_rows_op, &Bounder::rows_set},
    };
    const auto found = std::find_if(std::begin(rules), std::end(rules), [&op](const Rule& r) { return r.op == &op; });
    return found == std::end(rules) ? nullptr : found;
  }

  Bounded transposed(const Node& node, const std::vector<Bounded>& inputs) {
    Exprs extents;
    for (std::int64_t axis : node.get<Axes>("permutation"))
      extents.push_back(inputs[0].extents[static_cast<std::size_t>(axis)]);
    return {again(node, inputs)[0], extents};
  }

  Bounded expanded(const Node& node, const std::vector<Bounded>& inputs) {
    Exprs extents = inputs[0].extents;
    for (std::int64_t axis : node.get<Axes>("axes")) extents.insert(extents.begin() + axis, Expr());
    return {again(node, inputs)[0], extents};
  }

  Bounded squeezed(const Node& node, const std::vector<Bounded>& inputs) {
    const Axes& axes = node.get<Axes>("axes");
    Bounded x = inputs[0];
    for (std::int64_t a : axes) {
      const auto axis = static_cast<std::size_t>(a);
      if (!x.extents[axis]) continue;
      std::vector<Bounded> one{x, Bounded(constant(Array::vector({0.0})))};
      align(one, {{0, axis}, {1, 0}}, false);
      x = one[0];
    }
    Exprs extents;
    for (std::size_t axis = 0; axis < x.rank(); ++axis)
      if (!std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)))
        extents.push_back(x.extents[axis]);
    return {again(node, {x})[0], extents};
  }

  /// `x` stretched to the shape of `like`, which may have more axes.
  Bounded stretched(Bounded x, Bounded like) const {
    const std::size_t shift = like.rank() - x.rank();
    std::vector<Bounded> two{std::move(x), std::move(like)};
    for (std::size_t axis = 0; axis < two[0].rank(); ++axis)
      if (two[0].extents[axis] || two[1].extents[shift + axis]) align(two, {{0, axis}, {1, shift + axis}}, true);
    Shape shape = two[1].value.shape();
    Exprs extents = two[1].extents;
    for (std::size_t axis = 0; axis < two[0].rank(); ++axis)
      if (two[0].extents[axis]) {
        shape[shift + axis] = two[0].room(axis);
        extents[shift + axis] = two[0].extents[axis];
      }
    return {broadcast_to(two[0].value, shape), extents};
  }

  Bounded broadcast(const Node& node, const std::vector<Bounded>& inputs) {
    const Shape& wanted = node.get<Shape>("shape");
    Bounded x = inputs[0];
    const std::size_t shift = wanted.size() - x.rank();
    Exprs extents(wanted.size());
    for (std::size_t axis = 0; axis < x.rank(); ++axis) {
      if (!x.extents[axis]) continue;
      if (wanted[shift + axis] == unknown) {
        extents[shift + axis] = x.extents[axis];
        continue;
      }
      std::vector<Bounded> two{x, Bounded(full({wanted[shift + axis]}, 0.0))};
      align(two, {{0, axis}, {1, 0}}, false);
      x = two[0];
    }
    return {again(node, {x})[0], extents};
  }

  Bounded broadcast_as(const Node&, const std::vector<Bounded>& inputs) { return stretched(inputs[0], inputs[1]); }

  /// Summed over what `like` does not have; an axis of run-time length on both sides is the same on both.
  Bounded summed_as(const Node&, const std::vector<Bounded>& inputs) {
    std::vector<Bounded> two = inputs;
    const std::size_t shift = two[0].rank() - two[1].rank();
    Axes dropped, kept_as_one;
    for (std::size_t axis = 0; axis < two[0].rank(); ++axis) {
      const bool leading = axis < shift;
      const bool one = !leading && !two[1].extents[axis - shift] && two[1].room(axis - shift) == 1;
      const bool is_one = !two[0].extents[axis] && two[0].room(axis) == 1;
      if (leading || (one && !is_one)) {
        two[0].value = masked(two[0], axis, cast(constant(0.0), two[0].value.dtype()));
        two[0].extents[axis] = Expr();
        (leading ? dropped : kept_as_one).push_back(static_cast<std::int64_t>(axis));
      } else {
        align(two, {{0, axis}, {1, axis - shift}}, false);
      }
    }
    Bounded result = two[0];
    if (!kept_as_one.empty()) result.value = sum(result.value, kept_as_one, true);
    if (!dropped.empty()) {
      result.value = sum(result.value, dropped);
      result.extents.erase(result.extents.begin(), result.extents.begin() + static_cast<std::ptrdiff_t>(shift));
    }
    return result;
  }

  /// Rows of run-time number keep their order in memory: [n, r...] to [m, s...] with n r = m s.
  Bounded with_rows(const Node& node, const Bounded& x, const Shape& rest, Expr rows) const {
    for (std::size_t axis = 1; axis < x.rank(); ++axis)
      if (x.extents[axis]) refuse(node, "only the first axis of what is reshaped may have a run-time length");
    const Shape old_rest(x.value.shape().begin() + 1, x.value.shape().end());
    const std::int64_t from = element_count(old_rest), to = element_count(rest);
    if (from == 0 || to == 0 || (from % to != 0 && to % from != 0))
      refuse(node, "rows of run-time number are neither cut into nor joined to whole rows");
    Bounded source = x;
    if (to > from) source = resized(x, 0, (x.room(0) + to / from - 1) / (to / from) * (to / from));
    if (!rows) rows = to > from ? floor_div(x.extents[0], to / from) : x.extents[0] * (from / to);
    Shape shape = rest;
    shape.insert(shape.begin(), source.room(0) * from / to);
    Exprs extents(shape.size());
    extents[0] = rows;
    return {reshape(source.value, shape), extents};
  }

  Bounded reshaped(const Node& node, const std::vector<Bounded>& inputs) {
    const Shape& wanted = node.get<Shape>("shape");
    const Bounded& x = inputs[0];
    // Leading axes of length 1 come and go.
    std::size_t ones = 0;
    while (ones < wanted.size() && wanted[ones] == 1) ++ones;
    std::size_t old_ones = 0;
    while (old_ones < x.rank() && !x.extents[old_ones] && x.room(old_ones) == 1) ++old_ones;
    if (old_ones == x.rank() || !x.extents[old_ones])
      refuse(node, "only the first axis of what is reshaped may have a run-time length");
    Axes squeezed_axes;
    for (std::size_t axis = 0; axis < old_ones; ++axis) squeezed_axes.push_back(static_cast<std::int64_t>(axis));
    Bounded bare = x;
    if (old_ones > 0) {
      bare.value = make(squeeze_op, {x.value}, {{"axes", squeezed_axes}});
      bare.extents.erase(bare.extents.begin(), bare.extents.begin() + static_cast<std::ptrdiff_t>(old_ones));
    }
    if (std::count(wanted.begin(), wanted.end(), unknown) == 0) {
      const Shape bare_rest(bare.value.shape().begin() + 1, bare.value.shape().end());
      const std::int64_t row = element_count(bare_rest), count = element_count(wanted);
      if (row == 0 || count % row != 0) refuse(node, "the lengths cannot be told");
      std::vector<Bounded> two{bare, Bounded(full({count / row}, 0.0))};
      align(two, {{0, 0}, {1, 0}}, false);
      return reshape(two[0].value, wanted);
    }
    if (ones == wanted.size() || wanted[ones] != unknown) refuse(node, "the length to be inferred must be the first");
    Bounded result =
        with_rows(node, bare, Shape(wanted.begin() + static_cast<std::ptrdiff_t>(ones) + 1, wanted.end()), {});
    for (std::size_t k = 0; k < ones; ++k) {
      result.value = expand_dims(result.value, 0);
      result.extents.insert(result.extents.begin(), Expr());
    }
    return result;
  }

  Bounded reshaped_as(const Node& node, const std::vector<Bounded>& inputs) {
    const Bounded &x = inputs[0], &like = inputs[1];
    if (x.value.shape() == like.value.shape()) return {x.value, like.extents};
    for (std::size_t axis = 1; axis < like.rank(); ++axis)
      if (like.extents[axis]) refuse(node, "only the first axis of what is reshaped may have a run-time length");
    if (x.rank() == 0 || like.rank() == 0 || !x.extents[0] || !like.extents[0])
      refuse(node, "only the first axis of what is reshaped may have a run-time length");
    Bounded rows = with_rows(node, x, Shape(like.value.shape().begin() + 1, like.value.shape().end()), like.extents[0]);
    return resized(rows, 0, like.room(0));
  }

  static Slice slice_of(const Node& node) {
    const Attributes& a = node.attributes();
    Slice range{std::nullopt, std::nullopt, a.get<std::int64_t>("step")};
    if (a.has("start")) range.start = a.get<std::int64_t>("start");
    if (a.has("stop")) range.stop = a.get<std::int64_t>("stop");
    return range;
  }

  /// A position of a slice where the axis has n elements, by Python's rules.
  static Expr place(std::int64_t position, const Expr& n, bool forwards) {
    const Expr p = position < 0 ? n + position : constant(position);
    return forwards ? clip(p, std::int64_t{0}, n) : clip(p, std::int64_t{-1}, n - std::int64_t{1});
  }
  struct RunTimeRange {
    Expr start, count;
  };
  static RunTimeRange resolve(const Slice& range, const Expr& n) {
    const bool forwards = range.step == 1;
    const Expr first =
        range.start ? place(*range.start, n, forwards) : (forwards ? constant(std::int64_t{0}) : n - std::int64_t{1});
    const Expr stop = range.stop ? place(*range.stop, n, forwards) : (forwards ? n : constant(std::int64_t{-1}));
    return {first, maximum(std::int64_t{0}, forwards ? stop - first : first - stop)};
  }

  Bounded sliced(const Node& node, const std::vector<Bounded>& inputs) {
    const auto axis = static_cast<std::size_t>(axis_of(node));
    const Bounded& x = inputs[0];
    if (!x.extents[axis]) return {again(node, inputs)[0], x.extents};
    const Slice range = slice_of(node);
    const RunTimeRange r = resolve(range, x.extents[axis]);
    const bool from_known = range.step == 1 && range.start.value_or(0) >= 0;
    if (!from_known) return picked(x, axis, r.start, range.step, r.count, x.room(axis));
    Bounded result = x;
    const std::int64_t begin = std::min(range.start.value_or(0), x.room(axis));
    const std::int64_t end = range.stop && *range.stop >= 0 ? std::min(*range.stop, x.room(axis)) : x.room(axis);
    result.value = slice(x.value, axis_of(node), {begin, std::max(begin, end)});
    result.extents[axis] = r.count;
    return result;
  }

  Bounded sliced_as(const Node& node, const std::vector<Bounded>& inputs) {
    const auto axis = static_cast<std::size_t>(axis_of(node));
    const Bounded &x = inputs[0], &like = inputs[1];
    const Slice range = slice_of(node);
    const RunTimeRange r = resolve(range, x.extent(axis));
    return picked(x, axis, r.start, range.step, like.extents[axis], like.room(axis));
  }

  /// Zeros with `part` at the first positions of a slice; the axis gets the room and the extent of `whole`.
  Bounded placed(const Bounded& part, std::size_t axis, const Slice& range, std::int64_t room, const Expr& n) const {
    const RunTimeRange r = resolve(range, n ? n : constant(room));
    const Expr from = range.step * (positions(room, axis, part.rank()) - r.start);
    const Expr inside = logical_and(from >= std::int64_t{0}, from < minimum(part.extent(axis), r.count));
    Bounded spread = picked(part, axis, range.step == 1 ? -r.start : r.start, range.step, n, room);
    spread.value = where(inside, spread.value, cast(constant(0.0), spread.value.dtype()));
    return spread;
  }

  Bounded padded(const Node& node, const std::vector<Bounded>& inputs) {
    const auto axis = static_cast<std::size_t>(axis_of(node));
    if (!inputs[0].extents[axis]) return {again(node, inputs)[0], inputs[0].extents};
    return placed(inputs[0], axis, slice_of(node), node.get<std::int64_t>("length"), {});
  }

  Bounded padded_as(const Node& node, const std::vector<Bounded>& inputs) {
    const auto axis = static_cast<std::size_t>(axis_of(node));
    return placed(inputs[0], axis, slice_of(node), inputs[1].room(axis), inputs[1].extents[axis]);
  }

  Bounded single(const Node& node, const std::vector<Bounded>& inputs) {
    const auto axis = static_cast<std::size_t>(axis_of(node));
    const Bounded& x = inputs[0];
    Exprs extents = x.extents;
    extents.erase(extents.begin() + axis_of(node));
    if (!x.extents[axis]) return {again(node, inputs)[0], extents};
    const auto position = node.get<std::int64_t>("position");
    const Expr wanted = position < 0 ? x.extents[axis] + position : constant(position);
    const Expr row = where(wanted < x.extents[axis], wanted, wanted + x.room(axis));
    Expr table = x.value;
    if (x.room(axis) == 0) table = resized(Bounded(x.value), axis, 1).value;
    // A computed position, so that it is checked when it is read.
    const Axes front = axis_to_front(axis_of(node), table.rank());
    return {make(gather_op, {transpose(table, front), row}, {}, place_), extents};
  }

  Bounded scattered_rows(const Bounded& values, const Bounded& index, std::int64_t length, const Expr& n) const {
    std::vector<Bounded> two{values, index};
    for (std::size_t axis = 0; axis < index.rank(); ++axis) align(two, {{0, axis}, {1, axis}}, false);
    Bounded& v = two[0];
    for (std::size_t axis = 0; axis < index.rank(); ++axis) {
      v.value = masked(v, axis, cast(constant(0.0), v.value.dtype()));
      v.extents[axis] = Expr();
    }
    Exprs extents(v.extents.begin() + static_cast<std::ptrdiff_t>(index.rank()), v.extents.end());
    extents.insert(extents.begin(), n);
    return {scatter_add(Operand(v.value, place_), harmless(two[1]), length), extents};
  }

  Bounded scattered(const Node& node, const std::vector<Bounded>& inputs) {
    return scattered_rows(inputs[0], inputs[1], node.get<std::int64_t>("length"), {});
  }
  Bounded scattered_as(const Node&, const std::vector<Bounded>& inputs) {
    return scattered_rows(inputs[0], inputs[1], inputs[2].room(0), inputs[2].extents[0]);
  }

  Bounded rows_added(const Node& node, const std::vector<Bounded>& inputs) {
    std::vector<Bounded> all = inputs;
    for (std::size_t axis = 0; axis < all[1].rank(); ++axis) align(all, {{1, axis}, {2, axis}}, false);
    for (std::size_t axis = 0; axis < all[1].rank(); ++axis)
      all[2].value = masked(all[2], axis, cast(constant(0.0), all[2].value.dtype()));
    all[1].value = harmless(all[1]);
    return {again(node, all)[0], inputs[0].extents};
  }

  Bounded rows_set(const Node& node, const std::vector<Bounded>& inputs) {
    if (!inputs[1].is_exact()) refuse(node, "the index has a length that is known at run time only");
    std::vector<Bounded> all = inputs;
    for (std::size_t axis = 0; axis < all[1].rank(); ++axis) align(all, {{1, axis}, {2, axis}}, false);
    return {again(node, all)[0], inputs[0].extents};
  }

  /// Starts of the parts along an axis, and the end of the last.
  static Exprs starts_of(const std::vector<Bounded>& parts, std::size_t axis) {
    Exprs starts{constant(std::int64_t{0})};
    for (const Bounded& part : parts) starts.push_back(starts.back() + part.extent(axis));
    return starts;
  }

  Bounded joined(const Node& node, const std::vector<Bounded>& inputs) {
    const auto axis = static_cast<std::size_t>(axis_of(node));
    std::vector<Bounded> parts = inputs;
    Exprs extents(parts[0].rank());
    for (std::size_t other = 0; other < extents.size(); ++other) {
      if (other == axis) continue;
      std::vector<AxisOf> meeting;
      for (std::size_t k = 0; k < parts.size(); ++k) meeting.push_back({k, other});
      extents[other] = align(parts, meeting, false);
    }
    const Expr together = again(node, parts)[0];
    const bool exact = std::none_of(parts.begin(), parts.end(),
                                    [axis](const Bounded& b) { return static_cast<bool>(b.extents[axis]); });
    if (exact) return {together, extents};
    // Element i comes from the last part that starts at or before it.
    const Exprs starts = starts_of(parts, axis);
    const std::int64_t room = together.shape()[axis];
    const Expr i = arange(room);
    Expr from = i;
    std::int64_t lies_at = 0;
    for (std::size_t k = 1; k < parts.size(); ++k) {
      lies_at += parts[k - 1].room(axis);
      from = where(i < starts[k], from, i + (lies_at - starts[k]));
    }
    const Expr row = clip(from, std::int64_t{0}, std::max<std::int64_t>(0, room - 1));
    extents[axis] = starts.back();
    return {gather(Operand(together, place_), row, axis_of(node)), extents};
  }

  Bounded part_of(const Node& node, const std::vector<Bounded>& inputs) {
    const auto axis = static_cast<std::size_t>(axis_of(node));
    const auto k = static_cast<std::size_t>(node.get<std::int64_t>("part"));
    const std::vector<Bounded> parts(inputs.begin() + 1, inputs.end());
    return picked(inputs[0], axis, starts_of(parts, axis)[k], 1, parts[k].extents[axis], parts[k].room(axis));
  }

  Bounded stacked(const Node& node, const std::vector<Bounded>& inputs) {
    std::vector<Bounded> parts = inputs;
    Exprs extents(parts[0].rank());
    for (std::size_t axis = 0; axis < extents.size(); ++axis) {
      std::vector<AxisOf> meeting;
      for (std::size_t k = 0; k < parts.size(); ++k) meeting.push_back({k, axis});
      extents[axis] = align(parts, meeting, false);
    }
    extents.insert(extents.begin() + axis_of(node), Expr());
    return {again(node, parts)[0], extents};
  }

  /// Ops that are others in disguise: their concrete form, taken through the same rules.
  Bounded expanded_form(const Node& node, const std::vector<Bounded>&) {
    const Exprs direct = node.op().concrete(node);
    if (direct.empty() || !direct[0] || &direct[0].node() == &node) refuse(node, "it has no concrete form");
    for (const Node* inner : topological_order(direct)) visit(*inner);
    return of(direct[0]);
  }

  // --- Bodies ---

  /// A body over arguments of known room, followed by the extents of their axes.
  struct BoundedBody {
    std::vector<Bounded> outputs;  ///< in terms of `parameters`
    Exprs parameters;
    Exprs extents;  ///< what the added parameters stand for
  };
  BoundedBody in_body(const Graph& body, const std::vector<Bounded>& arguments) {
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

  static Body closed(const Exprs& outputs, const Exprs& parameters) {
    return std::make_shared<const Graph>(Graph{parameters, outputs});
  }

  std::vector<Bounded> call(const Node& node, const std::vector<Bounded>& inputs, bool exact) {
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

  std::vector<Bounded> branch(const Node& node, const std::vector<Bounded>& inputs) {
    const std::vector<Bounded> arguments(inputs.begin() + 1, inputs.end());
    Exprs values{inputs[0].value};
    for (const Bounded& b : arguments) values.push_back(b.value);
    Attributes attributes;
    for (const char* side : {"then", "else"}) {
      const BoundedBody inner = in_body(*node.get<Body>(side), arguments);
      Exprs outputs;
      for (const Bounded& b : inner.outputs) {
        if (!b.is_exact()) refuse(node, "a side returns something of run-time length");
        outputs.push_back(b.value);
      }
      attributes = attributes.with(side, closed(outputs, inner.parameters));
      if (values.size() == inputs.size()) values.insert(values.end(), inner.extents.begin(), inner.extents.end());
    }
    return exact_outputs(outputs_of(*make_node(node.op(), values, attributes, node.place())));
  }

  std::vector<Bounded> scan(const Node& node, std::vector<Bounded> inputs) {
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
    for (std::size_t i = 0; i < inner.outputs.size(); ++i) {
      Bounded& output = inner.outputs[i];
      if (i < carries) {
        for (std::size_t axis = 0; axis < output.rank(); ++axis) {
          if (output.extents[axis]) output = resized(output, axis, arguments[i].room(axis));
        }
      } else if (!output.is_exact()) {
        refuse(node, fmt::format("rows of output {} have a run-time length", i - carries));
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
      if (i >= carries && i < carries + rows && run_time_rows)
        b.extents[0] = ending == Ending::none ? asked : made.back();
      result.push_back(std::move(b));
    }
    return result;
  }

  std::int64_t capacity_;
  Bounds values_;
  std::source_location place_;
};

bool mentions_unknown(const Graph& graph) {
  for (const Node* node : topological_order(graph.outputs)) {
    if (has_unknown(*node)) return true;
    for (const auto& [name, value] : node->attributes().entries())
      if (const Body* body = std::get_if<Body>(&value))
        if (mentions_unknown(**body)) return true;
  }
  return false;
}

}  // namespace

BoundedGraph with_capacity(const Graph& graph, std::int64_t capacity) {
  BoundedGraph result{graph, {}, 0};
  for (const Expr& e : graph.outputs) result.extents.emplace_back(e.shape().size(), -1);
  if (!mentions_unknown(graph)) return result;
  Bounds known;
  for (const Expr& e : graph.inputs) known.emplace(e, Bounded(e));
  const std::vector<Bounded> outputs = Bounder(capacity).run(graph.outputs, std::move(known));
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
