/// Recognises constant indices and moves elementwise work through gathers.
#include "leapgraph/symbolic/rewrite/gathers.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

namespace {

/// The index of a gather or of a sum by row, if it is an array of constants that all name one of `rows` rows: others
/// are for the scheduler and the interpreter to report.
std::optional<Array> constant_index(const Expr& index, std::int64_t rows) {
  std::optional<Array> result = index.rank() == 0 ? std::nullopt : constant_value(index);
  for (std::int64_t k = 0; result && k < result->size(); ++k)
    if (result->integer(k) < 0 || result->integer(k) >= rows) return std::nullopt;
  return result;
}

Shape joined(const Shape& a, std::span<const std::int64_t> b) {
  Shape result = a;
  result.insert(result.end(), b.begin(), b.end());
  return result;
}

Shape row_shape(const Expr& table) { return {table.shape().begin() + 1, table.shape().end()}; }

/// first, first + step, ... - or no arithmetic progression.
struct Progression {
  std::int64_t first = 0, step = 0;
};
std::optional<Progression> progression(const Array& index) {
  if (index.size() == 0) return std::nullopt;
  const Progression found{index.integer(0), index.size() > 1 ? index.integer(1) - index.integer(0) : 1};
  for (std::int64_t i = 1; i < index.size(); ++i)
    if (index.integer(i) != found.first + i * found.step) return std::nullopt;
  return found;
}

/// Rows `first`, `first + step`, ... of x, `count` of them, as a view; absent where none expresses them.
Expr progression_of_rows(const Expr& x, const Progression& p, std::int64_t count) {
  const std::int64_t rows = x.shape()[0], last = p.first + (count - 1) * p.step;
  if (p.step == 1) return slice(x, 0, {p.first, last + 1});
  if (p.step == -1) return slice(x, 0, {p.first, last == 0 ? std::nullopt : std::optional(last - 1), -1});
  if (p.step == 0) return broadcast_to(expand_dims(at(x, p.first), 0), joined({count}, row_shape(x)));
  // Every step-th row: one of each of `count` blocks, which have to lie within x.
  const std::int64_t step = p.step < 0 ? -p.step : p.step, low = std::min(p.first, last);
  const std::int64_t start = std::min(low, rows - count * step);
  if (start < 0 || low - start >= step) return {};
  const Expr blocks = reshape(slice(x, 0, {start, start + count * step}), joined({count, step}, row_shape(x)));
  const Expr picked = at(blocks, low - start, 1);
  return p.step > 0 ? picked : slice(picked, 0, {std::nullopt, std::nullopt, -1});
}

class GatherSimplifier {
 public:
  Exprs run(std::span<const Expr> outputs, const PassLog& log) {
    return rebuild_noted(outputs, "rows picked by a constant index", log,
                         [this](const Node& node, const Exprs& inputs) -> Exprs {
                           Exprs made = rebuild_same(node, inputs);
                           if (&made[0].op() == &gather_op || &made[0].op() == &scatter_add_op)
                             for (Expr next = simpler(made[0]); next; next = simpler(made[0])) made[0] = next;
                           return made;
                         });
  }

 private:
  /// One step; absent: nothing to be done.
  Expr simpler(const Expr& e) {
    if (is(e, gather_op)) return simpler_gather(e);
    return is(e, scatter_add_op) ? simpler_sum(e) : Expr();
  }

  Expr simpler_gather(const Expr& e) {
    const Expr &x = e.node().input(0), &i = e.node().input(1);
    if (!is_known(x.shape())) return {};
    const std::optional<Array> index = constant_index(i, x.shape()[0]);
    if (!index || index->size() == 0) return {};
    if (const auto p = progression(*index))
      if (const Expr rows = progression_of_rows(x, *p, index->size()))
        return rows.shape() == e.shape() ? rows : reshape(rows, e.shape());
    if (is(x, gather_op) && is_known(x.node().input(0).shape()))
      if (const auto inner = constant_index(x.node().input(1), x.node().input(0).shape()[0]);
          inner && inner->type().rank() == 1)
        return gather(x.node().input(0), composed(x.node().input(1), *inner, i, *index));
    for (std::int64_t axis = 0; axis < i.rank(); ++axis)
      if (const auto length = i.shape()[static_cast<std::size_t>(axis)]; length > 1 && is_same_along(*index, axis))
        return broadcast_to(gather(x, first_along(i, *index, axis)), e.shape());
    return {};
  }

