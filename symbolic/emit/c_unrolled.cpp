/// Writes short nests without loops, function calls gathered into vectors.
#include "leapgraph/symbolic/emit/c_unrolled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "leapgraph/symbolic/emit/c_text.hpp"
#include "leapgraph/symbolic/emit/declarations.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr std::int64_t max_iterations = 32;
/// Of products of small matrices: sums that a loop would load and store for every term are registers.
constexpr std::int64_t max_product_iterations = 96;
constexpr std::size_t max_statements = 600;
constexpr std::int64_t max_outer_terms = 8192;
/// Fewer calls than these are not worth a vector.
constexpr std::int64_t min_vector = 3;

class UnrolledNest {
 public:
  UnrolledNest(const Program& program, const Nest& nest, std::size_t first, Writer& out)
      : program_(program), nest_(nest), first_(first), out_(out) {
    for (std::size_t s = 0; s < nest.statements.size(); ++s) describe(nest.statements[s]);
  }

  void run() {
    for (std::size_t a = 0; a < nest_.accumulations.size(); ++a)
      if (sums_outside(nest_.accumulations[a])) declare_outside(a);
    for (std::size_t axis = 0; axis < first_; ++axis)
      out_.open(fmt::format("for (long i{0} = 0; i{0} < {1}; ++i{0})", axis, nest_.extents[axis]));
    emit_body();
    for (std::size_t axis = 0; axis < first_; ++axis) out_.close();
    for (std::size_t a = 0; a < nest_.accumulations.size(); ++a)
      if (sums_outside(nest_.accumulations[a])) store_sums(a);
  }

 private:
  void emit_body() {
    // Statements that need results of `round` rounds of calls, then the calls that these feed.
    const int rounds =
        info_.empty() ? 0 : std::max_element(info_.begin(), info_.end(), [](const Info& a, const Info& b) {
                              return a.round < b.round;
                            })->round;
    for (int round = 0; round <= rounds; ++round) {
      for_each_iteration([&] {
        for (std::size_t s = 0; s < info_.size(); ++s)
          if (info_[s].round == round && !info_[s].is_vector_call) emit_statement(s);
      });
      for (std::size_t s = 0; s < info_.size(); ++s)
        if (info_[s].round == round && info_[s].is_vector_call) emit_calls(s);
    }
    emit_accumulations();
    std::set<std::string> stored;
    for_each_iteration([&] {
      for (const Store& store : nest_.stores)
        if (std::string text = element(store.to); stored.insert(text).second)
          out_.line(fmt::format("{} = {};", text, name(store.value)));
    });
  }

  struct Info {
    std::vector<bool> axes;  ///< loops that the value depends on
    int round = 0;           ///< rounds of vector calls that come before
    bool is_vector_call = false;
    std::set<std::int64_t> emitted = {};
  };

  Info& at(int statement) { return info_[static_cast<std::size_t>(statement)]; }
  const Info& at(int statement) const { return info_[static_cast<std::size_t>(statement)]; }

  void describe(const Statement& statement) {
    Info info{std::vector<bool>(nest_.extents.size(), false)};
    const auto depend_on = [&](int other) {
      for (std::size_t axis = 0; axis < info.axes.size(); ++axis)
        info.axes[axis] = info.axes[axis] || at(other).axes[axis];
      info.round = std::max(info.round, at(other).round + (at(other).is_vector_call ? 1 : 0));
    };
    if (const auto* load = std::get_if<Load>(&statement.what)) {
      for (std::size_t axis = 0; axis < info.axes.size(); ++axis) info.axes[axis] = load->from.strides[axis] != 0;
      if (load->from.row >= 0) depend_on(load->from.row);
    } else if (const auto* compute = std::get_if<Compute>(&statement.what)) {
      for (int argument : compute->arguments) depend_on(argument);
      if (compute->index_axis >= 0) info.axes[static_cast<std::size_t>(compute->index_axis)] = true;
      info.is_vector_call = statement.dtype == DType::float64 && compute->index_axis < 0 &&
                            count(info.axes) >= min_vector && calls_vector_function(compute->code->code) &&
                            std::all_of(compute->arguments.begin(), compute->arguments.end(), [this](int argument) {
                              return nest_.statements[static_cast<std::size_t>(argument)].dtype == DType::float64;
                            });
    }
    info_.push_back(std::move(info));
  }

  std::int64_t count(const std::vector<bool>& axes) const {
    std::int64_t product = 1;
    for (std::size_t axis = first_; axis < axes.size(); ++axis)
      if (axes[axis]) product *= nest_.extents[axis];
    return product;
  }

  template <class F>
  void for_each_iteration(const F& f) {
    index_.assign(nest_.extents.size(), 0);
    for (;;) {
      f();
      std::size_t axis = index_.size();
      while (axis > first_ && ++index_[axis - 1] == nest_.extents[axis - 1]) index_[--axis] = 0;
      if (axis == first_) return;
    }
  }

