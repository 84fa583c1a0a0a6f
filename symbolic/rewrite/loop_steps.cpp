/// Vectorizes over the steps, forwards where all sequences run backwards.
#include "leapgraph/symbolic/rewrite/loop_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr Slice backwards{std::nullopt, std::nullopt, -1};

/// An array that a loop may need that becomes whole arrays.
constexpr std::int64_t largest_bytes = std::int64_t{1} << 30;
/// Indices that are looked at while rewriting.
constexpr std::int64_t most_known_rows = 10'000'000;

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
    for (const Type& type : node->types()) bytes = std::max(bytes, whole_bytes(type));
    if (lowering_as<Reduction>(op) == nullptr)
      for (const Expr& e : node->inputs()) bytes = std::max(bytes, whole_bytes(e.type()));
    if (bytes > largest_bytes)
      throw NotVectorizable(fmt::format("{} of all steps at once would need {} MiB (made at {}:{})", op.name,
                                        bytes >> 20, node->place().file_name(), node->place().line()));
  }
}

}  // namespace

std::int64_t whole_bytes(const Type& type) { return element_count(type.shape) * info(type.dtype).bytes; }

std::optional<Whole> at_all_steps(LoopParts& loop, const Expr& e, const Substitution& known) {
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

Expr rows_of(const Whole& whole, std::int64_t length) {
  const Expr& value = whole.value;
  if (whole.varies) return whole.is_reversed ? slice(value, 0, backwards) : value;
  Shape shape = value.shape();
  shape.insert(shape.begin(), length);
  return broadcast_to(value, shape);
}

std::optional<std::vector<std::int64_t>> known_rows(LoopParts& loop, const Expr& e) {
  if (!is_known(e.shape()) || element_count(e.shape()) * loop.length > most_known_rows) return std::nullopt;
  const std::optional<Whole> whole = at_all_steps(loop, e);
  if (!whole) return std::nullopt;
  const Expr rows = rows_of(*whole, loop.length);
  for (const Node* node : topological_order(std::span(&rows, 1)))
    if (node->op().evaluate == nullptr || node->op().effect) return std::nullopt;
  try {
    const Array values = interpret(Graph{{}, {rows}}, {})[0];
    std::vector<std::int64_t> result;
    for (std::int64_t i = 0; i < values.size(); ++i) result.push_back(values.integer(i));
    return result;
  } catch (const GraphError&) {
    return std::nullopt;  // an error of the call is reported by the call
  }
}

}  // namespace leapgraph::symbolic
