#include "leapgraph/models/syntax/format.hpp"

#include <fmt/format.h>

#include <utility>

#include "leapgraph/models/syntax/overloaded.hpp"

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

std::string number(double value) {
  std::string result = fmt::format("{}", value);
  if (result.find_first_of(".e") == std::string::npos) result += ".0";
  return result;
}

class Printer {
 public:
  std::string take() { return std::move(out_); }

  void program(const UntypedProgram& program) {
    if (!program.functions.empty()) {
      out_ += "functions {\n";
      ++indent_;
      for (const auto& function : program.functions) definition(function);
      --indent_;
      out_ += "}\n";
    }
    for (const auto& block : program.blocks) {
      out_ += fmt::format("{} ", text(block.kind));
      statements(block.statements);
      out_ += "\n";
    }
  }

  /// A statement on lines of its own.
  void line(const UntypedStatement& one) {
    out_.append(2 * static_cast<std::size_t>(indent_), ' ');
    statement(one);
    out_ += "\n";
  }

  void statement(const UntypedStatement& one) {
    std::visit(overloaded{
                   [&](const Empty&) { out_ += ";"; },
                   [&](const Declaration<Untyped>& node) {
                     type(node.type);
                     out_ += " ";
                     bool first = true;
                     for (const auto& variable : node.variables) {
                       if (!std::exchange(first, false)) out_ += ", ";
                       out_ += variable.name.text;
                       if (variable.initial) {
                         out_ += " = ";
                         expression(*variable.initial);
                       }
                     }
                     out_ += ";";
                   },
                   [&](const Assignment<Untyped>& node) {
                     expression(node.target);
                     out_ += fmt::format(" {} ", text(node.op));
                     expression(node.value);
                     out_ += ";";
                   },
                   [&](const Tilde<Untyped>& node) {
                     expression(node.variate);
                     out_ += fmt::format(" ~ {}(", node.distribution.text);
                     list(node.arguments);
                     out_ += ")";
                     if (node.truncation) {
                       out_ += " T[";
                       if (node.truncation->lower) expression(*node.truncation->lower);
                       out_ += ", ";
                       if (node.truncation->upper) expression(*node.truncation->upper);
                       out_ += "]";
                     }
                     out_ += ";";
                   },
                   [&](const TargetIncrement<Untyped>& node) { increment("target", node.value); },
                   [&](const JacobianIncrement<Untyped>& node) { increment("jacobian", node.value); },
                   [&](const CallStatement<Untyped>& node) {
                     out_ += node.function.text + "(";
                     list(node.arguments);
                     out_ += ");";
                   },
                   [&](const Message<Untyped>& node) { message(node); },
                   [&](const If<Untyped>& node) {
                     bool first = true;
                     for (const auto& branch : node.branches) {
                       out_ += std::exchange(first, false) ? "if (" : " else if (";
                       expression(branch.condition);
                       out_ += ") ";
                       statement(*branch.body);
                     }
                     if (node.otherwise) {
                       out_ += " else ";
                       statement(*node.otherwise);
                     }
                   },
                   [&](const While<Untyped>& node) {
                     out_ += "while (";
                     expression(node.condition);
                     out_ += ") ";
                     statement(*node.body);
                   },
                   [&](const For<Untyped>& node) {
                     out_ += fmt::format("for ({} in ", node.variable.name.text);
                     operand(node.first, ternary_level + 1);
                     out_ += ":";
                     expression(node.last);
                     out_ += ") ";
                     statement(*node.body);
                   },
                   [&](const ForEach<Untyped>& node) {
                     out_ += fmt::format("for ({} in ", node.variable.name.text);
                     expression(node.container);
                     out_ += ") ";
                     statement(*node.body);
                   },
                   [&](const Break&) { out_ += "break;"; },
                   [&](const Continue&) { out_ += "continue;"; },
                   [&](const Return<Untyped>& node) {
                     out_ += "return";
                     if (node.value) {
                       out_ += " ";
                       expression(*node.value);
                     }
                     out_ += ";";
                   },
                   [&](const Block<Untyped>& node) { statements(node.statements); },
                   [&](const Profile<Untyped>& node) {
                     out_ += fmt::format("profile(\"{}\") ", node.name.text);
                     statements(node.statements);
                   },
               },
               one.node);
  }

