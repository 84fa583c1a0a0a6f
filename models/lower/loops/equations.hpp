/// From what was traced to whole-array expressions: every statement once, over all its executions.
///
/// Since a trace says of each element read which execution wrote it, a nest of loops is a system of equations between
/// arrays. A statement that needs nothing of its own earlier executions is computed for all of them at once, its
/// arguments being tables of what was known and gathers of what others wrote. Sums that go on from execution to
/// execution become segmented sums. What is left are recurrences: statements that need one another's earlier values
/// become one scan over the iterations of the innermost loop around them, and the same is done within each of its
/// steps.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "leapgraph/models/lower/loops/trace.hpp"

namespace leapgraph::models::lower {

/// The iterations of a loop as the steps of a scan that is being made; the outermost one is the whole nest, one step.
class Context;

/// Executions of a point, step by step of a context.
struct Placement {
  std::vector<std::int64_t> step;          ///< of each execution
  std::vector<std::int64_t> first, count;  ///< of each step: its first execution, how many
  std::int64_t rows = 0;                   ///< the most executions in a step
  bool padded = false;                     ///< some steps have fewer
  symbolic::Shape axes;                    ///< the loops inside a step, when all of them are regular; else {rows}
};

/// A point's values within one step: [axes..., shape of one execution], an axis of length 1 where all are equal.
struct Built {
  symbolic::Expr value;
  symbolic::Shape axes;              ///< full lengths
  std::int64_t elements = 1;         ///< of one execution
  std::vector<std::int64_t> row_of;  ///< of each execution, its row within its step, or -1 when it is not kept

  std::int64_t rows() const { return symbolic::element_count(axes); }
  /// The values as a flat vector, equal ones once, and where element `element` of row `row` lies in it.
  symbolic::Expr flat() const;
  std::int64_t place(std::int64_t row, std::int64_t element) const;
  /// All rows, equal ones repeated: flat.
  symbolic::Expr full() const;
};

/// Replaces what a trace followed: variables get their values after the nest, and contributions are added.
class Equations {
 public:
  Equations(Evaluator& evaluator, const Trace& trace);
  void solve();

 private:
  friend class Context;

  /// Executions of a point that others than its own running sum read.
  std::vector<bool> read_by_others(int point) const;
  std::int64_t ancestor(int space, std::int64_t iteration, int wanted) const;
  bool is_below(int space, int ancestor) const;
  symbolic::Expr before(SymbolId symbol) const;
  /// A table as data; equal tables are one, so that what is computed from them is too.
  symbolic::Expr constant(std::span<const std::int64_t> values) { return constant_of(values); }
  symbolic::Expr constant(std::span<const double> values) { return constant_of(values); }
  template <class T>
  symbolic::Expr constant_of(std::span<const T> values);

  Evaluator& evaluator_;
  const Trace& trace_;
  std::unordered_multimap<std::size_t, symbolic::Expr> tables_;  // by hash
};

}  // namespace leapgraph::models::lower