  Expr simpler_sum(const Expr& e) {
    const Expr &values = e.node().input(0), &i = e.node().input(1);
    const std::int64_t rows = e.shape()[0];
    const std::optional<Array> index = constant_index(i, rows);
    if (!index || i.rank() != 1 || index->size() == 0 || !is_known(values.shape())) return {};
    if (const auto p = progression(*index); p && (p->step == 1 || p->step == -1)) {
      const std::int64_t last = p->first + (index->size() - 1) * p->step;
      const Expr ordered = p->step == 1 ? values : slice(values, 0, {std::nullopt, std::nullopt, -1});
      const std::int64_t low = std::min(p->first, last), high = std::max(p->first, last) + 1;
      return high - low == rows ? ordered : pad_slice(ordered, e, 0, {low, high});
    }
    if (index->size() != rows) return {};
    std::vector<std::int64_t> inverse(static_cast<std::size_t>(rows), -1);
    for (std::int64_t k = 0; k < rows; ++k) inverse[static_cast<std::size_t>(index->integer(k))] = k;
    if (std::find(inverse.begin(), inverse.end(), -1) != inverse.end()) return {};
    return gather(values, kept("inverse", i, i, [&] { return Array::of<std::int64_t>({rows}, inverse); }));
  }

  /// An index made of others, the same node whenever it is asked for.
  template <class F>
  Expr kept(const std::string& what, const Expr& a, const Expr& b, const F& make_index) {
    Made& known = made_[{what, &a.node(), &b.node()}];
    if (!known.index) known = {a, b, constant(make_index())};
    return known.index;
  }

  /// inner[outer]
  Expr composed(const Expr& inner_index, const Array& inner, const Expr& outer_index, const Array& outer) {
    return kept("composed", inner_index, outer_index, [&] {
      Array result(Type{DType::int64, outer.shape()});
      for (std::int64_t k = 0; k < outer.size(); ++k) result.set_integer(k, inner.integer(outer.integer(k)));
      return result;
    });
  }

  static std::int64_t stride_of(const Array& index, std::int64_t axis) {
    std::int64_t stride = 1;
    for (std::int64_t k = index.type().rank() - 1; k > axis; --k) stride *= index.shape()[static_cast<std::size_t>(k)];
    return stride;
  }
  static bool is_same_along(const Array& index, std::int64_t axis) {
    const std::int64_t stride = stride_of(index, axis), length = index.shape()[static_cast<std::size_t>(axis)];
    for (std::int64_t k = 0; k < index.size(); ++k)
      if (index.integer(k) != index.integer(k - k / stride % length * stride)) return false;
    return true;
  }
  /// The index at position 0 of an axis, which keeps the length 1.
  Expr first_along(const Expr& i, const Array& index, std::int64_t axis) {
    return kept("first of axis " + std::to_string(axis), i, i, [&] {
      const std::int64_t stride = stride_of(index, axis), length = index.shape()[static_cast<std::size_t>(axis)];
      Type type{DType::int64, index.shape()};
      type.shape[static_cast<std::size_t>(axis)] = 1;
      Array result(type);
      std::int64_t next = 0;
      for (std::int64_t k = 0; k < index.size(); ++k)
        if (k / stride % length == 0) result.set_integer(next++, index.integer(k));
      return result;
    });
  }

  struct Made {
    Expr a, b;  // whose addresses are the key
    Expr index;
  };
  std::map<std::tuple<std::string, const Node*, const Node*>, Made> made_;
};

/// An elementwise function of rows of tables picked by one index, before the rows are picked.
struct Picked {
  Expr table;
  Expr by;  ///< the gather, which tells the index and how it is checked
  const Expr& index() const { return by.node().input(1); }
};

struct HoistingLimits {
  bool every_row;          ///< only by an index that picks every row
  bool exponentials_stay;  ///< unless more work follows them to the table
};

class Hoister {
 public:
  explicit Hoister(HoistingLimits limits) : limits_(limits) {}

