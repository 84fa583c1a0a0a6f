/// Places the boxes of a drawing in layers: inputs above, users below.
#pragma once

#include <cstddef>
#include <vector>

namespace leapgraph::symbolic {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double width = 0, height = 0;
  double x = 0, y = 0;  ///< of the top left corner, when placed
};

/// From a box to one with a greater number. Links to one box arrive in the order in which they are listed.
struct Link {
  std::size_t from, to;
  /// When placed: where the line starts, the points that it passes straight down, and where it ends.
  std::vector<Point> path = {};
};

/// Longest links that are drawn, in layers: callers show longer ones by a name at their end.
inline constexpr int longest_link = 12;

/// The layer of each box: one below its lowest input; boxes without inputs just above their highest user.
std::vector<int> layers_of(std::size_t boxes, const std::vector<Link>& links);

/// Gives boxes and links their places and returns the size of the whole. Layers by longest paths, order within a layer
/// by barycentres (Sugiyama, Tagawa and Toda 1981), positions by least squares against the neighbours under the order.
/// Time is linear in boxes and links, but for the length of links.
Point lay_out(std::vector<Box>& boxes, std::vector<Link>& links);

}  // namespace leapgraph::symbolic
