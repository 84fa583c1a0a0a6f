/// Rewrites statements of loops, outermost first; every new node keeps the place of what it stands for.
#include "leapgraph/models/lower/loops/stretches.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/lower/loops/dependence.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/types/tuple.hpp"

namespace leapgraph::models::lower {
namespace {

using Maybe = std::optional<TypedExpression>;
using Statements = std::vector<TypedStatement>;

// ---------------------------------------------------------------- new nodes

TypedExpression node(TypedExpression::Node kind, const StanType& type, const TypedExpression& like) {
  TypedExpression made{.node = std::move(kind), .range = like.range, .info = {}};
  made.info.type = type;
  made.info.data_only = like.info.data_only;
  return made;
}

TypedExpression integer(std::int32_t value, const TypedExpression& like) {
  TypedExpression made = node(IntLiteral{value}, stan_types::integer, like);
  made.info.data_only = true;
  return made;
}

ExpressionPtr<Typed> pointer(TypedExpression expression) {
  return std::make_unique<TypedExpression>(std::move(expression));
}

/// The library's function for these arguments; a null one where there is none.
FunctionUse resolved(std::string_view name, std::span<const StanType> types) {
  FunctionUse best;
  for (const library::Function* function : library::find_functions(name)) {
    std::optional<Resolution> resolution = resolve(function->signature, types);
    if (resolution && (best.function == nullptr || resolution->promotions < best.resolution.promotions))
      best = {function, *std::move(resolution)};
  }
  return best;
}
FunctionUse resolved(std::span<const std::string_view> names, std::span<const StanType> types) {
  for (const std::string_view name : names)
    if (FunctionUse use = resolved(name, types); use.function != nullptr) return use;
  return {};
}

Maybe binary(BinaryOperator op, TypedExpression left, TypedExpression right, const TypedExpression& like) {
  const std::array types = {left.info.type, right.info.type};
  FunctionUse use = resolved(library::function_names(op), types);
  if (use.function == nullptr) return std::nullopt;
  const bool data_only = left.info.data_only && right.info.data_only;
  TypedExpression made = node(
      Binary<Typed>{
          .op = op, .op_range = like.range, .left = pointer(std::move(left)), .right = pointer(std::move(right))},
      use.resolution.result, like);
  made.info.data_only = data_only;
  made.info.function = std::move(use);
  return made;
}

Maybe unary(UnaryOperator op, TypedExpression operand, const TypedExpression& like) {
  FunctionUse use = resolved(library::function_names(op), std::array{operand.info.type});
  if (use.function == nullptr) return std::nullopt;
  TypedExpression made =
      node(Unary<Typed>{.op = op, .operand = pointer(std::move(operand))}, use.resolution.result, like);
  made.info.function = std::move(use);
  return made;
}

Maybe call(const std::string& name, std::vector<TypedExpression> arguments, const TypedExpression& like) {
  std::vector<StanType> types;
  for (const TypedExpression& argument : arguments) types.push_back(argument.info.type);
  FunctionUse use = resolved(name, types);
  if (use.function == nullptr) return std::nullopt;
  const StanType result = use.resolution.result;
  TypedExpression made =
      node(Call<Typed>{.function = {name, like.range}, .arguments = std::move(arguments), .conditional = false}, result,
           like);
  made.info.function = std::move(use);
  return made;
}

template <class... Arguments>
std::vector<TypedExpression> list(Arguments&&... arguments) {
  std::vector<TypedExpression> made;
  (made.push_back(std::forward<Arguments>(arguments)), ...);
  return made;
}

/// first + i - 1
Maybe shifted(const TypedExpression& first, const TypedExpression& i) {
  Maybe sum = binary(BinaryOperator::Add, clone(first), clone(i), first);
  return sum ? binary(BinaryOperator::Subtract, *std::move(sum), integer(1, first), first) : std::nullopt;
}

// ---------------------------------------------------------------- elements and how many there are

bool is_container(const TypedExpression& x) { return rank(x.info.type) == 1; }
bool is_number(const TypedExpression& x) { return rank(x.info.type) == 0; }

/// The functions that pick a stretch of their first argument, by the function's name: where its elements are.
struct Stretch {
  std::string_view name;
  std::size_t arguments;
  int count;  ///< which argument says how many elements there are; -1: as many as the whole has
};
constexpr std::array<Stretch, 9> stretches = {{{"head", 2, 1},
                                               {"tail", 2, 1},
                                               {"segment", 3, 2},
                                               {"sub_col", 4, 3},
                                               {"sub_row", 4, 3},
                                               {"reverse", 1, -1},
                                               {"to_vector", 1, -1},
                                               {"to_row_vector", 1, -1},
                                               {"to_array_1d", 1, -1}}};
const Stretch* find_stretch(const Call<Typed>& node) {
  const auto found = std::ranges::find(stretches, std::string_view(node.function.text), &Stretch::name);
  return found != stretches.end() && found->arguments == node.arguments.size() ? &*found : nullptr;
}

bool acts_by_element(const TypedExpression& x, const Call<Typed>& node) {
  const library::Function* function = x.info.function.function;
  return function != nullptr && node.arguments.size() == 1 && function->known.real_map != nullptr;
}

bool acts_by_element(BinaryOperator op, const TypedExpression& left, const TypedExpression& right) {
  switch (op) {
    case BinaryOperator::Add:
    case BinaryOperator::Subtract:
    case BinaryOperator::ElementMultiply:
    case BinaryOperator::ElementDivide:
      return true;
    case BinaryOperator::Multiply:
      return is_number(left) || is_number(right);
    case BinaryOperator::Divide:
      return is_number(right);
    default:
      return false;
  }
}

/// The place among `indices` that keeps the one dimension of the result, or their number where that is left over.
std::optional<std::size_t> kept_index(const Indexed<Typed>& indexed) {
  std::optional<std::size_t> kept;
  for (std::size_t k = 0; k < indexed.indices.size(); ++k) {
    const auto* single = std::get_if<IndexSingle<Typed>>(&indexed.indices[k].kind);
    if (single != nullptr && is_number(*single->value)) continue;
    if (kept) return std::nullopt;
    kept = k;
  }
  return kept ? *kept : indexed.indices.size();
}

Maybe count_of(const TypedExpression& x);

/// Element number `i`, from 1, of a sequence; nothing where it is not known how to pick it.
Maybe element_of(const TypedExpression& x, const TypedExpression& i) {
  if (is_number(x)) return clone(x);
  if (!is_container(x)) return std::nullopt;
  const StanType type = holds_integers(x.info.type) ? stan_types::integer : stan_types::real;
  const auto picked = [&](const TypedExpression& base, std::vector<TypedExpression> places) -> Maybe {
    Indexed<Typed> made{.base = pointer(clone(base)), .indices = {}};
    for (TypedExpression& place : places)
      made.indices.push_back({.range = x.range, .kind = IndexSingle<Typed>{.value = pointer(std::move(place))}});
    return node(std::move(made), type, x);
  };
  if (std::holds_alternative<VariableReference>(x.node)) return picked(x, list(clone(i)));
  if (const auto* indexed = std::get_if<Indexed<Typed>>(&x.node)) {
    const std::optional<std::size_t> kept = kept_index(*indexed);
    if (!kept || !std::holds_alternative<VariableReference>(indexed->base->node)) return std::nullopt;
    Maybe place = clone(i);
    if (*kept < indexed->indices.size()) {
      const auto& kind = indexed->indices[*kept].kind;
      if (const auto* many = std::get_if<IndexSingle<Typed>>(&kind)) place = element_of(*many->value, i);
      if (const auto* from = std::get_if<IndexFrom<Typed>>(&kind)) place = shifted(*from->first, i);
      if (const auto* range = std::get_if<IndexBetween<Typed>>(&kind)) place = shifted(*range->first, i);
    }
    if (!place) return std::nullopt;
    std::vector<TypedExpression> places;
    for (std::size_t k = 0; k < indexed->indices.size(); ++k)
      places.push_back(k == *kept ? clone(*place)
                                  : clone(*std::get<IndexSingle<Typed>>(indexed->indices[k].kind).value));
    if (*kept == indexed->indices.size()) places.push_back(clone(*place));
    return picked(*indexed->base, std::move(places));
  }
  if (const auto* operation = std::get_if<Unary<Typed>>(&x.node)) {
    Maybe operand = element_of(*operation->operand, i);
    if (!operand || operation->op == UnaryOperator::Transpose || operation->op == UnaryOperator::Plus) return operand;
    return operation->op == UnaryOperator::Minus ? unary(operation->op, *std::move(operand), x) : std::nullopt;
  }
  if (const auto* operation = std::get_if<Binary<Typed>>(&x.node)) {
    if (!acts_by_element(operation->op, *operation->left, *operation->right)) return std::nullopt;
    Maybe left = element_of(*operation->left, i), right = element_of(*operation->right, i);
    if (!left || !right) return std::nullopt;
    return binary(operation->op, *std::move(left), *std::move(right), x);
  }
  const auto* function = std::get_if<Call<Typed>>(&x.node);
  if (function == nullptr || x.info.user || x.info.function.function == nullptr) return std::nullopt;
  const std::vector<TypedExpression>& a = function->arguments;
  if (acts_by_element(x, *function)) {
    Maybe operand = element_of(a[0], i);
    return operand ? call(function->function.text, list(*std::move(operand)), x) : std::nullopt;
  }
  const Stretch* stretch = find_stretch(*function);
  if (stretch == nullptr) return std::nullopt;
  if (stretch->name == "sub_col" || stretch->name == "sub_row") {
    if (!std::holds_alternative<VariableReference>(a[0].node)) return std::nullopt;
    const bool column = stretch->name == "sub_col";
    Maybe moving = shifted(a[column ? 1 : 2], i);
    if (!moving) return std::nullopt;
    return column ? picked(a[0], list(*std::move(moving), clone(a[2])))
                  : picked(a[0], list(clone(a[1]), *std::move(moving)));
  }
  if (rank(a[0].info.type) != 1) return std::nullopt;
  Maybe place = clone(i);
  if (stretch->name == "segment") place = shifted(a[1], i);
  if (stretch->name == "tail" || stretch->name == "reverse") {
    Maybe whole = count_of(a[0]);
    if (!whole) return std::nullopt;
    Maybe before =
        binary(BinaryOperator::Subtract, *std::move(whole), stretch->name == "tail" ? clone(a[1]) : clone(i), x);
    if (!before) return std::nullopt;
    place = binary(BinaryOperator::Add, *std::move(before), stretch->name == "tail" ? clone(i) : integer(1, x), x);
  }
  return place ? element_of(a[0], *place) : std::nullopt;
}

/// How many elements a sequence has; nothing where that is not known without it.
Maybe count_of(const TypedExpression& x) {
  const auto whole = [&](const TypedExpression& sequence) { return call("num_elements", list(clone(sequence)), x); };
  if (std::holds_alternative<VariableReference>(x.node)) return whole(x);
  if (const auto* indexed = std::get_if<Indexed<Typed>>(&x.node)) {
    const std::optional<std::size_t> kept = kept_index(*indexed);
    if (!kept) return std::nullopt;
    if (*kept < indexed->indices.size()) {
      const auto& kind = indexed->indices[*kept].kind;
      if (const auto* many = std::get_if<IndexSingle<Typed>>(&kind)) return count_of(*many->value);
      if (const auto* to = std::get_if<IndexTo<Typed>>(&kind)) return clone(*to->last);
      if (const auto* range = std::get_if<IndexBetween<Typed>>(&kind)) {
        Maybe length = binary(BinaryOperator::Subtract, clone(*range->last), clone(*range->first), x);
        return length ? binary(BinaryOperator::Add, *std::move(length), integer(1, x), x) : std::nullopt;
      }
      if (std::holds_alternative<IndexFrom<Typed>>(kind)) return std::nullopt;
    }
    return whole(x);
  }
  if (const auto* operation = std::get_if<Unary<Typed>>(&x.node)) return count_of(*operation->operand);
  if (const auto* operation = std::get_if<Binary<Typed>>(&x.node))
    return count_of(is_container(*operation->left) ? *operation->left : *operation->right);
  const auto* function = std::get_if<Call<Typed>>(&x.node);
  if (function == nullptr) return std::nullopt;
  const Stretch* stretch = find_stretch(*function);
  if (stretch != nullptr && stretch->count >= 0)
    return clone(function->arguments[static_cast<std::size_t>(stretch->count)]);
  if (stretch != nullptr || acts_by_element(x, *function)) return count_of(function->arguments[0]);
  return std::nullopt;
}

// ---------------------------------------------------------------- the rewriting

class Rewriter {
 public:
  explicit Rewriter(TypedProgram& program) : program_(program) {}

