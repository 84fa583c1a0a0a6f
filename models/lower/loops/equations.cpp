/// Values of points over all their executions, and what the nest leaves behind.
#include "leapgraph/models/lower/loops/equations.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <unordered_set>

#include "leapgraph/models/lower/loops/context.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Exprs;
using symbolic::Node;
using symbolic::Shape;

namespace {

/// Blocks of `width` values over `axes`, once a step: axes along which the blocks repeat are dropped from `values` and
/// get length 1.
template <class T>
void drop_repeats(std::vector<T>& values, Shape& axes, std::int64_t width) {
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    if (axes[axis] <= 1) continue;
    const std::int64_t inner =
        width * symbolic::element_count({axes.begin() + static_cast<std::ptrdiff_t>(axis) + 1, axes.end()});
    const std::int64_t block = axes[axis] * inner;
    const std::int64_t blocks = static_cast<std::int64_t>(values.size()) / std::max<std::int64_t>(1, block);
    bool repeats = true;
    for (std::int64_t b = 0; repeats && b < blocks; ++b) {
      const auto first = values.begin() + b * block;
      for (std::int64_t i = 1; repeats && i < axes[axis]; ++i)
        repeats = std::equal(first, first + inner, first + i * inner);
    }
    if (!repeats) continue;
    for (std::int64_t b = 0; b < blocks; ++b)
      std::copy(values.begin() + b * block, values.begin() + b * block + inner, values.begin() + b * inner);
    values.resize(static_cast<std::size_t>(blocks * inner));
    axes[axis] = 1;
  }
}

Shape joined(Shape axes, const Shape& rest) {
  axes.insert(axes.end(), rest.begin(), rest.end());
  return axes;
}

/// The terms of a sum of scalars, each with its sign.
void split_terms(const Expr& e, double sign, Exprs& terms, std::vector<double>& signs) {
  const bool adds = &e.op() == &symbolic::add_op, subtracts = &e.op() == &symbolic::sub_op;
  if (adds || subtracts) {
    split_terms(e.node().input(0), sign, terms, signs);
    return split_terms(e.node().input(1), subtracts ? -sign : sign, terms, signs);
  }
  if (&e.op() == &symbolic::neg_op) return split_terms(e.node().input(0), -sign, terms, signs);
  terms.push_back(e);
  signs.push_back(sign);
}

/// The sum over all executions of a scalar, equal values as often as they stand for.
Expr sum_of_all(const Built& built) {
  std::int64_t times = 1;
  for (std::size_t axis = 0; axis < built.axes.size(); ++axis)
    if (built.value.shape()[axis] == 1) times *= built.axes[axis];
  const Expr sum = built.value.rank() > 0 ? symbolic::sum(built.value) : built.value;
  return times == 1 ? sum : sum * static_cast<double>(times);
}

/// Values of executions, step by step; steps with fewer than `rows` are filled up by `fill`.
template <class T, class Fill>
std::vector<T> padded(const std::vector<T>& values, const Placement& placement, std::int64_t width, Fill fill) {
  if (!placement.padded) return values;
  std::vector<T> result;
  const auto w = static_cast<std::ptrdiff_t>(width);
  for (std::size_t b = 0; b < placement.count.size(); ++b)
    for (std::int64_t r = 0; r < placement.rows; ++r) {
      const bool real = r < placement.count[b];
      const auto from = values.begin() + (real ? placement.first[b] + r : 0) * w;
      for (std::ptrdiff_t i = 0; i < w; ++i) result.push_back(real ? from[i] : fill(from[i]));
    }
  return result;
}

}  // namespace

// ---------------------------------------------------------------- points

Expr Context::batch(const Leaf& leaf, const Placement& placement, const Shape& all_axes) {
  const Shape& shape = leaf.placeholder.shape();
  const std::int64_t width = symbolic::element_count(shape);
  return std::visit(
      [&](const auto& known) {
        using T = typename std::decay_t<decltype(known)>::value_type;
        std::vector<T> values = padded(known, placement, width, [](T value) { return value; });
        Shape axes = all_axes;
        drop_repeats(values, axes, width);
        const Shape whole = joined(axes, shape);
        return symbolic::reshape(table(std::span<const T>(values), symbolic::element_count(whole)), whole);
      },
      leaf.values);
}

Expr Context::batch(const Read& read, const Placement& placement, const Shape& all_axes) {
  const Shape& shape = read.placeholder.shape();
  const std::int64_t width = symbolic::element_count(shape);
  std::vector<SourceOf> sources = padded(read.sources, placement, width, [](SourceOf) {
    return SourceOf{SourceOf::nothing, 0};
  });
  Shape axes = all_axes;
  drop_repeats(sources, axes, width);
  const Shape whole = joined(axes, shape);
  const Expr flat = this->read(read.symbol, sources, symbolic::element_count(whole), width);
  return symbolic::reshape(
      flat.dtype() == read.placeholder.dtype() ? flat : symbolic::cast(flat, read.placeholder.dtype()), whole);
}

