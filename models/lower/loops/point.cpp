/// Points: what a statement reads and knows, noted for each of its executions.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "leapgraph/models/lower/access.hpp"
#include "leapgraph/models/lower/loops/trace.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// A statement that runs with more combinations of sizes than this is not expressed as a whole.
constexpr std::size_t most_variants = 64;

void note_shape(const Shape& shape, std::vector<std::int64_t>& sizes) {
  if (!shape.empty()) sizes.insert(sizes.end(), shape.begin(), shape.end());
}

}  // namespace

Tracer::Template& Tracer::template_of(const void* what) {
  std::unique_ptr<Template>& entry = templates_[Key{what, context_}];
  if (!entry) entry = std::make_unique<Template>();
  return *entry;
}

void Tracer::collect_read(const TypedExpression& expression, SymbolId symbol, Template& into) {
  into.reads.push_back({.expression = &expression, .symbol = symbol});
}

void Tracer::collect(const TypedExpression& expression, Template& into) {
  const bool depends = dependence_.on_parameters(expression);
  const auto* indexed = std::get_if<Indexed<Typed>>(&expression.node);
  if (!depends) {
    if (!dependence_.varies(expression)) return;
    // Rows of data are read by their positions, so that they are not copied.
    if (indexed != nullptr && !expression.info.type.is_int() && !expression.info.type.is_real()) {
      const Evaluator::Access picked(expression);
      if (std::holds_alternative<VariableReference>(picked.root->node) &&
          !dependence_.is_assigned(picked.root->info.symbol))
        return collect_read(expression, picked.root->info.symbol, into);
    }
    into.leaves.push_back(&expression);
    return;
  }
  if (std::holds_alternative<TargetValue>(expression.node))
    throw NotWhole{expression.range, "it reads the log density so far"};
  if (std::holds_alternative<VariableReference>(expression.node)) {
    if (dependence_.is_assigned(expression.info.symbol)) collect_read(expression, expression.info.symbol, into);
    return;
  }
  if (indexed != nullptr) {
    const Evaluator::Access picked(expression);
    bool varies = dependence_.is_assigned(picked.root->info.symbol);
    bool index_depends = false;
    for (const Index<Typed>* index : picked.indices) {
      const auto look = [&](const TypedExpression& e) {
        varies = varies || dependence_.varies(e);
        index_depends = index_depends || dependence_.on_parameters(e);
      };
      std::visit(overloaded{[](const IndexAll&) {}, [&](const IndexSingle<Typed>& i) { look(*i.value); },
                            [&](const IndexFrom<Typed>& i) { look(*i.first); },
                            [&](const IndexTo<Typed>& i) { look(*i.last); },
                            [&](const IndexBetween<Typed>& i) {
                              look(*i.first);
                              look(*i.last);
                            }},
                 index->kind);
    }
    if (std::holds_alternative<VariableReference>(picked.root->node) && varies) {
      const std::size_t read = into.reads.size();
      collect_read(expression, picked.root->info.symbol, into);
      for (const Index<Typed>* index : picked.indices) {
        const TypedExpression* single = Evaluator::Access::single(*index);
        if (single != nullptr && dependence_.on_parameters(*single)) {
          into.reads[read].computed.push_back(index);
          collect(*single, into);
        } else if (index_depends) {
          std::visit(overloaded{[](const IndexAll&) {},
                                [&](const IndexSingle<Typed>& i) { refuse_dependent(*i.value, "an index"); },
                                [&](const IndexFrom<Typed>& i) { refuse_dependent(*i.first, "an index"); },
                                [&](const IndexTo<Typed>& i) { refuse_dependent(*i.last, "an index"); },
                                [&](const IndexBetween<Typed>& i) {
                                  refuse_dependent(*i.first, "an index");
                                  refuse_dependent(*i.last, "an index");
                                }},
                     index->kind);
        }
      }
      return;
    }
    if (!varies && !index_depends) return;
  }
  // Which side is taken is known in each iteration, or both are computed.
  const auto* choice = std::get_if<Ternary<Typed>>(&expression.node);
  const bool is_known_choice = choice != nullptr && !dependence_.on_parameters(*choice->condition);
  if (is_known_choice || expression.info.user) return add_part(expression, into);
  if (expression.info.function.function != nullptr && expression.info.function.function->log_jacobian)
    throw NotWhole{expression.range, "it adds the log of a Jacobian"};
  if (expression.info.draws()) into.draws.push_back(&expression);
  for_each_child(expression, [&](const TypedExpression& child) { collect(child, into); });
}

