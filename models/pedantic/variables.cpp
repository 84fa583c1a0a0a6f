/// Checks of variables and functions: are they used, are they assigned before that.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "leapgraph/models/pedantic/checks.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/walk.hpp"

namespace leapgraph::models::pedantic {
namespace {

/// The variables that an assignment's target reads: those of its indices.
Symbols read_by_target(const TypedExpression& target) {
  Symbols read = named_in(target);
  for (const SymbolId symbol : assigned_by(target)) read.erase(symbol);
  return read;
}

/// Goes through statements in their order and keeps what is assigned by then. A loop is taken to run at least once, an
/// assigned element for the whole.
class Assignments {
 public:
  explicit Assignments(const Findings& findings) : findings_(findings) {}

  void run(const std::vector<TypedStatement>& statements) {
    for (const TypedStatement& statement : statements) run(statement);
  }

  void run(const TypedStatement& statement) {
    std::visit(overloaded{
                   [&](const auto&) {
                     for_each_part(
                         statement, [&](const TypedExpression& expression) { read(named_in(expression), expression); },
                         [&](const TypedStatement& part) { run(part); });
                   },
                   [&](const Declaration<Typed>& node) {
                     for_each_part(node.type, [&](const TypedExpression& size) { read(named_in(size), size); });
                     for (const Variable<Typed>& variable : node.variables) {
                       if (variable.initial) {
                         read(named_in(*variable.initial), *variable.initial);
                       } else if (findings_.symbol(variable.info.symbol).block != BlockKind::Data &&
                                  findings_.symbol(variable.info.symbol).block != BlockKind::Parameters &&
                                  !has_no_elements(node.type)) {
                         open_.insert(variable.info.symbol);
                       }
                     }
                   },
                   [&](const Assignment<Typed>& node) {
                     read(named_in(node.value), node.value);
                     read(read_by_target(node.target), node.target);
                     for (const SymbolId symbol : assigned_by(node.target)) {
                       if (node.op != AssignmentOperator::Assign) read({symbol}, node.target);
                       open_.erase(symbol);
                       if (!std::holds_alternative<VariableReference>(node.target.node)) in_parts_.insert(symbol);
                     }
                   },
                   [&](const If<Typed>& node) { branches(node); },
               },
               statement.node);
  }

 private:
  /// `vector[0] x`: nothing to assign.
  static bool has_no_elements(const SizedType<Typed>& type) {
    bool zero = false;
    for_each_part(type, [&](const TypedExpression& size) {
      const auto* literal = std::get_if<IntLiteral>(&size.node);
      zero = zero || (literal != nullptr && literal->value == 0);
    });
    return zero;
  }

  void branches(const If<Typed>& node) {
    Symbols still_open;
    const Symbols before = open_;
    const auto branch = [&](const TypedStatement* body) {
      open_ = before;
      if (body != nullptr) run(*body);
      if (body == nullptr || !leaves(*body)) still_open.insert(open_.begin(), open_.end());
    };
    for (const ConditionalBranch<Typed>& one : node.branches) {
      open_ = before;
      read(named_in(one.condition), one.condition);
      branch(one.body.get());
    }
    branch(node.otherwise.get());
    open_ = std::move(still_open);
  }

  /// Control does not come behind the statement.
  static bool leaves(const TypedStatement& statement) {
    return std::visit(
        overloaded{[](const auto&) { return false; }, [](const Return<Typed>&) { return true; },
                   [](const Break&) { return true; }, [](const Continue&) { return true; },
                   [](const Message<Typed>& node) { return node.kind != MessageKind::Print; },
                   [](const Block<Typed>& node) { return !node.statements.empty() && leaves(node.statements.back()); }},
        statement.node);
  }

  void read(const Symbols& symbols, const TypedExpression& where) {
    for (const SymbolId symbol : symbols) {
      if (!open_.contains(symbol) || in_parts_.contains(symbol)) continue;
      open_.erase(symbol);  // once is enough
      findings_.warn(where.range,
                     fmt::format("'{}' may be read here before it is assigned", findings_.symbol(symbol).name));
    }
  }

  const Findings& findings_;
  Symbols open_;      // declared and not assigned
  Symbols in_parts_;  // of which elements are assigned somewhere before: in which branch may depend on which element
};

void check_unused(const Findings& findings) {
  const TypedProgram& program = findings.program;
  Symbols read;
  std::vector<bool> called(program.tree.functions.size());
  FunctionId inside = no_function;
  const auto call = [&](const UserFunctionUse& use) {
    if (use && use.function != inside) called[static_cast<std::size_t>(use.function)] = true;
  };
  const auto statements = [&](const TypedStatement& statement) {
    for_each_within(statement, [&](const TypedStatement& part) {
      call(part.info.user);
      const auto* assignment = std::get_if<Assignment<Typed>>(&part.node);
      for_each_part(
          part,
          [&](const TypedExpression& expression) {
            const bool target = assignment != nullptr && &expression == &assignment->target;
            read.merge(target ? read_by_target(expression) : named_in(expression));
            for_each_within(expression, [&](const TypedExpression& inner) {
              call(inner.info.user);
              call(inner.info.solver.function);
            });
          },
          [](const TypedStatement&) {});
    });
  };
  for (std::size_t i = 0; i < program.tree.functions.size(); ++i) {
    inside = static_cast<FunctionId>(i);
    statements(*program.tree.functions[i].body);
  }
  inside = no_function;
  for (const ProgramBlock<Typed>& block : program.tree.blocks) {
    for (const TypedStatement& statement : block.statements) statements(statement);
  }
  for (std::size_t i = 0; i < program.symbols.size(); ++i) {
    const Symbol& symbol = program.symbols[i];
    const bool argument = symbol.function != no_function && symbol.top_level;
    const bool output = symbol.function == no_function && symbol.top_level &&
                        (symbol.block == BlockKind::Parameters || symbol.block == BlockKind::TransformedParameters ||
                         symbol.block == BlockKind::GeneratedQuantities);
    if (argument || output || symbol.loop_variable || read.contains(static_cast<SymbolId>(i))) continue;
    findings.warn(symbol.declared, fmt::format("the value of '{}' is never used", symbol.name));
  }
  for (std::size_t i = 0; i < called.size(); ++i) {
    const Name& name = program.tree.functions[i].name;
    if (!called[i]) findings.warn(name.range, fmt::format("the function '{}' is never called", name.text));
  }
}

}  // namespace

void check_variables(const Findings& findings) {
  check_unused(findings);
  for (const FunctionDefinition<Typed>& function : findings.program.tree.functions) {
    Assignments(findings).run(*function.body);
  }
  Assignments assignments(findings);
  for (const ProgramBlock<Typed>& block : findings.program.tree.blocks) assignments.run(block.statements);
}

}  // namespace leapgraph::models::pedantic
