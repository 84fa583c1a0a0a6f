/// From a graph to boxes and lines, and from these to SVG.
#include "leapgraph/symbolic/print/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/print/layout.hpp"
#include "leapgraph/symbolic/print/text.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr double letter = 6.7, line_height = 15, margin = 9;
constexpr std::size_t longest_label = 34;
constexpr int deepest_bodies = 6;
constexpr std::size_t most_body_nodes = 120;

/// Characters of UTF-8 text.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shortened(const std::string& text, std::size_t longest = longest_label) {
  if (length_of(text) <= longest) return text;
  std::size_t bytes = 0;
  for (std::size_t count = 0; bytes < text.size(); ++bytes) {
    if ((static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) continue;
    if (++count == longest) break;
  }
  return text.substr(0, bytes) + "…";
}

bool is_literal(const Expr& e) { return literal_value(e).has_value(); }

/// What is drawn at a place of the layout.
struct Shown {
  const Node* node = nullptr;  ///< none: a mark
  std::string style;           ///< class of the box
  std::string label, detail;   ///< first and second line
  std::optional<Drawing> inside = {};
};

class Scene {
 public:
  Scene(NodeNumbers& numbers, const DrawingOptions& options, int depth)
      : numbers_(numbers), options_(options), depth_(depth) {}

  /// `owner`: the node whose body the graph is.
  Drawing run(const Graph& graph, const Node* owner) {
    choose(graph);
    add_nodes(owner);
    link_nodes();
    add_outputs(graph, owner);
    const Point size = lay_out(boxes_, links_);
    drawing_.width = size.x;
    drawing_.height = size.y;
    write();
    return std::move(drawing_);
  }

 private:
  /// The nodes nearest to the outputs, inputs before users.
  void choose(const Graph& graph) {
    std::unordered_set<const Node*> chosen;
    std::deque<const Node*> open;
    const auto visit = [&](const Expr& e, bool is_output) {
      if ((is_literal(e) && !is_output) || chosen.size() >= options_.most_nodes) return;
      if (chosen.insert(&e.node()).second) open.push_back(&e.node());
    };
    for (const Expr& e : graph.outputs) visit(e, true);
    while (!open.empty()) {
      const Node* node = open.front();
      open.pop_front();
      for (const Expr& e : node->inputs()) visit(e, false);
    }
    for (const Expr& e : graph.inputs) visit(e, false);
    std::size_t all = 0;
    for (const Node* node : listed_nodes(graph)) {
      if (chosen.contains(node)) order_.push_back(node);
      if (!is_literal(Expr(node->shared_from_this(), 0))) ++all;
    }
    drawing_.shown = order_.size();
    drawing_.omitted = all > order_.size() ? all - order_.size() : 0;
  }

  std::size_t add(Shown shown) {
    Box box;
    const double text = letter * static_cast<double>(std::max(length_of(shown.label), length_of(shown.detail)));
    box.width = text + 2 * margin;
    box.height = line_height * (shown.detail.empty() ? 1 : 2) + 8;
    if (shown.inside) {
      box.width = std::max(box.width, shown.inside->width + 2 * margin);
      box.height += shown.inside->height + 2 * margin;
    }
    boxes_.push_back(box);
    shown_.push_back(std::move(shown));
    return boxes_.size() - 1;
  }

  /// "mul 2", "sum axes=[0]", "x".
  static std::string label_of(const Node& node) {
    const Expr first(node.shared_from_this(), 0);
    if (node.inputs().empty()) return leaf_text(first, false);
    std::string text(node.op().name);
    for (const Expr& e : node.inputs())
      if (is_literal(e)) text += " " + literal_text(e, false);
    if (const std::string attributes = attribute_text(node); !attributes.empty()) text += " " + attributes;
    return text;
  }

  void add_nodes(const Node* owner) {
    std::vector<std::pair<const Node*, std::size_t>> places;
    for (const Node* node : order_) {
      Shown shown{node, std::string(kind_of(*node)), shortened(label_of(*node)), shortened(types_text(*node)), {}};
      if (owner != nullptr && node->attributes().has("index") && node->inputs().empty()) {
        const auto i = static_cast<std::size_t>(node->get<std::int64_t>("index")) + first_argument(*owner);
        if (i < owner->inputs().size()) shown.label = role_of_input(*owner, i);
      }
      if (options_.bodies && depth_ < deepest_bodies) shown.inside = bodies_of_node(*node);
      boxes_of_[node] = add(std::move(shown));
    }
  }

  /// The bodies of a node side by side.
  std::optional<Drawing> bodies_of_node(const Node& node) {
    const auto bodies = bodies_of(node);
    if (bodies.empty()) return std::nullopt;
    Drawing all;
    for (const auto& [name, body] : bodies) {
      DrawingOptions inner = options_;
      inner.most_nodes = most_body_nodes;
      const Drawing one = Scene(numbers_, inner, depth_ + 1).run(*body, &node);
      all.svg += fmt::format("<g transform=\"translate({:.1f},0)\">{}</g>", all.width, one.svg);
      all.width += one.width + 2 * margin;
      all.height = std::max(all.height, one.height);
      all.omitted += one.omitted;
    }
    all.width -= 2 * margin;
    return all;
  }