void Tracer::add_part(const TypedExpression& expression, Template& into) {
  const auto symbol = static_cast<SymbolId>(evaluator_.program_.symbols.size() + trace_.part_types.size());
  trace_.part_types.push_back(expression.info.type);
  part_symbols_[Key{&expression, context_}] = symbol;
  into.parts.push_back({&expression, symbol});
  into.reads.push_back({.expression = &expression, .symbol = symbol, .whole = true});
}

Shape Tracer::positions_of(const ReadSpec& spec, const Shape& shape, std::vector<std::int64_t>& positions) {
  positions.clear();
  if (spec.whole || !std::holds_alternative<Indexed<Typed>>(spec.expression->node)) {
    positions.resize(static_cast<std::size_t>(symbolic::element_count(shape)));
    std::iota(positions.begin(), positions.end(), std::int64_t{0});
    return shape;
  }
  const Evaluator::Access picked(*spec.expression);
  if (spec.computed.empty()) {
    if (const std::optional<std::int64_t> position = evaluator_.element(picked, shape)) {
      positions.push_back(*position);
      return {};
    }
  }
  std::vector<Selection> selections;
  for (std::size_t axis = 0; axis < picked.indices.size(); ++axis) {
    const Index<Typed>* index = picked.indices[axis];
    if (std::find(spec.computed.begin(), spec.computed.end(), index) != spec.computed.end())
      selections.push_back({.kind = Selection::Kind::range, .first = 0, .count = shape[axis]});
    else
      selections.push_back(evaluator_.select(*index, shape[axis], axis, picked));
  }
  positions = selected_positions(shape, selections);
  return selected_shape(shape, selections);
}

void Tracer::run_part(const Part& part) {
  const TypedExpression& expression = *part.expression;
  if (const auto* choice = std::get_if<Ternary<Typed>>(&expression.node)) {
    run_side(evaluator_.condition(*choice->condition) ? *choice->then : *choice->otherwise, part);
  } else if (const auto* binary = std::get_if<Binary<Typed>>(&expression.node)) {
    const bool left = evaluator_.condition(*binary->left);
    run_side(left == (binary->op == BinaryOperator::And) ? *binary->right : *binary->left, part);
  } else {
    const UserFunctionUse& use = expression.info.user;
    std::vector<SymbolId> results(static_cast<std::size_t>(use.slot), no_symbol);
    results.push_back(part.symbol);
    run_call(use, arguments_of(std::get<Call<Typed>>(expression.node)), &expression, std::move(results));
  }
}

void Tracer::run_side(const TypedExpression& side, const Part& part) {
  Template& known = template_of(&side);
  if (known.is_new()) collect(side, known);
  const StanType type = type_of(part.symbol);
  const std::size_t point =
      run_point(known, {nullptr, side.range, part.symbol, [&] { return promoted(evaluator_.evaluate(side), type); }});
  set_whole(part.symbol, trace_.points[point].value.shape(), point);
}