  /// Number of the current iteration among those that differ along `axes`.
  std::int64_t position(const std::vector<bool>& axes) const {
    std::int64_t result = 0;
    for (std::size_t axis = first_; axis < axes.size(); ++axis)
      if (axes[axis]) result = result * nest_.extents[axis] + index_[axis];
    return result;
  }

  /// The value of a statement at the current iteration.
  std::string name(int statement) const {
    const Info& info = at(statement);
    const std::int64_t which = position(info.axes);
    return info.is_vector_call ? fmt::format("r{}[{}]", statement, which) : fmt::format("v{}_{}", statement, which);
  }

  std::string element(const Access& access) const {
    if (is_scalar_variable(program_.buffers[static_cast<std::size_t>(access.buffer)]))
      return fmt::format("b{}", access.buffer);
    std::int64_t offset = access.offset;
    std::string place;
    for (std::size_t axis = 0; axis < index_.size(); ++axis)
      if (axis >= first_)
        offset += access.strides[axis] * index_[axis];
      else if (access.strides[axis] != 0)
        place += fmt::format("{} * i{} + ", access.strides[axis], axis);
    if (access.row >= 0) place += fmt::format("(long){} * {} + ", name(access.row), access.row_stride);
    return fmt::format("b{}[{}{}]", access.buffer, place, offset);
  }

  std::string text(const Compute& compute, DType dtype) const {
    std::string index = "0";
    if (const int axis = compute.index_axis; axis >= 0)
      index = static_cast<std::size_t>(axis) < first_ ? fmt::format("i{}", axis)
                                                      : std::to_string(index_[static_cast<std::size_t>(axis)]);
    return computed(
        nest_, compute, dtype, [this](int argument) { return name(argument); }, index);
  }

  void emit_statement(std::size_t number) {
    Info& info = info_[number];
    if (!info.emitted.insert(position(info.axes)).second) return;
    const Statement& statement = nest_.statements[number];
    std::string value;
    if (const auto* load = std::get_if<Load>(&statement.what))
      value = element(load->from);
    else if (const auto* constant = std::get_if<Literal>(&statement.what))
      value = literal(*constant, statement.dtype);
    else
      value = text(std::get<Compute>(statement.what), statement.dtype);
    out_.line(fmt::format("const {} {} = {};", variable_type(statement.dtype), name(static_cast<int>(number)), value));
  }

  /// All calls of one statement: arguments and results are short arrays.
  void emit_calls(std::size_t number) {
    const Info& info = info_[number];
    const auto& compute = std::get<Compute>(nest_.statements[number].what);
    const std::int64_t calls = count(info.axes);
    // Where only one element lacks to whole vectors, a call too many is quicker than scalar ones.
    const std::int64_t length = calls % 4 == 3 ? calls + 1 : calls;
    std::vector<std::string> elements(compute.arguments.size());
    std::set<std::int64_t> done;
    for_each_iteration([&] {
      if (!done.insert(position(info.axes)).second) return;
      for (std::size_t k = 0; k < elements.size(); ++k)
        elements[k] += (elements[k].empty() ? "" : ", ") + name(compute.arguments[k]);
    });
    for (std::size_t k = 0; k < elements.size(); ++k) {
      if (length > calls) elements[k] += ", " + elements[k].substr(0, elements[k].find(','));
      out_.line(fmt::format("const double c{}_{}[] = {{{}}};", number, k, elements[k]));
    }
    const std::string call = computed(
        nest_, compute, DType::float64,
        [&](int argument) {
          const auto k =
              std::find(compute.arguments.begin(), compute.arguments.end(), argument) - compute.arguments.begin();
          return fmt::format("c{}_{}[k]", number, k);
        },
        "0");
    out_.line(fmt::format("double r{}[{}];", number, length));
    out_.line("#pragma omp simd");
    out_.line(fmt::format("for (int k = 0; k < {}; ++k) r{}[k] = {};", length, number, call));
  }

  DType dtype_of(const Accumulation& a) const { return program_.buffers[static_cast<std::size_t>(a.to.buffer)].dtype; }
  /// The sum of one accumulation at the current iteration, a variable.
  std::string target(std::size_t a) const {
    std::vector<bool> axes;
    for (std::int64_t stride : nest_.accumulations[a].to.strides) axes.push_back(stride != 0);
    return fmt::format("a{}_{}", a, position(axes));
  }
  /// Whether a target stays the same along the loops outside.
  bool sums_outside(const Accumulation& a) const { return first_ > 0 && a.to.strides[0] == 0; }

