#include "leapgraph/models/syntax/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "leapgraph/models/syntax/lexer.hpp"
#include "leapgraph/models/syntax/rules.hpp"
#include "leapgraph/models/syntax/token_stream.hpp"

namespace leapgraph::models {
namespace {

/// The parts of a program in their order: the functions, then the blocks.
constexpr int functions_part = 0;
constexpr int part_count = 1 + block_count;

std::string_view part_name(int part) {
  return part == functions_part ? "functions" : text(static_cast<BlockKind>(part - 1));
}

/// What a misspelled header most likely means: 'parameter', 'transform', 'quantity'.
std::optional<TokenKind> meant_by(std::string_view word) {
  struct Start {
    std::string_view letters;
    TokenKind word;
  };
  static constexpr Start starts[] = {{"fun", TokenKind::Functions},      {"dat", TokenKind::Data},
                                     {"para", TokenKind::Parameters},    {"mod", TokenKind::Model},
                                     {"transf", TokenKind::Transformed}, {"gener", TokenKind::Generated},
                                     {"quant", TokenKind::Quantities}};
  for (const Start& start : starts) {
    if (word.size() >= start.letters.size() &&
        std::equal(start.letters.begin(), start.letters.end(), word.begin(),
                   [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b); })) {
      return start.word;
    }
  }
  return std::nullopt;
}

/// Takes the header of a block. Reports a misspelled one and takes it for what it means; fails on anything else.
int block_header(TokenStream& tokens) {
  const auto word = [&](std::string_view expected) {
    const Token token = tokens.peek();
    if (token.kind != TokenKind::Identifier) return token.kind;
    const auto meant = meant_by(tokens.text(token));
    if (!meant) return TokenKind::Identifier;
    tokens.report_unexpected(std::string(expected), fmt::format("write '{}'", text(*meant)));
    return *meant;
  };
  static constexpr std::string_view blocks =
      "a program block (functions, data, transformed data, parameters, transformed parameters, model, "
      "generated quantities)";
  if (tokens.at(TokenKind::Identifier) && !tokens.at(TokenKind::LeftBrace, 1) && !tokens.at(TokenKind::LeftBrace, 2)) {
    tokens.fail(std::string(blocks), tokens.previous().kind == TokenKind::RightBrace
                                         ? "the '}' before this may close its block too early"
                                         : "");
  }
  const TokenKind first = word(blocks);
  const auto second = [&](TokenKind wanted, std::string_view expected) {
    tokens.next();
    const TokenKind found = word(expected);
    if (found != wanted) return false;
    tokens.next();
    return true;
  };
  switch (first) {
    case TokenKind::Functions:
      tokens.next();
      return functions_part;
    case TokenKind::Data:
      tokens.next();
      return 1 + static_cast<int>(BlockKind::Data);
    case TokenKind::Parameters:
      tokens.next();
      return 1 + static_cast<int>(BlockKind::Parameters);
    case TokenKind::Model:
      tokens.next();
      return 1 + static_cast<int>(BlockKind::Model);
    case TokenKind::Transformed:
      if (second(TokenKind::Data, "'data' or 'parameters'")) return 1 + static_cast<int>(BlockKind::TransformedData);
      if (tokens.at(TokenKind::Parameters) || tokens.at(TokenKind::Identifier)) {
        if (tokens.at(TokenKind::Identifier) && !meant_by(tokens.text(tokens.peek()))) {
          tokens.fail("'data' or 'parameters'");
        }
        tokens.next();
        return 1 + static_cast<int>(BlockKind::TransformedParameters);
      }
      tokens.fail("'data' or 'parameters'");
    case TokenKind::Generated:
      if (second(TokenKind::Quantities, "'quantities'")) return 1 + static_cast<int>(BlockKind::GeneratedQuantities);
      tokens.fail("'quantities'");
    case TokenKind::RightBrace:
      tokens.fail(std::string(blocks), "this '}' has no '{'; a block before it may be closed too early");
    case TokenKind::TypeWord:
    case TokenKind::Array:
    case TokenKind::For:
    case TokenKind::If:
    case TokenKind::Target:
      tokens.fail(std::string(blocks), tokens.previous().kind == TokenKind::RightBrace
                                           ? "the '}' before this may close its block too early"
                                           : "declarations and statements stand inside the blocks");
    default:
      tokens.fail(std::string(blocks));
  }
}

}  // namespace

