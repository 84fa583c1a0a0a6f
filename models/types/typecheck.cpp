/// Programs, blocks and declarations.
#include "leapgraph/models/types/typecheck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/walk.hpp"
#include "leapgraph/models/types/checker.hpp"
#include "leapgraph/models/types/tuple.hpp"

namespace leapgraph::models {
namespace {

/// The type of a word's values; nothing for what is refused.
std::optional<StanType> type_of(TypeWord word) {
  if (library::structured_transform(word) != nullptr) return type_of(info(word).plain);
  switch (word) {
    case TypeWord::Int:
      return stan_types::integer;
    case TypeWord::Real:
      return stan_types::real;
    case TypeWord::Vector:
      return stan_types::vector;
    case TypeWord::RowVector:
      return stan_types::row_vector;
    case TypeWord::Matrix:
      return stan_types::matrix;
    case TypeWord::Complex:
      return stan_types::complex;
    case TypeWord::ComplexVector:
      return StanType{Base::complex_vector};
    case TypeWord::ComplexRowVector:
      return StanType{Base::complex_row_vector};
    case TypeWord::ComplexMatrix:
      return StanType{Base::complex_matrix};
    default:
      return std::nullopt;
  }
}

}  // namespace

template <class Phase>
StanType unsized(const SizedType<Phase>& type) {
  return std::visit(overloaded{
                        [](const SizedWord<Phase>& word) { return type_of(word.word).value_or(stan_types::unknown); },
                        [](const SizedArray<Phase>& array) {
                          return array_of(unsized(*array.element), static_cast<int>(array.sizes.size()));
                        },
                        [](const SizedTuple<Phase>& tuple) {
                          StanType result{Base::tuple};
                          for (const SizedType<Phase>& slot : tuple.slots) result.slots.push_back(unsized(slot));
                          return result;
                        },
                    },
                    type.kind);
}
template StanType unsized(const SizedType<Untyped>&);
template StanType unsized(const SizedType<Typed>&);

TypedProgram typecheck(const UntypedProgram& program, const Source& source, std::vector<Diagnostic>& warnings) {
  return Checker(source, warnings).program(program);
}

TypedProgram Checker::program(const UntypedProgram& program) {
  open_scope();
  functions(program.functions);
  for (const ProgramBlock<Untyped>& written : program.blocks) block(written);
  if (!errors_.empty()) {
    std::ranges::stable_sort(errors_, {}, [](const Diagnostic& e) { return e.range.begin; });
    throw ModelError(source_, std::move(errors_));
  }
  return std::move(result_);
}

/// The variables of a block are seen by the blocks after it, those of the model block by nobody.
void Checker::block(const ProgramBlock<Untyped>& block) {
  block_ = block.kind;
  const bool is_model = block.kind == BlockKind::Model;
  if (is_model) open_scope();
  ProgramBlock<Typed> typed{.kind = block.kind, .statements = {}, .range = block.range};
  for (const UntypedStatement& child : block.statements) statement(child, !is_model, typed.statements);
  if (is_model) close_scope();
  result_.tree.blocks.push_back(std::move(typed));
}

void Checker::declaration(const Declaration<Untyped>& declaration, bool top_level, Range range,
                          std::vector<TypedStatement>& into) {
  std::vector<LeafType> types = in_place([&] { return leaf_types(declaration.type, top_level); });
  const StanType type = unsized(declaration.type);
  const bool in_function = function_ != no_function;
  const bool any_integers = std::ranges::any_of(models::leaf_types(type), holds_integers);
  if (block_ == BlockKind::Parameters && !in_function && any_integers) {
    error({.range = declaration.type.range,
           .message = "a parameter cannot be an integer",
           .found = to_string(type),
           .hint = "sampling needs real numbers; sum integers out of the density"});
  }
  if (block_ == BlockKind::TransformedParameters && top_level && !in_function && any_integers) {
    error({.range = declaration.type.range,
           .message = "a transformed parameter cannot be an integer",
           .found = to_string(type),
           .hint = "declare it in transformed data, or in a block of its own between '{' and '}'"});
  }
  // As Stan's compiler has it: what may depend on parameters is decided by the block, not by what is assigned.
  const bool data_block =
      block_ == BlockKind::Data || block_ == BlockKind::TransformedData || block_ == BlockKind::GeneratedQuantities;
  const bool data_only = data_block && !in_function;
  const auto make = [&](Declaration<Typed> node) {
    into.push_back({.node = std::move(node), .range = range, .info = {}});
  };
  if (type.base != Base::tuple) {
    Declaration<Typed> typed{.type = std::move(types.at(0).type), .variables = {}};
    for (const Variable<Untyped>& variable : declaration.variables) {
      Variable<Typed> checked{.name = variable.name, .initial = initial(variable, type), .info = {}};
      checked.info.symbol = declare(variable.name, type, top_level, false, data_only);
      typed.variables.push_back(std::move(checked));
    }
    return make(std::move(typed));
  }
  for (std::size_t v = 0; v < declaration.variables.size(); ++v) {
    if (v > 0) types = in_place([&] { return leaf_types(declaration.type, top_level); });
    const Variable<Untyped>& variable = declaration.variables[v];
    ExpressionPtr<Typed> value = initial(variable, type);
    std::vector<TypedExpression> values;
    if (value) values = leaves(std::move(*value));
    const SymbolId tuple = declare(variable.name, type, top_level, false, data_only);
    if (tuple == no_symbol) continue;
    // The tuples from the variable inwards, and the leaf that is next.
    std::size_t next = 0;
    std::vector<SymbolId> around;
    const std::function<void(SymbolId)> declare_leaves = [&](SymbolId id) {
      const Symbol& symbol = result_.symbols[static_cast<std::size_t>(id)];
      if (!symbol.slots.empty()) {
        around.push_back(id);
        for (const SymbolId slot : std::vector<SymbolId>(symbol.slots)) declare_leaves(slot);
        around.pop_back();
        return;
      }
      LeafType& leaf = types.at(next);
      Variable<Typed> part{.name = {symbol.name, variable.name.range}, .initial = nullptr, .info = {.symbol = id}};
      for (std::size_t i = 0; i < around.size(); ++i)
        if (leaf.array_depths.at(i) > 0) part.info.arrays.push_back({around[i], leaf.array_depths[i]});
      if (next < values.size()) part.initial = std::make_unique<TypedExpression>(std::move(values[next]));
      Declaration<Typed> typed{.type = std::move(leaf.type), .variables = {}};
      typed.variables.push_back(std::move(part));
      make(std::move(typed));
      ++next;
    };
    declare_leaves(tuple);
  }
}

ExpressionPtr<Typed> Checker::initial(const Variable<Untyped>& variable, const StanType& type) {
  if (!variable.initial) return nullptr;
  ExpressionPtr<Typed> value = pointer(variable.initial);
  const StanType& found = value->info.type;
  if (found.is_unknown()) return nullptr;
  if (promotes(found, type)) return value;
  error({.range = value->range,
         .message = "Ill-typed initial value of '" + variable.name.text + "'",
         .expected = to_string(type),
         .found = to_string(found)});
  return nullptr;
}

std::vector<Checker::LeafType> Checker::leaf_types(const SizedType<Untyped>& type, bool top_level) {
  std::vector<LeafType> leaves;
  add_leaf_types(type, top_level, {}, {.type = {.kind = SizedWord<Typed>{}, .range = type.range}}, leaves);
  return leaves;
}

void Checker::add_leaf_types(const SizedType<Untyped>& type, bool top_level, std::vector<TypedExpression> sizes,
                             LeafType around, std::vector<LeafType>& into) {
  if (sizes.empty()) around.type.range = type.range;
  std::visit(overloaded{
                 [&](const SizedArray<Untyped>& array) {
                   for (const UntypedExpression& s : array.sizes) sizes.push_back(size(s, top_level));
                   add_leaf_types(*array.element, top_level, std::move(sizes), std::move(around), into);
                 },
                 [&](const SizedTuple<Untyped>& tuple) {
                   int in_tuples = 0;
                   for (const int depth : around.array_depths) in_tuples += depth;
                   around.array_depths.push_back(static_cast<int>(sizes.size()) - in_tuples);
                   for (const SizedType<Untyped>& slot : tuple.slots) {
                     std::vector<TypedExpression> copies;
                     for (const TypedExpression& s : sizes) copies.push_back(clone(s));
                     LeafType leaf{.type = {.kind = SizedWord<Typed>{}, .range = around.type.range},
                                   .array_depths = around.array_depths};
                     add_leaf_types(slot, top_level, std::move(copies), std::move(leaf), into);
                   }
                 },
                 [&](const SizedWord<Untyped>& written) {
                   SizedWord<Typed> word = sized_word(written, static_cast<int>(sizes.size()), top_level, type.range);
                   if (sizes.empty()) {
                     around.type.kind = std::move(word);
                   } else {
                     auto element = std::make_unique<SizedType<Typed>>(
                         SizedType<Typed>{.kind = std::move(word), .range = type.range});
                     around.type.kind = SizedArray<Typed>{.sizes = std::move(sizes), .element = std::move(element)};
                   }
                   into.push_back(std::move(around));
                 },
             },
             type.kind);
}

SizedWord<Typed> Checker::sized_word(const SizedWord<Untyped>& word, int depth, bool top_level, Range range) {
  SizedWord<Typed> typed{.word = word.word, .bounds = {}, .sizes = {}};
  const std::optional<StanType> known = type_of(word.word);
  if (!known) unsupported(range, fmt::format("the type '{}'", text(word.word)));
  const StanType element = known.value_or(stan_types::unknown);
  for (const UntypedExpression& s : word.sizes) typed.sizes.push_back(size(s, top_level));
  // cov_matrix[K] is K by K
  if (typed.sizes.size() == 1 && base_rank(element.base) == 2) typed.sizes.push_back(clone(typed.sizes[0]));
  if (holds_complex(element) && !word.bounds.empty())
    unsupported(word.bounds.range, "an offset or multiplier of complex numbers");
  const StanType whole = array_of(element, depth);  // bounds may be containers of the whole array's shape
  typed.bounds.range = word.bounds.range;
  typed.bounds.lower = bound(word.bounds.lower, "lower bound", element, whole);
  typed.bounds.upper = bound(word.bounds.upper, "upper bound", element, whole);
  typed.bounds.offset = bound(word.bounds.offset, "offset", element, whole);
  typed.bounds.multiplier = bound(word.bounds.multiplier, "multiplier", element, whole);
  return typed;
}

Expression<Typed> Checker::size(const Expression<Untyped>& size, bool top_level) {
  if (top_level) {
    for_each_within(size, [&](const UntypedExpression& part) {
      const auto* reference = std::get_if<VariableReference>(&part.node);
      const Symbol* symbol = reference != nullptr ? find_symbol(reference->name) : nullptr;
      if (symbol == nullptr || symbol->block == BlockKind::Data || symbol->block == BlockKind::TransformedData) return;
      error({.range = part.range,
             .message = "the size of a variable of a program block must be known before sampling",
             .expected = "variables of the data and transformed data blocks",
             .found = declared_at(*symbol)});
    });
  }
  return integer_expression(size, "a size");
}

ExpressionPtr<Typed> Checker::bound(const ExpressionPtr<Untyped>& bound, std::string_view what, const StanType& element,
                                    const StanType& whole) {
  if (!bound) return nullptr;
  ExpressionPtr<Typed> typed = pointer(bound);
  const StanType& found = typed->info.type;
  const bool integers = holds_integers(element);
  const StanType scalar = integers ? stan_types::integer : stan_types::real;
  if (!promotes(found, scalar) && !promotes(found, element) && !promotes(found, whole)) {
    std::string expected = to_string(scalar);
    if (element != scalar) expected += " or " + to_string(element);
    if (whole != element) expected += " or " + to_string(whole);
    error({.range = typed->range,
           .message = fmt::format("Ill-typed {}", what),
           .expected = expected,
           .found = to_string(found)});
  }
  return typed;
}

SymbolId Checker::declare(const Name& name, StanType type, bool top_level, bool loop_variable, bool data_only) {
  if (const Symbol* other = find_symbol(name.text)) {
    error({.range = name.range, .message = "Identifier '" + name.text + "' is already in use: " + declared_at(*other)});
    return no_symbol;
  }
  refuse_density_suffix(name);
  const SymbolId id = new_symbol({.name = name.text,
                                  .type = std::move(type),
                                  .block = block_,
                                  .top_level = top_level,
                                  .loop_variable = loop_variable,
                                  .data_only = data_only,
                                  .function = function_,
                                  .declared = name.range});
  scopes_.back().emplace(name.text, id);
  return id;
}

SymbolId Checker::new_symbol(Symbol symbol) {
  const auto id = static_cast<SymbolId>(result_.symbols.size());
  const bool data_only = symbol.data_only;
  symbol.data_only = data_only || holds_integers(symbol.type);
  result_.symbols.push_back(symbol);
  if (symbol.type.base != Base::tuple) return id;
  std::vector<SymbolId> slots;
  for (std::size_t k = 0; k < symbol.type.slots.size(); ++k) {
    Symbol slot = symbol;
    slot.name += fmt::format(".{}", k + 1);
    slot.type = array_of(symbol.type.slots[k], symbol.type.depth);
    slot.data_only = data_only;
    slots.push_back(new_symbol(std::move(slot)));
  }
  result_.symbols[static_cast<std::size_t>(id)].slots = std::move(slots);
  return id;
}

void Checker::refuse_density_suffix(const Name& name) {
  for (const std::string_view suffix : {"_lupdf", "_lupmf"}) {
    if (name.text.ends_with(suffix)) {
      error({.range = name.range, .message = fmt::format("a name that ends in '{}' belongs to a density", suffix)});
    }
  }
}

const Symbol* Checker::find_symbol(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const auto found = scope->find(name); found != scope->end()) {
      return &result_.symbols[static_cast<std::size_t>(found->second)];
    }
  }
  return nullptr;
}

std::vector<std::string> Checker::visible_names() const {
  std::vector<std::string> names;
  for (const auto& scope : scopes_) {
    for (const auto& [name, id] : scope) names.push_back(name);
  }
  std::ranges::sort(names);  // so that of two names as near the same one is offered
  return names;
}

std::string Checker::declared_at(const Symbol& symbol) const {
  const Location place = source_.locate(symbol.declared.begin);
  return fmt::format("'{}', declared at {}:{}:{}", symbol.name, place.file, place.line, place.column);
}

void Checker::unsupported(Range range, const std::string& what) {
  error({.range = range, .message = what + " is not supported yet by this version"});
}

}  // namespace leapgraph::models