  void declare_outside(std::size_t a) {
    const Accumulation& accumulation = nest_.accumulations[a];
    const DType dtype = dtype_of(accumulation);
    std::set<std::string> declared;
    for_each_iteration([&] {
      if (const std::string sum = target(a); declared.insert(sum).second)
        out_.line(fmt::format("{} {} = {};", c_type(dtype), sum, identity(accumulation.combine, dtype)));
    });
  }

  void emit_accumulations() {
    for (std::size_t a = 0; a < nest_.accumulations.size(); ++a) {
      const Accumulation& accumulation = nest_.accumulations[a];
      const DType dtype = dtype_of(accumulation);
      const bool is_outside = sums_outside(accumulation);
      std::set<std::string> started;
      for_each_iteration([&] {
        const std::string sum = target(a), value = name(accumulation.value);
        if (!is_outside && started.insert(sum).second)
          out_.line(fmt::format("{} {} = {};", c_type(dtype), sum, first(accumulation, dtype, value)));
        else if (accumulation.factor >= 0 && dtype == DType::float64)
          out_.line(fmt::format("{0} = LG_FMA({1}, {2}, {0});", sum, value, name(accumulation.factor)));
        else
          out_.line(fmt::format("{} = {};", sum, combined(accumulation.combine, sum, product(accumulation, value))));
      });
      if (!is_outside) store_sums(a);
    }
  }

  void store_sums(std::size_t a) {
    std::set<std::string> stored;
    for_each_iteration([&] {
      if (std::string to = element(nest_.accumulations[a].to); stored.insert(to).second)
        out_.line(fmt::format("{} = {};", to, target(a)));
    });
  }

  std::string product(const Accumulation& a, const std::string& value) const {
    return a.factor < 0 ? value : fmt::format("{} * {}", value, name(a.factor));
  }
  /// The identity combined with one value.
  std::string first(const Accumulation& a, DType dtype, const std::string& value) const {
    const bool is_truth = a.combine == Combine::all || a.combine == Combine::any;
    return is_truth ? combined(a.combine, identity(a.combine, dtype), value) : product(a, value);
  }

  const Program& program_;
  const Nest& nest_;
  const std::size_t first_;  // loops outside the straight code
  Writer& out_;
  std::vector<Info> info_;
  std::vector<std::int64_t> index_;
};

}  // namespace

std::optional<std::size_t> straight_from(const Nest& nest, bool in_loop, std::size_t& budget) {
  if (nest.extents.empty() || nest.segments >= 0 || nest.limit >= 0) return std::nullopt;
  std::size_t first = nest.extents.size();
  std::int64_t iterations = 1, all = 1;
  for (std::int64_t extent : nest.extents) all *= extent;
  if (all == 0) return std::nullopt;
  const bool is_product =
      !nest.accumulations.empty() &&
      std::all_of(nest.accumulations.begin(), nest.accumulations.end(), [](const auto& a) { return a.factor >= 0; });
  const auto fits = [&](std::int64_t count) {
    return count <= (is_product ? max_product_iterations : max_iterations) &&
           static_cast<std::size_t>(count) * nest.statements.size() <= max_statements;
  };
  while (first > 0 && fits(iterations * nest.extents[first - 1])) iterations *= nest.extents[--first];
  // Outside of loops, what is long enough to be worth a loop over vectors stays one.
  if (first > 0 || !in_loop) {
    if (nest.extents.size() < 2 || nest.extents.back() >= 4) return std::nullopt;
    first = std::max<std::size_t>(first, 1);
    if (first == nest.extents.size()) return std::nullopt;
  }
  const auto is_unchecked = [](const Access& access) { return access.row >= 0 && !access.row_is_checked; };
  for (const Statement& statement : nest.statements)
    if (const auto* load = std::get_if<Load>(&statement.what); load != nullptr && is_unchecked(load->from))
      return std::nullopt;
  for (const Store& store : nest.stores)
    if (store.to.row >= 0) return std::nullopt;
  for (const Accumulation& a : nest.accumulations) {
    if (a.scattered) return std::nullopt;
    // Along all the loops outside, or along none; long sums are added in blocks elsewhere.
    const auto outer = std::span(a.to.strides).first(first);
    const auto zeros = static_cast<std::size_t>(std::count(outer.begin(), outer.end(), 0));
    if (zeros != 0 && (zeros != outer.size() || all > max_outer_terms)) return std::nullopt;
  }
  if (first == 0 && nest.extents.size() == 1 && nest.extents[0] >= 4) return std::nullopt;
  const std::size_t written = static_cast<std::size_t>(iterations) * nest.statements.size();
  if (written > budget) return std::nullopt;
  budget -= written;
  return first;
}

void emit_straight(const Program& program, const Nest& nest, std::size_t first, Writer& out) {
  UnrolledNest(program, nest, first, out).run();
}

}  // namespace leapgraph::symbolic
