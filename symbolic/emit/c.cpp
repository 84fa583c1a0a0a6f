/// Writes loop programs as C. Knows the closed set of lowerings and steps, and no op.
#include "leapgraph/symbolic/emit/c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>
#include <utility>

#include "leapgraph/symbolic/emit/nest.hpp"
#include "leapgraph/symbolic/emit/writer.hpp"
#include "leapgraph/symbolic/runtime/symbols.hpp"

namespace leapgraph::symbolic {

namespace {

/// Functions of libm that have vector variants in libmvec.
constexpr std::array vector_math{"acos",  "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt",
                                 "cos",   "cosh",  "erf",  "erfc",  "exp",  "exp2",  "expm1", "log",
                                 "log10", "log1p", "log2", "pow",   "sin",  "sinh",  "tan",   "tanh"};

/// Functions of libm that compilers turn into instructions.
constexpr std::array plain_math{"ceil", "floor", "rint", "sqrt", "trunc"};

/// Helpers that every emitted file may use; `static inline`, so unused ones vanish.
constexpr std::string_view prelude = R"(#ifdef __FMA__
#define LG_FMA(x, y, z) __builtin_fma(x, y, z)
#else
#define LG_FMA(x, y, z) ((x) * (y) + (z))
#endif
struct lg_error { long check; long position; long value; };
struct lg_runtime { struct lg_error* error; };

static inline double lg_mod_d(double x, double y) {
  const double r = __builtin_fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : (r == 0 ? __builtin_copysign(0.0, y) : r);
}
static inline long lg_mod_l(long x, long y) {
  if (y == 0 || y == -1) return 0;
  const long r = x % y;
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
static inline long lg_floor_div_l(long x, long y) {
  if (y == 0) return 0;
  if (y == -1) return (long)(0 - (unsigned long)x);
  return (x - lg_mod_l(x, y)) / y;
}
static inline double lg_floor_div_d(double x, double y) { return __builtin_floor(x / y); }
static inline long lg_abs_l(long x) { return x < 0 ? -x : x; }
static inline long lg_whole(double x) { return x >= -9.3e18 && x <= 1.85e19 ? (long)x : 0; }
#define lg_mod(x, y) _Generic((x), double: lg_mod_d, float: lg_mod_d, default: lg_mod_l)(x, y)
#define lg_floor_div(x, y) _Generic((x), double: lg_floor_div_d, float: lg_floor_div_d, default: lg_floor_div_l)(x, y)
#define lg_abs(x) _Generic((x), double: __builtin_fabs, float: __builtin_fabsf, default: lg_abs_l)(x)
)";

std::string literal(const Literal& value, DType dtype) {
  if (!is_floating(dtype))
    return value.whole == INT64_MIN ? "(-9223372036854775807 - 1)" : fmt::format("{}", value.whole);
  const std::string_view suffix = dtype == DType::float32 ? "f" : "";
  if (std::isnan(value.real)) return fmt::format("__builtin_nan{}(\"\")", suffix);
  if (std::isinf(value.real)) return fmt::format("{}__builtin_inf{}()", value.real < 0 ? "-" : "", suffix);
  std::string text = fmt::format("{}", value.real);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + std::string(suffix);
}

/// Names of the functions that a code template calls.
void collect_calls(std::string_view code, bool single, std::set<std::string>& names) {
  for (std::size_t i = 0; i < code.size();) {
    if (std::isalpha(static_cast<unsigned char>(code[i])) == 0 && code[i] != '_') {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < code.size() && (std::isalnum(static_cast<unsigned char>(code[end])) != 0 || code[end] == '_')) ++end;
    std::string name(code.substr(i, end - i));
    if (code.substr(end, 3) == "{f}") {
      end += 3;
      if (single) name += 'f';
    }
    if (end < code.size() && code[end] == '(') names.insert(name);
    i = std::max(end, i + 1);
  }
}

class Emitter {
 public:
  explicit Emitter(const Module& module) : module_(module) {}

  std::string run() {
    out_.line("/* Emitted by leapgraph. */");
    declare_functions();
    for (std::size_t f = 0; f < module_.functions.size(); ++f) {
      program_ = &module_.functions[f];
      emit_function(f);
    }
    return out_.text();
  }

 private:
  const Buffer& buffer(int number) const { return program_->buffers[static_cast<std::size_t>(number)]; }
  static std::string c_type(DType dtype) { return std::string(info(dtype).c_name); }

