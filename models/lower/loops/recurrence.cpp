/// Points in the order in which they need one another, running sums, and scans of what needs its own earlier values.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "leapgraph/models/lower/loops/context.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;
using symbolic::Shape;

namespace {

bool depends_on(const Expr& e, const Expr& placeholder) {
  for (const symbolic::Node* node : symbolic::topological_order(std::span(&e, 1)))
    if (node == &placeholder.node()) return true;
  return false;
}

/// e = old + increment, or not of that form; an absent increment is 0.
struct Sum {
  bool is_sum = false;
  Expr increment;
};
Sum split_sum(const Expr& e, const Expr& old) {
  if (e == old) return {true, {}};
  const bool adds = &e.op() == &symbolic::add_op, subtracts = &e.op() == &symbolic::sub_op;
  if (!adds && !subtracts) return {};
  const Expr &left = e.node().input(0), &right = e.node().input(1);
  const bool in_left = depends_on(left, old), in_right = depends_on(right, old);
  if (in_left == in_right || (in_right && subtracts)) return {};
  const Sum inner = split_sum(in_left ? left : right, old);
  if (!inner.is_sum) return {};
  const Expr& other = in_left ? right : left;
  if (!inner.increment) return {true, subtracts ? -other : other};
  return {true, subtracts ? inner.increment - other : inner.increment + other};
}

/// Elements of the last axes' values, equal ones counted as often as they stand for.
Expr sum_over(const Built& built, std::size_t from) {
  Expr sum = built.value;
  for (std::size_t axis = built.axes.size(); axis-- > from;) {
    const bool repeated = sum.shape()[axis] == 1 && built.axes[axis] != 1;
    sum = repeated ? symbolic::squeeze(sum, static_cast<std::int64_t>(axis)) * static_cast<double>(built.axes[axis])
                   : symbolic::sum(sum, {static_cast<std::int64_t>(axis)});
  }
  return sum;
}

}  // namespace

// ---------------------------------------------------------------- order

void Context::solve(const std::vector<int>& points) {
  // Tarjan's strongly connected components; there are as many points as statements, so recursion is shallow.
  std::map<int, std::set<int>> needs;
  for (int p : points) {
    const Point& point = trace().points[static_cast<std::size_t>(p)];
    const Placement& placement = placements_.at(p);
    for (const Read& read : point.reads) {
      const auto size = static_cast<std::size_t>(symbolic::element_count(read.placeholder.shape()));
      for (std::size_t k = 0; k < read.sources.size(); ++k) {
        const SourceOf& source = read.sources[k];
        if (source.point < 0 || !is_member(source.point) || needs[p].contains(source.point)) continue;
        if (origin(source, placement.step[k / size]).kind == Origin::Kind::same_step) needs[p].insert(source.point);
      }
    }
  }
  std::map<int, int> index, low;
  std::vector<int> stack;
  std::set<int> on_stack;
  int next = 0;
  const std::function<void(int)> visit = [&](int p) {
    index[p] = low[p] = next++;
    stack.push_back(p);
    on_stack.insert(p);
    for (int q : needs[p]) {
      if (!index.contains(q)) {
        visit(q);
        low[p] = std::min(low[p], low[q]);
      } else if (on_stack.contains(q)) {
        low[p] = std::min(low[p], index[q]);
      }
    }
    if (low[p] != index[p]) return;
    std::vector<int> component;
    int member;
    do {
      member = stack.back();
      stack.pop_back();
      on_stack.erase(member);
      component.push_back(member);
    } while (member != p);
    std::sort(component.begin(), component.end());
    if (component.size() > 1 || needs[p].contains(p)) {
      const auto sum = sums_.find(p);
      if (component.size() == 1 && sum != sums_.end())
        built_[p] = sum_up(p, sum->second);
      else
        recur(component);
    } else {
      built_[p] = build(trace().points[static_cast<std::size_t>(p)]);
    }
  };
  for (int p : points)
    if (!index.contains(p)) visit(p);
}

// ---------------------------------------------------------------- running sums

