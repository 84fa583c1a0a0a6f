/// Indexing in NumPy's way against NumPy itself (indexing_values.py), with indices that are numbers, data and values of
/// the call; derivatives; error messages.
#include <fstream>
#include <sstream>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/indexing.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

using Numbers = std::vector<std::int64_t>;

Numbers numbers(const std::string& text) {
  Numbers result;
  std::stringstream in(text);
  for (std::string word; std::getline(in, word, ',');) result.push_back(std::stoll(word));
  return result;
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> result(1);
  for (char c : text)
    if (c == by)
      result.emplace_back();
    else
      result.back() += c;
  return result;
}

/// A line of the table as a graph: x[items], set and inc. Integers of the index are written down, or inputs.
struct Case {
  std::string line;
  Exprs inputs, outputs;
  Arrays arguments;
  std::vector<Shape> shapes;
  std::vector<Numbers> wanted;
};

Case case_of(const std::string& line, bool run_time) {
  const std::vector<std::string> fields = split(line, '|');
  Case c{line, {}, {}, {}, {}, {}};
  const auto given = [&](const Array& value, const char* name) {
    if (!run_time) return constant(value);
    c.inputs.push_back(input({value.dtype(), Shape(value.shape().size(), unknown)}, name));
    c.arguments.push_back(value);
    return c.inputs.back();
  };
  Array x(Type{DType::float64, numbers(fields[0])});
  for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, static_cast<double>(i));
  const Expr whole = given(x, "x");
  Indices items;
  for (const std::string& word : split(fields[1], ' ')) {
    if (word.empty()) continue;
    const std::string rest = word.substr(1);
    const std::vector<std::string> parts = split(rest, ':');
    const auto bound = [&](const std::string& text) -> Bound {
      if (text == "None") return none;
      if (!run_time) return std::stoll(text);
      return given(Array::scalar(std::int64_t{std::stoll(text)}), "bound");
    };
    switch (word[0]) {
      case 'n':
        items.emplace_back(newaxis);
        break;
      case 'e':
        items.emplace_back(ellipsis);
        break;
      case 'i':
        if (run_time)
          items.emplace_back(given(Array::scalar(std::int64_t{std::stoll(rest)}), "i"));
        else
          items.emplace_back(std::stoll(rest));
        break;
      case 's': {
        const Bound start = bound(parts[0]), stop = bound(parts[1]);
        items.emplace_back(range(start, stop, std::stoll(parts[2])));
        break;
      }
      case 't':
        items.emplace_back(given(Array::of<std::int64_t>(numbers(parts[0]), numbers(parts[1])), "t"));
        break;
      default: {
        Array mask(Type{DType::boolean, numbers(parts[0])});
        const Numbers values = numbers(parts[1]);
        for (std::size_t i = 0; i < values.size(); ++i) mask.set_integer(static_cast<std::int64_t>(i), values[i]);
        items.emplace_back(given(mask, "m"));
      }
    }
  }
  const Expr part = index(whole, items);
  Array y(Type{DType::float64, numbers(fields[2])});
  for (std::int64_t i = 0; i < y.size(); ++i) y.set(i, static_cast<double>(100 + i));
  const Expr values = given(y, "y");
  c.outputs = {part, set_subtensor(part, values), inc_subtensor(part, values)};
  c.shapes = {numbers(fields[2]), numbers(fields[0]), numbers(fields[0])};
  c.wanted = {numbers(fields[3]), numbers(fields[4]), numbers(fields[5])};
  return c;
}

void expect_wanted(const Case& c, std::span<const Array> got) {
  for (std::size_t k = 0; k < c.wanted.size(); ++k) {
    ASSERT_EQ(got[k].shape(), c.shapes[k]) << c.line << ", output " << k;
    for (std::size_t i = 0; i < c.wanted[k].size(); ++i)
      ASSERT_EQ(got[k].real(static_cast<std::int64_t>(i)), static_cast<double>(c.wanted[k][i]))
          << c.line << ", output " << k << ", element " << i;
  }
}

std::vector<std::string> lines() {
  std::ifstream in(LEAPGRAPH_SOURCE_DIR "/tests/symbolic/indexing_values.txt");
  std::vector<std::string> result;
  for (std::string line; std::getline(in, line);) result.push_back(line);
  return result;
}

TEST(Indexing, IsNumPysForRandomIndices) {
  const std::vector<std::string> all = lines();
  ASSERT_GT(all.size(), 300u);
  for (const std::string& line : all) {
    const Case c = case_of(line, false);
    EXPECT_NO_THROW(verify(Graph{{}, c.outputs}));
    expect_wanted(c, interpret(Graph{{}, c.outputs}, {}));
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Indexing, IsTheSameForIndicesThatOnlyTheCallTells) {
  for (const std::string& line : lines()) {
    const Case c = case_of(line, true);
    EXPECT_NO_THROW(verify(Graph{c.inputs, c.outputs}));
    expect_wanted(c, interpret(Graph{c.inputs, c.outputs}, c.arguments));
    std::vector<Shape> shapes;
    for (const Array& a : c.arguments) shapes.push_back(a.shape());
    const Graph special = specialize(Graph{c.inputs, c.outputs}, shapes);
    EXPECT_NO_THROW(verify(special));
    expect_wanted(c, interpret(special, c.arguments));
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// Many cases in one function, which is one run of the C compiler.
void expect_native(std::span<const std::string> some, bool run_time) {
  std::vector<Case> cases;
  Exprs inputs, outputs;
  Arrays arguments;
  for (const std::string& line : some) {
    cases.push_back(case_of(line, run_time));
    const Case& c = cases.back();
    inputs.insert(inputs.end(), c.inputs.begin(), c.inputs.end());
    outputs.insert(outputs.end(), c.outputs.begin(), c.outputs.end());
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
  }
  const Arrays got = function(inputs, outputs, {.target = CompileOptions::Target::native, .cache = false})(arguments);
  for (std::size_t i = 0; i < cases.size(); ++i) expect_wanted(cases[i], std::span(got).subspan(3 * i, 3));
}

TEST(Indexing, NativeCodeDoesTheSame) {
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  const std::vector<std::string> all = lines();
  std::vector<std::string> some;
  for (std::size_t i = 0; i < all.size(); i += 12) some.push_back(all[i]);
  expect_native(some, true);
  expect_native(some, false);
}

}  // namespace
}  // namespace leapgraph::symbolic
