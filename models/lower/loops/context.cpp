/// Tables, and elements of variables seen from a step of a loop.
#include "leapgraph/models/lower/loops/context.hpp"

#include <algorithm>
#include <set>

#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// Values from further back than this many steps are read from a buffer of all steps.
constexpr std::int64_t longest_lag = 8;
/// What comes from at most this many contiguous stretches is joined from slices, else gathered.
constexpr std::size_t most_stretches = 8;

/// Whether all rows of `row` values are equal.
template <class T>
bool rows_are_equal(std::span<const T> values, std::int64_t row) {
  const auto width = static_cast<std::size_t>(row);
  for (std::size_t at = width; at < values.size(); at += width)
    if (!std::equal(values.begin(), values.begin() + row, values.begin() + static_cast<std::ptrdiff_t>(at)))
      return false;
  return true;
}

}  // namespace

// ---------------------------------------------------------------- values within a step

Expr Built::flat() const { return value.rank() == 1 ? value : symbolic::reshape(value, {-1}); }

std::int64_t Built::place(std::int64_t row, std::int64_t element) const {
  std::int64_t place = 0, stride = elements;
  for (std::size_t axis = axes.size(); axis-- > 0;) {
    const std::int64_t index = row % axes[axis];
    row /= axes[axis];
    const std::int64_t kept = value.shape()[axis];
    if (kept != 1) place += index * stride;
    stride *= kept;
  }
  return place + element;
}

Expr Built::full() const {
  Shape shape = axes;
  shape.insert(shape.end(), value.shape().begin() + static_cast<std::ptrdiff_t>(axes.size()), value.shape().end());
  return symbolic::reshape(shape == value.shape() ? value : symbolic::broadcast_to(value, shape), {-1});
}

// ---------------------------------------------------------------- contexts

Context::Context(Equations& equations) : equations_(equations) {
  for (std::size_t p = 0; p < trace().points.size(); ++p) members_.push_back(static_cast<int>(p));
  for (int p : members_) placements_[p] = place(trace().points[static_cast<std::size_t>(p)]);
  find_running_sums();
}

Context::Context(Context& outer, int space, std::vector<int> members)
    : equations_(outer.equations_), outer_(&outer), space_(space), members_(std::move(members)) {
  steps_ = all_steps() / outer.all_steps();
  for (int p : members_) placements_[p] = place(trace().points[static_cast<std::size_t>(p)]);
  find_running_sums();
}

std::int64_t Context::all_steps() const { return trace().spaces[static_cast<std::size_t>(space_)].count(); }

bool Context::is_member(int point) const {
  return is_whole() || std::find(members_.begin(), members_.end(), point) != members_.end();
}

Placement Context::place(const Point& point) const {
  Placement result;
  const std::int64_t steps = all_steps();
  result.first.assign(static_cast<std::size_t>(steps), 0);
  result.count.assign(static_cast<std::size_t>(steps), 0);
  for (std::size_t i = 0; i < point.executions.size(); ++i) {
    const std::int64_t step = equations_.ancestor(point.space, point.executions[i], space_);
    result.step.push_back(step);
    if (result.count[static_cast<std::size_t>(step)]++ == 0)
      result.first[static_cast<std::size_t>(step)] = static_cast<std::int64_t>(i);
  }
  for (std::int64_t count : result.count) result.rows = std::max(result.rows, count);
  result.padded =
      std::any_of(result.count.begin(), result.count.end(), [&](auto count) { return count != result.rows; });

  // The loops inside a step, from the innermost outwards, as long as they are regular.
  Shape axes;
  const auto& spaces = trace().spaces;
  bool regular = !result.padded && point.count() == spaces[static_cast<std::size_t>(point.space)].count();
  for (int s = point.space; regular && s != space_; s = spaces[static_cast<std::size_t>(s)].parent) {
    const Space& here = spaces[static_cast<std::size_t>(s)];
    const std::int64_t parents = spaces[static_cast<std::size_t>(here.parent)].count();
    const std::int64_t each = here.count() / std::max<std::int64_t>(1, parents);
    regular = each * parents == here.count();
    for (std::int64_t i = 0; regular && i < here.count(); ++i)
      regular = here.parents[static_cast<std::size_t>(i)] == i / each;
    axes.insert(axes.begin(), each);
  }
  result.axes = regular ? axes : result.rows == 1 ? Shape{} : Shape{result.rows};
  return result;
}

