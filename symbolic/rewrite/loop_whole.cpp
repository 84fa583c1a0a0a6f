/// Vectorizing parts of scans, accumulations as reductions, lags as shifted sequences, and the judgement of what is
/// worth it.
#include "leapgraph/symbolic/rewrite/loop_whole.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/views.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr Slice backwards{std::nullopt, std::nullopt, -1};

/// What a loop that stays may need besides its own results, in bytes.
constexpr std::int64_t affordable_bytes = std::int64_t{32} << 20;
/// An array that a loop may need that becomes whole arrays.
constexpr std::int64_t largest_bytes = std::int64_t{1} << 30;

std::int64_t bytes_of(const Type& type) { return element_count(type.shape) * info(type.dtype).bytes; }

// --- Many steps at once ---

/// `rows` backwards, where they are a slice that runs backwards.
Expr unreversed(const Expr& rows) {
  if (&rows.op() != &slice_op || rows.node().get<std::int64_t>("axis") != 0 ||
      rows.node().get<std::int64_t>("step") != -1)
    return {};
  const Expr& whole = rows.node().input(0);
  const std::int64_t count = rows.shape()[0];
  if (count == unknown || !rows.node().attributes().has("start")) return {};
  const std::int64_t last = rows.node().get<std::int64_t>("start");
  return last < 0 ? Expr() : slice(whole, 0, {last - count + 1, last + 1});
}

/// Throws NotVectorizable where an array that has to be stored is too large. Elementwise work is fused with its users.
void require_room(const Exprs& values, const Substitution& outside) {
  for (const Node* node : order_above(values, [&outside](const Expr& e) { return outside.contains(e); })) {
    const Op& op = node->op();
    if (lowering_as<Elementwise>(op) != nullptr || lowering_as<View>(op) != nullptr) continue;
    std::int64_t bytes = 0;
    for (const Type& type : node->types()) bytes = std::max(bytes, bytes_of(type));
    if (lowering_as<Reduction>(op) == nullptr)
      for (const Expr& e : node->inputs()) bytes = std::max(bytes, bytes_of(e.type()));
    if (bytes > largest_bytes)
      throw NotVectorizable(fmt::format("{} of all steps at once would need {} MiB (made at {}:{})", op.name,
                                        bytes >> 20, node->place().file_name(), node->place().line()));
  }
}

/// Values for all steps of body expressions that no carry has a part in.
struct Whole {
  Expr value;  ///< with the steps in front where it varies
  bool varies = false;
  bool is_reversed = false;  ///< the last step first: sequences that run backwards are read forwards
};

/// The value of a body expression for all steps. `known` maps body expressions to their rows, which count as sequences;
/// beyond them no carry has a part in it. Nothing where it cannot be vectorized, with the reason in the loop.
std::optional<Whole> at_all_steps(LoopParts& loop, const Expr& e, const Substitution& known = {}) {
  Whole whole;
  std::unordered_set<const Node*> read;
  for (const Node* node : order_above(std::span(&e, 1), [&known](const Expr& x) { return known.contains(x); }))
    read.insert(node);
  Exprs variables, batches;
  for (const LoopParts::Sequence& sequence : loop.sequences)
    if (read.contains(&sequence.variable.node())) {
      variables.push_back(sequence.variable);
      batches.push_back(loop.one_a_step(sequence.rows));
      whole.is_reversed = whole.is_reversed || (known.empty() && unreversed(batches.back()));
    }
  for (const auto& [x, rows] : known) {
    variables.push_back(x);
    batches.push_back(rows);
  }
  if (whole.is_reversed)
    for (Expr& batch : batches) {
      const Expr forwards = unreversed(batch);
      batch = forwards ? forwards : slice(batch, 0, backwards);
    }
  try {
    const Exprs vectorized = vectorize(std::span(&e, 1), variables, batches);
    Substitution outside;
    for (const LoopParts::Constant& constant : loop.constants) outside.emplace(constant.variable, constant.value);
    for (const Expr& batch : batches) outside.emplace(batch, batch);
    const Exprs values = replaced_above(vectorized, outside);
    for (const LoopParts::Constant& constant : loop.constants) outside.emplace(constant.value, constant.value);
    require_room(values, outside);
    whole.value = values[0];
    whole.varies = values[0].rank() > e.rank();
  } catch (const NotVectorizable& reason) {
    loop.refusal = reason.what();
    return std::nullopt;
  }
  return whole;
}

