/// Follows the rows of a buffer through the steps: which step wrote what another reads.
#include "leapgraph/symbolic/rewrite/loop_buffers.hpp"

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/loop_accumulations.hpp"
#include "leapgraph/symbolic/rewrite/loop_steps.hpp"
#include "leapgraph/symbolic/rewrite/loop_whole.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"

namespace leapgraph::symbolic {

namespace {

/// More steps than that between writing and reading stay in the buffer.
constexpr std::int64_t longest_tap = 16;
/// Elements in rows that are carried along: larger ones are better left where they are.
constexpr std::int64_t largest_tap = 64;

/// A carried buffer: what is written to it at each step, and where the body reads what it held before.
struct Buffer {
  LoopParts::Carry carry;
  std::vector<std::pair<Expr, Expr>> writes;            ///< index and values, the last one first
  bool adds = false;                                    ///< some of the writes add
  std::vector<std::vector<std::int64_t>> rows_written;  ///< of all steps, one entry a write
  Exprs reads;                                          ///< gathers from the carry
};

using Rows = std::vector<std::int64_t>;

std::span<const std::int64_t> rows_of_step(const Rows& rows, std::int64_t steps, std::int64_t step) {
  const std::size_t count = rows.size() / static_cast<std::size_t>(steps);
  return std::span(rows).subspan(static_cast<std::size_t>(step) * count, count);
}

/// The carry as a buffer, where all that is written to it is known.
std::optional<Buffer> as_buffer(LoopParts& loop, const Dependence& depends, const LoopParts::Carry& carry) {
  Buffer buffer{carry, {}, false, {}, {}};
  for (Expr e = carry.next; e != carry.variable; e = in(e)) {
    if (!is(e, set_rows_op) && !is(e, add_rows_op)) return std::nullopt;
    buffer.adds = buffer.adds || is(e, add_rows_op);
    buffer.writes.emplace_back(in(e, 1), in(e, 2));
  }
  for (const Node* node : depends.nodes())
    if (&node->op() == &gather_op && node->input(0) == carry.variable) buffer.reads.push_back(outputs_of(*node)[0]);
  if (buffer.writes.empty() || buffer.reads.empty()) return std::nullopt;
  for (const auto& [index, values] : buffer.writes) {
    if (depends.on_carry(index)) return std::nullopt;
    auto rows = known_rows(loop, index);
    if (!rows) return std::nullopt;
    buffer.rows_written.push_back(std::move(*rows));
  }
  return buffer;
}

/// Whether no step reads a row that a step before has written.
bool reads_before_writes(const Rows& read, const Buffer& buffer, std::int64_t steps) {
  std::unordered_set<std::int64_t> done;
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::int64_t row : rows_of_step(read, steps, step))
      if (done.contains(row)) return false;
    for (const Rows& written : buffer.rows_written)
      for (std::int64_t row : rows_of_step(written, steps, step)) done.insert(row);
  }
  return true;
}

/// How many steps after it was written a row is read, where that is always the same; the first steps may read what was
/// there at the start.
std::optional<std::int64_t> lag(const Rows& read, const Rows& written, std::int64_t steps) {
  std::unordered_map<std::int64_t, std::int64_t> writer;
  std::optional<std::int64_t> found;
  std::int64_t from_start = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto position = static_cast<std::size_t>(step);
    if (const auto known = writer.find(read[position]); known == writer.end()) {
      if (from_start++ != step) return std::nullopt;
    } else {
      const std::int64_t here = step - known->second;
      if (found && *found != here) return std::nullopt;
      found = here;
    }
    writer[written[position]] = step;
  }
  return found && from_start == *found ? found : std::nullopt;
}

}  // namespace

