/// Writes loop programs as C: functions, their memory, loops and calls. Knows the closed set of steps, and no op.
#include "leapgraph/symbolic/emit/c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "leapgraph/symbolic/emit/c_nest.hpp"
#include "leapgraph/symbolic/emit/c_text.hpp"
#include "leapgraph/symbolic/emit/declarations.hpp"
#include "leapgraph/symbolic/emit/writer.hpp"

namespace leapgraph::symbolic {

namespace {

class Emitter {
 public:
  explicit Emitter(const Module& module) : module_(module) {}

  std::string run() {
    out_.line("/* Emitted by leapgraph. */");
    out_.append(declarations(module_));
    if (module_.counters > 0) emit_counters();
    for (std::size_t f = 0; f < module_.functions.size(); ++f) {
      program_ = &module_.functions[f];
      emit_function(f);
    }
    return out_.text();
  }

 private:
  const Buffer& buffer(int number) const { return program_->buffers[static_cast<std::size_t>(number)]; }

  bool is_scalar_variable(int number) const { return symbolic::is_scalar_variable(buffer(number)); }
  std::string pointer(int number) const { return fmt::format("{}b{}", is_scalar_variable(number) ? "&" : "", number); }
  std::string function_name(std::size_t number) const { return fmt::format("lg_{}", module_.functions[number].name); }
  // --- functions ---

  /// Straight code longer than this is cut into functions that share the workspace: C compilers take time that is not
  /// linear in the length of a function.
  static constexpr std::size_t part_length = 400;

  /// Statements of short loops that one function may have written out.
  static constexpr std::size_t max_straight = 2000;

  /// Steps first to last - 1 of a list; `apart`: they become a function of their own.
  struct Piece {
    std::size_t first, last;
    bool apart;
  };

  std::vector<Piece> cut(const Steps& steps) const {
    if (!may_split_ || statement_count(steps) <= part_length) return {{0, steps.size(), false}};
    std::vector<Piece> pieces;
    std::size_t length = part_length;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const std::size_t more = statement_count(steps[s]);
      const bool has_body =
          std::holds_alternative<LoopStep>(steps[s].what) || std::holds_alternative<BranchStep>(steps[s].what);
      if (has_body && more > part_length) {  // stays here, its body is cut
        pieces.push_back({s, s + 1, false});
        length = part_length;
      } else if (length >= part_length) {
        pieces.push_back({s, s + 1, true});
        length = more;
      } else {
        pieces.back().last = s + 1;
        length += more;
      }
    }
    return pieces;
  }

  void emit_function(std::size_t number) {
    name_ = function_name(number);
    parts_ = 0;
    straight_budget_ = max_straight;
    may_split_ = std::none_of(program_->buffers.begin(), program_->buffers.end(),
                              [](const Buffer& b) { return b.place == Place::local; });
    Writer before = std::exchange(out_, Writer());
    out_.line("");
    out_.open(fmt::format("{}int {}{}", program_->exported ? "" : "static ", name_, parameters()));
    std::set<int> used;
    collect(program_->steps, used);
    declare_buffers(used);
    if (module_.counters > 0) out_.line(fmt::format("lg_count({}, lg_ticks());", number));
    emit_steps(program_->steps);
    out_.line("return 0;");
    out_.close();
    const Writer whole = std::exchange(out_, std::move(before));
    out_.append(part_text_.text());
    out_.append(whole.text());
    part_text_ = Writer();
  }

  /// A function for some steps of a list, and its call.
  void emit_part(const Steps& steps, const Piece& piece) {
    const std::string name = fmt::format("{}_part{}", name_, parts_++);
    std::string numbers, declared;
    for (int loop : loops_) {
      numbers += fmt::format(", t{}", loop);
      declared += fmt::format(", long t{}", loop);
    }
    out_.line(fmt::format("if ({}(in, out, work, rt{})) return 1;", name, numbers));
    Writer before = std::exchange(out_, Writer());
    out_.line("");
    out_.open(fmt::format("static __attribute__((noinline)) int {}{}", name, parameters(declared)));
    for (int loop : loops_) out_.line(fmt::format("(void)t{};", loop));
    std::set<int> used;
    for (std::size_t s = piece.first; s < piece.last; ++s) collect(steps[s], used);
    declare_buffers(used);
    for (std::size_t s = piece.first; s < piece.last; ++s) emit_step(steps[s]);
    out_.line("return 0;");
    out_.close();
    part_text_.append(out_.text());
    out_ = std::move(before);
  }

