/// Finds accumulations under a few ops, and sums linear ops where they are smallest: rows added by an index are added
/// all at once, products are contracted over the steps too.
#include "leapgraph/symbolic/rewrite/loop_accumulations.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/rewrite/loop_steps.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"
#include "leapgraph/symbolic/rewrite/views.hpp"

namespace leapgraph::symbolic {

namespace {

/// The term that leaves the carry as it is.
Expr neutral(const Op& op, DType dtype) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (&op == &add_op) return constant(0.0, dtype);
  if (&op == &mul_op) return constant(1.0, dtype);
  if (&op == &logical_and_op) return constant(true);
  if (&op == &logical_or_op) return constant(false);
  if (!is_floating(dtype) || &op == &set_rows_op) return {};
  return constant(&op == &maximum_op ? -infinity : infinity, dtype);
}

bool contains(const Expr& e, const Expr& variable) {
  const auto nodes = order_above(std::span(&e, 1), [](const Expr&) { return false; });
  return std::find(nodes.begin(), nodes.end(), &variable.node()) != nodes.end();
}

}  // namespace

Exprs terms_of(const Accumulation& accumulation) {
  Exprs result;
  if (accumulation.term) result.push_back(accumulation.term);
  for (const auto& [index, values] : accumulation.writes) {
    result.push_back(index);
    result.push_back(values);
  }
  return result;
}

Accumulations::Accumulations(const LoopParts& loop) {
  for (const Node* node : loop.body_nodes())
    for (const Expr& e : node->inputs()) ++uses_[e];
  for (const Expr& e : loop.results()) ++uses_[e];
  for (const LoopParts::Carry& carry : loop.carries) {
    found_.push_back(find(carry.next, carry.variable, 0));
    std::optional<Accumulation>& found = found_.back();
    if (found && (found->op == nullptr || found->reads != uses_[carry.variable])) found.reset();
  }
}

Exprs Accumulations::terms() const {
  Exprs result;
  for (const auto& found : found_)
    if (found)
      for (const Expr& e : terms_of(*found)) result.push_back(e);
  return result;
}

/// `e` as an accumulation into `carry`; nothing where it is none. Looks at a few nodes under `e`.
std::optional<Accumulation> Accumulations::find(const Expr& e, const Expr& carry, int depth) const {
  if (e == carry) return Accumulation{nullptr, {}, {}, 1};
  if (depth > 16 || uses_.at(e) != 1 || e.type() != carry.type()) return std::nullopt;
  const Op& op = e.op();
  if (&op == &where_op) return find_choice(e, carry, depth);
  if (&op == &set_rows_op || &op == &add_rows_op) return find_write(e, carry, depth);
  const Op* kind = &op == &sub_op ? &add_op : &op;
  bool known = false;
  for (const Op* accumulating : {&add_op, &mul_op, &maximum_op, &minimum_op, &logical_and_op, &logical_or_op})
    known = known || kind == accumulating;
  if (!known) return std::nullopt;
  const bool in_a = contains(in(e, 0), carry), in_b = contains(in(e, 1), carry);
  if (in_a == in_b || (&op == &sub_op && in_b)) return std::nullopt;
  const Expr &rest = in(e, in_a ? 0 : 1), &other = in(e, in_a ? 1 : 0);
  std::optional<Accumulation> inner = find(rest, carry, depth + 1);
  if (!inner || (inner->op != nullptr && inner->op != kind)) return std::nullopt;
  const Expr term = &op == &sub_op ? -other : other;
  inner->term = inner->op == nullptr ? term : make(*kind, {inner->term, term});
  inner->op = kind;
  return inner;
}

/// Added rows are a sum; written ones are kept in the order of writing.
std::optional<Accumulation> Accumulations::find_write(const Expr& e, const Expr& carry, int depth) const {
  const Expr &index = in(e, 1), &values = in(e, 2);
  if (contains(index, carry) || contains(values, carry)) return std::nullopt;
  std::optional<Accumulation> inner = find(in(e), carry, depth + 1);
  const Op* kind = is(e, set_rows_op) ? &set_rows_op : &add_op;
  if (!inner || (inner->op != nullptr && inner->op != kind)) return std::nullopt;
  if (kind == &set_rows_op) {
    inner->writes.emplace_back(index, values);
  } else {
    if (e.shape()[0] == unknown) return std::nullopt;
    const Expr term = scatter_add(values, index, e.shape()[0]);
    inner->term = inner->op == nullptr ? term : inner->term + term;
  }
  inner->op = kind;
  return inner;
}

/// where(test, carry + f, carry): what is added is 0 where the carry stays.
std::optional<Accumulation> Accumulations::find_choice(const Expr& e, const Expr& carry, int depth) const {
  const Expr& test = in(e);
  if (contains(test, carry)) return std::nullopt;
  std::optional<Accumulation> sides[2];
  const Op* kind = nullptr;
  for (std::size_t k = 0; k < 2; ++k) {
    sides[k] = find(in(e, k + 1), carry, depth + 1);
    if (!sides[k] || (sides[k]->op != nullptr && kind != nullptr && sides[k]->op != kind)) return std::nullopt;
    if (sides[k]->op != nullptr) kind = sides[k]->op;
  }
  const Expr nothing = kind == nullptr ? Expr() : neutral(*kind, carry.dtype());
  if (!nothing) return std::nullopt;
  const auto term = [&](const Accumulation& side) { return side.op == nullptr ? nothing : side.term; };
  return Accumulation{kind, where(test, term(*sides[0]), term(*sides[1])), {}, sides[0]->reads + sides[1]->reads};
}

