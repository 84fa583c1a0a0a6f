/// Layers, the order in them, and positions.
#include "leapgraph/symbolic/print/layout.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace leapgraph::symbolic {

namespace {

constexpr double gap_x = 18, gap_y = 38;
constexpr double line_width = 6;  // room for a line that passes a layer
constexpr int order_sweeps = 8, position_sweeps = 12;

/// A box, or a point where a link passes a layer.
struct Item {
  double width = line_width;
  int layer = 0;
  double centre = 0;
  double weight = 1;
  std::vector<std::size_t> above, below;
};

class Arrangement {
 public:
  Arrangement(std::vector<Box>& boxes, std::vector<Link>& links) : boxes_(boxes), links_(links) {}

  Point run() {
    add_items();
    fill_layers();
    for (int sweep = 0; sweep < order_sweeps; ++sweep) order(sweep % 2 == 0);
    pack();
    for (int sweep = 0; sweep < position_sweeps; ++sweep) place(sweep);
    return finish();
  }

 private:
  void add_items() {
    const std::vector<int> layers = layers_of(boxes_.size(), links_);
    items_.resize(boxes_.size());
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      items_[b].width = boxes_[b].width;
      items_[b].layer = layers[b];
    }
    // Links from one box share the points on their way: one a layer.
    std::vector<std::vector<std::size_t>> ways(boxes_.size());
    for (Link& link : links_) {
      std::vector<std::size_t>& way = ways[link.from];
      const int first = items_[link.from].layer, last = items_[link.to].layer;
      std::size_t before = link.from;
      passed_.emplace_back();
      for (int layer = first + 1; layer < last; ++layer) {
        const auto k = static_cast<std::size_t>(layer - first - 1);
        if (k == way.size()) {
          way.push_back(items_.size());
          Item point;
          point.layer = layer;
          point.weight = 3;  // straight lines read best
          items_.push_back(std::move(point));
          join(before, way[k]);
        }
        before = way[k];
        passed_.back().push_back(before);
      }
      join(before, link.to);
    }
  }

  void join(std::size_t above, std::size_t below) {
    items_[above].below.push_back(below);
    items_[below].above.push_back(above);
  }

  /// Layers in the order in which a walk from the last boxes upwards meets their items.
  void fill_layers() {
    int count = 0;
    for (const Item& item : items_) count = std::max(count, item.layer + 1);
    layers_.resize(static_cast<std::size_t>(count));
    std::vector<bool> seen(items_.size(), false);
    std::vector<std::size_t> stack;
    for (std::size_t root = items_.size(); root-- > 0;) {
      if (!items_[root].below.empty()) continue;
      stack.push_back(root);
      while (!stack.empty()) {
        const std::size_t i = stack.back();
        stack.pop_back();
        if (seen[i]) continue;
        seen[i] = true;
        layers_[static_cast<std::size_t>(items_[i].layer)].push_back(i);
        stack.insert(stack.end(), items_[i].above.rbegin(), items_[i].above.rend());
      }
    }
  }

  void order(bool downwards) {
    std::vector<double> position(items_.size(), 0);
    const auto number = [&](const std::vector<std::size_t>& layer) {
      for (std::size_t k = 0; k < layer.size(); ++k) position[layer[k]] = static_cast<double>(k);
    };
    for (const auto& layer : layers_) number(layer);
    std::vector<std::pair<double, std::size_t>> keyed;
    for (std::size_t step = 0; step < layers_.size(); ++step) {
      auto& layer = layers_[downwards ? step : layers_.size() - 1 - step];
      keyed.clear();
      for (const std::size_t i : layer) {
        const auto& neighbours = downwards ? items_[i].above : items_[i].below;
        double sum = 0;
        for (const std::size_t n : neighbours) sum += position[n];
        keyed.emplace_back(neighbours.empty() ? position[i] : sum / static_cast<double>(neighbours.size()), i);
      }
      std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (std::size_t k = 0; k < layer.size(); ++k) layer[k] = keyed[k].second;
      number(layer);
    }
  }

  double distance(std::size_t left, std::size_t right) const {
    return (items_[left].width + items_[right].width) / 2 + gap_x;
  }

  void pack() {
    for (const auto& layer : layers_)
      for (std::size_t k = 0; k < layer.size(); ++k)
        items_[layer[k]].centre = k == 0 ? 0 : items_[layer[k - 1]].centre + distance(layer[k - 1], layer[k]);
  }