UntypedProgram Rules::program() {
  UntypedProgram program;
  std::array<std::optional<Range>, part_count> headers;
  int latest = -1;
  while (!tokens_.at(TokenKind::End)) {
    try {
      const Range begin = tokens_.peek().range;
      const int part = block_header(tokens_);
      const Range header = since(begin);
      const std::string what = fmt::format("the {} block", part_name(part));
      if (headers[static_cast<std::size_t>(part)]) {
        const int line = tokens_.source().locate(headers[static_cast<std::size_t>(part)]->begin).line;
        tokens_.report(header, fmt::format("a second {} block", part_name(part)),
                       fmt::format("the first one is in line {}", line));
      } else if (part < latest) {
        tokens_.report(header,
                       fmt::format("the {} block must stand before the {} block", part_name(part), part_name(latest)),
                       "the order is functions, data, transformed data, parameters, transformed parameters, model, "
                       "generated quantities");
      }
      headers[static_cast<std::size_t>(part)] = header;
      latest = std::max(latest, part);

      if (!tokens_.at(TokenKind::LeftBrace)) {
        tokens_.report_unexpected(fmt::format("'{{' after '{}'", part_name(part)));
        if (tokens_.at(TokenKind::LeftBrace, 1)) tokens_.next();
      }
      const Token open = tokens_.at(TokenKind::LeftBrace) ? tokens_.next() : tokens_.previous();
      if (part == functions_part) {
        function_list(program);
        program.functions_range = cover(begin, tokens_.close_block(open, what));
        continue;
      }
      ProgramBlock<Untyped> block;
      block.kind = static_cast<BlockKind>(part - 1);
      const Scope scope = block.kind == BlockKind::Data || block.kind == BlockKind::Parameters ? Scope::DeclarationsOnly
                          : block.kind == BlockKind::Model                                     ? Scope::Local
                                                                                               : Scope::TopLevel;
      Range end;
      block.statements = statement_list(scope, open, what, end);
      block.range = cover(begin, end);
      program.blocks.push_back(std::move(block));
    } catch (const TokenStream::Unwind&) {
      do {
        tokens_.next();
      } while (!tokens_.at(TokenKind::End) && !tokens_.at_block_start());
    }
  }
  return program;
}

/// The definitions up to the '}' of the functions block.
void Rules::function_list(UntypedProgram& program) {
  while (!tokens_.at(TokenKind::RightBrace) && !tokens_.at(TokenKind::End) && !tokens_.at_block_start()) {
    const std::size_t begin = tokens_.position();
    try {
      if (tokens_.accept(TokenKind::Semicolon)) continue;
      program.functions.push_back(function_definition());
    } catch (const TokenStream::Unwind&) {
      tokens_.recover(begin);
      try {
        if (tokens_.at(TokenKind::LeftBrace)) block();  // the body of a function whose head is wrong
      } catch (const TokenStream::Unwind&) {
        tokens_.recover(tokens_.position());
      }
    }
  }
}

/// ("void" | type) name "(" arguments ")" (";" | block)
FunctionDefinition<Untyped> Rules::function_definition() {
  FunctionDefinition<Untyped> result;
  const Range begin = tokens_.peek().range;
  if (!tokens_.accept(TokenKind::Void)) {
    if (!tokens_.at(TokenKind::TypeWord) && !tokens_.at(TokenKind::Array) && !tokens_.at(TokenKind::Tuple)) {
      tokens_.fail("the result type of a function, or 'void'");
    }
    result.result = unsized_type();
  }
  result.name = new_name("a function");
  const Token open = tokens_.peek();
  tokens_.expect(TokenKind::LeftParenthesis, {}, "the functions block holds functions only");
  if (!tokens_.at(TokenKind::RightParenthesis)) {
    do {
      result.arguments.push_back(argument());
    } while (tokens_.accept(TokenKind::Comma));
  }
  tokens_.expect_closing(TokenKind::RightParenthesis, open, "',' or ')'");
  if (tokens_.accept(TokenKind::Semicolon)) {
    result.range = since(begin);
    return result;
  }
  if (tokens_.at(TokenKind::LeftBrace)) {
    result.body = std::make_unique<Stmt>(block());
  } else {
    tokens_.report_unexpected("the body of the function in '{' and '}', or ';'");
    const bool next_function =
        tokens_.at_line_start() && (tokens_.at(TokenKind::TypeWord) || tokens_.at(TokenKind::Void) ||
                                    tokens_.at(TokenKind::Array) || tokens_.at(TokenKind::Tuple));
    if (!next_function && !tokens_.at_line_start()) {
      statement(Scope::Local);
    } else if (!next_function) {
      Range end;
      statement_list(Scope::Local, open, "the function", end);
    }
  }
  result.range = since(begin);
  return result;
}

/// ["data"] type name
Argument Rules::argument() {
  Argument result;
  result.data_only = tokens_.accept(TokenKind::Data);
  result.type = unsized_type();
  result.name = new_name("an argument");
  if (tokens_.at(TokenKind::LeftBracket)) {
    const Range open = tokens_.peek().range;
    tokens_.skip_brackets();
    tokens_.report(since(open), "an array is declared before the type of its elements",
                   fmt::format("write 'array[] {} {}'", tokens_.text(result.type.range), result.name.text));
  }
  return result;
}

UntypedProgram parse(Source& source, std::vector<Diagnostic>& warnings) {
  return parse_with_comments(source, warnings).tree;
}

CommentedProgram parse_with_comments(Source& source, std::vector<Diagnostic>& warnings) {
  std::vector<Diagnostic> errors;
  Tokens tokens = tokenize(source, errors);
  std::vector<Comment> comments = std::move(tokens.comments);
  UntypedProgram program;
  try {
    TokenStream stream(source, std::move(tokens), errors);
    program = Rules(stream).program();
  } catch (const TokenStream::TooManyErrors&) {
    // The errors that are there say enough.
  }
  if (!errors.empty()) {
    std::ranges::stable_sort(errors, {}, [](const Diagnostic& error) { return error.range.begin; });
    throw ModelError(source, std::move(errors));
  }
  if (program.blocks.empty() && program.functions.empty()) {
    warnings.push_back({.range = {}, .message = "the program is empty", .severity = Severity::Warning});
  }
  return {std::move(program), std::move(comments)};
}

}  // namespace leapgraph::models
