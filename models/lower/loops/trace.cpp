/// Runs a nest of loops and follows what depends on parameters.
#include "leapgraph/models/lower/loops/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "leapgraph/models/lower/access.hpp"
#include "leapgraph/models/syntax/overloaded.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::lower {

using symbolic::Array;
using symbolic::DType;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// A loop that ends by a condition on parameters is executed as often; where it needs more, the point is rejected.
constexpr int most_iterations = 1000;

}  // namespace

Tracer::Tracer(Evaluator& evaluator, const TypedStatement& nest)
    : evaluator_(evaluator),
      nest_(nest),
      dependence_(evaluator.program_, nest, [&evaluator](SymbolId s) { return !is_known(evaluator.value(s)); }) {}

bool Tracer::run(const std::vector<SymbolId>* results) {
  trace_.spaces.push_back({.parent = -1, .parents = {0}});
  if (results == nullptr) return execute(nest_) != Flow::rejected;
  results_ = *results;
  in_function_ = true;
  const bool accepted = function_body(nest_) != Flow::rejected;
  for (const SymbolId result : results_) {
    if (!trace_.followed.contains(result)) throw NotWhole{nest_.range, "it ends without returning a value"};
    trace_.followed[result].outlives = true;
  }
  return accepted;
}

// ---------------------------------------------------------------- control

