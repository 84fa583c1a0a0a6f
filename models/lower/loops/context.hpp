/// One level of loops while its equations are made: the steps of a scan, or the whole nest as one step.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "leapgraph/models/lower/loops/equations.hpp"

namespace leapgraph::models::lower {

class Context {
 public:
  /// The whole nest.
  explicit Context(Equations& equations);
  /// Steps over the iterations of `space`, inside a step of `outer`; `members` are the points that need one another.
  Context(Context& outer, int space, std::vector<int> members);

  /// Makes the values of points, in the order in which they need one another within a step.
  void solve(const std::vector<int>& points);
  /// A point's values that do not enter others: for all steps of the whole nest.
  Built build(const Point& point);
  /// The same for several expressions over the point's placeholders.
  std::vector<Built> build(const Point& point, std::span<const symbolic::Expr> values);
  /// Elements of a variable: `sources` has `n` of them a step. A vector of n elements; `run` of them belong together.
  symbolic::Expr read(SymbolId symbol, std::span<const SourceOf> sources, std::int64_t n, std::int64_t run);

 private:
  /// Where an element comes from, seen from a step.
  struct Origin {
    enum class Kind : std::uint8_t { nothing, outside, same_step, earlier_step };
    Kind kind = Kind::nothing;
    std::int32_t point = 0;
    std::int64_t lag = 0;  ///< in steps
    std::int64_t row = 0, element = 0;
    std::int64_t step = 0;
  };
  /// The values that a point had a number of steps ago, carried along; lag 0: all of them, as one long buffer.
  struct State {
    symbolic::Expr variable;
    std::vector<SourceOf> initial;  ///< steps of the outer context times size
    std::int64_t size = 0;
  };
  struct Piece {
    symbolic::Expr flat;
    std::int64_t size;
  };
  /// A point that adds to what it wrote before: value = old + increment. Its executions form chains, of which only the
  /// last values are read by others.
  struct RunningSum {
    std::size_t read;  ///< which read the old value is
    symbolic::Expr increment;
    std::vector<std::int64_t> chain;  ///< of each execution, within its step
    std::vector<bool> is_last;
    std::int64_t chains = 0;              ///< the most in a step
    std::vector<SourceOf> start;          ///< what the chains start from: steps times chains times elements
    std::optional<std::size_t> trailing;  ///< chains are what the last axes, from this one on, make up
  };

  bool is_whole() const { return outer_ == nullptr; }
  std::int64_t steps() const { return steps_; }  ///< in one step of the outer context
  std::int64_t all_steps() const;
  const Trace& trace() const { return equations_.trace_; }
  bool is_member(int point) const;

  Placement place(const Point& point) const;
  Origin origin(const SourceOf& source, std::int64_t step) const;

  /// [n] values a step: a constant where all steps have the same, else an element of a sequence.
  template <class T>
  symbolic::Expr table(std::span<const T> values, std::int64_t n);
  /// An element of a sequence whose rows are `rows`, an expression of the outer context.
  symbolic::Expr element_of(const symbolic::Expr& rows);
  symbolic::Expr select(const std::vector<Piece>& pieces, std::span<const std::int64_t> places, std::int64_t run);
  State& state(int point, std::int64_t lag);
  symbolic::Expr read_whole(SymbolId symbol, std::span<const SourceOf> sources, std::int64_t n, std::int64_t run);
  symbolic::Expr read_step(SymbolId symbol, std::span<const SourceOf> sources, std::int64_t n, std::int64_t run);

  /// What a placeholder stands for, over `axes` in front (for all steps at once when it is asked for by an inner
  /// context); an axis along which nothing varies gets length 1.
  symbolic::Expr batch(const Leaf& leaf, const Placement& placement, const symbolic::Shape& axes);
  symbolic::Expr batch(const Read& read, const Placement& placement, const symbolic::Shape& axes);
  bool comes_from_outside(const Read& read, const Placement& placement) const;
  symbolic::Expr build_in_step(const Point& point, const Placement& placement, const symbolic::Expr& value);

  std::optional<RunningSum> running_sum(int point) const;
  void find_running_sums();
  std::int64_t rows_of(int point) const;
  std::int64_t row_of(int point, std::int64_t execution) const;
  Built sum_up(int point, const RunningSum& sum);
  std::vector<Built> computed(const Point& point, const Placement& placement, std::span<const symbolic::Expr> values);
  void recur(const std::vector<int>& points);
  /// Makes the scan; its values go to the outer context.
  void close();
  bool is_read_outside(int point) const;

  Equations& equations_;
  Context* outer_ = nullptr;
  int space_ = 0;
  std::int64_t steps_ = 1;
  std::vector<int> members_;
  std::map<int, Placement> placements_;
  std::map<int, RunningSum> sums_;
  std::map<int, Built> built_;
  std::map<std::pair<int, std::int64_t>, State> states_;
  symbolic::Exprs elements_, rows_;  ///< sequences of the scan: the element's variable, the rows outside
};

}  // namespace leapgraph::models::lower