// --- Sums over the steps ---

namespace {

/// Sums body expressions over all steps.
class SumOverSteps {
 public:
  SumOverSteps(LoopParts& loop, const Substitution& known) : loop_(loop), known_(known) {}

  /// Of the type of `e`.
  std::optional<Expr> of(const Expr& e) {
    std::optional<Expr> result = sum(e);
    if (result && result->shape() != e.shape()) result = broadcast_to(*result, e.shape());
    return result;
  }

 private:
  /// May be of a shape that stretches to that of `e`.
  std::optional<Expr> sum(const Expr& e) {
    const MadeAt at(e.node().place());
    if (is(e, scatter_add_op)) return sum_scattered(e);
    if (is(e, contract_op)) return sum_product(e);
    if (is_linear_view(e)) {
      const std::optional<Expr> inner = of(in(e));
      return inner ? std::optional(make(e.op(), {*inner}, e.node().attributes(), e.node().place())) : inner;
    }
    if (is_special(e)) {
      if (is(e, add_op) || is(e, sub_op)) {
        const auto a = sum(in(e, 0)), b = sum(in(e, 1));
        if (!a || !b) return std::nullopt;
        return make(e.op(), {*a, *b});
      }
      return sum_masked(e);
    }
    return sum_of_rows(e);
  }

  static bool is_linear_view(const Expr& e) {
    for (const Op* op :
         {&neg_op, &transpose_op, &expand_dims_op, &squeeze_op, &reshape_op, &broadcast_to_op, &pad_slice_op, &diag_op})
      if (is(e, *op) && is_floating(e.dtype())) return true;
    return false;
  }

  /// Whether the sum is better taken inside: of rows added by an index, and of what is made of those.
  bool is_special(const Expr& e, int depth = 0) const {
    if (depth > 16) return false;
    if (is(e, scatter_add_op) || is(e, contract_op) || is(e, pad_slice_op)) return true;
    if (is(e, add_op) || is(e, sub_op)) return is_special(in(e, 0), depth + 1) || is_special(in(e, 1), depth + 1);
    if (is_linear_view(e)) return is_special(in(e), depth + 1);
    return is(e, where_op) && in(e).rank() == 0 && masked(e) && is_scatter(*masked(e));
  }

  static bool is_scatter(const Expr& e) {
    return is(e, scatter_add_op) || ((is(e, transpose_op) || is(e, reshape_op) || is(e, neg_op)) && is_scatter(in(e)));
  }

  /// x of where(test, x, 0) or where(test, 0, x).
  static std::optional<Expr> masked(const Expr& e) {
    for (std::size_t k : {std::size_t{1}, std::size_t{2}})
      if (uniform_value(in(e, 3 - k)) == 0.0 && in(e, k).shape() == e.shape()) return in(e, k);
    return std::nullopt;
  }

  /// The mask goes to the values that are scattered.
  std::optional<Expr> sum_masked(const Expr& e) {
    const Expr x = *masked(e);
    const bool when_true = x == in(e, 1);
    const auto mask = [&](const Expr& values) {
      const Expr zero = constant(0.0, values.dtype());
      return when_true ? where(in(e), values, zero) : where(in(e), zero, values);
    };
    if (!is(x, scatter_add_op)) {
      const std::optional<Expr> inner = of(mask(in(x)));
      return inner ? std::optional(make(x.op(), {*inner}, x.node().attributes(), x.node().place())) : inner;
    }
    return sum(make(scatter_add_op, {mask(in(x, 0)), in(x, 1)}, x.node().attributes(), x.node().place()));
  }

  std::optional<Expr> sum_scattered(const Expr& e) {
    const std::optional<Whole> values = at_all_steps(loop_, in(e, 0), known_);
    const std::optional<Whole> index = at_all_steps(loop_, in(e, 1), known_);
    if (!values || !index) return std::nullopt;
    const auto scattered = [&](const Expr& v, const Expr& i) {
      return make(scatter_add_op, {v, i}, e.node().attributes(), e.node().place());
    };
    if (!index->varies) {
      const std::optional<Expr> total = of(in(e, 0));
      return total ? std::optional(scattered(*total, index->value)) : total;
    }
    // The order does not matter, but it must be the same.
    if (values->varies && values->is_reversed && index->is_reversed) return scattered(values->value, index->value);
    return scattered(rows_of(*values, loop_.length), rows_of(*index, loop_.length));
  }