std::int64_t Context::rows_of(int point) const {
  const auto sum = sums_.find(point);
  return sum != sums_.end() ? sum->second.chains : placements_.at(point).rows;
}

std::int64_t Context::row_of(int point, std::int64_t execution) const {
  const auto e = static_cast<std::size_t>(execution);
  const auto sum = sums_.find(point);
  if (sum != sums_.end()) return sum->second.is_last[e] ? sum->second.chain[e] : -1;
  const Placement& placement = placements_.at(point);
  return execution - placement.first[static_cast<std::size_t>(placement.step[e])];
}

Context::Origin Context::origin(const SourceOf& source, std::int64_t step) const {
  if (source.point == SourceOf::nothing) return {};
  if (source.point < 0 || !is_member(source.point)) return {.kind = Origin::Kind::outside};
  const std::int64_t elements = trace().points[static_cast<std::size_t>(source.point)].elements();
  const std::int64_t execution = source.element / elements;
  const std::int64_t there = placements_.at(source.point).step[static_cast<std::size_t>(execution)];
  if (there / steps_ != step / steps_) return {.kind = Origin::Kind::outside};
  return {.kind = there == step ? Origin::Kind::same_step : Origin::Kind::earlier_step,
          .point = source.point,
          .lag = step - there,
          .row = row_of(source.point, execution),
          .element = source.element % elements,
          .step = there};
}

// ---------------------------------------------------------------- tables

Expr Context::element_of(const Expr& rows) {
  const auto known = std::find(rows_.begin(), rows_.end(), rows);
  if (known != rows_.end()) return elements_[static_cast<std::size_t>(known - rows_.begin())];
  rows_.push_back(rows);
  const Shape& shape = rows.shape();
  elements_.push_back(symbolic::input({rows.dtype(), Shape(shape.begin() + 1, shape.end())}, "element"));
  return elements_.back();
}

template <class T>
Expr Context::table(std::span<const T> values, std::int64_t n) {
  if (is_whole()) return equations_.constant(values);
  std::vector<T> first;
  bool constant = true;
  const std::int64_t row = steps_ * n;
  for (std::size_t at = 0; constant && at < values.size(); at += static_cast<std::size_t>(row))
    constant = rows_are_equal(values.subspan(at, static_cast<std::size_t>(row)), n);
  if (!constant) return element_of(symbolic::reshape(outer_->table(values, row), {steps_, n}));
  for (std::size_t at = 0; at < values.size(); at += static_cast<std::size_t>(row))
    first.insert(first.end(), values.begin() + static_cast<std::ptrdiff_t>(at),
                 values.begin() + static_cast<std::ptrdiff_t>(at) + n);
  return outer_->table(std::span<const T>(first), n);
}

template Expr Context::table(std::span<const std::int64_t> values, std::int64_t n);
template Expr Context::table(std::span<const double> values, std::int64_t n);

