/// Writes nests of scalar statements as C loops. Knows the closed set of statements, and no op.
#include "leapgraph/symbolic/emit/c_nest.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/emit/c_text.hpp"
#include "leapgraph/symbolic/emit/c_unrolled.hpp"
#include "leapgraph/symbolic/emit/nest.hpp"

namespace leapgraph::symbolic {

namespace {

class NestEmitter {
 public:
  NestEmitter(const Program& program, Writer& out) : program_(program), out_(out) {}

  void run(const Nest& original, bool in_loop, std::size_t& budget) {
    const NestPlan plan = plan_nest(original);
    const Nest& nest = plan.nest;
    if (!nest.origin.empty()) out_.line(fmt::format("/* {} */", nest.origin));
    if (const auto first = straight_from(nest, in_loop, budget)) {
      out_.open("");
      emit_straight(program_, nest, *first, out_);
      out_.close();
      return;
    }
    const std::size_t rank = nest.extents.size();
    // What is accumulated in memory starts from the identity.
    for (std::size_t a = 0; a < nest.accumulations.size(); ++a)
      if (plan.in_memory[a] && !nest.accumulations[a].scattered) emit_identity(nest, nest.accumulations[a]);
    accumulator_.assign(nest.accumulations.size(), 'a');
    out_.open("");
    if (nest.limit >= 0)
      out_.line(fmt::format("const long n0 = {0} < {1} ? {0} : {1};", value_of(nest.limit), nest.extents[0]));
    emit_loops(plan, 0, rank);
    out_.close();
  }

 private:
  /// A scalar in memory or in a variable.
  std::string value_of(int number) const {
    return is_scalar_variable(buffer(number)) ? fmt::format("b{}", number) : fmt::format("*b{}", number);
  }

  std::string element(const Access& access) const {
    if (is_scalar_variable(buffer(access.buffer))) return fmt::format("b{}", access.buffer);
    std::string index;
    for (std::size_t axis = 0; axis < access.strides.size(); ++axis) {
      if (access.strides[axis] == 0) continue;
      if (!index.empty()) index += " + ";
      index +=
          access.strides[axis] == 1 ? fmt::format("i{}", axis) : fmt::format("{} * i{}", access.strides[axis], axis);
    }
    if (access.row >= 0)
      index += fmt::format("{}(long)v{} * {}", index.empty() ? "" : " + ", access.row, access.row_stride);
    if (access.offset != 0 || index.empty())
      index = index.empty() ? std::to_string(access.offset) : fmt::format("{} + {}", access.offset, index);
    return fmt::format("b{}[{}]", access.buffer, index);
  }

  void check_row(const Access& access) {
    if (access.row < 0 || access.row_is_checked) return;
    out_.line(fmt::format(
        "if (__builtin_expect((unsigned long)(long)v{0} >= {1}UL, 0)) {2}", access.row, access.rows,
        failure(access.check, fmt::format("(long)v{}", access.row), std::to_string(access.rows), access.made_at)));
  }

  void emit_statement(const Nest& nest, std::size_t number) {
    const Statement& statement = nest.statements[number];
    const std::string declared = fmt::format("const {} v{} = ", variable_type(statement.dtype), number);
    if (const auto* load = std::get_if<Load>(&statement.what)) {
      check_row(load->from);
      out_.line(declared + element(load->from) + ";");
    } else if (const auto* value = std::get_if<Literal>(&statement.what)) {
      out_.line(declared + literal(*value, statement.dtype) + ";");
    } else {
      const auto& compute = std::get<Compute>(statement.what);
      const auto name = [](int argument) { return fmt::format("v{}", argument); };
      const std::string code = computed(nest, compute, statement.dtype, name,
                                        compute.index_axis < 0 ? "0" : fmt::format("i{}", compute.index_axis));
      out_.line(declared + code + ";");
    }
  }

  std::string product(const Accumulation& a) const {
    return a.factor < 0 ? fmt::format("v{}", a.value) : fmt::format("v{} * v{}", a.value, a.factor);
  }

  void emit_identity(const Nest& nest, const Accumulation& a) {
    std::size_t opened = 0;
    for (std::size_t axis = 0; axis < nest.extents.size(); ++axis)
      if (a.to.strides[axis] != 0) {
        out_.open(fmt::format("for (long i{0} = 0; i{0} < {1}; ++i{0})", axis, nest.extents[axis]));
        ++opened;
      }
    out_.line(fmt::format("{} = {};", element(a.to), identity(a.combine, buffer(a.to.buffer).dtype)));
    while (opened-- > 0) out_.close();
  }

