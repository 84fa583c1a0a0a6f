/// Storing against computing again as a minimum cut.
#include "leapgraph/symbolic/ops/loop_storage.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

#include "leapgraph/symbolic/op.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr double never = std::numeric_limits<double>::infinity();

double elements_of(const Type& type) {
  double count = 1;
  for (std::int64_t n : type.shape) count *= n == unknown ? 100 : static_cast<double>(n);
  return count;
}

/// Time an element takes, by what its code calls.
double element_cost(const Elementwise& code) {
  bool calls = false;
  for (std::size_t i = 1; i < code.code.size(); ++i) {
    const char before = code.code[i - 1];
    calls = calls || (code.code[i] == '(' && (std::isalnum(static_cast<unsigned char>(before)) != 0 || before == '}'));
  }
  return calls ? 5 : code.code.find('/') != std::string_view::npos ? 1.5 : 0.4;
}

double body_cost(const Graph& body) {
  double cost = 0;
  for (const Node* node : topological_order(body.outputs)) cost += computing_cost(*node);
  return cost;
}

/// Directed edges with capacities; the largest flow by shortest paths.
class Network {
 public:
  int add_vertex() {
    edges_of_.emplace_back();
    return static_cast<int>(edges_of_.size()) - 1;
  }
  void connect(int from, int to, double capacity) {
    edges_of_[static_cast<std::size_t>(from)].push_back(static_cast<int>(edges_.size()));
    edges_.push_back({to, capacity});
    edges_of_[static_cast<std::size_t>(to)].push_back(static_cast<int>(edges_.size()));
    edges_.push_back({from, 0});
  }
  /// Of each vertex, whether it is on the source's side of the smallest minimum cut.
  std::vector<bool> cut(int source, int sink) {
    for (;;) {
      std::vector<int> by(edges_of_.size(), -1);
      std::vector<bool> reached(edges_of_.size(), false);
      std::vector<int> queue{source};
      reached[static_cast<std::size_t>(source)] = true;
      for (std::size_t q = 0; q < queue.size() && !reached[static_cast<std::size_t>(sink)]; ++q)
        for (int e : edges_of_[static_cast<std::size_t>(queue[q])]) {
          const Edge& edge = edges_[static_cast<std::size_t>(e)];
          if (edge.room <= 1e-9 || reached[static_cast<std::size_t>(edge.to)]) continue;
          reached[static_cast<std::size_t>(edge.to)] = true;
          by[static_cast<std::size_t>(edge.to)] = e;
          queue.push_back(edge.to);
        }
      if (!reached[static_cast<std::size_t>(sink)]) return reached;
      double flow = never;
      const auto along_path = [&](auto&& visit) {
        for (int v = sink; v != source;) {
          const int e = by[static_cast<std::size_t>(v)];
          visit(e);
          v = edges_[static_cast<std::size_t>(e ^ 1)].to;
        }
      };
      along_path([&](int e) { flow = std::min(flow, edges_[static_cast<std::size_t>(e)].room); });
      if (flow == never) throw InternalError("a loop needs a value that can neither be stored nor computed");
      along_path([&](int e) {
        edges_[static_cast<std::size_t>(e)].room -= flow;
        edges_[static_cast<std::size_t>(e ^ 1)].room += flow;
      });
    }
  }

 private:
  struct Edge {
    int to;
    double room;
  };
  std::vector<Edge> edges_;  ///< each followed by its reverse
  std::vector<std::vector<int>> edges_of_;
};

}  // namespace

double bytes_of(const Type& type) { return elements_of(type) * static_cast<double>(info(type.dtype).bytes); }

double storing_cost(const Type& type) { return 1 + bytes_of(type) / 8; }