Expr Context::select(const std::vector<Piece>& pieces, std::span<const std::int64_t> places, std::int64_t run) {
  std::vector<std::int64_t> begins;
  for (std::int64_t at = 0; const Piece& piece : pieces) {
    begins.push_back(at);
    at += piece.size;
  }
  const auto piece_of = [&](std::int64_t place) {
    return static_cast<std::size_t>(std::upper_bound(begins.begin(), begins.end(), place) - begins.begin()) - 1;
  };
  struct Stretch {
    std::size_t piece;
    std::int64_t begin, length;
  };
  std::vector<Stretch> stretches;
  std::int64_t next = -1;
  for (std::int64_t place : places) {
    const std::size_t piece = place == next && !stretches.empty() ? stretches.back().piece : piece_of(place);
    if (place == next && place - begins[piece] < pieces[piece].size)
      ++stretches.back().length;
    else if (stretches.size() > most_stretches)
      break;
    else
      stretches.push_back({piece_of(place), place - begins[piece_of(place)], 1});
    next = place + 1;
  }
  if (stretches.size() <= most_stretches) {
    symbolic::Operands parts;
    for (const Stretch& s : stretches)
      parts.emplace_back(s.length == pieces[s.piece].size
                             ? pieces[s.piece].flat
                             : symbolic::slice(pieces[s.piece].flat, 0, {s.begin, s.begin + s.length}));
    return parts.size() == 1 ? parts[0].expr() : symbolic::concatenate(parts);
  }
  // Only the pieces that are used.
  std::vector<bool> used(pieces.size(), false);
  for (std::int64_t place : places) used[piece_of(place)] = true;
  symbolic::Operands parts;
  std::vector<std::int64_t> moved(pieces.size(), 0);
  std::int64_t size = 0;
  bool whole_rows = run > 1;
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    if (!used[k]) continue;
    moved[k] = size - begins[k];
    size += pieces[k].size;
    whole_rows = whole_rows && pieces[k].size % run == 0;
    parts.emplace_back(pieces[k].flat);
  }
  std::vector<std::int64_t> index;
  for (std::int64_t place : places) index.push_back(place + moved[piece_of(place)]);
  const Expr all = parts.size() == 1 ? parts[0].expr() : symbolic::concatenate(parts);
  for (std::size_t i = 0; whole_rows && i < index.size(); ++i) {
    const auto offset = static_cast<std::int64_t>(i) % run;
    whole_rows = index[i] % run == offset && (offset == 0 || index[i] == index[i - 1] + 1);
  }
  if (!whole_rows) return symbolic::gather(all, equations_.constant(std::span<const std::int64_t>(index)));
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < index.size(); i += static_cast<std::size_t>(run)) rows.push_back(index[i] / run);
  const Expr picked =
      symbolic::gather(symbolic::reshape(all, {-1, run}), equations_.constant(std::span<const std::int64_t>(rows)));
  return symbolic::reshape(picked, {-1});
}

// ---------------------------------------------------------------- elements of variables

Expr Context::read(SymbolId symbol, std::span<const SourceOf> sources, std::int64_t n, std::int64_t run) {
  return is_whole() ? read_whole(symbol, sources, n, run) : read_step(symbol, sources, n, run);
}

Expr Context::read_whole(SymbolId symbol, std::span<const SourceOf> sources, std::int64_t n, std::int64_t run) {
  std::vector<Piece> pieces;
  std::map<std::int32_t, std::int64_t> begins;  // of the point's piece
  std::int64_t size = 0;
  const auto begin_of = [&](std::int32_t point) {
    const auto [entry, is_new] = begins.try_emplace(point, size);
    if (is_new) {
      Expr flat;
      if (point == SourceOf::before)
        flat = equations_.before(symbol);
      else if (point == SourceOf::unset)
        flat = symbolic::reshape(expression_from(unset(equations_.type_of(symbol), {})), {1});
      else
        flat = built_.at(point).flat();
      pieces.push_back({flat, symbolic::element_count(flat.shape())});
      size += pieces.back().size;
    }
    return entry->second;
  };
  std::vector<std::int64_t> places;
  places.reserve(static_cast<std::size_t>(n));
  for (const SourceOf& source : sources) {
    if (source.point == SourceOf::nothing) {
      places.push_back(-1);
      continue;
    }
    std::int64_t element = source.element;
    if (source.point >= 0) {
      const Built& built = built_.at(source.point);
      const std::int64_t row = built.row_of[static_cast<std::size_t>(source.element / built.elements)];
      if (row < 0) throw InternalError("a value of a running sum is read that was not kept");
      element = built.place(row, source.element % built.elements);
    }
    places.push_back(begin_of(source.point) + element);
  }
  if (places.empty() || pieces.empty()) {
    return symbolic::full({n}, 0.0);
  }
  // Where nobody looks, whatever goes on from the place before.
  for (std::size_t i = 0; i < places.size(); ++i)
    if (places[i] < 0) places[i] = i > 0 && places[i - 1] + 1 < size ? places[i - 1] + 1 : 0;
  return select(pieces, places, run);
}