  void link_nodes() {
    // Boxes are numbered in topological order, so that these are the layers, but for marks.
    std::vector<Link> near;
    for (const Node* node : order_)
      for (const Expr& e : node->inputs())
        if (const auto from = boxes_of_.find(&e.node()); from != boxes_of_.end())
          near.push_back({from->second, boxes_of_.at(node)});
    const std::vector<int> layers = layers_of(boxes_.size(), near);
    const std::size_t nodes = order_.size();
    for (std::size_t k = 0; k < nodes; ++k) {
      const Node& node = *order_[k];
      const std::size_t here = boxes_of_.at(&node);
      for (const Expr& e : node.inputs()) {
        const auto from = boxes_of_.find(&e.node());
        if (from == boxes_of_.end()) {
          if (!is_literal(e)) mark("…", "cut", nullptr, here);
        } else if (layers[here] - layers[from->second] <= (e.node().inputs().empty() ? 5 : longest_link)) {
          links_.push_back({from->second, here});
        } else {
          mark(shortened(label_of(e.node()), 12), "mark", &e.node(), here);
        }
      }
    }
    place_marks_first();
  }

  /// A small sign in front of a box that stands for something far away.
  void mark(const std::string& label, const char* style, const Node* node, std::size_t box) {
    const std::size_t at = add({node, style, label, "", {}});
    links_.push_back({at, box});
  }

  /// Links must go to greater numbers: marks, added last, come first.
  void place_marks_first() {
    const std::size_t nodes = order_.size(), marks = boxes_.size() - nodes;
    if (marks == 0) return;
    std::rotate(boxes_.begin(), boxes_.begin() + static_cast<std::ptrdiff_t>(nodes), boxes_.end());
    std::rotate(shown_.begin(), shown_.begin() + static_cast<std::ptrdiff_t>(nodes), shown_.end());
    for (auto& [node, box] : boxes_of_) box += marks;
    for (Link& link : links_) {
      link.from = link.from < nodes ? link.from + marks : link.from - nodes;
      link.to += marks;
    }
  }

  void add_outputs(const Graph& graph, const Node* owner) {
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      const Expr& e = graph.outputs[i];
      if (!e || !boxes_of_.contains(&e.node())) continue;
      const std::string name = owner != nullptr            ? role_of_output(*owner, i)
                               : graph.outputs.size() == 1 ? "output"
                                                           : fmt::format("output {}", i);
      const std::size_t at = add({nullptr, "output", name, "", {}});
      links_.push_back({boxes_of_.at(&e.node()), at});
    }
  }

  void write() {
    std::string& svg = drawing_.svg;
    for (const Link& link : links_) {
      std::string d = fmt::format("M{:.1f},{:.1f}", link.path[0].x, link.path[0].y);
      for (std::size_t k = 1; k < link.path.size(); ++k) {
        const Point &a = link.path[k - 1], &b = link.path[k];
        if (a.x == b.x) {
          d += fmt::format("L{:.1f},{:.1f}", b.x, b.y);
        } else {
          const double middle = (a.y + b.y) / 2;
          d += fmt::format("C{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", a.x, middle, b.x, middle, b.x, b.y);
        }
      }
      const Node *from = shown_[link.from].node, *to = shown_[link.to].node;
      svg += fmt::format("<path class=\"wire{}\" d=\"{}\"", shown_[link.from].style == "mark" ? " far" : "", d);
      if (from != nullptr) svg += fmt::format(" data-a=\"{}\"", numbers_.of(*from));
      if (to != nullptr) svg += fmt::format(" data-b=\"{}\"", numbers_.of(*to));
      svg += "/>\n";
    }
    for (std::size_t b = 0; b < boxes_.size(); ++b) write(boxes_[b], shown_[b]);
  }

  void write(const Box& box, const Shown& shown) {
    std::string& svg = drawing_.svg;
    const bool round = shown.style == "output" || shown.style == "mark" || shown.style == "cut";
    svg += fmt::format("<g class=\"box {}\" transform=\"translate({:.1f},{:.1f})\"", shown.style, box.x, box.y);
    if (shown.node != nullptr) svg += fmt::format(" data-n=\"{}\"", numbers_.of(*shown.node));
    svg += fmt::format("><rect width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{}\"/>", box.width, box.height, round ? 11 : 5);
    const double middle = box.width / 2;
    svg += fmt::format("<text class=\"name\" x=\"{:.1f}\" y=\"16\">{}</text>", middle, xml_text(shown.label));
    if (!shown.detail.empty())
      svg += fmt::format("<text class=\"type\" x=\"{:.1f}\" y=\"{:.0f}\">{}</text>", middle, 16 + line_height,
                         xml_text(shown.detail));
    if (shown.inside) {
      const double left = (box.width - shown.inside->width) / 2;
      svg += fmt::format("<g class=\"body\" transform=\"translate({:.1f},{:.1f})\">{}</g>", left,
                         2 * line_height + 8 + margin, shown.inside->svg);
    }
    svg += "</g>\n";
  }

  NodeNumbers& numbers_;
  const DrawingOptions& options_;
  int depth_;
  std::vector<const Node*> order_;
  std::unordered_map<const Node*, std::size_t> boxes_of_;
  std::vector<Box> boxes_;
  std::vector<Shown> shown_;
  std::vector<Link> links_;
  Drawing drawing_;
};

}  // namespace