void Tracer::run_call(const UserFunctionUse& use, const std::vector<const TypedExpression*>& arguments,
                      const void* site, std::vector<SymbolId> results) {
  constexpr int deepest = 32;
  const FunctionDefinition<Typed>& function =
      evaluator_.program_.tree.functions[static_cast<std::size_t>(use.function)];
  if (contexts_deep_ == deepest) throw NotWhole{nest_.range, "it calls a function that calls itself"};
  // A call of the same function further up keeps its variables.
  struct Saved {
    SymbolId symbol;
    Evaluator::Slot slot;
    std::optional<Followed> followed;
  };
  std::vector<Saved> saved;
  const std::vector<Symbol>& symbols = evaluator_.program_.symbols;
  const bool again = evaluator_.active_calls_[use.function] > 0;
  for (std::size_t s = 0; again && s < symbols.size(); ++s) {
    if (symbols[s].function != use.function || std::ranges::find(results, static_cast<SymbolId>(s)) != results.end())
      continue;
    const auto followed = trace_.followed.find(static_cast<SymbolId>(s));
    saved.push_back({static_cast<SymbolId>(s), evaluator_.slots_[s],
                     followed == trace_.followed.end() ? std::nullopt : std::optional(followed->second)});
  }
  // Arguments belong to the caller, the variables that they are given to and the body to the call.
  bind(function.info.parameters, arguments);
  ++evaluator_.active_calls_[use.function];
  const int caller = context_;
  const std::vector<SymbolId> outer_results = std::exchange(results_, std::move(results));
  const Evaluator::Frame outer_frame = std::exchange(
      evaluator_.call_,
      Evaluator::Frame{.function = use.function,
                       .unnormalized = use.unnormalized || function.info.kind == FunctionKind::adds_to_target,
                       .results = {},
                       .variables = evaluator_.variables_of(arguments)});
  context_ = contexts_.try_emplace(Key{site, caller}, static_cast<int>(contexts_.size()) + 1).first->second;
  ++contexts_deep_;
  const bool was_in_function = std::exchange(in_function_, true);
  const Flow flow = function_body(*function.body);
  in_function_ = was_in_function;
  --contexts_deep_;
  context_ = caller;
  results_ = outer_results;
  evaluator_.call_ = outer_frame;
  --evaluator_.active_calls_[use.function];
  for (Saved& variable : saved) {
    evaluator_.slot(variable.symbol) = std::move(variable.slot);
    if (variable.followed) trace_.followed[variable.symbol] = *std::move(variable.followed);
  }
  if (flow == Flow::rejected) throw Evaluator::Rejection{};
}

void Tracer::give_back(const Return<Typed>& node) {
  if (!in_function_) throw NotWhole{nest_.range, "a function returns from inside it"};
  const std::vector<const TypedExpression*> values = returned_values(node);
  const std::vector<SymbolId> results = results_;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i] == no_symbol) continue;
    const TypedExpression& value = *values.at(i);
    // Where the function has returned before, or the condition of this return does not hold, that stays.
    const bool has_returned = masks_.size() > function_masks_ && trace_.followed.contains(results[i]);
    Template& known = has_returned ? template_of(&value.info) : template_of(&value);
    if (known.is_new()) {
      collect(value, known);
      if (has_returned) {
        known.reads.push_back({.expression = &old_result_, .symbol = results[i], .whole = true});
        collect_masks(function_masks_, known);
      }
    }
    const StanType type = type_of(results[i]);
    const std::size_t point = run_point(known, {nullptr, value.range, results[i], [&] {
                                                  const Value now = promoted(evaluator_.evaluate(value), type);
                                                  if (!has_returned) return now;
                                                  const Value old = evaluator_.evaluate(old_result_);
                                                  evaluator_.require_shape(shape_of(old), now, type, value.range);
                                                  return masked(function_masks_, now, old);
                                                }});
    const Shape shape = trace_.points[point].value.shape();
    set_whole(results[i], shape, point);
    set_size(results[i], shape);
  }
}

std::size_t Tracer::run_point(Template& known, const Making& making) {
  for (std::size_t k = 0; k < known.parts.size(); ++k) run_part(Part(known.parts[k]));
  return run_prepared(known, making);
}

