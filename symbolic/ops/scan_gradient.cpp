/// Derivatives of the loop: the adjoint scan that runs over the steps backwards, and the scan of tangents.
#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/loop_storage.hpp"
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

/// base + term as an update of the rows that the term names, where it is zero but for some; else nothing.
Expr added_rows(const Expr& base, const Expr& term) {
  const Node& node = term.node();
  if (&node.op() == &scatter_add_op || &node.op() == &scatter_like_op)
    return make(add_rows_op, {base, node.input(1), node.input(0)});
  if (&node.op() == &pad_slice_op && node.get<std::int64_t>("axis") == 0 && is_known(node.input(0).shape()) &&
      is_known(base.shape())) {
    const std::int64_t count = node.input(0).shape()[0];
    constexpr std::int64_t short_enough = 32;  // to be added as a whole, which leaves it in registers
    if (8 * count > base.shape()[0] || element_count(base.shape()) <= short_enough) return {};
    Slice range{std::nullopt, std::nullopt, node.get<std::int64_t>("step")};
    if (node.attributes().has("start")) range.start = node.get<std::int64_t>("start");
    if (node.attributes().has("stop")) range.stop = node.get<std::int64_t>("stop");
    const Expr places = slice(slice(arange(base.shape()[0]), 0, range), 0, {0, count});
    return make(add_rows_op, {base, places, node.input(0)});
  }
  if (&node.op() == &reshape_op || &node.op() == &reshape_like_op) {
    const Expr update = added_rows(reshape_like(base, node.input(0)), node.input(0));
    return update ? reshape_like(update, base) : Expr();
  }
  if (&node.op() == &where_op && literal_value(node.input(2)) == 0.0) {
    const Expr &mask = node.input(0), &chosen = node.input(1);
    const bool scattered = &chosen.op() == &scatter_add_op || &chosen.op() == &scatter_like_op;
    // A choice for all rows is made for what is added. One by whether any was chosen adds nothing to what was.
    if (scattered && mask.rank() == 0)
      return make(add_rows_op, {base, chosen.node().input(1), where(mask, chosen.node().input(0), 0.0)});
    const bool by_weights = scattered && &mask.op() == &lt_op && &mask.node().input(1).op() == &chosen.op() &&
                            mask.node().input(1).node().input(1) == chosen.node().input(1);
    if (by_weights) return added_rows(base, chosen);
  }
  return {};
}

/// a + b; a tensor gets what is added to some of its rows in place.
Expr accumulated(const Expr& a, const Expr& b) {
  if (a.rank() > 0 && a.type() == b.type()) {
    if (const Expr update = added_rows(a, b)) return update;
    if (const Expr update = added_rows(b, a)) return update;
  }
  return a + b;
}

/// The same expressions with sums written as updates of rows.
Exprs with_row_updates(const Exprs& exprs) {
  return rebuild(exprs, [](const Node& node, const Exprs& inputs) {
    if (&node.op() == &add_op) return Exprs{accumulated(inputs[0], inputs[1])};
    return rebuild_same(node, inputs);
  });
}

/// One step backwards: adjoints of carries, elements and constants from those of new carries and outputs.
struct BackwardStep {
  std::vector<bool> moving;   ///< parameters with an adjoint
  std::vector<bool> carried;  ///< carries whose adjoint may differ from 0
  Exprs seeds;                ///< adjoint variables, one a result; absent: 0
  Exprs adjoints;             ///< one a parameter; absent: 0
  Exprs finals;               ///< carries after the last step, where those are read; one a carry
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
  step.adjoints = settled_reads(scan, with_row_updates(step.adjoints), step.finals);
  return step;
}

/// Values of each step, functions of the body's variables, as rows: outputs that the loop has, or those of a loop of
/// the same carries that stores them.
Exprs rows_of(const Opened& scan, const Exprs& values) {
  const Exprs outputs = outputs_of(scan.node);
  Exprs rows(values.size()),
      results(scan.results.begin(), scan.results.begin() + static_cast<std::ptrdiff_t>(scan.carries));
  std::vector<std::size_t> made;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const auto found =
        std::find(scan.results.begin() + static_cast<std::ptrdiff_t>(scan.carries), scan.results.end(), values[k]);
    if (found != scan.results.end()) {
      rows[k] = outputs[static_cast<std::size_t>(found - scan.results.begin())];
    } else {
      made.push_back(k);
      results.push_back(values[k]);
    }
  }
  if (made.empty()) return rows;
  if (scan.condition) results.push_back(scan.condition);
  // The same in all but the outputs: rewriting makes one loop of both.
  const Attributes attributes = scan.node.attributes().with("body", close_over(results, scan.variables));
  const Exprs stacked = outputs_of(*make_node(scan_op, scan.node.inputs(), attributes, scan.node.place()));
  for (std::size_t k = 0; k < made.size(); ++k) rows[made[k]] = stacked[scan.carries + k];
  return rows;
}

