/// Sums by a constant index as segmented sums: the index is inverted once, and each row's terms are added in a
/// register.
///
/// A nest that adds to rows named by data becomes two loops, over the rows and over the positions that name each: what
/// is gathered by the same index is then read once a row. Positions are taken in the order of the rows: data are
/// permuted here, once, other arrays are read through the permutation. Where a nest also stores values by position, or
/// adds by a second index, or computes too much for short segments, the sums become a nest of their own over stored
/// values.
#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <tuple>

#include "leapgraph/symbolic/emit/nest.hpp"
#include "leapgraph/symbolic/schedule/region.hpp"

namespace leapgraph::symbolic {

namespace {

/// Fewer terms than these are added where they are.
constexpr std::int64_t min_positions = 64;
/// Segments of this average length and more are worth a loop with everything in it.
constexpr std::int64_t long_segment = 12;
/// Of shorter ones than this, sums are not quicker than additions in the order of the index.
constexpr std::int64_t short_segment = 4;

/// An index by rows: positions `order[offsets[r]]` to `order[offsets[r + 1] - 1]` name row r, in ascending order.
struct InvertedIndex {
  std::vector<std::int64_t> order, offsets;
  bool is_sorted = true;
  std::int64_t equal_length = -1;  ///< of every segment, if there is one
};

InvertedIndex invert(const Array& index, std::int64_t rows) {
  const std::int64_t n = index.size();
  InvertedIndex result;
  result.offsets.assign(static_cast<std::size_t>(rows) + 1, 0);
  for (std::int64_t i = 0; i < n; ++i) ++result.offsets[static_cast<std::size_t>(index.integer(i)) + 1];
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  result.order.resize(static_cast<std::size_t>(n));
  std::vector<std::int64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t& place = next[static_cast<std::size_t>(index.integer(i))];
    result.order[static_cast<std::size_t>(place++)] = i;
  }
  result.is_sorted = std::is_sorted(result.order.begin(), result.order.end());
  bool equal = rows > 0 && n % rows == 0;
  for (std::int64_t r = 0; equal && r < rows; ++r)
    equal = result.offsets[static_cast<std::size_t>(r) + 1] == (r + 1) * (n / rows);
  if (equal) result.equal_length = n / rows;
  return result;
}

class Inverter {
 public:
  explicit Inverter(Program& program) : program_(program) {}

  void run(Steps& steps) {
    Steps result;
    for (Step& step : steps) {
      if (auto* loop = std::get_if<LoopStep>(&step.what)) run(loop->body);
      if (auto* branch = std::get_if<BranchStep>(&step.what)) {
        run(branch->if_true);
        run(branch->if_false);
      }
      const auto* nest = std::get_if<Nest>(&step.what);
      if (nest == nullptr || !has_scattered_sums(*nest)) {
        result.push_back(std::move(step));
        continue;
      }
      Nest plain = plan_nest(*nest).nest;
      if (can_invert(plain, result))
        invert_sums(std::move(plain), result);
      else
        result.push_back(std::move(step));
    }
    steps = std::move(result);
  }

 private:
  const Buffer& buffer(int number) const { return program_.buffers[static_cast<std::size_t>(number)]; }
  const Array& data(int number) const { return program_.data[static_cast<std::size_t>(buffer(number).index)]; }

  static bool has_scattered_sums(const Nest& nest) {
    return std::any_of(nest.accumulations.begin(), nest.accumulations.end(),
                       [](const Accumulation& a) { return a.scattered; });
  }

  /// One loop, every sum by an index that is data, into rows that start as zeros.
  bool can_invert(const Nest& nest, const Steps& before) const {
    if (nest.extents.size() != 1 || nest.extents[0] < min_positions || nest.segments >= 0 || nest.limit >= 0)
      return false;
    for (const Statement& statement : nest.statements)
      if (const auto* load = std::get_if<Load>(&statement.what))
        if (load->from.row >= 0 && (!load->from.row_is_checked || load->from.strides[0] != 0)) return false;
    return std::all_of(nest.accumulations.begin(), nest.accumulations.end(), [&](const Accumulation& a) {
      if (a.to.strides[0] != 0) return false;
      if (!a.scattered) return true;
      const bool starts_as_zeros = std::any_of(before.begin(), before.end(), [&a](const Step& step) {
        const auto* fill = std::get_if<Fill>(&step.what);
        return fill != nullptr && fill->buffer == a.to.buffer;
      });
      return starts_as_zeros && a.combine == Combine::sum && a.factor < 0 && a.to.row_is_checked && a.to.offset == 0 &&
             a.to.row_stride == 1 && a.to.rows <= 2 * nest.extents[0] && index_of(nest, a) >= 0;
    });
  }

