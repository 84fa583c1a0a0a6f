/// NumPy's x[...] read, overwritten and added to, as slices, gathers and updates of rows.
///
/// What an index picks is read through views where it is made of numbers, and through gathers of rows where it is
/// computed: the axes that are indexed come first and are made one, so that one number names a row. Updates always go
/// that way. A node `part` around what is read remembers of which tensor it is which part.
#include "leapgraph/symbolic/ops/indexing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

Index::Index(const std::vector<bool>& mask) {
  Array array(Type{DType::boolean, {static_cast<std::int64_t>(mask.size())}});
  for (std::size_t i = 0; i < mask.size(); ++i) array.set_integer(static_cast<std::int64_t>(i), mask[i] ? 1 : 0);
  item_ = constant(array);
}

// ---------------------------------------------------------------- positions

namespace {

Expr whole(const Expr& e) { return cast(e, DType::int64); }
Expr whole(std::int64_t n) { return constant(n); }

/// A constant index that counts from the front, where that is known to be possible. Throws IndexError where not.
std::optional<Expr> resolved_constant(const Expr& positions, const Expr& length, const std::string& note,
                                      const Where& place) {
  const auto values = constant_value(positions), n = constant_value(length);
  if (!values || !n) return std::nullopt;
  const std::int64_t rows = n->integer();
  bool changed = positions.dtype() != DType::int64;
  Array result(Type{DType::int64, values->shape()});
  for (std::int64_t i = 0; i < values->size(); ++i) {
    const std::int64_t p = values->integer(i);
    if (p < -rows || p >= rows) raise({Check::row, p, rows}, Origin(place, note));
    result.set_integer(i, p < 0 ? p + rows : p);
    changed = changed || p < 0;
  }
  return changed ? constant(result) : positions;
}

}  // namespace

Expr from_front(const Expr& positions, const Expr& length) {
  if (const auto values = constant_value(positions)) {
    bool negative = false;
    for (std::int64_t i = 0; i < values->size(); ++i) negative = negative || values->integer(i) < 0;
    if (!negative) return whole(positions);
  }
  if (info(positions.dtype()).kind == NumberKind::unsigned_integer) return whole(positions);
  const Expr p = whole(positions);
  return where(logical_and(p < std::int64_t{0}, p >= -length), p + length, p);
}

Expr checked_rows(const Expr& x, const Expr& rows, const std::string& note, const Where& place) {
  return make(gather_op, {x, rows}, {{"note", note}}, place);
}

Expr checked_positions(const Expr& positions, const Expr& length, const std::string& note, const Where& place) {
  if (const auto known = resolved_constant(positions, length, note, place)) return *known;
  const Expr p = from_front(positions, length);
  // A row of zeros for each position that there is: reading one checks the position.
  return p + checked_rows(broadcast_like(whole(std::int64_t{0}), iota(length)), p, note, place);
}

Expr within(const Expr& positions, const Expr& length, Outside outside, const std::string& note, const Where& place) {
  if (outside == Outside::raise) return checked_positions(positions, length, note, place);
  const Expr p = whole(positions);
  if (outside == Outside::clip) return clip(p, std::int64_t{0}, length - std::int64_t{1});
  return mod(p, maximum(length, std::int64_t{1}));
}

Progress progress_of(const Range& range, const Expr& length) {
  const bool forwards = range.step > 0;
  const Expr first = whole(std::int64_t{0}), last = length - std::int64_t{1};
  const Expr lowest = forwards ? first : whole(std::int64_t{-1}), highest = forwards ? length : last;
  const auto place = [&](const Bound& bound) {
    if (const auto n = bound.number()) return clip(*n < 0 ? length + *n : whole(*n), lowest, highest);
    const Expr p = whole(bound.expr());
    return clip(where(p < std::int64_t{0}, p + length, p), lowest, highest);
  };
  const Expr start = range.start.is_given() ? place(range.start) : forwards ? first : last;
  const Expr stop = range.stop.is_given() ? place(range.stop) : forwards ? length : whole(std::int64_t{-1});
  const std::int64_t stride = forwards ? range.step : -range.step;
  Expr count = maximum(forwards ? stop - start : start - stop, std::int64_t{0});
  if (stride != 1) count = floor_div(count + (stride - 1), stride);
  // Not more than there are: the room that a run-time length needs.
  return {start, minimum(count, length)};
}

