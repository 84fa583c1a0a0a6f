/// Reads of buffers that are written once: what a step read is still there when the loop is over, and need not be
/// stored for the way back.
///
/// Decided where the rows that are read and written follow from data: their numbers are computed for all steps at once.
#include <algorithm>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

/// A carry that is only updated by rows: what it is before, between and after the updates of a step.
struct Versions {
  std::size_t carry;
  Exprs values;   ///< the carry that comes in, ..., the one that goes out
  Exprs indices;  ///< rows written on the way to values[k + 1]
};

/// Nothing where something else is done to the carry.
std::optional<Versions> versions_of(const Opened& scan, std::size_t carry) {
  Versions versions{carry, {scan.results[carry]}, {}};
  while (versions.values.back() != scan.variables[carry]) {
    const Node& node = versions.values.back().node();
    if (&node.op() != &set_rows_op && &node.op() != &add_rows_op) return std::nullopt;
    versions.indices.push_back(node.input(1));
    versions.values.push_back(node.input(0));
  }
  if (versions.indices.empty()) return std::nullopt;
  std::reverse(versions.values.begin(), versions.values.end());
  std::reverse(versions.indices.begin(), versions.indices.end());
  return versions;
}

/// The values that integer expressions of the body take in all steps, one array each: with an axis of steps in front,
/// or without where they are the same in all. Nothing where they depend on more than data.
std::optional<std::vector<Array>> in_all_steps(const Opened& scan, const Exprs& exprs) {
  constexpr std::int64_t most_elements = 20'000'000;
  for (const Expr& e : exprs)
    if (!is_known(e.shape()) || element_count(e.shape()) * std::max<std::int64_t>(1, scan.length) > most_elements)
      return std::nullopt;
  const Exprs reads = free_inputs(exprs);
  Exprs elements, sequences;
  Substitution constants;
  for (std::size_t i = 0; i < scan.variables.size(); ++i) {
    if (std::find(reads.begin(), reads.end(), scan.variables[i]) == reads.end()) continue;
    if (i < scan.carries || !free_inputs(std::span(&scan.argument(i), 1)).empty()) return std::nullopt;
    if (scan.is_constant(i)) {
      constants.emplace(scan.variables[i], scan.argument(i));
    } else {
      elements.push_back(scan.variables[i]);
      sequences.push_back(slice(scan.argument(i), 0, {0, scan.length}));
    }
  }
  try {
    const Exprs all = vectorize(substitute(exprs, constants), elements, sequences);
    if (!free_inputs(all).empty()) return std::nullopt;
    return interpret(Graph{{}, all}, {});
  } catch (const GraphError&) {
    return std::nullopt;  // an op that cannot, or a value that does not exist: the loop will say so
  }
}

/// RowsOfSteps of a table that has one array of rows a step, or one for all.
class RowsOfSteps {
 public:
  RowsOfSteps(const Array& values, const Expr& index) : values_(values), size_(element_count(index.shape())) {
    moves_ = values.type().rank() > index.rank();
  }
  /// Calls f(row) for each row of a step, until it returns false.
  template <class F>
  bool each(std::int64_t step, F&& f) const {
    for (std::int64_t i = 0; i < size_; ++i)
      if (!f(values_.integer((moves_ && values_.shape()[0] > 1 ? step * size_ : 0) + i))) return false;
    return true;
  }

 private:
  const Array& values_;
  std::int64_t size_;
  bool moves_;
};

}  // namespace

Exprs settled_reads(const Opened& scan, const Exprs& adjoints, Exprs& finals) {
  finals.assign(scan.carries, Expr());
  if (scan.length == unknown || scan.ending != Ending::none) return adjoints;
  Exprs present;
  for (const Expr& e : adjoints)
    if (e) present.push_back(e);
  const std::vector<const Node*> order = topological_order(present);
  Substitution settled;
  for (std::size_t c = 0; c < scan.carries; ++c) {
    const std::optional<Versions> versions = versions_of(scan, c);
    if (!versions || !is_known(scan.variables[c].shape())) continue;
    const std::int64_t rows = scan.variables[c].shape()[0];
    // Reads of any version, and of which one.
    Exprs reads, indices = versions->indices;
    std::vector<std::size_t> of_version;
    for (const Node* node : order) {
      if (&node->op() != &gather_op) continue;
      const auto found = std::find(versions->values.begin(), versions->values.end(), node->input(0));
      if (found == versions->values.end()) continue;
      reads.push_back(outputs_of(*node)[0]);
      indices.push_back(node->input(1));
      of_version.push_back(static_cast<std::size_t>(found - versions->values.begin()));
    }
    if (reads.empty()) continue;
    const std::optional<std::vector<Array>> tables = in_all_steps(scan, indices);
    if (!tables) continue;
    // When each row is written for the last time; updates are numbered through all steps.
    const std::size_t updates = versions->indices.size();
    const auto time = [updates](std::int64_t step, std::size_t version) {
      return step * static_cast<std::int64_t>(updates) + static_cast<std::int64_t>(version);
    };
    std::vector<std::int64_t> last(static_cast<std::size_t>(rows), 0);
    const auto exists = [rows](std::int64_t row) { return row >= 0 && row < rows; };
    bool all_exist = true;
    for (std::int64_t step = 0; step < scan.length && all_exist; ++step)
      for (std::size_t k = 0; k < updates && all_exist; ++k)
        all_exist = RowsOfSteps((*tables)[k], indices[k]).each(step, [&](std::int64_t row) {
          if (exists(row)) last[static_cast<std::size_t>(row)] = time(step, k + 1);
          return exists(row);
        });
    if (!all_exist) continue;
    for (std::size_t r = 0; r < reads.size(); ++r) {
      bool stays = true;
      const RowsOfSteps read((*tables)[updates + r], indices[updates + r]);
      for (std::int64_t step = 0; step < scan.length && stays; ++step)
        stays = read.each(step, [&](std::int64_t row) {
          return exists(row) && last[static_cast<std::size_t>(row)] <= time(step, of_version[r]);
        });
      if (!stays) continue;
      if (!finals[c]) finals[c] = input(scan.variables[c].type(), "final");
      settled.emplace(reads[r], make(gather_op, {finals[c], indices[updates + r]}));
    }
  }
  return settled.empty() ? adjoints : substitute(adjoints, settled);
}

}  // namespace leapgraph::symbolic