/// One row a step, in their order.
Expr rows_of(const Whole& whole, std::int64_t length) {
  const Expr& value = whole.value;
  if (whole.varies) return whole.is_reversed ? slice(value, 0, backwards) : value;
  Shape shape = value.shape();
  shape.insert(shape.begin(), length);
  return broadcast_to(value, shape);
}

// --- Accumulations ---

/// What a carry gathers: carry = carry (op) term at every step.
struct Accumulation {
  const Op* op = nullptr;  ///< absent: nothing
  Expr term;
  std::size_t reads = 0;  ///< of the carry
};

/// The term that leaves the carry as it is.
Expr neutral(const Op& op, DType dtype) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (&op == &add_op) return constant(0.0, dtype);
  if (&op == &mul_op) return constant(1.0, dtype);
  if (&op == &logical_and_op) return constant(true);
  if (&op == &logical_or_op) return constant(false);
  if (!is_floating(dtype)) return {};  // extremum of integers
  return constant(&op == &maximum_op ? -infinity : infinity, dtype);
}

class Accumulations {
 public:
  explicit Accumulations(const LoopParts& loop) {
    for (const Node* node : loop.body_nodes())
      for (const Expr& e : node->inputs()) ++uses_[e];
    for (const Expr& e : loop.results()) ++uses_[e];
    for (const LoopParts::Carry& carry : loop.carries) {
      found_.push_back(find(carry.next, carry.variable, 0));
      std::optional<Accumulation>& found = found_.back();
      if (found && (found->op == nullptr || found->reads != uses_[carry.variable])) found.reset();
    }
  }
  const std::optional<Accumulation>& of(std::size_t carry) const { return found_[carry]; }
  Exprs terms() const {
    Exprs result;
    for (const auto& found : found_)
      if (found) result.push_back(found->term);
    return result;
  }

 private:
  static bool contains(const Expr& e, const Expr& variable) {
    const auto nodes = order_above(std::span(&e, 1), [](const Expr&) { return false; });
    return std::find(nodes.begin(), nodes.end(), &variable.node()) != nodes.end();
  }

  /// `e` as an accumulation into `carry`; nothing where it is none. Looks at a few nodes under `e`.
  std::optional<Accumulation> find(const Expr& e, const Expr& carry, int depth) const {
    if (e == carry) return Accumulation{nullptr, {}, 1};
    if (depth > 16 || uses_.at(e) != 1 || e.type() != carry.type()) return std::nullopt;
    const Op& op = e.op();
    if (&op == &where_op) return find_choice(e, carry, depth);
    const Op* kind = &op == &sub_op ? &add_op : &op;
    bool known = false;
    for (const Op* accumulating : {&add_op, &mul_op, &maximum_op, &minimum_op, &logical_and_op, &logical_or_op})
      known = known || kind == accumulating;
    if (!known) return std::nullopt;
    const Expr &a = e.node().input(0), &b = e.node().input(1);
    const bool in_a = contains(a, carry), in_b = contains(b, carry);
    if (in_a == in_b || (&op == &sub_op && in_b)) return std::nullopt;
    std::optional<Accumulation> inner = find(in_a ? a : b, carry, depth + 1);
    if (!inner || (inner->op != nullptr && inner->op != kind)) return std::nullopt;
    const Expr term = &op == &sub_op ? -b : (in_a ? b : a);
    if (inner->op == nullptr) return Accumulation{kind, term, inner->reads};
    return Accumulation{kind, make(*kind, {inner->term, term}), inner->reads};
  }

  /// where(test, carry + f, carry): what is added is 0 where the carry stays.
  std::optional<Accumulation> find_choice(const Expr& e, const Expr& carry, int depth) const {
    const Expr& test = e.node().input(0);
    if (contains(test, carry)) return std::nullopt;
    std::optional<Accumulation> sides[2];
    const Op* kind = nullptr;
    for (std::size_t k = 0; k < 2; ++k) {
      sides[k] = find(e.node().input(k + 1), carry, depth + 1);
      if (!sides[k] || (sides[k]->op != nullptr && kind != nullptr && sides[k]->op != kind)) return std::nullopt;
      if (sides[k]->op != nullptr) kind = sides[k]->op;
    }
    const Expr nothing = kind == nullptr ? Expr() : neutral(*kind, carry.dtype());
    if (!nothing) return std::nullopt;
    const auto term = [&](const Accumulation& side) { return side.op == nullptr ? nothing : side.term; };
    return Accumulation{kind, where(test, term(*sides[0]), term(*sides[1])), sides[0]->reads + sides[1]->reads};
  }