  /// Iterations of the inner two loops, as seen from `axis`, that make a block of some 4096 terms.
  static std::int64_t block_length(const Nest& nest, std::size_t axis) {
    constexpr std::int64_t terms = 4096;
    const std::size_t inside = nest.extents.size() - axis - 1;
    if (inside == 0) return nest.segments < 0 ? terms : nest.extents[axis];
    return inside == 1 ? std::max<std::int64_t>(1, terms / std::max<std::int64_t>(1, innermost_length(nest)))
                       : nest.extents[axis];
  }
  /// Of the innermost loop, on average.
  static std::int64_t innermost_length(const Nest& nest) {
    return nest.segments < 0 ? nest.extents.back() : nest.extents.back() / nest.extents[nest.extents.size() - 2];
  }
  /// Whether a row number is the same all along the innermost loop.
  static bool stays(const Nest& nest, int row) {
    const auto* load = std::get_if<Load>(&nest.statements[static_cast<std::size_t>(row)].what);
    return load != nullptr && load->from.row < 0 && load->from.strides.back() == 0;
  }
  /// Whether iterations of the innermost loop may write through `to` at once.
  static bool writes_apart(const Nest& nest, const Access& to) {
    return to.row < 0 || (to.row_is_checked && stays(nest, to.row) && to.strides.back() != 0);
  }

  /// Loops from `axis` on; scalar accumulators whose target does not move with the remaining axes are opened here.
  void emit_loops(const NestPlan& plan, std::size_t axis, std::size_t rank) {
    const Nest& nest = plan.nest;
    std::vector<std::size_t> opened;
    for (std::size_t a = 0; a < nest.accumulations.size(); ++a)
      if (!plan.in_memory[a] && plan.depth[a] == axis) opened.push_back(a);
    for (std::size_t a : opened) {
      const DType dtype = buffer(nest.accumulations[a].to.buffer).dtype;
      out_.line(fmt::format("{} a{} = {};", c_type(dtype), a, identity(nest.accumulations[a].combine, dtype)));
    }
    if (axis == rank) {
      emit_innermost(plan);
    } else {
      const bool innermost = axis + 1 == rank;
      const std::int64_t extent = nest.extents[axis];
      const std::string end = axis == 0 && nest.limit >= 0 ? "n0" : std::to_string(extent);
      // Long sums are added up in blocks of fixed length: the same bits however a loop is shared out, and smaller
      // rounding errors.
      const std::int64_t block = block_length(nest, axis);
      const bool blocked = extent > 2 * block && !opened.empty() &&
                           std::all_of(opened.begin(), opened.end(),
                                       [&](std::size_t a) { return nest.accumulations[a].combine == Combine::sum; });
      if (blocked) {
        out_.open(fmt::format("for (long o{0} = 0; o{0} < {1}; o{0} += {2})", axis, end, block));
        out_.line(fmt::format("const long e{0} = o{0} + {2} < {1} ? o{0} + {2} : {1};", axis, end, block));
        for (std::size_t a : opened) {
          out_.line(fmt::format("{} p{} = 0;", c_type(buffer(nest.accumulations[a].to.buffer).dtype), a));
          accumulator_[a] = 'p';
        }
      }
      if (innermost) {
        emit_invariants(nest);
        emit_simd_pragma(plan);
      }
      if (innermost && nest.segments >= 0)
        out_.open(
            fmt::format("for (long i{0} = b{2}[i{1}]; i{0} < b{2}[i{1} + 1]; ++i{0})", axis, axis - 1, nest.segments));
      else if (blocked)
        out_.open(fmt::format("for (long i{0} = o{0}; i{0} < e{0}; ++i{0})", axis));
      else
        out_.open(fmt::format("for (long i{0} = 0; i{0} < {1}; ++i{0})", axis, end));
      emit_loops(plan, axis + 1, rank);
      out_.close();
      if (blocked) {
        for (std::size_t a : opened) {
          out_.line(fmt::format("a{0} += p{0};", a));
          accumulator_[a] = 'a';
        }
        out_.close();
      }
    }
    for (std::size_t a : opened) out_.line(fmt::format("{} = a{};", element(nest.accumulations[a].to), a));
  }