namespace {

// ---------------------------------------------------------------- what stands between the brackets

/// One item, with the axis of the tensor that it is about; ellipses are written out, masks are what is not 0 in them.
struct Term {
  enum class Kind { range, position, tensor, new_axis };
  Kind kind = Kind::range;
  std::int64_t axis = -1;
  Range range = {};
  std::int64_t number = 0;  ///< a position that is a number; else `index` has it
  Expr index = {};
  Expr mask = {};  ///< the boolean tensor that this term is the first axis of

  bool is_whole() const {
    return kind == Kind::range && range.step == 1 &&
           range.start.number().value_or(range.start.is_given() ? 1 : 0) == 0 && !range.stop.is_given();
  }
  bool is_number() const { return kind == Kind::position && !index; }
  std::string note() const { return fmt::format("index, axis {}", axis); }
};
using Terms = std::vector<Term>;

std::int64_t length_of(const Expr& x, std::int64_t axis) { return x.shape()[static_cast<std::size_t>(axis)]; }

bool is_mask(const Index& item) {
  const auto* e = std::get_if<Expr>(&item.item());
  return e != nullptr && e->dtype() == DType::boolean;
}

/// How many axes of the tensor an item is about.
std::int64_t axes_of(const Index& item) {
  if (std::holds_alternative<NewAxis>(item.item()) || std::holds_alternative<Ellipsis>(item.item())) return 0;
  return is_mask(item) ? std::get<Expr>(item.item()).rank() : 1;
}

[[noreturn]] void refuse(const std::string& what, const Where& place) {
  throw IndexError(fmt::format("index: {} (made at {}:{})", what, place.file_name(), place.line()));
}

/// An end of a range as a number where it is a constant.
Bound settled(const Bound& bound, const Where& place) {
  const Expr e = bound.expr();
  if (!e) return bound;
  if (e.rank() != 0 || !is_integer(e.dtype()))
    throw DTypeError(fmt::format("index: an end of a range must be an integer scalar, got {} (made at {}:{})",
                                 to_string(e.type()), place.file_name(), place.line()));
  if (const auto value = constant_value(e)) return value->integer();
  return bound;
}

/// The axes that a mask covers must be as long as it is.
Expr fitting_mask(const Expr& mask, const Expr& x, std::int64_t axis, const Where& place) {
  Axes others;
  bool known = true;
  for (std::int64_t k = 0; k < x.rank(); ++k) {
    const bool covered = k >= axis && k < axis + mask.rank();
    if (!covered) {
      others.push_back(k);
      continue;
    }
    const std::int64_t have = length_of(x, k), got = length_of(mask, k - axis);
    if (have != unknown && got != unknown && have != got)
      refuse(fmt::format("a boolean index has length {} along axis {} of length {}", got, k, have), place);
    known = known && have != unknown && got != unknown;
  }
  if (known) return mask;
  const Expr truth = eq(x, x);
  return make(shaped_like_op, {mask, others.empty() ? truth : any(truth, others)}, {}, place);
}

Terms terms_of(const Expr& x, const Indices& items, const Where& place) {
  std::int64_t given = 0, ellipses = 0;
  for (const Index& item : items) {
    given += axes_of(item);
    ellipses += std::holds_alternative<Ellipsis>(item.item()) ? 1 : 0;
  }
  if (ellipses > 1) refuse("an index can have only one ellipsis", place);
  if (given > x.rank())
    refuse(fmt::format("{} axes are indexed, but {} has {}", given, to_string(x.type()), x.rank()), place);
  Terms terms;
  std::int64_t axis = 0;
  const auto add_whole = [&](std::int64_t count) {
    for (; count > 0; --count) terms.push_back({.axis = axis++});
  };
  for (const Index& item : items) {
    if (std::holds_alternative<NewAxis>(item.item())) {
      terms.push_back({.kind = Term::Kind::new_axis});
    } else if (std::holds_alternative<Ellipsis>(item.item())) {
      add_whole(x.rank() - given);
    } else if (const auto* number = std::get_if<std::int64_t>(&item.item())) {
      const std::int64_t length = length_of(x, axis);
      if (length != unknown && (*number < -length || *number >= length))
        raise({Check::row, *number, length}, Origin(place, fmt::format("index, axis {}", axis)));
      terms.push_back({.kind = Term::Kind::position, .axis = axis++, .number = *number});
    } else if (const auto* range = std::get_if<Range>(&item.item())) {
      if (range->step == 0) refuse("the step of a range must not be 0", place);
      terms.push_back(
          {.axis = axis++, .range = {settled(range->start, place), settled(range->stop, place), range->step}});
    } else if (const Expr& e = std::get<Expr>(item.item()); e.dtype() == DType::boolean) {
      if (e.rank() == 0) refuse("a boolean scalar is no index", place);
      const Exprs positions = nonzero(fitting_mask(e, x, axis, place));
      for (std::size_t k = 0; k < positions.size(); ++k)
        terms.push_back(
            {.kind = Term::Kind::tensor, .axis = axis++, .index = positions[k], .mask = k == 0 ? e : Expr()});
    } else if (!is_integer(e.dtype())) {
      throw DTypeError(fmt::format("index: positions must be integers or booleans, got {} (made at {}:{})",
                                   to_string(e.type()), place.file_name(), place.line()));
    } else if (e.rank() > 0) {
      terms.push_back({.kind = Term::Kind::tensor, .axis = axis++, .index = e});
    } else if (const auto value = constant_value(e)) {
      const std::int64_t p = value->integer(), length = length_of(x, axis);
      if (length != unknown && (p < -length || p >= length))
        raise({Check::row, p, length}, Origin(place, fmt::format("index, axis {}", axis)));
      terms.push_back({.kind = Term::Kind::position, .axis = axis++, .number = p});
    } else {
      terms.push_back({.kind = Term::Kind::position, .axis = axis++, .index = e});
    }
  }
  add_whole(x.rank() - axis);
  return terms;
}

Expr index_of(const Term& term) { return term.index ? term.index : whole(term.number); }

// ---------------------------------------------------------------- reading

Expr ranged(const Expr& x, const Term& term, const Where& place) {
  if (term.is_whole()) return x;
  const Range& r = term.range;
  if (!r.start.expr() && !r.stop.expr())
    return slice(Operand(x, place), term.axis, {r.start.number(), r.stop.number(), r.step});
  const Progress p = progress_of(r, length(x, term.axis));
  const Expr rows = p.start + r.step * iota(Operand(p.count, place));
  return gather(Operand(x, place), rows, term.axis);
}

/// Which axes of the result come from where: the axes that tensors give together, ranges, new axes.
struct Plan {
  bool has_tensors = false;
  std::vector<const Term*> together;  ///< terms that pick positions together
  std::vector<const Term*> axes;      ///< of the result in order; null: all axes of the tensors, as one entry

