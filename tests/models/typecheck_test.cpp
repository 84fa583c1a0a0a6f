/// Tests of the type checker: every program under types/bad gives the messages of its .expected file, every program
/// under types/pedantic its warnings (`LEAPGRAPH_UPDATE_GOLDEN=1 models_typecheck_test` rewrites them), and right
/// programs get the types that they should.
#include "leapgraph/models/types/typecheck.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/pedantic/pedantic.hpp"
#include "leapgraph/models/syntax/parser.hpp"

namespace leapgraph::models {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(LEAPGRAPH_SOURCE_DIR) / "tests/models/types";

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<fs::path> programs_in(const std::string& name) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder / name)) {
    if (entry.path().extension() == ".stan") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

TypedProgram check(const std::string& text, std::vector<Diagnostic>* warnings = nullptr) {
  Source source = Source::from_text("model.stan", text);
  std::vector<Diagnostic> all;
  const UntypedProgram program = parse(source, all);
  TypedProgram typed = typecheck(program, source, all);
  if (warnings != nullptr) *warnings = all;
  return typed;
}

/// The messages of the program, "" if it is right.
std::string messages(Source source) {
  std::vector<Diagnostic> warnings;
  const UntypedProgram program = parse(source, warnings);
  try {
    typecheck(program, source, warnings);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

/// Compares with the file beside the program.
void expect_golden(const std::string& found, const fs::path& program) {
  const fs::path expected = fs::path(program).replace_extension(".expected");
  if (const char* update = std::getenv("LEAPGRAPH_UPDATE_GOLDEN"); update != nullptr && update[0] == '1') {
    std::ofstream(expected, std::ios::binary) << found;
  }
  EXPECT_EQ(found, read(expected));
}

std::string stem(const testing::TestParamInfo<fs::path>& info) { return info.param.stem().string(); }

class BadTypes : public testing::TestWithParam<fs::path> {};

TEST_P(BadTypes, GiveTheExpectedMessages) {
  const std::string found = messages(Source::from_text(GetParam().filename().string(), read(GetParam())));
  EXPECT_NE(found, "") << "the program is right";
  expect_golden(found, GetParam());
}
INSTANTIATE_TEST_SUITE_P(Programs, BadTypes, testing::ValuesIn(programs_in("bad")), stem);

class GoodTypes : public testing::TestWithParam<fs::path> {};

TEST_P(GoodTypes, AreAccepted) { EXPECT_EQ(messages(Source::read(GetParam())), ""); }
INSTANTIATE_TEST_SUITE_P(Programs, GoodTypes, testing::ValuesIn(programs_in("good")), stem);

class Pedantic : public testing::TestWithParam<fs::path> {};

TEST_P(Pedantic, GivesTheExpectedWarnings) {
  Source source = Source::from_text(GetParam().filename().string(), read(GetParam()));
  std::vector<Diagnostic> ignored;
  const UntypedProgram program = parse(source, ignored);
  const TypedProgram typed = typecheck(program, source, ignored);
  expect_golden(render(source, pedantic::warnings(typed)), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Programs, Pedantic, testing::ValuesIn(programs_in("pedantic")), stem);

TEST(Pedantic, HasNothingToSayAboutAGoodProgram) {
  const TypedProgram program = check(read(folder / "good/eight_schools.stan"));
  for (const Diagnostic& warning : pedantic::warnings(program)) ADD_FAILURE() << warning.message;
}

// Words of right programs exchanged for others: the answer is a typed program or a ModelError.
TEST(Typecheck, SurvivesMutilatedPrograms) {
  std::mt19937 random(20240229);
  for (const fs::path& path : programs_in("good")) {
    const std::string good = read(path);
    std::vector<std::pair<std::size_t, std::size_t>> words;  // begin, length
    for (std::size_t i = 0; i < good.size();) {
      std::size_t end = i;
      while (end < good.size() && (std::isalnum(static_cast<unsigned char>(good[end])) != 0 || good[end] == '_')) ++end;
      if (end > i) words.emplace_back(i, end - i);
      i = std::max(end, i + 1);
    }
    for (int i = 0; i < 500; ++i) {
      const auto [begin, length] = words[random() % words.size()];
      const auto [other, other_length] = words[random() % words.size()];
      std::string text = good;
      text.replace(begin, length, good.substr(other, other_length));
      try {
        pedantic::warnings(check(text));
      } catch (const ModelError&) {
      }
    }
  }
}

TEST(Typecheck, RefusesOperatorsCalledByNameWithTooFewArguments) {
  EXPECT_THROW(check("transformed data { real x = multiply(1); }"), ModelError);
  EXPECT_THROW(check("transformed data { real x = divide(); }"), ModelError);
  EXPECT_THROW(check("model { target += std_normal_lpdf(); }"), ModelError);
}

// ---------------------------------------------------------------- types of expressions

/// The type of an expression in a program that declares one variable of each kind.
std::string type_of(const std::string& expression) {
  const TypedProgram program = check(
      "data { int n; real r; vector[3] v; row_vector[3] w; matrix[3, 3] m; array[3] int k; array[2, 3] real a;"
      " array[2] vector[3] vs; }\n"
      "parameters { real p; vector[3] q; }\n"
      "model { if (1) { print(" +
      expression + "); } }");
  const auto& branch = std::get<If<Typed>>(program.tree.blocks.at(2).statements.at(0).node).branches.at(0);
  const auto& print = std::get<Message<Typed>>(std::get<Block<Typed>>(branch.body->node).statements.at(0).node);
  return to_string(std::get<TypedExpression>(print.items.at(0)).info.type);
}

TEST(Types, OfArithmeticFollowTheOperands) {
  EXPECT_EQ(type_of("n + n"), "int");
  EXPECT_EQ(type_of("n + r"), "real");
  EXPECT_EQ(type_of("n / n"), "int");
  EXPECT_EQ(type_of("n / 2.0"), "real");
  EXPECT_EQ(type_of("n ^ 2"), "real");
  EXPECT_EQ(type_of("n % 2"), "int");
  EXPECT_EQ(type_of("n %/% 2"), "int");
  EXPECT_EQ(type_of("2 * v + r"), "vector");
  EXPECT_EQ(type_of("m * v"), "vector");
  EXPECT_EQ(type_of("w * m"), "row_vector");
  EXPECT_EQ(type_of("w * v"), "real");
  EXPECT_EQ(type_of("v * w"), "matrix");
  EXPECT_EQ(type_of("m * m'"), "matrix");
  EXPECT_EQ(type_of("v'"), "row_vector");
  EXPECT_EQ(type_of("1 ./ v"), "vector");
  EXPECT_EQ(type_of("v .^ 2"), "vector");
  EXPECT_EQ(type_of("-m"), "matrix");
  EXPECT_EQ(type_of("r < n && !n"), "int");
  EXPECT_EQ(type_of("n ? 1 : r"), "real");
}

TEST(Types, OfFunctionsFollowTheirSignatures) {
  EXPECT_EQ(type_of("log(n)"), "real");
  EXPECT_EQ(type_of("exp(a)"), "array[,] real");
  EXPECT_EQ(type_of("sqrt(vs)"), "array[] vector");
  EXPECT_EQ(type_of("log(k)"), "array[] real");
  EXPECT_EQ(type_of("abs(k)"), "array[] int");
  EXPECT_EQ(type_of("sum(k)"), "int");
  EXPECT_EQ(type_of("mean(k)"), "real");
  EXPECT_EQ(type_of("max(n, 3)"), "int");
  EXPECT_EQ(type_of("fmax(v, 0)"), "vector");
  EXPECT_EQ(type_of("rep_array(v, 2)"), "array[] vector");
  EXPECT_EQ(type_of("rep_array(k, 2, 2)"), "array[,,] int");
  EXPECT_EQ(type_of("to_vector(k)"), "vector");
  EXPECT_EQ(type_of("append_row(r, v)"), "vector");
  EXPECT_EQ(type_of("head(vs, 1)"), "array[] vector");
  EXPECT_EQ(type_of("log2()"), "real");
  EXPECT_EQ(type_of("log2(v)"), "vector");
  EXPECT_EQ(type_of("normal_lpdf(v | a[1], n)"), "real");
}

TEST(Types, OfIndexedValuesLoseTheirSingleDimensions) {
  EXPECT_EQ(type_of("v[1]"), "real");
  EXPECT_EQ(type_of("v[k]"), "vector");
  EXPECT_EQ(type_of("m[1]"), "row_vector");
  EXPECT_EQ(type_of("m[, 1]"), "vector");
  EXPECT_EQ(type_of("m[1, ]"), "row_vector");
  EXPECT_EQ(type_of("m[1:2, k]"), "matrix");
  EXPECT_EQ(type_of("a[1]"), "array[] real");
  EXPECT_EQ(type_of("a[, 2]"), "array[] real");
  EXPECT_EQ(type_of("vs[k, 1]"), "array[] real");
  EXPECT_EQ(type_of("vs[1, 2:]"), "vector");
  EXPECT_EQ(type_of("vs[1][2]"), "real");
}

TEST(Types, OfLiteralsAreTheLeastCommonOnes) {
  EXPECT_EQ(type_of("{1, 2.0}"), "array[] real");
  EXPECT_EQ(type_of("{{1}, {2}}"), "array[,] int");
  EXPECT_EQ(type_of("{v, q}"), "array[] vector");
  EXPECT_EQ(type_of("[1, r]"), "row_vector");
  EXPECT_EQ(type_of("[[1, 2], w]"), "matrix");
}

TEST(StanType, PromotesIntToRealToComplexInArraysToo) {
  using namespace stan_types;
  EXPECT_EQ(promotions(integer, real), 1);
  EXPECT_EQ(promotions(integer, StanType{Base::complex}), 2);
  EXPECT_EQ(promotions(array_of(integer, 2), array_of(real, 2)), 1);
  EXPECT_EQ(promotions(vector, StanType{Base::complex_vector}), 1);
  EXPECT_FALSE(promotes(real, integer));
  EXPECT_FALSE(promotes(array_of(real), vector));
  EXPECT_FALSE(promotes(array_of(real), real));
  const StanType pair{Base::tuple, 1, {integer, vector}};
  EXPECT_EQ(to_string(pair), "array[] tuple(int, vector)");
  EXPECT_TRUE(promotes(pair, StanType{Base::tuple, 1, {real, vector}}));
  EXPECT_EQ(to_string(array_of(vector, 3)), "array[,,] vector");
}

TEST(Signature, TakesTheAlternativeWithFewestPromotions) {
  const std::vector<StanType> integers = {stan_types::integer, stan_types::integer};
  EXPECT_EQ(resolve("(real, real) => real | (int, int) => int", integers)->result, stan_types::integer);
  const std::vector<StanType> mixed = {stan_types::integer, stan_types::vector};
  const std::optional<Resolution> found = resolve("(M, M) => M | (real, M) => M", mixed);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->result, stan_types::vector);
  EXPECT_EQ(found->parameters[0], stan_types::real);
  EXPECT_FALSE(resolve("(V, V) => V", mixed));
}

TEST(Signature, OfEveryRecordCanBeRead) {
  const std::vector<StanType> arguments = {stan_types::integer};
  for (const library::Function* function : library::all_functions()) {
    EXPECT_NO_THROW(resolve(function->signature, arguments)) << function->name;
    for (std::size_t count = 0; count < 5; ++count) {
      const std::vector<StanType> many(count, stan_types::matrix);
      EXPECT_NO_THROW(resolve(function->signature, many)) << function->name;
    }
  }
}

// ---------------------------------------------------------------- what later stages rely on

TEST(TypedProgram, KnowsWhichArgumentsADensityTakesForData) {
  const TypedProgram program = check(
      "data { int N; vector[N] y; real s; }\n"
      "parameters { real mu; }\n"
      "model { real local = 1; y ~ normal(mu, s); y ~ normal(0, local);"
      " target += normal_lupdf(y | 0, s) + normal_lpdf(y | 0, s); }");
  const auto& statements = program.tree.blocks.at(2).statements;
  EXPECT_EQ(statements.at(1).info.density.terms_for, 2U);  // mu
  EXPECT_EQ(statements.at(2).info.density.terms_for, 4U);  // a local real of the model block is never data
  const auto& sum = std::get<Binary<Typed>>(std::get<TargetIncrement<Typed>>(statements.at(3).node).value.node);
  EXPECT_EQ(sum.left->info.density.terms_for, 0U);
  EXPECT_EQ(sum.right->info.density.terms_for, library::everything);
}

TEST(TypedProgram, NumbersItsSymbols) {
  const TypedProgram program = check("data { int N; } transformed data { for (i in 1:N) { real x = i; } }");
  ASSERT_EQ(program.symbols.size(), 3U);
  EXPECT_EQ(program.symbols[1].name, "i");
  EXPECT_TRUE(program.symbols[1].loop_variable);
  EXPECT_FALSE(program.symbols[2].top_level);
  const auto& loop = std::get<For<Typed>>(program.tree.blocks.at(1).statements.at(0).node);
  EXPECT_EQ(loop.variable.info.symbol, 1);
  EXPECT_EQ(loop.last.info.symbol, 0);
}

TEST(TypedProgram, WarnsOfIntegerDivision) {
  std::vector<Diagnostic> warnings;
  check("transformed data { real x = 1 / 2; real y = 1 / 2.0; real z = 4 %/% 2; }", &warnings);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].severity, Severity::Warning);
  EXPECT_THAT(warnings[0].message, testing::HasSubstr("rounded towards zero"));
}

TEST(TypedProgram, AllowsVariablesNamedAsFunctions) {
  EXPECT_NO_THROW(
      check("parameters { real beta; real gamma; } model { beta ~ normal(gamma, 1); target += sum([beta]); }"));
}

// ---------------------------------------------------------------- functions of the program

TEST(Functions, KnowTheirParametersAndResults) {
  const TypedProgram program = check(R"(functions {
    real early(real x);
    vector f(data real a, vector v) { real local = a; return local * v; }
    void add_lp(real x) { target += early(x); }
    real early(real x) { return 1; }
  })");
  ASSERT_EQ(program.tree.functions.size(), 3U);  // the declaration is gone
  const auto& f = program.tree.functions[0];
  EXPECT_EQ(f.info.result, stan_types::vector);
  EXPECT_EQ(f.info.kind, FunctionKind::plain);
  ASSERT_EQ(f.info.parameters.size(), 2U);
  const Symbol& a = program.symbols.at(static_cast<std::size_t>(f.info.parameters[0]));
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.function, 0);
  EXPECT_TRUE(a.data_only);
  EXPECT_FALSE(program.symbols.at(static_cast<std::size_t>(f.info.parameters[1])).data_only);
  ASSERT_TRUE(f.body);
  EXPECT_TRUE(std::holds_alternative<Block<Typed>>(f.body->node));
  EXPECT_EQ(program.tree.functions[1].info.kind, FunctionKind::adds_to_target);
  EXPECT_EQ(program.tree.functions[1].info.result, stan_types::none);
}

