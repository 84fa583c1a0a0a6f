/// A program as text: expressions and types.
#include <fmt/format.h>

#include <utility>

#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/printer.hpp"

namespace leapgraph::models {
namespace {

/// How tightly an expression binds: 0 for `?:`, 1 to 9 for operators, 10 for what needs no parentheses anywhere.
constexpr int ternary_level = 0, additive = 5, prefix = 8, power = 9, closed = 10;

int level(BinaryOperator op) {
  using enum BinaryOperator;
  switch (op) {
    case Or:
      return 1;
    case And:
      return 2;
    case Equal:
    case NotEqual:
      return 3;
    case Less:
    case LessOrEqual:
    case Greater:
    case GreaterOrEqual:
      return 4;
    case Add:
    case Subtract:
      return additive;
    case Multiply:
    case Divide:
    case Modulo:
    case ElementMultiply:
    case ElementDivide:
      return 6;
    case LeftDivide:
    case IntegerDivide:
      return 7;
    case Power:
    case ElementPower:
      return power;
  }
  return closed;
}

int level(const UntypedExpression& expression) {
  return std::visit(
      overloaded{[](const Ternary<Untyped>&) { return ternary_level; },
                 [](const Binary<Untyped>& node) { return level(node.op); },
                 [](const Unary<Untyped>& node) { return node.op == UnaryOperator::Transpose ? closed : prefix; },
                 [](const auto&) { return closed; }},
      expression.node);
}

bool is_number(const UntypedExpression& expression) {
  return std::holds_alternative<IntLiteral>(expression.node) || std::holds_alternative<RealLiteral>(expression.node) ||
         std::holds_alternative<ImaginaryLiteral>(expression.node);
}

std::string real_text(double value) {
  std::string result = fmt::format("{}", value);
  if (result.find_first_of(".e") == std::string::npos) result += ".0";
  return result;
}

}  // namespace

bool Printer::was_in_parentheses(const UntypedExpression& one) const {
  if (source_ == nullptr || from_include(one.range) || !source_->text(one.range).starts_with('(')) return false;
  return std::visit(
      overloaded{[](const auto&) { return false; },
                 [&](const Binary<Untyped>& node) { return node.left->range.begin > one.range.begin; },
                 [&](const Ternary<Untyped>& node) { return node.condition->range.begin > one.range.begin; },
                 [](const Unary<Untyped>& node) { return node.op != UnaryOperator::Transpose; }},
      one.node);
}

std::string_view Printer::spelling(const UntypedExpression& one) const {
  if (source_ == nullptr || from_include(one.range)) return {};
  std::string_view written = source_->text(one.range);
  const std::size_t begin = written.find_first_not_of("( ");
  if (begin == std::string_view::npos) return {};
  written.remove_prefix(begin);
  written = written.substr(0, written.find_last_not_of(") ") + 1);
  constexpr std::string_view letters = "0123456789._eE+-i";
  return written.find_first_not_of(letters) == std::string_view::npos ? written : std::string_view();
}

void Printer::expression(const UntypedExpression& one) {
  const bool parentheses = was_in_parentheses(one);
  if (parentheses) out_.text("(");
  const auto number = [&](const std::string& value) {
    comments_within(one.range.begin);
    const std::string_view written = spelling(one);
    out_.text(written.empty() ? value : written);
  };
  const auto leaf = [&](std::string_view word) {
    comments_within(one.range.begin);
    out_.text(word);
  };
  const auto enclosed = [&](const char* open, const std::vector<UntypedExpression>& elements, const char* close) {
    leaf(open);
    out_.open();
    list(elements);
    comments_within(one.range.end);
    out_.close();
    out_.text(close);
  };
  std::visit(overloaded{
                 [&](const IntLiteral& node) { number(fmt::format("{}", node.value)); },
                 [&](const RealLiteral& node) { number(real_text(node.value)); },
                 [&](const ImaginaryLiteral& node) { number(real_text(node.value) + "i"); },
                 [&](const VariableReference& node) { leaf(node.name); },
                 [&](const TargetValue&) { leaf("target()"); },
                 [&](const ArrayLiteral<Untyped>& node) { enclosed("{", node.elements, "}"); },
                 [&](const RowVectorLiteral<Untyped>& node) { enclosed("[", node.elements, "]"); },
                 [&](const TupleLiteral<Untyped>& node) {
                   enclosed("(", node.elements, node.elements.size() == 1 ? ",)" : ")");
                 },
                 [&](const Call<Untyped>& node) {
                   comments_within(one.range.begin);
                   arguments(node.function.text, node.arguments, node.conditional, one.range.end);
                 },
                 [&](const Indexed<Untyped>& node) {
                   operand(*node.base, closed);
                   out_.text("[");
                   bool first = true;
                   for (const auto& index : node.indices) {
                     if (!std::exchange(first, false)) out_.text(", ");
                     this->index(index);
                   }
                   out_.text("]");
                 },
                 [&](const TupleProjection<Untyped>& node) {
                   operand(*node.base, is_number(*node.base) ? closed + 1 : closed);
                   out_.text(fmt::format(".{}", node.slot));
                 },
                 [&](const Unary<Untyped>& node) {
                   if (node.op == UnaryOperator::Transpose) {
                     operand(*node.operand, closed);
                     out_.text("'");
                   } else {
                     leaf(text(node.op));
                     operand(*node.operand, prefix);
                   }
                 },
                 [&](const Binary<Untyped>& node) {
                   const int own = level(node.op);
                   out_.open();
                   operand(*node.left, own == power ? own + 1 : own);
                   out_.space();
                   comments_within(node.op_range.begin);
                   out_.text(fmt::format("{} ", text(node.op)));
                   operand(*node.right, own == power ? own : own + 1);
                   out_.close();
                 },
                 [&](const Ternary<Untyped>& node) {
                   out_.open();
                   operand(*node.condition, ternary_level + 1);
                   out_.space();
                   out_.text("? ");
                   expression(*node.then);
                   out_.space();
                   out_.text(": ");
                   expression(*node.otherwise);
                   out_.close();
                 },
             },
             one.node);
  if (parentheses) out_.text(")");
}

/// An expression where one is needed that binds at least as tightly as `least`.
void Printer::operand(const UntypedExpression& one, int least) {
  const bool parentheses = level(one) < least && !was_in_parentheses(one);
  if (parentheses) out_.text("(");
  expression(one);
  if (parentheses) out_.text(")");
}

void Printer::list(const std::vector<UntypedExpression>& expressions) {
  bool first = true;
  for (const auto& one : expressions) {
    if (!std::exchange(first, false)) {
      out_.text(",");
      out_.space();
    }
    expression(one);
  }
}

/// `name(a, b)`; below a long name the arguments stand two columns in, else below the first of them.
void Printer::arguments(std::string_view name, const std::vector<UntypedExpression>& expressions, bool conditional,
                        std::uint32_t end) {
  constexpr std::size_t long_name = 16;
  if (name.size() > long_name) {
    out_.open(2);
    out_.text(fmt::format("{}(", name));
    out_.cut();
  } else {
    out_.text(fmt::format("{}(", name));
    out_.open();
  }
  bool first = true;
  bool bar = conditional;
  for (const auto& one : expressions) {
    if (!std::exchange(first, false)) {
      out_.text(std::exchange(bar, false) ? " |" : ",");
      out_.space();
    }
    expression(one);
  }
  if (bar) out_.text(" | ");
  comments_within(end);
  out_.text(")");
  out_.close();
}

void Printer::index(const Index<Untyped>& one) {
  std::visit(
      overloaded{[&](const IndexAll&) { out_.text(":"); }, [&](const IndexSingle<Untyped>& i) { expression(*i.value); },
                 [&](const IndexFrom<Untyped>& i) {
                   operand(*i.first, ternary_level + 1);
                   out_.text(":");
                 },
                 [&](const IndexTo<Untyped>& i) {
                   out_.text(":");
                   expression(*i.last);
                 },
                 [&](const IndexBetween<Untyped>& i) {
                   operand(*i.first, ternary_level + 1);
                   out_.text(":");
                   expression(*i.last);
                 }},
      one.kind);
}

void Printer::bounds(const Bounds<Untyped>& one) {
  if (one.empty()) return;
  const char* separator = "<";
  const auto write = [&](std::string_view name, const ExpressionPtr<Untyped>& value) {
    if (!value) return;
    out_.text(fmt::format("{}{}=", std::exchange(separator, ", "), name));
    operand(*value, additive);
  };
  write("lower", one.lower);
  write("upper", one.upper);
  write("offset", one.offset);
  write("multiplier", one.multiplier);
  out_.text(">");
}

void Printer::type(const SizedType<Untyped>& one) {
  std::visit(overloaded{[&](const SizedWord<Untyped>& node) {
                          out_.text(text(node.word));
                          bounds(node.bounds);
                          if (node.sizes.empty()) return;
                          out_.text("[");
                          list(node.sizes);
                          out_.text("]");
                        },
                        [&](const SizedArray<Untyped>& node) {
                          out_.text("array[");
                          list(node.sizes);
                          out_.text("] ");
                          type(*node.element);
                        },
                        [&](const SizedTuple<Untyped>& node) {
                          out_.text("tuple(");
                          bool first = true;
                          for (const auto& slot : node.slots) {
                            if (!std::exchange(first, false)) out_.text(", ");
                            type(slot);
                          }
                          out_.text(node.slots.size() == 1 ? ",)" : ")");
                        }},
             one.kind);
}

void Printer::type(const UnsizedType& one) {
  if (one.array_dimensions > 0) {
    out_.text(fmt::format("array[{}] ", std::string(static_cast<std::size_t>(one.array_dimensions - 1), ',')));
  }
  if (const auto* word = std::get_if<TypeWord>(&one.element)) {
    out_.text(text(*word));
    return;
  }
  const auto& slots = std::get<std::vector<UnsizedType>>(one.element);
  out_.text("tuple(");
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i > 0) out_.text(", ");
    type(slots[i]);
  }
  out_.text(slots.size() == 1 ? ",)" : ")");
}

}  // namespace leapgraph::models