  bool is_scalar_variable(int number) const { return buffer(number).place == Place::local && buffer(number).size == 1; }
  std::string pointer(int number) const { return fmt::format("{}b{}", is_scalar_variable(number) ? "&" : "", number); }
  std::string function_name(std::size_t number) const { return fmt::format("lg_{}", module_.functions[number].name); }

  // --- declarations ---

  template <class F>
  static void for_each_nest(const Steps& steps, F&& f) {
    for (const Step& step : steps) {
      if (const auto* nest = std::get_if<Nest>(&step.what)) f(*nest);
      if (const auto* loop = std::get_if<LoopStep>(&step.what)) for_each_nest(loop->body, f);
      if (const auto* branch = std::get_if<BranchStep>(&step.what)) {
        for_each_nest(branch->if_true, f);
        for_each_nest(branch->if_false, f);
      }
    }
  }

  template <class F>
  static void for_each_routine(const Steps& steps, F&& f) {
    for (const Step& step : steps) {
      if (const auto* call = std::get_if<RoutineCall>(&step.what)) f(*call);
      if (const auto* loop = std::get_if<LoopStep>(&step.what)) for_each_routine(loop->body, f);
      if (const auto* branch = std::get_if<BranchStep>(&step.what)) {
        for_each_routine(branch->if_true, f);
        for_each_routine(branch->if_false, f);
      }
    }
  }

  void declare_functions() {
    std::set<std::string> names, routines;
    for (const Program& program : module_.functions) {
      for_each_nest(program.steps, [&names](const Nest& nest) {
        for (const Statement& statement : nest.statements)
          if (const auto* compute = std::get_if<Compute>(&statement.what))
            collect_calls(compute->code->code, statement.dtype == DType::float32, names);
      });
      for_each_routine(program.steps,
                       [&routines](const RoutineCall& call) { routines.insert(std::string(call.routine->symbol)); });
    }
    const std::string attribute = "__attribute__((simd(\"notinbranch\"), const))";
    const auto is_in = [](const auto& list, std::string_view name) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    for (const std::string& name : names) {
      const std::string shorter = name.substr(0, name.size() - 1);
      const bool single =
          name.ends_with('f') && name != "erf" && (is_in(vector_math, shorter) || is_in(plain_math, shorter));
      const std::string base = single ? shorter : name;
      const std::string_view type = single ? "float" : "double";
      if (is_in(vector_math, base)) {
        const bool two = base == "pow" || base == "atan2";
        out_.line(fmt::format("{0} {1}({0}{2}) {3};", type, name, two ? fmt::format(", {}", type) : "", attribute));
      } else if (is_in(plain_math, base)) {
        out_.line(fmt::format("{0} {1}({0});", type, name));
      } else if (const RuntimeSymbol* symbol = find_runtime_symbol(base)) {
        std::string arguments = "double";
        for (int k = 1; k < symbol->arguments; ++k) arguments += ", double";
        out_.line(fmt::format("double {}({}) {};", name, arguments, attribute));
      }
    }
    for (const std::string& name : routines)
      out_.line(fmt::format("int {}(const void* const* in, void* const* out, const long* sizes);", name));
    std::string_view rest = prelude;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      out_.line(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
  }

  // --- functions ---

  /// Straight code longer than this is cut into functions that share the workspace: C compilers take time that is not
  /// linear in the length of a function.
  static constexpr std::size_t part_length = 400;

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
    may_split_ = std::none_of(program_->buffers.begin(), program_->buffers.end(),
                              [](const Buffer& b) { return b.place == Place::local; });
    Writer before = std::exchange(out_, Writer());
    out_.line("");
    out_.open(fmt::format("{}int {}{}", program_->exported ? "" : "static ", name_, parameters()));
    std::set<int> used;
    collect(program_->steps, used);
    declare_buffers(used);
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
    use(loop.steps, used);
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
    std::visit([this](const auto& s) { emit(s); }, step.what);
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
    out_.line(fmt::format("if ({}(in_, out_, sizes_)) return 1;", call.routine->symbol));
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
    const std::string steps =
        loop.steps < 0 ? std::to_string(loop.known_steps) : fmt::format("*{}", pointer(loop.steps));
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
    out_.close();
  }

  void emit(const BranchStep& branch) {
    out_.open(fmt::format("if (*{})", pointer(branch.condition)));
    emit_steps(branch.if_true);
    out_.between("} else {");
    emit_steps(branch.if_false);
    out_.close();
  }

  // --- nests ---