bool Context::comes_from_outside(const Read& read, const Placement& placement) const {
  const auto width = static_cast<std::size_t>(symbolic::element_count(read.placeholder.shape()));
  for (std::size_t k = 0; k < read.sources.size(); ++k) {
    const auto kind = origin(read.sources[k], placement.step[k / width]).kind;
    if (kind == Origin::Kind::same_step || kind == Origin::Kind::earlier_step) return false;
  }
  return true;
}

Built Context::build(const Point& point) {
  const auto number = static_cast<int>(&point - trace().points.data());
  return computed(point, placements_.at(number), std::span(&point.value, 1))[0];
}

std::vector<Built> Context::build(const Point& point, std::span<const Expr> values) {
  return computed(point, placements_.at(static_cast<int>(&point - trace().points.data())), values);
}

std::vector<Built> Context::computed(const Point& point, const Placement& placement, std::span<const Expr> values) {
  Exprs all;
  if (is_whole()) {
    Exprs placeholders, batches;
    for (const Leaf& leaf : point.leaves) {
      placeholders.push_back(leaf.placeholder);
      batches.push_back(batch(leaf, placement, placement.axes));
    }
    for (const Read& read : point.reads) {
      placeholders.push_back(read.placeholder);
      batches.push_back(batch(read, placement, placement.axes));
    }
    all = symbolic::vectorize(values, placeholders, batches, static_cast<std::int64_t>(placement.axes.size()));
  } else {
    all = {build_in_step(point, placement, values[0])};
  }
  std::vector<Built> result;
  for (std::size_t k = 0; k < values.size(); ++k) {
    Built built{
        .value = all[k], .axes = placement.axes, .elements = symbolic::element_count(values[k].shape()), .row_of = {}};
    if (built.value.rank() == values[k].rank() && !placement.axes.empty())
      built.value = symbolic::reshape(built.value, joined(Shape(placement.axes.size(), 1), values[k].shape()));
    for (std::size_t e = 0; e < placement.step.size(); ++e)
      built.row_of.push_back(static_cast<std::int64_t>(e) -
                             placement.first[static_cast<std::size_t>(placement.step[e])]);
    result.push_back(std::move(built));
  }
  return result;
}

Expr Context::build_in_step(const Point& point, const Placement& placement, const Expr& value) {
  // What does not need this loop's own values is computed before it, for all steps.
  const Shape outside_axes = joined({steps_}, placement.axes);
  Placement outside = placement;
  Exprs known, known_batches, own;
  std::vector<const Read*> own_reads;
  for (const Leaf& leaf : point.leaves) {
    known.push_back(leaf.placeholder);
    known_batches.push_back(outer_->batch(leaf, outside, outside_axes));
  }
  for (const Read& read : point.reads) {
    if (comes_from_outside(read, placement)) {
      known.push_back(read.placeholder);
      known_batches.push_back(outer_->batch(read, outside, outside_axes));
    } else {
      own.push_back(read.placeholder);
      own_reads.push_back(&read);
    }
  }
  std::unordered_set<const Node*> on_known, on_own;
  for (const Expr& e : known) on_known.insert(&e.node());
  for (const Expr& e : own) on_own.insert(&e.node());
  Exprs hoisted;
  const auto hoist = [&](const Expr& e) {
    if (on_known.contains(&e.node()) && !on_own.contains(&e.node()) &&
        std::find(hoisted.begin(), hoisted.end(), e) == hoisted.end())
      hoisted.push_back(e);
  };
  for (const Node* node : symbolic::topological_order(std::span(&value, 1)))
    for (const Expr& e : node->inputs()) {
      if (on_known.contains(&e.node())) on_known.insert(node);
      if (on_own.contains(&e.node())) on_own.insert(node);
    }
  for (const Node* node : symbolic::topological_order(std::span(&value, 1)))
    if (on_own.contains(node))
      for (const Expr& e : node->inputs()) hoist(e);
  hoist(value);

  const auto axes = static_cast<std::int64_t>(placement.axes.size());
  const Exprs before = symbolic::vectorize(hoisted, known, known_batches, axes + 1);
  symbolic::Substitution here;
  Exprs placeholders, batches;
  for (std::size_t k = 0; k < hoisted.size(); ++k) {
    placeholders.push_back(symbolic::input(hoisted[k].type(), "computed before"));
    here.emplace(hoisted[k], placeholders.back());
    const Shape& shape = before[k].shape();
    batches.push_back(shape[0] == 1 ? symbolic::reshape(before[k], Shape(shape.begin() + 1, shape.end()))
                                    : element_of(before[k]));
  }
  const Exprs wanted = symbolic::substitute(std::span(&value, 1), here);
  for (std::size_t k = 0; k < own.size(); ++k) {
    placeholders.push_back(own[k]);
    batches.push_back(batch(*own_reads[k], placement, placement.axes));
  }
  if (axes > 0) return symbolic::vectorize(wanted, placeholders, batches, axes)[0];
  symbolic::Substitution given;
  for (std::size_t k = 0; k < placeholders.size(); ++k) given.emplace(placeholders[k], batches[k]);
  return symbolic::substitute(wanted, given)[0];
}

// ---------------------------------------------------------------- the nest