void Context::find_running_sums() {
  for (int p : members_)
    if (trace().points[static_cast<std::size_t>(p)].target != no_symbol)
      if (std::optional<RunningSum> sum = running_sum(p)) sums_.emplace(p, *std::move(sum));
}

std::optional<Context::RunningSum> Context::running_sum(int p) const {
  const Point& point = trace().points[static_cast<std::size_t>(p)];
  const Placement& placement = placements_.at(p);
  const std::int64_t elements = point.elements(), count = point.count();
  // The one read of what it wrote before.
  RunningSum sum;
  std::optional<std::size_t> own;
  for (std::size_t r = 0; r < point.reads.size(); ++r)
    for (const SourceOf& source : point.reads[r].sources)
      if (source.point == p) {
        if (own && *own != r) return std::nullopt;
        own = r;
        break;
      }
  if (!own) return std::nullopt;
  sum.read = *own;
  const Read& read = point.reads[*own];
  if (point.value.dtype() != symbolic::DType::float64 ||
      symbolic::element_count(read.placeholder.shape()) != elements || read.placeholder.shape() != point.value.shape())
    return std::nullopt;
  const Sum split = split_sum(point.value, read.placeholder);
  if (!split.is_sum || !split.increment) return std::nullopt;
  sum.increment = split.increment.shape() == point.value.shape()
                      ? split.increment
                      : symbolic::broadcast_to(split.increment, point.value.shape());

  // Chains of executions; each goes on where one within the same step ended.
  const auto step_of = [&](std::int64_t execution) { return placement.step[static_cast<std::size_t>(execution)]; };
  std::vector<std::int64_t> chains(placement.count.size(), 0);
  std::vector<std::pair<std::int64_t, std::int64_t>> heads;  // execution, chain
  sum.is_last.assign(static_cast<std::size_t>(count), true);
  bool goes_on = false;
  for (std::int64_t e = 0; e < count; ++e) {
    const SourceOf* sources = &read.sources[static_cast<std::size_t>(e * elements)];
    const bool internal = sources[0].point == p && step_of(sources[0].element / elements) == step_of(e);
    const std::int64_t before = internal ? sources[0].element / elements : -1;
    for (std::int64_t i = 0; internal && i < elements; ++i)
      if (sources[i] != SourceOf{p, before * elements + i}) return std::nullopt;
    if (internal) {
      if (!sum.is_last[static_cast<std::size_t>(before)]) return std::nullopt;
      sum.is_last[static_cast<std::size_t>(before)] = false;
      sum.chain.push_back(sum.chain[static_cast<std::size_t>(before)]);
      goes_on = true;
      continue;
    }
    for (std::int64_t i = 0; i < elements; ++i)
      if (sources[i].point == p && step_of(sources[i].element / elements) == step_of(e)) return std::nullopt;
    sum.chain.push_back(chains[static_cast<std::size_t>(step_of(e))]++);
    heads.emplace_back(e, sum.chain.back());
  }
  if (!goes_on) return std::nullopt;
  // Only last values may be read, by others and by later steps.
  const std::vector<bool> read_elsewhere = equations_.read_by_others(p);
  for (std::int64_t e = 0; e < count; ++e)
    if (read_elsewhere[static_cast<std::size_t>(e)] && !sum.is_last[static_cast<std::size_t>(e)]) return std::nullopt;
  for (const auto& [head, chain] : heads)
    for (std::int64_t i = 0; i < elements; ++i) {
      const SourceOf& source = read.sources[static_cast<std::size_t>(head * elements + i)];
      if (source.point == p && !sum.is_last[static_cast<std::size_t>(source.element / elements)]) return std::nullopt;
    }
  for (std::int64_t n : chains) sum.chains = std::max(sum.chains, n);
  sum.start.assign(chains.size() * static_cast<std::size_t>(sum.chains * elements), {SourceOf::nothing, 0});
  for (const auto& [head, chain] : heads)
    for (std::int64_t i = 0; i < elements; ++i)
      sum.start[static_cast<std::size_t>((step_of(head) * sum.chains + chain) * elements + i)] =
          read.sources[static_cast<std::size_t>(head * elements + i)];

  // Chains that are whole axes of a regular nest.
  const Shape& axes = placement.axes;
  for (std::size_t from = 0; !placement.padded && from <= axes.size(); ++from) {
    const std::int64_t each = symbolic::element_count({axes.begin() + static_cast<std::ptrdiff_t>(from), axes.end()});
    bool fits = placement.rows / each == sum.chains;
    for (std::int64_t e = 0; fits && e < count; ++e)
      fits =
          sum.chain[static_cast<std::size_t>(e)] == (e - placement.first[static_cast<std::size_t>(step_of(e))]) / each;
    if (!fits) continue;
    sum.trailing = from;
    break;
  }
  return sum;
}

