/// Taps as shift registers and shifted slices, lengths and types checked by name: the builders over the core loop.
#include "leapgraph/symbolic/loops.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr Slice backwards{std::nullopt, std::nullopt, -1};

/// An output that recurs: where its registers are among the carries, the nearest past first.
struct Recurrence {
  std::size_t output;  ///< number in outputs_info
  std::vector<std::int64_t> taps;
  std::size_t first;      ///< carry of the output one step ago
  std::size_t registers;  ///< of outputs 1, 2, ... steps ago
};

class Builder {
 public:
  Builder(const ScanOptions& options, std::string_view view, Where place)
      : options_(options),
        name_(options.name.empty() ? std::string(view) : fmt::format("{} '{}'", view, options.name)),
        place_(place) {}

  ScanOutputs build() {
    if (!options_.fn) throw refuse("there is no fn");
    const BuiltAt here(place_);
    const Operands slices = sequence_slices();
    const Operands initial = registers();
    const std::optional<Operand> steps = number_of_steps(slices);
    ScanResult made =
        symbolic::scan([this](const Exprs& carry, const Exprs& elements) { return step(carry, elements); }, initial,
                       slices, steps, place_);
    if (!last_updates_.empty()) made = with_updates(made, initial, slices, steps);
    const ScanResult result =
        options_.truncate_gradient < 0 ? made : with_truncated_gradient(made, options_.truncate_gradient);
    ScanOutputs outputs{result.outputs, Exprs(result.outputs.size()), result.steps};
    for (std::size_t k = 0; k < last_updates_.size(); ++k)
      outputs.updates.emplace_back(last_updates_[k].first, result.carry[initial.size() + k]);
    for (const Recurrence& r : recurrences_) outputs.last[r.output] = result.carry[r.first];
    for (std::size_t i = 0; i < outputs.last.size(); ++i)
      if (!outputs.last[i] && outputs.outputs[i].shape()[0] != 0) outputs.last[i] = at(outputs.outputs[i], -1);
    return outputs;
  }

 private:
  template <class Fault = GraphError>
  Fault refuse(const std::string& what) const {
    return Fault(fmt::format("{}: {} (made at {}:{})", name_, what, place_.file_name(), place_.line()));
  }

  /// One slice a tap: the furthest tap into the past begins at element 0, the furthest into the future ends at the
  /// last.
  Operands sequence_slices() const {
    Operands slices;
    for (std::size_t s = 0; s < options_.sequences.size(); ++s) {
      const Tapped& sequence = options_.sequences[s];
      const Expr& whole = sequence.value();
      if (whole.rank() == 0) throw refuse<ShapeError>(fmt::format("sequence {} is a scalar", s));
      std::vector<std::int64_t> taps = sequence.taps();
      if (taps.empty()) taps = {0};
      const std::int64_t past = std::min<std::int64_t>(0, *std::min_element(taps.begin(), taps.end()));
      const std::int64_t future = std::max<std::int64_t>(0, *std::max_element(taps.begin(), taps.end()));
      for (std::int64_t tap : taps) {
        const std::optional<std::int64_t> end = tap == future ? std::nullopt : std::optional(tap - future);
        const Expr part = slice(whole, 0, {tap - past, end});
        slices.emplace_back(options_.go_backwards ? slice(part, 0, backwards) : part, place_);
      }
    }
    return slices;
  }

  std::optional<Operand> number_of_steps(const Operands& slices) const {
    if (!options_.n_steps) return std::nullopt;
    const Expr& wanted = *options_.n_steps;
    if (wanted.rank() != 0 || !is_integer(wanted.dtype()))
      throw refuse<DTypeError>("n_steps must be an integer scalar, got " + to_string(wanted.type()));
    const auto literal = constant_value(wanted);
    std::int64_t known = literal ? literal->integer() : unknown;
    if (literal && known < 0) throw refuse<NegativeLength>(fmt::format("n_steps must not be negative, got {}", known));
    Expr steps = literal ? Expr() : cast(wanted, DType::int64);
    for (const Operand& part : slices) {
      const Expr here = length(part, 0);
      if (const auto rows = constant_value(here))
        known = known == unknown ? rows->integer() : std::min(known, rows->integer());
      else
        steps = steps ? minimum(steps, here) : here;
    }
    if (!steps) return Operand(known, place_);
    return Operand(known == unknown ? steps : minimum(steps, known), place_);
  }

