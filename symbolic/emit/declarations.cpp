/// The prelude of emitted C, and which functions its loops call.
#include "leapgraph/symbolic/emit/declarations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "leapgraph/symbolic/emit/writer.hpp"
#include "leapgraph/symbolic/runtime/symbols.hpp"

namespace leapgraph::symbolic {

namespace {

/// Functions of libm that have vector variants in libmvec.
constexpr std::array vector_math{"acos",  "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos",
                                 "cosh",  "erf",   "erfc", "exp",   "exp2", "expm1", "hypot", "log",  "log10",
                                 "log1p", "log2",  "pow",  "sin",   "sinh", "tan",   "tanh"};

/// Functions of libm that compilers turn into instructions.
constexpr std::array plain_math{"ceil", "floor", "rint", "sqrt", "trunc"};

/// Helpers that every emitted file may use; `static inline`, so unused ones vanish.
constexpr std::string_view prelude = R"(#ifdef __FMA__
#define LG_FMA(x, y, z) __builtin_fma(x, y, z)
#else
#define LG_FMA(x, y, z) ((x) * (y) + (z))
#endif
struct lg_error { long check; long limit; long value; long place; };
struct lg_runtime { struct lg_error* error; long* extents; };
static inline int lg_fail(const struct lg_runtime* rt, long check, long value, long limit, long place) {
  if (rt && rt->error) {
    rt->error->check = check;
    rt->error->limit = limit;
    rt->error->value = value;
    rt->error->place = place;
  }
  return 1;
}

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
static inline unsigned long lg_mod_u(unsigned long x, unsigned long y) { return y == 0 ? 0 : x % y; }
static inline unsigned long lg_floor_div_u(unsigned long x, unsigned long y) { return y == 0 ? 0 : x / y; }
static inline double lg_floor_div_d(double x, double y) { return __builtin_floor(x / y); }
static inline unsigned long lg_power_u(unsigned long x, unsigned long n) {
  unsigned long power = 1;
  for (; n; n >>= 1, x *= x)
    if (n & 1) power *= x;
  return power;
}
static inline long lg_power_l(long x, long n) {
  if (n < 0) return x == 1 ? 1 : x == -1 ? (n & 1 ? -1 : 1) : 0;
  return (long)lg_power_u((unsigned long)x, (unsigned long)n);
}
static inline long lg_abs_l(long x) { return x < 0 ? -x : x; }
static inline unsigned long lg_abs_u(unsigned long x) { return x; }
static inline long lg_whole(double x) { return x >= -0x1p63 && x < 0x1p63 ? (long)x : 0; }
static inline unsigned long lg_whole_u(double x) {
  return x >= 0x1p63 && x < 0x1p64 ? (unsigned long)x : (unsigned long)lg_whole(x);
}
#define lg_by_type(x, real, whole, natural) \
  _Generic((x), double: real, float: real, unsigned long: natural, default: whole)
#define lg_mod(x, y) lg_by_type(x, lg_mod_d, lg_mod_l, lg_mod_u)(x, y)
#define lg_floor_div(x, y) lg_by_type(x, lg_floor_div_d, lg_floor_div_l, lg_floor_div_u)(x, y)
#define lg_power(x, n) _Generic((x), unsigned long: lg_power_u, default: lg_power_l)(x, n)
#define lg_abs(x) _Generic((x), float: __builtin_fabsf, default: lg_by_type(x, __builtin_fabs, lg_abs_l, lg_abs_u))(x)
)";

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
template <class F>
void for_each_nest(const Steps& steps, F&& f) {
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
void for_each_routine(const Steps& steps, F&& f) {
  for (const Step& step : steps) {
    if (const auto* call = std::get_if<RoutineCall>(&step.what)) f(*call);
    if (const auto* loop = std::get_if<LoopStep>(&step.what)) for_each_routine(loop->body, f);
    if (const auto* branch = std::get_if<BranchStep>(&step.what)) {
      for_each_routine(branch->if_true, f);
      for_each_routine(branch->if_false, f);
    }
  }
}

}  // namespace

bool calls_vector_function(std::string_view code) {
  std::set<std::string> names;
  collect_calls(code, false, names);
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    const RuntimeSymbol* ours = find_runtime_symbol(name);
    return std::find(vector_math.begin(), vector_math.end(), name) != vector_math.end() ||
           (ours != nullptr && ours->has_vectors);
  });
}

std::string declarations(const Module& module) {
  Writer out;
  std::set<std::string> names, routines;
  for (const Program& program : module.functions) {
    for_each_nest(program.steps, [&names](const Nest& nest) {
      for (const Statement& statement : nest.statements)
        if (const auto* compute = std::get_if<Compute>(&statement.what))
          collect_calls(compute->code->code, statement.dtype == DType::float32 || statement.dtype == DType::float16,
                        names);
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
      const bool two = base == "pow" || base == "atan2" || base == "hypot";
      out.line(fmt::format("{0} {1}({0}{2}) {3};", type, name, two ? fmt::format(", {}", type) : "", attribute));
    } else if (is_in(plain_math, base)) {
      out.line(fmt::format("{0} {1}({0});", type, name));
    } else if (const RuntimeSymbol* symbol = find_runtime_symbol(base)) {
      std::string arguments = "double";
      for (int k = 1; k < symbol->arguments; ++k) arguments += ", double";
      out.line(fmt::format("double {}({}) {};", name, arguments,
                           symbol->has_vectors ? attribute : "__attribute__((const))"));
    }
  }
  for (const std::string& name : routines)
    out.line(fmt::format("long {}(const void* const* in, void* const* out, const long* sizes);", name));
  std::string_view rest = prelude;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    out.line(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return out.text();
}

}  // namespace leapgraph::symbolic
