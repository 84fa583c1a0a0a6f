/// The page around the drawings: tabs, the facts about nodes as JSON, style and script.
#include "leapgraph/symbolic/page.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/print/drawing.hpp"
#include "leapgraph/symbolic/print/page_script.hpp"
#include "leapgraph/symbolic/print/text.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/why.hpp"

namespace leapgraph::symbolic {

namespace {

/// A JSON string that may stand in HTML.
std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += fmt::format("\\{}", c);
    else if (c == '\n')
      result += "\\n";
    else if (static_cast<unsigned char>(c) < 32 || c == '<' || c == '>' || c == '&')
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result + "\"";
}

std::string cut(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0) == 0x80) --longest;
  return text.substr(0, longest) + "…";
}

/// What the page knows about a node; inputs by number where they are drawn, else as text.
std::string facts(const Node& node, const std::unordered_map<const Node*, std::size_t>& numbers,
                  const std::string& remark) {
  const Expr first(node.shared_from_this(), 0);
  std::string text = "{";
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format("\"{}\":{},", name, json_text(value));
  };
  add("op", std::string(node.op().name));
  add("label", node.inputs().empty() ? cut(leaf_text(first, false), 60) : std::string(node.op().name));
  add("summary", std::string(node.op().summary));
  add("type", types_text(node));
  if (!node.inputs().empty()) {
    add("attributes", attribute_text(node));
    add("formula", cut(pp(first, 400), 400));
  }
  if (const auto value = constant_value(first)) add("value", cut(to_string(*value), 400));
  if (!is_own(node.place())) add("place", to_string(node.place()));
  add("remark", remark);
  std::string inputs;
  for (const Expr& e : node.inputs()) {
    const auto found = numbers.find(&e.node());
    inputs += inputs.empty() ? "" : ",";
    inputs += found == numbers.end() ? json_text(cut(pp(e, 80), 80)) : std::to_string(found->second);
  }
  return text + fmt::format("\"inputs\":[{}]}}", inputs);
}

/// A style with the values of its variables in the place of their names: not every program that reads SVG knows them.
std::string resolved(std::string_view style) {
  std::string text(style);
  const std::size_t start = text.find('{') + 1, end = text.find('}');
  std::string_view rest = style.substr(start, end - start);
  std::vector<std::pair<std::string, std::string>> values;
  while (!rest.empty()) {
    const std::size_t semicolon = std::min(rest.find(';'), rest.size());
    std::string_view one = rest.substr(0, semicolon);
    rest.remove_prefix(std::min(semicolon + 1, rest.size()));
    one.remove_prefix(std::min(one.find('-'), one.size()));
    if (const std::size_t colon = one.find(':'); colon != std::string_view::npos)
      values.emplace_back(fmt::format("var({})", one.substr(0, colon)), one.substr(colon + 1));
  }
  text.erase(0, end + 1);
  for (const auto& [name, value] : values)
    for (std::size_t i = text.find(name); i != std::string::npos; i = text.find(name, i + value.size()))
      text.replace(i, name.size(), value);
  return text;
}

std::string part(const Drawing& drawing, std::string_view kind) {
  return fmt::format("<g class=\"{}\" data-w=\"{:.0f}\" data-h=\"{:.0f}\">\n{}</g>\n", kind, drawing.width,
                     drawing.height, drawing.svg);
}

bool has_bodies(const Graph& graph) {
  for (const Node* node : topological_order(graph.outputs))
    if (!bodies_of(*node).empty()) return true;
  return false;
}

std::string omitted_text(const Drawing& drawing) {
  if (drawing.omitted == 0) return "";
  return fmt::format(
      "<div class=\"note\">{} of {} nodes are drawn, those nearest to the outputs; a box with … stands "
      "for what was left out.</div>\n",
      drawing.shown, drawing.shown + drawing.omitted);
}

constexpr std::string_view about = R"html(<h2>Graph</h2>
<p>Inputs are above, outputs below. Click a box for what is known about it; lines to it are blue, from it orange.
Drag to move, turn the wheel to zoom, / to search, Enter for the next hit, Escape to let go.</p>
<div class="legend graph">
<span><i style="background:var(--input);border-color:var(--input-edge)"></i>variable</span>
<span><i style="background:var(--shared);border-color:var(--shared-edge)"></i>shared variable</span>
<span><i style="background:var(--data);border-color:var(--data-edge)"></i>constant</span>
<span><i style="background:var(--map);border-color:var(--map-edge)"></i>element by element</span>
<span><i style="background:var(--reduce);border-color:var(--reduce-edge)"></i>reduction</span>
<span><i style="background:var(--product);border-color:var(--product-edge)"></i>product</span>
<span><i style="background:var(--view);border-color:var(--view-edge)"></i>view</span>
<span><i style="background:var(--index);border-color:var(--index-edge)"></i>index</span>
<span><i style="background:var(--loop);border-color:var(--loop-edge)"></i>loop, branch, call</span>
<span><i style="background:var(--routine);border-color:var(--routine-edge)"></i>routine</span>
<span><i style="background:var(--output);border-color:var(--output-edge)"></i>output</span>
</div>
)html";

}  // namespace