Built Context::sum_up(int p, const RunningSum& sum) {
  Point increment = trace().points[static_cast<std::size_t>(p)];
  increment.value = sum.increment;
  increment.reads.erase(increment.reads.begin() + static_cast<std::ptrdiff_t>(sum.read));
  const Placement& placement = placements_.at(p);
  const Built terms = computed(increment, placement, std::span(&sum.increment, 1))[0];
  const Shape element_shape = sum.increment.shape();

  Built result;
  result.elements = terms.elements;
  Expr total;
  if (sum.trailing) {
    total = sum_over(terms, *sum.trailing);
    result.axes.assign(terms.axes.begin(), terms.axes.begin() + static_cast<std::ptrdiff_t>(*sum.trailing));
  } else {
    // Rows that are no execution go to a chain that is cut off.
    const auto rows = static_cast<std::size_t>(placement.rows);
    std::vector<std::int64_t> chains(placement.count.size() * rows, sum.chains);
    for (std::size_t e = 0; e < sum.chain.size(); ++e) {
      const auto step = static_cast<std::size_t>(placement.step[e]);
      chains[step * rows + (e - static_cast<std::size_t>(placement.first[step]))] = sum.chain[e];
    }
    const bool cut = placement.padded;
    const Expr values = symbolic::reshape(terms.full(), {placement.rows, terms.elements});
    total = symbolic::scatter_add(values, table(std::span<const std::int64_t>(chains), placement.rows),
                                  sum.chains + (cut ? 1 : 0));
    if (cut) total = symbolic::slice(total, 0, {0, sum.chains});
    if (sum.chains > 1) result.axes = {sum.chains};
  }
  Shape shape = result.axes;
  shape.insert(shape.end(), element_shape.begin(), element_shape.end());
  const Expr start = read(increment.target, sum.start, sum.chains * terms.elements, terms.elements);
  const bool compact = total.rank() == static_cast<std::int64_t>(shape.size());
  if (!compact) total = symbolic::reshape(total, shape);
  result.value = symbolic::reshape(start, shape) + total;
  for (std::size_t e = 0; e < sum.chain.size(); ++e) result.row_of.push_back(sum.is_last[e] ? sum.chain[e] : -1);
  return result;
}

// ---------------------------------------------------------------- recurrences

bool Context::is_read_outside(int p) const {
  const auto is_outside = [&](int reader, const SourceOf& source, std::int64_t step) {
    if (source.point != p) return false;
    if (std::find(members_.begin(), members_.end(), reader) == members_.end()) return true;
    return origin(source, step).kind == Origin::Kind::outside;
  };
  for (std::size_t q = 0; q < trace().points.size(); ++q) {
    const Point& reader = trace().points[q];
    const auto known = placements_.find(static_cast<int>(q));
    for (const Read& read : reader.reads) {
      const auto size = static_cast<std::size_t>(symbolic::element_count(read.placeholder.shape()));
      for (std::size_t k = 0; k < read.sources.size(); ++k)
        if (is_outside(static_cast<int>(q), read.sources[k],
                       known == placements_.end() ? 0 : known->second.step[k / size]))
          return true;
    }
  }
  for (const auto& [symbol, followed] : trace().followed)
    if (followed.outlives)
      for (const SourceOf& source : followed.last)
        if (source.point == p) return true;
  return false;
}