  /// Initial carries; fills `recurrences_`.
  Operands registers() {
    Operands initial;
    for (std::size_t i = 0; i < options_.outputs_info.size(); ++i) {
      if (!options_.outputs_info[i]) continue;
      const Tapped& info = *options_.outputs_info[i];
      Recurrence r{i, info.taps(), initial.size(), 1};
      if (r.taps.empty()) r.taps = {-1};
      for (std::int64_t tap : r.taps)
        if (tap >= 0) throw refuse(fmt::format("tap {} of output {} does not lie in the past", tap, i));
      r.registers = static_cast<std::size_t>(-*std::min_element(r.taps.begin(), r.taps.end()));
      const Expr& start = info.value();
      if (r.registers == 1) {
        initial.push_back(info.value());
      } else {
        const auto rows = static_cast<std::int64_t>(r.registers);
        if (start.rank() == 0 || (start.shape()[0] != unknown && start.shape()[0] < rows))
          throw refuse<ShapeError>(
              fmt::format("output {} is read {} steps back, so that its initial value must have {} rows, got {}", i,
                          rows, rows, to_string(start.type())));
        for (std::int64_t back = 1; back <= rows; ++back) initial.emplace_back(at(start, rows - back), place_);
      }
      recurrences_.push_back(std::move(r));
    }
    return initial;
  }

  Exprs arguments(const Exprs& carry, const Exprs& elements) const {
    Exprs all = elements;
    for (const Recurrence& r : recurrences_)
      for (std::int64_t tap : r.taps) all.push_back(carry[r.first + static_cast<std::size_t>(-tap) - 1]);
    for (const Operand& e : options_.non_sequences) all.push_back(e);
    if (options_.fn.arity() >= 0 && static_cast<std::size_t>(options_.fn.arity()) != all.size())
      throw refuse(
          fmt::format("fn takes {} arguments and gets {}: {} from sequences, {} from earlier outputs, {} non_sequences",
                      options_.fn.arity(), all.size(), elements.size(),
                      all.size() - elements.size() - options_.non_sequences.size(), options_.non_sequences.size()));
    return all;
  }

  /// The loop again, with the shared variables that change from step to step among the carries. `fn` is not asked
  /// again: what it made (random streams) it makes once.
  ScanResult with_updates(const ScanResult& first, const Operands& initial, const Operands& slices,
                          const std::optional<Operand>& steps) const {
    Operands all;
    for (std::size_t i = 0; i < initial.size(); ++i)
      all.emplace_back(initial[i].is_weak() ? cast(initial[i], first.carry[i].dtype()) : initial[i].expr(), place_);
    for (const auto& [variable, value] : last_updates_) all.emplace_back(variable, place_);
    const auto step_with_updates = [&](const Exprs& carry, const Exprs& elements) {
      Substitution now;
      for (std::size_t i = 0; i < last_carry_.size(); ++i) now.emplace(last_carry_[i], carry[i]);
      for (std::size_t i = 0; i < elements.size(); ++i) now.emplace(last_elements_[i], elements[i]);
      Exprs wanted = last_body_.carry;
      for (std::size_t k = 0; k < last_updates_.size(); ++k) {
        now.emplace(last_updates_[k].first, carry[last_carry_.size() + k]);
        wanted.push_back(last_updates_[k].second);
      }
      wanted.insert(wanted.end(), last_body_.outputs.begin(), last_body_.outputs.end());
      if (last_body_.until) wanted.push_back(last_body_.until);
      const Exprs made = substitute(wanted, now);
      ScanBody body;
      body.carry.assign(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(carry.size()));
      body.outputs.assign(made.begin() + static_cast<std::ptrdiff_t>(carry.size()),
                          made.end() - (last_body_.until ? 1 : 0));
      if (last_body_.until) body.until = made.back();
      body.must_stop = last_body_.must_stop;
      return body;
    };
    return symbolic::scan(step_with_updates, all, slices, steps, place_);
  }

