/// Products opened: what is left of each factor, and what comes in its place.
#include "leapgraph/symbolic/rewrite/product_editor.hpp"

#include <cmath>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {

namespace {

/// Products no longer than this are searched from end to end.
constexpr std::size_t few_factors = 12;

}  // namespace

const Op* op_of(const Factor& f) { return f.exponential ? &exp_op : is_sum(f.base.op()) ? &add_op : &f.base.op(); }

ProductEditor::ProductEditor(ProductView view)
    : view_(std::move(view)), multipliers_(view_.factors.size()), divisors_(view_.factors.size()) {
  left_.reserve(view_.factors.size());
  for (const Factor& f : view_.factors) left_.push_back(f.exponent);
  if (size() <= few_factors) return;
  for (std::size_t i = 0; i < size(); ++i) {
    by_base_[factor(i).exponential ? 1 : 0][factor(i).base].push_back(i);
    by_op_[op_of(factor(i))].push_back(i);
  }
}

std::vector<std::size_t> ProductEditor::with_base(const Expr& base, bool exponential) const {
  std::vector<std::size_t> found;
  if (size() > few_factors) {
    const auto known = by_base_[exponential ? 1 : 0].find(base);
    return known == by_base_[exponential ? 1 : 0].end() ? found : known->second;
  }
  for (std::size_t i = 0; i < size(); ++i)
    if (factor(i).exponential == exponential && factor(i).base == base) found.push_back(i);
  return found;
}

std::vector<std::size_t> ProductEditor::with_op(const Op* op) const {
  std::vector<std::size_t> found;
  if (size() > few_factors) {
    const auto known = by_op_.find(op);
    return known == by_op_.end() ? found : known->second;
  }
  for (std::size_t i = 0; i < size(); ++i)
    if (op_of(factor(i)) == op) found.push_back(i);
  return found;
}

bool ProductEditor::has(std::size_t i, double exponent) const {
  return left_[i] * exponent > 0 && std::abs(left_[i]) >= std::abs(exponent);
}

void ProductEditor::take(std::size_t i, double exponent) {
  left_[i] -= exponent;
  changed_ = true;
}

void ProductEditor::multiply_at(std::size_t i, const Expr& e) {
  multipliers_[i].push_back(e);
  changed_ = true;
}

void ProductEditor::divide_at(std::size_t i, const Expr& e) {
  divisors_[i].push_back(e);
  changed_ = true;
}

Expr ProductEditor::result() const {
  const auto product_of = [](const Exprs& parts) {
    Expr result;
    for (const Expr& e : parts) result = result ? make(mul_op, {result, e}, {}, e.node().place()) : e;
    return result;
  };
  std::unordered_map<int, Edited> edits;
  for (std::size_t i = 0; i < left_.size(); ++i) {
    const Factor& f = view_.factors[i];
    if (left_[i] == f.exponent && multipliers_[i].empty() && divisors_[i].empty()) continue;
    Exprs above = multipliers_[i], below = divisors_[i];
    if (left_[i] > 0 || (f.exponential && left_[i] != 0))
      above.insert(above.begin(), power_of(f, left_[i]));
    else if (left_[i] < 0 && f.spelled)
      above.insert(above.begin(), power_of(f, left_[i]));
    else if (left_[i] < 0)
      below.insert(below.begin(), power_of(f, -left_[i]));
    if (f.position < 0) std::swap(above, below);
    const Expr numerator = product_of(above), denominator = product_of(below);
    Edited edit{true, numerator, false};
    if (numerator && denominator)
      edit.expr = make(div_op, {numerator, denominator}, {}, numerator.node().place());
    else if (denominator)
      edit = {true, denominator, true};
    edits.emplace(f.place, edit);
  }
  if (!literals_dropped_) return rebuild_product(view_, edits);
  // Signs of negations stay in the tree; what the literals come to goes in front.
  double value = view_.coefficient;
  for (const TreeNode& t : view_.tree)
    if (t.kind == TreeNode::Kind::negation) value = -value;
  for (const int place : view_.literals) edits[place] = {true, Expr(), false};
  return multiply(value, rebuild_product(view_, edits));
}

}  // namespace leapgraph::symbolic
