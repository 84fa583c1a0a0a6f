/// One self-contained page about a graph: its drawing, what is known about every node, and the stages to native code.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// What one tab shows: a drawing where `text` is empty.
struct PageStage {
  std::string title;
  Graph graph = {};
  std::string text = {};
  /// Said about a node when it is clicked, beside what the graph tells; `why` for instance.
  std::function<std::string(const Expr&)> remark = {};
};

struct PageOptions {
  std::string title = "Graph";
  std::size_t most_nodes = 4000;   ///< drawn of one graph, those nearest to its outputs; the page says how many are not
  std::size_t most_remarks = 300;  ///< nodes of one graph that are asked for remarks
};

/// A page of HTML that is XML as well and loads nothing: tabs for the stages, drawings to pan and zoom, a search, and
/// for the node that is clicked its op, type, place, formula, value and neighbours. Light and dark.
std::string html_page(std::span<const PageStage> stages, const PageOptions& options = {});
std::string html_page(const Graph& graph, const PageOptions& options = {});

/// The page of all that `compile` does to a graph of known shapes: the graph, the rewritten graph with the rules that
/// made it, the kernels and the C. Gradients are drawn where they are outputs of the graph.
std::string stages_page(const Graph& graph, const PageOptions& options = {}, const CompileOptions& compile = {});
/// The same for a graph of unknown shapes, as called with arguments of the given ones.
std::string stages_page(const Graph& graph, std::span<const Shape> shapes, const PageOptions& options = {},
                        const CompileOptions& compile = {});

/// The drawing alone, as an SVG file.
std::string to_svg(const Graph& graph, const PageOptions& options = {});

}  // namespace leapgraph::symbolic