  explicit Plan(const Terms& terms) {
    has_tensors = std::any_of(terms.begin(), terms.end(), [](const Term& t) { return t.kind == Term::Kind::tensor; });
    std::size_t first = terms.size(), last = 0;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const bool picks = terms[i].kind == Term::Kind::tensor || terms[i].kind == Term::Kind::position;
      if (!picks) continue;
      first = std::min(first, i);
      last = i;
      together.push_back(&terms[i]);
    }
    const bool neighbours = !together.empty() && last - first + 1 == together.size();
    if (has_tensors && !neighbours) axes.push_back(nullptr);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const bool picks = terms[i].kind == Term::Kind::tensor || terms[i].kind == Term::Kind::position;
      if (!picks) axes.push_back(&terms[i]);
      if (has_tensors && neighbours && i == first) axes.push_back(nullptr);
    }
  }
};

/// One number for the positions along several axes of x, given from the front and checked.
Expr combined(const Expr& x, const std::vector<std::int64_t>& axes, const Exprs& positions) {
  Expr flat = positions[0];
  for (std::size_t k = 1; k < axes.size(); ++k) flat = flat * length(x, axes[k]) + positions[k];
  return flat;
}

/// `axes` first, in order, then the others.
Axes brought_to_front(const std::vector<std::int64_t>& axes, std::int64_t rank) {
  Axes order = axes;
  for (std::int64_t axis = 0; axis < rank; ++axis)
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) order.push_back(axis);
  return order;
}

Axes undone(const Axes& permutation) {
  Axes result(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i)
    result[static_cast<std::size_t>(permutation[i])] = static_cast<std::int64_t>(i);
  return result;
}

Expr checked_index(const Expr& x, const Term& term, bool alone, const Where& place) {
  const Expr i = index_of(term), n = length(x, term.axis);
  // Alone, it is checked where the rows are read.
  if (!alone) return checked_positions(i, n, term.note(), place);
  if (const auto known = resolved_constant(i, n, term.note(), place)) return *known;
  return from_front(i, n);
}