  void run() {
    for (std::size_t f = 0; f < program_.tree.functions.size(); ++f) {
      function_ = static_cast<FunctionId>(f);
      if (program_.tree.functions[f].body) statement(*program_.tree.functions[f].body);
    }
    function_ = no_function;
    for (ProgramBlock<Typed>& block : program_.tree.blocks) {
      if (block.kind == BlockKind::Data || block.kind == BlockKind::TransformedData) continue;
      block_ = block.kind;
      statements(block.statements);
    }
  }

 private:
  void statements(Statements& list) {
    Statements written;
    for (TypedStatement& one : list) {
      if (!changing_.empty()) {
        if (std::optional<TypedStatement> loop = density_loop(one)) {
          written.push_back(*std::move(loop));
          continue;
        }
        take_out(one, written);
      }
      statement(one);
      written.push_back(std::move(one));
    }
    list = std::move(written);
  }

  /// A statement of its own, not one of a list: a loop that is needed before it makes it a block.
  void body(StatementPtr<Typed>& one) {
    if (!one) return;
    if (std::holds_alternative<Block<Typed>>(one->node) || changing_.empty()) return statement(*one);
    Statements single;
    single.push_back(std::move(*one));
    const Range range = single[0].range;
    statements(single);
    *one = single.size() == 1
               ? std::move(single[0])
               : TypedStatement{.node = Block<Typed>{.statements = std::move(single)}, .range = range, .info = {}};
  }

