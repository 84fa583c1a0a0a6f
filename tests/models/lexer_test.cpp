/// Program text to tokens: kinds, numbers, comments, includes, limits; and how places are shown.
#include "leapgraph/models/syntax/lexer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "leapgraph/models/source.hpp"

namespace leapgraph::models {
namespace {

struct Lexed {
  std::vector<std::string> texts;
  std::vector<TokenKind> kinds;
  std::vector<Diagnostic> diagnostics;
  std::string messages;
  bool complete = true;
};

Lexed lex(const std::string& text) {
  Source source = Source::from_text("m.stan", text);
  Lexed result;
  const Tokens tokens = tokenize(source, result.diagnostics);
  for (const Token& token : tokens.tokens) {
    if (token.kind == TokenKind::End) break;
    result.texts.emplace_back(source.text(token.range));
    result.kinds.push_back(token.kind);
  }
  result.messages = render(source, result.diagnostics);
  result.complete = tokens.complete;
  return result;
}

using Texts = std::vector<std::string>;
using Kinds = std::vector<TokenKind>;
using enum TokenKind;

TEST(Lexer, TakesTheLongestSign) {
  EXPECT_EQ(lex("a.*=b./=c%/%d.^e<=f==g||h").texts,
            (Texts{"a", ".*=", "b", "./=", "c", "%/%", "d", ".^", "e", "<=", "f", "==", "g", "||", "h"}));
  EXPECT_EQ(lex("x=-1<-2'").texts, (Texts{"x", "=", "-", "1", "<", "-", "2", "'"}));
}

TEST(Lexer, TellsIntegersRealsAndImaginaryNumbersApart) {
  const Lexed result = lex("0 1_000 1. 1.5 .5 1e3 1.e-3 .5E+2 1_0.2_5 2i 2.5i .5i 1e3i");
  EXPECT_EQ(result.kinds,
            (Kinds{IntLiteral, IntLiteral, RealLiteral, RealLiteral, DotLiteral, RealLiteral, RealLiteral, RealLiteral,
                   RealLiteral, ImaginaryLiteral, ImaginaryLiteral, ImaginaryLiteral, ImaginaryLiteral}));
  EXPECT_TRUE(result.diagnostics.empty()) << result.messages;
}

TEST(Lexer, ReadsTheSlotsOfTuplesOneByOne) {
  EXPECT_EQ(lex("t.1.2").kinds, (Kinds{Identifier, DotLiteral, DotLiteral}));
}

TEST(Lexer, LetsTheLongerNumberWinOverAnElementwiseOperator) {
  EXPECT_EQ(lex("2.*x").texts, (Texts{"2.", "*", "x"}));
  EXPECT_EQ(lex("2 .*x").texts, (Texts{"2", ".*", "x"}));
}

TEST(Lexer, DropsCommentsAndBlanks) {
  EXPECT_EQ(lex("a // b\n/* c\n d */ e/**/f // the end").texts, (Texts{"a", "e", "f"}));
  EXPECT_EQ(lex("a // b\rc").texts, (Texts{"a", "c"}));
  EXPECT_EQ(lex("\xEF\xBB\xBF a").texts, (Texts{"a"}));
}

TEST(Lexer, KnowsWordsFromNamesThatContainThem) {
  EXPECT_EQ(lex("if iffy data data_ T vector real auto").kinds,
            (Kinds{If, Identifier, Data, Identifier, Identifier, TokenKind::TypeWord, TokenKind::TypeWord, Reserved}));
}

TEST(Lexer, ReportsAnOpenCommentAtItsStart) {
  const Lexed result = lex("a\n  /* b\nc");
  EXPECT_FALSE(result.complete);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_TRUE(result.messages.starts_with("m.stan:2:3: error: this comment has no end")) << result.messages;
}

TEST(Lexer, ReportsANameWithTwoUnderscoresOnce) { EXPECT_EQ(lex("a__ = a__ + b__;").diagnostics.size(), 2u); }

TEST(Lexer, StopsAtTooManyErrors) {
  const Lexed result = lex(std::string(1'000'000, '$'));
  EXPECT_EQ(result.diagnostics.size(), max_errors);
  EXPECT_FALSE(result.complete);
}

TEST(Lexer, RefusesTooManyTokens) {
  Source source = Source::from_text("m.stan", std::string(max_tokens + 10, ';'));
  std::vector<Diagnostic> diagnostics;
  const Tokens tokens = tokenize(source, diagnostics);
  EXPECT_FALSE(tokens.complete);
  EXPECT_EQ(tokens.tokens.size(), max_tokens + 1);
  ASSERT_EQ(diagnostics.size(), 1u);
}

TEST(Source, RefusesATextThatIsTooLarge) {
  EXPECT_THROW(Source::from_text("m.stan", std::string(Source::max_bytes + 1, ' ')), FileError);
  EXPECT_NO_THROW(Source::from_text("m.stan", std::string(Source::max_bytes, ' ')));
}

TEST(Source, NamesAFileThatIsMissing) {
  try {
    Source::read("no/such/model.stan");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_STREQ(error.what(), "no/such/model.stan: cannot read the model: there is no such file");
  }
  EXPECT_THROW(Source::read(std::filesystem::temp_directory_path()), FileError);
}

TEST(Source, CountsColumnsInCharacters) {
  const Source source = Source::from_text("m.stan", "a\n/* \xC3\xA9 */ x");
  EXPECT_EQ(source.locate(0).line, 1);
  EXPECT_EQ(source.locate(11).line, 2);
  EXPECT_EQ(source.locate(11).column, 9);
  EXPECT_EQ(source.text({11, 12}), "x");
}

TEST(Source, ShowsTheLineWithTwoBeforeItAndCarets) {
  const Source source = Source::from_text("m.stan", "one\ntwo\n\tthree \xC3\xA9 four\nfive");
  const Diagnostic diagnostic{
      .range = {18, 22}, .message = "a", .expected = "b", .found = "c", .hint = "d", .severity = Severity::Warning};
  EXPECT_EQ(render(source, diagnostic),
            "m.stan:3:10: warning: a: expected b, found c\n"
            "   1 | one\n"
            "   2 | two\n"
            "   3 |   three \xC3\xA9 four\n"
            "     |           ^^^^\n"
            "     = d\n");
}

TEST(Source, ShowsThePartOfALongLineThatMatters) {
  const Source source = Source::from_text("m.stan", std::string(1000, 'a') + "bc" + std::string(1000, 'd'));
  const std::string shown = render(source, {.range = {1000, 1002}, .message = "here"});
  EXPECT_LT(shown.size(), 500u);
  EXPECT_NE(shown.find("...aaa"), std::string::npos);
  EXPECT_NE(shown.find("abcd"), std::string::npos);
}

TEST(Source, ShowsPlacesAtTheEdgesOfTheText) {
  for (const char* text : {"", "\n", "a", "a\n", "a\r\nb", "\xFF\xFE\x01"}) {
    const Source source = Source::from_text("m.stan", text);
    const auto size = static_cast<std::uint32_t>(std::string_view(text).size());
    for (std::uint32_t begin = 0; begin <= size; ++begin) {
      for (std::uint32_t end = begin; end <= size; ++end) {
        EXPECT_NE(render(source, {.range = {begin, end}, .message = "here"}).find('^'), std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace leapgraph::models