std::int64_t rank_together(const std::vector<const Term*>& terms) {
  std::int64_t rank = 0;
  for (const Term* term : terms) rank = std::max(rank, term->index ? term->index.rank() : 0);
  return rank;
}

/// The result without its new axes: tensors pick rows, ranges were applied before.
Expr picked_together(const Expr& x, const Plan& layout, const Where& place) {
  std::vector<std::int64_t> axes;
  Exprs positions;
  for (const Term* term : layout.together) {
    axes.push_back(term->axis);
    positions.push_back(checked_index(x, *term, layout.together.size() == 1, place));
  }
  const Axes order = brought_to_front(axes, x.rank());
  const Expr rows = flattened(transpose(x, order), static_cast<std::int64_t>(axes.size()));
  const Expr flat = combined(x, axes, positions);
  const Expr picked = checked_rows(rows, flat, layout.together[0]->note(), place);
  // From [tensors..., others...] to where the tensors stand.
  const std::int64_t together = flat.rank();
  Axes result;
  std::int64_t other = together;
  for (const Term* term : layout.axes) {
    if (term == nullptr)
      for (std::int64_t k = 0; k < together; ++k) result.push_back(k);
    else if (term->kind == Term::Kind::range)
      result.push_back(other++);
  }
  return transpose(picked, result);
}

Expr picked_alone(Expr x, const Plan& layout, const Where& place) {
  for (auto term = layout.together.rbegin(); term != layout.together.rend(); ++term) {
    const std::int64_t axis = (*term)->axis;
    if ((*term)->is_number()) {
      x = at(Operand(x, place), (*term)->number, axis);
      continue;
    }
    const Expr row = from_front((*term)->index, length(x, axis));
    const Axes front = axis_to_front(axis, x.rank());
    x = checked_rows(transpose(x, front), row, (*term)->note(), place);
  }
  return x;
}

Axes new_axes(const Plan& layout, std::int64_t together) {
  Axes result;
  std::int64_t axis = 0;
  for (const Term* term : layout.axes) {
    if (term != nullptr && term->kind == Term::Kind::new_axis) result.push_back(axis);
    axis += term == nullptr ? together : 1;
  }
  return result;
}

Expr read(const Expr& x, const Terms& terms, const Where& place) {
  const Plan layout(terms);
  Expr result = x;
  for (const Term& term : terms)
    if (term.kind == Term::Kind::range) result = ranged(result, term, place);
  result = layout.has_tensors ? picked_together(result, layout, place) : picked_alone(result, layout, place);
  return expand_axes(result, new_axes(layout, layout.has_tensors ? rank_together(layout.together) : 0));
}

// ---------------------------------------------------------------- the part of what

/// Items as an attribute, the expressions among them being inputs of the node.
struct Encoded {
  std::vector<std::int64_t> codes;
  Exprs operands;
};
enum Code : std::int64_t { new_axis_code, ellipsis_code, number_code, expr_code, range_code };

Encoded encoded(const Indices& items) {
  Encoded result;
  const auto add_bound = [&result](const Bound& bound) {
    result.codes.push_back(!bound.is_given() ? 0 : bound.expr() ? 2 : 1);
    result.codes.push_back(bound.number().value_or(0));
    if (bound.expr()) result.operands.push_back(bound.expr());
  };
  for (const Index& item : items) {
    if (std::holds_alternative<NewAxis>(item.item())) {
      result.codes.push_back(new_axis_code);
    } else if (std::holds_alternative<Ellipsis>(item.item())) {
      result.codes.push_back(ellipsis_code);
    } else if (const auto* number = std::get_if<std::int64_t>(&item.item())) {
      result.codes.push_back(number_code);
      result.codes.push_back(*number);
    } else if (const auto* e = std::get_if<Expr>(&item.item())) {
      result.codes.push_back(expr_code);
      result.operands.push_back(*e);
    } else {
      const Range& range = std::get<Range>(item.item());
      result.codes.push_back(range_code);
      add_bound(range.start);
      add_bound(range.stop);
      result.codes.push_back(range.step);
    }
  }
  return result;
}