  void loop(StatementPtr<Typed>& inside, SymbolId variable) {
    const std::set<SymbolId> outer = changing_;
    if (variable != no_symbol) changing_.insert(variable);
    note_changes(*inside);
    if (changing_.empty()) changing_.insert(no_symbol);
    body(inside);
    changing_ = outer;
  }

  void statement(TypedStatement& one) {
    std::visit(overloaded{
                   [&](Block<Typed>& node) { statements(node.statements); },
                   [&](Profile<Typed>& node) { statements(node.statements); },
                   [&](If<Typed>& node) {
                     for (ConditionalBranch<Typed>& branch : node.branches) body(branch.body);
                     body(node.otherwise);
                   },
                   [&](For<Typed>& node) { loop(node.body, node.variable.info.symbol); },
                   [&](ForEach<Typed>& node) { loop(node.body, node.variable.info.symbol); },
                   [&](While<Typed>& node) { loop(node.body, no_symbol); },
                   [](auto&) {},
               },
               one.node);
  }

  /// Integers that a loop's body declares or assigns.
  void note_changes(const TypedStatement& one) {
    const auto note = [&](SymbolId symbol) {
      if (symbol >= 0 && holds_integers(program_.symbols[static_cast<std::size_t>(symbol)].type))
        changing_.insert(symbol);
    };
    std::visit(overloaded{
                   [&](const Declaration<Typed>& node) {
                     for (const Variable<Typed>& variable : node.variables) note(variable.info.symbol);
                   },
                   [&](const Assignment<Typed>& node) { note(assigned_symbol(node.target)); },
                   [&](const Block<Typed>& node) {
                     for (const TypedStatement& child : node.statements) note_changes(child);
                   },
                   [&](const Profile<Typed>& node) {
                     for (const TypedStatement& child : node.statements) note_changes(child);
                   },
                   [&](const If<Typed>& node) {
                     for (const ConditionalBranch<Typed>& branch : node.branches) note_changes(*branch.body);
                     if (node.otherwise) note_changes(*node.otherwise);
                   },
                   [&](const For<Typed>& node) { note_changes(*node.body); },
                   [&](const ForEach<Typed>& node) { note_changes(*node.body); },
                   [&](const While<Typed>& node) { note_changes(*node.body); },
                   [](const auto&) {},
               },
               one.node);
  }

