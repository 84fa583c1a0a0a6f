/// Drives the scheduling of functions, loops, branches and calls.
#include "leapgraph/symbolic/schedule/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <queue>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/print/text.hpp"
#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

namespace {

/// Shorter arrays are variables of the emitted function, which the C compiler can keep in registers.
constexpr std::int64_t max_local_elements = 32;

/// Elements that a node goes through; loops and calls come when nothing else is left.
std::int64_t work_of(const Node& node, const InPlacePlan& plan) {
  const Lowering& lowering = node.op().lowering;
  if (std::holds_alternative<View>(lowering) || std::holds_alternative<Source>(lowering)) return 0;
  const bool is_opaque = std::holds_alternative<Loop>(lowering) || std::holds_alternative<Branch>(lowering) ||
                         std::holds_alternative<Call>(lowering) || std::holds_alternative<Routine>(lowering);
  if (is_opaque || std::holds_alternative<Abstract>(lowering)) return std::numeric_limits<std::int64_t>::max();
  if (plan.in_place.contains(outputs_of(node)[0])) return element_count(node.input(2).shape());  // a row update
  if (std::holds_alternative<Gather>(lowering)) return element_count(node.types()[0].shape);
  std::int64_t work = 0;
  const auto count = [&work](const Type& type) {
    if (is_known(type.shape)) work = std::max(work, element_count(type.shape));
  };
  for (const Type& type : node.types()) count(type);
  for (const Expr& e : node.inputs()) count(e.type());
  return work;
}

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

InPlacePlan Region::plan_for(std::span<const Expr> outputs, std::span<const Expr> writable) const {
  return plan_in_place(
      outputs, [this](const Expr& e) { return refs_.contains(e); }, writable);
}

namespace {

/// Inputs before users, and of those that are ready the ones with the least work first: what is small comes before the
/// long loops that need it, so that these need not be cut in two.
std::vector<const Node*> planning_order(const InPlacePlan& plan) {
  const std::vector<const Node*>& order = plan.order;
  std::unordered_map<const Node*, std::size_t> numbers;
  for (std::size_t i = 0; i < order.size(); ++i) numbers.emplace(order[i], i);
  std::vector<std::vector<std::size_t>> users(order.size());
  std::vector<std::size_t> waits(order.size(), 0);
  using Entry = std::pair<std::int64_t, std::size_t>;  // work, number
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  const auto make_ready = [&](std::size_t i) { ready.emplace(work_of(*order[i], plan), i); };
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto wait_for = [&](const Node* node) {
      if (const auto found = numbers.find(node); found != numbers.end()) {
        users[found->second].push_back(i);
        ++waits[i];
      }
    };
    for (const Expr& e : order[i]->inputs()) wait_for(&e.node());
    if (const auto readers = plan.before.find(order[i]); readers != plan.before.end())
      for (const Node* reader : readers->second) wait_for(reader);
    if (waits[i] == 0) make_ready(i);
  }
  std::vector<const Node*> result;
  while (!ready.empty()) {
    const std::size_t i = ready.top().second;
    ready.pop();
    result.push_back(order[i]);
    for (std::size_t user : users[i])
      if (--waits[user] == 0) make_ready(user);
  }
  return result;
}

}  // namespace

Steps Region::schedule(std::span<const Wanted> wanted) {
  Exprs outputs;
  for (const Wanted& w : wanted) outputs.push_back(w.expr);
  return schedule(wanted, plan_for(outputs, {}));
}