  static std::string parameters(const std::string& more = "") {
    return fmt::format("(const void* const* in, void* const* out, void* work, const struct lg_runtime* rt{})", more);
  }

  /// Declares buffers at the top of a function, rows of the loops around it included.
  void declare_buffers(const std::set<int>& used) {
    out_.line("(void)in; (void)out; (void)work; (void)rt;");
    for (int b : used) {
      const int loop = loop_of(b);
      if (loop < 0 || std::find(loops_.begin(), loops_.end(), loop) != loops_.end()) declare_buffer(b);
    }
  }

  void use(int number, std::set<int>& used) const {
    for (; number >= 0; number = buffer(number).base) used.insert(number);
  }
  void use(const std::vector<int>& numbers, std::set<int>& used) const {
    for (int number : numbers) use(number, used);
  }

  /// Buffers that the code of these steps names, in the function that has it.
  void collect(const Steps& steps, std::set<int>& used) const {
    for (const Piece& piece : cut(steps))
      for (std::size_t s = piece.first; s < piece.last && !piece.apart; ++s) collect(steps[s], used);
  }
  void collect(const Step& step, std::set<int>& used) const {
    std::visit([&](const auto& s) { collect(s, used); }, step.what);
  }
  void collect(const Nest& nest, std::set<int>& used) const {
    for (const Statement& statement : nest.statements)
      if (const auto* load = std::get_if<Load>(&statement.what)) use(load->from.buffer, used);
    for (const Store& store : nest.stores) use(store.to.buffer, used);
    for (const Accumulation& a : nest.accumulations) use(a.to.buffer, used);
    use(nest.segments, used);
    use(nest.limit, used);
  }
  void collect(const Fill& fill, std::set<int>& used) const { use(fill.buffer, used); }
  void collect(const RoutineCall& call, std::set<int>& used) const {
    use(call.inputs, used);
    use(call.outputs, used);
  }
  void collect(const CallStep& call, std::set<int>& used) const {
    use(call.inputs, used);
    use(call.outputs, used);
    use(call.workspace, used);
  }
  void collect(const LoopStep& loop, std::set<int>& used) const {
    use({loop.steps, loop.stop, loop.done}, used);
    for (const LoopStep::Carry& carry : loop.carries) {
      use(carry.current, used);
      use(carry.next, used);
    }
    collect(loop.body, used);
  }
  void collect(const BranchStep& branch, std::set<int>& used) const {
    use(branch.condition, used);
    collect(branch.if_true, used);
    collect(branch.if_false, used);
  }

  void declare_buffer(int number) {
    const Buffer& b = buffer(number);
    const std::string type = c_type(b.dtype);
    switch (b.place) {
      case Place::input:
        return out_.line(fmt::format("const {0}* restrict const b{1} = in[{2}];", type, number, b.index));
      case Place::data:
        return out_.line(fmt::format("const {0}* restrict const b{1} = in[{2}];", type, number,
                                     static_cast<std::int64_t>(program_->inputs.size()) + b.index));
      case Place::output:
        return out_.line(fmt::format("{0}* restrict const b{1} = out[{2}];", type, number, b.index));
      case Place::extent:
        return out_.line(fmt::format("{0}* restrict const b{1} = rt->extents + {2};", type, number, b.index));
      case Place::workspace:
        return out_.line(fmt::format("{0}* const b{1} = ({0}*)((char*)work + {2});", type, number, b.index));
      case Place::local:
        if (b.size == 1) return out_.line(fmt::format("{} b{};", type, number));
        return out_.line(
            fmt::format("{} b{}[{}] __attribute__((aligned(32)));", type, number, std::max<std::int64_t>(1, b.size)));
      case Place::slice:
        return declare_slice(number);
    }
  }

  /// The loop that a slice moves with; -1: none.
  int loop_of(int number) const {
    while (number >= 0 && buffer(number).loop < 0) number = buffer(number).base;
    return number < 0 ? -1 : buffer(number).loop;
  }