bool make_rows_known(LoopParts& loop) {
  std::unordered_set<const Node*> naming;
  for (const Node* node : loop.body_nodes())
    if (&node->op() == &gather_op || &node->op() == &set_rows_op || &node->op() == &add_rows_op)
      naming.insert(&node->input(1).node());
  if (naming.empty()) return false;
  const auto is_buffer = [](const LoopParts::Carry& carry) {
    return is(carry.next, set_rows_op) || is(carry.next, add_rows_op);
  };
  return std::any_of(loop.carries.begin(), loop.carries.end(), is_buffer) && replace_counters(loop);
}

bool read_initial_rows(LoopParts& loop) {
  const Dependence depends(loop);
  Substitution in_body;
  for (const LoopParts::Carry& carry : std::vector<LoopParts::Carry>(loop.carries)) {
    const std::optional<Buffer> buffer = as_buffer(loop, depends, carry);
    if (!buffer) continue;
    Expr initial;
    for (const Expr& read : buffer->reads) {
      if (depends.on_carry(in(read, 1))) continue;
      const auto rows = known_rows(loop, in(read, 1));
      if (!rows || !reads_before_writes(*rows, *buffer, loop.length)) continue;
      if (!initial) initial = loop.add_constant(carry.initial);
      const MadeAt at(read.node().place());
      in_body.emplace(read, make(gather_op, {initial, in(read, 1)}, {}, read.node().place()));
    }
  }
  loop.replace_in_body(in_body);
  return !in_body.empty();
}

bool replace_taps(LoopParts& loop) {
  const Dependence depends(loop);
  Substitution in_body;
  for (const LoopParts::Carry& carry : std::vector<LoopParts::Carry>(loop.carries)) {
    const std::optional<Buffer> buffer = as_buffer(loop, depends, carry);
    if (!buffer || buffer->writes.size() != 1 || buffer->adds || buffer->writes[0].first.rank() != 0) continue;
    if (element_count(buffer->writes[0].second.shape()) > largest_tap) continue;
    for (const Expr& read : buffer->reads) {
      if (in(read, 1).rank() != 0 || depends.on_carry(in(read, 1))) continue;
      const auto rows = known_rows(loop, in(read, 1));
      if (!rows) continue;
      const std::optional<std::int64_t> steps = lag(*rows, buffer->rows_written[0], loop.length);
      const auto exists = [&carry](std::int64_t row) { return row >= 0 && row < carry.variable.shape()[0]; };
      if (!steps || *steps > longest_tap || !std::all_of(rows->begin(), rows->end(), exists)) continue;
      // The tap at step t < lag holds what the buffer held at the start in the row that is read then.
      Expr next = buffer->writes[0].second;
      for (std::int64_t k = 1; k <= *steps; ++k) {
        const Expr initial = at(carry.initial, (*rows)[static_cast<std::size_t>(*steps - k)]);
        const Expr variable = input(read.type(), "tap");
        loop.carries.push_back({variable, initial, next, input(read.type(), "final")});
        next = variable;
      }
      in_body.emplace(read, next);
    }
  }
  loop.replace_in_body(in_body);
  return !in_body.empty();
}

bool emit_rows(LoopParts& loop) {
  const Accumulations found(loop);
  Substitution values;
  std::vector<LoopParts::Carry> kept;
  for (std::size_t i = 0; i < loop.carries.size(); ++i) {
    const LoopParts::Carry carry = loop.carries[i];
    const auto& accumulation = found.of(i);
    const bool writes_a_row = accumulation && accumulation->op == &set_rows_op && accumulation->writes.size() == 1 &&
                              accumulation->writes[0].first.rank() == 0;
    const auto index = writes_a_row ? accumulation->writes[0].first : Expr();
    const auto first = writes_a_row && !Dependence(loop, {index}).on_carry(index)
                           ? first_of_range(known_rows(loop, index))
                           : std::nullopt;
    if (first)
      values.emplace(carry.final, with_rows(carry.initial, *first, loop.add_output(accumulation->writes[0].second)));
    else
      kept.push_back(carry);
  }
  if (values.empty()) return false;
  loop.carries = std::move(kept);
  loop.replace_in_values(values);
  return true;
}

}  // namespace leapgraph::symbolic