Evaluator::Flow Tracer::execute(const std::vector<TypedStatement>& statements) {
  for (const TypedStatement& statement : statements) {
    const Flow flow = execute(statement);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Evaluator::Flow Tracer::execute(const TypedStatement& statement) {
  return std::visit(
      overloaded{
          [&](const Block<Typed>& node) { return execute(node.statements); },
          [&](const Profile<Typed>& node) { return execute(node.statements); },
          [&](const If<Typed>& node) { return branch(node); },
          [&](const For<Typed>& node) {
            return dependence_.on_parameters(statement) ? for_loop(statement, node) : evaluator_.execute(statement);
          },
          [&](const While<Typed>& node) {
            return dependence_.on_parameters(statement) ? while_loop(statement, node) : evaluator_.execute(statement);
          },
          [&](const ForEach<Typed>& node) {
            return dependence_.on_parameters(statement) ? for_each(statement, node) : evaluator_.execute(statement);
          },
          [&](const Declaration<Typed>& node) {
            declare(statement, node);
            return Flow::next;
          },
          [&](const Assignment<Typed>& node) {
            if (!dependence_.on_parameters(assigned_symbol(node.target))) return evaluator_.execute(statement);
            assign(statement, node);
            return Flow::next;
          },
          [&](const Return<Typed>& node) {
            give_back(node);
            return Flow::returned;
          },
          [&](const CallStatement<Typed>&) {
            call_statement(statement);
            return Flow::next;
          },
          [&](const Tilde<Typed>&) {
            contribute(statement);
            return Flow::next;
          },
          [&](const TargetIncrement<Typed>&) {
            contribute(statement);
            return Flow::next;
          },
          [&](const JacobianIncrement<Typed>&) {
            contribute(statement);
            return Flow::next;
          },
          [&](const Message<Typed>& node) {
            if (masks_.empty() || node.kind == MessageKind::Print) return evaluator_.execute(statement);
            reject(statement);
            return Flow::next;
          },
          [&](const auto&) { return evaluator_.execute(statement); },
      },
      statement.node);
}

void Tracer::refuse_dependent(const TypedExpression& expression, std::string_view what) const {
  if (dependence_.on_parameters(expression))
    evaluator_.unsupported(expression.range, fmt::format("{} that depends on parameters", what));
}

std::optional<bool> Tracer::known_side(const TypedExpression& condition) {
  if (!dependence_.on_parameters(condition)) return evaluator_.condition(condition);
  const auto* binary = std::get_if<Binary<Typed>>(&condition.node);
  if (binary == nullptr || (binary->op != BinaryOperator::And && binary->op != BinaryOperator::Or)) return std::nullopt;
  const bool decides = binary->op == BinaryOperator::Or;  // what one side has to be for the other not to matter
  const std::optional<bool> left = known_side(*binary->left);
  if (left == decides) return decides;
  if (!left) return std::nullopt;
  return known_side(*binary->right);
}

SymbolId Tracer::part_symbol(const void* place, const StanType& type) {
  const auto next = static_cast<SymbolId>(evaluator_.program_.symbols.size() + trace_.part_types.size());
  const auto [entry, is_new] = part_symbols_.try_emplace(Key{place, context_}, next);
  if (is_new) trace_.part_types.push_back(type);
  return entry->second;
}

SymbolId Tracer::mask_symbol(const TypedExpression& condition) {
  const SymbolId symbol = part_symbol(&condition, stan_types::integer);
  Template& known = template_of(&condition);
  if (known.is_new()) collect(condition, known);
  const std::size_t point = run_point(known, {nullptr, condition.range, symbol, [&]() -> Value {
                                                const Expr value = expression_from(evaluator_.evaluate(condition));
                                                return symbolic::cast(symbolic::neq(value, 0), DType::int64);
                                              }});
  set_whole(symbol, {}, point);
  return symbol;
}

void Tracer::collect_masks(std::size_t from, Template& into) {
  for (std::size_t k = from; k < masks_.size(); ++k)
    into.reads.push_back({.expression = masks_[k].condition, .symbol = masks_[k].symbol, .whole = true});
}

Value Tracer::masked(std::size_t from, const Value& value, const Value& otherwise) {
  Expr holds;
  for (std::size_t k = from; k < masks_.size(); ++k) {
    const Expr condition = std::get<Expr>(evaluator_.evaluate(*masks_[k].condition));
    const Expr here = masks_[k].wanted ? symbolic::neq(condition, 0) : symbolic::eq(condition, 0);
    holds = holds ? symbolic::logical_and(holds, here) : here;
  }
  return holds ? Value(symbolic::where(holds, expression_from(value), expression_from(otherwise))) : value;
}

Evaluator::Flow Tracer::branch(const If<Typed>& node) {
  const std::size_t outer = masks_.size();
  const auto run = [&](const TypedStatement& body) {
    const Flow flow = execute(body);
    if (flow == Flow::next || masks_.size() == outer) return flow;
    leave(flow, body);
    return Flow::next;
  };
  Flow flow = Flow::next;
  bool decided = false;
  for (const ConditionalBranch<Typed>& candidate : node.branches) {
    if (!dependence_.on_parameters(candidate.condition)) {
      if (!evaluator_.condition(candidate.condition)) continue;
      flow = run(*candidate.body);
      decided = true;
      break;
    }
    const std::optional<bool> known = known_side(candidate.condition);
    masks_.push_back({&candidate.condition, mask_symbol(candidate.condition), true});
    if (known != false) run(*candidate.body);
    masks_.back().wanted = false;  // what follows is for when it does not hold
    decided = known == true;
    if (decided) break;
  }
  if (!decided && node.otherwise) flow = run(*node.otherwise);
  masks_.resize(outer);
  return flow;
}

bool Tracer::leaves_under_condition(const TypedStatement& body, Dependence::Leaving what) {
  const auto [entry, is_new] = leaves_[static_cast<std::size_t>(what)].try_emplace(&body, false);
  if (is_new) entry->second = dependence_.leaves_under_condition(body, what);
  return entry->second;
}

template <class F>
Evaluator::Flow Tracer::with_flag(bool is_needed, Flow how, const TypedStatement& body, const F& all) {
  if (!is_needed) return all();
  // Not the statement's own address, which its first part may have too.
  const SymbolId symbol = part_symbol(&body.info, stan_types::integer);
  std::unique_ptr<TypedExpression>& flag = flag_expressions_[Key{&body.info, context_}];
  if (!flag) {
    flag = std::make_unique<TypedExpression>(TypedExpression{.node = IntLiteral{}, .range = body.range, .info = {}});
    flag->info.type = stan_types::integer;
  }
  const std::size_t point =
      run_point(template_of(flag.get()),
                {nullptr, body.range, symbol, [] { return Value(symbolic::constant(std::int64_t{0})); }});
  set_whole(symbol, {}, point);
  flags_.push_back({how, symbol, masks_.size()});
  masks_.push_back({flag.get(), symbol, false});
  const Flow flow = all();
  masks_.pop_back();
  flags_.pop_back();
  return flow;
}

/// Where the masks hold, the flag of what is left is raised.
void Tracer::leave(Flow how, const TypedStatement& place) {
  const auto flag = std::find_if(flags_.rbegin(), flags_.rend(), [how](const Flag& f) { return f.how == how; });
  if (flag == flags_.rend())
    evaluator_.unsupported(place.range, "leaving the block where a condition depends on parameters");
  const std::size_t first = flag->mask;
  const SymbolId symbol = flag->symbol;
  const void* const site = reinterpret_cast<const char*>(&place.range) + static_cast<int>(how);  // one for each
  Template& known = template_of(site);
  if (known.is_new()) collect_masks(first, known);
  const std::size_t point = run_point(known, {nullptr, place.range, symbol, [&] {
                                                const Value old = evaluator_.evaluate(*masks_[first].condition);
                                                return masked(first, std::int64_t{1}, old);
                                              }});
  set_whole(symbol, {}, point);
}

Evaluator::Flow Tracer::run_body(const TypedStatement& body, bool flagged) {
  const bool skips = leaves_under_condition(body, Dependence::Leaving::iteration);
  return with_flag(skips, Flow::continued, body, [&] {
    const Flow flow = execute(body);
    // Those that left by a flag go on behind the iteration, or behind the loop.
    if (skips && (flow == Flow::broken || flow == Flow::returned)) {
      leave(flow, body);
      return Flow::next;
    }
    if (flagged && flow == Flow::returned) {
      leave(flow, body);
      return Flow::broken;
    }
    return flow;
  });
}

Evaluator::Flow Tracer::function_body(const TypedStatement& body) {
  const std::vector<Flag> outer_flags = std::exchange(flags_, {});
  const std::size_t outer_masks = std::exchange(function_masks_, masks_.size());
  for (const SymbolId result : results_) trace_.followed.erase(result);
  const bool returns = leaves_under_condition(body, Dependence::Leaving::function);
  const Flow flow = with_flag(returns, Flow::returned, body, [&] { return execute(body); });
  flags_ = outer_flags;
  function_masks_ = outer_masks;
  return flow;
}

int Tracer::space_of(const TypedStatement& loop) {
  const auto [entry, is_new] = spaces_.try_emplace(Key{&loop, context_}, static_cast<int>(trace_.spaces.size()));
  if (is_new) trace_.spaces.push_back({.parent = now_.space, .parents = {}});
  return entry->second;
}

Evaluator::Flow Tracer::iteration(int space, const std::function<Flow()>& body) {
  const Iteration outer = now_;
  Space& here = trace_.spaces[static_cast<std::size_t>(space)];
  here.parents.push_back(outer.number);
  now_ = {space, here.count() - 1};
  const Flow flow = body();
  now_ = outer;
  return flow;
}

Evaluator::Flow Tracer::for_loop(const TypedStatement& statement, const For<Typed>& loop) {
  refuse_dependent(loop.first, "the first value of a loop variable");
  refuse_dependent(loop.last, "the last value of a loop variable");
  const std::int64_t first = evaluator_.integer(loop.first, "the first value of a loop variable");
  const std::int64_t last = evaluator_.integer(loop.last, "the last value of a loop variable");
  const int space = space_of(statement);
  evaluator_.slot(loop.variable.info.symbol).shape.clear();
  evaluator_.loop_variables_.push_back(loop.variable.info.symbol);
  const bool breaks = leaves_under_condition(*loop.body, Dependence::Leaving::loop);
  const Flow flow = with_flag(breaks, Flow::broken, statement, [&] {
    Flow last_flow = Flow::next;
    for (std::int64_t i = first; i <= last && last_flow != Flow::broken && !Evaluator::leaves(last_flow); ++i) {
      evaluator_.slot(loop.variable.info.symbol).value = i;
      last_flow = iteration(space, [&] { return run_body(*loop.body, breaks); });
    }
    return last_flow;
  });
  evaluator_.loop_variables_.pop_back();
  return Evaluator::leaves(flow) ? flow : Flow::next;
}

Evaluator::Flow Tracer::while_loop(const TypedStatement& statement, const While<Typed>& loop) {
  const int space = space_of(statement);
  if (!dependence_.on_parameters(loop.condition)) {
    const bool breaks = leaves_under_condition(*loop.body, Dependence::Leaving::loop);
    return with_flag(breaks, Flow::broken, statement, [&] {
      for (int i = 0; evaluator_.condition(loop.condition); ++i) {
        if (breaks && i == most_iterations) {  // nothing else ends it
          reject(statement);
          break;
        }
        const Flow flow = iteration(space, [&] { return run_body(*loop.body, breaks); });
        if (flow == Flow::broken) break;
        if (Evaluator::leaves(flow)) return flow;
      }
      return Flow::next;
    });
  }
  return with_flag(true, Flow::broken, statement, [&] {
    for (int i = 0; i < most_iterations; ++i) {
      const Flow flow = iteration(space, [&] {
        masks_.push_back({&loop.condition, mask_symbol(loop.condition), false});
        leave(Flow::broken, statement);
        masks_.pop_back();
        return run_body(*loop.body, true);
      });
      if (flow == Flow::broken) return Flow::next;
      if (Evaluator::leaves(flow)) return flow;
    }
    reject(statement);
    return Flow::next;
  });
}

Evaluator::Flow Tracer::for_each(const TypedStatement& statement, const ForEach<Typed>& loop) {
  const SymbolId variable = loop.variable.info.symbol;
  const TypedExpression& container = loop.container;
  const bool depends = dependence_.on_parameters(container);
  const auto* reference = std::get_if<VariableReference>(&container.node);
  if (depends && reference == nullptr)
    throw NotWhole{container.range, "it runs over an expression that depends on parameters"};
  const Value known = depends ? Value() : evaluator_.evaluate(container);
  const Shape shape = depends ? shape_of_variable(container.info.symbol) : shape_of(known);
  const bool is_matrix = is_one_matrix(container.info.type);  // its elements, column after column
  const std::int64_t columns = is_matrix ? shape[1] : 1;
  const int space = space_of(statement);
  const bool breaks = leaves_under_condition(*loop.body, Dependence::Leaving::loop);
  const auto run_element = [&](std::int64_t row, std::int64_t column) {
    std::vector<Selection> picked = {{.kind = Selection::Kind::single, .first = row}};
    if (is_matrix) picked.push_back({.kind = Selection::Kind::single, .first = column});
    if (depends) {
      copy(container, selected_positions(shape, picked), selected_shape(shape, picked), variable);
    } else {
      Evaluator::Slot& slot = evaluator_.slot(variable);
      slot.value = read(known, picked);
      slot.shape = shape_of(slot.value);
    }
    return run_body(*loop.body, breaks);
  };
  return with_flag(breaks, Flow::broken, statement, [&] {
    for (std::int64_t column = 0; column < columns; ++column) {
      for (std::int64_t row = 0; row < shape[0]; ++row) {
        const Flow flow = iteration(space, [&] { return run_element(row, column); });
        if (flow == Flow::broken) return Flow::next;
        if (Evaluator::leaves(flow)) return flow;
      }
    }
    return Flow::next;
  });
}

// ---------------------------------------------------------------- variables

Followed& Tracer::follow(SymbolId symbol) {
  const auto [entry, is_new] = trace_.followed.try_emplace(symbol);
  Followed& followed = entry->second;
  if (is_new) {
    followed.shape = evaluator_.slot(symbol).shape;
    followed.outlives = true;
    const std::int64_t size = symbolic::element_count(followed.shape);
    for (std::int64_t i = 0; i < size; ++i) followed.last.push_back({SourceOf::before, i});
  }
  return followed;
}

const Shape& Tracer::shape_of_variable(SymbolId symbol) const {
  const auto found = trace_.followed.find(symbol);
  if (found != trace_.followed.end()) return found->second.shape;
  return shape_of(evaluator_.value(symbol));
}

void Tracer::write(SymbolId symbol, std::size_t point, std::span<const std::int64_t> positions) {
  const Point& writer = trace_.points[point];
  const std::int64_t first = (writer.count() - 1) * static_cast<std::int64_t>(positions.size());
  Followed& followed = follow(symbol);
  for (std::size_t i = 0; i < positions.size(); ++i)
    followed.last[static_cast<std::size_t>(positions[i])] = {static_cast<std::int32_t>(point),
                                                             first + static_cast<std::int64_t>(i)};
}

void Tracer::set_whole(SymbolId symbol, Shape shape, std::size_t point) {
  Followed& followed = trace_.followed[symbol];
  const std::int64_t size = symbolic::element_count(shape);
  const std::int64_t first = (trace_.points[point].count() - 1) * size;
  followed.shape = std::move(shape);
  followed.last.resize(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i)
    followed.last[static_cast<std::size_t>(i)] = {static_cast<std::int32_t>(point), first + i};
}

void Tracer::copy(const TypedExpression& container, const std::vector<std::int64_t>& positions, Shape shape,
                  SymbolId target) {
  Template& known = template_of(&container);
  if (known.variants.empty()) {
    Point point;
    point.range = container.range;
    point.space = now_.space;
    point.target = target;
    point.value = symbolic::input({DType::float64, shape}, "element");
    point.reads.push_back({.symbol = container.info.symbol, .placeholder = point.value, .sources = {}});
    trace_.points.push_back(std::move(point));
    known.variants.push_back({{}, trace_.points.size() - 1});
  }
  const std::size_t number = known.variants[0].point;
  Point& point = trace_.points[number];
  point.executions.push_back(now_.number);
  const auto found = trace_.followed.find(container.info.symbol);
  for (std::int64_t p : positions)
    point.reads[0].sources.push_back(found == trace_.followed.end() ? SourceOf{SourceOf::before, p}
                                                                    : found->second.last[static_cast<std::size_t>(p)]);
  set_whole(target, std::move(shape), number);
}

void Tracer::set_size(SymbolId symbol, const Shape& shape) {
  if (static_cast<std::size_t>(symbol) >= evaluator_.program_.symbols.size()) return;  // a part: nobody asks
  Evaluator::Slot& slot = evaluator_.slot(symbol);
  if (slot.shape == shape && !is_known(slot.value)) return;
  slot.value = symbolic::input({dtype_of(type_of(symbol)), shape}, evaluator_.symbol(symbol).name);
  slot.shape = shape;
}

void Tracer::bind(const std::vector<SymbolId>& symbols, const std::vector<const TypedExpression*>& values) {
  std::vector<std::variant<Value, std::size_t>> computed;  // what is known, or a point
  for (std::size_t i = 0; i < values.size(); ++i) {
    const TypedExpression& value = *values[i];
    const StanType type = type_of(symbols[i]);
    if (!dependence_.on_parameters(symbols[i])) {
      computed.emplace_back(promoted(evaluator_.evaluate(value), type));
      continue;
    }
    Template& known = template_of(&value);
    if (known.is_new()) collect(value, known);
    computed.emplace_back(run_point(
        known, {nullptr, value.range, symbols[i], [&] { return promoted(evaluator_.evaluate(value), type); }}));
  }
  for (std::size_t i = 0; i < computed.size(); ++i) {
    if (auto* known = std::get_if<Value>(&computed[i])) {
      Shape shape = shape_of(*known);
      evaluator_.declare(symbols[i], std::move(shape), std::move(*known));
      continue;
    }
    const std::size_t point = std::get<std::size_t>(computed[i]);
    const Shape shape = trace_.points[point].value.shape();
    set_whole(symbols[i], shape, point);
    set_size(symbols[i], shape);
  }
}

void Tracer::call_statement(const TypedStatement& statement) {
  const std::vector<SymbolId>& results = statement.info.results;
  const std::vector<const TypedExpression*> arguments = arguments_of(statement);
  if (!dependence_.on_parameters(statement)) {
    evaluator_.execute(statement);
  } else if (statement.info.user) {
    run_call(statement.info.user, arguments, &statement.info, results);
  } else {
    bind(results, arguments);
  }
}

void Tracer::declare(const TypedStatement& statement, const Declaration<Typed>& declaration) {
  if (!dependence_.on_parameters(statement)) {
    evaluator_.execute(statement);
    return;
  }
  for (const Variable<Typed>& variable : declaration.variables) {
    const SymbolId symbol = variable.info.symbol;
    Shape shape = evaluator_.shape_of_type(declaration.type, variable.name.text);
    Evaluator::Slot& slot = evaluator_.slot(symbol);
    if (!dependence_.on_parameters(symbol)) {
      Value value = variable.initial ? promoted(evaluator_.evaluate(*variable.initial), type_of(symbol))
                                     : unset(type_of(symbol), shape);
      if (variable.initial) evaluator_.require_shape(shape, value, type_of(symbol), variable.initial->range);
      evaluator_.declare(symbol, std::move(shape), std::move(value));
      continue;
    }
    Followed& followed = trace_.followed[symbol];
    followed.outlives = false;
    followed.masks = masks_.size();
    followed.shape = shape;
    followed.last.assign(static_cast<std::size_t>(symbolic::element_count(shape)), {SourceOf::unset, 0});
    set_size(symbol, shape);
    if (!variable.initial) continue;
    Template& known = template_of(&variable);
    if (known.is_new()) collect(*variable.initial, known);
    const std::size_t point =
        run_point(known, {&statement, variable.initial->range, symbol,
                          [&] { return promoted(evaluator_.evaluate(*variable.initial), type_of(symbol)); }});
    evaluator_.require_shape(slot.shape, trace_.points[point].value, type_of(symbol), variable.initial->range);
    set_whole(symbol, slot.shape, point);
  }
}

// ---------------------------------------------------------------- statements

void Tracer::assign(const TypedStatement& statement, const Assignment<Typed>& assignment) {
  const SymbolId symbol = assigned_symbol(assignment.target);
  Template& known = template_of(&statement);
  const bool compound = assignment.op != AssignmentOperator::Assign;
  const std::size_t from = follow(symbol).masks;
  const bool is_masked = masks_.size() > from;
  ReadSpec target{.expression = &assignment.target, .symbol = symbol};
  if (std::holds_alternative<Indexed<Typed>>(assignment.target.node)) {
    const Evaluator::Access picked(assignment.target);
    for (const Index<Typed>* index : picked.indices) {
      const TypedExpression* single = Evaluator::Access::single(*index);
      if (single != nullptr && dependence_.on_parameters(*single)) target.computed.push_back(index);
    }
  }
  const bool anywhere = !target.computed.empty();  // all that may be meant is written
  if (known.is_new()) {
    collect(assignment.value, known);
    for (const Index<Typed>* index : target.computed) collect(*Evaluator::Access::single(*index), known);
    if (compound || (is_masked && !anywhere)) {
      known.reads.push_back(target);
      known.reads.back().may_be_unset = !compound;
    }
    if (anywhere) {
      known.reads.push_back(target);
      known.reads.back().may_be_unset = true;
      known.reads.back().bound_as = &old_value_;
    }
    collect_masks(from, known);
  }
  const StanType& type = assignment.target.info.type;
  const auto changed = [&] {
    const Value value = evaluator_.evaluate(assignment.value);
    if (!compound) return promoted(value, type);
    const Value old = evaluator_.evaluate(assignment.target);
    const Value* arguments[] = {&old, &value};
    return promoted(evaluator_.apply(statement.info.function, arguments, assignment.op_range, text(assignment.op)),
                    type);
  };
  const std::size_t point =
      run_point(known, {&statement, assignment.value.range, symbol, [&]() -> Value {
                          const Value value = changed();
                          if (!is_masked && !anywhere) return value;
                          if (!anywhere)
                            return promoted(masked(from, value, evaluator_.evaluate(assignment.target)), type);
                          const Value old = evaluator_.evaluate(old_value_);
                          const Expr whole =
                              replaced_at(expression_from(old), computed_positions(target), expression_from(value));
                          return masked(from, whole, old);
                        }});
  std::vector<std::int64_t> positions;
  const Shape picked = positions_of(target, shape_of_variable(symbol), positions);
  evaluator_.require_shape(picked, trace_.points[point].value, type, assignment.value.range);
  write(symbol, point, positions);
}

std::vector<ComputedPosition> Tracer::computed_positions(const ReadSpec& spec) {
  const Evaluator::Access picked(*spec.expression);
  std::vector<ComputedPosition> positions;
  std::size_t axis = 0;
  for (const Index<Typed>* index : picked.indices) {
    const TypedExpression* single = Evaluator::Access::single(*index);
    const bool computed = std::find(spec.computed.begin(), spec.computed.end(), index) != spec.computed.end();
    if (computed) positions.push_back({axis, expression_from(evaluator_.evaluate(*single)) - std::int64_t{1}});
    if (computed || single == nullptr) ++axis;
  }
  return positions;
}

void Tracer::add_to_target(const TypedStatement& statement, SymbolId term) {
  Template& known = template_of(&statement.info);
  const TypedExpression& place = std::get<Tilde<Typed>>(statement.node).variate;
  if (known.is_new()) {
    known.reads.push_back({.expression = &place, .symbol = term, .whole = true});
    collect_masks(0, known);
  }
  run_point(known, {&statement, statement.range, no_symbol,
                    [&] { return masked(0, expression_from(evaluator_.evaluate(place)), 0.0); }});
}

/// Where the masks hold the density is 0.
void Tracer::reject(const TypedStatement& statement) {
  if (evaluator_.block_ == BlockKind::GeneratedQuantities)
    evaluator_.unsupported(statement.range, "a reject, or a while, under a condition on drawn values");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Template& known = template_of(&statement.info);
  if (known.is_new()) collect_masks(0, known);
  const std::size_t points = trace_.points.size();
  const std::size_t point =
      run_point(known, {&statement, statement.range, no_symbol, [&] { return masked(0, -infinity, 0.0); }});
  const auto* message = std::get_if<Message<Typed>>(&statement.node);
  if (message != nullptr && trace_.points.size() > points) trace_.points[point].reason = evaluator_.printed(*message);
}

void Tracer::contribute(const TypedStatement& statement) {
  Template& known = template_of(&statement);
  const auto* tilde = std::get_if<Tilde<Typed>>(&statement.node);
  if (tilde != nullptr && statement.info.user) {
    // Its value is a part of its own.
    const SymbolId part = part_symbol(&statement.info, stan_types::real);
    run_call(statement.info.user, arguments_of(statement), &statement.info, {part});
    add_to_target(statement, part);
    return;
  }
  const TypedExpression* increment = increment_of(statement);
  if (known.is_new()) {
    if (tilde != nullptr) {
      collect(tilde->variate, known);
      for (const TypedExpression& argument : tilde->arguments) collect(argument, known);
    } else {
      collect(*increment, known);
    }
    collect_masks(0, known);
  }
  run_point(known, {&statement, statement.range, no_symbol, [&]() -> Value {
                      Value value;
                      if (tilde != nullptr) {
                        std::vector<const TypedExpression*> arguments = {&tilde->variate};
                        for (const TypedExpression& argument : tilde->arguments) arguments.push_back(&argument);
                        value = evaluator_.density(statement.info.density, arguments, statement.range);
                      } else {
                        value = evaluator_.evaluate(*increment);
                      }
                      const Expr reals = symbolic::cast(expression_from(value), DType::float64);
                      return masked(0, reals.rank() > 0 ? symbolic::sum(reals) : reals, 0.0);
                    }});
}

}  // namespace leapgraph::models::lower
