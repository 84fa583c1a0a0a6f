/// Statements: declarations, assignments, branches, loops, and what adds to the log density.
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <new>

#include "leapgraph/models/library/evaluate.hpp"
#include "leapgraph/models/library/shapes.hpp"
#include "leapgraph/models/lower/access.hpp"
#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/models/lower/loops/equations.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// Loops that cannot be expressed as a whole are unrolled when they are this short, all iterations taken together.
constexpr std::int64_t most_unrolled = 2000;

/// Iterations of all loops of a block; some minutes.
constexpr std::int64_t most_iterations = 200'000'000;

/// What stands before a loop's body.
Range header(const TypedStatement& loop) {
  if (const auto* node = std::get_if<For<Typed>>(&loop.node)) return cover(loop.range, node->last.range);
  if (const auto* node = std::get_if<ForEach<Typed>>(&loop.node)) return cover(loop.range, node->container.range);
  return cover(loop.range, std::get<While<Typed>>(loop.node).condition.range);
}

}  // namespace

Evaluator::Evaluator(const TypedProgram& program, const Source& source, Loops loops)
    : program_(program), source_(source), slots_(program.symbols.size()), loops_(loops) {}

void Evaluator::fail(Diagnostic diagnostic) const { throw ModelError(source_, {std::move(diagnostic)}); }

void Evaluator::unsupported(Range range, const std::string& what) const {
  throw Unsupported(source_, {{.range = range, .message = what + " is not supported yet by this version"}});
}

// ---------------------------------------------------------------- variables

void Evaluator::declare(SymbolId id, Shape shape, Value value) {
  slot(id).value = std::move(value);
  slot(id).shape = std::move(shape);
}

Shape Evaluator::shape_of_type(const SizedType<Typed>& type, std::string_view variable) {
  Shape shape;
  const auto lengths = [&](const std::vector<TypedExpression>& sizes) {
    for (const TypedExpression& size : sizes) {
      const std::int64_t length = integer(size, "a size");
      if (length < 0) {
        fail({.range = size.range,
              .message = fmt::format("negative size of '{}'", variable),
              .expected = "0 or more",
              .found = std::to_string(length)});
      }
      shape.push_back(length);
    }
  };
  const SizedType<Typed>* element = &type;
  while (const auto* array = std::get_if<SizedArray<Typed>>(&element->kind)) {
    lengths(array->sizes);
    element = array->element.get();
  }
  if (const auto* word = std::get_if<SizedWord<Typed>>(&element->kind)) {
    lengths(word->sizes);
    if (holds_complex(unsized(*element))) shape.push_back(2);
  }
  return shape;
}

void Evaluator::declaration(const Declaration<Typed>& declaration) {
  for (const Variable<Typed>& variable : declaration.variables) {
    const SymbolId id = variable.info.symbol;
    const StanType& type = symbol(id).type;
    Shape shape = shape_of_type(declaration.type, variable.name.text);
    if (variable.initial) {
      Value initial = promoted(evaluate(*variable.initial), type);
      require_shape(shape, initial, type, variable.initial->range);
      declare(id, std::move(shape), std::move(initial));
      continue;
    }
    try {
      Value value = unset(type, shape);
      declare(id, std::move(shape), std::move(value));
    } catch (const std::bad_alloc&) {
      fail({.range = declaration.type.range,
            .message = fmt::format("'{}' does not fit into memory", variable.name.text)});
    } catch (const symbolic::GraphError& error) {
      fail({.range = declaration.type.range, .message = fmt::format("'{}': {}", variable.name.text, error.what())});
    }
  }
}

void Evaluator::require_shape(const Shape& expected, const Value& value, const StanType& type, Range range) const {
  if (shape_of(value) == expected) return;
  fail({.range = range,
        .message = "sizes differ",
        .expected = library::describe(type, expected),
        .found = library::describe(type, shape_of(value))});
}