Indices decoded(const std::vector<std::int64_t>& codes, std::span<const Expr> operands) {
  Indices items;
  std::size_t next = 0, operand = 0;
  const auto bound = [&]() -> Bound {
    const std::int64_t kind = codes[next++], number = codes[next++];
    if (kind == 2) return operands[operand++];
    return kind == 1 ? Bound(number) : Bound(None);
  };
  while (next < codes.size()) {
    switch (static_cast<Code>(codes[next++])) {
      case new_axis_code:
        items.emplace_back(newaxis);
        break;
      case ellipsis_code:
        items.emplace_back(ellipsis);
        break;
      case number_code:
        items.emplace_back(codes[next++]);
        break;
      case expr_code:
        items.emplace_back(operands[operand++]);
        break;
      case range_code: {
        Range range;
        range.start = bound();
        range.stop = bound();
        range.step = codes[next++];
        items.emplace_back(range);
        break;
      }
    }
  }
  return items;
}

/// A tensor and the items of which `part` is the result; nothing when it is no part.
struct Selection {
  Expr x;
  Indices items;
};
std::optional<Selection> selection_of(const Expr& part) {
  const Node& node = part.node();
  if (&part.op() == &part_op)
    return Selection{node.input(1),
                     decoded(node.get<std::vector<std::int64_t>>("items"), std::span(node.inputs()).subspan(2))};
  const auto along = [&node](const Index& item) {
    Indices items(static_cast<std::size_t>(node.get<std::int64_t>("axis")), Index(_));
    items.push_back(item);
    return Selection{node.input(0), items};
  };
  if (&part.op() == &at_op) return along(node.get<std::int64_t>("position"));
  if (&part.op() == &slice_op) {
    Slice range{std::nullopt, std::nullopt, node.get<std::int64_t>("step")};
    if (node.attributes().has("start")) range.start = node.get<std::int64_t>("start");
    if (node.attributes().has("stop")) range.stop = node.get<std::int64_t>("stop");
    return along(range);
  }
  if (&part.op() == &gather_op) return Selection{node.input(0), {Index(node.input(1))}};
  return std::nullopt;
}

}  // namespace

std::vector<std::variant<Expr, std::string>> index_words(const Node& part) {
  std::vector<std::variant<Expr, std::string>> words{part.input(1), std::string("[")};
  const Indices items = decoded(part.get<std::vector<std::int64_t>>("items"), std::span(part.inputs()).subspan(2));
  const auto add = [&words](const Bound& bound) {
    if (const auto n = bound.number()) words.emplace_back(std::to_string(*n));
    if (bound.expr()) words.emplace_back(bound.expr());
  };
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) words.emplace_back(std::string(", "));
    const Index::Item& item = items[i].item();
    if (const auto* number = std::get_if<std::int64_t>(&item)) words.emplace_back(std::to_string(*number));
    if (const auto* e = std::get_if<Expr>(&item)) words.emplace_back(*e);
    if (std::holds_alternative<NewAxis>(item)) words.emplace_back(std::string("newaxis"));
    if (std::holds_alternative<Ellipsis>(item)) words.emplace_back(std::string("..."));
    if (const auto* range = std::get_if<Range>(&item)) {
      add(range->start);
      words.emplace_back(std::string(":"));
      add(range->stop);
      if (range->step != 1) words.emplace_back(":" + std::to_string(range->step));
    }
  }
  words.emplace_back(std::string("]"));
  return words;
}

