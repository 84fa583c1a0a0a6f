/// Gradients of long loops in bounded memory: the steps are cut into segments, of which only the start is stored.
///
/// The loop is written as a loop over segments of a loop over their steps. The gradient of the outer one stores the
/// carries that come into each segment and nothing else; backwards, each segment runs once more, storing what its own
/// gradient needs. Every step is done twice, and memory is of the order of the square root of their number.
#include <algorithm>
#include <cmath>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/loop_storage.hpp"
#include "leapgraph/symbolic/ops/scan.hpp"

namespace leapgraph::symbolic {

namespace {

constexpr std::int64_t default_storage = std::int64_t{256} << 20;

/// `e` in the shape of its rows, with `leading` axes in the place of the first one.
Expr with_leading(const Expr& e, Shape leading) {
  leading.insert(leading.end(), e.shape().begin() + 1, e.shape().end());
  return reshape(e, std::move(leading));
}

/// A part of a loop: the body over `steps` steps.
Exprs steps_from(const Opened& scan, const Body& body, std::int64_t steps, const Exprs& arguments) {
  return outputs_of(*make_scan(constant(steps), arguments, body, scan.carries, scan.sequences, scan.node.place()));
}

/// The outputs of the loop for other arguments, by segments. Outputs beyond the carries are those of `body`.
Exprs in_segments(const Opened& scan, const Body& body, const Exprs& arguments, std::int64_t segment) {
  const std::int64_t count = scan.length / segment, rest = scan.length % segment, whole = count * segment;
  Exprs variables, outer, last;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Expr& e = arguments[i];
    if (!scan.is_sequence(i)) {
      variables.push_back(input(e.type(), "segment"));
      outer.push_back(e);
      last.push_back(e);
      continue;
    }
    outer.push_back(with_leading(slice(e, 0, {0, whole}), {count, segment}));
    last.push_back(slice(e, 0, {whole, scan.length}));
    variables.push_back(input({e.dtype(), {outer.back().shape().begin() + 1, outer.back().shape().end()}}, "segment"));
  }
  const Exprs inner = steps_from(scan, body, segment, variables);
  const auto loop =
      make_scan(constant(count), outer, close_over(inner, variables), scan.carries, scan.sequences, scan.node.place());
  Exprs outputs =
      outputs_of(*make_node(scan_op, loop->inputs(), loop->attributes().with("segments", true), scan.node.place()));
  for (std::size_t i = scan.carries; i < outputs.size(); ++i) {
    Shape shape = outputs[i].shape();
    shape.erase(shape.begin());
    shape[0] = whole;
    outputs[i] = reshape(outputs[i], shape);
  }
  if (rest == 0) return outputs;
  std::copy_n(outputs.begin(), scan.carries, last.begin());
  const Exprs ending = steps_from(scan, body, rest, last);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    outputs[i] = i < scan.carries ? ending[i] : concatenate({outputs[i], ending[i]});
  return outputs;
}

}  // namespace

std::int64_t segment_length(const Opened& scan, const Exprs& stored) {
  const Attributes& attributes = scan.node.attributes();
  if (scan.length == unknown || scan.ending != Ending::none || scan.carries == 0 || attributes.has("segments"))
    return 0;
  for (const Type& type : scan.node.types())
    if (!is_known(type.shape)) return 0;
  double a_step = 0, a_start = 0;
  for (const Expr& e : stored) {
    const bool is_output = std::find(scan.results.begin() + static_cast<std::ptrdiff_t>(scan.carries),
                                     scan.results.end(), e) != scan.results.end();
    if (!is_output) a_step += bytes_of(e.type());
  }
  for (std::size_t c = 0; c < scan.carries; ++c) a_start += bytes_of(scan.variables[c].type());
  const auto length = static_cast<double>(scan.length);
  const double room =
      static_cast<double>(attributes.has("storage") ? attributes.get<std::int64_t>("storage") : default_storage);
  if (a_step * length <= room) return 0;
  // starts: length / segment * a_start, steps: segment * a_step; their sum is least where they are equal
  const double best = std::ceil(std::sqrt(length * std::max(1.0, a_start) / a_step));
  const auto segment = static_cast<std::int64_t>(std::clamp(best, 1.0, length));
  return segment == scan.length || segment == 1 ? 0 : segment;
}

Exprs segmented_gradient(const Application& a, std::int64_t segment) {
  const Opened scan(a.node);
  // Outputs that nobody differentiates are left out.
  Graph body{scan.body.inputs, {}};
  Exprs adjoints;
  for (std::size_t i = 0; i < scan.results.size(); ++i)
    if (i < scan.carries || a.adjoints[i]) {
      body.outputs.push_back(scan.body.outputs[i]);
      adjoints.push_back(a.adjoints[i]);
    }
  Exprs arguments, wrt;
  Substitution back;
  for (std::size_t i = 0; i < scan.variables.size(); ++i) {
    arguments.push_back(input(scan.argument(i).type(), "argument"));
    back.emplace(arguments.back(), scan.argument(i));
    const bool wanted = a.wanted.empty() || a.wanted[input_of(i)];
    if (wanted && is_floating(arguments.back().dtype())) wrt.push_back(arguments.back());
  }
  const Exprs outputs = in_segments(scan, std::make_shared<const Graph>(std::move(body)), arguments, segment);
  const Exprs found = vjp(outputs, wrt, adjoints);
  Exprs result(a.inputs.size());
  for (std::size_t i = 0, next = 0; i < arguments.size(); ++i)
    if (next < wrt.size() && arguments[i] == wrt[next]) result[input_of(i)] = found[next++];
  return substitute(result, back);
}

ScanResult with_gradient_storage(const ScanResult& result, std::int64_t bytes) {
  if (bytes < 0) throw GraphError("the storage of a gradient must not be negative, got " + std::to_string(bytes));
  if (result.carry.empty() && result.outputs.empty()) return result;
  const Node& old = result.carry.empty() ? result.outputs[0].node() : result.carry[0].node();
  const Exprs made =
      outputs_of(*make_node(old.op(), old.inputs(), old.attributes().with("storage", bytes), old.place()));
  ScanResult changed = result;
  const auto change = [&](Expr& e) {
    if (e && &e.node() == &old) e = made[static_cast<std::size_t>(e.output())];
  };
  for (Expr& e : changed.carry) change(e);
  for (Expr& e : changed.outputs) change(e);
  change(changed.steps);
  return changed;
}

}  // namespace leapgraph::symbolic