void Evaluator::assignment(const Assignment<Typed>& assignment, const StatementInfo& info) {
  if (assignment.op == AssignmentOperator::Assign) {
    assign(assignment.target, evaluate(assignment.value), assignment.value.range);
    return;
  }
  Value old_scratch, scratch;
  const Value* arguments[] = {&view(assignment.target, old_scratch), &view(assignment.value, scratch)};
  assign(assignment.target, apply(info.function, arguments, assignment.op_range, text(assignment.op)),
         assignment.value.range);
}

void Evaluator::assign(const TypedExpression& target, Value value, Range value_range) {
  value = promoted(std::move(value), target.info.type);
  if (std::holds_alternative<VariableReference>(target.node)) {
    Slot& variable = slot(target.info.symbol);
    require_shape(variable.shape, value, target.info.type, value_range);
    variable.value = std::move(value);
    return;
  }

  const Access picked(target);
  Slot& variable = slot(picked.root->info.symbol);
  auto* array = std::get_if<Array>(&variable.value);
  if (array != nullptr && is_number(value)) {
    if (const std::optional<std::int64_t> position = element(picked, variable.shape)) {
      if (!array->is_only_holder()) *array = unshared(*array);
      if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        reinterpret_cast<std::int64_t*>(array->raw())[*position] = *integer;
      } else {
        reinterpret_cast<double*>(array->raw())[*position] = std::get<double>(value);
      }
      return;
    }
  }
  const std::vector<Selection> selections = select(picked, variable.shape);
  require_shape(selected_shape(variable.shape, selections), value, target.info.type, value_range);
  variable.value = write(std::move(variable.value), selections, value);
}

// ---------------------------------------------------------------- what adds to the log density

void Evaluator::contribute(const TypedStatement& statement, const Value& term) {
  Value value = term;
  if (const auto* array = std::get_if<Array>(&value)) {
    double sum = 0;
    for (std::int64_t i = 0; i < array->size(); ++i) sum += array->real(i);
    value = sum;
  } else if (const auto* expression = std::get_if<Expr>(&value)) {
    const Expr reals = symbolic::cast(*expression, symbolic::DType::float64);
    value = reals.rank() > 0 ? symbolic::sum(reals) : reals;
  } else {
    value = real_of(value);
  }
  add({.range = statement.range, .value = std::move(value), .densities = std::move(densities_)});
}

std::string Evaluator::printed(const Message<Typed>& message) {
  std::string words;
  for (const Printable<Typed>& item : message.items) {
    std::visit(overloaded{
                   [&](const StringLiteral& literal) { words += literal.text; },
                   [&](const TypedExpression& expression) {
                     const Value value = evaluate(expression);
                     words += is_known(value) ? lower::printed(array_from(value))
                                              : fmt::format("<{}>", source_.text(expression.range));
                   },
               },
               item);
  }
  return words;
}

Evaluator::Flow Evaluator::message(const Message<Typed>& message, Range range) {
  const bool before_sampling = block_ == BlockKind::TransformedData;
  const bool each_draw = !before_sampling && all_is_known();
  if (message.kind == MessageKind::Print) {
    if (!before_sampling && !each_draw) {
      prints_ = true;
      return Flow::next;
    }
    std::fputs((printed(message) + "\n").c_str(), stderr);
    return Flow::next;
  }
  const std::string reason = printed(message);
  if (before_sampling || message.kind == MessageKind::FatalError || each_draw) {
    fail({.range = range,
          .message = fmt::format("the program rejects {}: {}", each_draw ? "a draw" : "its data", reason)});
  }
  if (block_ == BlockKind::GeneratedQuantities) unsupported(range, "'reject' in the generated quantities block");
  add({.range = range, .value = -std::numeric_limits<double>::infinity(), .reason = reason});
  return Flow::rejected;
}

// ---------------------------------------------------------------- control

bool Evaluator::run(const ProgramBlock<Typed>& block) {
  block_ = block.kind;
  iterations_ = 0;
  try {
    return execute(block.statements) != Flow::rejected;
  } catch (const Rejection&) {
    call_ = {};
    call_depth_ = 0;
    active_calls_.clear();
    loop_variables_.clear();
    bound_ = nullptr;
    return false;
  }
}