namespace {

// ---------------------------------------------------------------- writing

/// Values stretched to what they replace, with leading axes of length 1 dropped where they have too many.
Expr stretched_to(Expr values, const Expr& part) {
  while (values.rank() > part.rank()) {
    if (length_of(values, 0) != 1 && length_of(values, 0) != unknown)
      throw ShapeError(
          fmt::format("values {} do not stretch to the part {}", to_string(values.type()), to_string(part.type())));
    values = squeeze(values, 0);
  }
  return broadcast_like(values, part);
}

Expr fitting_values(const Operand& values, const Expr& x, std::string_view op, const Where& place) {
  const Expr& v = values;
  if (v.dtype() == x.dtype()) return v;
  const bool real_into_whole = is_floating(v.dtype()) && !is_floating(x.dtype());
  if (values.is_weak() ? real_into_whole : promote(v.dtype(), x.dtype()) != x.dtype())
    throw DTypeError(fmt::format("{}: values {} do not fit into {} (made at {}:{})", op, to_string(v.type()),
                                 to_string(x.type()), place.file_name(), place.line()));
  return cast(v, x.dtype());
}

Expr written(const Op& op, const Expr& x, const Expr& part, const Terms& terms, const Expr& values,
             const Where& place) {
  const Plan layout(terms);
  const std::int64_t tensors = rank_together(layout.together);
  // The axes that the index is about, and a tensor of positions for each; the axes of all of these tensors are those of
  // the result that it is about, in its order.
  std::vector<const Term*> about;
  for (const Term& term : terms)
    if (term.kind != Term::Kind::new_axis && !term.is_whole()) about.push_back(&term);
  if (about.empty()) return &op == &set_rows_op ? stretched_to(values, x) : x + stretched_to(values, x);
  std::int64_t joint = 0, first_tensor = -1;
  std::vector<std::pair<const Term*, std::int64_t>> axis_of_range;
  Axes order, behind;  // of the result: joint axes, then those that the index leaves whole
  std::int64_t result_axis = 0;
  for (const Term* term : layout.axes) {
    if (term == nullptr) {
      first_tensor = joint;
      for (std::int64_t k = 0; k < tensors; ++k) order.push_back(result_axis++);
      joint += tensors;
    } else if (term->kind == Term::Kind::range) {
      if (term->is_whole()) {
        behind.push_back(result_axis++);
      } else {
        axis_of_range.emplace_back(term, joint++);
        order.push_back(result_axis++);
      }
    }
  }
  order.insert(order.end(), behind.begin(), behind.end());
  std::vector<std::int64_t> axes;
  Exprs positions;
  const auto in_joint = [&](const Expr& e, std::int64_t first) {
    Axes ones;
    for (std::int64_t k = 0; k < joint; ++k)
      if (k < first || k >= first + e.rank()) ones.push_back(k);
    return expand_axes(e, ones);
  };
  for (const Term* term : about) {
    axes.push_back(term->axis);
    if (term->kind == Term::Kind::range) {
      const auto found = std::find_if(axis_of_range.begin(), axis_of_range.end(),
                                      [term](const auto& entry) { return entry.first == term; });
      const Progress p = progress_of(term->range, length(x, term->axis));
      const Expr rows = p.start + term->range.step * iota(Operand(p.count, place));
      positions.push_back(in_joint(rows, found->second));
    } else {
      const Expr i = checked_index(x, *term, about.size() == 1, place);
      positions.push_back(i.rank() == 0 ? i : in_joint(i, first_tensor + tensors - i.rank()));
    }
  }
  const Axes front = brought_to_front(axes, x.rank());
  const Expr turned = transpose(x, front);
  const Expr rows = flattened(turned, static_cast<std::int64_t>(axes.size()));
  const Expr flat = combined(x, axes, positions);
  Expr parts = stretched_to(values, part);
  if (const Axes added = new_axes(layout, layout.has_tensors ? tensors : 0); !added.empty())
    parts = make(squeeze_op, {parts}, {{"axes", added}}, place);
  parts = transpose(parts, order);
  const Expr updated = make(op, {rows, flat, parts}, {{"note", about[0]->note()}}, place);
  return transpose(reshape_like(updated, turned), undone(front));
}

/// Elements under a mask set to one number need no positions.
Expr set_under_mask(const Expr& x, const Terms& terms, const Expr& value) {
  Expr mask;
  std::int64_t first = 0;
  for (const Term& term : terms) {
    if (term.mask && mask) return {};
    if (term.mask) {
      mask = term.mask;
      first = term.axis;
    }
  }
  if (!mask || value.rank() != 0) return {};
  for (const Term& term : terms) {
    const bool covered = term.kind == Term::Kind::tensor && term.axis >= first && term.axis < first + mask.rank();
    if (!covered && !term.is_whole()) return {};
  }
  Axes ones;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis)
    if (axis < first || axis >= first + mask.rank()) ones.push_back(axis);
  return where(expand_axes(mask, ones), value, x);
}

Expr update(const Op& op, std::string_view name, const Operand& part, const Operand& values) {
  const auto selection = selection_of(part);
  if (!selection)
    throw GraphError(fmt::format(
        "{}: the first argument must be a part of a tensor as index(x, ...) makes it, got {} "
        "of {} (made at {}:{})",
        name, part.expr().op().name, to_string(part.expr().type()), part.place().file_name(), part.place().line()));
  const MadeAt here(part.place());
  const Expr& x = selection->x;
  const Terms terms = terms_of(x, selection->items, part.place());
  const Expr fitting = fitting_values(values, x, name, part.place());
  if (&op == &set_rows_op)
    if (const Expr chosen = set_under_mask(x, terms, fitting)) return chosen;
  return written(op, x, part, terms, fitting, part.place());
}

}  // namespace