  void expression(const UntypedExpression& one) {
    std::visit(overloaded{
                   [&](const IntLiteral& node) { out_ += fmt::format("{}", node.value); },
                   [&](const RealLiteral& node) { out_ += number(node.value); },
                   [&](const ImaginaryLiteral& node) { out_ += number(node.value) + "i"; },
                   [&](const VariableReference& node) { out_ += node.name; },
                   [&](const TargetValue&) { out_ += "target()"; },
                   [&](const ArrayLiteral<Untyped>& node) {
                     out_ += "{";
                     list(node.elements);
                     out_ += "}";
                   },
                   [&](const RowVectorLiteral<Untyped>& node) {
                     out_ += "[";
                     list(node.elements);
                     out_ += "]";
                   },
                   [&](const TupleLiteral<Untyped>& node) {
                     out_ += "(";
                     list(node.elements);
                     out_ += node.elements.size() == 1 ? ",)" : ")";
                   },
                   [&](const Call<Untyped>& node) {
                     out_ += node.function.text + "(";
                     for (std::size_t i = 0; i < node.arguments.size(); ++i) {
                       if (i > 0) out_ += i == 1 && node.conditional ? " | " : ", ";
                       expression(node.arguments[i]);
                     }
                     out_ += node.conditional && node.arguments.size() == 1 ? " | )" : ")";
                   },
                   [&](const Indexed<Untyped>& node) {
                     operand(*node.base, closed);
                     out_ += "[";
                     bool first = true;
                     for (const auto& index : node.indices) {
                       if (!std::exchange(first, false)) out_ += ", ";
                       this->index(index);
                     }
                     out_ += "]";
                   },
                   [&](const TupleProjection<Untyped>& node) {
                     operand(*node.base, is_number(*node.base) ? closed + 1 : closed);
                     out_ += fmt::format(".{}", node.slot);
                   },
                   [&](const Unary<Untyped>& node) {
                     if (node.op == UnaryOperator::Transpose) {
                       operand(*node.operand, closed);
                       out_ += "'";
                     } else {
                       out_ += text(node.op);
                       operand(*node.operand, prefix);
                     }
                   },
                   [&](const Binary<Untyped>& node) {
                     const int own = level(node.op);
                     operand(*node.left, own == power ? own + 1 : own);
                     out_ += fmt::format(" {} ", text(node.op));
                     operand(*node.right, own == power ? own : own + 1);
                   },
                   [&](const Ternary<Untyped>& node) {
                     operand(*node.condition, ternary_level + 1);
                     out_ += " ? ";
                     expression(*node.then);
                     out_ += " : ";
                     expression(*node.otherwise);
                   },
               },
               one.node);
  }

  void type(const SizedType<Untyped>& one) {
    std::visit(overloaded{[&](const SizedWord<Untyped>& node) {
                            out_ += text(node.word);
                            bounds(node.bounds);
                            if (node.sizes.empty()) return;
                            out_ += "[";
                            list(node.sizes);
                            out_ += "]";
                          },
                          [&](const SizedArray<Untyped>& node) {
                            out_ += "array[";
                            list(node.sizes);
                            out_ += "] ";
                            type(*node.element);
                          },
                          [&](const SizedTuple<Untyped>& node) {
                            out_ += "tuple(";
                            bool first = true;
                            for (const auto& slot : node.slots) {
                              if (!std::exchange(first, false)) out_ += ", ";
                              type(slot);
                            }
                            out_ += node.slots.size() == 1 ? ",)" : ")";
                          }},
               one.kind);
  }

