/// The functions block: heads, bodies, and calls of the program's own functions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/types/checker.hpp"
#include "leapgraph/models/types/tuple.hpp"

namespace leapgraph::models {
namespace {

struct Suffix {
  std::string_view text;
  FunctionKind kind;
};
constexpr std::array<Suffix, 8> suffixes = {{{"_lpdf", FunctionKind::density},
                                             {"_lpmf", FunctionKind::density},
                                             {"_cdf", FunctionKind::cumulative},
                                             {"_lcdf", FunctionKind::cumulative},
                                             {"_lccdf", FunctionKind::cumulative},
                                             {"_lp", FunctionKind::adds_to_target},
                                             {"_jacobian", FunctionKind::adds_to_jacobian},
                                             {"_rng", FunctionKind::random}}};

FunctionKind kind_of(std::string_view name) {
  for (const Suffix& suffix : suffixes) {
    if (name.ends_with(suffix.text)) return suffix.kind;
  }
  return FunctionKind::plain;
}

/// The statement, a loop's body, may leave that loop by a `break`.
bool breaks(const TypedStatement& statement) {
  const auto any = [](const std::vector<TypedStatement>& statements) {
    return std::any_of(statements.begin(), statements.end(), breaks);
  };
  return std::visit(overloaded{
                        [](const auto&) { return false; },
                        [](const Break&) { return true; },
                        [&](const Block<Typed>& node) { return any(node.statements); },
                        [&](const Profile<Typed>& node) { return any(node.statements); },
                        [](const If<Typed>& node) {
                          return (node.otherwise && breaks(*node.otherwise)) ||
                                 std::any_of(node.branches.begin(), node.branches.end(),
                                             [](const auto& branch) { return breaks(*branch.body); });
                        },
                    },
                    statement.node);
}

/// Control does not come to the end of the statement: it returns, or gives up. As the language has it, a loop is taken
/// to run.
bool ends_by_returning(const TypedStatement& statement) {
  const auto any = [](const std::vector<TypedStatement>& statements) {
    return std::any_of(statements.begin(), statements.end(), ends_by_returning);
  };
  return std::visit(overloaded{
                        [](const auto&) { return false; },
                        [](const Return<Typed>&) { return true; },
                        [](const For<Typed>& node) { return ends_by_returning(*node.body) && !breaks(*node.body); },
                        [](const ForEach<Typed>& node) { return ends_by_returning(*node.body) && !breaks(*node.body); },
                        [](const While<Typed>& node) {
                          const auto* literal = std::get_if<IntLiteral>(&node.condition.node);
                          const bool forever = literal != nullptr && literal->value != 0;
                          return (forever || ends_by_returning(*node.body)) && !breaks(*node.body);
                        },
                        [](const Message<Typed>& node) { return node.kind != MessageKind::Print; },
                        [&](const Block<Typed>& node) { return any(node.statements); },
                        [&](const Profile<Typed>& node) { return any(node.statements); },
                        [](const If<Typed>& node) {
                          return node.otherwise && ends_by_returning(*node.otherwise) &&
                                 std::all_of(node.branches.begin(), node.branches.end(),
                                             [](const auto& branch) { return ends_by_returning(*branch.body); });
                        },
                    },
                    statement.node);
}

}  // namespace

const FunctionInfo* Checker::current_function() const {
  return function_ == no_function ? nullptr : &result_.tree.functions[static_cast<std::size_t>(function_)].info;
}

/// "f(int, vector)"
std::string Checker::signature(FunctionId id) const {
  const FunctionDefinition<Typed>& function = result_.tree.functions[static_cast<std::size_t>(id)];
  std::vector<StanType> types;
  for (const SymbolId argument : function.info.arguments) {
    types.push_back(result_.symbols[static_cast<std::size_t>(argument)].type);
  }
  return function.name.text + to_string(types);
}

/// Heads first: bodies call functions in any order, themselves too.
void Checker::functions(const std::vector<FunctionDefinition<Untyped>>& functions) {
  std::vector<const FunctionDefinition<Untyped>*> defined;
  for (const FunctionDefinition<Untyped>& function : functions) {
    if (!function.body) continue;
    function_head(function);
    defined.push_back(&function);
  }
  std::vector<std::string> declared;
  for (const FunctionDefinition<Untyped>& function : functions) {
    if (!function.body) declaration_of_function(function, declared);
  }
  for (std::size_t i = 0; i < defined.size(); ++i) function_body(*defined[i], static_cast<FunctionId>(i));
}

/// A head without a body stands before the definition that it is of, once.
void Checker::declaration_of_function(const FunctionDefinition<Untyped>& function, std::vector<std::string>& declared) {
  std::vector<StanType> types;
  for (const Argument& argument : function.arguments) types.push_back(type_in_head(argument.type));
  const std::string head = function.name.text + to_string(types);
  const auto named = signatures_.find(function.name.text);
  const FunctionDefinition<Typed>* definition = nullptr;
  if (named != signatures_.end()) {
    for (const FunctionId id : named->second) {
      if (signature(id) == head) definition = &result_.tree.functions[static_cast<std::size_t>(id)];
    }
  }
  if (definition == nullptr) {
    error({.range = function.name.range, .message = fmt::format("'{}' is declared and never defined", head)});
    return;
  }
  if (std::ranges::find(declared, head) != declared.end() || definition->name.range.begin < function.name.range.begin) {
    error({.range = function.name.range, .message = fmt::format("'{}' is declared already", head)});
  }
  declared.push_back(head);
  for (std::size_t i = 0; i < function.arguments.size(); ++i) {
    if (function.arguments[i].data_only == definition->arguments[i].data_only) continue;
    error({.range = definition->arguments[i].name.range,
           .message = fmt::format("the declaration and the definition of '{}' differ in 'data'", head)});
  }
}

StanType Checker::type_in_head(const UnsizedType& type) {
  const auto* word = std::get_if<TypeWord>(&type.element);
  if (word == nullptr) {
    StanType tuple{Base::tuple, type.array_dimensions};
    for (const UnsizedType& slot : std::get<std::vector<UnsizedType>>(type.element))
      tuple.slots.push_back(type_in_head(slot));
    return tuple;
  }
  const StanType element = models::unsized(
      SizedType<Typed>{.kind = SizedWord<Typed>{.word = *word, .bounds = {}, .sizes = {}}, .range = {}});
  if (element.is_unknown()) unsupported(type.range, fmt::format("the type '{}'", text(*word)));
  return element.is_unknown() ? element : array_of(element, type.array_dimensions);
}

void Checker::function_head(const FunctionDefinition<Untyped>& function) {
  const auto id = static_cast<FunctionId>(result_.tree.functions.size());
  FunctionDefinition<Typed> typed{.result = {},
                                  .name = function.name,
                                  .arguments = function.arguments,
                                  .body = nullptr,
                                  .range = function.range,
                                  .info = {.kind = kind_of(function.name.text)}};
  typed.result = function.result;
  typed.info.result = function.result ? type_in_head(*function.result) : stan_types::none;
  std::vector<StanType> types;
  for (const Argument& argument : function.arguments) {
    types.push_back(type_in_head(argument.type));
    const SymbolId symbol = new_symbol({.name = argument.name.text,
                                        .type = types.back(),
                                        .data_only = argument.data_only,
                                        .function = id,
                                        .declared = argument.name.range});
    typed.info.arguments.push_back(symbol);
    for (const TypedExpression& leaf : leaves_of(symbol_reference(symbol, argument.name.range), result_.symbols))
      typed.info.parameters.push_back(leaf.info.symbol);
  }
  check_name_and_result(function, typed.info, types);
  result_.tree.functions.push_back(std::move(typed));

  std::vector<FunctionId>& overloads = signatures_[function.name.text];
  for (const FunctionId other : overloads) {
    if (signature(other) != signature(id)) continue;
    const Location place = source_.locate(result_.tree.functions[static_cast<std::size_t>(other)].name.range.begin);
    error({.range = function.name.range,
           .message =
               fmt::format("'{}' is already defined at {}:{}:{}", signature(id), place.file, place.line, place.column),
           .hint = "overloads differ in the types of their arguments"});
  }
  overloads.push_back(id);
}

/// What the end of a name asks of the head.
void Checker::check_name_and_result(const FunctionDefinition<Untyped>& function, const FunctionInfo& info,
                                    const std::vector<StanType>& types) {
  const std::string& name = function.name.text;
  for (const std::string_view suffix : {"_lupdf", "_lupmf"}) {
    if (!name.ends_with(suffix)) continue;
    error({.range = function.name.range,
           .message = fmt::format("a function is not defined under a name that ends in '{}'", suffix),
           .hint = fmt::format("define {}_lp{}: it can be called under both names", name.substr(0, name.size() - 6),
                               suffix.substr(4))});
  }
  if (library::find_solver(name) != nullptr) {
    error(
        {.range = function.name.range,
         .message = fmt::format("'{}' belongs to the library, whose functions of functions have no overloads", name)});
  }
  for (const library::Function* other : library::find_functions(name)) {
    const std::optional<Resolution> same = resolve(other->signature, types);
    if (!same || same->promotions > 0) continue;
    error({.range = function.name.range,
           .message = fmt::format("the library has a function '{}{}' already", name, to_string(types))});
    break;
  }
  if (const auto density = library::find_density(name)) {
    if (types.size() == density->distribution->arguments.size() && !library::misfit(*density->distribution, types)) {
      error({.range = function.name.range,
             .message = fmt::format("the library has a function '{}{}' already", name, to_string(types))});
    }
  }
  if (info.kind == FunctionKind::density) {
    const bool discrete = name.ends_with("_lpmf");
    if (info.result != stan_types::real && !info.result.is_unknown()) {
      error({.range = function.result ? function.result->range : function.name.range,
             .message = fmt::format("a function with the suffix {} returns a real", discrete ? "_lpmf" : "_lpdf"),
             .found = to_string(info.result)});
    }
    const auto discrete_leaves = [](const StanType& type) {
      return std::ranges::all_of(models::leaf_types(type), holds_integers);
    };
    const bool fits = !types.empty() && (types[0].is_unknown() || discrete_leaves(types[0]) == discrete);
    if (!fits) {
      error({.range = types.empty() ? function.name.range : function.arguments[0].type.range,
             .message =
                 fmt::format("the first argument of a function with the suffix {} is {}", discrete ? "_lpmf" : "_lpdf",
                             discrete ? "an int or holds ints" : "a real or holds reals"),
             .found = types.empty() ? "no argument" : to_string(types[0])});
    }
  }
}

void Checker::function_body(const FunctionDefinition<Untyped>& function, FunctionId id) {
  auto outside = std::exchange(scopes_, {});
  function_ = id;
  open_scope();
  const std::vector<SymbolId> arguments = result_.tree.functions[static_cast<std::size_t>(id)].info.arguments;
  for (const SymbolId parameter : arguments) {
    const Symbol& symbol = result_.symbols[static_cast<std::size_t>(parameter)];
    if (!scopes_.back().emplace(symbol.name, parameter).second) {
      error({.range = symbol.declared, .message = "two arguments have the name '" + symbol.name + "'"});
    }
    refuse_density_suffix({symbol.name, symbol.declared});
  }
  StatementPtr<Typed> checked = body(function.body);
  const FunctionInfo& info = *current_function();
  if (info.result != stan_types::none && !ends_by_returning(*checked)) {
    error({.range = function.name.range,
           .message = fmt::format("'{}' does not return a value on every path", function.name.text),
           .expected = "a return, or a reject, at the end and in each branch of the conditionals there"});
  }
  result_.tree.functions[static_cast<std::size_t>(id)].body = std::move(checked);
  function_ = no_function;
  scopes_ = std::move(outside);
}

TypedStatement Checker::returned(const Return<Untyped>& statement, Range range) {
  ExpressionPtr<Typed> value = pointer(statement.value);
  const FunctionInfo* function = current_function();
  const bool returns_value = function != nullptr && function->result != stan_types::none;
  if (function == nullptr) {
    error({.range = range, .message = "'return' stands in functions only"});
  } else if (value && !returns_value) {
    error({.range = value->range, .message = "a void function returns no value"});
  } else if (!value && returns_value) {
    error(
        {.range = range, .message = "'return' without a value", .expected = to_string(function->result), .found = {}});
  } else if (value && !promotes(value->info.type, function->result)) {
    error({.range = value->range,
           .message = "Ill-typed value of 'return'",
           .expected = to_string(function->result),
           .found = to_string(value->info.type)});
  }
  if (value && value->info.type.base == Base::tuple) {
    const StanType type = value->info.type;
    value = std::make_unique<TypedExpression>(TypedExpression{
        .node = TupleLiteral<Typed>{leaves(std::move(*value))}, .range = statement.value->range, .info = {}});
    value->info.type = type;
  }
  return {.node = Return<Typed>{.value = std::move(value)}, .range = range, .info = {}};
}

// ---------------------------------------------------------------- calls

Checker::Candidate Checker::resolve_user_function(const std::string& name, std::span<const StanType> arguments) const {
  Candidate best;
  for (const FunctionId id : signatures_.at(name)) {
    const std::vector<SymbolId>& parameters = result_.tree.functions[static_cast<std::size_t>(id)].info.arguments;
    if (parameters.size() != arguments.size()) continue;
    std::optional<int> total = 0;
    for (std::size_t i = 0; i < arguments.size() && total; ++i) {
      const std::optional<int> steps =
          promotions(arguments[i], result_.symbols[static_cast<std::size_t>(parameters[i])].type);
      total = steps ? std::optional(*total + *steps) : std::nullopt;
    }
    if (!total) continue;
    if (best.function == no_function || *total < best.promotions) {
      best = {id, *total, false};
    } else if (*total == best.promotions) {
      best.ambiguous = true;
    }
  }
  return best;
}

FunctionId Checker::user_function(const std::string& name, std::span<const TypedExpression> arguments, Range range) {
  if (any_unknown(arguments)) return no_function;
  const std::vector<StanType> types = types_of(arguments);
  const Candidate found = resolve_user_function(name, types);
  if (found.function == no_function) {
    std::string available;
    for (const FunctionId id : signatures_.at(name)) available += (available.empty() ? "" : " or ") + signature(id);
    error({.range = range,
           .message = fmt::format("Ill-typed arguments supplied to function '{}'", name),
           .expected = available,
           .found = to_string(types)});
    return no_function;
  }
  if (found.ambiguous) {
    error({.range = range,
           .message = fmt::format("several functions '{}' fit equally well", name),
           .found = to_string(types)});
    return no_function;
  }
  const std::vector<Argument>& parameters = result_.tree.functions[static_cast<std::size_t>(found.function)].arguments;
  const bool all_is_data = block_ == BlockKind::GeneratedQuantities && function_ == no_function;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!parameters[i].data_only || arguments[i].info.data_only || all_is_data) continue;
    error(
        {.range = arguments[i].range,
         .message = fmt::format("argument '{}' of '{}' must be data", parameters[i].name.text, name),
         .hint = "what a function is given, and its own variables, count as parameters unless they are marked 'data'"});
    return no_function;
  }
  return found.function;
}