  /// ScanUpdates that `fn` said, and the default updates of the other shared variables that it reads.
  ScanUpdates updates_of(const ScanStep& made) const {
    ScanUpdates updates;
    const auto is_listed = [&updates](const Expr& e) {
      return std::any_of(updates.begin(), updates.end(), [&e](const auto& update) { return update.first == e; });
    };
    for (const auto& [variable, value] : made.updates) {
      if (!value || value.dtype() != variable.dtype() || !agree(value.type(), variable.type()))
        throw UpdateError(fmt::format("{}: the update of '{}' must be {}, got {} (made at {}:{})", name_,
                                      variable.name(), to_string(variable.type()),
                                      value ? to_string(value.type()) : "nothing", place_.file_name(), place_.line()));
      if (is_listed(variable))
        throw UpdateError(fmt::format("{}: '{}' is updated twice (made at {}:{})", name_, variable.name(),
                                      place_.file_name(), place_.line()));
      updates.emplace_back(variable, value);
    }
    Exprs roots = made.outputs;
    if (made.stop) roots.push_back(made.stop->condition);
    // An update may read further variables.
    for (std::size_t known = 0; known < updates.size() || known == 0;) {
      for (; known < updates.size(); ++known) roots.push_back(updates[known].second);
      const std::size_t before = updates.size();
      for (const Expr& e : free_inputs(roots))
        if (is_shared(e) && !is_listed(e))
          if (const SharedVariable variable = shared_variable(e); variable.default_update())
            updates.emplace_back(variable, variable.default_update());
      if (updates.size() == before) break;
    }
    return updates;
  }

  ScanBody step(const Exprs& carry, const Exprs& elements) {
    const Exprs given = arguments(carry, elements);
    ScanStep made = options_.fn(given);
    const std::size_t wanted = options_.outputs_info.size();
    if (wanted > 0 && made.outputs.size() != wanted)
      throw refuse(fmt::format("fn returns {} outputs, outputs_info has {}", made.outputs.size(), wanted));
    for (std::size_t i = 0; i < made.outputs.size(); ++i)
      if (!made.outputs[i]) throw refuse(fmt::format("fn returns nothing for output {}", i));
    ScanBody body{Exprs(carry.size()), made.outputs};
    if (made.stop) {
      body.until = made.stop->condition;
      if (!body.until || body.until.type() != Type{DType::boolean, {}})
        throw refuse<DTypeError>("the condition of until must be a boolean scalar, got " +
                                 (body.until ? to_string(body.until.type()) : std::string("nothing")));
    }
    for (const Recurrence& r : recurrences_) {
      require_kept(r, carry[r.first].type(), made.outputs[r.output].type());
      body.carry[r.first] = made.outputs[r.output];
      for (std::size_t k = 1; k < r.registers; ++k) body.carry[r.first + k] = carry[r.first + k - 1];
    }
    if (options_.strict) require_given(body, given);
    last_updates_ = updates_of(made);
    if (!last_updates_.empty()) {
      last_carry_ = carry;
      last_elements_ = elements;
      last_body_ = body;
    }
    return body;
  }

  void require_kept(const Recurrence& r, const Type& before, const Type& after) const {
    const Operand& initial = options_.outputs_info[r.output]->value();
    const bool adapts = initial.is_weak() && before.rank() == after.rank();  // the core loop gives it the type it needs
    if (adapts || agree(before, after)) return;
    const std::string told =
        fmt::format("output {} starts as {} and fn returns {}; an output that recurs keeps its type{}", r.output,
                    to_string(before), to_string(after),
                    before.dtype != after.dtype && before.rank() == after.rank()
                        ? fmt::format(" (cast the initial value to {})", info(after.dtype).name)
                        : "");
    refuse_types(before, after, refuse(told).what());
  }

  /// strict: every variable must be reached through what was given.
  void require_given(const ScanBody& body, const Exprs& given) const {
    Exprs stack = body.outputs;
    if (body.until) stack.push_back(body.until);
    const std::unordered_set<Expr, ExprHash> known(given.begin(), given.end());
    std::unordered_set<const Node*> seen;
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (known.contains(e) || !seen.insert(&e.node()).second) continue;
      if (is_input(e))
        throw refuse<MissingInput>(
            fmt::format("fn uses the variable '{}', which strict wants among the non_sequences", name_of(e)));
      stack.insert(stack.end(), e.node().inputs().begin(), e.node().inputs().end());
    }
  }

  const ScanOptions& options_;
  std::string name_;
  Where place_;
  std::vector<Recurrence> recurrences_;
  // What the last call of `fn` was given and made.
  Exprs last_carry_, last_elements_;
  ScanBody last_body_;
  ScanUpdates last_updates_;
};

ScanOptions as_scan(const ReduceOptions& options) {
  return {.fn = options.fn,
          .sequences = options.sequences,
          .outputs_info = {options.outputs_info.begin(), options.outputs_info.end()},
          .non_sequences = options.non_sequences,
          .go_backwards = options.go_backwards,
          .name = options.name};
}

