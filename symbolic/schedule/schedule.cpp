/// Drives the scheduling of functions, loops, branches and calls.
#include "leapgraph/symbolic/schedule/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

namespace {

/// Shorter arrays are variables of the emitted function, which the C compiler can keep in registers.
constexpr std::int64_t max_local_elements = 32;

}  // namespace

int add_buffer(Program& program, Buffer buffer) {
  program.buffers.push_back(buffer);
  return static_cast<int>(program.buffers.size()) - 1;
}

int add_temporary(Program& program, DType dtype, std::int64_t size) {
  return add_buffer(
      program,
      Buffer{.place = size <= max_local_elements ? Place::local : Place::workspace, .dtype = dtype, .size = size});
}

int add_data(Program& program, const Array& array) {
  for (std::size_t b = 0; b < program.buffers.size(); ++b) {
    const Buffer& buffer = program.buffers[b];
    if (buffer.place == Place::data && program.data[static_cast<std::size_t>(buffer.index)].raw() == array.raw() &&
        buffer.size == array.size())
      return static_cast<int>(b);
  }
  program.data.push_back(array);
  return add_buffer(program, Buffer{.place = Place::data,
                                    .dtype = array.dtype(),
                                    .size = array.size(),
                                    .index = static_cast<std::int64_t>(program.data.size()) - 1});
}

Steps Region::schedule(std::span<const Wanted> wanted) {
  Exprs outputs;
  for (const Wanted& w : wanted) outputs.push_back(w.expr);
  for (const Node* node : topological_order(outputs))
    if (!refs_.contains(outputs_of(*node)[0])) plan(*node);

  for (const Wanted& w : wanted) {
    const Ref ref = reference(w.expr);
    Value& value = values_[static_cast<std::size_t>(ref.value)];
    // A short carry is a variable while its loop runs and is copied afterwards.
    const bool is_short_carry = value.is_carry && element_count(value.type.shape) <= max_local_elements;
    const bool can_live_there = !value.literal && !ref.is_view && !is_short_carry && value.buffer < 0 &&
                                is_row_major(w.placed.layout) && w.placed.layout.offset == 0;
    if (can_live_there) {
      value.buffer = w.placed.buffer;
      value.needs_buffer = true;
    } else {
      const int target = add_value(Type{w.expr.dtype(), w.expr.shape()}, -1, false);
      values_[static_cast<std::size_t>(target)].buffer = w.placed.buffer;
      copy_to(ref, target, w.placed.layout);
    }
  }
  assign_buffers();
  return build_steps();
}

void Region::assign_buffers() {
  for (Value& value : values_)
    if (value.needs_buffer && value.buffer < 0 && !value.literal)
      value.buffer = add_temporary(program_, value.type.dtype, element_count(value.type.shape));
}

Steps Region::build_steps() {
  Steps steps;
  for (int value : filled_) steps.push_back({Fill{values_[static_cast<std::size_t>(value)].buffer}});
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Group& group = groups_[g];
    if (group.opaque != nullptr)
      steps.push_back(build_opaque(group));
    else
      steps.push_back({build_nest(group)});
  }
  return steps;
}

/// A buffer that starts at the first element of `ref`, which is row-major.
int Region::whole_buffer(const Ref& ref) {
  const Value& value = values_[static_cast<std::size_t>(ref.value)];
  const Layout& layout = ref.is_view ? ref.layout : value.layout;
  if (layout.offset == 0) return value.buffer;
  return add_buffer(program_, Buffer{.place = Place::slice,
                                     .dtype = value.type.dtype,
                                     .size = element_count(layout.shape),
                                     .base = value.buffer,
                                     .offset = layout.offset});
}

Step Region::build_opaque(const Group& group) {
  const Node& node = *group.opaque;
  if (std::holds_alternative<Loop>(node.op().lowering)) return build_loop(group);
  if (std::holds_alternative<Branch>(node.op().lowering)) return build_branch(group);
  std::vector<int> inputs, outputs;
  for (const Ref& ref : group.opaque_inputs) inputs.push_back(whole_buffer(ref));
  for (int value : group.opaque_outputs) outputs.push_back(values_[static_cast<std::size_t>(value)].buffer);
  if (std::holds_alternative<Call>(node.op().lowering)) {
    const int function = module_.function_of(node.get<Body>("body"));
    const std::int64_t bytes = module_.workspace_bytes(function);
    const int workspace =
        bytes == 0 ? -1 : add_buffer(program_, Buffer{.place = Place::workspace, .dtype = DType::uint8, .size = bytes});
    // What the called body takes as data, it takes from the caller's.
    for (const Array& array : module_.data(function)) inputs.push_back(add_data(program_, array));
    return {CallStep{function, inputs, outputs, workspace}};
  }
  const auto& routine = std::get<Routine>(node.op().lowering);
  return {RoutineCall{&routine, inputs, outputs,
                      routine.sizes != nullptr ? routine.sizes(node) : std::vector<std::int64_t>{}}};
}