Equations::Equations(Evaluator& evaluator, const Trace& trace) : evaluator_(evaluator), trace_(trace) {}

std::vector<bool> Equations::read_by_others(int point) const {
  const Point& writer = trace_.points[static_cast<std::size_t>(point)];
  const std::int64_t elements = writer.elements();
  std::vector<bool> read(static_cast<std::size_t>(writer.count()), false);
  const auto note = [&](const SourceOf& source) {
    if (source.point == point) read[static_cast<std::size_t>(source.element / elements)] = true;
  };
  for (std::size_t q = 0; q < trace_.points.size(); ++q) {
    if (static_cast<int>(q) == point) continue;
    for (const Read& r : trace_.points[q].reads)
      for (const SourceOf& source : r.sources) note(source);
  }
  for (const auto& [symbol, followed] : trace_.followed)
    if (followed.outlives)
      for (const SourceOf& source : followed.last) note(source);
  return read;
}

std::int64_t Equations::ancestor(int space, std::int64_t iteration, int wanted) const {
  while (space != wanted) {
    const Space& here = trace_.spaces[static_cast<std::size_t>(space)];
    iteration = here.parents[static_cast<std::size_t>(iteration)];
    space = here.parent;
  }
  return iteration;
}

bool Equations::is_below(int space, int ancestor) const {
  while (space > ancestor) space = trace_.spaces[static_cast<std::size_t>(space)].parent;
  return space == ancestor;
}

Expr Equations::before(SymbolId symbol) const {
  const bool integers = holds_integers(evaluator_.symbol(symbol).type);
  const Expr whole = evaluator_.argument(evaluator_.value(symbol), integers ? stan_types::integer : stan_types::real);
  return whole.rank() == 1 ? whole : symbolic::reshape(whole, {-1});
}

template <class T>
Expr Equations::constant_of(std::span<const T> values) {
  const std::string_view bytes(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  const std::size_t hash = std::hash<std::string_view>()(bytes);
  const auto [first, last] = tables_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    const Array known = *symbolic::constant_value(it->second);
    if (static_cast<std::size_t>(known.size()) == values.size() &&
        known.dtype() == (std::is_same_v<T, double> ? symbolic::DType::float64 : symbolic::DType::int64) &&
        std::string_view(reinterpret_cast<const char*>(known.raw()), values.size_bytes()) == bytes)
      return it->second;
  }
  const Expr made = symbolic::constant(
      Array::of<T>({static_cast<std::int64_t>(values.size())}, std::vector<T>(values.begin(), values.end())));
  tables_.emplace(hash, made);
  return made;
}

template Expr Equations::constant_of(std::span<const std::int64_t> values);
template Expr Equations::constant_of(std::span<const double> values);

void Equations::solve() {
  Context whole(*this);
  std::vector<int> writers;
  for (std::size_t p = 0; p < trace_.points.size(); ++p)
    if (trace_.points[p].target != no_symbol) writers.push_back(static_cast<int>(p));
  whole.solve(writers);

  for (const Point& point : trace_.points) {
    for (const Evaluator::Requirement& requirement : point.requirements) {
      const Expr holds = whole.build(point, std::span(&requirement.holds, 1))[0].value;
      evaluator_.require({.range = requirement.range, .holds = holds.rank() > 0 ? symbolic::all(holds) : holds});
    }
    if (point.target != no_symbol) continue;
    // Term by term: one that is the same for all executions is multiplied and not added up. Together with the arguments
    // of its densities, which explain it later.
    Exprs values;
    std::vector<double> signs;
    split_terms(point.value, 1, values, signs);
    const std::size_t terms = values.size();
    for (const DensityAt& density : point.densities)
      values.insert(values.end(), density.arguments.begin(), density.arguments.end());
    const std::vector<Built> built = whole.build(point, values);
    Expr sum;
    for (std::size_t k = 0; k < terms; ++k) {
      const Expr term = sum_of_all(built[k]);
      const Expr signed_term = signs[k] < 0 ? -term : term;
      sum = sum ? sum + signed_term : signed_term;
    }
    Contribution contribution{.range = point.range, .value = value_from(sum)};
    contribution.reason = point.reason;
    std::size_t next = terms;
    for (const DensityAt& density : point.densities) {
      DensityAt all{density.distribution, density.quantity};
      for (std::size_t k = 0; k < density.arguments.size(); ++k) all.arguments.push_back(built[next++].value);
      contribution.densities.push_back(std::move(all));
    }
    evaluator_.add(std::move(contribution));
  }
  std::vector<std::pair<SymbolId, Value>> after;
  for (const auto& [symbol, followed] : trace_.followed) {
    if (!followed.outlives) continue;
    const std::int64_t size = symbolic::element_count(followed.shape);
    const Expr flat = whole.read(symbol, followed.last, size, 1);
    after.emplace_back(symbol, value_from(symbolic::reshape(flat, followed.shape)));
    evaluator_.slot(symbol).shape = followed.shape;
  }
  for (auto& [symbol, value] : after)
    evaluator_.slot(symbol).value = promoted(std::move(value), evaluator_.symbol(symbol).type);
}

}  // namespace leapgraph::models::lower
