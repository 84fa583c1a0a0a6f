/// Graphs as SVG: boxes by what an op is to the compiler, bodies inside the boxes of their nodes, lines for values.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// Text with &, <, >, " and control characters as XML has them.
std::string xml_text(std::string_view text);

struct Drawing {
  std::string svg;  ///< elements, without the <svg> around them
  double width = 0, height = 0;
  std::size_t shown = 0, omitted = 0;  ///< nodes
};

/// Gives the nodes of several drawings their numbers: attribute data-n of their boxes.
class NodeNumbers {
 public:
  std::size_t of(const Node& node);
  const std::vector<const Node*>& nodes() const { return nodes_; }

 private:
  std::unordered_map<const Node*, std::size_t> numbers_;
  std::vector<const Node*> nodes_;
};

struct DrawingOptions {
  std::size_t most_nodes = 4000;  ///< of one graph: those nearest to its outputs
  bool bodies = true;             ///< drawn inside their nodes; else folded
};

/// Draws a graph. Literals are written into the boxes of the ops that use them.
Drawing draw(const Graph& graph, NodeNumbers& numbers, const DrawingOptions& options);

/// "input", "data", "map", "reduce", "product", "view", "index", "loop", "routine": what colours tell.
std::string_view kind_of(const Node& node);

/// The rules for these elements, for light and dark surroundings.
std::string_view drawing_style();

}  // namespace leapgraph::symbolic
