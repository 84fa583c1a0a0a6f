/// Rebuilds the graph bottom-up over inputs of known shape and asks abstract ops for their concrete form.
#include "leapgraph/symbolic/rewrite/specialize.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {

std::vector<Type> parameter_types(const Node& node, std::span<const Expr> inputs) {
  std::vector<Type> types;
  const auto add = [&types](const Expr& e) { types.push_back(e.type()); };
  if (lowering_as<Call>(node.op()) != nullptr) {
    for (const Expr& e : inputs) add(e);
  } else if (lowering_as<Branch>(node.op()) != nullptr) {
    for (const Expr& e : inputs.subspan(1)) add(e);
  } else if (lowering_as<Loop>(node.op()) != nullptr) {
    const auto carries = static_cast<std::size_t>(node.get<std::int64_t>("carries"));
    const auto sequences = static_cast<std::size_t>(node.get<std::int64_t>("sequences"));
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      add(inputs[i]);
      if (i > carries && i <= carries + sequences) types.back().shape.erase(types.back().shape.begin());
    }
  }
  return types;
}

bool is_known_to_rules(const Op& op) {
  static const Op* const known[] = {&logsumexp_op, &softmax_op,     &solve_op,   &inverse_op,
                                    &det_op,       &log_abs_det_op, &sign_det_op};
  return std::find(std::begin(known), std::end(known), &op) != std::end(known);
}

bool has_body(const Node& node) {
  const auto& entries = node.attributes().entries();
  return std::any_of(entries.begin(), entries.end(),
                     [](const auto& entry) { return std::holds_alternative<Body>(entry.second); });
}

namespace {

class Specializer {
 public:
  /// `outputs` with inputs replaced; the replacement of an input has the same element type and rank.
  Exprs run(std::span<const Expr> outputs, const Substitution& inputs) {
    return rebuild(outputs, [&](const Node& node, const Exprs& arguments) -> Exprs {
      if (node.inputs().empty()) {
        const Exprs same = outputs_of(node);
        const auto found = inputs.find(same[0]);
        return found == inputs.end() ? same : Exprs{found->second};
      }
      const MadeAt at(node.place());
      return concrete(with_specialized_bodies(node, arguments));
    });
  }

 private:
  struct Done {
    Body body;
    std::vector<Type> types;
    Body result;
  };

  static Exprs concrete(Exprs outputs) {
    while (outputs[0].op().concrete != nullptr && !is_known_to_rules(outputs[0].op())) {
      Exprs direct = outputs[0].op().concrete(outputs[0].node());
      if (direct.empty() || !direct[0] || direct == outputs) break;
      if (direct.size() > 1) return direct;
      outputs = std::move(direct);
    }
    return outputs;
  }

  Exprs with_specialized_bodies(const Node& node, const Exprs& arguments) {
    const std::vector<Type> types = parameter_types(node, arguments);
    Attributes attributes = node.attributes();
    bool changed = false;
    for (const auto& [name, value] : node.attributes().entries()) {
      const Body* body = std::get_if<Body>(&value);
      if (body == nullptr || (*body)->inputs.size() != types.size()) continue;
      Body specialized = specialize_body(*body, types);
      changed = changed || *specialized != **body;
      attributes = attributes.with(name, std::move(specialized));
    }
    if (!changed) return rebuild_same(node, arguments);
    return outputs_of(*make_node(node.op(), arguments, std::move(attributes), node.place()));
  }

  Body specialize_body(const Body& body, const std::vector<Type>& types) {
    std::vector<Done>& known = done_[body->outputs.empty() ? nullptr : &body->outputs[0].node()];
    for (const Done& entry : known)
      if (entry.types == types && *entry.body == *body) return entry.result;
    Graph result;
    Substitution parameters;
    for (std::size_t i = 0; i < types.size(); ++i) {
      result.inputs.push_back(parameter(static_cast<std::int64_t>(i), types[i]));
      parameters.emplace(body->inputs[i], result.inputs.back());
    }
    result.outputs = run(body->outputs, parameters);
    Body specialized = std::make_shared<const Graph>(std::move(result));
    done_[body->outputs.empty() ? nullptr : &body->outputs[0].node()].push_back({body, types, specialized});
    return specialized;
  }

