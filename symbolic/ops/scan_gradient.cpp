/// Derivatives of the loop: the adjoint scan that runs over the steps backwards, and the scan of tangents.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic {

Opened::Opened(const Node& scan)
    : node(scan),
      body(*scan.get<Body>("body")),
      carries(count_of(scan.attributes(), "carries")),
      sequences(count_of(scan.attributes(), "sequences")),
      ending(ending_of(scan.attributes())),
      length(ending == Ending::none ? scan.get<std::int64_t>("length") : unknown),
      variables(fresh_arguments(body, "step")),
      results(symbolic::apply(body, variables)) {
  if (ending == Ending::none) return;
  condition = results.back();
  results.pop_back();
}

namespace {

constexpr Slice backwards{std::nullopt, std::nullopt, -1};

Exprs picked(const Exprs& all, const std::vector<bool>& which) {
  Exprs result;
  for (std::size_t i = 0; i < which.size(); ++i)
    if (which[i]) result.push_back(all[i]);
  return result;
}

/// What `vjp` or `jvp` returned for the picked, back at their places.
Exprs spread(const Exprs& some, const std::vector<bool>& which) {
  Exprs result(which.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < which.size(); ++i)
    if (which[i]) result[i] = some[next++];
  return result;
}

/// Parameters that move when the wanted inputs do: those, and the carries that the body computes from them.
std::vector<bool> moving_parameters(const Opened& scan, std::vector<bool> moving) {
  for (bool changed = true; changed;) {
    changed = false;
    const std::vector<bool> moved = moved_by(scan.results, picked(scan.variables, moving));
    for (std::size_t i = 0; i < scan.carries; ++i)
      if (moved[i] && !moving[i]) moving[i] = changed = true;
  }
  return moving;
}

/// One step backwards: adjoints of carries, elements and constants from those of new carries and outputs.
struct BackwardStep {
  std::vector<bool> moving;   ///< parameters with an adjoint
  std::vector<bool> carried;  ///< carries whose adjoint may differ from 0
  Exprs seeds;                ///< adjoint variables, one a result; absent: 0
  Exprs adjoints;             ///< one a parameter; absent: 0
};

BackwardStep backward_step(const Opened& scan, const Application& a) {
  BackwardStep step;
  for (std::size_t i = 0; i < scan.variables.size(); ++i)
    step.moving.push_back(is_floating(scan.variables[i].dtype()) && (a.wanted.empty() || a.wanted[input_of(i)]));
  step.moving = moving_parameters(scan, step.moving);
  step.carried.assign(scan.carries, false);
  step.seeds.resize(scan.results.size());
  const auto seed = [&](std::size_t i) {
    step.seeds[i] = input(scan.results[i].type(), fmt::format("adjoint {}", i));
    if (i < scan.carries) step.carried[i] = true;
  };
  for (std::size_t i = 0; i < scan.results.size(); ++i)
    if (a.adjoints[i] && is_floating(scan.results[i].dtype()) && (i >= scan.carries || step.moving[i])) seed(i);
  for (bool changed = true; changed;) {
    changed = false;
    step.adjoints = spread(vjp(scan.results, picked(scan.variables, step.moving), step.seeds), step.moving);
    for (std::size_t i = 0; i < scan.carries; ++i)
      if (step.adjoints[i] && !step.carried[i]) {
        seed(i);
        changed = true;
      }
  }
  return step;
}

/// The carries that came into each step and the elements that were used, as a scan of their own that stores them.
Exprs stored(const Opened& scan, const std::vector<std::size_t>& parameters) {
  auto body = std::make_shared<Graph>();
  body->inputs = scan.body.inputs;
  body->outputs.assign(scan.body.outputs.begin(),
                       scan.body.outputs.begin() + static_cast<std::ptrdiff_t>(scan.carries));
  for (std::size_t i : parameters) body->outputs.push_back(scan.body.inputs[i]);
  if (scan.condition) body->outputs.push_back(scan.body.outputs.back());
  const Exprs arguments(scan.node.inputs().begin() + 1, scan.node.inputs().end());
  const Exprs outputs = outputs_of(*make_scan(scan.steps(), arguments, std::move(body), scan.carries, scan.sequences,
                                              scan.node.place(), scan.ending));
  const auto first = outputs.begin() + static_cast<std::ptrdiff_t>(scan.carries);
  return {first, first + static_cast<std::ptrdiff_t>(parameters.size())};
}

/// How far back gradients flow: attribute "truncate_gradient".
struct Reach {
  std::int64_t last;  ///< steps at most; -1: all
  bool cut;           ///< fewer than there may be
  Expr steps;         ///< of the adjoint scan

