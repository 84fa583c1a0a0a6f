#include "leapgraph/models/syntax/tree.hpp"

#include <fmt/format.h>

#include <utility>

#include "leapgraph/models/syntax/format.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"

namespace leapgraph::models {
namespace {

class TreePrinter {
 public:
  std::string take() { return std::move(out_); }

  void program(const UntypedProgram& program) {
    out_ += "(program";
    ++indent_;
    for (const auto& function : program.functions) {
      line();
      out_ += fmt::format("(function {} {} (", function.name.text, function.result ? format(*function.result) : "void");
      bool first = true;
      for (const Argument& argument : function.arguments) {
        out_ += fmt::format("{}({}{} {})", std::exchange(first, false) ? "" : " ", argument.data_only ? "data " : "",
                            format(argument.type), argument.name.text);
      }
      out_ += ")";
      if (function.body) nested(*function.body);
      out_ += ")";
    }
    for (const auto& block : program.blocks) {
      line();
      out_ += fmt::format("({}", text(block.kind));
      all(block.statements);
      out_ += ")";
    }
    --indent_;
    out_ += ")\n";
  }

  void expression(const UntypedExpression& one) {
    std::visit(overloaded{
                   [&](const ArrayLiteral<Untyped>& node) { group("array", node.elements); },
                   [&](const RowVectorLiteral<Untyped>& node) { group("row", node.elements); },
                   [&](const TupleLiteral<Untyped>& node) { group("tuple", node.elements); },
                   [&](const Call<Untyped>& node) {
                     group(fmt::format("{} {}", node.conditional ? "call|" : "call", node.function.text),
                           node.arguments);
                   },
                   [&](const Indexed<Untyped>& node) {
                     out_ += "(index ";
                     expression(*node.base);
                     for (const auto& index : node.indices) this->index(index);
                     out_ += ")";
                   },
                   [&](const TupleProjection<Untyped>& node) {
                     out_ += fmt::format("(slot {} ", node.slot);
                     expression(*node.base);
                     out_ += ")";
                   },
                   [&](const Unary<Untyped>& node) { group(text(node.op), *node.operand); },
                   [&](const Binary<Untyped>& node) { group(text(node.op), *node.left, *node.right); },
                   [&](const Ternary<Untyped>& node) { group("?:", *node.condition, *node.then, *node.otherwise); },
                   [&](const auto&) { out_ += format(one); },  // what has no children is written as itself
               },
               one.node);
  }

 private:
  void statement(const UntypedStatement& one) {
    std::visit(overloaded{
                   [&](const Empty&) { out_ += "(empty)"; },
                   [&](const Declaration<Untyped>& node) {
                     out_ += "(declare ";
                     type(node.type);
                     for (const auto& variable : node.variables) {
                       if (variable.initial) {
                         out_ += " ";
                         group(fmt::format("= {}", variable.name.text), *variable.initial);
                       } else {
                         out_ += " " + variable.name.text;
                       }
                     }
                     out_ += ")";
                   },
                   [&](const Assignment<Untyped>& node) { group(text(node.op), node.target, node.value); },
                   [&](const Tilde<Untyped>& node) {
                     out_ += "(tilde ";
                     expression(node.variate);
                     out_ += " ";
                     group(node.distribution.text, node.arguments);
                     if (node.truncation) {
                       out_ += " (T";
                       bound("lower", node.truncation->lower);
                       bound("upper", node.truncation->upper);
                       out_ += ")";
                     }
                     out_ += ")";
                   },
                   [&](const TargetIncrement<Untyped>& node) { group("target+=", node.value); },
                   [&](const JacobianIncrement<Untyped>& node) { group("jacobian+=", node.value); },
                   [&](const CallStatement<Untyped>& node) { group("do " + node.function.text, node.arguments); },
                   [&](const Message<Untyped>& node) {
                     out_ += node.kind == MessageKind::Print    ? "(print"
                             : node.kind == MessageKind::Reject ? "(reject"
                                                                : "(fatal_error";
                     for (const auto& item : node.items) {
                       out_ += " ";
                       std::visit(
                           overloaded{[&](const StringLiteral& string) { out_ += fmt::format("\"{}\"", string.text); },
                                      [&](const UntypedExpression& value) { expression(value); }},
                           item);
                     }
                     out_ += ")";
                   },
                   [&](const If<Untyped>& node) {
                     out_ += "(if";
                     for (const auto& branch : node.branches) {
                       out_ += " ";
                       expression(branch.condition);
                       nested(*branch.body);
                     }
                     if (node.otherwise) {
                       out_ += " else";
                       nested(*node.otherwise);
                     }
                     out_ += ")";
                   },
                   [&](const While<Untyped>& node) {
                     out_ += "(while ";
                     expression(node.condition);
                     nested(*node.body);
                     out_ += ")";
                   },
                   [&](const For<Untyped>& node) {
                     out_ += fmt::format("(for {} ", node.variable.name.text);
                     expression(node.first);
                     out_ += " ";
                     expression(node.last);
                     nested(*node.body);
                     out_ += ")";
                   },
                   [&](const ForEach<Untyped>& node) {
                     out_ += fmt::format("(foreach {} ", node.variable.name.text);
                     expression(node.container);
                     nested(*node.body);
                     out_ += ")";
                   },
                   [&](const Break&) { out_ += "(break)"; },
                   [&](const Continue&) { out_ += "(continue)"; },
                   [&](const Return<Untyped>& node) {
                     out_ += "(return";
                     if (node.value) {
                       out_ += " ";
                       expression(*node.value);
                     }
                     out_ += ")";
                   },
                   [&](const Block<Untyped>& node) {
                     out_ += "(block";
                     all(node.statements);
                     out_ += ")";
                   },
                   [&](const Profile<Untyped>& node) {
                     out_ += fmt::format("(profile \"{}\"", node.name.text);
                     all(node.statements);
                     out_ += ")";
                   },
               },
               one.node);
  }