/// A sequence that every step reads the element of, without storing.
bool is_at_hand(const Opened& scan, std::size_t i) {
  return scan.is_sequence(i) && (scan.length != unknown || scan.fits_exactly(scan.argument(i)));
}

/// What the backward step reads of the forward one: expressions without a seed below ones with.
Exprs forward_reads(const Exprs& adjoints, const Exprs& seeds) {
  std::unordered_set<const Node*> backward;
  for (const Expr& e : seeds)
    if (e) backward.insert(&e.node());
  Exprs present, reads;
  for (const Expr& e : adjoints)
    if (e) present.push_back(e);
  const std::vector<const Node*> order = topological_order(present);
  for (const Node* node : order)
    if (std::any_of(node->inputs().begin(), node->inputs().end(),
                    [&](const Expr& e) { return backward.contains(&e.node()); }))
      backward.insert(node);
  std::unordered_set<Expr, ExprHash> found;
  const auto look_at = [&](const Expr& e) {
    if (!backward.contains(&e.node()) && found.insert(e).second) reads.push_back(e);
  };
  for (const Node* node : order)
    if (backward.contains(node))
      for (const Expr& e : node->inputs()) look_at(e);
  for (const Expr& e : present) look_at(e);
  return reads;
}

/// What the backward step takes from where.
struct Sources {
  Exprs stored;                       ///< values that are stored
  std::vector<std::size_t> followed;  ///< carries whose new value is the old one of the step done before
};