  explicit Reach(const Opened& scan)
      : last(scan.node.attributes().has("truncate_gradient") ? scan.node.get<std::int64_t>("truncate_gradient") : -1),
        cut(last >= 0 && (scan.length == unknown || last < scan.length)),
        steps(scan.steps_done()) {
    if (cut) steps = scan.length == unknown ? minimum(steps, last) : constant(last);
  }
  /// The adjoint of an initial carry, which gradients reach only where they flow through all steps.
  Expr at_the_start(const Opened& scan, const Expr& adjoint) const {
    if (!cut) return adjoint;
    return scan.length != unknown ? Expr() : where(scan.steps_done() <= last, adjoint, 0.0);
  }
};

}  // namespace

/// The adjoint scan runs over the steps backwards. It carries the adjoints of the carries and the sums of the adjoints
/// of the constants; its sequences are the stored carries, the elements and the adjoints of the outputs; its outputs
/// are the adjoints of the elements.
Exprs scan_gradient(const Application& a) {
  const Opened scan(a.node);
  const BackwardStep step = backward_step(scan, a);

  // What the backward step reads of the forward one.
  Exprs reads;
  for (const Expr& e : step.adjoints)
    if (e) reads.push_back(e);
  reads = free_inputs(reads);
  const auto is_read = [&reads](const Expr& e) { return std::find(reads.begin(), reads.end(), e) != reads.end(); };
  const Reach reach(scan);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < scan.carries + scan.sequences; ++i) {
    const bool at_hand = scan.is_sequence(i) && (scan.length != unknown || scan.fits_exactly(scan.argument(i)));
    const bool gives_rows = reach.cut && scan.length == unknown && scan.is_sequence(i) && step.adjoints[i];
    if ((is_read(scan.variables[i]) && !at_hand) || gives_rows) kept.push_back(i);
  }
  const Exprs kept_rows = kept.empty() ? Exprs() : stored(scan, kept);

  Exprs names;         // variables of the backward step that are elements of `sequences`
  Operands sequences;  // running backwards
  for (std::size_t i = 0; i < scan.carries + scan.sequences; ++i) {
    if (!is_read(scan.variables[i])) continue;
    const auto row = std::find(kept.begin(), kept.end(), i);
    names.push_back(scan.variables[i]);
    if (row != kept.end())
      sequences.emplace_back(slice(kept_rows[static_cast<std::size_t>(row - kept.begin())], 0, backwards));
    else if (scan.length == 0)
      sequences.emplace_back(slice(scan.argument(i), 0, {0, 0}));
    else if (scan.length != unknown)
      sequences.emplace_back(slice(scan.argument(i), 0, {scan.length - 1, std::nullopt, -1}));
    else
      sequences.emplace_back(slice(scan.argument(i), 0, backwards));
  }
  for (std::size_t i = scan.carries; i < scan.results.size(); ++i)
    if (step.seeds[i]) {
      names.push_back(step.seeds[i]);
      sequences.emplace_back(slice(a.adjoints[i], 0, backwards));
    }
  Operands initial;
  std::vector<std::size_t> carried, summed, emitted;
  for (std::size_t i = 0; i < scan.carries; ++i)
    if (step.carried[i]) {
      carried.push_back(i);
      initial.emplace_back(a.adjoints[i] ? a.adjoints[i] : zeros_like(scan.argument(i)));
    }
  for (std::size_t i = scan.carries; i < scan.variables.size(); ++i) {
    if (!step.adjoints[i]) continue;
    (scan.is_constant(i) ? summed : emitted).push_back(i);
    if (scan.is_constant(i)) initial.emplace_back(zeros_like(scan.argument(i)));
  }
  Exprs result(a.inputs.size());
  if (carried.empty() && summed.empty() && emitted.empty()) return result;

  const ScanResult reverse = symbolic::scan(
      [&](const Exprs& carry, const Exprs& elements) {
        Substitution now;
        for (std::size_t k = 0; k < names.size(); ++k) now.emplace(names[k], elements[k]);
        for (std::size_t k = 0; k < carried.size(); ++k) now.emplace(step.seeds[carried[k]], carry[k]);
        for (std::size_t i = scan.carries + scan.sequences; i < scan.variables.size(); ++i)
          now.emplace(scan.variables[i], scan.argument(i));
        const Exprs adjoints = substitute(step.adjoints, now);
        ScanBody next;
        for (std::size_t k = 0; k < carried.size(); ++k)
          next.carry.push_back(adjoints[carried[k]] ? adjoints[carried[k]] : zeros_like(carry[k]));
        for (std::size_t k = 0; k < summed.size(); ++k)
          next.carry.push_back(carry[carried.size() + k] + adjoints[summed[k]]);
        for (std::size_t i : emitted) next.outputs.push_back(adjoints[i]);
        return next;
      },
      initial, sequences, reach.steps, a.node.place());

  for (std::size_t k = 0; k < carried.size(); ++k)
    result[input_of(carried[k])] = reach.at_the_start(scan, reverse.carry[k]);
  for (std::size_t k = 0; k < summed.size(); ++k) result[input_of(summed[k])] = reverse.carry[carried.size() + k];
  for (std::size_t k = 0; k < emitted.size(); ++k) {
    const Expr& sequence = scan.argument(emitted[k]);
    if (reach.cut && scan.length != unknown) {
      result[input_of(emitted[k])] =
          pad_like(slice(reverse.outputs[k], 0, backwards), sequence, 0, {scan.length - reach.last, scan.length});
      continue;
    }
    const auto row = std::find(kept.begin(), kept.end(), emitted[k]);
    const Expr rows =
        reach.cut ? pad_like(reverse.outputs[k], kept_rows[static_cast<std::size_t>(row - kept.begin())], 0, backwards)
                  : slice(reverse.outputs[k], 0, backwards);
    result[input_of(emitted[k])] = scan.fits_exactly(sequence) ? rows : pad_like(rows, sequence, 0, {0, std::nullopt});
  }
  return result;
}