Exprs reduced(const ReduceOptions& options, std::string_view view, Where place) {
  if (options.sequences.empty())
    throw GraphError(fmt::format("{}: there is no sequence (made at {}:{})", view, place.file_name(), place.line()));
  return Builder(as_scan(options), view, place).build().last;
}

}  // namespace

Until until(const Expr& condition) { return {condition}; }

Tapped taps(const Operand& value, std::vector<std::int64_t> steps) { return {value, std::move(steps)}; }

ScanOutputs scan(const ScanOptions& options, Where place) { return Builder(options, "scan", place).build(); }

ScanOutputs map(const MapOptions& options, Where place) {
  const ScanOptions all{.fn = options.fn,
                        .sequences = options.sequences,
                        .non_sequences = options.non_sequences,
                        .truncate_gradient = options.truncate_gradient,
                        .go_backwards = options.go_backwards,
                        .name = options.name};
  return Builder(all, "map", place).build();
}

Exprs reduce(const ReduceOptions& options, Where place) { return reduced(options, "reduce", place); }

Exprs foldl(ReduceOptions options, Where place) {
  options.go_backwards = false;
  return reduced(options, "foldl", place);
}

Exprs foldr(ReduceOptions options, Where place) {
  options.go_backwards = true;
  return reduced(options, "foldr", place);
}

Exprs scan_checkpoints(const CheckpointOptions& options, Where place) {
  const std::string name =
      options.name.empty() ? "scan_checkpoints" : fmt::format("scan_checkpoints '{}'", options.name);
  const auto refuse = [&](const std::string& what) {
    return GraphError(fmt::format("{}: {} (made at {}:{})", name, what, place.file_name(), place.line()));
  };
  const BuiltAt at(place);
  std::int64_t steps = options.n_steps.value_or(unknown);
  for (std::size_t s = 0; s < options.sequences.size(); ++s) {
    const Tapped& sequence = options.sequences[s];
    const Expr& rows = sequence.value();
    if (!sequence.taps().empty()) throw refuse(fmt::format("sequence {} has taps", s));
    if (rows.rank() == 0) throw refuse(fmt::format("sequence {} is a scalar", s));
    const std::int64_t count = rows.shape()[0];
    if (count == unknown) throw refuse(fmt::format("the length of sequence {} must be known", s));
    if (steps != unknown && count != steps)
      throw refuse(fmt::format("sequence {} has {} elements, {} steps are to be done", s, count, steps));
    steps = count;
  }
  if (steps < 0) throw refuse("give the number of steps or a sequence");
  if (options.save_every < 1) throw refuse(fmt::format("save_every must be positive, got {}", options.save_every));
  for (const Tapped& info : options.outputs_info)
    if (!info.taps().empty() && info.taps() != std::vector<std::int64_t>{-1})
      throw refuse("outputs may only be read one step back");

  const auto run = [&](const Exprs& state, const std::vector<Tapped>& sequences, std::int64_t n) {
    ScanOptions inner{.fn = options.fn,
                      .sequences = sequences,
                      .outputs_info = {},
                      .non_sequences = options.non_sequences,
                      .n_steps = n,
                      .name = options.name};
    for (const Expr& e : state) inner.outputs_info.emplace_back(Tapped(e));
    return Builder(inner, "scan_checkpoints", place).build().last;
  };
  const std::int64_t segments = steps / options.save_every, whole = segments * options.save_every;
  Operands initial, segmented;
  for (const Tapped& info : options.outputs_info) initial.push_back(info.value());
  for (const Tapped& sequence : options.sequences) {
    const Expr rows = slice(sequence.value(), 0, {0, whole});
    Shape shape = rows.shape();
    shape[0] = options.save_every;
    shape.insert(shape.begin(), segments);
    segmented.emplace_back(reshape(rows, shape), place);
  }
  const Exprs reached = symbolic::scan(
                            [&](const Exprs& carry, const Exprs& rows) {
                              return ScanBody{run(carry, {rows.begin(), rows.end()}, options.save_every), {}};
                            },
                            initial, segmented, segments, place)
                            .carry;
  if (whole == steps) return reached;
  std::vector<Tapped> rest;
  for (const Tapped& sequence : options.sequences) rest.emplace_back(slice(sequence.value(), 0, {whole, std::nullopt}));
  return run(reached, rest, steps - whole);
}

}  // namespace leapgraph::symbolic
