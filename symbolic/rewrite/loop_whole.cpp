/// What of a scan is computed whole: outputs, accumulations, lags; and the judgement of what else is worth it.
#include "leapgraph/symbolic/rewrite/loop_whole.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/rewrite/loop_accumulations.hpp"
#include "leapgraph/symbolic/rewrite/loop_steps.hpp"

namespace leapgraph::symbolic {

namespace {

/// What a loop that stays may need besides its own results, in bytes.
constexpr std::int64_t affordable_bytes = std::int64_t{1} << 20;

void drop_carries(LoopParts& loop, const std::unordered_set<std::size_t>& dropped) {
  std::vector<LoopParts::Carry> kept;
  for (std::size_t i = 0; i < loop.carries.size(); ++i)
    if (!dropped.contains(i)) kept.push_back(loop.carries[i]);
  loop.carries = std::move(kept);
}

}  // namespace

bool compute_outputs_whole(LoopParts& loop) {
  const Dependence depends(loop);
  std::vector<LoopParts::Output> kept;
  Substitution values;
  for (const LoopParts::Output& output : loop.outputs) {
    const auto whole = depends.on_carry(output.element) ? std::nullopt : at_all_steps(loop, output.element);
    if (whole)
      values.emplace(output.rows, rows_of(*whole, loop.length));
    else
      kept.push_back(output);
  }
  if (values.empty()) return false;
  loop.outputs = std::move(kept);
  loop.replace_in_values(values);
  return true;
}

bool reduce_accumulations(LoopParts& loop) {
  const Accumulations found(loop);
  const Dependence depends(loop, found.terms());
  std::unordered_set<std::size_t> reduced;
  Substitution values;
  for (std::size_t i = 0; i < loop.carries.size(); ++i) {
    const auto& accumulation = found.of(i);
    const auto moves = [&depends](const Expr& e) { return depends.on_carry(e); };
    if (!accumulation) continue;
    if (const Exprs terms = terms_of(*accumulation); std::any_of(terms.begin(), terms.end(), moves)) continue;
    const LoopParts::Carry carry = loop.carries[i];
    const std::optional<Expr> total = accumulated(loop, carry, *accumulation);
    if (!total) continue;
    reduced.insert(i);
    values.emplace(carry.final, *total);
  }
  if (reduced.empty()) return false;
  drop_carries(loop, reduced);
  loop.replace_in_values(values);
  return true;
}

// --- Carries of the last step ---

namespace {

/// What an integer carry is increased by at every step; nothing where it is no counter.
Expr increment(const LoopParts& loop, const LoopParts::Carry& carry) {
  const Expr& next = carry.next;
  if (carry.variable.rank() != 0 || !is_integer(carry.variable.dtype()) || &next.op() != &add_op) return {};
  const Expr &a = next.node().input(0), &b = next.node().input(1);
  if (a != carry.variable && b != carry.variable) return {};
  const Expr& by = a == carry.variable ? b : a;
  const auto is = [&by](const LoopParts::Constant& constant) { return constant.variable == by; };
  const bool fixed = literal_value(by) || std::any_of(loop.constants.begin(), loop.constants.end(), is);
  return fixed ? by : Expr();
}

/// Which carries the next value of each depends on.
std::vector<std::vector<bool>> carries_read(const LoopParts& loop) {
  std::vector<std::vector<bool>> reads;
  for (const LoopParts::Carry& carry : loop.carries) {
    std::unordered_set<const Node*> nodes;
    for (const Node* node : order_above(std::span(&carry.next, 1), [](const Expr&) { return false; }))
      nodes.insert(node);
    reads.emplace_back();
    for (const LoopParts::Carry& other : loop.carries) reads.back().push_back(nodes.contains(&other.variable.node()));
  }
  return reads;
}

/// Carries that are left when, again and again, those are taken away that read no other but what `is_harmless` says.
std::vector<std::size_t> fed_back(const LoopParts& loop, const std::vector<bool>& is_harmless) {
  const auto reads = carries_read(loop);
  std::vector<bool> left(loop.carries.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = !is_harmless[i];
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      bool reads_left = false;
      for (std::size_t j = 0; j < left.size(); ++j) reads_left = reads_left || (reads[i][j] && left[j]);
      if (left[i] && !reads_left) {
        left[i] = false;
        changed = true;
      }
    }
  }
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i]) result.push_back(i);
  return result;
}

