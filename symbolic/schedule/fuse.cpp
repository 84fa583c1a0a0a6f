/// Which nodes share a loop nest: each joins the earliest group of its iteration space that comes after everything it
/// needs.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

namespace {

/// Longer nests are split: C compilers take time that is not linear in the length of a loop body.
constexpr std::size_t max_members = 200;

}  // namespace

Layout row_major_layout(const Shape& shape) { return {shape, 0, row_major(shape)}; }

bool is_row_major(const Layout& layout) {
  std::int64_t stride = 1;
  for (std::size_t axis = layout.shape.size(); axis-- > 0;) {
    if (layout.shape[axis] != 1 && layout.strides[axis] != stride) return false;
    stride *= layout.shape[axis];
  }
  return true;
}

int Region::add_value(Type type, int group, bool in_register) {
  Value value{.type = std::move(type), .group = group, .in_register = in_register};
  value.layout = row_major_layout(value.type.shape);
  values_.push_back(std::move(value));
  return static_cast<int>(values_.size()) - 1;
}

Value& Region::memory_of(int number) {
  while (values_[static_cast<std::size_t>(number)].memory >= 0)
    number = values_[static_cast<std::size_t>(number)].memory;
  return values_[static_cast<std::size_t>(number)];
}

/// A new value in the memory that `ref` shows.
int Region::take_over(const Ref& ref, const Type& type) {
  const int value = add_value(type, values_[static_cast<std::size_t>(ref.value)].group, false);
  values_.back().memory = ref.value;
  values_.back().needs_buffer = true;
  memory_of(value).needs_buffer = true;
  return value;
}

void Region::give(const Expr& e, const Placed& placed) {
  const int value = add_value(e.type(), -1, false);
  values_.back().buffer = placed.buffer;
  values_.back().layout = placed.layout;
  refs_[e] = Ref{value, placed.layout, false};
}

void Region::give_literal(const Expr& e, const Array& array) {
  const int value = add_value(array.type(), -1, false);
  values_.back().literal = array;
  refs_[e] = Ref{value, row_major_layout(e.shape()), false};
}

/// The value that tells how many positions of the first axis of a member's loops are wanted; -1: all are.
int Region::limit_of(const Node& node, const Member& member) const {
  Expr along = outputs_of(node)[0];
  std::size_t axis = 0;
  if (member.kind == Member::Kind::reduction || member.kind == Member::Kind::scatter_add) along = node.input(0);
  if (member.kind == Member::Kind::contraction) {
    if (member.labels.empty()) return -1;
    const ContractionLabels labels = std::get<Contraction>(node.op().lowering).labels(node);
    const auto in_first = std::find(labels.first.begin(), labels.first.end(), member.labels[0]);
    const auto in_second = std::find(labels.second.begin(), labels.second.end(), member.labels[0]);
    const bool first = in_first != labels.first.end();
    along = node.input(first ? 0 : 1);
    axis = static_cast<std::size_t>(first ? in_first - labels.first.begin() : in_second - labels.second.begin());
  }
  const auto found = module_.extents().find(along);
  if (found == module_.extents().end() || axis >= found->second.size() || !found->second[axis]) return -1;
  const auto extent = refs_.find(found->second[axis]);
  if (extent == refs_.end() || extent->second.is_view) return -1;
  return values_[static_cast<std::size_t>(extent->second.value)].literal ? -1 : extent->second.value;
}

int Region::earliest_group(const Member& member, const Shape& space, int limit) const {
  int earliest = limit < 0 ? 0 : values_[static_cast<std::size_t>(limit)].group + 1;
  for (std::size_t k = 0; k < member.inputs.size(); ++k) {
    const Ref& ref = member.inputs[k];
    const Value& value = values_[static_cast<std::size_t>(ref.value)];
    if (value.group < 0) continue;
    const bool same_loop = member.aligned[k] && value.in_register && !ref.is_view &&
                           groups_[static_cast<std::size_t>(value.group)].space == space &&
                           groups_[static_cast<std::size_t>(value.group)].limit == limit;
    earliest = std::max(earliest, same_loop ? value.group : value.group + 1);
  }
  return earliest;
}

