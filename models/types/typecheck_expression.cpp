/// Expressions: the type of every node, and what its names mean.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/types/checker.hpp"

namespace leapgraph::models {
namespace {

/// Who has no complex numbers is not told of them.
bool is_of_complex_numbers(std::string_view alternative) {
  const std::string_view arguments = alternative.substr(0, alternative.find(" => "));
  return arguments.find("complex") != std::string_view::npos || arguments.find('C') != std::string_view::npos ||
         arguments.find('Z') != std::string_view::npos;
}

TypedExpression make(TypedExpression::Node node, Range range, StanType type, bool data_only) {
  TypedExpression result{.node = std::move(node), .range = range, .info = {}};
  result.info.data_only = data_only || holds_integers(type);
  result.info.type = std::move(type);
  return result;
}

/// An expression that was complained about.
TypedExpression faulty(Range range) { return make(IntLiteral{}, range, stan_types::unknown, true); }

/// What helps with an operator or function that has no version for these types.
std::string advice(std::string_view name, std::span<const StanType> types) {
  const bool any_array = std::any_of(types.begin(), types.end(), [](const StanType& t) { return t.is_array(); });
  const bool is_arithmetic = name == "add" || name == "subtract" || name == "multiply" || name == "divide" ||
                             name == "elt_multiply" || name == "elt_divide" || name == "minus";
  if (is_arithmetic && any_array) return "arrays have no arithmetic: to_vector(x) makes a vector of an array";
  if (types.size() != 2) return "";
  if (name == "multiply" && types[0] == types[1])
    return "element by element: x .* y; sum of products: dot_product(x, y)";
  if (name == "divide" && base_rank(types[1].base) > 0) return "element by element: x ./ y";
  const bool mixed = types[0].is(Base::vector) != types[1].is(Base::vector) && base_rank(types[0].base) == 1 &&
                     base_rank(types[1].base) == 1;
  if (is_arithmetic && mixed) return "x' makes a row_vector of a vector and the reverse";
  return "";
}

std::string density_suffix(const library::Distribution& distribution) {
  return distribution.is_discrete() ? "_lpmf" : "_lpdf";
}

/// "mu, sigma"
std::string argument_names(const library::Distribution& distribution) {
  std::string names;
  for (std::size_t i = 1; i < distribution.arguments.size(); ++i) {
    names += fmt::format("{}{}", i > 1 ? ", " : "", distribution.arguments[i].name);
  }
  return names;
}

}  // namespace

std::vector<StanType> types_of(std::span<const TypedExpression> expressions) {
  std::vector<StanType> types;
  for (const TypedExpression& expression : expressions) types.push_back(expression.info.type);
  return types;
}

bool any_unknown(std::span<const TypedExpression> expressions) {
  return std::any_of(expressions.begin(), expressions.end(),
                     [](const TypedExpression& e) { return e.info.type.is_unknown(); });
}

bool all_data_only(std::span<const TypedExpression> expressions) {
  return std::all_of(expressions.begin(), expressions.end(), [](const TypedExpression& e) { return e.info.data_only; });
}

library::ArgumentSet arguments_not_data(std::span<const TypedExpression> arguments) {
  library::ArgumentSet set = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].info.data_only) set |= library::ArgumentSet{1} << i;
  }
  return set;
}

TypedExpression Checker::expression(const UntypedExpression& expression) {
  const Range range = expression.range;
  TypedExpression typed =
      std::visit(overloaded{
                     [&](const IntLiteral& node) { return make(node, range, stan_types::integer, true); },
                     [&](const RealLiteral& node) { return make(node, range, stan_types::real, true); },
                     [&](const ImaginaryLiteral& node) { return make(node, range, stan_types::complex, true); },
                     [&](const VariableReference& node) { return reference(node, range); },
                     [&](const TargetValue& node) {
                       const bool in_block = block_ == BlockKind::TransformedParameters && function_ == no_function;
                       if (!in_block && !target_allowed(range, "'target()'")) return faulty(range);
                       return make(node, range, stan_types::real, false);
                     },
                     [&](const ArrayLiteral<Untyped>& node) { return array_literal(node, range); },
                     [&](const RowVectorLiteral<Untyped>& node) { return row_vector_literal(node, range); },
                     [&](const TupleLiteral<Untyped>& node) {
                       TupleLiteral<Typed> tuple{expressions(node.elements)};
                       if (any_unknown(tuple.elements)) return faulty(range);
                       const bool data_only = all_data_only(tuple.elements);
                       StanType type{Base::tuple};
                       type.slots = types_of(tuple.elements);
                       return make(std::move(tuple), range, std::move(type), data_only);
                     },
                     [&](const Call<Untyped>& node) { return call(node, range); },
                     [&](const Indexed<Untyped>& node) { return indexed(node, range); },
                     [&](const TupleProjection<Untyped>& node) { return projection(node, range); },
                     [&](const Unary<Untyped>& node) { return unary(node, range); },
                     [&](const Binary<Untyped>& node) { return binary(node, range); },
                     [&](const Ternary<Untyped>& node) { return ternary(node, range); },
                 },
                 expression.node);
  typed.height = expression.height;
  return typed;
}

