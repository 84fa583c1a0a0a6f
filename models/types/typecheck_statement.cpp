/// Statements: what may be assigned, where `~` stands, loops and branches.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/walk.hpp"
#include "leapgraph/models/types/checker.hpp"

namespace leapgraph::models {
namespace {

/// The operator that `x += y` and its like apply.
BinaryOperator operator_of(AssignmentOperator op) {
  switch (op) {
    case AssignmentOperator::Add:
      return BinaryOperator::Add;
    case AssignmentOperator::Subtract:
      return BinaryOperator::Subtract;
    case AssignmentOperator::Multiply:
      return BinaryOperator::Multiply;
    case AssignmentOperator::Divide:
      return BinaryOperator::Divide;
    case AssignmentOperator::ElementMultiply:
      return BinaryOperator::ElementMultiply;
    case AssignmentOperator::ElementDivide:
      return BinaryOperator::ElementDivide;
    case AssignmentOperator::Assign:
      break;
  }
  throw InternalError("'=' applies no operator");
}

/// The variable at the root of `x[i].1[j]`.
const UntypedExpression& root_of(const UntypedExpression& target) {
  const UntypedExpression* root = &target;
  while (true) {
    if (const auto* indexed = std::get_if<Indexed<Untyped>>(&root->node)) {
      root = indexed->base.get();
    } else if (const auto* slot = std::get_if<TupleProjection<Untyped>>(&root->node)) {
      root = slot->base.get();
    } else {
      return *root;
    }
  }
}

/// A variable that is assigned to, or a part of it: the way there in slots of tuples, 0 for elements of arrays.
struct Place {
  std::string name;
  std::vector<int> way;
  const UntypedExpression* whole = nullptr;
};

/// The places in a target, those in a tuple one by one.
std::vector<Place> places_in(const UntypedExpression& target) {
  if (const auto* tuple = std::get_if<TupleLiteral<Untyped>>(&target.node)) {
    std::vector<Place> all;
    for (const UntypedExpression& element : tuple->elements) {
      for (Place& place : places_in(element)) all.push_back(std::move(place));
    }
    return all;
  }
  Place place;
  place.whole = &target;
  for (const UntypedExpression* part = &target;;) {
    if (const auto* indexed = std::get_if<Indexed<Untyped>>(&part->node)) {
      place.way.insert(place.way.begin(), 0);
      part = indexed->base.get();
    } else if (const auto* slot = std::get_if<TupleProjection<Untyped>>(&part->node)) {
      place.way.insert(place.way.begin(), slot->slot);
      part = slot->base.get();
    } else {
      if (const auto* variable = std::get_if<VariableReference>(&part->node)) place.name = variable->name;
      return {std::move(place)};
    }
  }
}

bool overlap(const Place& a, const Place& b) {
  if (a.name != b.name) return false;
  for (std::size_t i = 0; i < std::min(a.way.size(), b.way.size()); ++i) {
    if (a.way[i] != b.way[i]) return a.way[i] == 0 || b.way[i] == 0;
  }
  return true;
}

}  // namespace

void Checker::statement(const UntypedStatement& statement, bool top_level, std::vector<TypedStatement>& into) {
  std::vector<TypedStatement>* outer = std::exchange(before_, &into);
  if (const auto* node = std::get_if<Declaration<Untyped>>(&statement.node)) {
    declaration(*node, top_level, statement.range, into);
  } else {
    TypedStatement typed = one_statement(statement);
    into.push_back(std::move(typed));
  }
  before_ = outer;
}

TypedStatement Checker::one_statement(const UntypedStatement& statement) {
  const Range range = statement.range;
  const auto make = [&](TypedStatement::Node node) {
    return TypedStatement{.node = std::move(node), .range = range, .info = {}};
  };
  return std::visit(
      overloaded{
          [&](const Empty&) { return make(Empty{}); },
          [&](const Declaration<Untyped>&) -> TypedStatement { throw InternalError("a declaration may be several"); },
          [&](const Assignment<Untyped>& node) { return assignment(node, range); },
          [&](const Tilde<Untyped>& node) { return tilde(node, range); },
          [&](const TargetIncrement<Untyped>& node) { return target_increment(node, range); },
          [&](const JacobianIncrement<Untyped>& node) { return jacobian_increment(node, range); },
          [&](const CallStatement<Untyped>& node) { return call_statement(node, range); },
          [&](const Message<Untyped>& node) { return message(node, range); },
          [&](const If<Untyped>& node) {
            If<Typed> typed;
            for (const ConditionalBranch<Untyped>& branch : node.branches) {
              TypedExpression test = typed.branches.empty() ? condition(branch.condition)
                                                            : in_place([&] { return condition(branch.condition); });
              typed.branches.push_back({.condition = std::move(test), .body = body(branch.body)});
            }
            typed.otherwise = body(node.otherwise);
            return make(std::move(typed));
          },
          [&](const While<Untyped>& node) {
            TypedExpression test = in_place([&] { return condition(node.condition); });
            ++loops_;
            StatementPtr<Typed> inside = body(node.body);
            --loops_;
            return make(While<Typed>{.condition = std::move(test), .body = std::move(inside)});
          },
          [&](const For<Untyped>& node) { return for_loop(node, range); },
          [&](const ForEach<Untyped>& node) { return for_each(node, range); },
          [&](const Break&) {
            inside_loop(range, "break");
            return make(Break{});
          },
          [&](const Continue&) {
            inside_loop(range, "continue");
            return make(Continue{});
          },
          [&](const Return<Untyped>& node) { return returned(node, range); },
          [&](const Block<Untyped>& node) { return make(Block<Typed>{.statements = statements(node.statements)}); },
          [&](const Profile<Untyped>& node) {
            return make(Profile<Typed>{.name = node.name, .statements = statements(node.statements)});
          },
      },
      statement.node);
}

std::vector<TypedStatement> Checker::statements(const std::vector<UntypedStatement>& statements) {
  std::vector<TypedStatement> typed;
  open_scope();
  for (const UntypedStatement& child : statements) statement(child, false, typed);
  close_scope();
  return typed;
}

StatementPtr<Typed> Checker::body(const StatementPtr<Untyped>& body) {
  if (!body) return nullptr;
  open_scope();
  std::vector<TypedStatement> typed;
  statement(*body, false, typed);
  close_scope();
  if (typed.size() == 1) return std::make_unique<TypedStatement>(std::move(typed[0]));
  return std::make_unique<TypedStatement>(
      TypedStatement{.node = Block<Typed>{.statements = std::move(typed)}, .range = body->range, .info = {}});
}

TypedExpression Checker::condition(const UntypedExpression& condition) {
  return integer_expression(condition, "a condition");
}

void Checker::inside_loop(Range range, std::string_view word) {
  if (loops_ == 0) error({.range = range, .message = fmt::format("'{}' stands in loops only", word)});
}

/// The root of `target` is a variable that this block may change, or a tuple of such variables.
bool Checker::assignable(const UntypedExpression& target) {
  const UntypedExpression& root = root_of(target);
  if (const auto* tuple = std::get_if<TupleLiteral<Untyped>>(&target.node)) {
    for (const UntypedExpression& element : tuple->elements) {
      if (!assignable(element)) return false;
    }
    return true;
  }
  const auto* reference = std::get_if<VariableReference>(&root.node);
  if (reference == nullptr) {
    error({.range = root.range, .message = "this cannot be assigned to"});
    return false;
  }
  const Symbol* symbol = find_symbol(reference->name);
  if (symbol == nullptr) return true;  // the expression's own error says so
  if (symbol->loop_variable) {
    error({.range = root.range, .message = "Cannot assign to loop variable '" + symbol->name + "'"});
    return false;
  }
  if (symbol->function != no_function && symbol->top_level) {
    error({.range = root.range,
           .message = "Cannot assign to function argument '" + symbol->name + "'",
           .hint = "a copy can be assigned to: declare a variable with its value"});
    return false;
  }
  if (symbol->function == no_function && symbol->block != block_) {
    error({.range = root.range,
           .message = fmt::format("Cannot assign to global variable '{}' declared in previous blocks", symbol->name),
           .hint = fmt::format("it belongs to the {} block", text(symbol->block))});
    return false;
  }
  return true;
}

/// The indices of a target do not read what is assigned to: x[x[1]] = 2 would depend on which comes first. Neither do
/// the targets in a tuple overlap.
void Checker::refuse_reading_target(const UntypedExpression& target) {
  const std::vector<Place> places = places_in(target);
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (!overlap(places[i], places[k])) continue;
      error({.range = places[i].whole->range, .message = fmt::format("'{}' is assigned twice", places[i].name)});
      break;
    }
    for_each_within(*places[i].whole, [&](const UntypedExpression& part) {
      const auto* indexed = std::get_if<Indexed<Untyped>>(&part.node);
      if (indexed == nullptr) return;
      for (const Index<Untyped>& index : indexed->indices) {
        for_each_part(index, [&](const UntypedExpression& limit) {
          for_each_within(limit, [&](const UntypedExpression& inner) {
            const auto* read = std::get_if<VariableReference>(&inner.node);
            if (read == nullptr || std::ranges::find(places, read->name, &Place::name) == places.end()) return;
            error({.range = inner.range,
                   .message = fmt::format("'{}' is read and assigned to on one side of an assignment", read->name),
                   .hint = "compute the index before, in a variable of its own"});
          });
        });
      }
    });
  }
}