void Context::recur(const std::vector<int>& points) {
  // The innermost loop around all of them.
  const Point& first = trace().points[static_cast<std::size_t>(points[0])];
  int space = first.space;
  for (int p : points)
    while (!equations_.is_below(trace().points[static_cast<std::size_t>(p)].space, space))
      space = trace().spaces[static_cast<std::size_t>(space)].parent;
  if (space == space_ || !equations_.is_below(space, space_))
    throw NotWhole{first.range, "its statements need one another's values in an order that no loop has"};
  const std::int64_t iterations = trace().spaces[static_cast<std::size_t>(space)].count();
  std::vector<std::int64_t> each(static_cast<std::size_t>(all_steps()), 0);
  for (std::int64_t i = 0; i < iterations; ++i) ++each[static_cast<std::size_t>(equations_.ancestor(space, i, space_))];
  if (std::any_of(each.begin(), each.end(), [&](std::int64_t n) { return n != each[0]; }))
    throw NotWhole{first.range, "a recurrence inside another one has a different number of steps each time"};
  Context inner(*this, space, points);
  inner.solve(points);
  inner.close();
}

void Context::close() {
  // History: one long buffer, a row a step; other states: values of the last steps, handed on.
  symbolic::Operands initial;
  Exprs variables;
  std::vector<std::pair<std::pair<int, std::int64_t>, const State*>> order;
  bool counts = false;
  for (const auto& [key, state] : states_) {
    order.emplace_back(key, &state);
    variables.push_back(state.variable);
    counts = counts || key.second == 0;
    const Expr start = key.second == 0
                           ? symbolic::full({state.size}, 0.0)
                           : outer_->read(trace().points[static_cast<std::size_t>(key.first)].target, state.initial,
                                          state.size, trace().points[static_cast<std::size_t>(key.first)].elements());
    initial.emplace_back(symbolic::cast(start, state.variable.dtype()));
  }
  Expr now;
  if (counts) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(all_steps()));
    for (std::size_t b = 0; b < numbers.size(); ++b) numbers[b] = static_cast<std::int64_t>(b) % steps_;
    now = symbolic::reshape(table(std::span<const std::int64_t>(numbers), 1), Shape{});
  }
  Exprs results;
  for (const auto& [key, state] : order) {
    const auto& [point, lag] = key;
    if (lag == 0)
      results.push_back(symbolic::reshape(
          symbolic::set_rows(symbolic::reshape(state->variable, {steps_, -1}), now, built_.at(point).full()), {-1}));
    else if (lag == 1)
      results.push_back(built_.at(point).full());
    else
      results.push_back(states_.at({point, lag - 1}).variable);
  }
  std::vector<int> kept;
  for (int p : members_)
    if (is_read_outside(p)) {
      kept.push_back(p);
      results.push_back(built_.at(p).value);
    }
  symbolic::Operands sequences(rows_.begin(), rows_.end());
  const symbolic::ScanResult scanned = symbolic::scan(
      [&](const Exprs& carry, const Exprs& elements) {
        symbolic::Substitution here;
        for (std::size_t k = 0; k < variables.size(); ++k) here.emplace(variables[k], carry[k]);
        for (std::size_t k = 0; k < elements_.size(); ++k) here.emplace(elements_[k], elements[k]);
        const Exprs all = symbolic::substitute(results, here);
        const auto split = all.begin() + static_cast<std::ptrdiff_t>(variables.size());
        return symbolic::ScanBody{{all.begin(), split}, {split, all.end()}};
      },
      initial, sequences, symbolic::Operand(steps_));
  for (std::size_t k = 0; k < kept.size(); ++k) {
    const int p = kept[k];
    Built stacked = built_.at(p);
    const Placement& placement = placements_.at(p);
    const std::int64_t rows = stacked.rows();
    stacked.value = scanned.outputs[k];
    stacked.axes.insert(stacked.axes.begin(), steps_);
    for (std::size_t e = 0; e < stacked.row_of.size(); ++e)
      if (stacked.row_of[e] >= 0) stacked.row_of[e] += placement.step[e] % steps_ * rows;
    outer_->built_[p] = std::move(stacked);
  }
}

}  // namespace leapgraph::models::lower