  std::unordered_map<const Node*, std::vector<Done>> done_;
};

}  // namespace

Graph specialize(const Graph& graph, std::span<const Shape> shapes) {
  if (shapes.size() != graph.inputs.size())
    throw GraphError(fmt::format("the function takes {} arguments, got {}", graph.inputs.size(), shapes.size()));
  require_one_length_a_name(graph.inputs, shapes);
  Graph result;
  Substitution replaced;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const Expr& old = graph.inputs[i];
    const Shape& wanted = old.shape();
    bool fits = wanted.size() == shapes[i].size();
    for (std::size_t axis = 0; fits && axis < wanted.size(); ++axis)
      fits = wanted[axis] == unknown || wanted[axis] == shapes[i][axis];
    if (!fits)
      throw ShapeError(fmt::format("the argument for '{}' must be {}, got shape {}", name_of(old),
                                   named_text(old.type(), dimension_names(old)), to_string(shapes[i])));
    Type type{old.dtype(), shapes[i]};
    result.inputs.push_back(type == old.type() ? old : retyped(old, std::move(type)));
    replaced.emplace(old, result.inputs.back());
  }
  result.outputs = Specializer().run(graph.outputs, replaced);
  return result;
}

namespace {

bool has_bodies(const Graph& graph) { return any_node(graph, has_body); }

class BodyRewriter {
 public:
  BodyRewriter(const std::function<Graph(const Graph&)>& pass, const PassLog& log) : pass_(pass), log_(log) {}

  Graph run(const Graph& graph) {
    if (!has_bodies(graph)) return pass_(graph);
    return pass_(
        {graph.inputs,
         rebuild_noted(graph.outputs, "its body", log_, [this](const Node& node, const Exprs& inputs) -> Exprs {
           Attributes attributes = node.attributes();
           bool changed = false;
           for (const auto& [name, value] : node.attributes().entries())
             if (const Body* body = std::get_if<Body>(&value)) {
               Body made = rewritten(*body);
               changed = changed || !(*made == **body);
               attributes = attributes.with(name, std::move(made));
             }
           if (!changed) return rebuild_same(node, inputs);
           return outputs_of(*make_node(node.op(), inputs, std::move(attributes), node.place()));
         })});
  }

 private:
  Body rewritten(const Body& body) {
    auto& known = done_[body->outputs.empty() ? nullptr : &body->outputs[0].node()];
    for (const auto& [old, result] : known)
      if (*old == *body) return result;
    Body made = std::make_shared<const Graph>(run(*body));
    done_[body->outputs.empty() ? nullptr : &body->outputs[0].node()].emplace_back(body, made);
    return made;
  }

  const std::function<Graph(const Graph&)>& pass_;
  const PassLog& log_;
  std::unordered_map<const Node*, std::vector<std::pair<Body, Body>>> done_;
};

}  // namespace

Graph with_bodies(const Graph& graph, const std::function<Graph(const Graph&)>& pass, const PassLog& log) {
  return BodyRewriter(pass, log).run(graph);
}

Graph lower_abstract(const Graph& graph, const PassLog& log) {
  const auto pass = [&log](const Graph& g) {
    if (!any_node(g, [](const Node& node) { return node.op().concrete != nullptr; })) return g;
    return Graph{g.inputs,
                 rebuild_noted(g.outputs, "for the shapes it has", log, [](const Node& node, const Exprs& inputs) {
                   const MadeAt at(node.place());
                   Exprs outputs = rebuild_same(node, inputs);
                   for (const Expr& e : inputs)
                     if (!is_known(e.shape())) return outputs;
                   while (outputs.size() == 1 && outputs[0].op().concrete != nullptr) {
                     const Exprs direct = outputs[0].op().concrete(outputs[0].node());
                     if (direct.empty() || !direct[0] || direct == outputs) break;
                     outputs = direct;
                   }
                   return outputs;
                 })};
  };
  return with_bodies(graph, pass, log);
}

}  // namespace leapgraph::symbolic