  /// A contraction of which one input varies is one of its sum; of two that vary, the steps are a label more.
  std::optional<Expr> sum_product(const Expr& e) {
    const std::optional<Whole> a = at_all_steps(loop_, in(e, 0), known_), b = at_all_steps(loop_, in(e, 1), known_);
    if (!a || !b) return std::nullopt;
    if (a->varies != b->varies) {
      const std::size_t moving = a->varies ? 0 : 1;
      const std::optional<Expr> total = of(in(e, moving));
      if (!total) return std::nullopt;
      const Exprs inputs = a->varies ? Exprs{*total, b->value} : Exprs{a->value, *total};
      return make(contract_op, inputs, e.node().attributes(), e.node().place());
    }
    const std::optional<Whole> product = at_all_steps(loop_, e, known_);
    if (!product) return std::nullopt;
    if (!product->varies || !is(product->value, contract_op)) return sum_of_rows(e);
    const Node& node = product->value.node();
    auto output = node.get<std::vector<std::int64_t>>("output");
    output.erase(output.begin());
    return make(contract_op, node.inputs(), node.attributes().with("output", output), node.place());
  }

  std::optional<Expr> sum_of_rows(const Expr& e) {
    const std::optional<Whole> whole = at_all_steps(loop_, e, known_);
    if (!whole) return std::nullopt;
    if (!whole->varies) return whole->value * constant(static_cast<double>(loop_.length), e.dtype());
    return cast(symbolic::sum(whole->value, {0}), e.dtype());
  }

  LoopParts& loop_;
  const Substitution& known_;
};

/// All writes at once: row by row in the order in which the steps write.
std::optional<Expr> written(LoopParts& loop, const LoopParts::Carry& carry, const Accumulation& accumulation,
                            const Substitution& known) {
  Operands indices, rows;
  const std::int64_t row_rank = carry.variable.rank() - 1;
  for (const auto& [index, values] : accumulation.writes) {
    const std::optional<Whole> i = at_all_steps(loop, index, known), v = at_all_steps(loop, values, known);
    if (!i || !v) return std::nullopt;
    const std::int64_t count = element_count(index.shape());
    Shape shape{loop.length, count};
    shape.insert(shape.end(), values.shape().end() - row_rank, values.shape().end());
    indices.emplace_back(reshape(cast(rows_of(*i, loop.length), DType::int64), {loop.length, count}));
    rows.emplace_back(reshape(rows_of(*v, loop.length), shape));
  }
  const auto flat = [&](const Operands& parts) {
    const Expr all = parts.size() == 1 ? parts[0].expr() : concatenate(parts, 1);
    Shape shape(all.shape().begin() + 1, all.shape().end());
    shape[0] *= loop.length;
    return reshape(all, shape);
  };
  const Expr index = flat(indices), values = flat(rows);
  if (accumulation.writes.size() == 1)
    if (const auto first = first_of_range(known_rows(loop, accumulation.writes[0].first)))
      return with_rows(carry.initial, *first, values);
  return make(set_rows_op, {carry.initial, index, values});
}

}  // namespace

std::optional<std::int64_t> first_of_range(const std::optional<std::vector<std::int64_t>>& rows) {
  if (!rows || rows->empty()) return std::nullopt;
  for (std::size_t i = 0; i < rows->size(); ++i)
    if ((*rows)[i] != rows->front() + static_cast<std::int64_t>(i)) return std::nullopt;
  return rows->front();
}

Expr with_rows(const Expr& x, std::int64_t first, const Expr& rows) {
  const std::int64_t after = first + rows.shape()[0];
  if (first == 0 && after == x.shape()[0]) return rows;
  Operands parts;
  if (first > 0) parts.emplace_back(slice(x, 0, {0, first}));
  parts.emplace_back(rows);
  if (after < x.shape()[0]) parts.emplace_back(slice(x, 0, {after, x.shape()[0]}));
  return concatenate(parts);
}

std::optional<Expr> accumulated(LoopParts& loop, const LoopParts::Carry& carry, const Accumulation& accumulation,
                                const Substitution& known) {
  const Op& op = *accumulation.op;
  if (&op == &set_rows_op) return written(loop, carry, accumulation, known);
  const DType dtype = carry.variable.dtype();
  if (&op == &add_op) {
    const std::optional<Expr> total = SumOverSteps(loop, known).of(accumulation.term);
    if (!total) return total;
    if (uniform_value(carry.initial) == 0.0) return broadcast_to(*total, carry.variable.shape());
    return make(op, {carry.initial, *total});
  }
  const std::optional<Whole> terms = at_all_steps(loop, accumulation.term, known);
  if (!terms) return std::nullopt;
  const Expr rows = terms->varies ? terms->value : rows_of(*terms, loop.length);
  const auto with_initial = [&](const Expr& total) { return make(op, {carry.initial, total}); };
  if (&op == &mul_op) return with_initial(cast(prod(rows, {0}), dtype));
  if (&op == &maximum_op) return with_initial(max(rows, {0}));
  if (&op == &minimum_op) return with_initial(min(rows, {0}));
  return with_initial(&op == &logical_and_op ? all(rows, {0}) : any(rows, {0}));
}

}  // namespace leapgraph::symbolic
