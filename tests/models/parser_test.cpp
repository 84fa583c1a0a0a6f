/// The parser over whole programs: good/*.stan survive printing and parsing again, format/*.stan get the layout and
/// bad/*.stan give the messages in their .expected files, and no mutilated program crashes it.
/// `LEAPGRAPH_UPDATE_GOLDEN=1 models_syntax_test` rewrites .expected.
#include "leapgraph/models/syntax/parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "leapgraph/models/syntax/format.hpp"
#include "leapgraph/models/syntax/lexer.hpp"
#include "leapgraph/models/syntax/tree.hpp"

namespace leapgraph::models {
namespace {

namespace fs = std::filesystem;

const fs::path programs = fs::path(LEAPGRAPH_SOURCE_DIR) / "tests/models/syntax";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<fs::path> programs_in(const fs::path& folder) {
  std::vector<fs::path> result;
  for (const auto& entry : fs::directory_iterator(programs / folder)) {
    if (entry.path().extension() == ".stan") result.push_back(entry.path());
  }
  std::ranges::sort(result);
  return result;
}

UntypedProgram parse_text(const std::string& text, const fs::path& folder = {}) {
  std::vector<fs::path> include_paths;
  if (!folder.empty()) include_paths.push_back(folder);
  Source source = Source::from_text("m.stan", text, include_paths);
  std::vector<Diagnostic> warnings;
  return parse(source, warnings);
}

/// What is wrong with a program, rendered; "" when nothing is.
std::string complaints(const std::string& text) {
  try {
    parse_text(text);
    return {};
  } catch (const ModelError& error) {
    return error.what();
  }
}

std::string tree_of(const std::string& expression) {
  const UntypedProgram program = parse_text("model { target += " + expression + "; }");
  const auto& statement = program.blocks.at(0).statements.at(0);
  return print_tree(std::get<TargetIncrement<Untyped>>(statement.node).value);
}

/// Compares with the file beside the program.
void expect_golden(const std::string& found, const fs::path& program) {
  const fs::path expected = fs::path(program).replace_extension(".expected");
  if (const char* update = std::getenv("LEAPGRAPH_UPDATE_GOLDEN"); update != nullptr && update[0] == '1') {
    std::ofstream(expected, std::ios::binary) << found;
  }
  EXPECT_EQ(found, read(expected));
}

class Good : public testing::TestWithParam<fs::path> {};
class Bad : public testing::TestWithParam<fs::path> {};
std::string stem(const testing::TestParamInfo<fs::path>& info) { return info.param.stem().string(); }

TEST_P(Good, KeepsItsTreeWhenItIsPrintedAndParsedAgain) {
  Source source = Source::read(GetParam());
  std::vector<Diagnostic> warnings;
  const UntypedProgram program = parse(source, warnings);
  const std::string printed = format(program);
  const UntypedProgram again = parse_text(printed);
  EXPECT_EQ(print_tree(again), print_tree(program));
  EXPECT_EQ(format(again), printed);
}
INSTANTIATE_TEST_SUITE_P(Programs, Good, testing::ValuesIn(programs_in("good")), stem);

/// Every comment and `#include` of the main file, without blanks.
std::string comments_of(const CommentedProgram& program, const Source& source) {
  std::string text;
  for (const Comment& comment : program.comments) {
    if (&source.file_at(comment.range.begin) != &source.files().front()) continue;
    for (const char c : source.text(comment.range)) {
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') text += c;
    }
    text += '\n';
  }
  return text;
}

/// Formats a program and parses the result: nothing but blanks may have changed, and formatting it again changes
/// nothing.
std::string formatted(Source source, const fs::path& includes) {
  std::vector<Diagnostic> warnings;
  const CommentedProgram program = parse_with_comments(source, warnings);
  const std::string text = format(program, source);
  Source again = Source::from_text("formatted.stan", text, {includes});
  const CommentedProgram parsed = parse_with_comments(again, warnings);
  EXPECT_EQ(print_tree(parsed.tree), print_tree(program.tree)) << text;
  EXPECT_EQ(comments_of(parsed, again), comments_of(program, source)) << text;
  EXPECT_EQ(format(parsed, again), text);
  EXPECT_EQ(text.find(" \n"), std::string::npos) << text;
  return text;
}

TEST_P(Good, IsFormattedWithItsComments) { formatted(Source::read(GetParam()), GetParam().parent_path()); }

TEST(Format, KeepsEveryProgramThatLiesHere) {
  for (const char* folder : {"programs", "types/good", "types/pedantic"}) {
    for (const fs::path& path : programs_in(fs::path("..") / folder)) formatted(Source::read(path), path.parent_path());
  }
}

class Format : public testing::TestWithParam<fs::path> {};
TEST_P(Format, GivesTheExpectedLayout) {
  expect_golden(formatted(Source::read(GetParam()), programs / "format"), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Programs, Format, testing::ValuesIn(programs_in("format")), stem);

TEST(Format, RefusesAnIncludeInTheMiddleOfAStatement) {
  Source source = Source::from_text("m.stan", "model { target +=\n#include \"two.inc\"\n; }", {programs / "format"});
  std::vector<Diagnostic> warnings;
  const CommentedProgram program = parse_with_comments(source, warnings);
  EXPECT_THROW(format(program, source), ModelError);
}

TEST_P(Bad, GivesTheExpectedMessages) {
  Source source = Source::from_text(GetParam().filename().string(), read(GetParam()), {GetParam().parent_path()});
  std::vector<Diagnostic> warnings;
  std::string messages;
  try {
    parse(source, warnings);
  } catch (const ModelError& error) {
    messages = error.what();
  }
  EXPECT_NE(messages, "") << "the program parses";
  expect_golden(messages, GetParam());
}
INSTANTIATE_TEST_SUITE_P(Programs, Bad, testing::ValuesIn(programs_in("bad")), stem);

TEST(Parser, BindsOperatorsInTheOrderOfTheLanguage) {
  EXPECT_EQ(tree_of("a ? b : c ? d : e"), "(?: a b (?: c d e))");
  EXPECT_EQ(tree_of("a || b && c"), "(|| a (&& b c))");
  EXPECT_EQ(tree_of("a && b == c"), "(&& a (== b c))");
  EXPECT_EQ(tree_of("a == b < c"), "(== a (< b c))");
  EXPECT_EQ(tree_of("a < b + c"), "(< a (+ b c))");
  EXPECT_EQ(tree_of("a + b * c"), "(+ a (* b c))");
  EXPECT_EQ(tree_of("a * b \\ c"), "(* a (\\ b c))");
  EXPECT_EQ(tree_of("a .* b %/% c"), "(.* a (%/% b c))");
  EXPECT_EQ(tree_of("a %/% -b"), "(%/% a (- b))");
  EXPECT_EQ(tree_of("-a * b"), "(* (- a) b)");
  EXPECT_EQ(tree_of("!a == b"), "(== (! a) b)");
  EXPECT_EQ(tree_of("-a ^ 2"), "(- (^ a 2))");
  EXPECT_EQ(tree_of("a ^ b'"), "(^ a (' b))");
  EXPECT_EQ(tree_of("a ^ b[1]"), "(^ a (index b 1))");
}

TEST(Parser, GroupsToTheLeftButPowersToTheRight) {
  EXPECT_EQ(tree_of("a - b + c"), "(+ (- a b) c)");
  EXPECT_EQ(tree_of("a / b * c % d"), "(% (* (/ a b) c) d)");
  EXPECT_EQ(tree_of("a < b < c"), "(< (< a b) c)");
  EXPECT_EQ(tree_of("a ^ b .^ c"), "(^ a (.^ b c))");
  EXPECT_EQ(tree_of("a ^ -b ^ c * d"), "(* (^ a (- (^ b c))) d)");
}

TEST(Parser, TellsTheFormsOfCallsAndIndicesApart) {
  EXPECT_EQ(tree_of("f(a | b, c)"), "(call| f a b c)");
  EXPECT_EQ(tree_of("f(a, b)"), "(call f a b)");
  EXPECT_EQ(tree_of("x[1, , 2:, :3, 4:5, :]"), "(index x 1 (:) (from 2) (to 3) (between 4 5) (:))");
  EXPECT_EQ(tree_of("x[a ? b : c : d]"), "(index x (between (?: a b c) d))");
  EXPECT_EQ(tree_of("t.2.1[3]'"), "(' (index (slot 1 (slot 2 t)) 3))");
  EXPECT_EQ(tree_of("(a) + (b,) + (c, d)"), "(+ (+ a (tuple b)) (tuple c d))");
}

TEST(Parser, ReadsTheValuesOfNumbers) {
  EXPECT_EQ(tree_of("2147483647"), "2147483647");
  EXPECT_EQ(tree_of("1_000.5"), "1000.5");
  EXPECT_EQ(tree_of(".1"), "0.1");
  EXPECT_EQ(tree_of("1e-400"), "0.0");
  EXPECT_EQ(tree_of("4.9e-324"), "5e-324");
  EXPECT_EQ(tree_of("1.5e3i"), "1500.0i");
}

TEST(Parser, PutsAnElseToTheNearestIf) {
  const UntypedProgram program = parse_text("model { if (a) if (b) x = 1; else x = 2; }");
  const auto& outer = std::get<If<Untyped>>(program.blocks.at(0).statements.at(0).node);
  EXPECT_EQ(outer.otherwise, nullptr);
  EXPECT_NE(std::get<If<Untyped>>(outer.branches.at(0).body->node).otherwise, nullptr);
}

TEST(Parser, RemembersWhereEverythingStands) {
  const std::string text = "model { target += (a + f(b)) * c[1]; }";
  Source source = Source::from_text("m.stan", text);
  std::vector<Diagnostic> warnings;
  const UntypedProgram program = parse(source, warnings);
  const auto& statement = program.blocks.at(0).statements.at(0);
  EXPECT_EQ(source.text(statement.range), "target += (a + f(b)) * c[1];");
  const auto& product = std::get<Binary<Untyped>>(std::get<TargetIncrement<Untyped>>(statement.node).value.node);
  EXPECT_EQ(source.text(product.op_range), "*");
  EXPECT_EQ(source.text(product.left->range), "(a + f(b))");
  EXPECT_EQ(source.text(product.right->range), "c[1]");
}

TEST(Parser, WarnsOfAnEmptyProgram) {
  Source source = Source::from_text("m.stan", "// nothing\n");
  std::vector<Diagnostic> warnings;
  parse(source, warnings);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].severity, Severity::Warning);
}

TEST(Parser, RefusesIncludesWithoutAFolder) {
  EXPECT_NE(complaints("functions {\n#include \"a.stan\"\n}").find("no include path is given"), std::string::npos);
}

TEST(Parser, TakesWhatIsNestedToItsLimitAndNoFurther) {
  const auto nested = [](int depth) {
    const auto times = [&](const char* part) {
      std::string result;
      for (int i = 0; i < depth; ++i) result += part;
      return result;
    };
    return std::vector<std::string>{
        "model { x = " + times("(") + "1" + times(")") + "; }",
        "model { x = " + times("-") + "1; }",
        "model { x = " + times("f(") + "1" + times(")") + "; }",
        "model { x = " + times("a[") + "1" + times("]") + "; }",
        "model { x = " + times("a ? 1 : ") + "1; }",
        "model { x = " + times("1 ^ ") + "1; }",
        "model " + times("{") + times("}"),
        "model {" + times("if (a) ") + "x = 1; }",
        "data { " + times("tuple(int, ") + "int" + times(")") + " x; }",
    };
  };
  for (const std::string& program : nested(100)) EXPECT_EQ(complaints(program), "") << program;
  for (int depth : {300, 100'000}) {
    for (const std::string& program : nested(depth)) {
      EXPECT_NE(complaints(program).find("nested more than 256 levels deep"), std::string::npos)
          << program.substr(0, 40);
    }
  }
}

TEST(Parser, TakesLongChainsToTheirLimitAndNoFurther) {
  const auto chains = [](int length) {
    const auto times = [&](const char* part) {
      std::string result;
      for (int i = 0; i < length; ++i) result += part;
      return result;
    };
    return std::vector<std::string>{"model { x = 1" + times(" + 1") + "; }", "model { x = a" + times("'") + "; }",
                                    "model { x = a" + times("[1]") + "; }", "model { x = a" + times(".1") + "; }"};
  };
  for (const std::string& program : chains(990)) EXPECT_EQ(complaints(program), "");
  for (int length : {1001, 100'000}) {
    for (const std::string& program : chains(length)) {
      EXPECT_NE(complaints(program).find("more than 1000 operations"), std::string::npos);
    }
  }
  // What is long but not deep has no limit of its own.
  std::string branches = "model { if (a) x = 1; ";
  std::string list = "model { x = {1";
  for (int i = 0; i < 20'000; ++i) {
    branches += "else if (a) x = 1; ";
    list += ", 1";
  }
  EXPECT_EQ(complaints(branches + "}"), "");
  EXPECT_EQ(complaints(list + "}; }"), "");
}

TEST(Parser, ReportsNoMoreThanAHundredErrors) {
  std::string text = "model {\n";
  for (int i = 0; i < 1000; ++i) text += "x = ;\n";
  try {
    parse_text(text + "}");
    FAIL();
  } catch (const ModelError& error) {
    EXPECT_EQ(error.diagnostics().size(), max_errors);
  }
}

/// A program with a few characters or stretches of it removed, doubled, moved or replaced.
std::string mutilate(std::string text, const std::vector<std::string>& others, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  static const std::string signs = "{}()[]<>,;|?:!-+^'*/%\\.&=~#\"0123456789eEi_ \n\tTx\x80\xFF";
  static const std::vector<std::string> words = {"data {", "model",      "transformed", "generated quantities {",
                                                 "if (",   "for (i in ", "else",        "real",
                                                 "array[", "tuple(",     "T[",          "target +=",
                                                 "/*",     "*/",         "//",          "#include",
                                                 "print(", "functions {"};
  for (std::size_t edit = 0, edits = 1 + below(4); edit < edits; ++edit) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(12), text.size() - at);
    switch (below(7)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, 1, signs[below(signs.size())]);
        break;
      case 3:
        text.insert(at, words[below(words.size())]);
        break;
      case 4:
        text.insert(below(text.size() + 1), text.substr(at, 10 * length));
        break;
      case 5: {
        const std::string& other = others[below(others.size())];
        text.insert(at, other.substr(below(other.size()), 40));
        break;
      }
      default:
        if (at < text.size()) text[at] = static_cast<char>(random());
    }
  }
  return text;
}

TEST(Parser, SurvivesMutilatedPrograms) {
  std::vector<std::string> texts;
  for (const fs::path& path : programs_in("good")) texts.push_back(read(path));
  std::mt19937 random(20240607);
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = mutilate(texts[random() % texts.size()], texts, random);
    try {
      const UntypedProgram program = parse_text(text, programs / "good");
      ++accepted;
      const std::string printed = format(program);
      ASSERT_EQ(print_tree(parse_text(printed)), print_tree(program)) << text;
      if (i % 4 != 0) continue;
      try {
        formatted(Source::from_text("m.stan", text, {programs / "good"}), programs / "good");
      } catch (const ModelError& refusal) {
        ASSERT_NE(std::string(refusal.what()).find("'#include' in the middle"), std::string::npos) << text;
      }
    } catch (const ModelError& error) {
      ASSERT_FALSE(error.diagnostics().empty()) << text;
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 2900);
}

}  // namespace
}  // namespace leapgraph::models
