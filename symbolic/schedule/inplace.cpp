/// Row updates and carries of loops in place: allowed where everybody who reads the old value can come before.
///
/// Memory is followed through views. When an update takes over the memory of its tensor, all other readers of the
/// tensor become its predecessors; where one of them needs the result of the update, the tensor is copied instead.
#include "leapgraph/symbolic/schedule/inplace.hpp"

#include <algorithm>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

namespace {

/// The view shows all elements of its input in their order. Where lengths are not known, in the interpreter, it may.
bool is_whole_view(const Node& node) {
  const View* view = lowering_as<View>(node.op());
  if (view == nullptr) return false;
  const Shape &from = node.input(0).shape(), &to = node.types()[0].shape;
  if (!is_known(from) || !is_known(to)) return true;
  if (element_count(from) != element_count(to)) return false;
  Layout layout;
  return view->layout(node, row_major_layout(from), layout) && is_row_major(layout) && layout.offset == 0;
}

/// Positions of the inputs whose memory output `i` may take over; -1: none.
int overwritten_input(const Node& node, std::size_t i) {
  if (const auto* scatter = lowering_as<Scatter>(node.op()))
    return scatter->kind == ScatterKind::set_rows || scatter->kind == ScatterKind::add_rows ? 0 : -1;
  if (lowering_as<Loop>(node.op()) != nullptr)
    return i < static_cast<std::size_t>(node.get<std::int64_t>("carries")) ? static_cast<int>(i) + 1 : -1;
  return -1;
}

class Planner {
 public:
  Planner(std::span<const Expr> outputs, const std::function<bool(const Expr&)>& given, std::span<const Expr> writable)
      : outputs_(outputs), given_(given), writable_(writable.begin(), writable.end()) {}

  InPlacePlan run() {
    plan_.order = topological_order(outputs_);
    std::erase_if(plan_.order, [this](const Node* node) { return is_given(*node); });
    const bool any = std::any_of(plan_.order.begin(), plan_.order.end(),
                                 [](const Node* node) { return overwritten_input(*node, 0) >= 0; });
    if (!any) return std::move(plan_);
    for (const Node* node : plan_.order)
      for (const Expr& e : node->inputs()) users_[e].push_back(node);
    for (const Node* node : plan_.order)
      for (std::size_t i = 0; i < node->types().size(); ++i)
        if (const int k = overwritten_input(*node, i); k >= 0) try_in_place(*node, i, static_cast<std::size_t>(k));
    if (!plan_.before.empty()) sort();
    return std::move(plan_);
  }

 private:
  bool is_given(const Node& node) const { return given_(Expr(node.shared_from_this(), 0)); }

  void try_in_place(const Node& node, std::size_t output, std::size_t input) {
    const Expr& x = node.input(input);
    Expr whole = x;  // the value whose memory x lies in
    while (!given_(whole) && is_whole_view(whole.node())) whole = whole.node().input(0);
    if (given_(whole) ? !writable_.contains(whole) : lowering_as<Source>(whole.op()) != nullptr) return;
    if (lowering_as<View>(whole.op()) != nullptr && !given_(whole)) return;
    if (taken_.contains(whole)) return;

    std::vector<const Node*> readers;
    if (!find_readers(whole, node, readers)) return;
    if (!readers.empty()) {
      const std::unordered_set<const Node*> after = descendants(node);
      for (const Node* reader : readers)
        if (after.contains(reader)) return;
    }
    for (const Node* reader : readers) {
      plan_.before[&node].push_back(reader);
      then_[reader].push_back(&node);
    }
    taken_.insert(whole);
    plan_.in_place.insert(Expr(node.shared_from_this(), static_cast<int>(output)));
  }

  /// Other nodes that read `whole` or a view of it. Returns false where `writer` reads it twice, or the region returns
  /// it.
  bool find_readers(const Expr& whole, const Node& writer, std::vector<const Node*>& readers) const {
    Exprs views{whole};
    int reads = 0;
    for (std::size_t v = 0; v < views.size(); ++v) {
      const Expr view = views[v];
      if (std::find(outputs_.begin(), outputs_.end(), view) != outputs_.end()) return false;
      const auto found = users_.find(view);
      if (found == users_.end()) continue;
      for (const Node* user : found->second) {
        if (user == &writer) {
          if (++reads > 1) return false;
          continue;
        }
        readers.push_back(user);
        if (lowering_as<View>(user->op()) != nullptr) {
          const Expr next(user->shared_from_this(), 0);
          if (std::find(views.begin(), views.end(), next) == views.end()) views.push_back(next);
        }
      }
    }
    return true;
  }

  /// Nodes that come after `node` whatever the order.
  std::unordered_set<const Node*> descendants(const Node& node) const {
    std::unordered_set<const Node*> found;
    std::vector<const Node*> stack{&node};
    const auto enter = [&](const Node* next) {
      if (found.insert(next).second) stack.push_back(next);
    };
    while (!stack.empty()) {
      const Node* top = stack.back();
      stack.pop_back();
      for (std::size_t i = 0; i < top->types().size(); ++i)
        if (const auto it = users_.find(Expr(top->shared_from_this(), static_cast<int>(i))); it != users_.end())
          for (const Node* user : it->second) enter(user);
      if (const auto it = then_.find(top); it != then_.end())
        for (const Node* next : it->second) enter(next);
    }
    return found;
  }

  /// Topological order with the readers before the writers.
  void sort() {
    struct Visit {
      const Node* node;
      std::size_t next;
    };
    std::vector<const Node*> order;
    std::unordered_set<const Node*> seen;
    std::vector<Visit> stack;
    const auto enter = [&](const Node* node) {
      if (!is_given(*node) && seen.insert(node).second) stack.push_back({node, 0});
    };
    static const std::vector<const Node*> none;
    for (const Node* last : plan_.order) {
      enter(last);
      while (!stack.empty()) {
        const Node* node = stack.back().node;
        const std::size_t next = stack.back().next++;
        const auto found = plan_.before.find(node);
        const std::vector<const Node*>& readers = found == plan_.before.end() ? none : found->second;
        if (next < node->inputs().size())
          enter(&node->input(next).node());
        else if (next < node->inputs().size() + readers.size())
          enter(readers[next - node->inputs().size()]);
        else {
          order.push_back(node);
          stack.pop_back();
        }
      }
    }
    plan_.order = std::move(order);
  }

  std::span<const Expr> outputs_;
  const std::function<bool(const Expr&)>& given_;
  std::unordered_set<Expr, ExprHash> writable_;
  InPlacePlan plan_;
  std::unordered_map<Expr, std::vector<const Node*>, ExprHash> users_;
  std::unordered_set<Expr, ExprHash> taken_;  ///< values whose memory another one has taken over
  std::unordered_map<const Node*, std::vector<const Node*>> then_;
};

}  // namespace

Expr InPlacePlan::memory_of(const Expr& e) const {
  Expr memory = e;
  for (;;) {
    if (in_place.contains(memory))
      memory = memory.node().input(
          static_cast<std::size_t>(overwritten_input(memory.node(), static_cast<std::size_t>(memory.output()))));
    else if (is_whole_view(memory.node()))
      memory = memory.node().input(0);
    else
      return memory;
  }
}

InPlacePlan plan_in_place(std::span<const Expr> outputs, const std::function<bool(const Expr&)>& given,
                          std::span<const Expr> writable) {
  return Planner(outputs, given, writable).run();
}

}  // namespace leapgraph::symbolic