  bool is_read_only(int number) const {
    const Buffer& b = buffer(number);
    if (b.place == Place::slice) return is_read_only(b.base);
    return b.place == Place::input || b.place == Place::data;
  }

  void declare_slice(int number) {
    const Buffer& b = buffer(number);
    out_.line(fmt::format("{0}{1}* const b{2} = {3} + {4}{5};", is_read_only(number) ? "const " : "", c_type(b.dtype),
                          number, pointer(b.base), b.offset,
                          b.loop < 0 ? "" : fmt::format(" + t{} * {}", b.loop, b.stride)));
  }

  // --- steps ---

  void emit_steps(const Steps& steps) {
    for (const Piece& piece : cut(steps)) {
      if (piece.apart) {
        emit_part(steps, piece);
        continue;
      }
      for (std::size_t s = piece.first; s < piece.last; ++s) emit_step(steps[s]);
    }
  }
  void emit_step(const Step& step) {
    const bool is_counted = module_.counters > 0 && step.counter >= 0;
    if (is_counted) {
      out_.open("");
      out_.line("const unsigned long begun_ = lg_ticks();");
    }
    std::visit([this](const auto& s) { emit(s); }, step.what);
    if (is_counted) {
      out_.line(fmt::format("lg_count({}, begun_);", step.counter));
      out_.close();
    }
  }

  /// Calls and ticks by counter, which threads add to; `lg_profile` and `lg_ticks` are for the caller too.
  void emit_counters() {
    out_.line(fmt::format("unsigned long lg_profile[{}];", 2 * module_.counters));
    out_.line("#if defined(__x86_64__) || defined(__i386__)");
    out_.line("unsigned long lg_ticks(void) { return (unsigned long)__builtin_ia32_rdtsc(); }");
    out_.line("#elif defined(__aarch64__)");
    out_.line("unsigned long lg_ticks(void) {");
    out_.line("  unsigned long t;");
    out_.line("  __asm__ volatile(\"mrs %0, cntvct_el0\" : \"=r\"(t));");
    out_.line("  return t;");
    out_.line("}");
    out_.line("#else");
    out_.line("long clock(void);");
    out_.line("unsigned long lg_ticks(void) { return (unsigned long)clock(); }");
    out_.line("#endif");
    out_.line("static inline void lg_count(int k, unsigned long begun) {");
    out_.line("  __atomic_fetch_add(&lg_profile[2 * k], 1, __ATOMIC_RELAXED);");
    out_.line("  __atomic_fetch_add(&lg_profile[2 * k + 1], lg_ticks() - begun, __ATOMIC_RELAXED);");
    out_.line("}");
  }

  void emit(const Fill& fill) {
    if (is_scalar_variable(fill.buffer)) return out_.line(fmt::format("b{} = 0;", fill.buffer));
    out_.line(fmt::format("for (long i = 0; i < {}; ++i) b{}[i] = 0;", buffer(fill.buffer).size, fill.buffer));
  }

  std::string pointers(const std::vector<int>& buffers) const {
    std::string text;
    for (int b : buffers) text += (text.empty() ? "" : ", ") + pointer(b);
    return text.empty() ? "0" : text;
  }

  void emit(const RoutineCall& call) {
    std::string sizes;
    for (std::int64_t size : call.sizes) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
    out_.open("");
    out_.line(fmt::format("const void* const in_[] = {{{}}};", pointers(call.inputs)));
    out_.line(fmt::format("void* const out_[] = {{{}}};", pointers(call.outputs)));
    out_.line(fmt::format("const long sizes_[] = {{{}}};", sizes.empty() ? "0" : sizes));
    // As `routine_failure` has it.
    out_.line(fmt::format("const long failed_ = {}(in_, out_, sizes_);", call.routine->symbol));
    out_.line(fmt::format("if (failed_) return lg_fail(rt, failed_ & 255, failed_ >> 8, 0, {});", call.made_at));
    out_.close();
  }