std::size_t Tracer::run_prepared(Template& known, const Making& making) {
  sizes_.clear();
  leaf_values_.resize(std::max(leaf_values_.size(), known.leaves.size()));
  positions_.resize(std::max(positions_.size(), known.reads.size()));
  read_shapes_.resize(std::max(read_shapes_.size(), known.reads.size()));
  for (std::size_t k = 0; k < known.leaves.size(); ++k) {
    leaf_values_[k] = evaluator_.evaluate(*known.leaves[k]);
    note_shape(shape_of(leaf_values_[k]), sizes_);
    if (const auto* number = std::get_if<std::int64_t>(&leaf_values_[k]); number != nullptr && known.integers_are_sizes)
      sizes_.push_back(*number);
  }
  for (std::size_t k = 0; k < known.reads.size(); ++k) {
    const ReadSpec& spec = known.reads[k];
    const Shape& shape = shape_of_variable(spec.symbol);
    read_shapes_[k] = positions_of(spec, shape, positions_[k]);
    note_shape(read_shapes_[k], sizes_);
  }
  std::size_t variant = known.latest;
  if (variant >= known.variants.size() || known.variants[variant].sizes != sizes_) {
    for (variant = 0; variant < known.variants.size(); ++variant)
      if (known.variants[variant].sizes == sizes_) break;
    if (variant == known.variants.size()) {
      if (variant == most_variants) throw NotWhole{making.range, "it runs with too many combinations of sizes"};
      try {
        std::vector<std::int64_t> taken;
        const std::size_t point = make_point(known, making, taken);
        known.variants.push_back({sizes_, point, std::move(taken)});
      } catch (const library::UnknownInteger& error) {
        if (known.integers_are_sizes) throw NotWhole{making.range, error.what()};
        known.integers_are_sizes = true;
        return run_prepared(known, making);
      }
    }
    known.latest = variant;
  }
  const std::size_t number = known.variants[variant].point;
  Point& point = trace_.points[number];
  point.executions.push_back(now_.number);
  for (std::size_t k = 0; k < known.leaves.size(); ++k) {
    if (auto* integers = std::get_if<std::vector<std::int64_t>>(&point.leaves[k].values)) {
      if (const auto* number_value = std::get_if<std::int64_t>(&leaf_values_[k])) {
        integers->push_back(*number_value);
      } else {
        const auto elements = std::get<Array>(leaf_values_[k]).data<std::int64_t>();
        integers->insert(integers->end(), elements.begin(), elements.end());
      }
      continue;
    }
    auto& reals = std::get<std::vector<double>>(point.leaves[k].values);
    if (is_number(leaf_values_[k])) {
      reals.push_back(real_of(leaf_values_[k]));
    } else {
      const auto elements = std::get<Array>(leaf_values_[k]).data<double>();
      reals.insert(reals.end(), elements.begin(), elements.end());
    }
  }
  for (std::size_t k = 0; k < known.draws.size(); ++k) {
    std::get<std::vector<std::int64_t>>(point.leaves[known.leaves.size() + k].values).push_back(evaluator_.next_place_);
    evaluator_.next_place_ += known.variants[variant].taken[k];
  }
  for (std::size_t k = 0; k < known.reads.size(); ++k) {
    Read& read = point.reads[k];
    const auto found = trace_.followed.find(read.symbol);
    if (found == trace_.followed.end() && !dependence_.is_assigned(read.symbol)) {
      for (std::int64_t p : positions_[k]) read.sources.push_back({SourceOf::before, p});
      continue;
    }
    const Followed& followed = follow(read.symbol);
    for (std::int64_t p : positions_[k]) {
      read.sources.push_back(followed.last[static_cast<std::size_t>(p)]);
      if (read.sources.back().point == SourceOf::unset && !known.reads[k].may_be_unset)
        warn_unset(*known.reads[k].expression, read.symbol);
    }
  }
  return number;
}

void Tracer::warn_unset(const TypedExpression& expression, SymbolId symbol) {
  if (!warned_.insert(&expression).second) return;
  const std::string where = evaluator_.iteration_text();
  evaluator_.warnings_.push_back(
      {.range = expression.range,
       .message = fmt::format("'{}' is read before it is assigned{}: it is nan", evaluator_.symbol(symbol).name,
                              where.empty() ? "" : ", at " + where),
       .severity = Severity::Warning});
}