ExpressionPtr<Typed> Checker::pointer(const ExpressionPtr<Untyped>& expression) {
  if (!expression) return nullptr;
  return std::make_unique<TypedExpression>(this->expression(*expression));
}

std::vector<TypedExpression> Checker::expressions(const std::vector<UntypedExpression>& expressions) {
  std::vector<TypedExpression> typed;
  for (const UntypedExpression& child : expressions) typed.push_back(expression(child));
  return typed;
}

TypedExpression Checker::reference(const VariableReference& reference, Range range) {
  const Symbol* symbol = find_symbol(reference.name);
  if (symbol != nullptr) {
    TypedExpression typed = make(reference, range, symbol->type, symbol->data_only);
    typed.info.symbol = static_cast<SymbolId>(symbol - result_.symbols.data());
    return typed;
  }
  Diagnostic diagnostic{.range = range, .message = "Identifier '" + reference.name + "' not in scope"};
  if (!library::find_functions(reference.name).empty() || is_user_function(reference.name)) {
    diagnostic.hint = fmt::format("'{}' is a function: its arguments follow in parentheses", reference.name);
  } else if (const auto near = library::nearest_name(reference.name, visible_names())) {
    diagnostic.hint = fmt::format("did you mean '{}'?", *near);
  }
  error(std::move(diagnostic));
  return faulty(range);
}

TypedExpression Checker::array_literal(const ArrayLiteral<Untyped>& literal, Range range) {
  std::vector<TypedExpression> elements = expressions(literal.elements);
  StanType element = stan_types::unknown;
  for (const TypedExpression& e : elements) {
    const std::optional<StanType> common = common_type(element, e.info.type);
    if (!common) {
      error({.range = e.range,
             .message = "the elements of an array have one type",
             .expected = to_string(element),
             .found = to_string(e.info.type)});
      return faulty(range);
    }
    element = *common;
  }
  const bool data_only = all_data_only(elements);
  if (element.is_unknown()) return faulty(range);
  return make(ArrayLiteral<Typed>{.elements = std::move(elements)}, range, array_of(element), data_only);
}

TypedExpression Checker::row_vector_literal(const RowVectorLiteral<Untyped>& literal, Range range) {
  std::vector<TypedExpression> elements = expressions(literal.elements);
  if (any_unknown(elements)) return faulty(range);
  const auto is_row = [](const StanType& type) {
    return type.is(Base::row_vector) || type.is(Base::complex_row_vector);
  };
  const bool rows = !elements.empty() && is_row(elements[0].info.type);
  bool complex = false;
  for (const TypedExpression& e : elements) {
    const StanType& type = e.info.type;
    complex = complex || holds_complex(type);
    if (rows ? is_row(type) : type.is_scalar() || type.is_complex()) continue;
    error({.range = e.range,
           .message = rows ? "the elements of a matrix are row vectors" : "the elements of a row vector are numbers",
           .expected = rows ? "row_vector" : "int or real",
           .found = to_string(e.info.type)});
    return faulty(range);
  }
  const bool data_only = all_data_only(elements);
  const StanType reals = rows ? stan_types::matrix : stan_types::row_vector;
  return make(RowVectorLiteral<Typed>{.elements = std::move(elements)}, range, complex ? with_complex(reals) : reals,
              data_only);
}

/// A variable hides the functions of its name.
bool Checker::refuse_call_of_variable(const Name& name) {
  const Symbol* symbol = find_symbol(name.text);
  if (symbol == nullptr) return false;
  error({.range = name.range,
         .message = "a variable cannot be called: " + declared_at(*symbol),
         .hint = fmt::format("an element is written {}[i]", name.text)});
  return true;
}