  void emit_simd_pragma(const NestPlan& plan) {
    const Nest& nest = plan.nest;
    bool vectorises = innermost_length(nest) >= (nest.segments < 0 ? 4 : 8);
    for (const Statement& statement : nest.statements)
      if (const auto* load = std::get_if<Load>(&statement.what))
        vectorises = vectorises && (load->from.row < 0 || load->from.row_is_checked);
    for (const Store& store : nest.stores) vectorises = vectorises && writes_apart(nest, store.to);
    std::string sums;
    for (std::size_t a = 0; a < nest.accumulations.size(); ++a) {
      const Accumulation& accumulation = nest.accumulations[a];
      if (plan.in_memory[a]) {
        vectorises = vectorises && accumulation.to.strides.back() != 0 && writes_apart(nest, accumulation.to);
      } else if (plan.depth[a] < nest.extents.size()) {
        vectorises = vectorises && accumulation.combine == Combine::sum;
        sums += (sums.empty() ? "" : ", ") + accumulator(a);
      }
    }
    if (vectorises) out_.line("#pragma omp simd" + (sums.empty() ? "" : fmt::format(" reduction(+:{})", sums)));
  }

  /// The scalar that accumulation `a` adds to.
  std::string accumulator(std::size_t a) const { return fmt::format("{}{}", accumulator_[a], a); }

  /// What is the same all along the innermost loop comes before it.
  void emit_invariants(const Nest& nest) {
    is_invariant_ = invariant_statements(nest);
    for (std::size_t s = 0; s < nest.statements.size(); ++s)
      if (is_invariant_[s]) emit_statement(nest, s);
  }
  static std::vector<bool> invariant_statements(const Nest& nest) {
    std::vector<bool> result;
    const auto stays = [&result](int statement) { return result[static_cast<std::size_t>(statement)]; };
    const int innermost = static_cast<int>(nest.extents.size()) - 1;
    for (const Statement& statement : nest.statements)
      if (const auto* load = std::get_if<Load>(&statement.what))
        result.push_back(load->from.strides.back() == 0 &&
                         (load->from.row < 0 || (load->from.row_is_checked && stays(load->from.row))));
      else if (const auto* compute = std::get_if<Compute>(&statement.what))
        result.push_back(compute->index_axis != innermost &&
                         std::all_of(compute->arguments.begin(), compute->arguments.end(), stays));
      else
        result.push_back(true);
    return result;
  }

  void emit_innermost(const NestPlan& plan) {
    const Nest& nest = plan.nest;
    for (std::size_t s = 0; s < nest.statements.size(); ++s)
      if (nest.extents.empty() || !is_invariant_[s]) emit_statement(nest, s);
    for (const Store& store : nest.stores) {
      check_row(store.to);
      out_.line(fmt::format("{} = v{};", element(store.to), store.value));
    }
    for (std::size_t a = 0; a < nest.accumulations.size(); ++a) {
      const Accumulation& accumulation = nest.accumulations[a];
      if (plan.in_memory[a]) {
        check_row(accumulation.to);
        const std::string target = element(accumulation.to);
        if (accumulation.factor >= 0 && buffer(accumulation.to.buffer).dtype == DType::float64)
          out_.line(fmt::format("{0} = LG_FMA(v{1}, v{2}, {0});", target, accumulation.value, accumulation.factor));
        else
          out_.line(fmt::format("{0} = {1};", target, combined(accumulation.combine, target, product(accumulation))));
      } else {
        const std::string name = accumulator(a);
        out_.line(fmt::format("{} = {};", name, combined(accumulation.combine, name, product(accumulation))));
      }
    }
  }

  const Buffer& buffer(int number) const { return program_.buffers[static_cast<std::size_t>(number)]; }

  const Program& program_;
  Writer& out_;
  std::vector<bool> is_invariant_;  // along the innermost loop, each statement
  std::vector<char> accumulator_;   // of each accumulation: 'a', or 'p' inside a block
};

}  // namespace

void emit_nest(const Program& program, const Nest& nest, bool in_loop, std::size_t& budget, Writer& out) {
  NestEmitter(program, out).run(nest, in_loop, budget);
}

}  // namespace leapgraph::symbolic
