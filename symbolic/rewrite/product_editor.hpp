/// A product that rules take factors from and put others in.
#pragma once

#include <unordered_map>
#include <vector>

#include "leapgraph/symbolic/rewrite/views.hpp"

namespace leapgraph::symbolic {

/// The op under which rules look for a factor: &exp_op for exponentials, &add_op for sums and differences.
const Op* op_of(const Factor& f);

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

}  // namespace leapgraph::symbolic