std::vector<bool> counters_and_accumulations(const LoopParts& loop) {
  const Accumulations found(loop);
  std::vector<bool> result;
  for (std::size_t i = 0; i < loop.carries.size(); ++i)
    result.push_back(found.of(i).has_value() || increment(loop, loop.carries[i]));
  return result;
}

}  // namespace

/// initial, initial + by, ...
bool replace_counters(LoopParts& loop) {
  Substitution in_body, in_values;
  std::unordered_set<std::size_t> dropped;
  for (std::size_t i = 0; i < loop.carries.size(); ++i) {
    const LoopParts::Carry carry = loop.carries[i];
    const Expr by = increment(loop, carry);
    if (!by) continue;
    const DType dtype = carry.variable.dtype();
    const Expr step = loop.outside({by})[0];
    in_body.emplace(carry.variable, loop.add_sequence(carry.initial + step * cast(arange(loop.length), dtype)));
    in_values.emplace(carry.final, carry.initial + step * constant(static_cast<double>(loop.length), dtype));
    dropped.insert(i);
  }
  if (dropped.empty()) return false;
  drop_carries(loop, dropped);
  loop.replace_in_body(in_body);
  loop.replace_in_values(in_values);
  return true;
}

bool replace_lags(LoopParts& loop) {
  if (loop.carries.empty() || !fed_back(loop, counters_and_accumulations(loop)).empty()) return false;
  const LoopParts before = loop;
  bool changed = replace_counters(loop);
  const Dependence depends(loop);
  Substitution in_body, in_values;
  std::unordered_set<std::size_t> dropped;
  for (std::size_t i = 0; i < loop.carries.size(); ++i) {
    const LoopParts::Carry carry = loop.carries[i];
    if (depends.on_carry(carry.next)) continue;
    const std::optional<Whole> whole = at_all_steps(loop, carry.next);
    if (!whole) {
      const std::string refusal = loop.refusal;
      loop = before;
      loop.refusal = refusal;
      return false;
    }
    const Expr rows = rows_of(*whole, loop.length);
    in_body.emplace(
        carry.variable,
        loop.add_sequence(concatenate({expand_dims(carry.initial, 0), slice(rows, 0, {0, loop.length - 1})})));
    in_values.emplace(carry.final, at(rows, loop.length - 1));
    dropped.insert(i);
  }
  if (dropped.empty()) return changed;
  drop_carries(loop, dropped);
  loop.replace_in_body(in_body);
  loop.replace_in_values(in_values);
  return true;
}

std::string feedback(const LoopParts& loop) {
  const std::vector<std::size_t> left = fed_back(loop, counters_and_accumulations(loop));
  const auto reads = carries_read(loop);
  for (std::size_t i : left)
    if (reads[i][i]) return fmt::format("carry {} feeds itself", i);
  if (left.empty()) return "";
  std::string text;
  for (std::size_t i : left) text += fmt::format("{}{}", text.empty() ? "" : ", ", i);
  return fmt::format("carries {} feed each other", text);
}

// --- What is worth a loop of its own ---

namespace {

/// Elements that a node works on where that is much work for each: a transcendental function, a sum, a product.
std::int64_t work_of(const Node& node) {
  static const std::unordered_set<const Op*> cheap{
      &add_op,   &sub_op,         &mul_op,         &div_op,        &neg_op,     &abs_op,  &sign_op,
      &sqr_op,   &inv_op,         &sqrt_op,        &maximum_op,    &minimum_op, &eq_op,   &neq_op,
      &lt_op,    &le_op,          &logical_and_op, &logical_or_op, &floor_op,   &ceil_op, &round_op,
      &trunc_op, &logical_not_op, &isnan_op,       &isinf_op,      &where_op,   &cast_op, &arange_op};
  const Op& op = node.op();
  std::int64_t largest = 0;
  for (const Expr& e : node.inputs()) largest = std::max(largest, element_count(e.shape()));
  if (lowering_as<Elementwise>(op) != nullptr) return cheap.contains(&op) ? 0 : element_count(node.types()[0].shape);
  if (lowering_as<Reduction>(op) != nullptr) return largest < 8 ? 0 : largest;
  if (lowering_as<Contraction>(op) != nullptr)
    return std::max(largest < 8 ? 0 : largest, element_count(node.types()[0].shape));
  if (lowering_as<Loop>(op) != nullptr || lowering_as<Call>(op) != nullptr) return largest;
  return lowering_as<Abstract>(op) != nullptr ? largest : 0;  // logsumexp, softmax
}

bool is_affordable(const LoopParts& loop, const Type& element) {
  return array_bytes(element) <= affordable_bytes / loop.length;
}

}  // namespace

