/// Opening and closing scans, and the tidying that needs no vectorizing: unread, equal, constant and invariant parts.
#include "leapgraph/symbolic/rewrite/loop_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

namespace {

Expr rows_of(const Type& element, std::int64_t count) {
  return input({element.dtype, with_axes(element.shape, {0}, count)}, "rows");
}

Type row_type(const Expr& rows) { return {rows.dtype(), Shape(rows.shape().begin() + 1, rows.shape().end())}; }

bool is_true(const Attributes& attributes, std::string_view name) {
  const Attribute* found = attributes.find(name);
  const bool* value = found == nullptr ? nullptr : std::get_if<bool>(found);
  return value != nullptr && *value;
}

}  // namespace

LoopParts::LoopParts(const Node& scan, const std::vector<bool>& read)
    : node(scan.shared_from_this()), steps(scan.input(0)), length(scan.get<std::int64_t>("length")) {
  const auto carry_count = static_cast<std::size_t>(scan.get<std::int64_t>("carries"));
  const auto sequence_count = static_cast<std::size_t>(scan.get<std::int64_t>("sequences"));
  const std::vector<Type> types = parameter_types(scan, scan.inputs());
  Exprs variables;
  for (const Type& type : types) variables.push_back(input(type, "step"));
  const Graph& body = *scan.get<Body>("body");
  Exprs results = symbolic::apply(body, variables);
  for (const Expr& e : scan.inputs()) outside_.emplace(e, e);
  const Exprs old = outputs_of(scan);
  values.resize(old.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Expr& argument = scan.input(i + 1);
    if (i < carry_count)
      carries.push_back({variables[i], argument, results[i], input(old[i].type(), "final")});
    else if (i < carry_count + sequence_count)
      sequences.push_back({variables[i], argument});
    else
      constants.push_back({variables[i], argument});
  }
  if (is_true(scan.attributes(), "until")) {
    stop = results.back();
    results.pop_back();
    count = input({DType::int64, {}}, "count");
  }
  for (std::size_t i = carry_count; i < results.size(); ++i)
    outputs.push_back({results[i], input(old[i].type(), "rows")});
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (!read[i]) continue;
    if (i < carry_count)
      values[i] = carries[i].final;
    else
      values[i] = i < results.size() ? outputs[i - carry_count].rows : count;
  }
}

Exprs LoopParts::results() const {
  Exprs all;
  for (const Carry& carry : carries) all.push_back(carry.next);
  for (const Output& output : outputs) all.push_back(output.element);
  if (stop) all.push_back(stop);
  return all;
}

Exprs LoopParts::close() const {
  if (carries.empty() && outputs.empty() && !stop) return values;
  Exprs variables, inputs{steps};
  const auto add = [&](const Expr& variable, const Expr& value) {
    variables.push_back(variable);
    inputs.push_back(value);
  };
  for (const Carry& carry : carries) add(carry.variable, carry.initial);
  for (const Sequence& sequence : sequences) add(sequence.variable, sequence.rows);
  for (const Constant& constant : constants) add(constant.variable, constant.value);
  const Attributes attributes = node->attributes()
                                    .with("body", close_over(results(), variables))
                                    .with("carries", static_cast<std::int64_t>(carries.size()))
                                    .with("sequences", static_cast<std::int64_t>(sequences.size()));
  const Exprs made = outputs_of(*make_node(scan_op, std::move(inputs), attributes, node->place()));
  Substitution done = outside_;
  for (std::size_t i = 0; i < carries.size(); ++i) done.emplace(carries[i].final, made[i]);
  for (std::size_t i = 0; i < outputs.size(); ++i) done.emplace(outputs[i].rows, made[carries.size() + i]);
  if (stop) done.emplace(count, made.back());
  return replaced_above(values, std::move(done));
}

bool LoopParts::is_variable(const Expr& e) const {
  const auto is = [&e](const auto& part) { return part.variable == e; };
  return std::any_of(carries.begin(), carries.end(), is) || std::any_of(sequences.begin(), sequences.end(), is) ||
         std::any_of(constants.begin(), constants.end(), is);
}