  bool changes(const TypedExpression& expression) const {
    if (std::holds_alternative<VariableReference>(expression.node)) return changing_.contains(expression.info.symbol);
    const library::Function* function = expression.info.function.function;
    const bool size_of_variable = function != nullptr && function->sizes_only;
    bool found = false;
    for_each_child(expression, [&](const TypedExpression& child) {
      found =
          found || (size_of_variable && std::holds_alternative<VariableReference>(child.node) ? false : changes(child));
    });
    return found;
  }

  /// The number of elements that these have, if it changes; all of them can be taken element by element.
  Maybe changing_count(std::span<const TypedExpression* const> arguments) const {
    Maybe changing;
    for (const TypedExpression* argument : arguments) {
      if (is_number(*argument)) continue;
      if (!is_container(*argument) || !element_of(*argument, integer(1, *argument))) return std::nullopt;
      Maybe count = count_of(*argument);
      if (count && !changing && changes(*count)) changing = std::move(count);
    }
    return changing;
  }

  SymbolId new_symbol(const StanType& type, Range range, bool loop_variable) {
    const auto id = static_cast<SymbolId>(program_.symbols.size());
    program_.symbols.push_back({.name = loop_variable ? "element" : "sum",
                                .type = type,
                                .block = block_,
                                .top_level = false,
                                .loop_variable = loop_variable,
                                .data_only = loop_variable,
                                .function = function_,
                                .declared = range});
    return id;
  }