bool Checker::call_allowed(FunctionKind kind, const std::string& name, Range range) {
  const FunctionInfo* function = current_function();
  const auto within = [&](FunctionKind own, std::initializer_list<BlockKind> blocks) {
    return function != nullptr ? function->kind == own : std::ranges::find(blocks, block_) != blocks.end();
  };
  using enum BlockKind;
  if (kind == FunctionKind::adds_to_target && !within(kind, {Model, TransformedParameters})) {
    error({.range = range,
           .message = fmt::format("'{}' can only be called in the model and transformed parameters blocks and in "
                                  "functions with the suffix _lp",
                                  name)});
    return false;
  }
  if (kind == FunctionKind::random && !within(kind, {TransformedData, GeneratedQuantities})) {
    error({.range = range,
           .message = fmt::format("'{}' can only be called in the transformed data and generated quantities blocks and "
                                  "in functions with the suffix _rng",
                                  name)});
    return false;
  }
  if (kind == FunctionKind::adds_to_jacobian && !within(kind, {TransformedParameters})) {
    error(
        {.range = range,
         .message = fmt::format("'{}' can only be called in the transformed parameters block and in functions with the "
                                "suffix _jacobian",
                                name)});
    return false;
  }
  return true;
}

TypedExpression Checker::user_call(const Call<Untyped>& call, const std::string& name, bool unnormalized,
                                   std::vector<TypedExpression> arguments, Range range) {
  TypedExpression result{.node = IntLiteral{}, .range = range, .info = {}};
  const FunctionId id = user_function(name, arguments, call.function.range);
  if (id == no_function) return result;
  const FunctionInfo& info = result_.tree.functions[static_cast<std::size_t>(id)].info;
  if (!call_allowed(info.kind, name, call.function.range)) return result;
  if (unnormalized && !unnormalized_allowed(call.function.range)) return result;
  const bool takes_bar = info.kind == FunctionKind::density || info.kind == FunctionKind::cumulative;
  if (call.conditional ? !takes_bar : takes_bar && arguments.size() > 1) {
    error({.range = call.function.range,
           .message = call.conditional
                          ? "'|' stands in calls of probability functions only"
                          : "Probability functions require a vertical bar (|) between the first two arguments"});
    return result;
  }
  if (info.result == stan_types::none) {
    error({.range = call.function.range, .message = fmt::format("'{}' returns no value", name)});
    return result;
  }
  result.info.type = info.result;
  result.info.data_only =
      holds_integers(info.result) || (all_data_only(arguments) && info.kind != FunctionKind::adds_to_target);
  result.info.user = {.function = id, .unnormalized = unnormalized};
  result.node = Call<Typed>{
      .function = call.function, .arguments = all_leaves(std::move(arguments)), .conditional = call.conditional};
  return result;
}

TypedStatement Checker::user_tilde(Tilde<Typed> tilde, const std::string& name, Range range) {
  TypedStatement result{.node = Empty{}, .range = range, .info = {}};
  std::vector<TypedExpression> all;
  all.push_back(std::move(tilde.variate));
  for (TypedExpression& argument : tilde.arguments) all.push_back(std::move(argument));
  const FunctionId id = user_function(name, all, tilde.distribution.range);
  if (id == no_function) return result;
  all = all_leaves(std::move(all));
  result.info.user = {.function = id, .unnormalized = true};
  tilde.variate = std::move(all.front());
  tilde.arguments.assign(std::make_move_iterator(all.begin() + 1), std::make_move_iterator(all.end()));
  result.node = std::move(tilde);
  return result;
}

}  // namespace leapgraph::models
