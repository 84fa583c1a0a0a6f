/// Graphs as trees of lines, as PyTensor's debugprint draws them.
#include <fmt/format.h>

#include <unordered_map>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/print/text.hpp"
#include "leapgraph/symbolic/variables.hpp"

namespace leapgraph::symbolic {

namespace {

/// A, B, ..., Z, AA, AB, ...
std::string letters(std::size_t number) {
  std::string text;
  for (++number; number > 0; number = (number - 1) / 26)
    text.insert(text.begin(), static_cast<char>('A' + (number - 1) % 26));
  return text;
}

class TreePrinter {
 public:
  explicit TreePrinter(const TreeOptions& options) : options_(options) {
    for (const auto& [e, name] : options.names) names_.emplace(e, name);
  }

  std::string run(std::span<const Expr> outputs) {
    if (options_.order || options_.ids == TreeOptions::Ids::numbers)
      for (const Node* node : topological_order(outputs))
        if (!node->inputs().empty()) order_.emplace(node, order_.size());
    for (const Expr& e : outputs)
      if (e) tree({e, "", " ", 0, ""}, nullptr);
    if (options_.inner_graphs && !with_bodies_.empty()) {
      text_ += "\nInner graphs:\n";
      // The list grows while bodies are printed that have bodies themselves.
      for (std::size_t i = 0; i < with_bodies_.size() && !is_full(); ++i) inner_graphs(*with_bodies_[i]);
    }
    if (is_full()) text_ += "...\n";
    return std::move(text_);
  }

 private:
  struct Line {
    Expr e;
    std::string lead;  ///< in front of this line
    std::string rest;  ///< in front of the lines below it
    std::size_t depth;
    std::string remark;
  };
  static constexpr std::size_t deepest = 40;  // below, lines are not indented further

  bool is_full() const { return lines_ > options_.lines; }

  void inner_graphs(const Node& owner) {
    for (const auto& [name, body] : bodies_of(owner)) {
      text_ += fmt::format("\n{}\n", head(owner, 0));
      if (bodies_of(owner).size() > 1) text_ += fmt::format(" {}:\n", name);
      for (std::size_t i = 0; i < body->outputs.size(); ++i)
        tree({body->outputs[i], " ← ", "    ", 0, fmt::format(" ({})", role_of_output(owner, i))}, &owner);
    }
  }

  std::string id(const Node& node) {
    const auto number = ids_.emplace(&node, ids_.size()).first->second;
    if (options_.ids == TreeOptions::Ids::none) return "";
    if (options_.ids == TreeOptions::Ids::letters) return fmt::format(" [id {}]", letters(number));
    return fmt::format(" [id {}]", number);
  }

  /// "sum{axes=[0]} [id B]" with what else is asked for.
  std::string head(const Node& node, int output) {
    const Expr e = outputs_of(node)[static_cast<std::size_t>(output)];
    std::string text;
    if (node.inputs().empty() && !is_parameter_of_body(e)) {
      text = leaf_text(e, false);
    } else if (!node.inputs().empty()) {
      text = std::string(node.op().name);
      if (const std::string attributes = attribute_text(node); !attributes.empty()) text += "{" + attributes + "}";
    } else {
      text = fmt::format("*{}-<{}>", node.get<std::int64_t>("index"), to_string(e.type()));
    }
    if (node.types().size() > 1) text += fmt::format(".{}", output);
    text += id(node);
    if (options_.types) text += fmt::format(" <{}>", named_text(e.type(), dimension_names(e)));
    if (const auto named = names_.find(e); named != names_.end()) text += fmt::format(" '{}'", named->second);
    if (options_.places && !node.inputs().empty()) text += " " + to_string(node.place());
    if (options_.order)
      if (const auto found = order_.find(&node); found != order_.end()) text += fmt::format(" {}", found->second);
    return text;
  }

  static bool is_parameter_of_body(const Expr& e) { return is_input(e) && e.node().attributes().has("index"); }

  /// What a parameter stands for: " -> [id E] (carry 0)".
  std::string meaning(const Expr& e, const Node* owner) {
    if (owner == nullptr || !is_parameter_of_body(e)) return "";
    const std::size_t i = static_cast<std::size_t>(e.node().get<std::int64_t>("index")) + first_argument(*owner);
    if (i >= owner->inputs().size()) return "";
    return fmt::format(" ->{} ({})", id(owner->input(i).node()), role_of_input(*owner, i));
  }

  void tree(Line root, const Node* owner) {
    std::vector<Line> stack{std::move(root)};
    while (!stack.empty()) {
      const Line line = std::move(stack.back());
      stack.pop_back();
      if (++lines_ > options_.lines) return;
      if (!line.e) {
        text_ += line.lead + "···\n";
        continue;
      }
      const Node& node = line.e.node();
      const bool is_new = printed_.emplace(&node, true).second;
      text_ += fmt::format("{}{}{}{}\n", line.lead, head(node, line.e.output()), meaning(line.e, owner), line.remark);
      if (node.inputs().empty()) continue;
      if (is_new && !bodies_of(node).empty()) with_bodies_.push_back(&node);
      if (options_.stop_at_names && names_.contains(line.e)) continue;
      if (options_.depth >= 0 && line.depth + 1 >= static_cast<std::size_t>(options_.depth)) continue;
      const bool deep = line.depth >= deepest;
      if (!is_new) {
        stack.push_back({{}, line.rest + "└─ ", "", line.depth + 1, ""});
        continue;
      }
      for (std::size_t i = node.inputs().size(); i-- > 0;) {
        const bool last = i + 1 == node.inputs().size();
        stack.push_back({node.input(i),
                         deep ? fmt::format("{}({}) ", line.rest, line.depth + 1) : line.rest + (last ? "└─ " : "├─ "),
                         deep ? line.rest : line.rest + (last ? "   " : "│  "), line.depth + 1, ""});
      }
    }
  }

  const TreeOptions& options_;
  std::unordered_map<Expr, std::string, ExprHash> names_;
  std::unordered_map<const Node*, std::size_t> ids_, order_;
  std::unordered_map<const Node*, bool> printed_;
  std::vector<const Node*> with_bodies_;
  std::string text_;
  std::size_t lines_ = 0;
};

}  // namespace

std::string debugprint(std::span<const Expr> outputs, const TreeOptions& options) {
  return TreePrinter(options).run(outputs);
}
std::string debugprint(const Expr& output, const TreeOptions& options) {
  return debugprint(std::span(&output, 1), options);
}
std::string debugprint(const Graph& graph, const TreeOptions& options) { return debugprint(graph.outputs, options); }
std::string debugprint(const CompiledFunction& function, TreeOptions options) {
  options.order = true;
  return debugprint(function.graph(), options);
}

}  // namespace leapgraph::symbolic