  Exprs run(std::span<const Expr> outputs, const PassLog& log) {
    std::unordered_map<Expr, int, ExprHash> uses;
    for (const Node* node : topological_order(outputs))
      for (const Expr& e : node->inputs()) ++uses[e];
    return rebuild_noted(outputs, "f(x[i]) is f(x)[i]", log, [&](const Node& node, const Exprs& inputs) -> Exprs {
      Exprs made = rebuild_same(node, inputs);
      if (&made[0].op() == &gather_op) {
        if (may_hoist(made[0])) picked_.emplace(made[0], Picked{made[0].node().input(0), made[0]});
        return made;
      }
      const Expr table = on_tables(made[0].node());
      if (!table) return made;
      const Expr by = gather_of(made[0].node());
      const Expr& index = by.node().input(1);
      if (made[0].shape() != joined(index.shape(), row_shape(table))) return made;
      // One operation is not worth another gather where the operand is picked all the same.
      const bool is_shared =
          std::any_of(node.inputs().begin(), node.inputs().end(), [&](const Expr& e) { return uses[e] > 1; });
      const bool is_cheap = std::get<Elementwise>(node.op().lowering).code.find('(') == std::string_view::npos;
      const bool stays = (is_cheap && is_shared) || (limits_.exponentials_stay && is(made[0], exp_op));
      if (!stays) made[0] = make(gather_op, {table, index}, by.node().attributes(), by.node().place());
      picked_.emplace(made[0], Picked{table, by});
      return made;
    });
  }

 private:
  bool may_hoist(const Expr& e) {
    const Expr &x = e.node().input(0), &i = e.node().input(1);
    if (!is_known(e.shape()) || !is_known(x.shape()) || element_count(x.shape()) >= element_count(e.shape()))
      return false;
    return !limits_.every_row || picks_every_row(i, x.shape()[0]);
  }

  bool picks_every_row(const Expr& i, std::int64_t rows) {
    const auto known = every_row_.find(i);
    if (known != every_row_.end() && known->second.first == rows) return known->second.second;
    bool every = false;
    if (const std::optional<Array> index = constant_index(i, rows)) {
      std::vector<bool> seen(static_cast<std::size_t>(rows), false);
      for (std::int64_t k = 0; k < index->size(); ++k) seen[static_cast<std::size_t>(index->integer(k))] = true;
      every = std::find(seen.begin(), seen.end(), false) == seen.end();
    }
    every_row_[i] = {rows, every};
    return every;
  }

  /// A gather whose index all operands that are picked rows share; absent: there are none, or of more than one index.
  Expr gather_of(const Node& node) const {
    Expr by;
    for (const Expr& e : node.inputs()) {
      const auto found = picked_.find(e);
      if (found == picked_.end()) continue;
      const Expr& other = found->second.by;
      if (by && (found->second.index() != by.node().input(1) || !(other.node().attributes() == by.node().attributes())))
        return {};
      by = other;
    }
    return by;
  }

  /// The node with tables in the place of their rows; absent where another operand varies.
  Expr on_tables(const Node& node) const {
    if (lowering_as<Elementwise>(node.op()) == nullptr || node.attributes().has("axis") || !gather_of(node)) return {};
    Exprs operands;
    Shape shape;
    for (const Expr& e : node.inputs()) {
      const auto found = picked_.find(e);
      operands.push_back(found == picked_.end() ? e : found->second.table);
      if (found == picked_.end()) {
        if (e.rank() != 0) return {};
      } else if (shape.empty()) {
        shape = found->second.table.shape();
      } else if (shape != found->second.table.shape()) {
        return {};
      }
    }
    return make(node.op(), std::move(operands), node.attributes(), node.place());
  }

  const HoistingLimits limits_;
  std::unordered_map<Expr, Picked, ExprHash> picked_;
  std::unordered_map<Expr, std::pair<std::int64_t, bool>, ExprHash>
      every_row_;  // by index: rows, whether all are picked
};

}  // namespace

namespace {

bool has_gathers(const Graph& graph) {
  return any_node(graph, [](const Node& node) { return &node.op() == &gather_op || &node.op() == &scatter_add_op; });
}

}  // namespace

Graph simplify_gathers(const Graph& graph, const PassLog& log) {
  if (!has_gathers(graph)) return graph;
  return {graph.inputs, GatherSimplifier().run(graph.outputs, log)};
}

Graph hoist_through_gathers(const Graph& graph, const PassLog& log) {
  const auto pass = [&log](const Graph& g) {
    return Graph{g.inputs, Hoister({.every_row = true, .exponentials_stay = true}).run(g.outputs, log)};
  };
  return with_bodies(graph, pass, log);
}

Graph hoist_but_exponentials(const Graph& graph, const PassLog& log) {
  if (!has_gathers(graph)) return graph;
  return {graph.inputs, Hoister({.every_row = false, .exponentials_stay = true}).run(graph.outputs, log)};
}

Graph hoist_all_through_gathers(const Graph& graph, const PassLog& log) {
  if (!has_gathers(graph)) return graph;
  return {graph.inputs, Hoister({.every_row = false, .exponentials_stay = false}).run(graph.outputs, log)};
}

}  // namespace leapgraph::symbolic