int Region::find_or_add_group(int earliest, const Shape& space, int limit) {
  for (std::size_t g = static_cast<std::size_t>(earliest); g < groups_.size(); ++g)
    if (groups_[g].opaque == nullptr && groups_[g].space == space && groups_[g].limit == limit &&
        groups_[g].members.size() < max_members)
      return static_cast<int>(g);
  groups_.push_back(Group{.space = space, .limit = limit});
  return static_cast<int>(groups_.size()) - 1;
}

void Region::join(int group, Member member) {
  for (std::size_t k = 0; k < member.inputs.size(); ++k) {
    Value& value = values_[static_cast<std::size_t>(member.inputs[k].value)];
    if (value.group != group || !value.in_register || member.inputs[k].is_view || !member.aligned[k])
      value.needs_buffer = true;
    Value& memory = memory_of(member.inputs[k].value);
    memory.last_read = std::max(memory.last_read, group);
  }
  groups_[static_cast<std::size_t>(group)].members.push_back(std::move(member));
}

void Region::plan_member(const Node& node, Member member, const Shape& space, bool in_register) {
  member.node = &node;
  for (const Expr& e : node.inputs()) member.inputs.push_back(reference(e));
  member.aligned.resize(member.inputs.size(), true);
  const int limit = limit_of(node, member);
  const int group = find_or_add_group(earliest_group(member, space, limit), space, limit);
  if (limit >= 0) {
    values_[static_cast<std::size_t>(limit)].needs_buffer = true;
    Value& memory = memory_of(limit);
    memory.last_read = std::max(memory.last_read, group);
  }
  member.output = add_value(node.types()[0], group, in_register);
  if (!in_register) values_.back().needs_buffer = true;
  if (member.kind == Member::Kind::scatter_add) filled_.push_back(member.output);
  refs_[outputs_of(node)[0]] = Ref{member.output, row_major_layout(node.types()[0].shape), false};
  join(group, std::move(member));
}

void Region::plan_contraction(const Node& node, const Contraction& contraction) {
  const ContractionLabels labels = contraction.labels(node);
  const auto has = [](const std::vector<std::int64_t>& list, std::int64_t label) {
    return std::find(list.begin(), list.end(), label) != list.end();
  };
  // Loops run along an operand that has every label. In a matrix product: rows, then what is summed, then columns, so
  // that the innermost loop runs along memory.
  std::vector<std::int64_t> order = labels.first;
  const auto add_missing = [&](const std::vector<std::int64_t>& more) {
    for (std::int64_t label : more)
      if (!has(order, label)) order.push_back(label);
  };
  const bool second_has_all = std::all_of(labels.first.begin(), labels.first.end(),
                                          [&](std::int64_t label) { return has(labels.second, label); });
  if (second_has_all) order = labels.second;
  add_missing(labels.second);
  Shape space;
  for (std::int64_t label : order) {
    const bool in_first = has(labels.first, label);
    const std::vector<std::int64_t>& list = in_first ? labels.first : labels.second;
    space.push_back(node.input(in_first ? 0 : 1)
                        .shape()[static_cast<std::size_t>(std::find(list.begin(), list.end(), label) - list.begin())]);
  }
  Member member{.kind = Member::Kind::contraction, .node = nullptr};
  member.aligned = {labels.first == order, labels.second == order};
  member.labels = order;
  plan_member(node, std::move(member), space, false);
}

void Region::copy_to(const Ref& source, int value, const Layout& target) {
  Member member{.kind = Member::Kind::copy, .node = nullptr, .inputs = {source}, .aligned = {true}};
  const Shape& space = source.layout.shape;
  const int group = find_or_add_group(earliest_group(member, space), space);
  Value& written = values_[static_cast<std::size_t>(value)];
  written.group = std::max(written.group, group);
  written.needs_buffer = true;
  member.output = value;
  member.target = target;
  join(group, std::move(member));
}

/// The same tensor in row-major memory without an offset of its own.
Ref Region::contiguous(const Ref& ref) {
  const Value& value = values_[static_cast<std::size_t>(ref.value)];
  if (!value.literal && is_row_major(ref.layout)) return ref;
  const int copy = add_value(Type{value.type.dtype, ref.layout.shape}, -1, false);
  copy_to(ref, copy, row_major_layout(ref.layout.shape));
  return Ref{copy, row_major_layout(ref.layout.shape), false};
}