TypedExpression Checker::call(const Call<Untyped>& call, Range range) {
  const std::string& name = call.function.text;
  if (refuse_call_of_variable(call.function)) return faulty(range);
  const library::DrawnDistribution drawn = library::find_drawn_distribution(name);
  const bool in_library = library::find_density(name) || drawn || !library::find_functions(name).empty();
  // What is refused as a whole may take arguments that only it can have, such as functions.
  if (!in_library && library::is_known_but_unsupported(name) && !is_user_function(name)) {
    refuse_unknown_function(call.function);
    return faulty(range);
  }
  const library::Solver* solver = library::find_solver(name);
  if (solver != nullptr && !is_user_function(name)) return solver_call(call, *solver, range);
  std::vector<TypedExpression> arguments = expressions(call.arguments);
  const bool unnormalized = name.ends_with("_lupdf") || name.ends_with("_lupmf");
  const std::string full = unnormalized ? name.substr(0, name.size() - 6) + "_lp" + name.substr(name.size() - 2) : name;
  // A program may overload the library's functions: whose arguments need fewer promotions is called.
  if (is_user_function(full)) {
    const std::vector<StanType> types = types_of(arguments);
    const Candidate own = resolve_user_function(full, types);
    bool library_is_nearer = own.function == no_function && in_library;
    for (const library::Function* function : library::find_functions(name)) {
      const std::optional<Resolution> other = resolve(function->signature, types);
      if (other && other->promotions < own.promotions) library_is_nearer = true;
    }
    if (!library_is_nearer) return user_call(call, full, unnormalized, std::move(arguments), range);
  }
  if (library::find_density(name)) return density_call(call, std::move(arguments), range);
  if (drawn) return drawing_call(drawn, call, std::move(arguments), range);

  if (library::find_functions(name).empty()) {
    refuse_unknown_function(call.function);
    return faulty(range);
  }
  if (call.conditional) {
    error({.range = call.function.range, .message = "'|' stands in calls of probability functions only"});
    return faulty(range);
  }
  if (any_unknown(arguments)) return faulty(range);
  FunctionUse use = resolve_function(name, "function '" + name + "'", types_of(arguments), call.function.range);
  if (use.function == nullptr) return faulty(range);
  if (use.function->draw != nullptr && !call_allowed(FunctionKind::random, name, call.function.range))
    return faulty(range);
  if (use.function->log_jacobian && !call_allowed(FunctionKind::adds_to_jacobian, name, call.function.range))
    return faulty(range);
  const bool data_only = all_data_only(arguments);
  if (use.resolution.result.base != Base::tuple && use.function->sizes_only) {
    // The sizes of an array of tuples are those of its leaves.
    for (TypedExpression& argument : arguments)
      if (argument.info.type.base == Base::tuple) argument = std::move(leaves(std::move(argument))[0]);
    use = resolve_function(name, "function '" + name + "'", types_of(arguments), call.function.range);
  }
  TypedExpression typed =
      make(Call<Typed>{.function = call.function, .arguments = std::move(arguments), .conditional = false}, range,
           use.resolution.result, data_only);
  typed.info.function = std::move(use);
  return typed;
}

TypedExpression Checker::drawing_call(const library::DrawnDistribution& drawn, const Call<Untyped>& call,
                                      std::vector<TypedExpression> arguments, Range range) {
  const std::string& name = call.function.text;
  const library::Distribution& distribution = *drawn.distribution;
  if (call.conditional) {
    error({.range = call.function.range, .message = "'|' stands in calls of probability functions only"});
    return faulty(range);
  }
  if (!call_allowed(FunctionKind::random, name, call.function.range)) return faulty(range);
  const std::size_t count = distribution.arguments.size() - 1;
  if (arguments.size() != count) {
    error({.range = call.function.range,
           .message = fmt::format("wrong number of arguments for '{}'", name),
           .expected = fmt::format("{} argument{}{}", count, count == 1 ? "" : "s",
                                   count == 0 ? "" : " (" + argument_names(distribution) + ")"),
           .found = std::to_string(arguments.size())});
    return faulty(range);
  }
  if (any_unknown(arguments)) return faulty(range);
  const std::vector<StanType> types = types_of(arguments);
  if (const std::optional<std::size_t> wrong = library::misfit(distribution, types, 1)) {
    const library::DensityArgument& argument = distribution.arguments[*wrong + 1];
    error({.range = arguments[*wrong].range,
           .message = fmt::format("Ill-typed argument '{}' of '{}'", argument.name, name),
           .expected = std::string(library::accepted(argument)),
           .found = to_string(types[*wrong])});
    return faulty(range);
  }
  const bool data_only = all_data_only(arguments);
  TypedExpression typed =
      make(Call<Typed>{.function = call.function, .arguments = std::move(arguments), .conditional = false}, range,
           drawn.type(types), data_only);
  typed.info.drawn = drawn;
  return typed;
}

