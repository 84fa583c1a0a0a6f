/// Where the time goes, counted by native code.
#include "leapgraph/symbolic/profile.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const ProfileRow* row_of(const std::vector<ProfileRow>& rows, const std::string& part) {
  for (const ProfileRow& row : rows)
    if (has(row.what, part)) return &row;
  return nullptr;
}

TEST(Profile, CountsCallsAndTimeByOpPlaceAndKernel) {
  const Expr x = dvector("x");
  const unsigned line = std::source_location::current().line() + 1;
  const Expr heavy = sum(exp(x));
  const Expr last = scan(
                        [&](const Exprs& c, const Exprs& e) {
                          return ScanBody{{tanh(c[0] + e[0])}, {}};
                        },
                        {0.0}, {x})
                        .carry[0];
  const Function f = function({x}, {heavy, last}, {.compile = {.profile = true}, .name = "energy"});
  const Array data = Array::vector(std::vector<double>(10'000, 0.5));
  for (int i = 0; i < 20; ++i) f({data});
  for (int i = 0; i < 5; ++i) f({Array::vector({1, 2, 3})});
  const Profile p = profile(f);
  if (!f.compiled()[0].is_native()) GTEST_SKIP() << "no C compiler";
  EXPECT_EQ(p.calls, 25u);
  EXPECT_EQ(p.specialisations, 2u);
  EXPECT_GT(p.seconds, 0);
  double ops = 0, places = 0, kernels = 0, shares = 0;
  for (const ProfileRow& row : p.ops) ops += row.seconds;
  for (const ProfileRow& row : p.places) places += row.seconds;
  for (const ProfileRow& row : p.kernels) {
    kernels += row.seconds;
    shares += row.share;
  }
  EXPECT_NEAR(ops, p.seconds, 1e-9);
  EXPECT_NEAR(places, p.seconds, 1e-9);
  EXPECT_NEAR(kernels, p.seconds, 1e-9);
  EXPECT_NEAR(shares, 1, 1e-9);
  ASSERT_NE(row_of(p.ops, "exp"), nullptr);
  ASSERT_NE(row_of(p.ops, "tanh"), nullptr);
  EXPECT_EQ(row_of(p.ops, "tanh")->calls, 20u * 10'000 + 5 * 3) << "a kernel in a loop runs every step";
  EXPECT_EQ(row_of(p.ops, "exp")->calls, 25u);
  EXPECT_GT(row_of(p.ops, "tanh")->seconds, row_of(p.ops, "exp")->seconds) << "a vector loop against a scalar one";
  EXPECT_NE(row_of(p.places, "profile_test.cpp:" + std::to_string(line)), nullptr);
  for (const char* part :
       {"energy: 25 calls", "by op", "by place", "by kernel", "C compiler", "workspace", "loop nest"})
    EXPECT_TRUE(has(p.text(), part)) << p.text();
  EXPECT_TRUE(has(p.text(1), "more")) << p.text(1);
  for (const char* part : {"{\"name\": \"energy\", \"calls\": 25", "\"C compiler\": ", "\"ops\": [{\"what\": "})
    EXPECT_TRUE(has(p.json(), part)) << p.json();
}

TEST(Profile, AddsUpThreads) {
  const Expr x = dvector("x");
  const Function f = function({x}, sum(sqr(x)), {.compile = {.profile = true}});
  const Array data = Array::vector({1, 2, 3});
  f({data});
  if (!f.compiled()[0].is_native()) GTEST_SKIP() << "no C compiler";
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) f({data});
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(profile(f).calls, 2001u);
}

TEST(Profile, FollowsBranchesAndCalls) {
  const Expr x = dscalar("x"), p = dscalar("p");
  const Body twice = close({{p}, {sin(p) * 2.0}});
  const Expr y = call(twice, {x})[0] + call(twice, {x + 1.0})[0];
  const Expr z = ifelse(
      x > 0.0, [&] { return Exprs{log(x)}; }, [&] { return Exprs{cosh(x)}; })[0];
  const Function f = function({x}, y + z, {.compile = {.profile = true}});
  for (int i = 0; i < 10; ++i) f(i % 2 == 0 ? 1.5 : -1.5);
  if (!f.compiled()[0].is_native()) GTEST_SKIP() << "no C compiler";
  const Profile told = profile(f);
  EXPECT_EQ(row_of(told.ops, "log")->calls, 5u);
  EXPECT_EQ(row_of(told.ops, "cosh")->calls, 5u);
  EXPECT_GE(row_of(told.ops, "sin")->calls, 10u);
}

TEST(Profile, IsRefusedWhereNothingWasCountedAndCostsNothingThere) {
  const Expr x = dvector("x");
  const Function f = function({x}, sum(x));
  EXPECT_THROW(profile(f), GraphError);
  const CompiledFunction plain = f.specialised(std::vector<Array>{Array::vector({1})});
  EXPECT_THROW(profile(plain), GraphError);
  EXPECT_FALSE(has(plain.source(), "lg_ticks"));
  const Function interpreted =
      function({x}, sum(x), {.compile = {.target = CompileOptions::Target::interpreter, .profile = true}});
  interpreted({Array::vector({1, 2})});
  EXPECT_TRUE(profile(interpreted).kernels.empty());
  EXPECT_TRUE(has(profile(interpreted).text(), "rewrite")) << profile(interpreted).text();
}

}  // namespace
}  // namespace leapgraph::symbolic