  /// The data that name the rows of a sum, element i at position i; -1: something else does.
  int index_of(const Nest& nest, const Accumulation& sum) const {
    const auto* load = std::get_if<Load>(&nest.statements[static_cast<std::size_t>(sum.to.row)].what);
    if (load == nullptr || load->from.row >= 0 || load->from.offset != 0 || load->from.strides[0] != 1) return -1;
    const Buffer& from = buffer(load->from.buffer);
    return from.place == Place::data && from.size == nest.extents[0] ? load->from.buffer : -1;
  }

  /// Whether the number of the position is a value of the nest.
  static bool counts(const Nest& nest) {
    return std::any_of(nest.statements.begin(), nest.statements.end(), [](const Statement& statement) {
      const auto* compute = std::get_if<Compute>(&statement.what);
      return compute != nullptr && compute->index_axis >= 0;
    });
  }
  static bool computes(const Nest& nest) {
    return std::any_of(nest.statements.begin(), nest.statements.end(),
                       [](const Statement& statement) { return std::holds_alternative<Compute>(statement.what); });
  }

  /// Appends to `result` nests that do the same without adding to computed rows.
  void invert_sums(Nest nest, Steps& result) {
    const auto found = std::find_if(nest.accumulations.begin(), nest.accumulations.end(),
                                    [](const Accumulation& a) { return a.scattered; });
    if (found == nest.accumulations.end()) {
      result.push_back({std::move(nest)});
      return;
    }
    const std::int64_t rows = found->to.rows;
    int index = index_of(nest, *found);
    const InvertedIndex inverted = invert(data(index), rows);
    const bool is_short = !inverted.is_sorted && nest.extents[0] < short_segment * rows;
    if (is_short && !computes(nest)) {
      result.push_back({std::move(nest)});
      return;
    }
    const bool in_any_order = nest.stores.empty() && !counts(nest);
    if (!inverted.is_sorted && in_any_order && !is_short) {
      permute(nest, inverted);
      index = index_of(nest, *std::find_if(nest.accumulations.begin(), nest.accumulations.end(),
                                           [](const Accumulation& a) { return a.scattered; }));
    }
    const bool in_segments = (inverted.is_sorted || in_any_order) && !is_short && !counts(nest) &&
                             (nest.extents[0] >= long_segment * rows || !computes(nest));
    // What does not become a segment of this nest is stored and added in nests of its own.
    std::map<std::pair<int, std::int64_t>, Nest> apart;  // by index and rows
    std::map<int, int> stored;                           // values in memory
    const auto is_apart = [&](const Accumulation& a) {
      return a.scattered && (!in_segments || index_of(nest, a) != index || a.to.rows != rows);
    };
    for (const Accumulation& sum : nest.accumulations)
      if (is_apart(sum)) move_apart(nest, sum, apart[{index_of(nest, sum), sum.to.rows}], stored);
    std::erase_if(nest.accumulations, is_apart);
    if (in_segments) make_segments(nest, inverted, index, rows, result);
    result.push_back({std::move(nest)});
    for (auto& [by, sums] : apart) invert_sums(std::move(sums), result);
  }

  /// `sum` of `nest` done in `apart`, from stored values.
  void move_apart(Nest& nest, const Accumulation& sum, Nest& apart, std::map<int, int>& stored) {
    const std::int64_t n = nest.extents[0];
    if (apart.extents.empty()) {
      apart.extents = {n};
      apart.origin = "sums by row";
      apart.statements.push_back(nest.statements[static_cast<std::size_t>(sum.to.row)]);
    }
    const DType dtype = nest.statements[static_cast<std::size_t>(sum.value)].dtype;
    const auto [known, is_new] = stored.try_emplace(sum.value, -1);
    if (is_new) {
      known->second = add_temporary(program_, dtype, n);
      nest.stores.push_back({sum.value, Access{.buffer = known->second, .offset = 0, .strides = {1}}});
    }
    const Access at{.buffer = known->second, .offset = 0, .strides = {1}};
    apart.statements.push_back({Load{at}, dtype});
    Accumulation moved = sum;
    moved.value = static_cast<int>(apart.statements.size()) - 1;
    moved.to.row = 0;
    apart.accumulations.push_back(std::move(moved));
  }