TypedStatement Checker::assignment(const Assignment<Untyped>& assignment, Range range) {
  const bool may_assign = assignable(assignment.target);
  TypedExpression target = may_assign ? expression(assignment.target)
                                      : TypedExpression{.node = IntLiteral{}, .range = assignment.target.range};
  TypedExpression value = expression(assignment.value);
  TypedStatement result{.node = Empty{}, .range = range, .info = {}};

  if (const auto* outer = std::get_if<Indexed<Typed>>(&target.node)) {
    // x[1:3][2] would assign to a copy.
    if (const auto* inner = std::get_if<Indexed<Typed>>(&outer->base->node)) {
      for (const Index<Typed>& index : inner->indices) {
        const auto* single = std::get_if<IndexSingle<Typed>>(&index.kind);
        if (single != nullptr && !single->value->info.type.is_array()) continue;
        error({.range = index.range,
               .message = "left-hand side indices may not be nested behind a multiple index",
               .hint = "write all indices between one pair of brackets: x[i, j]"});
      }
    }
  }

  if (may_assign) refuse_reading_target(assignment.target);

  const StanType expected = target.info.type;
  StanType found = value.info.type;
  const bool by_element =
      assignment.op == AssignmentOperator::ElementMultiply || assignment.op == AssignmentOperator::ElementDivide;
  if (by_element && expected.is_scalar()) {
    error({.range = assignment.op_range,
           .message = fmt::format("{} assigns to the elements of a container", text(assignment.op)),
           .found = to_string(expected),
           .hint = assignment.op == AssignmentOperator::ElementMultiply ? "write '*='" : "write '/='"});
    return result;
  }
  if (assignment.op != AssignmentOperator::Assign && !expected.is_unknown() && !found.is_unknown()) {
    const std::vector<StanType> types = {expected, found};
    result.info.function =
        resolve_function(library::function_names(operator_of(assignment.op)),
                         fmt::format("assignment operator {}", text(assignment.op)), types, assignment.op_range);
    if (result.info.function.function == nullptr) return result;
    found = result.info.function.resolution.result;
  }
  if (!promotes(found, expected)) {
    error({.range = assignment.op == AssignmentOperator::Assign ? value.range : range,
           .message = "Ill-typed assignment",
           .expected = to_string(expected),
           .found = to_string(found)});
    return result;
  }
  if (expected.base == Base::tuple && found.base != Base::tuple) return result;  // it was complained about
  if (expected.base == Base::tuple)
    return tuple_assignment(std::move(target), std::move(value), assignment.op_range, range);
  result.node = Assignment<Typed>{
      .target = std::move(target), .op = assignment.op, .op_range = assignment.op_range, .value = std::move(value)};
  return result;
}