  std::string element(const Access& access) const {
    if (is_scalar_variable(access.buffer)) return fmt::format("b{}", access.buffer);
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
    out_.open(fmt::format("if (__builtin_expect((unsigned long)(long)v{} >= {}UL, 0))", access.row, access.rows));
    out_.line(fmt::format(
        "if (rt && rt->error) {{ rt->error->check = 1; rt->error->position = {}; rt->error->value = (long)v{}; }}",
        access.rows, access.row));
    out_.line("return 1;");
    out_.close();
  }

  static std::string expand(const Compute& compute, DType dtype) {
    const std::string_view code = compute.code->code;
    std::string text;
    for (std::size_t i = 0; i < code.size(); ++i) {
      if (code[i] != '{') {
        text += code[i];
        continue;
      }
      const char what = code[i + 1];
      if (what == 'f')
        text += dtype == DType::float32 ? "f" : "";
      else if (what == 'T')
        text += info(dtype).c_name;
      else if (what == 'i')
        text += compute.index_axis < 0 ? "0" : fmt::format("i{}", compute.index_axis);
      else
        text += fmt::format("v{}", compute.arguments[static_cast<std::size_t>(what - '0')]);
      i += 2;
    }
    return text;
  }

  void emit_statement(const Nest& nest, std::size_t number) {
    const Statement& statement = nest.statements[number];
    // Booleans are bytes in memory and truth values in loops, which vectorise as masks.
    const std::string declared =
        fmt::format("const {} v{} = ", statement.dtype == DType::boolean ? "_Bool" : c_type(statement.dtype), number);
    if (const auto* load = std::get_if<Load>(&statement.what)) {
      check_row(load->from);
      out_.line(declared + element(load->from) + ";");
    } else if (const auto* value = std::get_if<Literal>(&statement.what)) {
      out_.line(declared + literal(*value, statement.dtype) + ";");
    } else {
      const auto& compute = std::get<Compute>(statement.what);
      std::string code = expand(compute, statement.dtype);
      if (code.starts_with("lg_cast(")) {
        // Conversions: to booleans by comparison, from reals to integers with a value for every real.
        const std::string argument = fmt::format("v{}", compute.arguments[0]);
        const bool from_real = is_floating(nest.statements[static_cast<std::size_t>(compute.arguments[0])].dtype);
        if (statement.dtype == DType::boolean)
          code = argument + " != 0";
        else if (from_real && !is_floating(statement.dtype))
          code = fmt::format("({})lg_whole({})", c_type(statement.dtype), argument);
        else
          code = fmt::format("({}){}", c_type(statement.dtype), argument);
      }
      out_.line(declared + code + ";");
    }
  }

  static std::string combined(Combine combine, const std::string& target, const std::string& value) {
    switch (combine) {
      case Combine::sum:
        return fmt::format("{0} + {1}", target, value);
      case Combine::product:
        return fmt::format("{0} * {1}", target, value);
      case Combine::maximum:
        return fmt::format("({1} > {0} || {1} != {1}) ? {1} : {0}", target, value);
      case Combine::minimum:
        return fmt::format("({1} < {0} || {1} != {1}) ? {1} : {0}", target, value);
      case Combine::all:
        return fmt::format("{0} & ({1} != 0)", target, value);
      case Combine::any:
        return fmt::format("{0} | ({1} != 0)", target, value);
    }
    return "";
  }

  std::string identity(Combine combine, DType dtype) const {
    switch (combine) {
      case Combine::sum:
        return "0";
      case Combine::product:
        return "1";
      case Combine::maximum:
        return is_floating(dtype) ? "-__builtin_inf()" : lowest(dtype);
      case Combine::minimum:
        return is_floating(dtype) ? "__builtin_inf()" : highest(dtype);
      case Combine::all:
        return "1";
      case Combine::any:
        return "0";
    }
    return "";
  }
  static std::string highest(DType dtype) {
    const auto bits = static_cast<int>(8 * info(dtype).bytes);
    if (dtype == DType::boolean) return "1";
    if (info(dtype).kind == NumberKind::unsigned_integer)
      return bits == 64 ? "0xffffffffffffffffUL" : fmt::format("{}", (std::uint64_t{1} << bits) - 1);
    return fmt::format("{}", static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1));
  }
  static std::string lowest(DType dtype) {
    if (dtype == DType::boolean || info(dtype).kind == NumberKind::unsigned_integer) return "0";
    return fmt::format("(-{} - 1)", highest(dtype));
  }

  std::string product(const Accumulation& a) const {
    return a.factor < 0 ? fmt::format("v{}", a.value) : fmt::format("v{} * v{}", a.value, a.factor);
  }

