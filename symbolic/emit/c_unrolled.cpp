/// Writes short nests without loops, function calls gathered into vectors.
#include "leapgraph/symbolic/emit/c_unrolled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "leapgraph/symbolic/emit/c_text.hpp"
#include "leapgraph/symbolic/emit/declarations.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr std::int64_t max_iterations = 32;
constexpr std::size_t max_statements = 600;
/// Fewer calls than these are not worth a vector.
constexpr std::int64_t min_vector = 3;

class UnrolledNest {
 public:
  UnrolledNest(const Program& program, const Nest& nest, Writer& out) : program_(program), nest_(nest), out_(out) {
    for (std::size_t s = 0; s < nest.statements.size(); ++s) describe(nest.statements[s]);
  }

  void run() {
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

 private:
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
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
      if (axes[axis]) product *= nest_.extents[axis];
    return product;
  }

  template <class F>
  void for_each_iteration(const F& f) {
    index_.assign(nest_.extents.size(), 0);
    for (;;) {
      f();
      std::size_t axis = index_.size();
      while (axis > 0 && ++index_[axis - 1] == nest_.extents[axis - 1]) index_[--axis] = 0;
      if (axis == 0) return;
    }
  }

  /// Number of the current iteration among those that differ along `axes`.
  std::int64_t position(const std::vector<bool>& axes) const {
    std::int64_t result = 0;
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
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
    for (std::size_t axis = 0; axis < index_.size(); ++axis) offset += access.strides[axis] * index_[axis];
    if (access.row < 0) return fmt::format("b{}[{}]", access.buffer, offset);
    return fmt::format("b{}[{} + (long){} * {}]", access.buffer, offset, name(access.row), access.row_stride);
  }

  std::string text(const Compute& compute, DType dtype) const {
    return computed(
        nest_, compute, dtype, [this](int argument) { return name(argument); },
        compute.index_axis < 0 ? "0" : std::to_string(index_[static_cast<std::size_t>(compute.index_axis)]));
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

  void emit_accumulations() {
    for (std::size_t a = 0; a < nest_.accumulations.size(); ++a) {
      const Accumulation& accumulation = nest_.accumulations[a];
      const DType dtype = program_.buffers[static_cast<std::size_t>(accumulation.to.buffer)].dtype;
      std::vector<bool> axes;
      for (std::int64_t stride : accumulation.to.strides) axes.push_back(stride != 0);
      std::set<std::int64_t> started;
      for_each_iteration([&] {
        const std::string target = fmt::format("a{}_{}", a, position(axes));
        const std::string value = name(accumulation.value);
        if (started.insert(position(axes)).second)
          out_.line(fmt::format("{} {} = {};", c_type(dtype), target, first(accumulation, dtype, value)));
        else if (accumulation.factor >= 0 && dtype == DType::float64)
          out_.line(fmt::format("{0} = LG_FMA({1}, {2}, {0});", target, value, name(accumulation.factor)));
        else
          out_.line(
              fmt::format("{} = {};", target, combined(accumulation.combine, target, product(accumulation, value))));
      });
      std::set<std::string> stored;
      for_each_iteration([&] {
        if (std::string to = element(accumulation.to); stored.insert(to).second)
          out_.line(fmt::format("{} = a{}_{};", to, a, position(axes)));
      });
    }
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
  Writer& out_;
  std::vector<Info> info_;
  std::vector<std::int64_t> index_;
};

}  // namespace

bool unrolls(const Nest& nest) {
  if (nest.extents.empty() || nest.segments >= 0 || nest.limit >= 0) return false;
  std::int64_t iterations = 1;
  for (std::int64_t extent : nest.extents) {
    if (extent == 0) return false;
    iterations *= extent;
    if (iterations > max_iterations) return false;
  }
  if (static_cast<std::size_t>(iterations) * nest.statements.size() > max_statements) return false;
  const auto moves = [](const Access& access) { return access.row >= 0 && !access.row_is_checked; };
  for (const Statement& statement : nest.statements)
    if (const auto* load = std::get_if<Load>(&statement.what); load != nullptr && moves(load->from)) return false;
  for (const Store& store : nest.stores)
    if (store.to.row >= 0) return false;
  for (const Accumulation& a : nest.accumulations)
    if (a.scattered) return false;
  return nest.extents.back() < 4 || nest.extents.size() > 1;
}

void emit_unrolled(const Program& program, const Nest& nest, Writer& out) { UnrolledNest(program, nest, out).run(); }

}  // namespace leapgraph::symbolic