bool Checker::target_allowed(Range range, std::string_view what) {
  const FunctionInfo* function = current_function();
  if (function != nullptr ? function->kind == FunctionKind::adds_to_target : block_ == BlockKind::Model) return true;
  error({.range = range,
         .message = fmt::format("{} can only be used in the model block and in functions with the suffix _lp", what),
         .hint = function != nullptr ? "this function has another name"
                                     : fmt::format("this is the {} block", text(block_))});
  return false;
}

TypedStatement Checker::tilde(const Tilde<Untyped>& tilde, Range range) {
  target_allowed(range, "'~'");
  TypedStatement typed = untruncated_tilde(tilde, range);
  return tilde.truncation ? truncated(std::move(typed), tilde) : std::move(typed);
}

TypedStatement Checker::untruncated_tilde(const Tilde<Untyped>& tilde, Range range) {
  TypedStatement result{.node = Empty{}, .range = range, .info = {}};
  TypedExpression variate = expression(tilde.variate);
  std::vector<TypedExpression> arguments = expressions(tilde.arguments);

  const std::string& name = tilde.distribution.text;
  for (const std::string_view suffix : {"_lpdf", "_lpmf"}) {
    const std::string function = name + std::string(suffix);
    if (!is_user_function(function)) continue;
    std::vector<StanType> types = types_of(arguments);
    types.insert(types.begin(), variate.info.type);
    const library::Distribution* other = library::find_distribution(name);
    const bool other_fits =
        other != nullptr && other->arguments.size() == types.size() && !library::misfit(*other, types);
    if (other_fits && resolve_user_function(function, types).function == no_function) continue;
    return user_tilde({.variate = std::move(variate),
                       .distribution = tilde.distribution,
                       .arguments = std::move(arguments),
                       .truncation = {}},
                      function, range);
  }
  const library::Distribution* distribution = library::find_distribution(name);
  if (distribution == nullptr) {
    refuse_unknown_distribution(tilde.distribution);
    return result;
  }
  std::vector<TypedExpression> all;
  all.push_back(std::move(variate));
  for (TypedExpression& argument : arguments) all.push_back(std::move(argument));
  if (!check_density_arguments(*distribution, all, tilde.distribution.range)) return result;

  result.info.density = {.distribution = distribution, .terms_for = arguments_not_data(all)};
  Tilde<Typed> typed{
      .variate = std::move(all.front()), .distribution = tilde.distribution, .arguments = {}, .truncation = {}};
  for (std::size_t i = 1; i < all.size(); ++i) typed.arguments.push_back(std::move(all[i]));
  result.node = std::move(typed);
  return result;
}

