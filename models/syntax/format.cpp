#include "leapgraph/models/syntax/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/printer.hpp"

namespace leapgraph::models {
namespace {

constexpr std::size_t line_width = 80;
constexpr std::size_t unbroken = std::numeric_limits<std::size_t>::max() / 2;

}  // namespace

// ---------------------------------------------------------------- statements

void Printer::program(const UntypedProgram& program) {
  bool first = true;
  const auto header = [&](Range range, std::string_view name) {
    // Blocks follow each other without an empty line; comments between them keep theirs.
    begin_line(range, std::exchange(first, false) || comment_waits(range.begin));
    out_.text(fmt::format("{} ", name));
  };
  const bool has_functions = program.functions_range != Range{} || !program.functions.empty();
  if (has_functions && !from_include(program.functions_range)) {
    header(program.functions_range, "functions");
    open_block(program.functions_range);
    for (const auto& function : program.functions) {
      if (!from_include(function.range)) definition(function);
    }
    close_block(program.functions_range);
  }
  for (const auto& block : program.blocks) {
    if (from_include(block.range)) continue;
    header(block.range, text(block.kind));
    statement_list(block.statements, block.range);
  }
  lines_of_comments(main_end_ + 1);
  out_.new_line(0);
}

void Printer::definition(const FunctionDefinition<Untyped>& function) {
  begin_line(function.range);
  if (function.result) {
    type(*function.result);
  } else {
    out_.text("void");
  }
  out_.text(fmt::format(" {}(", function.name.text));
  out_.open();
  bool first = true;
  for (const Argument& argument : function.arguments) {
    if (!std::exchange(first, false)) {
      out_.text(",");
      out_.space();
    }
    comments_within(argument.type.range.begin);
    if (argument.data_only) out_.text("data ");
    type(argument.type);
    out_.text(" " + argument.name.text);
  }
  out_.text(")");
  out_.close();
  if (function.body) {
    out_.text(" ");
    statement(*function.body);
  } else {
    out_.text(";");
  }
  last_ = function.range.end;
}

void Printer::open_block(Range block) {
  out_.text("{");
  ++level_;
  last_ = block.begin;
  at_start_ = true;
}

void Printer::close_block(Range block) {
  lines_of_comments(block.end);
  --level_;
  out_.new_line(level_);
  out_.text("}");
  last_ = block.end;
  at_start_ = line_is_closed_ = false;
}

void Printer::statement_list(const std::vector<UntypedStatement>& list, Range block) {
  open_block(block);
  for (const auto& one : list) {
    if (from_include(one.range)) continue;
    begin_line(one.range);
    statement(one);
  }
  close_block(block);
}

/// What a loop or a branch does: a block behind its head, anything else on a line of its own.
void Printer::body(const UntypedStatement& one) {
  if (std::holds_alternative<Block<Untyped>>(one.node)) {
    out_.text(" ");
    statement(one);
    return;
  }
  ++level_;
  at_start_ = true;
  begin_line(one.range);
  statement(one);
  --level_;
}

void Printer::conditional(const If<Untyped>& node) {
  const UntypedStatement* before = nullptr;
  const auto otherwise = [&](Range next) {
    const bool after_block = std::holds_alternative<Block<Untyped>>(before->node);
    if (!after_block || comment_waits(next.begin)) {
      lines_of_comments(next.begin);
      out_.new_line(level_);
    } else {
      out_.text(" ");
    }
    out_.text("else");
  };
  for (const auto& branch : node.branches) {
    if (before != nullptr) {
      otherwise(branch.condition.range);
      out_.text(" ");
    }
    out_.text("if (");
    out_.open();
    expression(branch.condition);
    out_.text(")");
    out_.close();
    last_ = branch.condition.range.end;
    line_is_closed_ = false;
    body(*branch.body);
    before = branch.body.get();
  }
  if (!node.otherwise) return;
  otherwise(node.otherwise->range);
  line_is_closed_ = false;
  body(*node.otherwise);
}

void Printer::statement(const UntypedStatement& one) {
  const auto loop = [&](std::string_view head, const UntypedExpression& first, const UntypedExpression* last,
                        const UntypedStatement& repeated) {
    out_.text(head);
    out_.open();
    if (last != nullptr) {
      operand(first, 1);
      out_.text(":");
      expression(*last);
    } else {
      expression(first);
    }
    out_.text(")");
    out_.close();
    last_ = (last != nullptr ? *last : first).range.end;
    line_is_closed_ = false;
    body(repeated);
  };
  std::visit(overloaded{
                 [&](const Empty&) { out_.text(";"); },
                 [&](const Declaration<Untyped>& node) {
                   type(node.type);
                   out_.text(" ");
                   out_.open();
                   bool first = true;
                   for (const auto& variable : node.variables) {
                     if (!std::exchange(first, false)) {
                       out_.text(",");
                       out_.space();
                     }
                     comments_within(variable.name.range.begin);
                     out_.text(variable.name.text);
                     if (variable.initial) {
                       out_.text(" = ");
                       expression(*variable.initial);
                     }
                   }
                   out_.text(";");
                   out_.close();
                 },
                 [&](const Assignment<Untyped>& node) {
                   expression(node.target);
                   out_.text(fmt::format(" {} ", text(node.op)));
                   expression(node.value);
                   out_.text(";");
                 },
                 [&](const Tilde<Untyped>& node) {
                   expression(node.variate);
                   out_.text(" ~ ");
                   comments_within(node.distribution.range.begin);
                   arguments(node.distribution.text, node.arguments, false, node.distribution.range.end);
                   if (node.truncation) {
                     out_.text(" T[");
                     if (node.truncation->lower) expression(*node.truncation->lower);
                     out_.text(", ");
                     if (node.truncation->upper) expression(*node.truncation->upper);
                     out_.text("]");
                   }
                   out_.text(";");
                 },
                 [&](const TargetIncrement<Untyped>& node) { increment("target", node.value); },
                 [&](const JacobianIncrement<Untyped>& node) { increment("jacobian", node.value); },
                 [&](const CallStatement<Untyped>& node) {
                   arguments(node.function.text, node.arguments, false, one.range.end);
                   out_.text(";");
                 },
                 [&](const Message<Untyped>& node) { message(node); },
                 [&](const If<Untyped>& node) { conditional(node); },
                 [&](const While<Untyped>& node) { loop("while (", node.condition, nullptr, *node.body); },
                 [&](const For<Untyped>& node) {
                   loop(fmt::format("for ({} in ", node.variable.name.text), node.first, &node.last, *node.body);
                 },
                 [&](const ForEach<Untyped>& node) {
                   loop(fmt::format("for ({} in ", node.variable.name.text), node.container, nullptr, *node.body);
                 },
                 [&](const Break&) { out_.text("break;"); },
                 [&](const Continue&) { out_.text("continue;"); },
                 [&](const Return<Untyped>& node) {
                   out_.text("return");
                   if (node.value) {
                     out_.text(" ");
                     expression(*node.value);
                   }
                   out_.text(";");
                 },
                 [&](const Block<Untyped>& node) { statement_list(node.statements, one.range); },
                 [&](const Profile<Untyped>& node) {
                   out_.text(fmt::format("profile(\"{}\") ", node.name.text));
                   statement_list(node.statements, one.range);
                 },
             },
             one.node);
  last_ = one.range.end;
  line_is_closed_ = at_start_ = false;
}

void Printer::increment(std::string_view what, const UntypedExpression& value) {
  out_.text(fmt::format("{} += ", what));
  expression(value);
  out_.text(";");
}

void Printer::message(const Message<Untyped>& node) {
  out_.text(node.kind == MessageKind::Print ? "print(" : node.kind == MessageKind::Reject ? "reject(" : "fatal_error(");
  out_.open();
  bool first = true;
  for (const auto& item : node.items) {
    if (!std::exchange(first, false)) {
      out_.text(",");
      out_.space();
    }
    std::visit(overloaded{[&](const StringLiteral& string) {
                            comments_within(string.range.begin);
                            out_.text(fmt::format("\"{}\"", string.text));
                          },
                          [&](const UntypedExpression& value) { expression(value); }},
               item);
  }
  out_.text(");");
  out_.close();
}

// ---------------------------------------------------------------- comments

Printer::Printer(std::size_t width, const Source& source, const std::vector<Comment>& comments)
    : out_(width), source_(&source), main_end_(static_cast<std::uint32_t>(source.text().size())) {
  std::ranges::copy_if(comments, std::back_inserter(comments_),
                       [&](const Comment& one) { return one.range.begin < main_end_; });
}

std::ptrdiff_t Printer::lines_until(std::uint32_t offset) const {
  if (source_ == nullptr || offset <= last_ || offset > main_end_) return 0;
  return std::ranges::count(source_->text().substr(last_, offset - last_), '\n');
}

void Printer::begin_line(Range place, bool keep_empty_line) {
  if (from_include(place)) return;
  lines_of_comments(place.begin);
  if (!at_start_ && keep_empty_line && lines_until(place.begin) > 1) {
    out_.blank_line(level_);
  } else {
    out_.new_line(level_);
  }
  at_start_ = false;
}

void Printer::lines_of_comments(std::uint32_t offset) {
  while (comment_waits(offset)) {
    const Comment& one = comments_[next_];
    const std::string_view words = source_->text(one.range);
    const bool behind = !line_is_closed_ && one.kind != Comment::Kind::Include && lines_until(one.range.begin) == 0 &&
                        words.find('\n') == std::string_view::npos;
    if (behind) {
      out_.remark(words.substr(0, words.find_last_not_of(" \t\r") + 1));
      line_is_closed_ = one.kind == Comment::Kind::Line;
    } else {
      if (!at_start_ && lines_until(one.range.begin) > 1) {
        out_.blank_line(level_);
      } else {
        out_.new_line(level_);
      }
      comment(one);
      line_is_closed_ = true;
    }
    at_start_ = false;
    last_ = std::max(last_, one.range.end);
    ++next_;
  }
}

void Printer::comments_within(std::uint32_t offset) {
  if (source_ == nullptr) return;
  if (offset >= main_end_) {
    const Comment& culprit = comments_[next_ > 0 && !comment_waits(main_end_) ? next_ - 1 : next_];
    throw ModelError(*source_, {{.range = culprit.range,
                                 .message = "a program with an '#include' in the middle of a statement cannot be "
                                            "formatted"}});
  }
  for (; comment_waits(offset); ++next_) {
    const Comment& one = comments_[next_];
    if (one.kind == Comment::Kind::Include) out_.line_break();
    comment(one);
    if (one.kind == Comment::Kind::Block) {
      out_.text(" ");
    } else {
      out_.line_break();
    }
  }
}

/// Lines after the first keep their distance from where the comment begins.
void Printer::comment(const Comment& one) {
  std::string_view rest = source_->text(one.range);
  const std::string_view before = source_->text().substr(0, one.range.begin);
  const std::size_t column = before.size() - (before.rfind('\n') + 1);  // npos + 1 is 0
  out_.open();
  for (bool first = true;; first = false) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (!first) {
      out_.line_break();
      line.remove_prefix(std::min({column, line.find_first_not_of(' '), line.size()}));
    }
    out_.text(line.substr(0, line.find_last_not_of(" \t\r") + 1));
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  out_.close();
}

// ---------------------------------------------------------------- entries

std::string format(const UntypedProgram& program) {
  Printer printer(line_width);
  printer.program(program);
  return printer.take();
}

std::string format(const CommentedProgram& program, const Source& source) {
  Printer printer(line_width, source, program.comments);
  printer.program(program.tree);
  return printer.take();
}

std::string format(const UntypedStatement& statement) {
  Printer printer(unbroken);
  printer.statement(statement);
  return printer.take();
}

std::string format(const UntypedExpression& expression) {
  Printer printer(unbroken);
  printer.expression(expression);
  return printer.take();
}

std::string format(const SizedType<Untyped>& type) {
  Printer printer(unbroken);
  printer.type(type);
  return printer.take();
}

std::string format(const UnsizedType& type) {
  Printer printer(unbroken);
  printer.type(type);
  return printer.take();
}

}  // namespace leapgraph::models