double computing_cost(const Node& node) {
  const Lowering& lowering = node.op().lowering;
  double elements = 0, inputs = 0;
  for (const Type& type : node.types()) elements += elements_of(type);
  for (const Expr& e : node.inputs()) inputs += elements_of(e.type());
  if (node.op().effect) return 1e15;  // must not happen twice
  if (std::holds_alternative<Source>(lowering) || std::holds_alternative<View>(lowering)) return 0;
  if (const auto* code = std::get_if<Elementwise>(&lowering)) return elements * element_cost(*code);
  if (std::holds_alternative<Gather>(lowering)) return 0.6 * elements;
  if (const auto* scatter = std::get_if<Scatter>(&lowering))
    return scatter->kind == ScatterKind::set_rows || scatter->kind == ScatterKind::add_rows
               ? 0.5 * elements + elements_of(node.input(2).type())  // a copy: the old version is needed too
               : 0.5 * elements;
  if (std::holds_alternative<Contraction>(lowering)) return 0.3 * elements * inputs / 2;
  if (std::holds_alternative<Loop>(lowering)) {
    const auto length = node.get<std::int64_t>("length");
    return (length == unknown ? 100.0 : static_cast<double>(length)) * (2 + body_cost(*node.get<Body>("body")));
  }
  if (std::holds_alternative<Call>(lowering)) return 5 + body_cost(*node.get<Body>("body"));
  if (std::holds_alternative<Branch>(lowering))
    return 2 + std::max(body_cost(*node.get<Body>("then")), body_cost(*node.get<Body>("else")));
  if (std::holds_alternative<Routine>(lowering)) return 20 * (elements + inputs);
  return elements + inputs;
}

Stored choose_stored(std::span<const Expr> needed, const StorageChoice& choice) {
  Network network;
  const int source = network.add_vertex(), sink = network.add_vertex();
  // Two vertices a value: one on the source's side when the value must be had, one when it is computed.
  std::unordered_map<Expr, int, ExprHash> had;
  std::unordered_map<const Node*, int> computed;
  std::unordered_map<Expr, int, ExprHash> followed;
  Exprs values;  // in the order in which they were met
  const auto vertex_of = [&](const Expr& e) {
    const auto [it, is_new] = had.emplace(e, 0);
    if (is_new) {
      it->second = network.add_vertex();
      values.push_back(e);
    }
    return it->second;
  };
  for (const Expr& e : needed)
    if (!choice.at_hand(e)) network.connect(source, vertex_of(e), never);
  for (std::size_t next = 0; next < values.size(); ++next) {
    const Expr e = values[next];
    const int vertex = had.at(e);
    const double storing = choice.storing(e).value_or(never);
    if (const auto old = choice.follows.find(e); old != choice.follows.end()) {
      const int follow = network.add_vertex();
      followed.emplace(e, follow);
      network.connect(vertex, follow, storing);
      network.connect(follow, sink, 0.2 * storing_cost(e.type()));
      network.connect(follow, vertex_of(old->second), never);
      continue;
    }
    const Node& node = e.node();
    if (node.inputs().empty() && lowering_as<Source>(node.op()) != nullptr) {
      network.connect(vertex, sink, storing);  // a variable
      continue;
    }
    const auto [it, is_new] = computed.emplace(&node, 0);
    if (is_new) {
      it->second = network.add_vertex();
      network.connect(it->second, sink, computing_cost(node));
      for (const Expr& input : node.inputs())
        if (!choice.at_hand(input)) network.connect(it->second, vertex_of(input), never);
    }
    network.connect(vertex, it->second, storing);
  }
  const std::vector<bool> side = network.cut(source, sink);
  Stored result;
  for (const Expr& e : values) {
    if (!side[static_cast<std::size_t>(had.at(e))]) continue;
    if (const auto follow = followed.find(e); follow != followed.end()) {
      if (side[static_cast<std::size_t>(follow->second)])
        result.followed.insert(e);
      else
        result.stored.push_back(e);
      continue;
    }
    const auto node = computed.find(&e.node());
    if (node == computed.end() || !side[static_cast<std::size_t>(node->second)]) result.stored.push_back(e);
  }
  return result;
}

}  // namespace leapgraph::symbolic