bool Checker::unnormalized_allowed(Range range) {
  const FunctionInfo* function = current_function();
  const bool allowed = function == nullptr ? block_ == BlockKind::Model : function->kind == FunctionKind::density;
  if (allowed) return true;
  error({.range = range,
         .message =
             "Functions with names ending in _lupdf and _lupmf can only be used in the model block and in functions "
             "with the suffix _lpdf or _lpmf",
         .hint = "write _lpdf or _lpmf"});
  return false;
}

TypedExpression Checker::density_call(const Call<Untyped>& call, std::vector<TypedExpression> arguments, Range range) {
  const library::DensityName density = *library::find_density(call.function.text);
  const library::Distribution& distribution = *density.distribution;
  if (!call.conditional && arguments.size() > 1) {
    error({.range = call.function.range,
           .message = "Probability functions require a vertical bar (|) between the first two arguments",
           .hint = fmt::format("write {}({} | {})", call.function.text, distribution.arguments[0].name,
                               argument_names(distribution))});
  }
  if (density.unnormalized && !unnormalized_allowed(call.function.range)) return faulty(range);
  if (!check_density_arguments(distribution, arguments, call.function.range)) return faulty(range);
  const bool data_only = all_data_only(arguments);
  const library::ArgumentSet terms = density.unnormalized ? arguments_not_data(arguments) : library::everything;
  TypedExpression typed =
      make(Call<Typed>{.function = call.function, .arguments = std::move(arguments), .conditional = call.conditional},
           range, stan_types::real, data_only);
  typed.info.density = {.distribution = &distribution, .quantity = density.quantity, .terms_for = terms};
  return typed;
}

bool Checker::check_density_arguments(const library::Distribution& distribution,
                                      std::span<const TypedExpression> arguments, Range name) {
  if (arguments.size() != distribution.arguments.size()) {
    const std::size_t count = distribution.arguments.size() - 1;
    error({.range = name,
           .message = fmt::format("wrong number of arguments for the distribution '{}'", distribution.name),
           .expected = fmt::format("{} argument{}{}", count, count == 1 ? "" : "s",
                                   count == 0 ? "" : " (" + argument_names(distribution) + ")"),
           .found = std::to_string(arguments.size() - std::min<std::size_t>(1, arguments.size()))});
    return false;
  }
  if (any_unknown(arguments)) return false;
  const std::vector<StanType> types = types_of(arguments);
  const std::optional<std::size_t> wrong = library::misfit(distribution, types);
  if (!wrong) return true;
  const library::DensityArgument& argument = distribution.arguments[*wrong];
  error({.range = arguments[*wrong].range,
         .message = *wrong == 0 ? fmt::format("Ill-typed outcome of the distribution '{}'", distribution.name)
                                : fmt::format("Ill-typed argument '{}' of the distribution '{}'", argument.name,
                                              distribution.name),
         .expected = std::string(library::accepted(argument)),
         .found = to_string(types[*wrong])});
  return false;
}

void Checker::refuse_unknown_function(const Name& name) {
  if (library::is_known_but_unsupported(name.text)) {
    unsupported(name.range, "the function '" + name.text + "'");
    return;
  }
  if (const std::string instead = library::replacement_of_removed(name.text); !instead.empty()) {
    error({.range = name.range,
           .message = fmt::format("the function '{}' is no longer part of the language", name.text),
           .hint = fmt::format("write {}", instead)});
    return;
  }
  Diagnostic diagnostic{.range = name.range, .message = "unknown function '" + name.text + "'"};
  std::vector<std::string> names;
  for (const library::Function* function : library::all_functions()) names.emplace_back(function->name);
  for (const library::Solver& solver : library::solvers()) names.emplace_back(solver.name);
  for (const library::Distribution& distribution : library::all_distributions()) {
    names.push_back(std::string(distribution.name) + density_suffix(distribution));
    if (name.text == std::string(distribution.name) + (distribution.is_discrete() ? "_lpdf" : "_lpmf")) {
      diagnostic.hint = fmt::format("outcomes of this distribution are {}: write '{}'",
                                    distribution.is_discrete() ? "integers" : "real numbers", names.back());
    }
    if (name.text == distribution.name) {
      diagnostic.hint = fmt::format("the log density of this distribution is {}({} | {})", names.back(),
                                    distribution.arguments[0].name, argument_names(distribution));
    }
  }
  if (const auto near = library::nearest_name(name.text, names); near && diagnostic.hint.empty()) {
    diagnostic.hint = fmt::format("did you mean '{}'?", *near);
  }
  error(std::move(diagnostic));
}