std::string xml_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else if (c == '\'')
      result += "&#39;";
    else
      result += static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t' ? '?' : c;
  }
  return result;
}

std::size_t NodeNumbers::of(const Node& node) {
  const auto [found, is_new] = numbers_.emplace(&node, nodes_.size());
  if (is_new) nodes_.push_back(&node);
  return found->second;
}

std::string_view kind_of(const Node& node) {
  struct Kinds {
    std::string_view operator()(const Source&) const { return "data"; }
    std::string_view operator()(const Abstract&) const { return "map"; }
    std::string_view operator()(const Elementwise&) const { return "map"; }
    std::string_view operator()(const Reduction&) const { return "reduce"; }
    std::string_view operator()(const Contraction&) const { return "product"; }
    std::string_view operator()(const View&) const { return "view"; }
    std::string_view operator()(const Gather&) const { return "index"; }
    std::string_view operator()(const Scatter&) const { return "index"; }
    std::string_view operator()(const Branch&) const { return "loop"; }
    std::string_view operator()(const Loop&) const { return "loop"; }
    std::string_view operator()(const Call&) const { return "loop"; }
    std::string_view operator()(const Routine&) const { return "routine"; }
  };
  if (node.inputs().empty() && is_input(Expr(node.shared_from_this(), 0)))
    return node.attributes().has("storage") ? "shared" : "input";
  return std::visit(Kinds{}, node.op().lowering);
}

Drawing draw(const Graph& graph, NodeNumbers& numbers, const DrawingOptions& options) {
  return Scene(numbers, options, 0).run(graph, nullptr);
}

std::string_view drawing_style() {
  return R"(
.graph{--ink:#1f2933;--soft:#66727f;--wire:#9aa5b1;--paper:#ffffff;
 --input:#dbeafe;--input-edge:#3b82f6;--shared:#ede9fe;--shared-edge:#8b5cf6;--data:#eef1f4;--data-edge:#9aa5b1;
 --map:#ffffff;--map-edge:#aab4bf;--reduce:#fef3c7;--reduce-edge:#d99a06;--product:#ffe4d6;--product-edge:#e2703a;
 --view:#e6f7f4;--view-edge:#2aa198;--index:#d9f2e4;--index-edge:#2f9e63;--loop:#fbf4fb;--loop-edge:#b45ab4;
 --routine:#fde2ea;--routine-edge:#d6336c;--output:#dcf5dc;--output-edge:#3fa34d}
.graph text{font-family:ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,sans-serif;text-anchor:middle;fill:var(--ink)}
.graph .name{font-size:12.5px;font-weight:600}
.graph .type{font-size:10.5px;fill:var(--soft)}
.graph rect{stroke-width:1.2;fill:var(--map);stroke:var(--map-edge)}
.graph .wire{fill:none;stroke:var(--wire);stroke-width:1.2}
.graph .wire.far{stroke-dasharray:3 3}
.graph .input>rect{fill:var(--input);stroke:var(--input-edge)}
.graph .shared>rect{fill:var(--shared);stroke:var(--shared-edge)}
.graph .data>rect{fill:var(--data);stroke:var(--data-edge)}
.graph .reduce>rect{fill:var(--reduce);stroke:var(--reduce-edge)}
.graph .product>rect{fill:var(--product);stroke:var(--product-edge)}
.graph .view>rect{fill:var(--view);stroke:var(--view-edge)}
.graph .index>rect{fill:var(--index);stroke:var(--index-edge)}
.graph .loop>rect{fill:var(--loop);stroke:var(--loop-edge)}
.graph .routine>rect{fill:var(--routine);stroke:var(--routine-edge)}
.graph .output>rect{fill:var(--output);stroke:var(--output-edge)}
.graph .mark>rect,.graph .cut>rect{fill:var(--paper);stroke:var(--wire);stroke-dasharray:3 3}
.graph .mark>.name,.graph .cut>.name{font-size:10.5px;font-weight:400;fill:var(--soft)}
)";
}

}  // namespace leapgraph::symbolic
