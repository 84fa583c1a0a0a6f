/// Known containers are read and written by position, symbolic ones through slices, gathers and masks.
#include "leapgraph/models/lower/selection.hpp"

#include <algorithm>
#include <cstring>
#include <ranges>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;

namespace {

Array integers(const std::vector<std::int64_t>& values) {
  return Array::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

template <class T>
void copy(const Array& from, const std::vector<std::int64_t>& positions, Array& to) {
  const auto source = from.data<T>();
  const auto target = to.data<T>();
  for (std::size_t i = 0; i < positions.size(); ++i) target[i] = source[static_cast<std::size_t>(positions[i])];
}

Expr read_symbolic(Expr x, std::span<const Selection> selections) {
  for (std::size_t k = selections.size(); k-- > 0;) {  // from the last axis, so that the numbers of the others stay
    const Selection& selection = selections[k];
    const auto axis = static_cast<std::int64_t>(k);
    switch (selection.kind) {
      case Selection::Kind::single:
        x = symbolic::at(x, selection.first, axis);
        break;
      case Selection::Kind::range:
        if (selection.count < x.shape()[k]) {
          x = symbolic::slice(x, axis, {selection.first, selection.first + selection.count});
        }
        break;
      case Selection::Kind::list:
        x = symbolic::gather(x, symbolic::constant(integers(selection.positions)), axis);
        break;
      case Selection::Kind::computed:
        x = symbolic::gather(x, selection.index, axis);
        break;
    }
  }
  return x;
}

/// The new values, scattered to their positions, where these are; the old ones elsewhere.
Expr write_symbolic(const Expr& x, const std::vector<std::int64_t>& positions, const Expr& value) {
  const std::int64_t count = symbolic::element_count(x.shape());
  constexpr std::int64_t untouched = -1;
  std::vector<std::int64_t> writer(static_cast<std::size_t>(count), untouched);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    writer[static_cast<std::size_t>(positions[i])] = static_cast<std::int64_t>(i);
  }
  std::vector<std::int64_t> sources, places;
  Array mask(symbolic::Type{symbolic::DType::boolean, {count}});
  for (std::size_t i = 0; i < writer.size(); ++i) {
    if (writer[i] == untouched) continue;
    sources.push_back(writer[i]);
    places.push_back(static_cast<std::int64_t>(i));
    mask.data<bool>()[i] = true;
  }
  if (places.empty()) return x;
  Expr values = symbolic::reshape(value, {-1});
  if (!std::ranges::equal(sources, std::views::iota(std::int64_t{0}, symbolic::element_count(value.shape())))) {
    values = symbolic::gather(values, symbolic::constant(integers(sources)));
  }
  if (static_cast<std::int64_t>(places.size()) == count) return symbolic::reshape(values, x.shape());
  const Expr scattered = symbolic::scatter_add(values, symbolic::constant(integers(places)), count);
  const Expr written = symbolic::where(symbolic::constant(mask), scattered, symbolic::reshape(x, {-1}));
  return symbolic::reshape(written, x.shape());
}

}  // namespace

std::vector<std::int64_t> selected_positions(const Shape& shape, std::span<const Selection> selections) {
  std::vector<std::int64_t> positions = {0};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const bool whole = axis >= selections.size();
    const std::int64_t count = whole ? shape[axis] : selections[axis].count;
    std::vector<std::int64_t> next;
    next.reserve(positions.size() * static_cast<std::size_t>(count));
    for (const std::int64_t position : positions) {
      for (std::int64_t i = 0; i < count; ++i) {
        next.push_back(position * shape[axis] + (whole ? i : selections[axis].position(i)));
      }
    }
    positions = std::move(next);
  }
  return positions;
}

Shape selected_shape(const Shape& shape, std::span<const Selection> selections) {
  Shape result;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (axis >= selections.size()) {
      result.push_back(shape[axis]);
    } else if (selections[axis].kind != Selection::Kind::single && selections[axis].kind != Selection::Kind::computed) {
      result.push_back(selections[axis].count);
    }
  }
  return result;
}

Array unshared(Array array) {
  if (array.is_only_holder()) return array;
  Array own(array.type());
  std::memcpy(own.raw(), array.raw(), static_cast<std::size_t>(array.bytes()));
  return own;
}

Value read(const Value& x, std::span<const Selection> selections) {
  const bool computed = std::ranges::any_of(
      selections, [](const Selection& selection) { return selection.kind == Selection::Kind::computed; });
  if (computed || !is_known(x)) return read_symbolic(expression_from(x), selections);
  const auto& array = std::get<Array>(x);
  Array result(symbolic::Type{array.dtype(), selected_shape(array.shape(), selections)});
  const std::vector<std::int64_t> positions = selected_positions(array.shape(), selections);
  if (array.dtype() == symbolic::DType::int64) {
    copy<std::int64_t>(array, positions, result);
  } else {
    copy<double>(array, positions, result);
  }
  return value_from(std::move(result));
}

Expr replaced_at(const Expr& x, std::span<const ComputedPosition> positions, const Expr& value) {
  Expr here, part = value;
  for (const ComputedPosition& position : positions) {  // axes ascend
    const std::int64_t length = x.shape()[position.axis];
    Shape along(static_cast<std::size_t>(x.rank()), 1);
    along[position.axis] = length;
    const Expr hit = symbolic::reshape(symbolic::eq(symbolic::arange(length), position.index), along);
    here = here ? symbolic::logical_and(here, hit) : hit;
    part = symbolic::expand_dims(part, static_cast<std::int64_t>(position.axis));
  }
  return symbolic::where(here, part, x);
}

Value write(Value x, std::span<const Selection> selections, const Value& value) {
  std::vector<ComputedPosition> computed;
  std::vector<Selection> known(selections.begin(), selections.end());
  std::size_t axis = 0;  // of what the known selections pick
  for (std::size_t k = 0; k < known.size(); ++k) {
    if (known[k].kind == Selection::Kind::computed) {
      computed.push_back({axis, known[k].index});
      known[k] = {.kind = Selection::Kind::range, .first = 0, .count = shape_of(x)[k]};
    }
    if (known[k].kind != Selection::Kind::single) ++axis;
  }
  if (!computed.empty()) {
    const Value old = read(x, known);
    return write(std::move(x), known, replaced_at(expression_from(old), computed, expression_from(value)));
  }
  const std::vector<std::int64_t> positions = selected_positions(shape_of(x), selections);
  if (!is_known(x) || !is_known(value)) {
    return write_symbolic(expression_from(x), positions, expression_from(value));
  }
  Array array = unshared(std::get<Array>(std::move(x)));
  const Array source = array_from(value);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (array.dtype() == symbolic::DType::int64) {
      array.set_integer(positions[i], source.integer(static_cast<std::int64_t>(i)));
    } else {
      array.set(positions[i], source.real(static_cast<std::int64_t>(i)));
    }
  }
  return array;
}

}  // namespace leapgraph::models::lower
