/// Tests of data in Stan's JSON and as R dumps them: what is read, what is refused, and where the refusal points.
#include "leapgraph/models/data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <random>

#include "leapgraph/models/sha256.hpp"
#include "leapgraph/models/source.hpp"

namespace leapgraph::models {
namespace {

using symbolic::DType;
using testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();

DataSet data(std::string text) { return DataSet::from_text("data.json", std::move(text)); }
std::vector<double> reals(const DataSet& set, const std::string& name, symbolic::Shape shape) {
  return set.array({name, DType::float64, std::move(shape)}).reals();
}

/// The message of the DataError that `action` throws.
template <class Action>
std::string complaint(Action action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Data, ReadsScalarsVectorsAndMatricesRowMajor) {
  const DataSet set = data(R"({"N": 3, "x": [1.5, 2, -3e2], "m": [[1, 2, 3], [4, 5, 6]]})");
  EXPECT_EQ(set.array({"N", DType::int64, {}}).integer(), 3);
  EXPECT_EQ(reals(set, "x", {3}), (std::vector<double>{1.5, 2, -300}));
  EXPECT_EQ(set.array({"m", DType::int64, {2, 3}}).integer(3), 4);
  EXPECT_EQ(reals(set, "N", {}), std::vector<double>{3});
}

TEST(Data, KnowsEverySpellingOfNanAndInfinity) {
  const DataSet set = data(
      R"({"x": [NaN, Inf, Infinity, -Inf, -Infinity], "y": ["NaN", "Inf", "+inf", "Infinity", "+Infinity", "-Inf", "-Infinity"]})");
  const std::vector<double> x = reals(set, "x", {5});
  EXPECT_TRUE(std::isnan(x[0]));
  EXPECT_EQ(std::vector<double>(x.begin() + 1, x.end()),
            (std::vector<double>{infinity, infinity, -infinity, -infinity}));
  const std::vector<double> y = reals(set, "y", {7});
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(std::vector<double>(y.begin() + 1, y.end()),
            (std::vector<double>{infinity, infinity, infinity, infinity, -infinity, -infinity}));
}

TEST(Data, ReadsRealsCorrectlyRounded) {
  const DataSet set = data(R"({"x": [0.1, 1e-320, 2.2250738585072011e-308, 123456789012345678901234567890, 1e-400]})");
  EXPECT_EQ(reals(set, "x", {5}),
            (std::vector<double>{0.1, 1e-320, 2.2250738585072011e-308, 123456789012345678901234567890.0, 0}));
}

TEST(Data, ReadsIntegersOf64BitsAndRefusesLongerOnes) {
  const DataSet set = data(R"({"a": 9223372036854775807, "b": -9223372036854775808, "c": [1, 9223372036854775808]})");
  EXPECT_EQ(set.array({"a", DType::int64, {}}).integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(set.array({"b", DType::int64, {}}).integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_THAT(complaint([&] {
                set.array({"c", DType::int64, {2}});
              }),
              HasSubstr("data.json:1:64: error: c[2] must be an integer that 64 bits hold, found 9223372036854775808"));
}

TEST(Data, EmptyListsFitEveryShapeWithoutElements) {
  const DataSet set = data(R"({"x": [], "y": [[], []]})");
  EXPECT_EQ(set.array({"x", DType::float64, {0}}).size(), 0);
  EXPECT_EQ(set.array({"x", DType::int64, {3, 0, 2}}).size(), 0);
  EXPECT_EQ(set.array({"y", DType::float64, {2, 0}}).size(), 0);
  EXPECT_THAT(complaint([&] { set.array({"y", DType::float64, {3, 0}}); }), HasSubstr("expected [3, 0], found [2, 0]"));
  EXPECT_THAT(complaint([&] { set.array({"x", DType::float64, {1}}); }), HasSubstr("expected [1], found [0]"));
}

TEST(Data, IgnoresExtraVariablesWhateverTheyHold) {
  const DataSet set =
      data(R"({"who": "Gelman", "when": null, "o": {"a": [1, {"b": 2}]}, "r": [[1], [2, 3]], "t": true, "N": 8})");
  EXPECT_EQ(set.array({"N", DType::int64, {}}).integer(), 8);
  EXPECT_THAT(complaint([&] {
                set.array({"who", DType::float64, {}});
              }),
              HasSubstr("data.json:1:9: error: variable 'who': a string"));
  EXPECT_THAT(complaint([&] {
                set.array({"o", DType::float64, {}});
              }),
              HasSubstr("an object is a tuple and not a number"));
  EXPECT_THAT(complaint([&] { set.array({"t", DType::int64, {}}); }), HasSubstr("write 0 or 1"));
}

TEST(Data, RefusesRaggedArraysAtTheirPlace) {
  const DataSet set =
      data("{\"x\": [[1, 2],\n        [3, 4, 5]],\n \"y\": [1, [2]], \"z\": [[1], 2], \"w\": [[[1]], [[1], [2]]]}");
  EXPECT_THAT(
      complaint([&] {
        set.array({"x", DType::float64, {2, 2}});
      }),
      HasSubstr(
          "data.json:2:17: error: variable 'x': ragged array: this list has 3 elements, the ones before it have 2"));
  EXPECT_THAT(complaint([&] {
                set.array({"y", DType::float64, {2}});
              }),
              HasSubstr("data.json:3:11: error: variable 'y': a list stands"));
  EXPECT_THAT(complaint([&] {
                set.array({"z", DType::float64, {2}});
              }),
              HasSubstr("a number stands where the other elements are lists"));
  EXPECT_THAT(complaint([&] { set.array({"w", DType::float64, {2, 1, 1}}); }), HasSubstr("ragged array"));
}

TEST(Data, SaysWhichElementIsNotAnIntegerAndWhereItWasDeclared) {
  const DataSet set = data("{\"y\": [[1, 2],\n       [3, 4.5]]}");
  EXPECT_EQ(complaint([&] {
              set.array({"y", DType::int64, {2, 2}, "array[2, 2] int y, at model.stan:2:3"});
            }),
            "data.json:2:12: error: y[2, 2] must be an integer that 64 bits hold, found 4.5\n"
            "         [3, 4.5]]}\n"
            "             ^\n"
            "  declared as array[2, 2] int y, at model.stan:2:3");
}

TEST(Data, PointsAtElementsThatBreakBounds) {
  const DataSet set = data(R"({"sigma": [15, "NaN", -1]})");
  EXPECT_THAT(set.error({"sigma", DType::float64, {3}}, 2, "must be at least 0").what(),
              HasSubstr("data.json:1:23: error: sigma[3] must be at least 0, found -1"));
}

TEST(Data, SaysThatAVariableIsMissing) {
  EXPECT_EQ(complaint([] {
              data("{}").array({"J", DType::int64, {}, "int J, at m.stan:2:7"});
            }),
            "data.json: error: variable 'J' is missing\n  declared as int J, at m.stan:2:7");
  EXPECT_THAT(complaint([] { DataSet().array({"J", DType::int64, {}}); }), HasSubstr("(no data)"));
}

TEST(Data, RefusesWhatIsNotAnObjectOfNamedValues) {
  EXPECT_THAT(complaint([] { data("[1, 2]"); }), HasSubstr("data.json:1:1: error: expected an object"));
  EXPECT_THAT(complaint([] { data("3"); }), HasSubstr("expected an object"));
  EXPECT_THAT(complaint([] { data(""); }), HasSubstr("not JSON"));
  EXPECT_THAT(complaint([] { data("{\"a\": 1,\n \"b\": }"); }),
              HasSubstr("data.json:2:7: error: not JSON: Invalid value."));
  EXPECT_THAT(complaint([] { data("{\"a\": 1} x"); }), HasSubstr("not JSON"));
  EXPECT_THAT(complaint([] { data("{\"a\": 1e999}"); }), HasSubstr("not JSON"));
  EXPECT_THAT(complaint([] { data("{\"a\": Nan}"); }), HasSubstr("not JSON"));
  EXPECT_THAT(complaint([] { data(std::string("{\"a\": 1\0}", 10)); }), HasSubstr("not JSON"));
}

TEST(Data, RefusesANameThatIsThereTwice) {
  EXPECT_THAT(complaint([] { data("{\"a\": 1,\n\"b\": 2, \"a\": 3}"); }),
              HasSubstr("data.json:2:9: error: variable 'a' is there twice"));
}

TEST(Data, RefusesDeepNestingWithoutRecursing) {
  EXPECT_THAT(complaint([] { data("{\"a\": " + std::string(1'000'000, '[')); }),
              HasSubstr("more than 64 levels of nesting"));
  EXPECT_THAT(complaint([] {
                std::string text;
                for (int i = 0; i < 100'000; ++i) text += "{\"a\":";
                data(text);
              }),
              HasSubstr("more than 64 levels of nesting"));
}

TEST(Data, ShowsAPieceOfALongLine) {
  std::string text = "{\"x\": [";
  for (int i = 0; i < 100'000; ++i) text += "1,";
  text += "oops]}";
  const std::string message = complaint([&] { data(text); });
  EXPECT_LT(message.size(), 400U);
  EXPECT_THAT(message, HasSubstr("..."));
  EXPECT_THAT(message, HasSubstr("oops"));
}

TEST(Data, RefusesAMissingFileByName) {
  EXPECT_THROW(DataSet::read("/nowhere/at/all.json"), FileError);
  EXPECT_THROW(DataSet::read("/"), FileError);
}

TEST(Data, AcceptsAByteOrderMark) { EXPECT_EQ(reals(data("\xEF\xBB\xBF{\"x\": 1}"), "x", {}), std::vector<double>{1}); }

// A tenth of the time that people notice, for a file larger than nearly all of posteriordb's; unoptimised builds and
// sanitizers are given ten times as long.
TEST(Data, ReadsTenMegabytesInWellUnderASecond) {
  std::string text = "{\"x\": [0.5";
  while (text.size() < 10'000'000) text += ", -1.23456789";
  text += "]}";
  const auto begin = std::chrono::steady_clock::now();
  const DataSet set = data(std::move(text));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(seconds.count(), 1.0);
#else
  EXPECT_LT(seconds.count(), 10.0);
#endif
  EXPECT_EQ(set.variables().size(), 1U);
}

TEST(Data, ReadsThePosteriordbFiles) {
  const char* shared = std::getenv("LEAPGRAPH_SHARED");
  const std::filesystem::path folder =
      (shared != nullptr ? std::filesystem::path(shared) : std::filesystem::path(LEAPGRAPH_SOURCE_DIR) / "../shared") /
      "posteriordb/data";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no " << folder;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const DataSet set = DataSet::read(entry.path());
    EXPECT_FALSE(set.variables().empty()) << entry.path();
    for (const DataVariable& variable : set.variables()) EXPECT_EQ(variable.fault, "") << entry.path() << variable.name;
  }
}

// Whatever is broken in a file, the answer is data or a DataError.
TEST(Data, SurvivesMutilatedFiles) {
  const std::string good = R"({"N": 3, "x": [[1.5, "NaN"], [2, -3e2]], "s": "a\"b\u00e9", "o": {"1": [1], "t": null}})";
  std::mt19937 random(20240229);
  const std::string_view alphabet = "[]{},:\"0123456789.-eE+NaInf\\u \n\t\x80";
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (auto edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 8);
      } else {
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
      if (text.empty()) text = "{";
    }
    try {
      const DataSet set = data(text);
      for (const DataVariable& variable : set.variables()) set.array({variable.name, DType::float64, variable.shape});
    } catch (const DataError&) {
    }
  }
}

TEST(Points, ReadsAListOfLists) {
  EXPECT_EQ(parse_points("p.json", "[[1, 2.5], [-3, 1e-2]]"), (std::vector<std::vector<double>>{{1, 2.5}, {-3, 0.01}}));
  EXPECT_EQ(parse_points("p.json", "[]").size(), 0U);
  EXPECT_EQ(parse_points("p.json", "[[], []]"), (std::vector<std::vector<double>>{{}, {}}));
}

TEST(Points, RefusesEverythingElse) {
  EXPECT_THAT(complaint([] { parse_points("p.json", "[1, 2]"); }),
              HasSubstr("p.json:1:1: error: expected a list of points"));
  EXPECT_THAT(complaint([] { parse_points("p.json", "[[1], [1, 2]]"); }), HasSubstr("ragged"));
  EXPECT_THAT(complaint([] { parse_points("p.json", "{\"a\": 1}"); }),
              HasSubstr("an object is a tuple and not a number"));
  EXPECT_THAT(complaint([] { parse_points("p.json", "[[1, \"x\"]]"); }), HasSubstr("a string is not a number"));
}

// The examples of FIPS 180-4 (one block, two blocks) and the empty text.
TEST(Sha256, GivesTheDigestsOfTheStandard) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(RDump, ReadsWhatJsonSays) {
  const DataSet set = data(R"(# written by dump()
N <- 3L
"x" <-
c(1.5, 2, -3e2)
`m` <- structure(c(1, 4, 2, 5, 3, 6), .Dim = c(2L, 3L)); k <- 4
)");
  EXPECT_EQ(set.array({"N", DType::int64, {}}).integer(), 3);
  EXPECT_EQ(reals(set, "x", {3}), (std::vector<double>{1.5, 2, -300}));
  EXPECT_EQ(set.array({"m", DType::int64, {2, 3}}).integer(3), 4);
  EXPECT_EQ(reals(set, "m", {2, 3}), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(RDump, KnowsSequencesZerosAndWords) {
  const DataSet set = data(
      "a <- 2:-1\nb <- structure(1:6, .Dim = 2:3)\nc <- integer(0)\nd <- double(2)\ne <- c(NaN, Inf, -Inf, 1e5)\n"
      "f <- structure(integer(0), .Dim = c(0L, 3L))\ng <- c()\nh <- c(1:2, 10L)");
  EXPECT_EQ(reals(set, "a", {4}), (std::vector<double>{2, 1, 0, -1}));
  EXPECT_EQ(reals(set, "b", {2, 3}), (std::vector<double>{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(set.array({"c", DType::int64, {0}}).shape(), symbolic::Shape{0});
  EXPECT_EQ(reals(set, "d", {2}), (std::vector<double>{0, 0}));
  EXPECT_EQ(reals(set, "f", {0, 3}), std::vector<double>{});
  EXPECT_EQ(reals(set, "g", {0}), std::vector<double>{});
  EXPECT_EQ(set.array({"h", DType::int64, {3}}).integer(2), 10);
  const std::vector<double> e = reals(set, "e", {4});
  EXPECT_TRUE(std::isnan(e[0]));
  EXPECT_EQ(std::vector<double>(e.begin() + 1, e.end()), (std::vector<double>{infinity, -infinity, 1e5}));
}

TEST(RDump, ComplainsAsJsonDoes) {
  const DataSet set = data(
      "x <- c(1, NA)\ny <- structure(1:6, .Dim = c(2, 2))\nz <- c(1, 2.5)\n"
      "m <- structure(c(1, 2, 3, 4), .Dim = c(2, 2))\nt <- TRUE\ns <- \"a\"");
  const auto found = [&](const DataWanted& wanted) { return complaint([&] { set.array(wanted); }); };
  EXPECT_THAT(found({"x", DType::float64, {2}}), HasSubstr("data.json:1:11: error: variable 'x': a missing value"));
  EXPECT_THAT(found({"y", DType::float64, {2, 2}}), HasSubstr(".Dim = [2, 2] does not fit 6 numbers"));
  EXPECT_THAT(found({"z", DType::int64, {2}}), HasSubstr("data.json:3:11: error: z[2] must be an integer"));
  EXPECT_THAT(found({"z", DType::float64, {3}}), HasSubstr("expected [3], found [2]"));
  EXPECT_THAT(found({"t", DType::int64, {}}), HasSubstr("a truth value is not a number"));
  EXPECT_THAT(found({"s", DType::int64, {}}), HasSubstr("a string is not a number"));
  EXPECT_THAT(found({"q", DType::int64, {}}), HasSubstr("q"));
  const DataError error = set.error({"m", DType::float64, {2, 2}}, 1, "must be at most 2");
  EXPECT_THAT(error.what(), HasSubstr("data.json:4:24: error: m[1, 2] must be at most 2, found 3"));
}

TEST(RDump, RefusesWhatIsNone) {
  const auto found = [](const char* text) { return complaint([&] { data(text); }); };
  EXPECT_THAT(found("x <- f(1)"), HasSubstr("'f' cannot stand here"));
  EXPECT_THAT(found("x <- c(1, 2"), HasSubstr("expected ',' or ')'"));
  EXPECT_THAT(found("x <- c(1,, 2)"), HasSubstr("expected a number"));
  EXPECT_THAT(found("x <- 1\nx <- 2"), HasSubstr("variable 'x' is there twice"));
  EXPECT_THAT(found("x <- 1 2"), HasSubstr("expected '<-'"));
  EXPECT_THAT(found("x <- 1e999"), HasSubstr("too large"));
  EXPECT_THAT(found("x <- 1:2000000000"), HasSubstr("more than"));
  EXPECT_THAT(found("x <- integer(-1)"), HasSubstr("how many zeros"));
  EXPECT_THAT(found("x <- structure(1:2, .Names = c(\"a\", \"b\"))"), HasSubstr("only .Dim is known"));
}

}  // namespace
}  // namespace leapgraph::models