Evaluator::Flow Evaluator::execute(const std::vector<TypedStatement>& statements) {
  for (const TypedStatement& statement : statements) {
    const Flow flow = execute(statement);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Evaluator::Flow Evaluator::execute(const TypedStatement& statement) {
  const Range range = statement.range;
  return std::visit(overloaded{
                        [&](const Empty&) { return Flow::next; },
                        [&](const Declaration<Typed>& node) {
                          declaration(node);
                          return Flow::next;
                        },
                        [&](const Assignment<Typed>& node) {
                          assignment(node, statement.info);
                          return Flow::next;
                        },
                        [&](const Tilde<Typed>& node) {
                          densities_.clear();
                          std::vector<const TypedExpression*> arguments = {&node.variate};
                          for (const TypedExpression& argument : node.arguments) arguments.push_back(&argument);
                          contribute(statement, statement.info.user
                                                    ? call_for_value(statement.info.user, arguments, range)
                                                    : density(statement.info.density, arguments, range));
                          return Flow::next;
                        },
                        [&](const TargetIncrement<Typed>& node) {
                          densities_.clear();
                          contribute(statement, evaluate(node.value));
                          return Flow::next;
                        },
                        [&](const JacobianIncrement<Typed>& node) {
                          densities_.clear();
                          contribute(statement, evaluate(node.value));
                          return Flow::next;
                        },
                        [&](const If<Typed>&) { return if_else(statement); },
                        [&](const For<Typed>&) { return loop(statement); },
                        [&](const ForEach<Typed>&) { return loop(statement); },
                        [&](const While<Typed>&) { return loop(statement); },
                        [&](const Break&) { return Flow::broken; },
                        [&](const Continue&) { return Flow::continued; },
                        [&](const Block<Typed>& node) { return execute(node.statements); },
                        [&](const Profile<Typed>& node) { return execute(node.statements); },
                        [&](const Message<Typed>& node) { return message(node, range); },
                        [&](const CallStatement<Typed>& node) {
                          call_statement(statement, node);
                          return Flow::next;
                        },
                        [&](const Return<Typed>& node) {
                          call_.results.clear();
                          for (const TypedExpression* value : returned_values(node))
                            call_.results.push_back(evaluate(*value));
                          return Flow::returned;
                        },
                    },
                    statement.node);
}

Evaluator::Flow Evaluator::if_else(const TypedStatement& statement) {
  const auto& node = std::get<If<Typed>>(statement.node);
  for (const ConditionalBranch<Typed>& branch : node.branches) {
    const Value condition = evaluate(branch.condition);
    if (!is_known(condition)) return lift(statement);
    if (real_of(condition) != 0) return execute(*branch.body);
  }
  return node.otherwise ? execute(*node.otherwise) : Flow::next;
}

Evaluator::Flow Evaluator::loop(const TypedStatement& statement) {
  if (block_ == BlockKind::TransformedData || loops_ == Loops::unrolled || all_is_known()) return run_loop(statement);
  return lift(statement);
}

Evaluator::Flow Evaluator::lift(const TypedStatement& nest) {
  const Dependence dependence(program_, nest, [this](SymbolId s) { return !is_known(value(s)); });
  if (!dependence.on_parameters(nest)) return run_loop(nest);
  const std::vector<Slot> before = slots_;
  const std::size_t contributions = contributions_.size();
  const Frame frame = call_;
  const auto active_calls = active_calls_;
  const std::vector<SymbolId> loop_variables = loop_variables_;
  NotWhole reason;
  try {
    Tracer tracer(*this, nest);
    if (!tracer.run()) return Flow::rejected;
    Equations(*this, tracer.trace()).solve();
    return Flow::next;
  } catch (const NotWhole& not_whole) {
    reason = not_whole;
  } catch (const symbolic::NotVectorizable& error) {
    reason = {nest.range, error.what()};
  }
  slots_ = before;
  contributions_.resize(contributions);
  call_ = frame;
  active_calls_ = active_calls;
  loop_variables_ = loop_variables;
  if (block_ == BlockKind::GeneratedQuantities)
    unsupported(reason.range, fmt::format("a loop or condition on drawn values: {}", reason.reason));
  if (std::holds_alternative<If<Typed>>(nest.node))
    unsupported(reason.range, fmt::format("a condition that depends on parameters: {}", reason.reason));
  const bool is_outermost = !unrolled_left_;
  if (is_outermost) {
    warnings_.push_back({.range = header(nest),
                         .message = fmt::format("this loop is unrolled: {}", reason.reason),
                         .severity = Severity::Warning});
    unrolled_left_ = most_unrolled;
  }
  unrolled_because_ = reason.reason;
  const Flow flow = run_loop(nest);
  if (is_outermost) unrolled_left_.reset();
  return flow;
}

std::string Evaluator::iteration_text() const {
  std::string words;
  for (SymbolId id : loop_variables_) {
    const auto* number = std::get_if<std::int64_t>(&value(id));
    if (number != nullptr) words += fmt::format("{}{} = {}", words.empty() ? "" : ", ", symbol(id).name, *number);
  }
  return words;
}

void Evaluator::count_iteration(Range range) {
  if (++iterations_ > most_iterations) {
    fail({.range = range,
          .message = fmt::format("loops of the {} block ran {} times, and this one has not ended", text(block_),
                                 most_iterations),
          .hint = "a loop that ends needs a condition that becomes 0"});
  }
  if (!unrolled_left_ || --*unrolled_left_ >= 0) return;
  fail({.range = range,
        .message = fmt::format("this loop is too long to be unrolled, and cannot be expressed as a whole: {}",
                               unrolled_because_)});
}

Evaluator::Flow Evaluator::run_loop(const TypedStatement& statement) {
  const Range range = statement.range;
  if (const auto* node = std::get_if<For<Typed>>(&statement.node)) return for_loop(*node, range);
  if (const auto* node = std::get_if<ForEach<Typed>>(&statement.node)) return for_each(*node, range);
  return while_loop(std::get<While<Typed>>(statement.node), range);
}

Evaluator::Flow Evaluator::while_loop(const While<Typed>& loop, Range range) {
  while (condition(loop.condition)) {
    count_iteration(range);
    const Flow flow = execute(*loop.body);
    if (flow == Flow::broken) break;
    if (leaves(flow)) return flow;
  }
  return Flow::next;
}

Evaluator::Flow Evaluator::for_loop(const For<Typed>& loop, Range range) {
  const std::int64_t first = integer(loop.first, "the first value of a loop variable");
  const std::int64_t last = integer(loop.last, "the last value of a loop variable");
  Slot& variable = slot(loop.variable.info.symbol);
  variable.shape.clear();
  loop_variables_.push_back(loop.variable.info.symbol);
  Flow flow = Flow::next;
  for (std::int64_t i = first; i <= last && flow != Flow::broken && !leaves(flow); ++i) {
    variable.value = i;
    count_iteration(range);
    flow = execute(*loop.body);
  }
  loop_variables_.pop_back();
  return leaves(flow) ? flow : Flow::next;
}

Evaluator::Flow Evaluator::for_each(const ForEach<Typed>& loop, Range range) {
  const Value container = evaluate(loop.container);
  const bool is_matrix = is_one_matrix(loop.container.info.type);  // its elements, column after column
  const Shape& shape = shape_of(container);
  const std::int64_t columns = is_matrix ? shape[1] : 1;
  Slot& variable = slot(loop.variable.info.symbol);
  for (std::int64_t column = 0; column < columns; ++column) {
    for (std::int64_t row = 0; row < shape[0]; ++row) {
      std::vector<Selection> picked = {{.kind = Selection::Kind::single, .first = row}};
      if (is_matrix) picked.push_back({.kind = Selection::Kind::single, .first = column});
      variable.value = read(container, picked);
      variable.shape = shape_of(variable.value);
      count_iteration(range);
      const Flow flow = execute(*loop.body);
      if (flow == Flow::broken) return Flow::next;
      if (leaves(flow)) return flow;
    }
  }
  return Flow::next;
}

}  // namespace leapgraph::models::lower