Context::State& Context::state(int point, std::int64_t lag) {
  const auto [entry, is_new] = states_.try_emplace({point, lag});
  State& state = entry->second;
  if (is_new) {
    const std::int64_t row = rows_of(point) * trace().points[static_cast<std::size_t>(point)].elements();
    state.size = lag == 0 ? steps_ * row : row;
    state.variable =
        symbolic::input({trace().points[static_cast<std::size_t>(point)].value.dtype(), {state.size}}, "state");
    if (lag > 0)
      state.initial.assign(static_cast<std::size_t>(outer_->all_steps() * state.size), {SourceOf::nothing, 0});
    for (std::int64_t k = lag - 1; k >= 1; --k) this->state(point, k);
  }
  return state;
}

Expr Context::read_step(SymbolId symbol, std::span<const SourceOf> sources, std::int64_t n, std::int64_t run) {
  using Kind = Origin::Kind;
  const auto width = static_cast<std::size_t>(n);
  const auto all = static_cast<std::size_t>(all_steps());
  std::vector<Origin> origins;
  origins.reserve(sources.size());
  for (std::size_t b = 0; b < all; ++b)
    for (std::size_t i = 0; i < width; ++i)
      origins.push_back(origin(sources[b * width + i], static_cast<std::int64_t>(b)));

  // Columns that take the same place of the same point always, but for the first steps, start from what they read then.
  const auto same_place = [](const Origin& x, const Origin& y) {
    return x.kind == y.kind && x.point == y.point && x.lag == y.lag && x.row == y.row && x.element == y.element;
  };
  std::vector<const Origin*> inside(width, nullptr);  // the one place within the loop
  bool mixed = false;                                 // a column has several such places
  std::int64_t longest = 0;
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t b = 0; b < all; ++b) {
      const Origin& o = origins[b * width + i];
      if (o.kind == Kind::earlier_step) longest = std::max(longest, o.lag);
      if (o.kind != Kind::same_step && o.kind != Kind::earlier_step) continue;
      if (inside[i] == nullptr)
        inside[i] = &o;
      else if (!same_place(*inside[i], o))
        mixed = true;
    }
  const bool by_history = longest > longest_lag;
  const auto place_in_state = [&](const Origin& o) {
    return o.row * trace().points[static_cast<std::size_t>(o.point)].elements() + o.element;
  };
  if (!mixed && !by_history) {
    for (std::size_t i = 0; i < width; ++i) {
      if (inside[i] == nullptr || inside[i]->kind != Kind::earlier_step) continue;
      const Origin in = *inside[i];
      const std::int64_t place = place_in_state(in);
      state(in.point, in.lag);
      const auto slot = [&](std::size_t b) -> SourceOf* {
        const auto t = static_cast<std::int64_t>(b) % steps_, outer = static_cast<std::int64_t>(b) / steps_;
        if (t >= in.lag) return nullptr;
        State& first = state(in.point, in.lag - t);
        return &first.initial[static_cast<std::size_t>(outer * first.size + place)];
      };
      bool possible = true;
      for (std::size_t b = 0; possible && b < all; ++b) {
        if (origins[b * width + i].kind != Kind::outside) continue;
        const SourceOf* initial = slot(b);
        possible = initial != nullptr && (initial->point == SourceOf::nothing || *initial == sources[b * width + i]);
      }
      for (std::size_t b = 0; possible && b < all; ++b)
        if (origins[b * width + i].kind == Kind::outside) {
          *slot(b) = sources[b * width + i];
          origins[b * width + i] = in;
        }
    }
  }

  // Pieces: what comes from outside, values of this step, states.
  std::vector<Piece> pieces;
  std::int64_t size = 0;
  const auto add_piece = [&](const Expr& flat) {
    const std::int64_t begin = size;
    pieces.push_back({flat, symbolic::element_count(flat.shape())});
    size += pieces.back().size;
    return begin;
  };
  std::int64_t outside = -1;
  if (std::any_of(origins.begin(), origins.end(), [](const Origin& o) { return o.kind == Kind::outside; })) {
    std::vector<SourceOf> there(sources.begin(), sources.end());
    for (std::size_t k = 0; k < there.size(); ++k)
      if (origins[k].kind != Kind::outside) there[k] = {SourceOf::nothing, 0};
    outside = add_piece(element_of(symbolic::reshape(outer_->read(symbol, there, steps_ * n, run), {steps_, n})));
  }
  std::map<std::pair<int, std::int64_t>, std::int64_t> begins;
  const auto begin_of = [&](int point, std::int64_t lag) {  // lag -1: this step
    const auto known = begins.find({point, lag});
    if (known != begins.end()) return known->second;
    const Expr flat = lag < 0 ? built_.at(point).flat() : state(point, lag).variable;
    return begins[{point, lag}] = add_piece(flat);
  };
  std::vector<std::int64_t> places(sources.size(), -1);
  for (std::size_t b = 0; b < all; ++b)
    for (std::size_t i = 0; i < width; ++i) {
      const Origin& o = origins[b * width + i];
      std::int64_t& place = places[b * width + i];
      if (o.kind == Kind::nothing) continue;
      if (o.row < 0) throw InternalError("a value of a running sum is read that was not kept");
      if (o.kind == Kind::outside)
        place = outside + static_cast<std::int64_t>(i);
      else if (o.kind == Kind::same_step)
        place = begin_of(o.point, -1) + built_.at(o.point).place(o.row, o.element);
      else if (by_history)
        place = begin_of(o.point, 0) + (o.step % steps_) * (state(o.point, 0).size / steps_) + place_in_state(o);
      else
        place = begin_of(o.point, o.lag) + place_in_state(o);
    }
  // Where nobody looks, what the column reads elsewhere.
  std::vector<std::int64_t> usual(width, -1);
  for (std::size_t k = 0; k < places.size(); ++k)
    if (places[k] >= 0 && usual[k % width] < 0) usual[k % width] = places[k];
  for (std::size_t i = 0; i < width; ++i)
    if (usual[i] < 0) usual[i] = i > 0 && usual[i - 1] + 1 < size ? usual[i - 1] + 1 : 0;
  if (pieces.empty()) return symbolic::full({n}, 0.0);
  for (std::size_t k = 0; k < places.size(); ++k)
    if (places[k] < 0) places[k] = usual[k % width];

  if (rows_are_equal(std::span<const std::int64_t>(places), n))
    return select(pieces, std::span<const std::int64_t>(places).first(width), run);
  if (!mixed && !by_history) {
    // A choice, step by step, between what comes from outside and one place within the loop.
    std::vector<std::int64_t> within(width), choice(places.size());
    bool one_choice = true;
    for (std::size_t k = 0; k < places.size(); ++k) {
      choice[k] = origins[k].kind == Kind::outside;
      one_choice = one_choice && choice[k] == choice[k / width * width];
    }
    for (std::size_t i = 0; i < width; ++i) {
      within[i] = outside + static_cast<std::int64_t>(i);
      for (std::size_t b = 0; b < all; ++b)
        if (const auto kind = origins[b * width + i].kind; kind == Kind::same_step || kind == Kind::earlier_step)
          within[i] = places[b * width + i];
    }
    if (one_choice)
      for (std::size_t b = 0; b < all; ++b) choice[b] = choice[b * width];
    if (one_choice) choice.resize(all);
    const Expr is_outside = table(std::span<const std::int64_t>(choice), one_choice ? 1 : n);
    return symbolic::where(symbolic::neq(is_outside, 0), pieces[0].flat, select(pieces, within, run));
  }
  symbolic::Operands parts;
  for (const Piece& piece : pieces) parts.emplace_back(piece.flat);
  return symbolic::gather(parts.size() == 1 ? parts[0].expr() : symbolic::concatenate(parts),
                          table(std::span<const std::int64_t>(places), n));
}

}  // namespace leapgraph::models::lower
