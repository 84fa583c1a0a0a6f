/// Applies tables of rules to a graph, bottom-up in rounds, until nothing changes.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "leapgraph/symbolic/rewrite/firing.hpp"
#include "leapgraph/symbolic/rewrite/pattern.hpp"
#include "leapgraph/symbolic/rewrite/product_editor.hpp"

namespace leapgraph::symbolic {

/// Rules compiled and indexed by the op that they look for.
class RuleSet {
 public:
  explicit RuleSet(std::span<const Rule> rules);

  struct Compiled {
    const Rule* rule;
    Pattern pattern;
    std::size_t anchor = 0;  ///< part of the sum or product that is looked for first
  };
  using Index = std::unordered_map<const Op*, std::vector<Compiled>>;

  Index nodes;                 ///< by the op at the root
  Index terms;                 ///< of sums, by the op of the anchor
  Index factors;               ///< of products; nullptr: tried on every factor
  Index pairs;                 ///< sums of two functions, by either: looked for with a factor that both terms share
  bool has_fractions = false;  ///< "1 - x / (x + y)" is among them: looked for in products too
};

bool allowed(const RuleSet::Compiled& rule, const Bindings& bindings);
/// Partners of a part of a rule are looked for among this many terms or factors at most: keeps long sums linear.
inline constexpr std::size_t most_candidates = 64;

/// `graph` after the rules have been applied to every node, inputs before users, again and again until nothing changes.
/// Linear in the number of nodes a round. Bodies are left alone. The log gets what fired.
Graph apply_rules(const Graph& graph, const RuleSet& rules, const PassLog& log = {});

}  // namespace leapgraph::symbolic
