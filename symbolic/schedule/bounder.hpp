/// Rebuilds a graph bottom-up so that every axis has a known length: values with room, and how much of it means
/// something.
#pragma once

#include <algorithm>
#include <optional>
#include <source_location>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/schedule/extents.hpp"

namespace leapgraph::symbolic {

/// A value of known shape; an axis with an extent has only that many positions that mean something.
struct Bounded {
  Expr value;
  Exprs extents;  ///< one an axis, absent where the length is exact

  Bounded() = default;
  Bounded(Expr exact) : value(std::move(exact)), extents(value.shape().size()) {}
  Bounded(Expr e, Exprs n) : value(std::move(e)), extents(std::move(n)) {}

  std::size_t rank() const { return extents.size(); }
  bool is_exact() const {
    return std::all_of(extents.begin(), extents.end(), [](const Expr& n) { return !n; });
  }
  std::int64_t room(std::size_t axis) const { return value.shape()[axis]; }
  Expr extent(std::size_t axis) const { return extents[axis] ? extents[axis] : constant(room(axis)); }
};

using Bounds = std::unordered_map<Expr, Bounded, ExprHash>;

/// One rebuilding; see extents.hpp. Lengths that meet and lowerings are in extents.cpp, ops whose lowering does not say
/// enough in extents_by_op.cpp, calls, branches and loops in extents_in_bodies.cpp.
class Bounder {
 public:
  /// `capacity` for axes whose length follows from nothing that is known; `iota_capacity` where one is made.
  Bounder(std::int64_t capacity, std::int64_t iota_capacity) : capacity_(capacity), iota_capacity_(iota_capacity) {}

  /// Values that are wanted in part, found so far.
  const Extents& wanted() const { return wanted_; }

  /// The outputs, given what inputs or parameters stand for.
  std::vector<Bounded> run(std::span<const Expr> outputs, Bounds known);

  static bool has_unknown(const Node& node) {
    return std::any_of(node.types().begin(), node.types().end(), [](const Type& t) { return !is_known(t.shape); });
  }

  static std::int64_t axis_of(const Node& node) { return node.get<std::int64_t>("axis"); }

  /// Positions 0, 1, ... along one axis of a tensor of the given rank.
  static Expr positions(std::int64_t length, std::size_t axis, std::size_t rank) {
    Shape shape(rank, 1);
    shape[axis] = length;
    return reshape(arange(length), shape);
  }

 private:
  const Bounded& of(const Expr& e) const { return values_.at(e); }

  [[noreturn]] void refuse(const Node& node, const std::string& why) const;
  void visit(const Node& node);
  std::vector<Bounded> rebuilt(const Node& node, const std::vector<Bounded>& inputs);
  static Exprs again(const Node& node, const std::vector<Bounded>& inputs);
  static Exprs concrete(Exprs outputs);
  static std::vector<Bounded> exact_outputs(const Exprs& outputs) { return {outputs.begin(), outputs.end()}; }

  // --- Lengths that meet ---

  /// `n` again, where `holds`; a failed check where it does not.
  Expr checked(const Expr& n, const Expr& holds, Check check) const;
  Expr equal(const Expr& n, const Expr& other) const;
  /// Room for `length` positions along an axis; the extent stays.
  Bounded resized(const Bounded& b, std::size_t axis, std::int64_t length) const;
  /// Axes of several values that must be of one length at run time, all of them given the same room. Axes are named by
  /// (value, axis); those of exact length 1 are left alone where `broadcasts`. Returns the common extent, absent where
  /// it is exact.
  struct AxisOf {
    std::size_t value, axis;
  };
  Expr align(std::vector<Bounded>& values, const std::vector<AxisOf>& meeting, bool broadcasts) const;
  /// `value`, after `check` was computed.
  static Expr guarded(const Expr& value, const Expr& check);
  /// Where an axis means something, broadcast along the others.
  Expr mask(const Bounded& b, std::size_t axis) const;
  /// All positions of the result are wanted, unless they are those of one axis that a sum leaves out again.
  Expr masked(const Bounded& b, std::size_t axis, const Expr& fill, bool all_wanted = true) const;

  // --- By lowering ---

  Bounded elementwise(const Node& node, std::vector<Bounded> inputs) const;
  static Expr identity(Combine combine, DType dtype);
  Bounded reduction_of(const Node& node, Bounded x, Combine combine) const;
  Bounded contracted(const Node& node, std::vector<Bounded> inputs, const Contraction& contraction) const;
  /// An index whose positions that mean nothing are 0.
  Expr harmless(Bounded index) const;
  Bounded gathered(const Bounded& table, const Bounded& index) const;
  /// Tables without rows cannot be read, not even at a position that is not used.
  static Expr with_a_row(const Expr& table);
  /// Positions start, start + step, ... of an axis, `room` of them of which `count` are wanted.
  Bounded picked(const Bounded& x, std::size_t axis, const Expr& start, std::int64_t step, const Expr& count,
                 std::int64_t room) const;

  // --- By op ---

