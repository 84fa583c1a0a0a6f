/// Tuples, which the checker takes apart: slots, assignments, loops over arrays of them.
#include <fmt/format.h>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/types/checker.hpp"
#include "leapgraph/models/types/tuple.hpp"

namespace leapgraph::models {
namespace {

TypedExpression typed_integer(std::int32_t value, Range range) {
  TypedExpression result{.node = IntLiteral{value}, .range = range, .info = {}};
  result.info.type = stan_types::integer;
  return result;
}

/// `container[position]`
TypedExpression element_at(TypedExpression container, TypedExpression position) {
  const Range range = container.range;
  TypedExpression result{.node = IntLiteral{}, .range = range, .info = {}};
  result.info.type = element_of(container.info.type);
  result.info.data_only = container.info.data_only;
  Indexed<Typed> indexed{.base = std::make_unique<TypedExpression>(std::move(container)), .indices = {}};
  indexed.indices.push_back(
      {.range = range, .kind = IndexSingle<Typed>{.value = std::make_unique<TypedExpression>(std::move(position))}});
  result.node = std::move(indexed);
  return result;
}

}  // namespace

TypedExpression Checker::symbol_reference(SymbolId id, Range range) const {
  const Symbol& symbol = result_.symbols[static_cast<std::size_t>(id)];
  TypedExpression result{.node = VariableReference{symbol.name}, .range = range, .info = {}};
  result.info.type = symbol.type;
  result.info.data_only = symbol.data_only;
  result.info.symbol = id;
  return result;
}

TypedExpression Checker::projection(const TupleProjection<Untyped>& projection, Range range) {
  TypedExpression base = expression(*projection.base);
  const StanType& type = base.info.type;
  const auto count = static_cast<int>(type.slots.size());
  if (type.is(Base::tuple) && projection.slot >= 1 && projection.slot <= count) {
    TypedExpression slot = slot_of(std::move(base), static_cast<std::size_t>(projection.slot - 1), result_.symbols);
    slot.range = range;
    return slot;
  }
  if (type.is(Base::tuple)) {
    error({.range = range,
           .message = fmt::format("a tuple has no slot {}", projection.slot),
           .expected = fmt::format("1 to {}", count),
           .found = std::to_string(projection.slot)});
  } else if (!type.is_unknown()) {
    error({.range = range,
           .message = "only tuples have numbered slots",
           .expected = "tuple",
           .found = to_string(type),
           .hint = type.base == Base::tuple ? "pick an element of the array first: ts[i].1" : ""});
  }
  return {.node = IntLiteral{}, .range = range, .info = {}};
}

// ---------------------------------------------------------------- leaves

std::vector<TypedExpression> Checker::leaves(TypedExpression expression) {
  const bool is_tuple = expression.info.type.base == Base::tuple;
  if (is_tuple && expression.info.user && before_ != nullptr) return hold_call(std::move(expression), *before_);
  return leaves_of(std::move(expression), result_.symbols);
}

std::vector<TypedExpression> Checker::all_leaves(std::vector<TypedExpression> expressions) {
  std::vector<TypedExpression> all;
  for (TypedExpression& expression : expressions)
    for (TypedExpression& leaf : leaves(std::move(expression))) all.push_back(std::move(leaf));
  return all;
}

std::vector<TypedExpression> Checker::hold(std::vector<TypedExpression> values, std::vector<TypedStatement>& into) {
  TypedStatement statement{.node = Empty{}, .range = values.at(0).range, .info = {}};
  std::vector<TypedExpression> references;
  for (const TypedExpression& value : values) {
    const SymbolId symbol = new_symbol({.name = std::string(source_.text(value.range)),
                                        .type = value.info.type,
                                        .block = block_,
                                        .top_level = false,
                                        .data_only = value.info.data_only,
                                        .function = function_,
                                        .declared = value.range});
    statement.info.results.push_back(symbol);
    references.push_back(symbol_reference(symbol, value.range));
  }
  statement.node = CallStatement<Typed>{.function = {"", statement.range}, .arguments = std::move(values)};
  into.push_back(std::move(statement));
  return references;
}

std::vector<TypedExpression> Checker::hold_call(TypedExpression expression, std::vector<TypedStatement>& into) {
  // All that the function returns; this expression may be a slot of it.
  auto& call = std::get<Call<Typed>>(expression.node);
  TypedStatement statement{.node = Empty{}, .range = expression.range, .info = {}};
  statement.info.user = expression.info.user;
  const FunctionInfo& info = result_.tree.functions[static_cast<std::size_t>(expression.info.user.function)].info;
  std::vector<TypedExpression> references;
  for (const StanType& type : models::leaf_types(info.result)) {
    const SymbolId symbol = new_symbol({.name = std::string(source_.text(expression.range)),
                                        .type = type,
                                        .block = block_,
                                        .top_level = false,
                                        .data_only = expression.info.data_only,
                                        .function = function_,
                                        .declared = expression.range});
    statement.info.results.push_back(symbol);
    references.push_back(symbol_reference(symbol, expression.range));
  }
  statement.node = CallStatement<Typed>{.function = call.function, .arguments = std::move(call.arguments)};
  into.push_back(std::move(statement));
  const auto first = references.begin() + expression.info.user.slot;
  const auto count = static_cast<std::ptrdiff_t>(models::leaf_types(expression.info.type).size());
  return {std::make_move_iterator(first), std::make_move_iterator(first + count)};
}

// ---------------------------------------------------------------- statements

/// All values are computed before the first is assigned: (a, b) = (b, a) swaps.
TypedStatement Checker::tuple_assignment(TypedExpression target, TypedExpression value, Range op_range, Range range) {
  Block<Typed> block;
  std::vector<TypedExpression> values = value.info.user ? hold_call(std::move(value), block.statements)
                                                        : hold(leaves(std::move(value)), block.statements);
  std::vector<TypedExpression> targets = leaves_of(std::move(target), result_.symbols);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    Assignment<Typed> assignment{.target = std::move(targets[i]),
                                 .op = AssignmentOperator::Assign,
                                 .op_range = op_range,
                                 .value = std::move(values[i])};
    block.statements.push_back({.node = std::move(assignment), .range = range, .info = {}});
  }
  return {.node = std::move(block), .range = range, .info = {}};
}