Sources choose_sources(const Opened& scan, const BackwardStep& step) {
  std::unordered_map<Expr, std::size_t, ExprHash> number;
  for (std::size_t i = 0; i < scan.variables.size(); ++i) number.emplace(scan.variables[i], i);
  const bool carries_only = scan.node.attributes().has("segments");
  std::unordered_set<const Node*> after;  // known only when the loop is over
  for (const Expr& e : step.finals)
    if (e) after.insert(&e.node());
  Exprs present;
  for (const Expr& e : step.adjoints)
    if (e) present.push_back(e);
  for (const Node* node : topological_order(present))
    if (std::any_of(node->inputs().begin(), node->inputs().end(),
                    [&after](const Expr& e) { return after.contains(&e.node()); }))
      after.insert(node);
  StorageChoice choice;
  choice.at_hand = [&](const Expr& e) {
    const auto found = number.find(e);
    if (found != number.end()) return scan.is_constant(found->second) || is_at_hand(scan, found->second);
    return (e.node().inputs().empty() && !is_input(e)) ||
           std::find(step.finals.begin(), step.finals.end(), e) != step.finals.end();
  };
  choice.storing = [&](const Expr& e) -> std::optional<double> {
    // What is not a carry may have another length at every step where that is not known.
    if (!number.contains(e) && (carries_only || !is_known(e.shape()) || after.contains(&e.node()))) return std::nullopt;
    return storing_cost(e.type());
  };
  if (!carries_only)
    for (std::size_t c = 0; c < scan.carries; ++c) {
      const std::vector<bool> moved = depends_on(Exprs{scan.results[c]}, Exprs{scan.variables[c]});
      if (moved[0] && scan.results[c] != scan.variables[c]) choice.follows.emplace(scan.results[c], scan.variables[c]);
    }
  const Exprs needed = forward_reads(step.adjoints, step.seeds);
  const Stored chosen = choose_stored(needed, choice);
  Sources sources{chosen.stored, {}};
  for (std::size_t c = 0; c < scan.carries; ++c)
    if (chosen.followed.contains(scan.results[c]) && choice.follows.at(scan.results[c]) == scan.variables[c])
      sources.followed.push_back(c);
  return sources;
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

Exprs scan_gradient(const Application& a) {
  const bool all_known =
      std::all_of(a.inputs.begin(), a.inputs.end(), [](const Expr& e) { return is_known(e.shape()); });
  if (!all_known || a.node.get<std::int64_t>("length") == unknown) return deferred_gradient(a);
  return direct_gradient(a);
}

/// The adjoint scan runs over the steps backwards. It carries the adjoints of the carries and the sums of the adjoints
/// of the constants; its sequences are the stored carries, the elements and the adjoints of the outputs; its outputs
/// are the adjoints of the elements.
Exprs direct_gradient(const Application& a) {
  const Opened scan(a.node);
  const BackwardStep step = backward_step(scan, a);

  const Reach reach(scan);
  Sources sources = choose_sources(scan, step);
  if (const std::int64_t segment = segment_length(scan, sources.stored); segment > 0 && !reach.cut)
    return segmented_gradient(a, segment);
  const auto stored_number = [&sources](const Expr& e) {
    return static_cast<std::size_t>(std::find(sources.stored.begin(), sources.stored.end(), e) -
                                    sources.stored.begin());
  };
  // The adjoints of elements are put at the places of elements that are rows.
  for (std::size_t i = scan.carries; i < scan.carries + scan.sequences; ++i)
    if (reach.cut && scan.length == unknown && step.adjoints[i] &&
        stored_number(scan.variables[i]) == sources.stored.size())
      sources.stored.push_back(scan.variables[i]);
  const Exprs rows = rows_of(scan, sources.stored);

  // The backward step in terms of what it is given.
  Substitution given;
  Exprs names;         // variables of the backward step that are elements of `sequences`
  Operands sequences;  // running backwards
  for (std::size_t k = 0; k < sources.stored.size(); ++k) {
    names.push_back(input(sources.stored[k].type(), "stored"));
    given.emplace(sources.stored[k], names.back());
    sequences.emplace_back(slice(rows[k], 0, backwards));
  }
  Exprs followed;
  for (std::size_t c : sources.followed) {
    followed.push_back(input(scan.results[c].type(), "next"));
    given.emplace(scan.results[c], followed.back());
  }
  const Exprs step_adjoints = substitute(step.adjoints, given);
  Exprs present;
  for (const Expr& e : step_adjoints)
    if (e) present.push_back(e);
  const Exprs reads = free_inputs(present);
  for (std::size_t i = scan.carries; i < scan.carries + scan.sequences; ++i) {
    if (std::find(reads.begin(), reads.end(), scan.variables[i]) == reads.end()) continue;
    names.push_back(scan.variables[i]);
    if (scan.length == 0)
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
  for (std::size_t c : sources.followed) initial.emplace_back(a.outputs[c]);
  Exprs result(a.inputs.size());
  if (carried.empty() && summed.empty() && emitted.empty()) return result;

  ScanResult reverse = symbolic::scan(
      [&](const Exprs& carry, const Exprs& elements) {
        Substitution now;
        for (std::size_t k = 0; k < names.size(); ++k) now.emplace(names[k], elements[k]);
        for (std::size_t k = 0; k < carried.size(); ++k) now.emplace(step.seeds[carried[k]], carry[k]);
        for (std::size_t i = scan.carries + scan.sequences; i < scan.variables.size(); ++i)
          now.emplace(scan.variables[i], scan.argument(i));
        for (std::size_t c = 0; c < scan.carries; ++c)
          if (step.finals[c]) now.emplace(step.finals[c], a.outputs[c]);
        const std::size_t first_followed = carried.size() + summed.size();
        for (std::size_t k = 0; k < followed.size(); ++k) now.emplace(followed[k], carry[first_followed + k]);
        const Exprs adjoints = substitute(step_adjoints, now);
        ScanBody next;
        for (std::size_t k = 0; k < carried.size(); ++k)
          next.carry.push_back(adjoints[carried[k]] ? adjoints[carried[k]] : zeros_like(carry[k]));
        for (std::size_t k = 0; k < summed.size(); ++k)
          next.carry.push_back(accumulated(carry[carried.size() + k], adjoints[summed[k]]));
        for (std::size_t c : sources.followed) next.carry.push_back(elements[stored_number(scan.variables[c])]);
        for (std::size_t i : emitted) next.outputs.push_back(adjoints[i]);
        return next;
      },
      initial, sequences, reach.steps, a.node.place());
  // Rewriting leaves loops over segments as they are: whole arrays of what they do would be as long as all segments.
  if (a.node.attributes().has("segments")) reverse = with_attribute(reverse, "segments", true);

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
    const Expr all = reach.cut
                         ? pad_like(reverse.outputs[k], rows[stored_number(scan.variables[emitted[k]])], 0, backwards)
                         : slice(reverse.outputs[k], 0, backwards);
    result[input_of(emitted[k])] = scan.fits_exactly(sequence) ? all : pad_like(all, sequence, 0, {0, std::nullopt});
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
