/// Programs, blocks and declarations.
#include "leapgraph/models/types/typecheck.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/models/library/library.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/models/syntax/walk.hpp"
#include "leapgraph/models/types/checker.hpp"

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
                        [](const SizedTuple<Phase>&) { return stan_types::unknown; },
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
  for (const UntypedStatement& child : block.statements) typed.statements.push_back(statement(child, !is_model));
  if (is_model) close_scope();
  result_.tree.blocks.push_back(std::move(typed));
}

Declaration<Typed> Checker::declaration(const Declaration<Untyped>& declaration, bool top_level) {
  Declaration<Typed> typed{.type = sized_type(declaration.type, top_level), .variables = {}};
  const StanType type = unsized(declaration.type);
  const bool in_function = function_ != no_function;
  const bool holds_parameters = block_ == BlockKind::Parameters && !in_function;
  if (holds_parameters && holds_integers(type)) {
    error({.range = declaration.type.range,
           .message = "a parameter cannot be an integer",
           .found = to_string(type),
           .hint = "sampling needs real numbers; sum integers out of the density"});
  }
  if (block_ == BlockKind::TransformedParameters && top_level && !in_function && holds_integers(type)) {
    error({.range = declaration.type.range,
           .message = "a transformed parameter cannot be an integer",
           .found = to_string(type),
           .hint = "declare it in transformed data, or in a block of its own between '{' and '}'"});
  }
  // As Stan's compiler has it: what may depend on parameters is decided by the block, not by what is assigned.
  const bool data_block =
      block_ == BlockKind::Data || block_ == BlockKind::TransformedData || block_ == BlockKind::GeneratedQuantities;
  const bool data_only = holds_integers(type) || (data_block && !in_function);
  for (const Variable<Untyped>& variable : declaration.variables) {
    Variable<Typed> checked{.name = variable.name, .initial = nullptr, .info = {}};
    if (variable.initial) {
      checked.initial = pointer(variable.initial);
      const StanType& found = checked.initial->info.type;
      if (!promotes(found, type)) {
        error({.range = checked.initial->range,
               .message = "Ill-typed initial value of '" + variable.name.text + "'",
               .expected = to_string(type),
               .found = to_string(found)});
      }
    }
    checked.info.symbol = declare(variable.name, type, top_level, false, data_only);
    typed.variables.push_back(std::move(checked));
  }
  return typed;
}

SizedType<Typed> Checker::sized_type(const SizedType<Untyped>& type, bool top_level) {
  const StanType whole = unsized(type);
  const auto word = [&](const SizedWord<Untyped>& written) {
    SizedWord<Typed> typed{.word = written.word, .bounds = {}, .sizes = {}};
    if (!type_of(written.word)) unsupported(type.range, fmt::format("the type '{}'", text(written.word)));
    for (const UntypedExpression& s : written.sizes) typed.sizes.push_back(size(s, top_level));
    if (typed.sizes.size() == 1 && type_of(written.word) == stan_types::matrix) {
      const std::size_t errors = errors_.size(), warnings = warnings_.size();
      typed.sizes.push_back(size(written.sizes[0], top_level));  // cov_matrix[K] is K by K
      errors_.resize(errors);                                    // what is wrong with K is said once
      warnings_.resize(warnings);
    }
    const StanType element = type_of(written.word).value_or(stan_types::unknown);
    typed.bounds.range = written.bounds.range;
    typed.bounds.lower = bound(written.bounds.lower, "lower bound", element, whole);
    typed.bounds.upper = bound(written.bounds.upper, "upper bound", element, whole);
    typed.bounds.offset = bound(written.bounds.offset, "offset", element, whole);
    typed.bounds.multiplier = bound(written.bounds.multiplier, "multiplier", element, whole);
    return typed;
  };
  SizedType<Typed> result{.kind = SizedWord<Typed>{}, .range = type.range};
  std::visit(overloaded{
                 [&](const SizedWord<Untyped>& written) { result.kind = word(written); },
                 [&](const SizedArray<Untyped>& array) {
                   SizedArray<Typed> typed;
                   for (const UntypedExpression& s : array.sizes) typed.sizes.push_back(size(s, top_level));
                   // Bounds may be containers of the whole array's shape: the element is checked as part of it.
                   if (const auto* written = std::get_if<SizedWord<Untyped>>(&array.element->kind)) {
                     typed.element = std::make_unique<SizedType<Typed>>(
                         SizedType<Typed>{.kind = word(*written), .range = array.element->range});
                   } else {
                     typed.element = std::make_unique<SizedType<Typed>>(sized_type(*array.element, top_level));
                   }
                   result.kind = std::move(typed);
                 },
                 [&](const SizedTuple<Untyped>&) { unsupported(type.range, "the type 'tuple'"); },
             },
             type.kind);
  return result;
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
  if (is_user_function(name.text) && function_ == no_function) {
    error({.range = name.range, .message = "Identifier '" + name.text + "' is already in use: it names a function"});
    refused_names_.insert(name.text);
    return no_symbol;
  }
  refuse_density_suffix(name);
  const auto id = static_cast<SymbolId>(result_.symbols.size());
  result_.symbols.push_back({.name = name.text,
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