const Op part_op{
    .name = "part",
    .summary = "the first input, which is a part of the second that the others name",
    .arity = -1,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> { return {inputs[0]}; },
    .gradient =
        [](const Application& a) {
          Exprs result(a.inputs.size());
          result[0] = a.adjoint;
          return result;
        },
    .tangent = [](const Node&, std::span<const Expr> tangents) { return Exprs{tangents[0]}; },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> { return {inputs[0]}; },
    .lowering = Abstract{},
    .concrete = [](const Node& node) { return Exprs{node.input(0)}; },
    .examples =
        [] {
          const Expr i = input({DType::int64, {}}, "i"), j = input({DType::int64, {2, 1}}, "j");
          const Expr x = example({4, 3}), cube = example({3, 4, 3});
          return Exprs{index(x, {range(1, None, 2), -1}),
                       index(x, {newaxis, i}),
                       index(cube, {j, _, constant(Array::of<std::int64_t>({3}, {0, -1, 1}))}),
                       set_subtensor(index(x, {j, i}), 2.0 * example({2, 1}, "v")),
                       inc_subtensor(index(cube, {ellipsis, j, range(None, None, -2)}), example({2}, "v")),
                       set_subtensor(index(example({3}), {example({3}, "m") > 0.5}), example({}, "v"))};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> { return {b.inputs[0]}; },
    .complex = complex_rule::as_it_is,
};

const Op shaped_like_op{
    .name = "shaped_like",
    .summary = "a, which must have the shape of b",
    .arity = 2,
    .type = [](std::span<const Type> inputs, const Attributes&) -> std::vector<Type> {
      const std::optional<Shape> shape = agree(inputs[0].shape, inputs[1].shape);
      if (!shape)
        throw ShapeError(
            fmt::format("the shape must be {}, got {}", to_string(inputs[1].shape), to_string(inputs[0].shape)));
      return {Type{inputs[0].dtype, *shape}};
    },
    .gradient =
        [](const Application& a) {
          return Exprs{a.adjoint, Expr()};
        },
    .tangent = [](const Node&, std::span<const Expr> tangents) { return Exprs{tangents[0]}; },
    .evaluate = [](const Node&, std::span<const Array> inputs) -> std::vector<Array> {
      if (inputs[0].shape() != inputs[1].shape())
        throw ShapeError(fmt::format("shaped_like: the shape must be {}, got {}", to_string(inputs[1].shape()),
                                     to_string(inputs[0].shape())));
      return {inputs[0]};
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const bool known = is_known(node.input(0).shape()) && is_known(node.input(1).shape());
          return Exprs{known ? node.input(0) : Expr()};
        },
    .examples =
        [] {
          return Exprs{make(shaped_like_op, {example({2, 3}), example({2, 3}, "y")})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      const Expr &x = b.inputs[0].value, item = item_like(b.inputs[1], b.axes);
      if (!b.inputs[0].varies) return {{make(shaped_like_op, {x, item}, {}, b.node.place()), false}};
      return {{make(shaped_like_op, {x, nested_like(batch_like(x, b.axes), item)}, {}, b.node.place())}};
    },
    .complex = complex_rule::as_it_is,
};

// --- Builders ---

Expr index(const Operand& x, const Indices& items) {
  const MadeAt here(x.place());
  const Expr value = read(x, terms_of(x, items, x.place()), x.place());
  if (&value.op() == &at_op || &value.op() == &slice_op)
    if (value.node().input(0) == x.expr()) return value;  // says itself which part it is
  Encoded what = encoded(items);
  what.operands.insert(what.operands.begin(), {value, x});
  return make(part_op, std::move(what.operands), {{"items", what.codes}}, x.place());
}

Expr Expr::operator[](const Subscript& subscript) const {
  return index(Operand(*this, subscript.place()), subscript.items());
}

Expr set_subtensor(const Operand& part, const Operand& values) {
  const BuiltAt here(part.place());
  return update(set_rows_op, "set_subtensor", part, values);
}

Expr inc_subtensor(const Operand& part, const Operand& values) {
  const BuiltAt here(part.place());
  return update(add_rows_op, "inc_subtensor", part, values);
}

}  // namespace leapgraph::symbolic