  using Apply = Bounded (Bounder::*)(const Node&, const std::vector<Bounded>&);
  struct Rule {
    const Op* op;
    Apply apply;
  };
  static const Rule* find_rule(const Op& op);
  /// 0, 1, ... as far as a number of the graph says.
  Bounded counted(const Node& node, const Bounded& length) const;
  Bounded transposed(const Node& node, const std::vector<Bounded>& inputs);
  Bounded expanded(const Node& node, const std::vector<Bounded>& inputs);
  Bounded squeezed(const Node& node, const std::vector<Bounded>& inputs);
  /// `x` stretched to the shape of `like`, which may have more axes.
  Bounded stretched(Bounded x, Bounded like) const;
  Bounded broadcast(const Node& node, const std::vector<Bounded>& inputs);
  Bounded broadcast_as(const Node&, const std::vector<Bounded>& inputs) { return stretched(inputs[0], inputs[1]); }

  /// Summed over what `like` does not have; an axis of run-time length on both sides is the same on both.
  Bounded summed_as(const Node&, const std::vector<Bounded>& inputs);
  /// Elements of `x` in their order, in the given rooms and extents: positions are computed at run time.
  Bounded rearranged(const Bounded& x, const Shape& rooms, const Exprs& extents) const;
  /// The same where one length of `wanted` is to be inferred, or none.
  Bounded rearranged(const Bounded& x, const Shape& wanted) const;
  /// Rows of run-time number keep their order in memory: [n, r...] to [m, s...] with n r = m s. Whether they do.
  static bool keeps_rows(const Bounded& x, const Shape& rest);
  Bounded with_rows(const Bounded& x, const Shape& rest, Expr rows) const;
  Bounded reshaped(const Node& node, const std::vector<Bounded>& inputs);
  Bounded reshaped_as(const Node& node, const std::vector<Bounded>& inputs);
  static Slice slice_of(const Node& node);
  /// A position of a slice where the axis has n elements, by Python's rules.
  static Expr place(std::int64_t position, const Expr& n, bool forwards);
  struct RunTimeRange {
    Expr start, count;
  };
  static RunTimeRange resolve(const Slice& range, const Expr& n);
  Bounded sliced(const Node& node, const std::vector<Bounded>& inputs);
  Bounded sliced_as(const Node& node, const std::vector<Bounded>& inputs);
  /// Zeros with `part` at the first positions of a slice; the axis gets the room and the extent of `whole`.
  Bounded placed(const Bounded& part, std::size_t axis, const Slice& range, std::int64_t room, const Expr& n) const;
  Bounded padded(const Node& node, const std::vector<Bounded>& inputs);
  Bounded padded_as(const Node& node, const std::vector<Bounded>& inputs);
  Bounded single(const Node& node, const std::vector<Bounded>& inputs);
  Bounded scattered_rows(const Bounded& values, const Bounded& index, std::int64_t length, const Expr& n) const;
  Bounded scattered(const Node& node, const std::vector<Bounded>& inputs);
  Bounded scattered_as(const Node&, const std::vector<Bounded>& inputs);
  Bounded rows_added(const Node& node, const std::vector<Bounded>& inputs);
  Bounded rows_set(const Node& node, const std::vector<Bounded>& inputs);
  Bounded diagonal_matrix(const Node& node, const std::vector<Bounded>& inputs);
  Bounded diagonal_like(const Node& node, const std::vector<Bounded>& inputs);
  Bounded diagonal_of(const Node& node, const std::vector<Bounded>& inputs);
  Bounded part(const Node& node, const std::vector<Bounded>& inputs);
  Bounded shaped_as(const Node& node, const std::vector<Bounded>& inputs);
  /// Starts of the parts along an axis, and the end of the last.
  static Exprs starts_of(const std::vector<Bounded>& parts, std::size_t axis);
  Bounded joined(const Node& node, const std::vector<Bounded>& inputs);
  Bounded part_of(const Node& node, const std::vector<Bounded>& inputs);
  Bounded stacked(const Node& node, const std::vector<Bounded>& inputs);
  /// Ops that are others in disguise: their concrete form, taken through the same rules.
  Bounded expanded_form(const Node& node, const std::vector<Bounded>&);

  // --- Bodies ---

  /// A body over arguments of known room, followed by the extents of their axes.
  struct BoundedBody {
    std::vector<Bounded> outputs;  ///< in terms of `parameters`
    Exprs parameters;
    Exprs extents;  ///< what the added parameters stand for

    /// The extents of output `i` outside the body: nothing where one is made in the body.
    std::optional<Exprs> outside(std::size_t i, std::size_t arguments) const {
      Exprs result;
      for (const Expr& n : outputs[i].extents) {
        const auto found = std::find(parameters.begin() + static_cast<std::ptrdiff_t>(arguments), parameters.end(), n);
        if (n && found == parameters.end()) return std::nullopt;
        result.push_back(!n ? n : extents[static_cast<std::size_t>(found - parameters.begin()) - arguments]);
      }
      return result;
    }
  };
  BoundedBody in_body(const Graph& body, const std::vector<Bounded>& arguments);
  static Body closed(const Exprs& outputs, const Exprs& parameters);
  std::vector<Bounded> call(const Node& node, const std::vector<Bounded>& inputs, bool exact);
  std::vector<Bounded> branch(const Node& node, const std::vector<Bounded>& inputs);
  std::vector<Bounded> scan(const Node& node, std::vector<Bounded> inputs);

  std::int64_t capacity_, iota_capacity_;
  bool may_be_empty_ = false;
  Bounds values_;
  mutable Extents wanted_;
  std::source_location place_;
};

}  // namespace leapgraph::symbolic
