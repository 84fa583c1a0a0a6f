/// Which expressions carry derivatives, and what both modes say when there are none.
#include "leapgraph/symbolic/derivatives/carriers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/custom_gradient.hpp"

namespace leapgraph::symbolic {

Carriers::Carriers(const std::vector<const Node*>& order, std::span<const Expr> wrt, const ExprSet& held)
    : targets_(wrt.begin(), wrt.end()), held_(held) {
  for (const Node* node : order)
    for (std::size_t i = 0; i < node->inputs().size(); ++i)
      if ((*this)(node->input(i)) && !is_cut_off(*node, i)) {
        nodes_.insert(node);
        break;
      }
}

namespace {

/// Names of ops from a user of `node` among `outputs` down to a variable that carries, for messages.
std::string way_through(const Node& node, std::span<const Expr> outputs, const Carriers& carries) {
  std::vector<std::string> names;
  std::unordered_map<const Node*, const Node*> user{{&node, nullptr}};
  const Node* top = &node;
  for (const Node* next : topological_order(outputs))
    for (const Expr& e : next->inputs())
      if (user.contains(&e.node()) && carries(e) && user.emplace(next, &e.node()).second) top = next;
  for (const Node* at = top; at != nullptr; at = user.at(at)) names.emplace_back(at->op().name);
  for (const Node* at = &node; at != nullptr;) {
    const auto below = std::find_if(at->inputs().begin(), at->inputs().end(), std::cref(carries));
    if (below == at->inputs().end()) break;
    const bool arrived = carries.is_target(*below);
    names.push_back(arrived && !name_of(*below).empty() ? "'" + name_of(*below) + "'" : std::string(below->op().name));
    at = arrived ? nullptr : &below->node();
  }
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names.size() > most && i == most / 2) {
      text += fmt::format(" <- ({} more)", names.size() - most);
      i = names.size() - most / 2;
    }
    text += (i == 0 ? "" : " <- ") + names[i];
  }
  return text;
}

}  // namespace

void refuse(std::string_view what, const Node& node, std::span<const Expr> outputs, const Carriers& carries) {
  throw NotDifferentiable(fmt::format("{}: the op '{}' has no gradient ({}); the way is {}", what, node.op().name,
                                      made_at(node), way_through(node, outputs, carries)));
}

void rethrow_with_way(const NotDifferentiable& error, std::string_view what, const Node& node,
                      std::span<const Expr> outputs, const Carriers& carries) {
  std::string message = error.what();
  // A forward rule that is derived from the reverse one: its way is that of variables which nobody knows.
  if (what == "jvp" && message.starts_with("grad: ")) message = message.substr(6, message.find("; the way is") - 6);
  const bool says_what = message.starts_with("grad: ") || message.starts_with("jvp: ");
  throw NotDifferentiable(fmt::format("{}{}{}; the way is {}", says_what ? "" : what, says_what ? "" : ": ", message,
                                      way_through(node, outputs, carries)));
}

std::string shown(const Expr& e) {
  if (!e) return "nothing";
  const std::string name = name_of(e);
  return name.empty() ? fmt::format("{} of type {}", e.op().name, to_string(e.type()))
                      : fmt::format("'{}' of type {}", name, to_string(e.type()));
}

std::string made_at(const Node& node) {
  return fmt::format("made at {}:{}", node.place().file_name(), node.place().line());
}

void require_floating(std::span<const Expr> wrt, std::string_view what) {
  for (const Expr& e : wrt) {
    if (!e) throw GraphError(fmt::format("{}: a variable is an empty expression", what));
    if (!is_floating(e.dtype()))
      throw NotDifferentiable(
          fmt::format("{}: {} is not a floating variable; cast it and use the result", what, shown(e)));
  }
}

void require_as_many(std::size_t got, std::size_t wanted, std::string_view what, std::string_view things) {
  if (got != wanted) throw GraphError(fmt::format("{}: got {} for {} {}", what, got, wanted, things));
}

void require_broadcast(const Expr& given, const Expr& like, std::string_view what, std::size_t number) {
  bool fits = given.rank() <= like.rank();
  const auto shift = static_cast<std::size_t>(std::max<std::int64_t>(0, like.rank() - given.rank()));
  for (std::size_t axis = 0; fits && axis < given.shape().size(); ++axis) {
    const std::int64_t from = given.shape()[axis], to = like.shape()[shift + axis];
    fits = from == 1 || from == unknown || to == unknown || from == to;
  }
  if (!fits)
    throw ShapeError(
        fmt::format("{} {} is {} and must fit {}", what, number, to_string(given.type()), to_string(like.type())));
}

}  // namespace leapgraph::symbolic
