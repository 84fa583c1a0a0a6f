/// The four ways of writing graphs down.
#include "leapgraph/symbolic/print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/indexing.hpp"

namespace leapgraph::symbolic {

namespace {

/// "2.0", "-0.5", "3", "true".
std::string literal_text(const Expr& e) {
  const Array value = *constant_value(e);
  if (e.dtype() == DType::boolean) return value.integer() != 0 ? "true" : "false";
  if (!is_floating(e.dtype())) return std::to_string(value.integer());
  const double real = value.real();
  const std::string text =
      e.dtype() == DType::float32 ? fmt::format("{}", static_cast<float>(real)) : fmt::format("{}", real);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

/// Name of a node without inputs.
std::string leaf_text(const Expr& e) {
  if (&e.op() == &constant_op) return literal_text(e);
  if (&e.op() == &data_op) return "data" + to_string(*constant_value(e));
  if (is_input(e)) return name_of(e).empty() ? "unnamed" : name_of(e);
  return std::string(e.op().name);
}

/// Attributes other than bodies and what a leaf's name says: " {axes=[0]}".
std::string attribute_text(const Node& node) {
  std::string text;
  for (const auto& [name, value] : node.attributes().entries())
    if (!std::holds_alternative<Body>(value))
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, to_string(value));
  return text.empty() ? "" : " {" + text + "}";
}

std::vector<std::pair<std::string_view, Body>> bodies_of(const Node& node) {
  std::vector<std::pair<std::string_view, Body>> bodies;
  for (const auto& [name, value] : node.attributes().entries())
    if (const Body* body = std::get_if<Body>(&value)) bodies.emplace_back(name, *body);
  return bodies;
}

/// Bodies in the order in which they are met; equal ones are one.
class BodyList {
 public:
  std::size_t number(const Body& body) {
    const auto found = std::find_if(bodies_.begin(), bodies_.end(), [&](const Body& b) { return *b == *body; });
    if (found != bodies_.end()) return static_cast<std::size_t>(found - bodies_.begin());
    bodies_.push_back(body);
    return bodies_.size() - 1;
  }
  std::size_t size() const { return bodies_.size(); }
  Body operator[](std::size_t i) const { return bodies_[i]; }

 private:
  std::vector<Body> bodies_;
};

std::string types_text(const Node& node) {
  if (node.types().size() == 1) return to_string(node.types()[0]);
  std::string text;
  for (const Type& type : node.types()) text += (text.empty() ? "" : ", ") + to_string(type);
  return "(" + text + ")";
}

// --- pp ---

/// How an op is written in a formula: text before, between and after its inputs.
struct Notation {
  const Op* op;
  std::string_view before, between, after;
};

const Notation* notation_of(const Op& op) {
  static const Notation table[] = {
      {&add_op, "(", " + ", ")"},
      {&sub_op, "(", " - ", ")"},
      {&mul_op, "(", " * ", ")"},
      {&div_op, "(", " / ", ")"},
      {&floor_div_op, "(", " // ", ")"},
      {&mod_op, "(", " % ", ")"},
      {&pow_op, "(", " ** ", ")"},
      {&neg_op, "(-", "", ")"},
      {&abs_op, "|", "", "|"},
      {&eq_op, "(", " == ", ")"},
      {&neq_op, "(", " != ", ")"},
      {&lt_op, "(", " < ", ")"},
      {&le_op, "(", " <= ", ")"},
      {&logical_and_op, "(", " and ", ")"},
      {&logical_or_op, "(", " or ", ")"},
      {&logical_not_op, "(not ", "", ")"},
  };
  const auto* found =
      std::find_if(std::begin(table), std::end(table), [&op](const Notation& n) { return n.op == &op; });
  return found == std::end(table) ? nullptr : found;
}

/// "(0,)" or "(0, 1)", as Python writes a tuple.
std::string tuple_text(const Axes& axes) {
  std::string text;
  for (std::int64_t axis : axes) text += (text.empty() ? "" : ", ") + std::to_string(axis);
  return "(" + text + (axes.size() == 1 ? ",)" : ")");
}

/// "[1:3, ::-1]" for an index along one axis.
std::string index_text(std::int64_t axis, const std::string& part) {
  std::string text = "[";
  for (std::int64_t i = 0; i < axis; ++i) text += ":, ";
  return text + part + "]";
}

std::string slice_text(const Node& node) {
  const auto bound = [&node](std::string_view name) {
    return node.attributes().has(name) ? std::to_string(node.get<std::int64_t>(name)) : std::string();
  };
  const std::int64_t step = node.get<std::int64_t>("step");
  return index_text(node.get<std::int64_t>("axis"),
                    bound("start") + ":" + bound("stop") + (step == 1 ? "" : ":" + std::to_string(step)));
}

bool is_matrix_product(const Node& node) {
  if (&node.op() != &contract_op) return false;
  const auto& first = node.get<std::vector<std::int64_t>>("first");
  const auto& second = node.get<std::vector<std::int64_t>>("second");
  const std::size_t inner = second.size() < 2 ? 0 : second.size() - 2;
  return first.size() <= 2 && second.size() <= 2 && !first.empty() && !second.empty() &&
         first.back() == second[inner] &&
         node.get<std::vector<std::int64_t>>("output").size() + 2 == first.size() + second.size();
}

/// Text before, between and after the inputs of any op.
struct Pieces {
  std::string before, between, after;
};
Pieces pieces_of(const Expr& e) {
  const Node& node = e.node();
  const Op& op = node.op();
  if (const Notation* n = notation_of(op))
    return {std::string(n->before), std::string(n->between), std::string(n->after)};
  if (is_matrix_product(node)) return {"(", " \\dot ", ")"};
  if (&op == &transpose_op && node.get<Axes>("permutation") == Axes{1, 0}) return {"", "", ".T"};
  if (&op == &slice_op) return {"", "", slice_text(node)};
  if (&op == &at_op)
    return {"", "", index_text(node.get<std::int64_t>("axis"), std::to_string(node.get<std::int64_t>("position")))};
  if (&op == &gather_op) return {"", "[", "]"};
  Pieces pieces{std::string(op.name) + "(", ", ", ")"};
  for (const auto& [name, value] : node.attributes().entries())
    if (!std::holds_alternative<Body>(value)) {
      const auto* list = std::get_if<Axes>(&value);
      pieces.after.insert(pieces.after.size() - 1, fmt::format(", {}={}", name == "axes" ? "axis" : name,
                                                               list != nullptr ? tuple_text(*list) : to_string(value)));
    }
  if (node.types().size() > 1) pieces.after += fmt::format(".{}", e.output());
  return pieces;
}

// --- debugprint ---

/// A, B, ..., Z, AA, AB, ...
std::string letters(std::size_t number) {
  std::string text;
  for (++number; number > 0; number = (number - 1) / 26)
    text.insert(text.begin(), static_cast<char>('A' + (number - 1) % 26));
  return text;
}

class TreePrinter {
 public:
  std::string run(std::span<const Expr> outputs) {
    for (const Expr& e : outputs) tree(e);
    for (std::size_t i = 0; i < bodies_.size(); ++i) {
      text_ += fmt::format("\nbody @{}({})\n", i, parameters_text(*bodies_[i]));
      for (const Expr& e : bodies_[i]->outputs) tree(e);
    }
    return std::move(text_);
  }