  /// Positions in the order of the rows.
  void permute(Nest& nest, const InvertedIndex& inverted) {
    const auto moves = [](const Statement& statement) {
      const auto* load = std::get_if<Load>(&statement.what);
      return load != nullptr && load->from.row < 0 && load->from.strides[0] != 0;
    };
    const bool reads_by_position =
        std::any_of(nest.statements.begin(), nest.statements.end(), [&](const Statement& statement) {
          return moves(statement) && buffer(std::get<Load>(statement.what).from.buffer).place != Place::data;
        });
    for (Statement& statement : nest.statements) {
      if (!moves(statement)) continue;
      Access& from = std::get<Load>(statement.what).from;
      if (buffer(from.buffer).place == Place::data) {
        from = Access{.buffer = permuted(from, inverted), .offset = 0, .strides = {1}};
      } else {
        from.row = -2;  // the statement that is inserted below
        from.row_stride = from.strides[0];
        from.rows = nest.extents[0];
        from.row_is_checked = true;
        from.strides[0] = 0;
      }
    }
    if (!reads_by_position) return;
    insert_first(nest, {Load{Access{.buffer = add_index(inverted.order), .offset = 0, .strides = {1}}}, DType::int64});
    for (Statement& statement : nest.statements)
      if (auto* load = std::get_if<Load>(&statement.what); load != nullptr && load->from.row == -2) load->from.row = 0;
  }

  /// Makes `first` statement 0 of the nest.
  static void insert_first(Nest& nest, Statement first) {
    const auto renumber = [](int& number) {
      if (number >= 0) ++number;
    };
    for (Statement& statement : nest.statements) {
      if (auto* load = std::get_if<Load>(&statement.what)) renumber(load->from.row);
      if (auto* compute = std::get_if<Compute>(&statement.what))
        for (int& argument : compute->arguments) renumber(argument);
    }
    for (Store& store : nest.stores) {
      renumber(store.value);
      renumber(store.to.row);
    }
    for (Accumulation& a : nest.accumulations) {
      renumber(a.value);
      renumber(a.factor);
      renumber(a.to.row);
    }
    nest.statements.insert(nest.statements.begin(), std::move(first));
  }

  /// The loop over positions becomes two: over rows, and over the positions of each.
  void make_segments(Nest& nest, const InvertedIndex& inverted, int index, std::int64_t rows, Steps& before) {
    const auto is_row = [&](int statement) {
      if (statement < 0) return false;
      const auto* load = std::get_if<Load>(&nest.statements[static_cast<std::size_t>(statement)].what);
      return load != nullptr && load->from.row < 0 && load->from.buffer == index;
    };
    const bool equal = inverted.equal_length > 0;
    const auto widen = [&](Access& access) {
      const std::int64_t stride = access.strides[0];
      access.strides = {equal ? stride * inverted.equal_length : 0, stride};
      if (!is_row(access.row)) return;
      access.strides[0] += access.row_stride;
      access.row = -1;
    };
    for (Statement& statement : nest.statements)
      if (auto* load = std::get_if<Load>(&statement.what)) widen(load->from);
    for (Store& store : nest.stores) widen(store.to);
    for (Accumulation& a : nest.accumulations) {
      widen(a.to);
      if (!a.scattered) continue;
      a.scattered = false;
      std::erase_if(before, [&a](const Step& step) {  // every row is written now
        const auto* fill = std::get_if<Fill>(&step.what);
        return fill != nullptr && fill->buffer == a.to.buffer;
      });
    }
    nest.extents = {rows, equal ? inverted.equal_length : nest.extents[0]};
    if (!equal) nest.segments = add_index(inverted.offsets);
  }

  int add_index(const std::vector<std::int64_t>& values) {
    const auto found = indices_.find(values);
    if (found != indices_.end()) return found->second;
    const Array array = Array::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
    return indices_[values] = add_data(program_, array);
  }

  /// The elements that a nest reads, in the order of the rows.
  int permuted(const Access& from, const InvertedIndex& inverted) {
    const int positions = add_index(inverted.order);
    const auto key = std::tuple(from.buffer, from.offset, from.strides[0], positions);
    if (const auto found = copies_.find(key); found != copies_.end()) return found->second;
    const Array& source = data(from.buffer);
    Array copy(Type{source.dtype(), {static_cast<std::int64_t>(inverted.order.size())}});
    const auto bytes = static_cast<std::size_t>(info(source.dtype()).bytes);
    for (std::size_t i = 0; i < inverted.order.size(); ++i)
      std::memcpy(copy.raw() + i * bytes,
                  source.raw() + static_cast<std::size_t>(from.offset + from.strides[0] * inverted.order[i]) * bytes,
                  bytes);
    return copies_[key] = add_data(program_, copy);
  }

  Program& program_;
  std::map<std::vector<std::int64_t>, int> indices_;
  std::map<std::tuple<int, std::int64_t, std::int64_t, int>, int> copies_;
};

}  // namespace

void invert_indices(Program& program) { Inverter(program).run(program.steps); }

}  // namespace leapgraph::symbolic