  std::unordered_map<Expr, std::size_t, ExprHash> uses_;
  std::vector<std::optional<Accumulation>> found_;
};

/// The sum of all rows. Of rows that are products over a label: the contraction over the steps as well.
Expr sum_of_rows(const Expr& rows, DType dtype) {
  if (&rows.op() == &contract_op) {
    const Node& product = rows.node();
    auto output = product.get<std::vector<std::int64_t>>("output");
    const auto has_steps = [&](std::string_view labels) {
      const auto& all = product.get<std::vector<std::int64_t>>(labels);
      return std::find(all.begin(), all.end(), output.front()) != all.end();
    };
    if (has_steps("first") && has_steps("second")) {
      output.erase(output.begin());
      return make(contract_op, product.inputs(), product.attributes().with("output", output), product.place());
    }
  }
  return cast(sum(rows, {0}), dtype);
}

/// What the carry is after all steps.
Expr accumulated(const LoopParts& loop, const LoopParts::Carry& carry, const Op& op, const Whole& terms) {
  const DType dtype = carry.variable.dtype();
  const auto with_initial = [&](const Expr& total) {
    const Shape& shape = carry.variable.shape();
    if (&op == &add_op && uniform_value(carry.initial) == 0.0) return broadcast_to(total, shape);
    return make(op, {carry.initial, total});
  };
  if (&op == &add_op && !terms.varies)
    return with_initial(terms.value * constant(static_cast<double>(loop.length), dtype));
  const Expr rows = terms.varies ? terms.value : rows_of(terms, loop.length);
  if (&op == &add_op) return with_initial(sum_of_rows(rows, dtype));
  if (&op == &mul_op) return with_initial(cast(prod(rows, {0}), dtype));
  if (&op == &maximum_op) return with_initial(max(rows, {0}));
  if (&op == &minimum_op) return with_initial(min(rows, {0}));
  return with_initial(&op == &logical_and_op ? all(rows, {0}) : any(rows, {0}));
}

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
    if (!accumulation || depends.on_carry(accumulation->term)) continue;
    const std::optional<Whole> terms = at_all_steps(loop, accumulation->term);
    if (!terms) continue;
    reduced.insert(i);
    values.emplace(loop.carries[i].final, accumulated(loop, loop.carries[i], *accumulation->op, *terms));
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

/// Counters as sequences initial, initial + by, ...
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

}  // namespace

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
  return bytes_of(element) <= affordable_bytes / loop.length;
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
  bool is_worth_it = false;
};

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
    if (depends.on_carry(outputs_of(*node)[0])) work += work_of(*node);
  bool affordable = !result.kept.empty();
  for (const Expr& x : result.kept) {
    size += element_count(x.shape());
    affordable = affordable && is_affordable(loop, x.type());
  }
  result.is_worth_it = affordable && work > 0 && size <= 4 * work;
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
  const auto compute = [&](const Expr& e) -> std::optional<Whole> {
    if (!depends.on_carry(e) || core.contains(&e.node())) return std::nullopt;
    const Afterwards after = afterwards(loop, depends, core, e);
    if (!after.is_worth_it) return std::nullopt;
    LoopParts extended = loop;
    Substitution known;
    for (const Expr& x : after.kept) known.emplace(x, extended.add_output(x));
    std::optional<Whole> whole = at_all_steps(extended, e, known);
    if (whole) loop = std::move(extended);
    return whole;
  };
  std::unordered_set<std::size_t> reduced;
  for (std::size_t i = 0; i < loop.carries.size(); ++i)
    if (found.of(i))
      if (const std::optional<Whole> terms = compute(found.of(i)->term)) {
        reduced.insert(i);
        values.emplace(loop.carries[i].final, accumulated(loop, loop.carries[i], *found.of(i)->op, *terms));
      }
  std::unordered_set<Expr, ExprHash> done;
  for (const LoopParts::Output& output : std::vector<LoopParts::Output>(loop.outputs))
    if (const std::optional<Whole> whole = compute(output.element)) {
      values.emplace(output.rows, rows_of(*whole, loop.length));
      done.insert(output.rows);
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
