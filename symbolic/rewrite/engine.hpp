/// Applies tables of rules to a graph, bottom-up in rounds, until nothing changes.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "leapgraph/symbolic/rewrite/firing.hpp"
#include "leapgraph/symbolic/rewrite/pattern.hpp"

namespace leapgraph::symbolic {

/// A product that rules consume factors of and add factors to; what they leave alone is emitted as it was.
class ProductEditor {
 public:
  ProductEditor(Views& views, const Expr& e) : ProductEditor(views.product(e)) {}
  explicit ProductEditor(ProductView view);

  std::size_t size() const { return view_.factors.size(); }
  const Factor& factor(std::size_t i) const { return view_.factors[i]; }
  /// The exponent that is left of factor `i`; 0: used up.
  double left(std::size_t i) const { return left_[i]; }
  double coefficient() const { return view_.coefficient; }
  const Expr& whole() const { return view_.whole; }
  const ProductView& view() const { return view_; }

  /// The factors that are powers of exp(base), or of `base` itself.
  std::vector<std::size_t> with_base(const Expr& base, bool exponential) const;
  /// The factors whose base is an application of `op`; &exp_op: the exponentials, &add_op: sums and differences.
  std::vector<std::size_t> with_op(const Op* op) const;

  /// Whether base^exponent of factor `i` can be taken out.
  bool has(std::size_t i, double exponent) const;
  /// Divides factor `i` by base^exponent.
  void take(std::size_t i, double exponent);
  /// Multiplies by `e` at the place of factor `i`.
  void multiply_at(std::size_t i, const Expr& e);
  /// Divides by `e` there.
  void divide_at(std::size_t i, const Expr& e);
  void drop_literals() { literals_dropped_ = true; }

  bool changed() const { return changed_; }
  Expr result() const;

 private:
  ProductView view_;
  std::vector<double> left_;
  std::vector<Exprs> multipliers_, divisors_;
  // Of long products only: short ones are looked through.
  std::unordered_map<Expr, std::vector<std::size_t>, ExprHash> by_base_[2];
  std::unordered_map<const Op*, std::vector<std::size_t>> by_op_;
  bool changed_ = false;
  bool literals_dropped_ = false;
};

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

/// `graph` after the rules have been applied to every node, inputs before users, again and again until nothing changes.
/// Linear in the number of nodes a round. Bodies are left alone. The log gets what fired.
Graph apply_rules(const Graph& graph, const RuleSet& rules, const PassLog& log = {});

}  // namespace leapgraph::symbolic