Steps Region::schedule(std::span<const Wanted> wanted, InPlacePlan in_place) {
  in_place_ = std::move(in_place);
  for (const Node* node : planning_order(in_place_)) plan(*node);

  for (const Wanted& w : wanted) {
    const Ref ref = reference(w.expr);
    Value& value = memory_of(ref.value);
    if (value.buffer == w.placed.buffer && is_row_major(ref.layout) && ref.layout.offset == 0) continue;  // is there
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
    if (value.memory < 0 && value.needs_buffer && value.buffer < 0 && !value.literal)
      value.buffer = add_temporary(program_, value.type.dtype, element_count(value.type.shape));
  for (std::size_t v = 0; v < values_.size(); ++v) values_[v].buffer = memory_of(static_cast<int>(v)).buffer;
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
                      routine.sizes != nullptr ? routine.sizes(node) : std::vector<std::int64_t>{},
                      module_.number_of(node)}};
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
  for (std::size_t c = 0; c < carries; ++c) {
    const Value& carry = values_[static_cast<std::size_t>(group.opaque_outputs[c])];
    inner.give(body->inputs[c], Placed{carry.buffer, row_major_layout(carry.type.shape)});
  }
  // Parameters that are not carries are given below: they own no memory that could be written.
  InPlacePlan in_place = plan_in_place(
      body->outputs, [&body](const Expr& e) { return std::count(body->inputs.begin(), body->inputs.end(), e) > 0; },
      std::span(body->inputs).first(carries));
  std::vector<Wanted> wanted;
  for (std::size_t c = 0; c < carries; ++c) {
    const Value& carry = values_[static_cast<std::size_t>(group.opaque_outputs[c])];
    if (body->outputs[c] == body->inputs[c]) continue;
    if (in_place.memory_of(body->outputs[c]) == body->inputs[c]) {
      wanted.push_back({body->outputs[c], Placed{carry.buffer, row_major_layout(carry.type.shape)}});
      continue;
    }
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
  build_ending(group, loop, wanted);
  for (std::size_t y = carries; y < carries + stacked_outputs(node); ++y) {
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
  loop.body = inner.schedule(wanted, std::move(in_place));
  return {std::move(loop)};
}

/// How the loop may end early, and what has to be checked before it starts.
void Region::build_ending(const Group& group, LoopStep& loop, std::vector<Wanted>& wanted) {
  const Node& node = *group.opaque;
  const Ending ending = ending_of(node.attributes());
  loop.made_at = module_.number_of(node, true);
  if (ending != Ending::none) {
    const Body& body = node.get<Body>("body");
    loop.stop = add_temporary(program_, DType::boolean, 1);
    loop.done = values_[static_cast<std::size_t>(group.opaque_outputs.back())].buffer;
    loop.must_stop = ending == Ending::must_stop;
    wanted.push_back({body->outputs.back(), Placed{loop.stop, row_major_layout({})}});
  }
  if (loop.steps < 0 && ending == Ending::none) return;
  const std::size_t carries = count_of(node.attributes(), "carries");
  for (std::size_t j = 0; j < count_of(node.attributes(), "sequences"); ++j) {
    const std::int64_t rows = group.opaque_inputs[1 + carries + j].layout.shape[0];
    loop.limit = loop.limit < 0 ? rows : std::min(loop.limit, rows);
  }
  if (node.attributes().has("capacity") && stacked_outputs(node) > 0)
    loop.capacity = node.get<std::int64_t>("capacity");
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
    Exprs writable;  // arguments whose memory the branch takes over
    for (std::size_t i = 0; i < body->outputs.size(); ++i)
      if (in_place_.in_place.contains(outputs_of(node)[i]))
        writable.push_back(body->inputs[static_cast<std::size_t>(InPlacePlan::overwritten(node, i) - 1)]);
    InPlacePlan in_place = inner.plan_for(body->outputs, writable);
    std::vector<Wanted> wanted;
    std::vector<std::pair<int, int>> copies;  // of what this side could not write in place
    for (std::size_t i = 0; i < body->outputs.size(); ++i) {
      const Value& output = values_[static_cast<std::size_t>(group.opaque_outputs[i])];
      int target = output.buffer;
      if (in_place_.in_place.contains(outputs_of(node)[i])) {
        const Expr& taken = body->inputs[static_cast<std::size_t>(InPlacePlan::overwritten(node, i) - 1)];
        if (in_place.memory_of(body->outputs[i]) != taken) {
          target = add_temporary(program_, output.type.dtype, element_count(output.type.shape));
          copies.emplace_back(target, output.buffer);
        }
      }
      wanted.push_back({body->outputs[i], Placed{target, row_major_layout(output.type.shape)}});
    }
    Steps steps = inner.schedule(wanted, std::move(in_place));
    for (const auto& [from, to] : copies) {
      const Buffer& buffer = program_.buffers[static_cast<std::size_t>(from)];
      Nest copy{.extents = {buffer.size}, .statements = {}, .stores = {}, .accumulations = {}, .origin = "copy"};
      copy.statements.push_back({Load{Access{.buffer = from, .offset = 0, .strides = {1}}}, buffer.dtype});
      copy.stores.push_back({0, Access{.buffer = to, .offset = 0, .strides = {1}}});
      steps.push_back({std::move(copy)});
    }
    return steps;
  };
  branch.if_true = side(node.get<Body>("then"));
  branch.if_false = side(node.get<Body>("else"));
  return {std::move(branch)};
}

void ModuleBuilder::know_extents(const Extents& extents) {
  for (const auto& [value, lengths] : extents) add_extents(extents_, value, lengths);
}

int ModuleBuilder::number_of(const Node& node, bool names_itself) {
  const std::source_location& place = node.place();
  const std::string note = node.attributes().has("note") ? node.get<std::string>("note") : "";
  const std::string subject = names_itself ? std::string() : application_text(node);
  for (std::size_t i = 0; i < module_.places.size(); ++i) {
    const Origin& known = module_.places[i];
    if (known.place.line() == place.line() && std::string_view(known.place.file_name()) == place.file_name() &&
        known.note == note && known.subject == subject)
      return static_cast<int>(i);
  }
  module_.places.emplace_back(place, note, subject);
  return static_cast<int>(module_.places.size()) - 1;
}

int ModuleBuilder::function_of(const Body& body) {
  for (const auto& [known, number] : bodies_)
    if (*known == *body) return number;
  const int number = schedule_function(fmt::format("body_{}", body_names_++), *body);
  bodies_.emplace_back(body, number);
  return number;
}

int ModuleBuilder::schedule_function(const std::string& name, const Graph& graph, std::size_t extents) {
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
    const std::size_t results = graph.outputs.size() - extents;
    if (i < results) program.outputs.push_back(e.type());
    const int buffer = add_buffer(program, Buffer{.place = i < results ? Place::output : Place::extent,
                                                  .dtype = e.dtype(),
                                                  .size = element_count(e.shape()),
                                                  .index = static_cast<std::int64_t>(i < results ? i : i - results)});
    wanted.push_back({e, Placed{buffer, row_major_layout(e.shape())}});
  }
  program.steps = region.schedule(wanted);
  write_carries_in_place(program);
  invert_indices(program);
  spill_locals(program);
  plan_workspace(program);
  module_.functions.push_back(std::move(program));
  return static_cast<int>(module_.functions.size()) - 1;
}

ScheduledModule schedule(std::span<const NamedGraph> graphs) {
  ScheduledModule result;
  ModuleBuilder builder(result.module);
  for (const NamedGraph& graph : graphs) builder.know_extents(graph.wanted);
  for (const NamedGraph& graph : graphs) {
    result.entry.push_back(builder.schedule_function(graph.name, graph.graph, graph.extents));
    result.module.functions.back().exported = true;
  }
  return result;
}

}  // namespace leapgraph::symbolic