  void emit(const Nest& original) {
    const NestPlan plan = plan_nest(original);
    const Nest& nest = plan.nest;
    if (!nest.origin.empty()) out_.line(fmt::format("/* {} */", nest.origin));
    const std::size_t rank = nest.extents.size();
    // What is accumulated in memory starts from the identity.
    for (std::size_t a = 0; a < nest.accumulations.size(); ++a)
      if (plan.in_memory[a] && !nest.accumulations[a].scattered) emit_identity(nest, nest.accumulations[a]);
    out_.open("");
    emit_loops(plan, 0, rank);
    out_.close();
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
      // Long sums are added up in blocks of fixed length: the same bits however a loop is shared out, and smaller
      // rounding errors.
      constexpr std::int64_t block = 4096;
      const bool blocked = innermost && extent > 2 * block && !opened.empty() &&
                           std::all_of(opened.begin(), opened.end(),
                                       [&](std::size_t a) { return nest.accumulations[a].combine == Combine::sum; });
      if (blocked) {
        out_.open(fmt::format("for (long o{0} = 0; o{0} < {1}; o{0} += {2})", axis, extent, block));
        out_.line(fmt::format("const long e{0} = o{0} + {2} < {1} ? o{0} + {2} : {1};", axis, extent, block));
        for (std::size_t a : opened)
          out_.line(fmt::format("{} p{} = 0;", c_type(buffer(nest.accumulations[a].to.buffer).dtype), a));
      }
      if (innermost) emit_simd_pragma(plan, opened, blocked);
      out_.open(blocked ? fmt::format("for (long i{0} = o{0}; i{0} < e{0}; ++i{0})", axis)
                        : fmt::format("for (long i{0} = 0; i{0} < {1}; ++i{0})", axis, extent));
      partial_ = blocked;
      emit_loops(plan, axis + 1, rank);
      partial_ = false;
      out_.close();
      if (blocked) {
        for (std::size_t a : opened) out_.line(fmt::format("a{0} += p{0};", a));
        out_.close();
      }
    }
    for (std::size_t a : opened) out_.line(fmt::format("{} = a{};", element(nest.accumulations[a].to), a));
  }

  void emit_simd_pragma(const NestPlan& plan, const std::vector<std::size_t>& opened, bool blocked) {
    const Nest& nest = plan.nest;
    bool vectorises = nest.extents.back() >= 4;
    for (const Statement& statement : nest.statements)
      if (const auto* load = std::get_if<Load>(&statement.what))
        vectorises = vectorises && (load->from.row < 0 || load->from.row_is_checked);
    for (const Store& store : nest.stores) vectorises = vectorises && store.to.row < 0;  // of equal rows the last stays
    std::string sums;
    for (std::size_t a = 0; a < nest.accumulations.size(); ++a) {
      const Accumulation& accumulation = nest.accumulations[a];
      if (plan.in_memory[a]) {
        vectorises = vectorises && !accumulation.scattered && accumulation.to.strides.back() != 0;
      } else if (plan.depth[a] < nest.extents.size()) {
        vectorises = vectorises && accumulation.combine == Combine::sum;
        const bool is_partial = blocked && std::find(opened.begin(), opened.end(), a) != opened.end();
        sums += (sums.empty() ? "" : ", ") + fmt::format("{}{}", is_partial ? "p" : "a", a);
      }
    }
    if (vectorises) out_.line("#pragma omp simd" + (sums.empty() ? "" : fmt::format(" reduction(+:{})", sums)));
  }

  void emit_innermost(const NestPlan& plan) {
    const Nest& nest = plan.nest;
    for (std::size_t s = 0; s < nest.statements.size(); ++s) emit_statement(nest, s);
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
        const std::string name =
            fmt::format("{}{}", partial_ && plan.depth[a] + 1 == nest.extents.size() ? "p" : "a", a);
        out_.line(fmt::format("{} = {};", name, combined(accumulation.combine, name, product(accumulation))));
      }
    }
  }

  const Module& module_;
  const Program* program_ = nullptr;
  Writer out_;
  Writer part_text_;        // functions that the current one is cut into
  std::string name_;        // of the current function
  int parts_ = 0;           // it has so far
  bool may_split_ = false;  // all its values lie in memory
  std::vector<int> loops_;  // around the current step
  bool partial_ = false;    // the innermost loop adds to the partial sums of a block
};

}  // namespace

std::string emit_c(const Module& module) { return Emitter(module).run(); }

}  // namespace leapgraph::symbolic