/// for (t in ts) body: a loop over positions, in which t is given the element.
TypedStatement Checker::for_each_tuple(const ForEach<Untyped>& loop, TypedExpression container, Range range) {
  const StanType element = element_of(container.info.type);
  const bool data_only = container.info.data_only;
  Block<Typed> block;
  const bool is_variable = std::holds_alternative<VariableReference>(container.node);
  std::vector<TypedExpression> arrays = leaves(std::move(container));
  if (!is_variable) arrays = hold(std::move(arrays), block.statements);

  open_scope();
  const SymbolId position = new_symbol({.name = "position in " + std::string(source_.text(arrays[0].range)),
                                        .type = stan_types::integer,
                                        .block = block_,
                                        .top_level = false,
                                        .loop_variable = true,
                                        .function = function_,
                                        .declared = loop.variable.name.range});
  Variable<Typed> variable{.name = loop.variable.name, .initial = nullptr, .info = {.symbol = position}};
  const SymbolId tuple = declare(loop.variable.name, element, false, true, data_only);

  TypedStatement given{.node = Empty{}, .range = loop.variable.name.range, .info = {}};
  CallStatement<Typed> elements{.function = {"", range}, .arguments = {}};
  for (const TypedExpression& array : arrays)
    elements.arguments.push_back(element_at(clone(array), symbol_reference(position, array.range)));
  if (tuple != no_symbol)
    for (const TypedExpression& leaf : leaves_of(symbol_reference(tuple, range), result_.symbols))
      given.info.results.push_back(leaf.info.symbol);
  given.node = std::move(elements);

  TypedExpression last{.node = IntLiteral{}, .range = loop.container.range, .info = {}};
  last.info.type = stan_types::integer;
  const StanType types[] = {arrays[0].info.type};
  last.info.function = resolve_function("size", "function 'size'", types, range);
  Call<Typed> size{.function = {"size", loop.container.range}, .arguments = {}, .conditional = false};
  size.arguments.push_back(clone(arrays[0]));
  last.node = std::move(size);

  ++loops_;
  StatementPtr<Typed> inside = body(loop.body);
  --loops_;
  close_scope();
  Block<Typed> both;
  both.statements.push_back(std::move(given));
  both.statements.push_back(std::move(*inside));
  For<Typed> positions{.variable = std::move(variable),
                       .first = typed_integer(1, range),
                       .last = std::move(last),
                       .body = std::make_unique<TypedStatement>(
                           TypedStatement{.node = std::move(both), .range = loop.body->range, .info = {}})};
  block.statements.push_back({.node = std::move(positions), .range = range, .info = {}});
  return {.node = std::move(block), .range = range, .info = {}};
}

}  // namespace leapgraph::models
