/// Carries that only gather what the steps give them: sums, products, extrema, buffers that are written and not read.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/rewrite/loop_parts.hpp"

namespace leapgraph::symbolic {

/// How the next value of a carry follows from the last one and what does not depend on it.
struct Accumulation {
  const Op* op = nullptr;  ///< carry = carry (op) term; set_rows: of the rows in `writes`
  Expr term;
  std::vector<std::pair<Expr, Expr>> writes;  ///< index and values, in order
  std::size_t reads = 0;                      ///< of the carry
};

/// The accumulations among the carries of a loop: of each that nothing else reads.
class Accumulations {
 public:
  explicit Accumulations(const LoopParts& loop);
  const std::optional<Accumulation>& of(std::size_t carry) const { return found_[carry]; }
  Exprs terms() const;  ///< of all, indices and values too

 private:
  std::optional<Accumulation> find(const Expr& e, const Expr& carry, int depth) const;
  std::optional<Accumulation> find_write(const Expr& e, const Expr& carry, int depth) const;
  std::optional<Accumulation> find_choice(const Expr& e, const Expr& carry, int depth) const;

  std::unordered_map<Expr, std::size_t, ExprHash> uses_;
  std::vector<std::optional<Accumulation>> found_;
};

/// What the terms are made of.
Exprs terms_of(const Accumulation& accumulation);

/// What the carry is after all steps; nothing where its terms cannot be vectorized, with the reason in the loop. As in
/// `at_all_steps`, `known` maps body expressions to rows.
std::optional<Expr> accumulated(LoopParts& loop, const LoopParts::Carry& carry, const Accumulation& accumulation,
                                const Substitution& known = {});

/// Rows of buffers that are read before they are written become rows of the initial buffers, where the indices are
/// known and tell. Whether there are any.
bool read_initial_rows(LoopParts& loop);

}  // namespace leapgraph::symbolic