  TypedExpression reference(SymbolId symbol, const TypedExpression& like) const {
    const Symbol& s = program_.symbols[static_cast<std::size_t>(symbol)];
    TypedExpression made = node(VariableReference{s.name}, s.type, like);
    made.info.symbol = symbol;
    if (s.loop_variable) made.info.data_only = true;
    return made;
  }

  TypedStatement for_each_element(SymbolId i, TypedExpression count, TypedStatement inside) const {
    const Range range = inside.range;
    For<Typed> made{.variable = {.name = {program_.symbols[static_cast<std::size_t>(i)].name, range},
                                 .initial = nullptr,
                                 .info = {i}},
                    .first = integer(1, count),
                    .last = std::move(count),
                    .body = std::make_unique<TypedStatement>(std::move(inside))};
    return {.node = std::move(made), .range = range, .info = {}};
  }

  /// Sequences of one length, or the program is stopped as the whole-array form would stop it.
  void require_equal_counts(const TypedExpression& a, const TypedExpression& b, const TypedExpression& what,
                            Statements& before) const {
    Maybe first = count_of(a), second = count_of(b);
    if (!first || !second) return;
    Maybe differ = binary(BinaryOperator::NotEqual, *std::move(first), *std::move(second), what);
    if (!differ) return;
    Message<Typed> message{.kind = MessageKind::FatalError, .items = {}};
    message.items.emplace_back(StringLiteral{"the sequences differ in size", what.range});
    If<Typed> check{.branches = {}, .otherwise = nullptr};
    check.branches.push_back({*std::move(differ), std::make_unique<TypedStatement>(TypedStatement{
                                                      .node = std::move(message), .range = what.range, .info = {}})});
    before.push_back({.node = std::move(check), .range = what.range, .info = {}});
  }

