/// Turns a group of members into a nest of loops over scalar statements.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

/// The nest under construction, and which statement holds which value.
class NestBuilder {
 public:
  NestBuilder(const Region& region, const Group& group) : region_(region), group_(group) {
    nest_.extents = group.space;
    if (group.limit >= 0) nest_.limit = value(group.limit).buffer;
  }

  Nest build() {
    std::set<std::string_view> origins;
    for (const Member& member : group_.members) {
      if (member.node != nullptr && origins.insert(member.node->op().name).second)
        nest_.origin += (nest_.origin.empty() ? "" : ", ") + std::string(member.node->op().name);
      add(member);
    }
    return std::move(nest_);
  }

 private:
  const Value& value(int number) const { return region_.values_[static_cast<std::size_t>(number)]; }

  void add(const Member& member) {
    switch (member.kind) {
      case Member::Kind::elementwise:
        return add_elementwise(member);
      case Member::Kind::reduction:
        return add_reduction(member);
      case Member::Kind::contraction:
        return add_contraction(member);
      case Member::Kind::gather:
        return add_gather(member);
      case Member::Kind::scatter_add:
      case Member::Kind::set_rows:
      case Member::Kind::add_rows:
        return add_scatter(member);
      case Member::Kind::copy: {
        const Value& target = value(member.output);
        nest_.stores.push_back({operand(member, 0), access(target.buffer, compose(target.layout, member.target),
                                                           trailing_axes(member.target.shape.size()))});
        return;
      }
    }
  }

  void add_elementwise(const Member& member) {
    const auto& code = std::get<Elementwise>(member.node->op().lowering);
    Compute compute{&code, {}, -1};
    for (std::size_t k = 0; k < member.inputs.size(); ++k) compute.arguments.push_back(operand(member, k));
    if (member.node->attributes().has("axis") && code.code.find("{i}") != std::string_view::npos)
      compute.index_axis = static_cast<int>(member.node->get<std::int64_t>("axis"));
    define(member, statement(std::move(compute), member.node->types()[0].dtype));
  }

  void add_reduction(const Member& member) {
    const Axes& axes = member.node->get<std::vector<std::int64_t>>("axes");
    std::vector<std::int64_t> kept;
    for (std::int64_t axis = 0; axis < static_cast<std::int64_t>(nest_.extents.size()); ++axis)
      if (std::find(axes.begin(), axes.end(), axis) == axes.end()) kept.push_back(axis);
    const Value& output = value(member.output);
    nest_.accumulations.push_back({.combine = std::get<Reduction>(member.node->op().lowering).combine,
                                   .value = operand(member, 0),
                                   .to = access(output.buffer, output.layout, kept)});
  }

  void add_contraction(const Member& member) {
    const ContractionLabels labels = std::get<Contraction>(member.node->op().lowering).labels(*member.node);
    const auto loops_of = [&member](const std::vector<std::int64_t>& list) {
      std::vector<std::int64_t> loops;
      for (std::int64_t label : list)
        loops.push_back(std::find(member.labels.begin(), member.labels.end(), label) - member.labels.begin());
      return loops;
    };
    const int first = operand(member, 0, loops_of(labels.first));
    const int second = operand(member, 1, loops_of(labels.second));
    const Value& output = value(member.output);
    nest_.accumulations.push_back({.combine = Combine::sum,
                                   .value = first,
                                   .factor = second,
                                   .to = access(output.buffer, output.layout, loops_of(labels.output))});
  }

  /// Statement of the row number; its axes are the leading ones of the nest.
  int row_number(const Member& member, std::size_t input) {
    std::vector<std::int64_t> leading(member.inputs[input].layout.shape.size());
    for (std::size_t axis = 0; axis < leading.size(); ++axis) leading[axis] = static_cast<std::int64_t>(axis);
    return operand(member, input, leading);
  }

  void add_gather(const Member& member) {
    const Ref& table = member.inputs[0];
    const std::size_t index_rank = member.inputs[1].layout.shape.size();
    Access from = access(value(table.value).buffer, table.layout, {});
    from.strides.assign(nest_.extents.size(), 0);
    for (std::size_t axis = 1; axis < table.layout.shape.size(); ++axis)
      from.strides[index_rank + axis - 1] = table.layout.strides[axis];
    from.row = row_number(member, 1);
    from.row_stride = table.layout.strides[0];
    from.rows = table.layout.shape[0];
    from.row_is_checked = rows_fit(*member.node, from.rows) || data_fit(member.inputs[1], from.rows);
    if (member.node->attributes().has("check"))
      from.check = static_cast<Check>(member.node->get<std::int64_t>("check"));
    from.made_at = region_.module_.number_of(*member.node, from.check != Check::row);
    define(member, statement(Load{std::move(from)}, member.node->types()[0].dtype));
  }

