/// Sums and products as flat lists of terms and factors, edited in place: what no rule touched is emitted as it was.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"
#include "leapgraph/symbolic/ops/node_index.hpp"

namespace leapgraph::symbolic {

/// An expression as a literal multiple of another: `2.0 * x`, `-x`, `x / 4.0`. The core of a sum has a sign of its own
/// choice, the same for a sum and its negation, so that x - y and y - x have one core. A literal has no core.
struct Scaled {
  double factor = 1.0;
  Expr core;
  bool operator==(const Scaled&) const = default;
};

/// The base of exp(s) as a power: exp(factor * core) is exp(core)^factor, and exp of a literal is a power of exp(1).
Expr exponential_base(const Scaled& s, DType dtype);
/// The number that every element of `e` is, where that is evident: literals, also when cast or broadcast, and small
/// data arrays of one value.
std::optional<double> uniform_value(const Expr& e);
/// -e without a needless neg: of a literal, a difference, a negation, a literal multiple.
Expr negate(const Expr& e);
/// factor * e likewise.
Expr multiply(double factor, const Expr& e);
/// Whether multiplying by it is exact (barring overflow): a power of two, of either sign.
bool is_power_of_two(double value);

bool is_sum(const Op& op);      ///< or a difference
bool is_product(const Op& op);  ///< or a quotient, an inverse, a square

/// Positions in the tree of additions or multiplications under an expression.
struct TreeNode {
  enum class Kind { leaf, both, left_minus_right, negation, inverse } kind = Kind::leaf;
  int a = -1;
  int b = -1;
  int depth = 0;  ///< number of additions or multiplications above
  Expr expr;
};

struct Term {
  double factor = 1.0;    ///< of the core, with the signs on the way
  Expr core;              ///< absent: the term is the literal `factor`
  double position = 1.0;  ///< the signs on the way alone
  int place = 0;          ///< in the tree
};

/// a + b - c ... as terms. Positions of the tree are numbered parents first.
struct SumView {
  std::vector<TreeNode> tree;
  std::vector<Term> terms;
};

/// What stands at a leaf of an edited tree: nothing (it vanished), or an expression, inverted where it is a divisor
/// of 1.
struct Edited {
  bool touched = false;
  Expr expr;
  bool inverted = false;
};

/// The sum with the leaf of term `i` replaced by `edits[i]` where that is touched; an absent expression where all
/// vanished.
Expr rebuild_sum(const SumView& view, const std::vector<Edited>& edits);

/// base^exponent; exponentials are powers of exp(core), so that exp(-x), 1 / exp(x) and exp(2 x) share a base, and
/// 1 + exp(x) is sigmoid(-x)^-1.
struct Factor {
  double exponent = 1.0;
  Expr base;  ///< of an exponential: the core of its argument
  bool exponential = false;
  Expr spelled;           ///< 1 + exp(x), where a sigmoid was spelled so
  double position = 1.0;  ///< 1 in a numerator, -1 in a denominator
  int place = 0;
};

struct ProductView {
  std::vector<TreeNode> tree;
  std::vector<Factor> factors;  ///< literals are not among them
  double coefficient = 1.0;     ///< the signs and the literals
  std::vector<int> literals;    ///< their places
  Expr whole;
};

Expr rebuild_product(const ProductView& view, const std::unordered_map<int, Edited>& edits);
/// base^exponent of a factor (position apart) as an expression, for any exponent but 0.
Expr power_of(const Factor& factor, double exponent);

/// Makes views, remembers them, and knows how often nodes are used: a view looks through shared nodes only near its
/// root, so that all views of a graph together are linear in its size.
class Views {
 public:
  Views() = default;
  /// Of nodes with known numbers of uses; the index must outlive the views.
  Views(const NodeIndex& numbers, std::vector<int> uses) : numbers_(&numbers), numbered_uses_(std::move(uses)) {}

  void set_uses(const Node* node, int count) {
    if (const std::uint32_t number = number_of(node); number != NodeIndex::none)
      numbered_uses_[number] = count;
    else
      uses_[node] = count;
  }
  int uses(const Node* node) const {
    if (const std::uint32_t number = number_of(node); number != NodeIndex::none) return numbered_uses_[number];
    const auto found = uses_.find(node);
    return found == uses_.end() ? 2 : found->second;
  }

  Scaled scaled(const Expr& e, int depth = 0);
  SumView sum(const Expr& e);
  /// Stable logarithms found so far (absent: there is none) and whether they are needed; see exponential.cpp.
  std::unordered_map<Expr, std::pair<Expr, bool>, ExprHash>& logs() { return logs_; }
  ProductView product(const Expr& e);

 private:
  bool may_enter(const Node& node, int depth, std::size_t leaves) const {
    return depth == 0 || uses(&node) == 1 || (depth <= 6 && leaves < 24);
  }
  Scaled oriented_sum(const Expr& e, int depth);
  std::uint32_t number_of(const Node* node) const {
    return numbers_ == nullptr ? NodeIndex::none : numbers_->find(node);
  }

  const NodeIndex* numbers_ = nullptr;
  std::vector<int> numbered_uses_;
  std::unordered_map<const Node*, int> uses_;  // of nodes made since
  std::unordered_map<Expr, Scaled, ExprHash> scaled_;
  std::unordered_map<Expr, std::pair<Expr, bool>, ExprHash> logs_;
  Exprs kept_;  // keeps what the maps point to alive
};

}  // namespace leapgraph::symbolic