  /// `y[a:b] ~ f(x[a:b])` as a loop.
  std::optional<TypedStatement> density_loop(TypedStatement& one) {
    auto* tilde = std::get_if<Tilde<Typed>>(&one.node);
    if (tilde == nullptr || tilde->truncation || !takes_numbers(one.info.density)) return std::nullopt;
    const std::vector<const TypedExpression*> arguments = arguments_of(one);
    Maybe count = changing_count(arguments);
    if (!count) return std::nullopt;
    Statements written;
    for (const TypedExpression* argument : arguments)
      if (is_container(*argument) && argument != arguments[0] && is_container(*arguments[0]))
        require_equal_counts(*arguments[0], *argument, tilde->variate, written);
    const SymbolId i = new_symbol(stan_types::integer, one.range, true);
    const TypedExpression here = reference(i, tilde->variate);
    Tilde<Typed> element{.variate = *element_of(tilde->variate, here),
                         .distribution = tilde->distribution,
                         .arguments = {},
                         .truncation = {}};
    for (const TypedExpression& argument : tilde->arguments) element.arguments.push_back(*element_of(argument, here));
    TypedStatement inside{.node = std::move(element), .range = one.range, .info = {}};
    inside.info.density = one.info.density;
    written.push_back(for_each_element(i, *std::move(count), std::move(inside)));
    const Range range = one.range;
    return TypedStatement{.node = Block<Typed>{.statements = std::move(written)}, .range = range, .info = {}};
  }

  static bool takes_numbers(const DensityUse& density) {
    return density.distribution != nullptr &&
           std::ranges::all_of(density.distribution->arguments,
                               [](const library::DensityArgument& a) { return a.form == library::Form::each; });
  }

  /// Puts loops for the sums in a statement's expressions before it.
  void take_out(TypedStatement& one, Statements& before) {
    std::visit(overloaded{
                   [&](Declaration<Typed>& node) {
                     if (node.variables.size() == 1 && node.variables[0].initial)
                       take_out(*node.variables[0].initial, before);
                   },
                   [&](Assignment<Typed>& node) { take_out(node.value, before); },
                   [&](TargetIncrement<Typed>& node) { take_out(node.value, before); },
                   [&](Tilde<Typed>& node) {
                     take_out(node.variate, before);
                     for (TypedExpression& argument : node.arguments) take_out(argument, before);
                   },
                   [&](Return<Typed>& node) {
                     if (node.value) take_out(*node.value, before);
                   },
                   [](auto&) {},
               },
               one.node);
  }

  void take_out(TypedExpression& x, Statements& before) {
    if (is_number(x)) {
      if (std::optional<Sum> sum = sum_of(x)) {
        x = write_out(x, *std::move(sum), before);
        return;
      }
    }
    // What is not evaluated in every case stays where it is.
    std::visit(overloaded{
                   [&](Call<Typed>& node) {
                     for (TypedExpression& argument : node.arguments) take_out(argument, before);
                   },
                   [&](Unary<Typed>& node) { take_out(*node.operand, before); },
                   [&](Binary<Typed>& node) {
                     if (node.op == BinaryOperator::And || node.op == BinaryOperator::Or) return;
                     take_out(*node.left, before);
                     take_out(*node.right, before);
                   },
                   [](auto&) {},
               },
               x.node);
  }

  struct Sum {
    std::vector<const TypedExpression*> parts;
    TypedExpression count;
  };