  void type(const SizedType<Untyped>& one) {
    std::visit(overloaded{[&](const SizedWord<Untyped>& node) {
                            if (node.bounds.empty() && node.sizes.empty()) {
                              out_ += text(node.word);
                              return;
                            }
                            out_ += fmt::format("({}", text(node.word));
                            bound("lower", node.bounds.lower);
                            bound("upper", node.bounds.upper);
                            bound("offset", node.bounds.offset);
                            bound("multiplier", node.bounds.multiplier);
                            for (const auto& size : node.sizes) {
                              out_ += " ";
                              expression(size);
                            }
                            out_ += ")";
                          },
                          [&](const SizedArray<Untyped>& node) {
                            group("array", node.sizes);
                            out_.back() = ' ';  // the element stands inside the parentheses
                            type(*node.element);
                            out_ += ")";
                          },
                          [&](const SizedTuple<Untyped>& node) {
                            out_ += "(tuple";
                            for (const auto& slot : node.slots) {
                              out_ += " ";
                              type(slot);
                            }
                            out_ += ")";
                          }},
               one.kind);
  }

  void bound(std::string_view name, const ExpressionPtr<Untyped>& value) {
    if (!value) return;
    out_ += " ";
    group(name, *value);
  }

  void index(const Index<Untyped>& one) {
    out_ += " ";
    std::visit(overloaded{[&](const IndexAll&) { out_ += "(:)"; },
                          [&](const IndexSingle<Untyped>& i) { expression(*i.value); },
                          [&](const IndexFrom<Untyped>& i) { group("from", *i.first); },
                          [&](const IndexTo<Untyped>& i) { group("to", *i.last); },
                          [&](const IndexBetween<Untyped>& i) { group("between", *i.first, *i.last); }},
               one.kind);
  }

  template <class... Children>
  void group(std::string_view head, const Children&... children) {
    out_ += fmt::format("({}", head);
    ((out_ += " ", expression(children)), ...);
    out_ += ")";
  }
  void group(std::string_view head, const std::vector<UntypedExpression>& children) {
    out_ += fmt::format("({}", head);
    for (const auto& child : children) {
      out_ += " ";
      expression(child);
    }
    out_ += ")";
  }

  void all(const std::vector<UntypedStatement>& statements) {
    for (const auto& one : statements) nested(one);
  }
  void nested(const UntypedStatement& one) {
    ++indent_;
    line();
    statement(one);
    --indent_;
  }
  void line() {
    out_ += "\n";
    out_.append(2 * static_cast<std::size_t>(indent_), ' ');
  }

  std::string out_;
  int indent_ = 0;
};

}  // namespace

std::string print_tree(const UntypedProgram& program) {
  TreePrinter printer;
  printer.program(program);
  return printer.take();
}

std::string print_tree(const UntypedExpression& expression) {
  TreePrinter printer;
  printer.expression(expression);
  return printer.take();
}

}  // namespace leapgraph::models