/// The same tensor, a literal being copied to memory.
Ref Region::in_memory(const Ref& ref) {
  return values_[static_cast<std::size_t>(ref.value)].literal ? contiguous(ref) : ref;
}

void Region::plan_view(const Node& node, const View& view) {
  Ref base = reference(node.input(0));
  Ref result{base.value, {}, true};
  if (!view.layout(node, base.layout, result.layout)) {
    base = contiguous(base);
    result.value = base.value;
    if (!view.layout(node, base.layout, result.layout))
      throw InternalError(fmt::format("'{}' is not a view of row-major memory", node.op().name));
  }
  refs_[outputs_of(node)[0]] = std::move(result);
}

void Region::plan_windows(const Node& node, const Scatter& scatter) {
  const int whole = add_value(node.types()[0], -1, false);
  values_.back().needs_buffer = true;
  std::int64_t covered = 0;
  for (std::size_t k = 0; k < node.inputs().size(); ++k) {
    const Layout window = scatter.window(node, k);
    const std::int64_t size = element_count(window.shape);
    covered += size;
    if (size == 0) continue;
    Ref source = reference(node.input(k));
    if (source.layout.shape != window.shape)
      throw InternalError(fmt::format("a window of '{}' has another shape than its part", node.op().name));
    copy_to(source, whole, window);
  }
  if (covered != element_count(node.types()[0].shape)) filled_.push_back(whole);
  refs_[outputs_of(node)[0]] = Ref{whole, row_major_layout(node.types()[0].shape), false};
}

/// The rows are written over the old ones where the plan says so, after their last reader; else of a copy.
void Region::plan_update(const Node& node, Member::Kind kind) {
  const Shape& space = node.input(2).shape();
  Member member{.kind = kind, .node = &node, .inputs = {reference(node.input(2)), reference(node.input(1))}};
  member.aligned = {true, node.input(1).shape() == space};
  const Ref whole = reference(node.input(0));
  const Expr result = outputs_of(node)[0];
  int earliest = earliest_group(member, space);
  if (in_place_.in_place.contains(result)) {
    member.output = take_over(whole, node.types()[0]);
    const int last_read = memory_of(member.output).last_read;
    // A nest of one element reads everything before it writes.
    const bool joins = last_read >= 0 && groups_[static_cast<std::size_t>(last_read)].opaque == nullptr &&
                       groups_[static_cast<std::size_t>(last_read)].space == space && element_count(space) == 1;
    earliest = std::max(earliest, joins ? last_read : last_read + 1);
  } else {
    member.output = add_value(node.types()[0], -1, false);
    copy_to(whole, member.output, row_major_layout(node.types()[0].shape));
  }
  earliest = std::max(earliest, values_[static_cast<std::size_t>(member.output)].group + 1);
  const int group = find_or_add_group(earliest, space);
  values_[static_cast<std::size_t>(member.output)].group = group;
  refs_[result] = Ref{member.output, row_major_layout(node.types()[0].shape), false};
  join(group, std::move(member));
}