void Checker::refuse_unknown_distribution(const Name& name) {
  std::vector<std::string> names;
  std::string hint;
  for (const library::Distribution& distribution : library::all_distributions()) {
    names.emplace_back(distribution.name);
    const std::string suffix = distribution.is_discrete() ? "_lpmf" : "_lpdf";
    if (name.text == names.back() + suffix)
      hint = fmt::format("behind '~' a distribution has no suffix: write '{}'", names.back());
  }
  if (hint.empty() && library::is_known_but_unsupported(name.text)) {
    unsupported(name.range, "the distribution '" + name.text + "'");
    return;
  }
  const std::optional<std::string> near = library::nearest_name(name.text, names);
  if (hint.empty() && near) hint = fmt::format("did you mean '{}'?", *near);
  error({.range = name.range, .message = "unknown distribution '" + name.text + "'", .hint = hint});
}

TypedStatement Checker::target_increment(const TargetIncrement<Untyped>& increment, Range range) {
  target_allowed(range, "'target +='");
  return {
      .node = TargetIncrement<Typed>{.value = this->increment(increment.value, "target")}, .range = range, .info = {}};
}

TypedStatement Checker::jacobian_increment(const JacobianIncrement<Untyped>& increment, Range range) {
  const FunctionInfo* function = current_function();
  const bool allowed = function != nullptr ? function->kind == FunctionKind::adds_to_jacobian
                                           : block_ == BlockKind::TransformedParameters;
  if (!allowed) {
    error({.range = range,
           .message = "'jacobian +=' can only be used in the transformed parameters block and in functions with the "
                      "suffix _jacobian",
           .hint = function != nullptr ? "this function has another name"
                                       : fmt::format("this is the {} block", text(block_))});
  }
  return {.node = JacobianIncrement<Typed>{.value = this->increment(increment.value, "jacobian")},
          .range = range,
          .info = {}};
}

TypedExpression Checker::increment(const UntypedExpression& value, std::string_view of) {
  TypedExpression typed = expression(value);
  if (!typed.info.type.is_unknown() && !holds_reals(typed.info.type)) {
    error({.range = typed.range,
           .message = fmt::format("Ill-typed increment of {}", of),
           .expected = "a real number or a container of them, which is summed",
           .found = to_string(typed.info.type)});
  }
  return typed;
}

