/// Parts of containers: what the indices of `x[i, 2:4, js]` pick, read and written.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "leapgraph/models/lower/value.hpp"

namespace leapgraph::models::lower {

/// What one index picks along its axis; positions count from 0 and were checked.
struct Selection {
  enum class Kind {
    single,   ///< `first`; the axis disappears
    range,    ///< `count` positions from `first` on
    list,     ///< `positions`, repeats allowed
    computed  ///< one position, `index`, that depends on parameters; the axis disappears
  };
  Kind kind = Kind::range;
  std::int64_t first = 0;
  std::int64_t count = 1;
  std::vector<std::int64_t> positions = {};
  symbolic::Expr index = {};

  std::int64_t position(std::int64_t i) const {
    return kind == Kind::list ? positions[static_cast<std::size_t>(i)] : first + i;
  }
};

/// The shape of x[selections] for an x of `shape`; axes without a selection are whole.
symbolic::Shape selected_shape(const symbolic::Shape& shape, std::span<const Selection> selections);

/// Row-major positions in a tensor of `shape` of everything that is selected, in order.
std::vector<std::int64_t> selected_positions(const symbolic::Shape& shape, std::span<const Selection> selections);

/// x[selections]; an index that depends on parameters is checked when the value is computed.
Value read(const Value& x, std::span<const Selection> selections);

/// `x` with x[selections] = value; a known `x` that nobody else holds is written in place. `value` has the selected
/// shape and the element type of `x`. Where a position is picked twice the later one stays. Positions that depend on
/// parameters choose when the value is computed.
Value write(Value x, std::span<const Selection> selections, const Value& value);

/// A position along an axis that depends on parameters.
struct ComputedPosition {
  std::size_t axis = 0;
  symbolic::Expr index;  ///< from 0
};
/// `x` with `value` at these positions, one an axis; nothing is changed where one is out of range.
symbolic::Expr replaced_at(const symbolic::Expr& x, std::span<const ComputedPosition> positions,
                           const symbolic::Expr& value);

/// The array with a buffer of its own.
symbolic::Array unshared(symbolic::Array array);

}  // namespace leapgraph::models::lower
