/// Types, literals and scalar operations as C text.
#include "leapgraph/symbolic/emit/c_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace leapgraph::symbolic {

namespace {

std::string highest(DType dtype) {
  const auto bits = static_cast<int>(8 * info(dtype).bytes);
  if (dtype == DType::boolean) return "1";
  if (info(dtype).kind == NumberKind::unsigned_integer)
    return bits == 64 ? "0xffffffffffffffffUL" : fmt::format("{}", (std::uint64_t{1} << bits) - 1);
  return fmt::format("{}", static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1));
}
std::string lowest(DType dtype) {
  if (dtype == DType::boolean || info(dtype).kind == NumberKind::unsigned_integer) return "0";
  return fmt::format("(-{} - 1)", highest(dtype));
}

/// Whether functions are called in single precision.
bool is_single(DType dtype) { return dtype == DType::float32 || dtype == DType::float16; }

std::string expand(const Compute& compute, DType dtype, const std::function<std::string(int)>& name,
                   const std::string& index) {
  const std::string_view code = compute.code->code;
  std::string text;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] != '{') {
      text += code[i];
      continue;
    }
    const char what = code[i + 1];
    if (what == 'f')
      text += is_single(dtype) ? "f" : "";
    else if (what == 'T')
      text += info(dtype).c_name;
    else if (what == 'i')
      text += index;
    else
      text += name(compute.arguments[static_cast<std::size_t>(what - '0')]);
    i += 2;
  }
  return text;
}

}  // namespace

std::string c_type(DType dtype) { return std::string(info(dtype).c_name); }

std::string variable_type(DType dtype) { return dtype == DType::boolean ? "_Bool" : c_type(dtype); }

std::string literal(const Literal& value, DType dtype) {
  if (info(dtype).kind == NumberKind::unsigned_integer && value.whole < 0)
    return fmt::format("{}UL", static_cast<std::uint64_t>(value.whole));
  if (!is_floating(dtype))
    return value.whole == INT64_MIN ? "(-9223372036854775807 - 1)" : fmt::format("{}", value.whole);
  const std::string_view suffix = is_single(dtype) ? "f" : "";
  if (std::isnan(value.real)) return fmt::format("__builtin_nan{}(\"\")", suffix);
  if (std::isinf(value.real)) return fmt::format("{}__builtin_inf{}()", value.real < 0 ? "-" : "", suffix);
  std::string text = fmt::format("{}", value.real);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + std::string(suffix);
}

std::string computed(const Nest& nest, const Compute& compute, DType dtype, const std::function<std::string(int)>& name,
                     const std::string& index) {
  std::string code = expand(compute, dtype, name, index);
  if (!code.starts_with("lg_cast(")) return code;
  // Conversions: to booleans by comparison, from reals to integers with a value for every real.
  const std::string argument = name(compute.arguments[0]);
  const DType from = nest.statements[static_cast<std::size_t>(compute.arguments[0])].dtype;
  if (dtype == DType::boolean) return argument + " != 0";
  if (is_floating(from) && !is_floating(dtype))
    return fmt::format("({})lg_whole{}({})", c_type(dtype), dtype == DType::uint64 ? "_u" : "", argument);
  // Integers become halves by way of doubles, which hold every integer below the largest half.
  if (dtype == DType::float16 && is_integer(from)) return fmt::format("(_Float16)(double){}", argument);
  return fmt::format("({}){}", c_type(dtype), argument);
}

std::string combined(Combine combine, const std::string& target, const std::string& value) {
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

std::string identity(Combine combine, DType dtype) {
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

std::string failure(Check check, const std::string& value, const std::string& limit, int made_at) {
  return fmt::format("return lg_fail(rt, {}, {}, {}, {});", static_cast<int>(check), value, limit, made_at);
}

}  // namespace leapgraph::symbolic