Step Region::build_loop(const Group& group) {
  const Node& node = *group.opaque;
  const Body& body = node.get<Body>("body");
  const auto carries = static_cast<std::size_t>(node.get<std::int64_t>("carries"));
  const auto sequences = static_cast<std::size_t>(node.get<std::int64_t>("sequences"));
  LoopStep loop{.number = module_.new_loop(), .steps = -1};
  const Value& steps = values_[static_cast<std::size_t>(group.opaque_inputs[0].value)];
  if (steps.literal)
    loop.known_steps = std::max<std::int64_t>(0, steps.literal->integer());
  else
    loop.steps = whole_buffer(group.opaque_inputs[0]);

  Region inner(module_, program_);
  std::vector<Wanted> wanted;
  for (std::size_t c = 0; c < carries; ++c) {
    const Value& carry = values_[static_cast<std::size_t>(group.opaque_outputs[c])];
    inner.give(body->inputs[c], Placed{carry.buffer, row_major_layout(carry.type.shape)});
    if (body->outputs[c] == body->inputs[c]) continue;
    const int next = add_temporary(program_, carry.type.dtype, element_count(carry.type.shape));
    loop.carries.push_back({carry.buffer, next});
    wanted.push_back({body->outputs[c], Placed{next, row_major_layout(carry.type.shape)}});
  }
  for (std::size_t k = carries; k < body->inputs.size(); ++k) {
    const Ref& ref = group.opaque_inputs[1 + k];
    const Value& value = values_[static_cast<std::size_t>(ref.value)];
    const Layout& layout = ref.is_view ? ref.layout : value.layout;
    if (value.literal) {
      if (k < carries + sequences) throw InternalError("a sequence is a literal");
      inner.give_literal(body->inputs[k], *value.literal);
    } else if (k < carries + sequences) {
      const int row = add_buffer(program_, Buffer{.place = Place::slice,
                                                  .dtype = value.type.dtype,
                                                  .size = program_.buffers[static_cast<std::size_t>(value.buffer)].size,
                                                  .base = value.buffer,
                                                  .offset = layout.offset,
                                                  .stride = layout.strides[0],
                                                  .loop = loop.number});
      inner.give(body->inputs[k], Placed{row, Layout{{layout.shape.begin() + 1, layout.shape.end()},
                                                     0,
                                                     {layout.strides.begin() + 1, layout.strides.end()}}});
    } else {
      inner.give(body->inputs[k], Placed{value.buffer, layout});
    }
  }
  for (std::size_t y = carries; y < body->outputs.size(); ++y) {
    const Value& stacked = values_[static_cast<std::size_t>(group.opaque_outputs[y])];
    const std::int64_t row_size = element_count(body->outputs[y].shape());
    const int row = add_buffer(program_, Buffer{.place = Place::slice,
                                                .dtype = stacked.type.dtype,
                                                .size = row_size,
                                                .base = stacked.buffer,
                                                .stride = row_size,
                                                .loop = loop.number});
    wanted.push_back({body->outputs[y], Placed{row, row_major_layout(body->outputs[y].shape())}});
  }
  loop.body = inner.schedule(wanted);
  return {std::move(loop)};
}

Step Region::build_branch(const Group& group) {
  const Node& node = *group.opaque;
  BranchStep branch{.condition = whole_buffer(group.opaque_inputs[0]), .if_true = {}, .if_false = {}};
  const auto side = [&](const Body& body) {
    Region inner(module_, program_);
    for (std::size_t k = 0; k < body->inputs.size(); ++k) {
      const Ref& ref = group.opaque_inputs[1 + k];
      const Value& value = values_[static_cast<std::size_t>(ref.value)];
      if (value.literal)
        inner.give_literal(body->inputs[k], *value.literal);
      else
        inner.give(body->inputs[k], Placed{value.buffer, ref.is_view ? ref.layout : value.layout});
    }
    std::vector<Wanted> wanted;
    for (std::size_t i = 0; i < body->outputs.size(); ++i) {
      const Value& output = values_[static_cast<std::size_t>(group.opaque_outputs[i])];
      wanted.push_back({body->outputs[i], Placed{output.buffer, row_major_layout(output.type.shape)}});
    }
    return inner.schedule(wanted);
  };
  branch.if_true = side(node.get<Body>("then"));
  branch.if_false = side(node.get<Body>("else"));
  return {std::move(branch)};
}

int ModuleBuilder::function_of(const Body& body) {
  for (const auto& [known, number] : bodies_)
    if (*known == *body) return number;
  const int number = schedule_function(fmt::format("body_{}", body_names_++), *body);
  bodies_.emplace_back(body, number);
  return number;
}

int ModuleBuilder::schedule_function(const std::string& name, const Graph& graph) {
  Program program;
  program.name = name;
  Region region(*this, program);
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const Expr& e = graph.inputs[i];
    program.inputs.push_back(e.type());
    const int buffer = add_buffer(program, Buffer{.place = Place::input,
                                                  .dtype = e.dtype(),
                                                  .size = element_count(e.shape()),
                                                  .index = static_cast<std::int64_t>(i)});
    region.give(e, Placed{buffer, row_major_layout(e.shape())});
  }
  std::vector<Region::Wanted> wanted;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const Expr& e = graph.outputs[i];
    program.outputs.push_back(e.type());
    const int buffer = add_buffer(program, Buffer{.place = Place::output,
                                                  .dtype = e.dtype(),
                                                  .size = element_count(e.shape()),
                                                  .index = static_cast<std::int64_t>(i)});
    wanted.push_back({e, Placed{buffer, row_major_layout(e.shape())}});
  }
  program.steps = region.schedule(wanted);
  write_carries_in_place(program);
  spill_locals(program);
  plan_workspace(program);
  module_.functions.push_back(std::move(program));
  return static_cast<int>(module_.functions.size()) - 1;
}

ScheduledModule schedule(std::span<const NamedGraph> graphs) {
  ScheduledModule result;
  ModuleBuilder builder(result.module);
  for (const NamedGraph& graph : graphs) {
    result.entry.push_back(builder.schedule_function(graph.name, graph.graph));
    result.module.functions.back().exported = true;
  }
  return result;
}

}  // namespace leapgraph::symbolic
