/// Numbers the nodes of a graph in the order of their insertion: a flat hash table, for walks that visit every node.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

class NodeIndex {
 public:
  static constexpr std::uint32_t none = 0xffffffffU;

  explicit NodeIndex(std::size_t expected = 0) : slots_(std::bit_ceil(2 * expected + 16), none) {}
  explicit NodeIndex(std::span<const Node* const> order) : NodeIndex(order.size()) {
    for (const Node* node : order) insert(node);
  }

  std::size_t size() const { return nodes_.size(); }
  const Node* operator[](std::size_t number) const { return nodes_[number]; }

  /// The number of the node, and whether it is new.
  std::pair<std::uint32_t, bool> insert(const Node* node) {
    if (2 * (nodes_.size() + 1) > slots_.size()) grow();
    std::uint32_t& slot = slots_[slot_of(node)];
    if (slot != none) return {slot, false};
    slot = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(node);
    return {slot, true};
  }
  /// `none` where it was not inserted.
  std::uint32_t find(const Node* node) const { return slots_[slot_of(node)]; }
  bool contains(const Node* node) const { return find(node) != none; }

 private:
  std::size_t slot_of(const Node* node) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = (std::bit_cast<std::uintptr_t>(node) >> 4) * 0x9e3779b97f4a7c15ULL >> 20 & mask;
    while (slots_[slot] != none && nodes_[slots_[slot]] != node) slot = (slot + 1) & mask;
    return slot;
  }
  void grow() {
    slots_.assign(2 * slots_.size(), none);
    for (std::size_t i = 0; i < nodes_.size(); ++i) slots_[slot_of(nodes_[i])] = static_cast<std::uint32_t>(i);
  }

  std::vector<std::uint32_t> slots_;
  std::vector<const Node*> nodes_;
};

}  // namespace leapgraph::symbolic