std::vector<const Node*> LoopParts::body_nodes() const {
  return order_above(results(), [](const Expr&) { return false; });
}

void LoopParts::replace_in_body(const Substitution& replacements) {
  if (replacements.empty()) return;
  const Exprs now = replaced_above(results(), replacements);
  std::size_t next = 0;
  for (Carry& carry : carries) carry.next = now[next++];
  for (Output& output : outputs) output.element = now[next++];
  if (stop) stop = now[next];
}

void LoopParts::replace_in_values(const Substitution& replacements) {
  Substitution done = outside_;
  for (const auto& [old, value] : replacements) done.insert_or_assign(old, value);
  values = replaced_above(values, std::move(done));
}

Exprs LoopParts::outside(const Exprs& exprs) const {
  Substitution done = outside_;
  for (const Constant& constant : constants) done.insert_or_assign(constant.variable, constant.value);
  return replaced_above(exprs, std::move(done));
}

Expr LoopParts::add_constant(const Expr& value) {
  constants.push_back({input(value.type(), "constant"), value});
  return constants.back().variable;
}

Expr LoopParts::add_sequence(const Expr& rows) {
  sequences.push_back({input(row_type(rows), "element"), rows});
  return sequences.back().variable;
}

Expr LoopParts::add_output(const Expr& element) {
  for (const Output& output : outputs)
    if (output.element == element) return output.rows;
  outputs.push_back({element, rows_of(element.type(), length)});
  return outputs.back().rows;
}

Expr LoopParts::one_a_step(const Expr& rows) const { return slice(rows, 0, {0, length}); }

std::string LoopParts::obstacle() const {
  if (stops()) return "it stops by itself";
  if (length == unknown) return "its number of steps is known only when it runs";
  for (const Sequence& sequence : sequences)
    if (!is_known(sequence.rows.shape())) return "shapes are known only when it is called";
  for (const Node* e : body_nodes())
    for (const Type& type : e->types())
      if (!is_known(type.shape)) return "shapes are known only when it is called";
  return "";
}

Dependence::Dependence(const LoopParts& loop, const Exprs& more) {
  Exprs all = loop.results();
  all.insert(all.end(), more.begin(), more.end());
  nodes_ = order_above(all, [](const Expr&) { return false; });
  for (const LoopParts::Carry& carry : loop.carries) bits_[&carry.variable.node()] = 1;
  for (const LoopParts::Sequence& sequence : loop.sequences) bits_[&sequence.variable.node()] = 2;
  for (const Node* node : nodes_)
    for (const Expr& e : node->inputs())
      if (const unsigned bits = of(e); bits != 0) bits_[node] |= bits;
}

unsigned Dependence::of(const Expr& e) const {
  const auto found = bits_.find(&e.node());
  return found == bits_.end() ? 0 : found->second;
}

// --- Tidying ---

namespace {

/// Removes the entries that `is_dropped`; whether there were any.
template <class T, class F>
bool drop_if(std::vector<T>& entries, F&& is_dropped) {
  const auto end = std::remove_if(entries.begin(), entries.end(), is_dropped);
  const bool any = end != entries.end();
  entries.erase(end, entries.end());
  return any;
}

}  // namespace