  void add_scatter(const Member& member) {
    const Value& output = value(member.output);
    const std::size_t index_rank = member.inputs[1].layout.shape.size();
    const int row = row_number(member, 1);
    Access to = access(output.buffer, output.layout, {});
    to.strides.assign(nest_.extents.size(), 0);
    for (std::size_t axis = 1; axis < output.layout.shape.size(); ++axis)
      to.strides[index_rank + axis - 1] = output.layout.strides[axis];
    to.row = row;
    to.row_stride = output.layout.strides[0];
    to.rows = output.layout.shape[0];
    to.row_is_checked = rows_fit(*member.node, to.rows) || data_fit(member.inputs[1], to.rows);
    to.made_at = region_.module_.number_of(*member.node);
    const int written = operand(member, 0);
    if (member.kind == Member::Kind::set_rows)
      nest_.stores.push_back({written, std::move(to)});
    else
      nest_.accumulations.push_back(
          {.combine = Combine::sum, .value = written, .to = std::move(to), .scattered = true});
  }

  /// Row numbers of the body of a loop that are data outside it. Others than those that fit are checked at run time.
  bool data_fit(const Ref& index, std::int64_t rows) const {
    const Buffer& from = region_.program_.buffers[static_cast<std::size_t>(std::max(0, value(index.value).buffer))];
    if (value(index.value).buffer < 0 || from.place != Place::data) return false;
    const Array& data = region_.program_.data[static_cast<std::size_t>(from.index)];
    for (std::int64_t i = 0; i < data.size(); ++i)
      if (data.integer(i) < 0 || data.integer(i) >= rows) return false;
    return true;
  }

  /// Row numbers that are data are checked once, here.
  static bool rows_fit(const Node& node, std::int64_t rows) {
    const Expr& index = node.input(1);
    const auto data = constant_value(index);
    if (!data) return false;
    for (std::int64_t i = 0; i < data->size(); ++i)
      if (data->integer(i) < 0 || data->integer(i) >= rows)
        throw IndexError(fmt::format("{}: position {} of the index is {}, but there are {} rows (made at {}:{})",
                                     node.op().name, i, data->integer(i), rows, index.node().place().file_name(),
                                     index.node().place().line()));
    return true;
  }

  /// The statement that holds input `k`; `loops[axis]` is the loop along which its axis runs (default: the last ones).
  int operand(const Member& member, std::size_t k) {
    return operand(member, k, trailing_axes(member.inputs[k].layout.shape.size()));
  }
  int operand(const Member& member, std::size_t k, const std::vector<std::int64_t>& loops) {
    const Ref& ref = member.inputs[k];
    const Value& source = value(ref.value);
    if (source.literal) {
      const Literal literal{source.literal->real(), source.literal->integer()};
      return statement(literal, source.type.dtype);
    }
    if (member.aligned[k] && !ref.is_view && source.in_register &&
        &region_.groups_[static_cast<std::size_t>(std::max(source.group, 0))] == &group_)
      return registers_.at(ref.value);
    return load(access(source.buffer, ref.is_view ? ref.layout : source.layout, loops), source.type.dtype);
  }

  std::vector<std::int64_t> trailing_axes(std::size_t rank) const {
    std::vector<std::int64_t> loops(rank);
    for (std::size_t axis = 0; axis < rank; ++axis)
      loops[axis] = static_cast<std::int64_t>(nest_.extents.size() - rank + axis);
    return loops;
  }

  /// Views carry layouts that already refer to the buffer; a window lies in the row-major tensor that `base` is.
  static Layout compose(const Layout& base, const Layout& window) {
    if (!is_row_major(base)) throw InternalError("a window into strided memory");
    Layout result = window;
    result.offset += base.offset;
    return result;
  }

  Access access(int buffer, const Layout& layout, const std::vector<std::int64_t>& loops) const {
    Access result;
    result.buffer = buffer;
    result.offset = layout.offset;
    result.strides.assign(nest_.extents.size(), 0);
    for (std::size_t axis = 0; axis < loops.size(); ++axis)
      if (layout.shape[axis] != 1) result.strides[static_cast<std::size_t>(loops[axis])] += layout.strides[axis];
    return result;
  }

  int load(Access from, DType dtype) {
    for (std::size_t i = 0; i < nest_.statements.size(); ++i)
      if (const auto* other = std::get_if<Load>(&nest_.statements[i].what))
        if (other->from.row < 0 && std::tie(other->from.buffer, other->from.offset, other->from.strides) ==
                                       std::tie(from.buffer, from.offset, from.strides))
          return static_cast<int>(i);
    return statement(Load{std::move(from)}, dtype);
  }

  int statement(std::variant<Load, Literal, Compute> what, DType dtype) {
    nest_.statements.push_back({std::move(what), dtype});
    return static_cast<int>(nest_.statements.size()) - 1;
  }

  void define(const Member& member, int number) {
    registers_[member.output] = number;
    const Value& output = value(member.output);
    if (output.needs_buffer)
      nest_.stores.push_back({number, access(output.buffer, output.layout, trailing_axes(output.layout.shape.size()))});
  }

  const Region& region_;
  const Group& group_;
  Nest nest_;
  std::unordered_map<int, int> registers_;
};

Nest Region::build_nest(const Group& group) { return NestBuilder(*this, group).build(); }

}  // namespace leapgraph::symbolic