/// Carries and elements run along with their tangents.
Exprs scan_tangent(const Node& node, std::span<const Expr> tangents) {
  const Opened scan(node);
  std::vector<bool> moving;
  for (std::size_t i = 0; i < scan.variables.size(); ++i)
    moving.push_back(is_floating(scan.variables[i].dtype()) && tangents[input_of(i)]);
  moving = moving_parameters(scan, moving);
  Exprs directions(scan.variables.size());
  for (std::size_t i = 0; i < moving.size(); ++i)
    if (moving[i]) directions[i] = input(scan.variables[i].type(), fmt::format("tangent {}", i));
  const Exprs outward = jvp(scan.results, picked(scan.variables, moving), picked(directions, moving));

  Exprs carry_names, element_names;
  Operands initial, sequences;
  for (std::size_t i = 0; i < scan.carries; ++i) {
    carry_names.push_back(scan.variables[i]);
    initial.emplace_back(scan.argument(i));
  }
  for (std::size_t i = 0; i < scan.carries; ++i)
    if (moving[i]) {
      carry_names.push_back(directions[i]);
      const Expr& tangent = tangents[input_of(i)];
      initial.emplace_back(tangent ? broadcast_like(tangent, scan.argument(i)) : zeros_like(scan.argument(i)));
    }
  for (std::size_t i = scan.carries; i < scan.carries + scan.sequences; ++i) {
    element_names.push_back(scan.variables[i]);
    sequences.emplace_back(scan.argument(i));
    if (!moving[i]) continue;
    element_names.push_back(directions[i]);
    sequences.emplace_back(broadcast_like(tangents[input_of(i)], scan.argument(i)));
  }
  const ScanResult forward = symbolic::scan(
      [&](const Exprs& carry, const Exprs& elements) {
        Substitution now;
        for (std::size_t k = 0; k < carry.size(); ++k) now.emplace(carry_names[k], carry[k]);
        for (std::size_t k = 0; k < elements.size(); ++k) now.emplace(element_names[k], elements[k]);
        for (std::size_t i = scan.carries + scan.sequences; i < scan.variables.size(); ++i) {
          now.emplace(scan.variables[i], scan.argument(i));
          if (moving[i]) now.emplace(directions[i], broadcast_like(tangents[input_of(i)], scan.argument(i)));
        }
        const Exprs results = substitute(scan.results, now), moved = substitute(outward, now);
        ScanBody next{{results.begin(), results.begin() + static_cast<std::ptrdiff_t>(scan.carries)}, {}};
        for (std::size_t i = 0; i < scan.carries; ++i)
          if (moving[i]) next.carry.push_back(moved[i] ? broadcast_like(moved[i], carry[i]) : zeros_like(carry[i]));
        for (std::size_t i = scan.carries; i < moved.size(); ++i)
          if (moved[i]) next.outputs.push_back(broadcast_like(moved[i], results[i]));
        if (scan.condition) next.until = substitute(Exprs{scan.condition}, now)[0];
        return next;
      },
      initial, sequences, scan.steps(), node.place());

  Exprs result(scan.results.size());
  std::size_t next_carry = scan.carries, next_output = 0;
  for (std::size_t i = 0; i < scan.carries; ++i)
    if (moving[i]) result[i] = forward.carry[next_carry++];
  for (std::size_t i = scan.carries; i < result.size(); ++i)
    if (outward[i]) result[i] = forward.outputs[next_output++];
  return result;
}

}  // namespace leapgraph::symbolic