 private:
  struct Line {
    Expr e;
    std::string lead;  ///< in front of this line
    std::string rest;  ///< in front of the lines below it
    std::size_t depth;
  };
  static constexpr std::size_t deepest = 40;  // below, lines are not indented further

  static std::string parameters_text(const Graph& body) {
    std::string text;
    for (const Expr& e : body.inputs) text += (text.empty() ? "" : ", ") + to_string(e.type());
    return text;
  }

  void tree(const Expr& root) {
    std::vector<Line> stack{{root, "", "", 0}};
    while (!stack.empty()) {
      const Line line = std::move(stack.back());
      stack.pop_back();
      const Node& node = line.e.node();
      const auto [id, is_new] = ids_.emplace(&node, ids_.size());
      text_ += line.lead + (node.inputs().empty() ? leaf_text(line.e) : std::string(node.op().name));
      if (!node.inputs().empty()) text_ += attribute_text(node);
      if (node.types().size() > 1) text_ += fmt::format(".{}", line.e.output());
      text_ += fmt::format(" [id {}] {}", letters(id->second), to_string(line.e.type()));
      for (const auto& [name, body] : bodies_of(node)) text_ += fmt::format(" {}=@{}", name, bodies_.number(body));
      const bool repeated = !is_new && !node.inputs().empty();
      text_ += repeated ? " (above)\n" : "\n";
      if (repeated) continue;
      for (std::size_t i = node.inputs().size(); i-- > 0;) {
        const bool last = i + 1 == node.inputs().size();
        const bool deep = line.depth >= deepest;
        stack.push_back(
            {node.input(i),
             deep ? fmt::format("{}({}) ", line.rest, line.depth + 1) : line.rest + (last ? " └─ " : " ├─ "),
             deep ? line.rest : line.rest + (last ? "    " : " │  "), line.depth + 1});
      }
    }
  }