TypedStatement Checker::message(const Message<Untyped>& message, Range range) {
  Message<Typed> typed{.kind = message.kind, .items = {}};
  for (const Printable<Untyped>& item : message.items) {
    if (const auto* words = std::get_if<StringLiteral>(&item)) {
      typed.items.emplace_back(*words);
      continue;
    }
    TypedExpression value = expression(std::get<UntypedExpression>(item));
    const bool is_tuple = value.info.type.base == Base::tuple;
    const Range range_of_value = value.range;
    const auto words = [&](std::string text) {
      if (is_tuple) typed.items.emplace_back(StringLiteral{std::move(text), range_of_value});
    };
    std::string separator = "(";
    for (TypedExpression& leaf : leaves(std::move(value))) {
      words(std::exchange(separator, ","));
      typed.items.emplace_back(std::move(leaf));
    }
    words(")");
  }
  return {.node = std::move(typed), .range = range, .info = {}};
}

TypedStatement Checker::call_statement(const CallStatement<Untyped>& call, Range range) {
  TypedStatement result{.node = Empty{}, .range = range, .info = {}};
  const std::string& name = call.function.text;
  if (refuse_call_of_variable(call.function)) return result;
  if (is_user_function(name)) {
    std::vector<TypedExpression> arguments = expressions(call.arguments);
    const FunctionId id = user_function(name, arguments, call.function.range);
    if (id == no_function) return result;
    const FunctionInfo& info = result_.tree.functions[static_cast<std::size_t>(id)].info;
    if (!call_allowed(info.kind, name, call.function.range)) return result;
    if (info.result != stan_types::none) {
      error({.range = call.function.range,
             .message = "the value of '" + name + "' is not used",
             .hint = "assign it to a variable, or add it to target"});
      return result;
    }
    result.info.user = {.function = id};
    result.node = CallStatement<Typed>{.function = call.function, .arguments = all_leaves(std::move(arguments))};
    return result;
  }
  expressions(call.arguments);
  if (!library::find_functions(name).empty() || library::find_density(name)) {
    error({.range = call.function.range,
           .message = "the value of '" + name + "' is not used",
           .hint = "assign it to a variable, or add it to target"});
    return result;
  }
  refuse_unknown_function(call.function);
  return result;
}

TypedStatement Checker::for_loop(const For<Untyped>& loop, Range range) {
  TypedExpression first = integer_expression(loop.first, "the first value of a loop variable");
  TypedExpression last = integer_expression(loop.last, "the last value of a loop variable");
  open_scope();
  Variable<Typed> variable{.name = loop.variable.name, .initial = nullptr, .info = {}};
  variable.info.symbol = declare(loop.variable.name, stan_types::integer, false, true, true);
  ++loops_;
  StatementPtr<Typed> inside = body(loop.body);
  --loops_;
  close_scope();
  return {.node = For<Typed>{.variable = std::move(variable),
                             .first = std::move(first),
                             .last = std::move(last),
                             .body = std::move(inside)},
          .range = range,
          .info = {}};
}

TypedStatement Checker::for_each(const ForEach<Untyped>& loop, Range range) {
  TypedExpression container = expression(loop.container);
  if (container.info.type.base == Base::tuple && container.info.type.is_array())
    return for_each_tuple(loop, std::move(container), range);
  const StanType& type = container.info.type;
  StanType element = stan_types::unknown;
  if (type.is_array()) {
    element = element_of(type);
  } else if (base_rank(type.base) > 0) {
    element = holds_complex(type) ? stan_types::complex : stan_types::real;  // of a matrix column after column
  } else if (!type.is_unknown()) {
    error({.range = container.range,
           .message = "Ill-typed container of a loop",
           .expected = "array, vector, row_vector or matrix",
           .found = to_string(type),
           .hint = type.is_int() ? "a range is written 1:N" : ""});
  }
  const bool is_variable = std::holds_alternative<VariableReference>(container.node);
  if (!is_variable && !type.is_unknown() && before_ != nullptr) {
    std::vector<TypedExpression> held;
    held.push_back(std::move(container));
    container = std::move(hold(std::move(held), *before_)[0]);
  }
  open_scope();
  Variable<Typed> variable{.name = loop.variable.name, .initial = nullptr, .info = {}};
  variable.info.symbol = declare(loop.variable.name, element, false, true, container.info.data_only);
  ++loops_;
  StatementPtr<Typed> inside = body(loop.body);
  --loops_;
  close_scope();
  return {
      .node =
          ForEach<Typed>{.variable = std::move(variable), .container = std::move(container), .body = std::move(inside)},
      .range = range,
      .info = {}};
}

}  // namespace leapgraph::models