  /// The sequences that a sum runs over.
  std::optional<Sum> sum_of(const TypedExpression& x) const {
    std::vector<const TypedExpression*> parts;
    if (const auto* product = std::get_if<Binary<Typed>>(&x.node)) {
      if (product->op != BinaryOperator::Multiply || !product->left->info.type.is(Base::row_vector) ||
          !product->right->info.type.is(Base::vector))
        return std::nullopt;
      parts = {product->left.get(), product->right.get()};
    } else if (const auto* function = std::get_if<Call<Typed>>(&x.node)) {
      const std::string& name = function->function.text;
      const bool in_library = x.info.function.function != nullptr;
      const bool sums = in_library && (name == "sum" || name == "dot_self" || name == "dot_product");
      if (!sums && !takes_numbers(x.info.density)) return std::nullopt;
      if (sums && holds_integers(x.info.type)) return std::nullopt;
      parts = arguments_of(*function);
    }
    if (parts.empty()) return std::nullopt;
    Maybe count = changing_count(parts);
    if (!count) return std::nullopt;
    return Sum{std::move(parts), *std::move(count)};
  }

  /// What is added up for one element.
  Maybe term(const TypedExpression& x, const Sum& sum, const TypedExpression& i) const {
    std::vector<TypedExpression> elements;
    for (const TypedExpression* part : sum.parts) elements.push_back(*element_of(*part, i));
    const auto* function = std::get_if<Call<Typed>>(&x.node);
    if (function != nullptr && x.info.density.distribution != nullptr) {
      TypedExpression made = node(
          Call<Typed>{
              .function = function->function, .arguments = std::move(elements), .conditional = function->conditional},
          stan_types::real, x);
      made.info.density = x.info.density;
      return made;
    }
    if (elements.size() == 2)
      return binary(BinaryOperator::Multiply, std::move(elements[0]), std::move(elements[1]), x);
    if (function->function.text == "dot_self") {
      TypedExpression again = clone(elements[0]);
      return binary(BinaryOperator::Multiply, std::move(elements[0]), std::move(again), x);
    }
    return std::move(elements[0]);
  }

  TypedExpression write_out(const TypedExpression& x, Sum sum, Statements& before) {
    for (const TypedExpression* part : sum.parts)
      if (part != sum.parts[0] && is_container(*part) && is_container(*sum.parts[0]))
        require_equal_counts(*sum.parts[0], *part, x, before);
    const SymbolId total = new_symbol(stan_types::real, x.range, false);
    const SymbolId i = new_symbol(stan_types::integer, x.range, true);
    program_.symbols[static_cast<std::size_t>(total)].data_only = x.info.data_only;
    const TypedExpression here = reference(i, x);

    TypedExpression zero = node(RealLiteral{0.0}, stan_types::real, x);
    Declaration<Typed> declaration{.type = {.kind = SizedWord<Typed>{}, .range = x.range}, .variables = {}};
    declaration.variables.push_back({.name = {"sum", x.range}, .initial = pointer(std::move(zero)), .info = {total}});
    before.push_back({.node = std::move(declaration), .range = x.range, .info = {}});

    TypedExpression added = *term(x, sum, here);
    TypedStatement inside{.node = Empty{}, .range = x.range, .info = {}};
    inside.info.function = resolved("add", std::array{stan_types::real, added.info.type});
    inside.node = Assignment<Typed>{
        .target = reference(total, x), .op = AssignmentOperator::Add, .op_range = x.range, .value = std::move(added)};
    before.push_back(for_each_element(i, std::move(sum.count), std::move(inside)));
    return reference(total, x);
  }

  TypedProgram& program_;
  FunctionId function_ = no_function;
  BlockKind block_ = BlockKind::Model;
  std::set<SymbolId> changing_;  // integers that the loops around change; none: there is no loop
};

}  // namespace

void write_out_stretches(TypedProgram& program) { Rewriter(program).run(); }

}  // namespace leapgraph::models::lower