FunctionUse Checker::resolve_function(std::span<const std::string_view> names, std::string_view shown,
                                      std::span<const StanType> arguments, Range range) {
  FunctionUse best;
  std::vector<const library::Function*> functions;
  for (const std::string_view name : names) {
    for (const library::Function* function : library::find_functions(name)) functions.push_back(function);
  }
  for (const library::Function* function : functions) {
    std::optional<Resolution> resolution = resolve(function->signature, arguments);
    if (resolution && (best.function == nullptr || resolution->promotions < best.resolution.promotions)) {
      best = {function, *std::move(resolution)};
    }
  }
  if (best.function != nullptr) return best;
  if (functions.empty()) {
    unsupported(range, fmt::format("the {}", shown));
    return best;
  }
  std::string available, signatures;
  const bool with_complex = std::ranges::any_of(arguments, holds_complex);
  for (const library::Function* function : functions) {
    for (const std::string& alternative : alternatives(function->signature)) {
      if (!with_complex && is_of_complex_numbers(alternative)) continue;
      available += (available.empty() ? "" : " or ") + alternative;
      signatures += alternative;
    }
  }
  const std::string letters = legend(signatures);
  // A long list of alternatives would hide what was found.
  const bool is_long = available.size() > 90;
  std::string help = advice(names.front(), arguments);
  if (is_long) help += (help.empty() ? "" : "; ") + ("available: " + available + letters);
  error({.range = range,
         .message = fmt::format("Ill-typed arguments supplied to {}", shown),
         .expected = is_long ? "" : available + letters,
         .found = to_string(arguments),
         .hint = help});
  return best;
}

Index<Typed> Checker::index(const Index<Untyped>& index, IndexKind& kind) {
  kind = IndexKind::multiple;
  const auto limit = [&](const ExpressionPtr<Untyped>& value) {
    return std::make_unique<TypedExpression>(integer_expression(*value, "the end of an index range"));
  };
  Index<Typed> typed{.range = index.range, .kind = IndexAll{}};
  std::visit(overloaded{
                 [&](const IndexAll& all) { typed.kind = all; },
                 [&](const IndexSingle<Untyped>& single) {
                   ExpressionPtr<Typed> value = pointer(single.value);
                   const StanType& type = value->info.type;
                   if (type.is_int()) {
                     kind = IndexKind::single;
                   } else if (!type.is_unknown() && type != array_of(stan_types::integer)) {
                     error({.range = index.range,
                            .message = "Ill-typed index",
                            .expected = "int, array[] int or a range",
                            .found = to_string(type)});
                     kind = IndexKind::single;
                   }
                   typed.kind = IndexSingle<Typed>{.value = std::move(value)};
                 },
                 [&](const IndexFrom<Untyped>& from) { typed.kind = IndexFrom<Typed>{.first = limit(from.first)}; },
                 [&](const IndexTo<Untyped>& to) { typed.kind = IndexTo<Typed>{.last = limit(to.last)}; },
                 [&](const IndexBetween<Untyped>& between) {
                   ExpressionPtr<Typed> first = limit(between.first);
                   typed.kind = IndexBetween<Typed>{.first = std::move(first), .last = limit(between.last)};
                 },
             },
             index.kind);
  return typed;
}

