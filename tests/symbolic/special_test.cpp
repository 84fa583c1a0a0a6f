/// Special functions against 60-digit arithmetic: the reference, the runtime functions, and their vector versions.
#include <dlfcn.h>
#include <gtest/gtest.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/runtime/symbols.hpp"
#include "leapgraph/symbolic/runtime/variant.hpp"

namespace leapgraph::symbolic {
namespace {

/// A line of special_values.txt: the value as the two doubles that are nearest to it together.
struct Known {
  std::vector<double> arguments;
  double value = 0;
  double rest = 0;
  double size = 0;  ///< of the largest term that cancels in the value
};

const std::map<std::string, std::vector<Known>>& known_values() {
  static const auto values = [] {
    std::map<std::string, std::vector<Known>> result;
    std::ifstream file(LEAPGRAPH_SOURCE_DIR "/tests/symbolic/special_values.txt");
    std::string line, name, word;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      words >> name;
      const RuntimeSymbol* symbol = find_runtime_symbol("lg_" + name);
      const auto arity = static_cast<std::size_t>(symbol == nullptr ? 1 : symbol->arguments);
      Known known;
      while (known.arguments.size() < arity && words >> word)
        known.arguments.push_back(std::strtod(word.c_str(), nullptr));
      words >> word;
      const long double wide = std::strtold(word.c_str(), nullptr);
      known.value = static_cast<double>(wide);
      known.rest = std::isfinite(known.value) ? static_cast<double>(wide - static_cast<long double>(known.value)) : 0;
      known.size = std::abs(known.value);
      if (words >> word) known.size = std::max(known.size, std::strtod(word.c_str(), nullptr));
      result[name].push_back(known);
    }
    return result;
  }();
  return values;
}

double error_in_ulps(double got, const Known& known) {
  if (got == known.value && known.rest == 0) return 0;
  if (std::isnan(got) && std::isnan(known.value)) return 0;
  if (!std::isfinite(got) || !std::isfinite(known.value))
    return got == known.value ? 0 : std::numeric_limits<double>::infinity();
  const double size = std::min(known.size, 0x1.fffffffffffffp+1022);
  const double ulp = std::nextafter(size, std::numeric_limits<double>::infinity()) - size;
  return std::abs((got - known.value) - known.rest) / ulp;
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

std::string shown(const std::string& name, const Known& known) {
  std::ostringstream text;
  text.precision(17);
  for (std::size_t k = 0; k < known.arguments.size(); ++k) text << (k == 0 ? name + "(" : ", ") << known.arguments[k];
  text << ") = " << known.value;
  return text.str();
}

double call(void (*address)(), const std::vector<double>& x) {
  if (x.size() == 2) return reinterpret_cast<double (*)(double, double)>(address)(x[0], x[1]);
  if (x.size() == 3) return reinterpret_cast<double (*)(double, double, double)>(address)(x[0], x[1], x[2]);
  if (x.size() == 4)
    return reinterpret_cast<double (*)(double, double, double, double)>(address)(x[0], x[1], x[2], x[3]);
  return reinterpret_cast<double (*)(double)>(address)(x[0]);
}

TEST(SpecialFunctions, EveryRuntimeFunctionHasKnownValues) {
  for (const RuntimeSymbol& symbol : runtime_symbols())
    EXPECT_GE(known_values().count(std::string(symbol.name.substr(3))), 1U) << symbol.name;
}

TEST(SpecialFunctions, RuntimeIsAsAccurateAsItSays) {
  for (const auto& [name, rows] : known_values()) {
    const RuntimeSymbol* symbol = find_runtime_symbol("lg_" + name);
    ASSERT_NE(symbol, nullptr) << name;
    for (const Known& known : rows) {
      const double got = call(symbol->address, known.arguments);
      EXPECT_LE(error_in_ulps(got, known), symbol->ulps) << shown(name, known) << ", got " << got;
    }
  }
}

/// The reference computes in extended precision and rounds once, which leaves less than 1 unit; Boost's gamma functions
/// reach the long double's precision up to a few hundred of its own units, an eighth of ours, and near zeros less.
TEST(SpecialFunctions, ReferenceIsExactToTwoUnits) {
  for (const auto& [name, rows] : known_values()) {
    const Op* op = find_op(name);
    ASSERT_NE(op, nullptr) << name;
    if (!find_runtime_symbol("lg_" + name)->has_vectors)
      continue;  // every_op_test compares both in their common domain
    Exprs inputs;
    std::vector<Array> arguments;
    for (std::size_t k = 0; k < rows[0].arguments.size(); ++k) {
      std::vector<double> column;
      for (const Known& known : rows) column.push_back(known.arguments[k]);
      inputs.push_back(input({DType::float64, {static_cast<std::int64_t>(rows.size())}}, "x"));
      arguments.push_back(Array::vector(column));
    }
    const std::vector<double> got = interpret(Graph{inputs, {make(*op, inputs)}}, arguments)[0].reals();
    for (std::size_t i = 0; i < rows.size(); ++i)
      EXPECT_LE(error_in_ulps(got[i], rows[i]), 2.0) << shown(name, rows[i]) << ", got " << got[i];
  }
}

#if defined(__x86_64__)

/// One vector width: the letter of its symbols, lanes, and a call through a pointer.
struct Width {
  const char* prefix;
  std::size_t lanes;
  bool supported;
  void (*call)(void* function, std::size_t arguments, const double* x, const double* y, double* result);
};

void call_sse(void* f, std::size_t n, const double* x, const double* y, double* result) {
  const __m128d a = _mm_loadu_pd(x), b = _mm_loadu_pd(y);
  _mm_storeu_pd(result, n == 2 ? reinterpret_cast<__m128d (*)(__m128d, __m128d)>(f)(a, b)
                               : reinterpret_cast<__m128d (*)(__m128d)>(f)(a));
}
__attribute__((target("avx"))) void call_avx(void* f, std::size_t n, const double* x, const double* y, double* result) {
  const __m256d a = _mm256_loadu_pd(x), b = _mm256_loadu_pd(y);
  _mm256_storeu_pd(result, n == 2 ? reinterpret_cast<__m256d (*)(__m256d, __m256d)>(f)(a, b)
                                  : reinterpret_cast<__m256d (*)(__m256d)>(f)(a));
}
__attribute__((target("avx512f"))) void call_avx512(void* f, std::size_t n, const double* x, const double* y,
                                                    double* result) {
  const __m512d a = _mm512_loadu_pd(x), b = _mm512_loadu_pd(y);
  _mm512_storeu_pd(result, n == 2 ? reinterpret_cast<__m512d (*)(__m512d, __m512d)>(f)(a, b)
                                  : reinterpret_cast<__m512d (*)(__m512d)>(f)(a));
}

TEST(SpecialFunctions, VectorVersionsGiveTheBitsOfTheScalarOnes) {
  if (::dlsym(RTLD_DEFAULT, "_ZGVbN2v_lg_sigmoid") == nullptr) GTEST_SKIP() << "this compiler makes no vector versions";
  const Width widths[] = {
      {"_ZGVbN2", 2, true, call_sse},
      {"_ZGVcN4", 4, __builtin_cpu_supports("avx") != 0, call_avx},
      {"_ZGVdN4", 4, __builtin_cpu_supports("avx2") != 0, call_avx},
      {"_ZGVeN8", 8, __builtin_cpu_supports("avx512f") != 0, call_avx512},
  };
  for (const auto& [name, rows] : known_values()) {
    const RuntimeSymbol* symbol = find_runtime_symbol("lg_" + name);
    const std::size_t arguments = rows[0].arguments.size();
    if (!symbol->has_vectors) continue;
    for (const Width& width : widths) {
      if (!width.supported) continue;
      const std::string full = std::string(width.prefix) + (arguments == 2 ? "vv" : "v") + "_lg_" + name;
      void* function = ::dlsym(RTLD_DEFAULT, full.c_str());
      ASSERT_NE(function, nullptr) << full;
      for (std::size_t i = 0; i + width.lanes <= rows.size(); i += width.lanes - 1) {
        double x[8], y[8], result[8];
        for (std::size_t k = 0; k < width.lanes; ++k) {
          x[k] = rows[i + k].arguments.front();
          y[k] = rows[i + k].arguments.back();
        }
        width.call(function, arguments, x, y, result);
        for (std::size_t k = 0; k < width.lanes; ++k)
          EXPECT_TRUE(same(result[k], call(symbol->address, rows[i + k].arguments)))
              << full << ": " << shown(name, rows[i + k]) << ", got " << result[k];
      }
    }
  }
}

TEST(SpecialFunctions, EveryBuildOfTheRuntimeGivesTheSameBits) {
  const std::string path = runtime_variant_path();
  ASSERT_NE(path.find("leapgraph_runtime"), std::string::npos);
  if (processor_level() == "x86-64-v3" || processor_level() == "x86-64-v4") {
    EXPECT_NE(path.find(processor_level().substr(6)), std::string::npos) << path;
  }
  void* variant = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(variant, nullptr) << ::dlerror();
  for (const auto& [name, rows] : known_values()) {
    auto* other = reinterpret_cast<void (*)()>(::dlsym(variant, ("lg_" + name).c_str()));
    ASSERT_NE(other, nullptr) << name;
    for (const Known& known : rows)
      EXPECT_TRUE(same(call(other, known.arguments), call(find_runtime_symbol("lg_" + name)->address, known.arguments)))
          << shown(name, known);
  }
  ::dlclose(variant);
}

#endif

}  // namespace
}  // namespace leapgraph::symbolic