bool compute_before(LoopParts& loop) {
  if (loop.carries.empty()) return false;
  const Dependence depends(loop);
  Exprs frontier;
  const auto look_at = [&](const Expr& e) {
    if (depends.on_sequence(e) && !depends.on_carry(e) && !loop.is_variable(e) &&
        std::find(frontier.begin(), frontier.end(), e) == frontier.end())
      frontier.push_back(e);
  };
  for (const Node* node : depends.nodes())
    if (depends.on_carry(outputs_of(*node)[0]))
      for (const Expr& e : node->inputs()) look_at(e);
  for (const Expr& e : loop.results()) look_at(e);
  Substitution in_body;
  for (const Expr& e : frontier) {
    std::int64_t work = 0;
    for (const Node* node : order_above(std::span(&e, 1), [](const Expr&) { return false; }))
      if (depends.on_sequence(outputs_of(*node)[0])) work += work_of(*node);
    if (work == 0 || !is_affordable(loop, e.type()) || element_count(e.shape()) > 4 * work) continue;
    if (const std::optional<Whole> whole = at_all_steps(loop, e))
      in_body.emplace(e, loop.add_sequence(rows_of(*whole, loop.length)));
  }
  loop.replace_in_body(in_body);
  return !in_body.empty();
}

namespace {

/// A result that feeds no carry, and what has to be kept of each step to compute it afterwards.
struct Afterwards {
  Exprs kept;
  bool is_possible = false, is_worth_it = false;
};

/// A softmax of what the loop takes the logsumexp of anyway.
bool shares_exponentials(const Node& node, const std::unordered_set<const Node*>& core) {
  return &node.op() == &softmax_op && std::any_of(core.begin(), core.end(), [&node](const Node* other) {
    return &other->op() == &logsumexp_op && other->input(0) == node.input(0);
  });
}

Afterwards afterwards(const LoopParts& loop, const Dependence& depends, const std::unordered_set<const Node*>& core,
                      const Expr& e) {
  Afterwards result;
  std::unordered_set<Expr, ExprHash> kept;
  const auto is_kept = [&](const Expr& x) {
    const bool is = depends.on_carry(x) && core.contains(&x.node());
    if (is && kept.insert(x).second) result.kept.push_back(x);
    return is;
  };
  std::int64_t work = 0, size = 0;
  for (const Node* node : order_above(std::span(&e, 1), is_kept))
    if (depends.on_carry(outputs_of(*node)[0]) && !shares_exponentials(*node, core)) work += work_of(*node);
  result.is_possible = !result.kept.empty();
  for (const Expr& x : result.kept) {
    size += element_count(x.shape());
    result.is_possible = result.is_possible && is_affordable(loop, x.type());
  }
  result.is_worth_it = result.is_possible && work > 0 && size <= 4 * work;
  return result;
}

}  // namespace