  void type(const UnsizedType& one) {
    if (one.array_dimensions > 0) {
      out_ += fmt::format("array[{}] ", std::string(static_cast<std::size_t>(one.array_dimensions - 1), ','));
    }
    if (const auto* word = std::get_if<TypeWord>(&one.element)) {
      out_ += text(*word);
      return;
    }
    const auto& slots = std::get<std::vector<UnsizedType>>(one.element);
    out_ += "tuple(";
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (i > 0) out_ += ", ";
      type(slots[i]);
    }
    out_ += slots.size() == 1 ? ",)" : ")";
  }

 private:
  void definition(const FunctionDefinition<Untyped>& function) {
    out_.append(2 * static_cast<std::size_t>(indent_), ' ');
    if (function.result) {
      type(*function.result);
    } else {
      out_ += "void";
    }
    out_ += fmt::format(" {}(", function.name.text);
    bool first = true;
    for (const Argument& argument : function.arguments) {
      if (!std::exchange(first, false)) out_ += ", ";
      if (argument.data_only) out_ += "data ";
      type(argument.type);
      out_ += " " + argument.name.text;
    }
    out_ += ")";
    if (function.body) {
      out_ += " ";
      statement(*function.body);
    } else {
      out_ += ";";
    }
    out_ += "\n";
  }

  void statements(const std::vector<UntypedStatement>& list) {
    out_ += "{\n";
    ++indent_;
    for (const auto& one : list) line(one);
    --indent_;
    out_.append(2 * static_cast<std::size_t>(indent_), ' ');
    out_ += "}";
  }

  void increment(std::string_view what, const UntypedExpression& value) {
    out_ += fmt::format("{} += ", what);
    expression(value);
    out_ += ";";
  }

  void message(const Message<Untyped>& node) {
    out_ += node.kind == MessageKind::Print ? "print(" : node.kind == MessageKind::Reject ? "reject(" : "fatal_error(";
    bool first = true;
    for (const auto& item : node.items) {
      if (!std::exchange(first, false)) out_ += ", ";
      std::visit(overloaded{[&](const StringLiteral& string) { out_ += fmt::format("\"{}\"", string.text); },
                            [&](const UntypedExpression& value) { expression(value); }},
                 item);
    }
    out_ += ");";
  }

  /// An expression where one is needed that binds at least as tightly as `least`.
  void operand(const UntypedExpression& one, int least) {
    const bool parentheses = level(one) < least;
    if (parentheses) out_ += "(";
    expression(one);
    if (parentheses) out_ += ")";
  }

  void list(const std::vector<UntypedExpression>& expressions) {
    bool first = true;
    for (const auto& one : expressions) {
      if (!std::exchange(first, false)) out_ += ", ";
      expression(one);
    }
  }

  void index(const Index<Untyped>& one) {
    std::visit(
        overloaded{[&](const IndexAll&) { out_ += ":"; }, [&](const IndexSingle<Untyped>& i) { expression(*i.value); },
                   [&](const IndexFrom<Untyped>& i) {
                     operand(*i.first, ternary_level + 1);
                     out_ += ":";
                   },
                   [&](const IndexTo<Untyped>& i) {
                     out_ += ":";
                     expression(*i.last);
                   },
                   [&](const IndexBetween<Untyped>& i) {
                     operand(*i.first, ternary_level + 1);
                     out_ += ":";
                     expression(*i.last);
                   }},
        one.kind);
  }

  void bounds(const Bounds<Untyped>& one) {
    if (one.empty()) return;
    const char* separator = "<";
    const auto write = [&](std::string_view name, const ExpressionPtr<Untyped>& value) {
      if (!value) return;
      out_ += fmt::format("{}{}=", std::exchange(separator, ", "), name);
      operand(*value, additive);
    };
    write("lower", one.lower);
    write("upper", one.upper);
    write("offset", one.offset);
    write("multiplier", one.multiplier);
    out_ += ">";
  }

  std::string out_;
  int indent_ = 0;
};

}  // namespace

std::string format(const UntypedProgram& program) {
  Printer printer;
  printer.program(program);
  return printer.take();
}

std::string format(const UntypedStatement& statement) {
  Printer printer;
  printer.statement(statement);
  return printer.take();
}

std::string format(const UntypedExpression& expression) {
  Printer printer;
  printer.expression(expression);
  return printer.take();
}

std::string format(const SizedType<Untyped>& type) {
  Printer printer;
  printer.type(type);
  return printer.take();
}

std::string format(const UnsizedType& type) {
  Printer printer;
  printer.type(type);
  return printer.take();
}

}  // namespace leapgraph::models