void Region::plan_opaque(const Node& node) {
  Group group;
  group.opaque = &node;
  const bool is_loop = lowering_as<Loop>(node.op()) != nullptr;
  const std::size_t carries = is_loop ? static_cast<std::size_t>(node.get<std::int64_t>("carries")) : 0;
  const std::size_t sequences = is_loop ? static_cast<std::size_t>(node.get<std::int64_t>("sequences")) : 0;
  for (std::size_t k = 0; k < node.inputs().size(); ++k) {
    Ref ref = reference(node.input(k));
    if (is_loop && k >= 1 && k < 1 + carries) {
      const bool in_place = in_place_.in_place.contains(outputs_of(node)[k - 1]);
      const int initial = in_place ? take_over(ref, node.input(k).type()) : add_value(node.input(k).type(), -1, false);
      if (!in_place) copy_to(ref, initial, row_major_layout(node.input(k).shape()));
      group.initial_carries.push_back(initial);
      ref = Ref{initial, row_major_layout(node.input(k).shape()), false};
    } else if (!is_loop) {
      ref = contiguous(ref);
    } else if (k >= 1 + carries && k < 1 + carries + sequences) {
      ref = in_memory(ref);
    }
    Value& value = values_[static_cast<std::size_t>(ref.value)];
    value.needs_buffer = value.needs_buffer || !value.literal;
    group.opaque_inputs.push_back(std::move(ref));
  }
  const int number = static_cast<int>(groups_.size());
  for (const Ref& ref : group.opaque_inputs) memory_of(ref.value).last_read = number;
  for (std::size_t i = 0; i < node.types().size(); ++i) {
    const int over = in_place_.in_place.contains(outputs_of(node)[i]) ? InPlacePlan::overwritten(node, i) : -1;
    const int value = i < carries ? group.initial_carries[i]
                      : over >= 0 ? take_over(group.opaque_inputs[static_cast<std::size_t>(over)], node.types()[i])
                                  : add_value(node.types()[i], number, false);
    values_[static_cast<std::size_t>(value)].group = number;  // the memory holds the result afterwards
    values_[static_cast<std::size_t>(value)].needs_buffer = true;
    if (i < carries) values_[static_cast<std::size_t>(value)].is_carry = memory_of(value).is_carry = true;
    group.opaque_outputs.push_back(value);
    refs_[outputs_of(node)[i]] = Ref{value, row_major_layout(node.types()[i].shape), false};
  }
  groups_.push_back(std::move(group));
}

void Region::plan(const Node& node) {
  for (const Type& type : node.types())
    if (!is_known(type.shape) && lowering_as<Abstract>(node.op()) == nullptr)
      throw ShapeError(
          fmt::format("{}: an output {} of run-time length cannot be compiled, only interpreted (made at {}:{})",
                      node.op().name, to_string(type), node.place().file_name(), node.place().line()));
  const auto member = [](Member::Kind kind, std::vector<bool> aligned = {}) {
    return Member{.kind = kind, .node = nullptr, .inputs = {}, .aligned = std::move(aligned)};
  };
  const Lowering& lowering = node.op().lowering;
  if (std::holds_alternative<Elementwise>(lowering)) {
    plan_member(node, member(Member::Kind::elementwise), node.types()[0].shape, true);
  } else if (std::holds_alternative<Reduction>(lowering)) {
    plan_member(node, member(Member::Kind::reduction), node.input(0).shape(), false);
  } else if (const auto* contraction = std::get_if<Contraction>(&lowering)) {
    plan_contraction(node, *contraction);
  } else if (const auto* view = std::get_if<View>(&lowering)) {
    plan_view(node, *view);
  } else if (std::holds_alternative<Gather>(lowering)) {
    refs_[node.input(0)] = in_memory(reference(node.input(0)));
    plan_member(node, member(Member::Kind::gather, {false, node.input(1).shape() == node.types()[0].shape}),
                node.types()[0].shape, true);
  } else if (const auto* scatter = std::get_if<Scatter>(&lowering)) {
    if (scatter->kind == ScatterKind::window)
      plan_windows(node, *scatter);
    else if (scatter->kind == ScatterKind::set_rows)
      plan_update(node, Member::Kind::set_rows);
    else if (scatter->kind == ScatterKind::add_rows)
      plan_update(node, Member::Kind::add_rows);
    else
      plan_member(node, member(Member::Kind::scatter_add, {true, node.input(1).shape() == node.input(0).shape()}),
                  node.input(0).shape(), false);
  } else if (std::holds_alternative<Source>(lowering)) {
    const Expr e = outputs_of(node)[0];
    const auto value = constant_value(e);
    if (!value) throw InternalError(fmt::format("'{}' was not given to the scheduler", name_of(e)));
    if (value->shape().empty())
      give_literal(e, *value);
    else
      give(e, Placed{add_data(program_, *value), row_major_layout(value->shape())});
  } else if (std::holds_alternative<Abstract>(lowering)) {
    throw ShapeError(fmt::format("{}: its shape is not known when compiling", node.op().name));
  } else {
    plan_opaque(node);
  }
}

}  // namespace leapgraph::symbolic