bool drop_unread(LoopParts& loop) {
  std::unordered_set<const Node*> read;
  const auto note = [&read](const Exprs& exprs, const std::function<bool(const Expr&)>& is_known) {
    for (const Node* node : order_above(exprs, is_known)) read.insert(node);
  };
  // What the values use of the new node, then what the body needs for that.
  note(loop.values, [&](const Expr& e) { return loop.is_outside(e); });
  const auto is_read = [&read](const Expr& e) { return e && read.contains(&e.node()); };
  bool changed = drop_if(loop.outputs, [&](const LoopParts::Output& output) { return !is_read(output.rows); });
  std::vector<bool> needed(loop.carries.size(), false);
  Exprs results;
  for (const LoopParts::Output& output : loop.outputs) results.push_back(output.element);
  if (loop.stop) results.push_back(loop.stop);
  for (bool more = true; more;) {
    more = false;
    note(results, [](const Expr&) { return false; });
    for (std::size_t i = 0; i < needed.size(); ++i)
      if (!needed[i] && (is_read(loop.carries[i].final) || is_read(loop.carries[i].variable))) {
        needed[i] = more = true;
        results.push_back(loop.carries[i].next);
      }
  }
  std::size_t number = 0;
  changed |= drop_if(loop.carries, [&](const LoopParts::Carry&) { return !needed[number++]; });
  changed |= drop_if(loop.sequences, [&](const LoopParts::Sequence& s) { return !is_read(s.variable); });
  changed |= drop_if(loop.constants, [&](const LoopParts::Constant& c) { return !is_read(c.variable); });
  return changed;
}

namespace {

/// Of each carry the first that has the same values at every step, assuming the best and looking for contradictions.
std::vector<std::size_t> equal_carries(const LoopParts& loop) {
  std::vector<std::size_t> same(loop.carries.size());
  bool any = false;
  for (std::size_t i = 0; i < same.size(); ++i) {
    same[i] = i;
    for (std::size_t j = 0; j < i && same[i] == i; ++j)
      if (loop.carries[j].initial == loop.carries[i].initial && same[j] == j) {
        same[i] = j;
        any = true;
      }
  }
  while (any) {
    Substitution merged;
    Exprs nexts;
    for (std::size_t i = 0; i < same.size(); ++i) {
      merged.emplace(loop.carries[i].variable, loop.carries[same[i]].variable);
      nexts.push_back(loop.carries[i].next);
    }
    nexts = replaced_above(nexts, merged);
    std::vector<std::size_t> finer(same.size());
    for (std::size_t i = 0; i < same.size(); ++i) {
      finer[i] = i;
      for (std::size_t j = 0; j < i && finer[i] == i; ++j)
        if (finer[j] == j && same[j] == same[i] && nexts[j] == nexts[i]) finer[i] = j;
    }
    if (finer == same) return same;
    same = std::move(finer);
  }
  return same;
}

}  // namespace

bool merge_equal(LoopParts& loop) {
  Substitution in_body, in_values;
  const auto merge_by = [&in_body](auto& entries, auto member) {
    Substitution first;
    for (const auto& entry : entries)
      if (const auto [known, is_new] = first.emplace(entry.*member, entry.variable); !is_new)
        in_body.emplace(entry.variable, known->second);
    return drop_if(entries, [&in_body](const auto& entry) { return in_body.contains(entry.variable); });
  };
  bool changed = merge_by(loop.sequences, &LoopParts::Sequence::rows);
  changed |= merge_by(loop.constants, &LoopParts::Constant::value);
  loop.replace_in_body(in_body);
  in_body.clear();
  const std::vector<std::size_t> same = equal_carries(loop);
  for (std::size_t i = 0; i < same.size(); ++i)
    if (same[i] != i) {
      in_body.emplace(loop.carries[i].variable, loop.carries[same[i]].variable);
      in_values.emplace(loop.carries[i].final, loop.carries[same[i]].final);
    }
  loop.replace_in_body(in_body);
  changed |= drop_if(loop.carries, [&](const LoopParts::Carry& c) { return in_body.contains(c.variable); });
  Substitution first;
  for (const LoopParts::Output& output : loop.outputs)
    if (const auto [known, is_new] = first.emplace(output.element, output.rows); !is_new)
      in_values.emplace(output.rows, known->second);
  changed |= drop_if(loop.outputs, [&](const LoopParts::Output& o) { return in_values.contains(o.rows); });
  if (!in_values.empty()) loop.replace_in_values(in_values);
  return changed;
}

