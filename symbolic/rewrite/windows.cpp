/// Joins sums of disjoint padded slices.
#include "leapgraph/symbolic/rewrite/windows.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {

namespace {

/// A padded slice with step 1: `part` from `start` on along `axis`.
struct Window {
  std::int64_t axis, start, stop;
  Expr part;
};

std::optional<Window> as_window(const Expr& e) {
  if (&e.op() != &pad_slice_op || e.node().get<std::int64_t>("step") != 1 || !is_known(e.shape())) return std::nullopt;
  const Expr& part = e.node().input(0);
  if (!is_known(part.shape())) return std::nullopt;  // as far as a run tells
  const std::int64_t axis = e.node().get<std::int64_t>("axis");
  const std::int64_t start = e.node().get<std::int64_t>("start");
  return Window{axis, start, start + part.shape()[static_cast<std::size_t>(axis)], part};
}

/// Additions that are only terms of other additions of the same type: their sums are joined where the chain ends.
std::unordered_set<const Node*> inner_additions(const std::vector<const Node*>& order, const Exprs& outputs) {
  std::unordered_set<const Node*> inner;
  std::unordered_set<const Node*> elsewhere;
  for (const Expr& e : outputs) elsewhere.insert(&e.node());
  for (const Node* node : order)
    for (const Expr& e : node->inputs()) {
      if (&e.op() != &add_op) continue;
      if (&node->op() == &add_op && node->types()[0] == e.type())
        inner.insert(&e.node());
      else
        elsewhere.insert(&e.node());
    }
  for (const Node* node : elsewhere) inner.erase(node);
  return inner;
}

/// Terms of a sum, left to right; iterative, since sums may be long.
Exprs terms_of(const Expr& sum, const std::unordered_set<const Node*>& inner) {
  Exprs terms;
  Exprs stack{sum};
  bool is_root = true;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (is_root || inner.contains(&e.node())) {
      stack.push_back(e.node().input(1));
      stack.push_back(e.node().input(0));
    } else {
      terms.push_back(e);
    }
    is_root = false;
  }
  return terms;
}

Expr zeros(Shape shape, std::size_t axis, std::int64_t length, DType dtype) {
  shape[axis] = length;
  return full(std::move(shape), constant(0.0, dtype));
}

/// Windows in the order of their starts that do not overlap, put together; those that do overlap stay in `windows`.
Expr join(std::vector<Window>& windows, const Type& type) {
  std::stable_sort(windows.begin(), windows.end(), [](const Window& a, const Window& b) { return a.start < b.start; });
  const auto axis = static_cast<std::size_t>(windows.front().axis);
  Operands parts;
  std::vector<Window> left;
  std::int64_t end = 0;
  const auto fill_to = [&](std::int64_t start) {
    if (start > end) parts.emplace_back(zeros(type.shape, axis, start - end, type.dtype));
  };
  for (const Window& window : windows) {
    if (window.start < end) {
      left.push_back(window);
      continue;
    }
    fill_to(window.start);
    parts.emplace_back(window.part);
    end = window.stop;
  }
  fill_to(type.shape[axis]);
  windows = std::move(left);
  return parts.size() == 1 ? parts[0].expr() : concatenate(parts, static_cast<std::int64_t>(axis));
}

Expr joined(const Exprs& terms, const Expr& original) {
  std::map<std::int64_t, std::vector<Window>> by_axis;
  Exprs others;
  for (const Expr& term : terms) {
    auto window = as_window(term);
    if (window && term.type() == original.type())
      by_axis[window->axis].push_back(*std::move(window));
    else
      others.push_back(term);
  }
  Exprs sums;
  bool changed = false;
  for (auto& [axis, windows] : by_axis)
    while (!windows.empty()) {
      if (windows.size() == 1) {  // alone: as it was
        for (const Expr& term : terms)
          if (const auto window = as_window(term);
              window && window->axis == axis && window->start == windows[0].start && window->part == windows[0].part) {
            sums.push_back(term);
            break;
          }
        break;
      }
      changed = true;
      sums.push_back(join(windows, original.type()));
    }
  if (!changed) return original;
  sums.insert(sums.begin(), others.begin(), others.end());
  Expr result = sums.front();
  for (std::size_t i = 1; i < sums.size(); ++i) result = result + sums[i];
  return result;
}

}  // namespace

Graph join_windows(const Graph& graph, const PassLog& log) {
  if (!any_node(graph, [](const Node& node) { return &node.op() == &pad_slice_op; })) return graph;
  const std::unordered_set<const Node*> inner = inner_additions(topological_order(graph.outputs), graph.outputs);
  // Chains are read off the old graph; their terms are rebuilt ones.
  std::unordered_map<const Node*, Exprs> rebuilt;
  Graph result{graph.inputs, {}};
  result.outputs = rebuild_noted(
      graph.outputs, "a sum of padded slices is their concatenation", log, [&](const Node& node, const Exprs& inputs) {
        Exprs made = rebuild_same(node, inputs);
        if (&node.op() == &add_op && !inner.contains(&node) && is_known(node.types()[0].shape) &&
            !node.types()[0].shape.empty()) {
          Exprs terms;
          for (const Expr& term : terms_of(outputs_of(node)[0], inner))
            terms.push_back(rebuilt.at(&term.node())[static_cast<std::size_t>(term.output())]);
          made[0] = joined(terms, made[0]);
        }
        rebuilt.emplace(&node, made);
        return made;
      });
  return result;
}

}  // namespace leapgraph::symbolic
