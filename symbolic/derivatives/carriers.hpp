/// Which expressions carry derivatives, and what both modes say when there are none.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

using ExprSet = std::unordered_set<Expr, ExprHash>;

/// Which expressions carry derivatives from `wrt`: floating ones that depend on them, not by way of `held`.
class Carriers {
 public:
  Carriers(const std::vector<const Node*>& order, std::span<const Expr> wrt, const ExprSet& held);
  bool operator()(const Expr& e) const {
    return is_floating(e.dtype()) && (targets_.contains(e) || (nodes_.contains(&e.node()) && !held_.contains(e)));
  }
  bool is_target(const Expr& e) const { return targets_.contains(e); }
  bool hands_on(const Node& node) const { return nodes_.contains(&node); }

 private:
  ExprSet targets_;
  const ExprSet& held_;
  std::unordered_set<const Node*> nodes_;
};

/// Throws NotDifferentiable, naming op, place and way: the op of the node has no rule.
[[noreturn]] void refuse(std::string_view what, const Node& node, std::span<const Expr> outputs,
                         const Carriers& carries);
/// The same error, of a rule of the node's op, with the way that led to the node.
[[noreturn]] void rethrow_with_way(const NotDifferentiable& error, std::string_view what, const Node& node,
                                   std::span<const Expr> outputs, const Carriers& carries);

/// What `rule`, a rule of the node's op, gives; where it refuses, the message says which way led here.
template <class Rule>
Exprs by_rule(std::string_view what, const Node& node, std::span<const Expr> outputs, const Carriers& carries,
              Rule&& rule) {
  try {
    return rule();
  } catch (const NotDifferentiable& error) {
    rethrow_with_way(error, what, node, outputs, carries);
  }
}

// --- What callers give ---

/// "'x' of type float64[3]"
std::string shown(const Expr& e);
/// "made at model.cpp:12"
std::string made_at(const Node& node);
/// Throws NotDifferentiable unless all are floating, GraphError for an empty expression.
void require_floating(std::span<const Expr> wrt, std::string_view what);
void require_as_many(std::size_t got, std::size_t wanted, std::string_view what, std::string_view things);
/// Throws ShapeError where `given` cannot be broadcast to the type of `like`.
void require_broadcast(const Expr& given, const Expr& like, std::string_view what, std::size_t number);

}  // namespace leapgraph::symbolic