/// What the indices that depend on parameters pick of everything that they might.
Value Tracer::pick_computed(const ReadSpec& spec, const Expr& all) {
  const Evaluator::Access picked(*spec.expression);
  Expr result = all;
  std::int64_t axis = 0;
  for (const Index<Typed>* index : picked.indices) {
    const TypedExpression* single = Evaluator::Access::single(*index);
    if (std::find(spec.computed.begin(), spec.computed.end(), index) != spec.computed.end()) {
      const Expr position = expression_from(evaluator_.evaluate(*single)) - std::int64_t{1};
      result = symbolic::gather(result, position, axis);
    } else if (single == nullptr) {
      ++axis;
    }
  }
  return promoted(Value(result), spec.expression->info.type);
}

std::size_t Tracer::make_point(Template& known, const Making& making, std::vector<std::int64_t>& taken) {
  Point point;
  point.statement = making.statement;
  point.range = making.range;
  point.space = now_.space;
  point.target = making.target;
  std::unordered_map<const TypedExpression*, Value> bound;
  for (std::size_t k = 0; k < known.leaves.size(); ++k) {
    const TypedExpression& expression = *known.leaves[k];
    Leaf leaf;
    const DType dtype = dtype_of(expression.info.type);
    leaf.placeholder = symbolic::input({dtype, shape_of(leaf_values_[k])}, fmt::format("known {}", k));
    if (dtype == DType::float64) leaf.values = std::vector<double>();
    const bool is_size = known.integers_are_sizes && std::holds_alternative<std::int64_t>(leaf_values_[k]);
    bound[&expression] = is_size ? leaf_values_[k] : Value(leaf.placeholder);
    point.leaves.push_back(std::move(leaf));
  }
  std::unordered_map<const TypedExpression*, Evaluator::Places> places;
  for (const TypedExpression* draw : known.draws) {
    point.leaves.push_back({.placeholder = symbolic::input({DType::int64, {}}, "place"), .values = {}});
    places[draw] = {.first = point.leaves.back().placeholder};
  }
  std::vector<Shape> shapes = read_shapes_;
  for (std::size_t k = 0; k < known.reads.size(); ++k) {
    const ReadSpec& spec = known.reads[k];
    Read read{.symbol = spec.symbol, .placeholder = {}, .sources = {}};
    read.placeholder = symbolic::input({dtype_of(type_of(spec.symbol)), shapes[k]}, fmt::format("read {}", k));
    if (spec.bound_as != nullptr)
      bound[spec.bound_as] = read.placeholder;
    else if (spec.computed.empty())
      bound[spec.expression] =
          spec.whole ? Value(read.placeholder) : promoted(Value(read.placeholder), spec.expression->info.type);
    point.reads.push_back(std::move(read));
  }
  const auto* outer = std::exchange(evaluator_.bound_, &bound);
  auto* const outer_places = std::exchange(evaluator_.places_, &places);
  std::vector<Evaluator::Requirement> outer_requirements = std::exchange(evaluator_.requirements_, {});
  const auto restore = [&] {
    evaluator_.bound_ = outer;
    evaluator_.places_ = outer_places;
    std::swap(evaluator_.requirements_, outer_requirements);
  };
  evaluator_.densities_.clear();
  try {
    for (std::size_t k = 0; k < known.reads.size(); ++k)
      if (!known.reads[k].computed.empty() && known.reads[k].bound_as == nullptr)
        bound[known.reads[k].expression] = pick_computed(known.reads[k], point.reads[k].placeholder);
    point.value = expression_from(making.value());
  } catch (...) {
    restore();
    throw;
  }
  restore();
  for (const TypedExpression* draw : known.draws) taken.push_back(places.at(draw).taken);
  // Where a condition decides whether this is executed at all, nothing is asked of it.
  if (masks_.empty()) point.requirements = std::move(outer_requirements);
  point.densities = std::move(evaluator_.densities_);
  evaluator_.densities_.clear();
  trace_.points.push_back(std::move(point));
  return trace_.points.size() - 1;
}

}  // namespace leapgraph::models::lower