bool compute_after(LoopParts& loop) {
  if (loop.carries.empty()) return false;
  const Accumulations found(loop);
  const Dependence depends(loop, found.terms());
  // What the carries that stay are computed from.
  Exprs roots;
  for (std::size_t i = 0; i < loop.carries.size(); ++i)
    if (!found.of(i)) roots.push_back(loop.carries[i].next);
  std::unordered_set<const Node*> core;
  for (const Node* node : order_above(roots, [](const Expr&) { return false; })) core.insert(node);
  for (std::size_t i = 0; i < loop.carries.size(); ++i)
    if (!found.of(i)) core.insert(&loop.carries[i].variable.node());

  Substitution values;
  // The loop with what has to be kept for `exprs`, and the rows of that; nothing where it is not worth it.
  const auto prepared = [&](const Exprs& exprs) -> std::optional<std::pair<LoopParts, Substitution>> {
    bool is_worth_it = false;
    LoopParts extended = loop;
    Substitution known;
    for (const Expr& e : exprs) {
      if (!depends.on_carry(e)) continue;
      const Afterwards after = afterwards(loop, depends, core, e);
      if (!after.is_possible) return std::nullopt;
      is_worth_it = is_worth_it || after.is_worth_it;
      for (const Expr& x : after.kept) known.emplace(x, extended.add_output(x));
    }
    return is_worth_it ? std::optional(std::pair(std::move(extended), std::move(known))) : std::nullopt;
  };
  std::unordered_set<std::size_t> reduced;
  for (std::size_t i = 0; i < loop.carries.size(); ++i) {
    if (!found.of(i)) continue;
    auto prepare = prepared(terms_of(*found.of(i)));
    if (!prepare) continue;
    if (const auto total = accumulated(prepare->first, loop.carries[i], *found.of(i), prepare->second)) {
      reduced.insert(i);
      values.emplace(loop.carries[i].final, *total);
      loop = std::move(prepare->first);
    }
  }
  std::unordered_set<Expr, ExprHash> done;
  for (const LoopParts::Output& output : std::vector<LoopParts::Output>(loop.outputs)) {
    if (core.contains(&output.element.node())) continue;
    auto prepare = prepared({output.element});
    if (!prepare) continue;
    if (const auto whole = at_all_steps(prepare->first, output.element, prepare->second)) {
      values.emplace(output.rows, rows_of(*whole, loop.length));
      done.insert(output.rows);
      loop = std::move(prepare->first);
    }
  }
  if (values.empty()) return false;
  drop_carries(loop, reduced);
  std::erase_if(loop.outputs, [&done](const LoopParts::Output& output) { return done.contains(output.rows); });
  loop.replace_in_values(values);
  return true;
}

// --- Short loops ---

bool unroll(LoopParts& loop) {
  const std::vector<const Node*> nodes = loop.body_nodes();
  const bool nested = std::any_of(nodes.begin(), nodes.end(),
                                  [](const Node* node) { return lowering_as<Loop>(node->op()) != nullptr; });
  const bool is_short = loop.length <= 4 && static_cast<std::int64_t>(nodes.size()) * loop.length <= 160 && !nested;
  if (loop.carries.empty() && loop.outputs.empty()) return false;
  if (loop.length > 1 && !is_short) return false;
  Substitution values;
  if (loop.length == 0) {
    for (const LoopParts::Output& output : loop.outputs)
      values.emplace(output.rows, broadcast_to(constant(0.0, output.rows.dtype()), output.rows.shape()));
  }
  Exprs state;
  std::vector<Operands> rows(loop.outputs.size());
  for (const LoopParts::Carry& carry : loop.carries) state.push_back(carry.initial);
  for (std::int64_t step = 0; step < loop.length; ++step) {
    Substitution now;
    for (const LoopParts::Constant& constant : loop.constants) now.emplace(constant.variable, constant.value);
    for (const LoopParts::Sequence& sequence : loop.sequences) now.emplace(sequence.variable, at(sequence.rows, step));
    for (std::size_t i = 0; i < state.size(); ++i) now.emplace(loop.carries[i].variable, state[i]);
    const Exprs results = replaced_above(loop.results(), std::move(now));
    state.assign(results.begin(), results.begin() + static_cast<std::ptrdiff_t>(state.size()));
    for (std::size_t j = 0; j < rows.size(); ++j) rows[j].emplace_back(results[state.size() + j]);
  }
  for (std::size_t i = 0; i < state.size(); ++i) values.emplace(loop.carries[i].final, state[i]);
  if (loop.length > 0)
    for (std::size_t j = 0; j < rows.size(); ++j) values.emplace(loop.outputs[j].rows, stack(rows[j]));
  loop.carries.clear();
  loop.outputs.clear();
  loop.replace_in_values(values);
  return true;
}

}  // namespace leapgraph::symbolic