std::string html_page(std::span<const PageStage> stages, const PageOptions& options) {
  NodeNumbers numbers;
  std::unordered_map<const Node*, std::string> remarks;
  std::string sections, tabs;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const PageStage& stage = stages[s];
    tabs += fmt::format("<button type=\"button\" aria-selected=\"{}\">{}</button>\n", s == 0 ? "true" : "false",
                        xml_text(stage.title));
    sections += fmt::format("<section class=\"stage{}\">\n", s == 0 ? " on" : "");
    if (!stage.text.empty()) {
      sections += fmt::format("<pre>{}</pre>\n</section>\n", xml_text(stage.text));
      continue;
    }
    const std::size_t before = numbers.nodes().size();
    const Drawing whole = draw(stage.graph, numbers, {.most_nodes = options.most_nodes, .bodies = true});
    sections += omitted_text(whole);
    sections += "<svg xmlns=\"http://www.w3.org/2000/svg\"><g class=\"graph\">\n" + part(whole, "unfolded");
    if (has_bodies(stage.graph))
      sections += part(draw(stage.graph, numbers, {.most_nodes = options.most_nodes, .bodies = false}), "folded");
    sections += "</g></svg>\n</section>\n";
    if (!stage.remark) continue;
    // A node that two stages have keeps what the first says.
    for (std::size_t n = before; n < numbers.nodes().size() && n - before < options.most_remarks; ++n)
      if (const Node& node = *numbers.nodes()[n]; !node.inputs().empty())
        remarks.emplace(&node, cut(stage.remark(outputs_of(node)[0]), 2000));
  }
  std::unordered_map<const Node*, std::size_t> known;
  for (std::size_t n = 0; n < numbers.nodes().size(); ++n) known.emplace(numbers.nodes()[n], n);
  std::string nodes = "[";
  for (const Node* node : numbers.nodes()) {
    const auto remark = remarks.find(node);
    nodes += (nodes.size() == 1 ? "\n" : ",\n") + facts(*node, known, remark == remarks.end() ? "" : remark->second);
  }
  nodes += "]";

  const std::string title = xml_text(options.title);
  std::string page =
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\" data-theme=\"light\">\n";
  page += "<head>\n<meta charset=\"utf-8\"/>\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
  page += fmt::format("<title>{}</title>\n<style>/*<![CDATA[*/{}{}/*]]>*/</style>\n</head>\n<body>\n", title,
                      drawing_style(), page_style);
  page += fmt::format("<header>\n<h1>{}</h1>\n<nav>\n{}</nav>\n<span class=\"grow\"></span>\n", title, tabs);
  page +=
      "<input id=\"search\" class=\"drawn\" type=\"search\" placeholder=\"op, name, type or file\" "
      "aria-label=\"search\"/>\n<span id=\"count\" class=\"drawn\"></span>\n"
      "<button type=\"button\" id=\"bodies\">bodies</button>\n"
      "<button type=\"button\" id=\"out\" class=\"drawn\" aria-label=\"smaller\">−</button>\n"
      "<button type=\"button\" id=\"in\" class=\"drawn\" aria-label=\"larger\">+</button>\n"
      "<button type=\"button\" id=\"fit\" class=\"drawn\">fit</button>\n"
      "<button type=\"button\" id=\"theme\" aria-label=\"light or dark\">◐</button>\n</header>\n";
  page += "<main>\n" + sections + "<aside>\n" + std::string(about) + "</aside>\n</main>\n";
  page += "<script type=\"application/json\" id=\"nodes\">" + nodes + "</script>\n";
  page += fmt::format("<script>//<![CDATA[\n{}//]]>\n</script>\n</body>\n</html>\n", page_script);
  return page;
}

std::string html_page(const Graph& graph, const PageOptions& options) {
  const PageStage stage{.title = "graph", .graph = graph};
  return html_page(std::span(&stage, 1), options);
}

std::string stages_page(const Graph& graph, const PageOptions& options, const CompileOptions& compile) {
  const Explanation explanation(graph);
  const auto remark = [&explanation](const Expr& e) { return explanation.of(e); };
  std::vector<PageStage> stages;
  stages.push_back({.title = "graph", .graph = explanation.original(), .remark = remark});
  stages.push_back({.title = "rewritten", .graph = explanation.rewritten(), .remark = remark});
  stages.push_back({.title = "formulas", .text = describe(explanation.rewritten())});
  try {
    stages.push_back({.title = "kernels", .text = dump_stage(std::span(&graph, 1), "kernels", compile)});
    stages.push_back({.title = "C", .text = dump_stage(std::span(&graph, 1), "c", compile)});
  } catch (const GraphError& error) {  // what can only be interpreted
    stages.push_back({.title = "native code", .text = std::string("There is none: ") + error.what() + "\n"});
  }
  return html_page(stages, options);
}

std::string stages_page(const Graph& graph, std::span<const Shape> shapes, const PageOptions& options,
                        const CompileOptions& compile) {
  return stages_page(specialize(graph, shapes), options, compile);
}

std::string to_svg(const Graph& graph, const PageOptions& options) {
  NodeNumbers numbers;
  const Drawing drawing = draw(graph, numbers, {.most_nodes = options.most_nodes, .bodies = true});
  constexpr double around = 16;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\">\n",
      drawing.width + 2 * around, drawing.height + 2 * around);
  svg += fmt::format("<title>{}</title>\n<style>/*<![CDATA[*/{}/*]]>*/</style>\n", xml_text(options.title),
                     resolved(drawing_style()));
  if (drawing.omitted > 0)
    svg += fmt::format("<desc>{} of {} nodes, those nearest to the outputs</desc>\n", drawing.shown,
                       drawing.shown + drawing.omitted);
  svg += fmt::format("<g class=\"graph\" transform=\"translate({0},{0})\">\n{1}</g>\n</svg>\n", around, drawing.svg);
  return svg;
}

}  // namespace leapgraph::symbolic