  std::unordered_map<const Node*, std::size_t> ids_;
  BodyList bodies_;
  std::string text_;
};

// --- describe ---

/// The inputs of a graph, used or not, then the other nodes in topological order.
std::vector<const Node*> listed_nodes(const Graph& graph) {
  std::vector<const Node*> nodes;
  std::unordered_set<const Node*> seen;
  for (const Expr& e : graph.inputs)
    if (seen.insert(&e.node()).second) nodes.push_back(&e.node());
  for (const Node* node : topological_order(graph.outputs))
    if (seen.insert(node).second) nodes.push_back(node);
  return nodes;
}

void describe_one(const Graph& graph, std::string_view indent, BodyList& bodies, std::string& text) {
  std::unordered_map<const Node*, std::size_t> numbers;
  const auto reference = [&numbers](const Expr& e) {
    if (&e.op() == &constant_op) return literal_text(e);
    const std::string name = fmt::format("%{}", numbers.at(&e.node()));
    return e.node().types().size() > 1 ? fmt::format("{}.{}", name, e.output()) : name;
  };
  const auto references = [&reference](const Exprs& exprs) {
    std::string list;
    for (const Expr& e : exprs) list += (list.empty() ? "" : ", ") + reference(e);
    return list;
  };
  for (const Node* node : listed_nodes(graph)) {
    if (&node->op() == &constant_op) continue;
    const std::size_t number = numbers.emplace(node, numbers.size()).first->second;
    const Expr first(node->shared_from_this(), 0);
    std::string what;
    if (&node->op() == &input_op)
      what = "input " + leaf_text(first);
    else if (&node->op() == &parameter_op)
      what = leaf_text(first);
    else if (&node->op() == &data_op)
      what = "data " + to_string(*constant_value(first));
    else
      what = fmt::format("{}({}){}", node->op().name, references(node->inputs()), attribute_text(*node));
    for (const auto& [name, body] : bodies_of(*node)) what += fmt::format(" {}=@{}", name, bodies.number(body));
    text += fmt::format("{}%{} = {} : {}\n", indent, number, what, types_text(*node));
  }
  text += fmt::format("{}return {}\n", indent, references(graph.outputs));
}

// --- to_dot ---

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

void draw_one(const Graph& graph, const std::string& prefix, BodyList& bodies, std::string& text) {
  std::unordered_map<const Node*, std::string> names;
  for (const Node* node : listed_nodes(graph)) {
    const std::string& name = names.emplace(node, fmt::format("{}n{}", prefix, names.size())).first->second;
    const Expr first(node->shared_from_this(), 0);
    const bool leaf = node->inputs().empty();
    std::string label = escaped(leaf ? leaf_text(first) : std::string(node->op().name) + attribute_text(*node));
    for (const auto& [attribute, body] : bodies_of(*node))
      label += fmt::format("\\n{}=@{}", attribute, bodies.number(body));
    label += "\\n" + types_text(*node);
    const std::string_view style = is_input(first)      ? "shape=box, style=filled, fillcolor=lightblue"
                                   : is_constant(first) ? "shape=box, style=filled, fillcolor=lightgrey"
                                                        : "shape=ellipse";
    text += fmt::format("  {} [label=\"{}\", {}];\n", name, label, style);
    for (std::size_t i = 0; i < node->inputs().size(); ++i)
      text += fmt::format("  {} -> {}{};\n", names.at(&node->input(i).node()), name,
                          node->inputs().size() > 1 ? fmt::format(" [label=\"{}\"]", i) : "");
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    text +=
        fmt::format("  {}out{} [label=\"output {}\", shape=box, style=filled, fillcolor=palegreen];\n", prefix, i, i);
    text += fmt::format("  {} -> {}out{};\n", names.at(&graph.outputs[i].node()), prefix, i);
  }
}

}  // namespace

std::string pp(const Expr& e, std::size_t longest) {
  std::string text;
  std::vector<std::variant<Expr, std::string>> stack{e};
  while (!stack.empty()) {
    const auto next = std::move(stack.back());
    stack.pop_back();
    if (text.size() > longest) return text + "...";
    if (const auto* literal = std::get_if<std::string>(&next)) {
      text += *literal;
      continue;
    }
    const Expr& part = std::get<Expr>(next);
    const Exprs& inputs = part.node().inputs();
    if (inputs.empty()) {
      text += leaf_text(part);
      continue;
    }
    if (&part.op() == &part_op) {
      const auto words = index_words(part.node());
      stack.insert(stack.end(), words.rbegin(), words.rend());
      continue;
    }
    Pieces pieces = pieces_of(part);
    text += pieces.before;
    stack.emplace_back(std::move(pieces.after));
    for (std::size_t i = inputs.size(); i-- > 0;) {
      stack.emplace_back(inputs[i]);
      if (i > 0) stack.emplace_back(pieces.between);
    }
  }
  return text;
}

std::string debugprint(std::span<const Expr> outputs) { return TreePrinter().run(outputs); }
std::string debugprint(const Expr& output) { return debugprint(std::span(&output, 1)); }

std::string describe(const Graph& graph) {
  std::string text;
  BodyList bodies;
  describe_one(graph, "", bodies, text);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    text += fmt::format("@{}:\n", i);
    describe_one(*bodies[i], "  ", bodies, text);
  }
  return text;
}

std::string to_dot(const Graph& graph) {
  std::string text = "digraph graph_ {\n";
  BodyList bodies;
  draw_one(graph, "", bodies, text);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    text += fmt::format("  subgraph cluster_{} {{\n  label=\"@{}\";\n", i, i);
    draw_one(*bodies[i], fmt::format("b{}_", i), bodies, text);
    text += "  }\n";
  }
  return text + "}\n";
}

}  // namespace leapgraph::symbolic