  void emit(const CallStep& call) {
    out_.open("");
    out_.line(fmt::format("const void* const in_[] = {{{}}};", pointers(call.inputs)));
    out_.line(fmt::format("void* const out_[] = {{{}}};", pointers(call.outputs)));
    out_.line(fmt::format("if ({}(in_, out_, {}, rt)) return 1;",
                          function_name(static_cast<std::size_t>(call.function)),
                          call.workspace < 0 ? "0" : pointer(call.workspace)));
    out_.close();
  }

  void emit(const LoopStep& loop) {
    const std::string steps = loop_steps(loop);
    emit_checks(loop, steps);
    out_.open(fmt::format("for (long t{0} = 0; t{0} < {1}; ++t{0})", loop.number, steps));
    std::set<int> used;
    collect(loop.body, used);
    for (int b : used)
      if (buffer(b).place == Place::slice && loop_of(b) == loop.number) declare_slice(b);
    loops_.push_back(loop.number);
    emit_steps(loop.body);
    loops_.pop_back();
    for (const LoopStep::Carry& carry : loop.carries) {
      if (is_scalar_variable(carry.current) && is_scalar_variable(carry.next))
        out_.line(fmt::format("b{} = b{};", carry.current, carry.next));
      else if (buffer(carry.current).size > 0)
        out_.line(fmt::format("__builtin_memcpy({}, {}, {});", pointer(carry.current), pointer(carry.next),
                              buffer(carry.current).size * info(buffer(carry.current).dtype).bytes));
    }
    if (loop.stop >= 0) emit_stop(loop, steps);
    out_.close();
    if (loop.must_stop)
      out_.line(fmt::format("if ({0} > 0 && !*{1}) {2}", steps, pointer(loop.stop),
                            failure(Check::never_stopped, steps, steps, loop.made_at)));
  }

  std::string loop_steps(const LoopStep& loop) const {
    return loop.steps < 0 ? std::to_string(loop.known_steps) : fmt::format("*{}", pointer(loop.steps));
  }

  /// What is not known before the function runs: the sign of the number of steps, and whether there is room for them.
  void emit_checks(const LoopStep& loop, const std::string& steps) {
    const auto require = [&](const std::string& wrong, Check check, std::int64_t limit) {
      out_.line(fmt::format("if ({}) {}", wrong, failure(check, steps, std::to_string(limit), loop.made_at)));
    };
    if (loop.steps >= 0) {
      require(fmt::format("{} < 0", steps), Check::negative_steps, 0);
      if (loop.limit >= 0) require(fmt::format("{} > {}", steps, loop.limit), Check::short_sequence, loop.limit);
      if (loop.capacity >= 0 && loop.stop < 0)
        require(fmt::format("{} > {}", steps, loop.capacity), Check::capacity, loop.capacity);
    }
    if (loop.stop >= 0) out_.line(fmt::format("*{} = {};", pointer(loop.done), steps));
  }

  void emit_stop(const LoopStep& loop, const std::string& steps) {
    out_.open(fmt::format("if (*{})", pointer(loop.stop)));
    out_.line(fmt::format("*{} = t{} + 1;", pointer(loop.done), loop.number));
    out_.line("break;");
    out_.close();
    // The rows are full and there is a step to come; how many there will be nobody knows.
    if (loop.capacity >= 0)
      out_.line(fmt::format("if (t{0} + 1 >= {1} && {1} < {2}) {3}", loop.number, loop.capacity, steps,
                            failure(Check::capacity, "-1", std::to_string(loop.capacity), loop.made_at)));
  }

  void emit(const BranchStep& branch) {
    out_.open(fmt::format("if (*{})", pointer(branch.condition)));
    emit_steps(branch.if_true);
    out_.between("} else {");
    emit_steps(branch.if_false);
    out_.close();
  }
  void emit(const Nest& nest) { emit_nest(*program_, nest, !loops_.empty(), straight_budget_, out_); }

  const Module& module_;
  const Program* program_ = nullptr;
  Writer out_;
  Writer part_text_;                 // functions that the current one is cut into
  std::string name_;                 // of the current function
  std::size_t straight_budget_ = 0;  // left to it
  int parts_ = 0;                    // it has so far
  bool may_split_ = false;           // all its values lie in memory
  std::vector<int> loops_;           // around the current step
};

}  // namespace

std::string emit_c(const Module& module) { return Emitter(module).run(); }

}  // namespace leapgraph::symbolic