namespace {

/// A literal, as it is or stretched.
bool is_literal(const Expr& e) {
  if (literal_value(e)) return true;
  return &e.op() == &broadcast_to_op && literal_value(e.node().input(0)) && is_known(e.shape());
}

/// What every row of `rows` is, where that is evident.
Expr uniform_row(const Expr& rows) {
  Expr e = rows;
  while (&e.op() == &slice_op && e.node().get<std::int64_t>("axis") == 0) e = e.node().input(0);
  const Shape item = row_type(rows).shape;
  if (&e.op() != &broadcast_to_op || !is_known(item)) return {};
  const Expr& x = e.node().input(0);
  if (x.rank() < e.rank()) return broadcast_to(x, item);
  return x.shape()[0] == 1 && rows.shape()[0] != 1 ? broadcast_to(at(x, 0), item) : Expr();
}

}  // namespace

bool settle_constants(LoopParts& loop) {
  Substitution in_body, in_values;
  for (const LoopParts::Sequence& sequence : loop.sequences)
    if (const Expr row = uniform_row(sequence.rows))
      in_body.emplace(sequence.variable, is_literal(row) ? row : loop.add_constant(row));
  for (const LoopParts::Carry& carry : loop.carries)
    if (carry.next == carry.variable || carry.next == carry.initial) {
      in_body.emplace(carry.variable, is_literal(carry.initial) ? carry.initial : loop.add_constant(carry.initial));
      in_values.emplace(carry.final, carry.initial);
    }
  for (const LoopParts::Constant& constant : loop.constants)
    if (is_literal(constant.value)) in_body.emplace(constant.variable, constant.value);
  if (in_body.empty()) return false;
  const auto is_settled = [&](const auto& part) { return in_body.contains(part.variable); };
  drop_if(loop.sequences, is_settled);
  drop_if(loop.carries, is_settled);
  drop_if(loop.constants, is_settled);
  loop.replace_in_body(in_body);
  if (!in_values.empty()) loop.replace_in_values(in_values);
  return true;
}

bool move_invariants_out(LoopParts& loop) {
  Exprs moving;
  for (const LoopParts::Carry& carry : loop.carries) moving.push_back(carry.variable);
  for (const LoopParts::Sequence& sequence : loop.sequences) moving.push_back(sequence.variable);
  Exprs parts;
  for (Expr part : invariant_parts(loop.results(), moving)) {
    // A view costs nothing in the body, and outside it may have to be stored.
    while (lowering_as<View>(part.op()) != nullptr) part = part.node().input(0);
    if (loop.is_variable(part) || literal_value(part)) continue;
    const std::vector<const Node*> nodes = order_above(std::span(&part, 1), [](const Expr&) { return false; });
    const bool acts = std::any_of(nodes.begin(), nodes.end(), [](const Node* node) { return node->op().effect; });
    const bool of_literals =
        std::none_of(nodes.begin(), nodes.end(), [](const Node* node) { return is_input(outputs_of(*node)[0]); }) &&
        &part.op() != &data_op;
    if (!acts && !of_literals) parts.push_back(part);
  }
  if (parts.empty()) return false;
  const Exprs values = loop.outside(parts);
  Substitution moved;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!moved.contains(parts[i])) moved.emplace(parts[i], loop.add_constant(values[i]));
  loop.replace_in_body(moved);
  return true;
}

bool tidy(LoopParts& loop) {
  bool any = false;
  for (bool changed = true; changed; any |= changed) {
    changed = drop_unread(loop);
    changed |= merge_equal(loop);
    changed |= settle_constants(loop);
    changed |= move_invariants_out(loop);
  }
  return any;
}

LoopParts joined(const LoopParts& a, const LoopParts& b) {
  LoopParts all = a;
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(all.carries, b.carries);
  append(all.sequences, b.sequences);
  append(all.constants, b.constants);
  append(all.outputs, b.outputs);
  append(all.values, b.values);
  all.absorb_outside(b);
  return all;
}

}  // namespace leapgraph::symbolic