  /// Each item as near to the mean of its neighbours as the order allows, in the sense of least squares: items that
  /// would overlap form blocks that stand where their members want to be on average (pool adjacent violators).
  void place(int sweep) {
    const bool downwards = sweep % 2 == 0, both = sweep + 4 >= position_sweeps;
    struct Block {
      double sum, weight;
      std::size_t count;
    };
    std::vector<Block> blocks;
    std::vector<double> offset;
    for (std::size_t step = 0; step < layers_.size(); ++step) {
      const auto& layer = layers_[downwards ? step : layers_.size() - 1 - step];
      blocks.clear();
      offset.assign(layer.size(), 0);
      for (std::size_t k = 0; k < layer.size(); ++k) {
        const Item& item = items_[layer[k]];
        if (k > 0) offset[k] = offset[k - 1] + distance(layer[k - 1], layer[k]);
        double sum = 0, count = 0;
        const auto look_at = [&](const std::vector<std::size_t>& neighbours) {
          for (const std::size_t n : neighbours) {
            sum += items_[n].centre;
            count += 1;
          }
        };
        if (downwards || both) look_at(item.above);
        if (!downwards || both) look_at(item.below);
        const double weight = count == 0 ? 0.1 : item.weight;
        const double wanted = (count == 0 ? item.centre : sum / count) - offset[k];
        blocks.push_back({wanted * weight, weight, 1});
        while (blocks.size() > 1) {
          const Block &a = blocks[blocks.size() - 2], &b = blocks.back();
          if (a.sum / a.weight <= b.sum / b.weight) break;
          const Block joined{a.sum + b.sum, a.weight + b.weight, a.count + b.count};
          blocks.pop_back();
          blocks.back() = joined;
        }
      }
      std::size_t k = 0;
      for (const Block& block : blocks)
        for (std::size_t member = 0; member < block.count; ++member, ++k)
          items_[layer[k]].centre = block.sum / block.weight + offset[k];
    }
  }

  Point finish() {
    double left = std::numeric_limits<double>::max(), right = 0;
    for (const Item& item : items_) {
      left = std::min(left, item.centre - item.width / 2);
    }
    for (Item& item : items_) {
      item.centre -= left;
      right = std::max(right, item.centre + item.width / 2);
    }
    std::vector<double> top(layers_.size(), 0), height(layers_.size(), 0);
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      double& h = height[static_cast<std::size_t>(items_[b].layer)];
      h = std::max(h, boxes_[b].height);
    }
    for (std::size_t l = 1; l < layers_.size(); ++l) top[l] = top[l - 1] + height[l - 1] + gap_y;
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      const auto layer = static_cast<std::size_t>(items_[b].layer);
      boxes_[b].x = items_[b].centre - boxes_[b].width / 2;
      boxes_[b].y = top[layer] + (height[layer] - boxes_[b].height) / 2;
    }
    std::vector<std::size_t> arriving(boxes_.size(), 0), arrived(boxes_.size(), 0);
    for (const Link& link : links_) ++arriving[link.to];
    for (std::size_t l = 0; l < links_.size(); ++l) {
      Link& link = links_[l];
      const Box &from = boxes_[link.from], &to = boxes_[link.to];
      link.path = {{from.x + from.width / 2, from.y + from.height}};
      for (const std::size_t i : passed_[l]) {
        const auto layer = static_cast<std::size_t>(items_[i].layer);
        link.path.push_back({items_[i].centre, top[layer]});
        link.path.push_back({items_[i].centre, top[layer] + height[layer]});
      }
      const double part = static_cast<double>(++arrived[link.to]) / static_cast<double>(arriving[link.to] + 1);
      link.path.push_back({to.x + to.width * part, to.y});
    }
    const double bottom = layers_.empty() ? 0 : top.back() + height.back();
    return {std::max(0.0, right), bottom};
  }

  std::vector<Box>& boxes_;
  std::vector<Link>& links_;
  std::vector<Item> items_;
  std::vector<std::vector<std::size_t>> passed_;  // points of each link
  std::vector<std::vector<std::size_t>> layers_;
};

}  // namespace

std::vector<int> layers_of(std::size_t boxes, const std::vector<Link>& links) {
  std::vector<std::vector<std::size_t>> users(boxes);
  std::vector<bool> has_inputs(boxes, false);
  for (const Link& link : links) {
    users[link.from].push_back(link.to);
    has_inputs[link.to] = true;
  }
  std::vector<int> layers(boxes, 0);
  for (std::size_t b = 0; b < boxes; ++b)
    for (const std::size_t user : users[b]) layers[user] = std::max(layers[user], layers[b] + 1);
  for (std::size_t b = 0; b < boxes; ++b) {
    if (has_inputs[b] || users[b].empty()) continue;
    int highest = std::numeric_limits<int>::max();
    for (const std::size_t user : users[b]) highest = std::min(highest, layers[user]);
    layers[b] = highest - 1;
  }
  return layers;
}

Point lay_out(std::vector<Box>& boxes, std::vector<Link>& links) { return Arrangement(boxes, links).run(); }

}  // namespace leapgraph::symbolic