TypedExpression Checker::indexed(const Indexed<Untyped>& indexed, Range range) {
  ExpressionPtr<Typed> base = pointer(indexed.base);
  std::vector<Index<Typed>> indices;
  std::vector<IndexKind> kinds;
  for (const Index<Untyped>& written : indexed.indices) indices.push_back(index(written, kinds.emplace_back()));
  const StanType& type = base->info.type;
  if (type.is_unknown()) return faulty(range);
  const std::optional<StanType> result = models::indexed(type, kinds);
  if (!result) {
    error({.range = range,
           .message = "Too many indices",
           .expected = rank(type) == 0 ? fmt::format("none, {} has no elements", to_string(type))
                                       : fmt::format("at most {} for {}", rank(type), to_string(type)),
           .found = std::to_string(kinds.size())});
    return faulty(range);
  }
  const bool data_only = base->info.data_only;
  return make(Indexed<Typed>{.base = std::move(base), .indices = std::move(indices)}, range, *result, data_only);
}

TypedExpression Checker::unary(const Unary<Untyped>& unary, Range range) {
  ExpressionPtr<Typed> operand = pointer(unary.operand);
  if (operand->info.type.is_unknown()) return faulty(range);
  const std::array<StanType, 1> types = {operand->info.type};
  FunctionUse use = resolve_function(
      library::function_names(unary.op),
      fmt::format("{} operator {}", unary.op == UnaryOperator::Transpose ? "postfix" : "prefix", text(unary.op)), types,
      range);
  if (use.function == nullptr) return faulty(range);
  const bool data_only = operand->info.data_only;
  TypedExpression typed =
      make(Unary<Typed>{.op = unary.op, .operand = std::move(operand)}, range, use.resolution.result, data_only);
  typed.info.function = std::move(use);
  return typed;
}

TypedExpression Checker::binary(const Binary<Untyped>& binary, Range range) {
  ExpressionPtr<Typed> left = pointer(binary.left);
  const bool decides = binary.op == BinaryOperator::And || binary.op == BinaryOperator::Or;
  ExpressionPtr<Typed> right = decides ? in_place([&] { return pointer(binary.right); }) : pointer(binary.right);
  if (left->info.type.is_unknown() || right->info.type.is_unknown()) return faulty(range);
  const std::array<StanType, 2> types = {left->info.type, right->info.type};
  const bool integers = types[0].is_int() && types[1].is_int();
  if (binary.op == BinaryOperator::IntegerDivide && !integers) {
    error({.range = binary.op_range,
           .message = "Ill-typed arguments supplied to infix operator %/%",
           .expected = "(int, int)",
           .found = to_string(types)});
    return faulty(range);
  }
  if (binary.op == BinaryOperator::Divide && integers) {
    warnings_.push_back(
        {.range = range,
         .message = "the quotient of two integers is rounded towards zero",
         .hint = "for a real quotient write one of them as a real: 1.0 * x; to say that this is meant write %/%",
         .severity = Severity::Warning});
  }
  FunctionUse use = resolve_function(library::function_names(binary.op),
                                     fmt::format("infix operator {}", text(binary.op)), types, binary.op_range);
  if (use.function == nullptr) return faulty(range);
  const bool data_only = left->info.data_only && right->info.data_only;
  TypedExpression typed = make(
      Binary<Typed>{.op = binary.op, .op_range = binary.op_range, .left = std::move(left), .right = std::move(right)},
      range, use.resolution.result, data_only);
  typed.info.function = std::move(use);
  return typed;
}

TypedExpression Checker::ternary(const Ternary<Untyped>& ternary, Range range) {
  auto test = std::make_unique<TypedExpression>(condition(*ternary.condition));
  ExpressionPtr<Typed> then = in_place([&] { return pointer(ternary.then); });
  ExpressionPtr<Typed> otherwise = in_place([&] { return pointer(ternary.otherwise); });
  const std::optional<StanType> common = common_type(then->info.type, otherwise->info.type);
  if (!common) {
    error({.range = otherwise->range,
           .message = "the two values of a conditional have one type",
           .expected = to_string(then->info.type),
           .found = to_string(otherwise->info.type)});
    return faulty(range);
  }
  const bool data_only = test->info.data_only && then->info.data_only && otherwise->info.data_only;
  return make(Ternary<Typed>{.condition = std::move(test), .then = std::move(then), .otherwise = std::move(otherwise)},
              range, *common, data_only);
}

TypedExpression Checker::integer_expression(const UntypedExpression& expression, std::string_view what) {
  TypedExpression typed = this->expression(expression);
  if (!promotes(typed.info.type, stan_types::integer)) {
    error({.range = typed.range,
           .message = fmt::format("{} must be an integer", what),
           .expected = "int",
           .found = to_string(typed.info.type)});
  }
  return typed;
}

}  // namespace leapgraph::models