TEST(Functions, AreCalledByTheTypesOfTheirArguments) {
  const TypedProgram program = check(R"(functions {
    real f(real x) { return x; }
    int f(int x) { return x; }
    real exp(int n, int k) { return n; }
    real d_lpdf(real x, real mu) { return mu; }
    void v_lp(real x) { target += x; }
  }
  parameters { real p; }
  model {
    target += f(p);
    target += f(1);
    target += exp(1, 2);
    target += exp(1);
    target += d_lupdf(p | 1);
    p ~ d(1);
    v_lp(p);
  })");
  const std::vector<TypedStatement>& statements = program.tree.block(BlockKind::Model)->statements;
  const auto called = [&](std::size_t i) -> const ExpressionInfo& {
    return std::get<TargetIncrement<Typed>>(statements.at(i).node).value.info;
  };
  EXPECT_EQ(called(0).user.function, 0);
  EXPECT_FALSE(called(0).data_only);
  EXPECT_EQ(called(1).user.function, 1);
  EXPECT_EQ(called(1).type, stan_types::integer);
  EXPECT_EQ(called(2).user.function, 2);
  EXPECT_FALSE(called(3).user);
  EXPECT_EQ(called(3).function.function->name, "exp");
  EXPECT_EQ(called(4).user.function, 3);
  EXPECT_TRUE(called(4).user.unnormalized);
  EXPECT_EQ(statements.at(5).info.user.function, 3);
  EXPECT_TRUE(statements.at(5).info.user.unnormalized);
  EXPECT_EQ(statements.at(5).info.density.distribution, nullptr);
  EXPECT_EQ(statements.at(6).info.user.function, 4);
}

}  // namespace
}  // namespace leapgraph::models
