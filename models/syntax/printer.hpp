/// The printer of programs: one function for each kind of node, and the comments between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/models/syntax/ast.hpp"
#include "leapgraph/models/syntax/layout.hpp"
#include "leapgraph/models/syntax/lexer.hpp"

namespace leapgraph::models {

/// Prints trees. With a source it keeps what a tree does not hold: comments, empty lines, `#include`s in place of what
/// they include, how numbers are written, and parentheses around operations.
class Printer {
 public:
  explicit Printer(std::size_t width) : out_(width) {}
  Printer(std::size_t width, const Source& source, const std::vector<Comment>& comments);

  // format.cpp
  void program(const UntypedProgram& program);
  void statement(const UntypedStatement& one);

  // format_expression.cpp
  void expression(const UntypedExpression& one);
  void type(const SizedType<Untyped>& one);
  void type(const UnsizedType& one);

  std::string take() { return out_.take(); }

 private:
  // format.cpp
  void definition(const FunctionDefinition<Untyped>& function);
  void statement_list(const std::vector<UntypedStatement>& list, Range block);
  void open_block(Range block);
  void close_block(Range block);
  void body(const UntypedStatement& one);
  void conditional(const If<Untyped>& node);
  void message(const Message<Untyped>& node);
  void increment(std::string_view what, const UntypedExpression& value);

  // comments, in format.cpp
  bool from_include(Range range) const { return source_ != nullptr && range.begin >= main_end_; }
  bool comment_waits(std::uint32_t before) const {
    return next_ < comments_.size() && comments_[next_].range.begin < before;
  }
  /// Newlines of the source between what was printed last and `offset`.
  std::ptrdiff_t lines_until(std::uint32_t offset) const;
  /// The comments before `offset`: behind the present line, or on lines of their own.
  void lines_of_comments(std::uint32_t offset);
  /// Begins the line of what stands at `place`, comments before it.
  void begin_line(Range place, bool keep_empty_line = true);
  /// The comments before `offset` within a line.
  void comments_within(std::uint32_t offset);
  void comment(const Comment& one);

  // format_expression.cpp
  void operand(const UntypedExpression& one, int least);
  void list(const std::vector<UntypedExpression>& expressions);
  void arguments(std::string_view name, const std::vector<UntypedExpression>& expressions, bool conditional,
                 std::uint32_t end);
  void index(const Index<Untyped>& one);
  void bounds(const Bounds<Untyped>& one);
  bool was_in_parentheses(const UntypedExpression& one) const;
  /// A number as it is written; empty without a source.
  std::string_view spelling(const UntypedExpression& one) const;

  Layout out_;
  int level_ = 0;
  const Source* source_ = nullptr;
  std::uint32_t main_end_ = 0;     // of the main file; included text has offsets beyond it
  std::vector<Comment> comments_;  // of the main file
  std::size_t next_ = 0;           // the first that is not printed
  std::uint32_t last_ = 0;         // the end of what was printed last, in the source
  bool line_is_closed_ = true;     // nothing may be printed behind it: no text yet, or a comment to the end of the line
  bool at_start_ = true;           // of the text or of a block: no empty line here
};

}  // namespace leapgraph::models
