/// Native code against the interpreter, and the rewritten graph against the one that was built: which node differs
/// first.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/looking.hpp"
#include "leapgraph/symbolic/ops/loop_replay.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/verification.hpp"

namespace leapgraph::symbolic {

namespace {

/// Position of the first element that differs, -1: none does.
std::int64_t difference_of(const Array& expected, const Array& got, const CompareOptions& options, bool may_improve) {
  if (expected.type() != got.type()) return 0;
  if (!is_floating(expected.dtype())) {
    for (std::int64_t i = 0; i < expected.size(); ++i)
      if (expected.integer(i) != got.integer(i)) return i;
    return -1;
  }
  const double tolerance = info(expected.dtype()).bytes < 8
                               ? std::max(options.rel_tol, info(expected.dtype()).bytes < 4 ? 2e-2 : 1e-4)
                               : options.rel_tol;
  double largest = 0;
  for (std::int64_t i = 0; i < expected.size(); ++i)
    if (std::isfinite(expected.real(i))) largest = std::max(largest, std::abs(expected.real(i)));
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    const double a = expected.real(i), b = got.real(i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (may_improve && !std::isfinite(a) && std::isfinite(b)) continue;
    if (!std::isfinite(a) || !std::isfinite(b) ||
        std::abs(a - b) > options.abs_tol + tolerance * std::max(largest, std::abs(b)))
      return i;
  }
  return -1;
}

/// The first array of several that differs, and where.
std::optional<std::pair<std::size_t, std::int64_t>> first_difference(const std::vector<Array>& expected,
                                                                     const std::vector<Array>& got,
                                                                     const CompareOptions& options, bool may_improve) {
  for (std::size_t k = 0; k < expected.size(); ++k)
    if (const std::int64_t place = difference_of(expected[k], got[k], options, may_improve); place >= 0)
      return std::pair{k, place};
  return std::nullopt;
}

Difference difference_at(const std::string& stage, const Expr& e, const std::vector<std::string>& within,
                         std::vector<Array> inputs, const Array& expected, const Array& got, std::int64_t place) {
  Difference difference{stage, place_of(e, within), std::move(inputs), expected, got, {}};
  difference.index = index_at(expected.shape(), place);
  return difference;
}

CompileOptions as_it_is(CompileOptions options) {
  options.as_written = true;
  return options;
}

/// A graph as native code with all its values as outputs.
class Instrumented {
 public:
  Instrumented(const Graph& graph, const CompareOptions& options) {
    for (const Node* node : topological_order(graph.outputs)) {
      if (node->inputs().empty()) continue;
      for (const Expr& e : outputs_of(*node)) watched_.push_back(e);
    }
    Graph whole{graph.inputs, watched_};
    whole.outputs.insert(whole.outputs.end(), graph.outputs.begin(), graph.outputs.end());
    compiled_ = compile(whole, as_it_is(options.compile));
  }
  const Exprs& watched() const { return watched_; }
  /// Values of `watched`.
  std::vector<Array> operator()(std::span<const Array> arguments) const {
    std::vector<Array> all = (*compiled_)(arguments);
    all.resize(watched_.size());
    return all;
  }

 private:
  Exprs watched_;
  std::optional<CompiledFunction> compiled_;
};

std::optional<Difference> native_difference(const Graph& graph, std::span<const Array> arguments,
                                            const CompareOptions& options, const std::vector<std::string>& within);

/// The same inside the bodies of a node, for the inputs that it had: of a loop at the first step that differs.
std::optional<Difference> difference_inside(const Node& node, std::span<const Array> inputs,
                                            const CompareOptions& options, const std::vector<std::string>& within) {
  const std::optional<OpenBody> body = body_that_ran(node, inputs);
  if (!body) return std::nullopt;
  std::vector<std::string> around = within;
  if (lowering_as<Loop>(node.op()) == nullptr) {
    around.push_back(body->name);
    const bool branch = lowering_as<Branch>(node.op()) != nullptr;
    return native_difference(body->graph, inputs.subspan(branch ? 1 : 0), options, around);
  }
  std::optional<Difference> found;
  std::optional<Instrumented> native;
  replay_loop(node, inputs, [&](std::int64_t step, const std::vector<Array>& arguments) {
    if (!native) native.emplace(body->graph, options);
    const Values values(body->graph.outputs, body->graph.inputs, arguments);
    std::vector<Array> expected;
    for (const Expr& e : native->watched()) expected.push_back(values.of.at(e));
    const std::vector<Array> got = (*native)(arguments);
    if (const auto first = first_difference(expected, got, options, false)) {
      const Expr& e = native->watched()[first->first];
      around.push_back(fmt::format("{}, step {}", body->name, step));
      const std::vector<Array> seen = values.inputs_of(e.node());
      found = difference_inside(e.node(), seen, options, around);
      if (!found)
        found = difference_at("native code", e, around, seen, expected[first->first], got[first->first], first->second);
      return std::optional<std::vector<Array>>();
    }
    std::vector<Array> results;
    for (const Expr& e : body->graph.outputs) results.push_back(values.of.at(e));
    return std::optional(results);
  });
  return found;
}

/// The first node of a graph with known shapes that native code computes otherwise than the interpreter, when all are
/// outputs of it.
std::optional<Difference> native_difference(const Graph& graph, std::span<const Array> arguments,
                                            const CompareOptions& options, const std::vector<std::string>& within) {
  const Instrumented native(graph, options);
  const std::vector<Array> got = native(arguments);
  const Values values(graph.outputs, graph.inputs, arguments);
  std::vector<Array> expected;
  for (const Expr& e : native.watched()) expected.push_back(values.of.at(e));
  const auto first = first_difference(expected, got, options, false);
  if (!first) return std::nullopt;
  const Expr& e = native.watched()[first->first];
  const std::vector<Array> inputs = values.inputs_of(e.node());
  if (auto inside = difference_inside(e.node(), inputs, options, within)) return inside;
  return difference_at("native code", e, within, inputs, expected[first->first], got[first->first], first->second);
}

/// Which pass of `rewrite` changed the outputs of the graph first; empty: none did by itself.
std::string guilty_pass(const Graph& graph, std::span<const Array> arguments, const std::vector<Array>& expected,
                        const CompareOptions& options) {
  std::string guilty;
  std::vector<Array> before = expected;
  RewriteOptions watching;
  watching.observer = [&](std::string_view pass, const Graph& now) {
    if (!guilty.empty()) return;
    const std::vector<Array> values = interpret(now, arguments);
    if (first_difference(before, values, options, true)) guilty = pass;
    before = values;
  };
  rewrite(graph, watching);
  return guilty;
}

/// The first node of the graph as built whose value is another after rewriting.
Difference rewriting_difference(const Graph& graph, std::span<const Array> arguments, const CompareOptions& options,
                                const std::vector<Array>& expected, const std::vector<Array>& got,
                                const std::function<Graph(const Graph&)>& rewriting) {
  std::string stage = "rewriting";
  if (!options.rewriting)
    if (const std::string pass = guilty_pass(graph, arguments, expected, options); !pass.empty())
      stage += fmt::format(", pass '{}'", pass);
  const Values values(graph.outputs, graph.inputs, arguments);
  Exprs watched;
  std::vector<Array> whole;
  for (const Node* node : values.order) {
    if (node->inputs().empty()) continue;
    for (const Expr& e : outputs_of(*node)) {
      watched.push_back(e);
      whole.push_back(values.of.at(e));
    }
  }
  const std::vector<Array> after = interpret(rewriting(Graph{graph.inputs, watched}), arguments);
  if (const auto first = first_difference(whole, after, options, true))
    return difference_at(stage, watched[first->first], {}, values.inputs_of(watched[first->first].node()),
                         whole[first->first], after[first->first], first->second);
  // Rules that look at the whole did it: the output is all that can be named.
  const auto first = first_difference(expected, got, options, true);
  const Expr& e = graph.outputs[first->first];
  return difference_at(stage, e, {}, values.inputs_of(e.node()), expected[first->first], got[first->first],
                       first->second);
}

}  // namespace

std::optional<Difference> compare_modes(const Graph& graph, std::span<const Array> arguments,
                                        const CompareOptions& options) {
  const Question question = with_shared(graph, arguments);
  std::vector<Shape> shapes;
  for (const Array& array : question.arguments) shapes.push_back(array.shape());
  const Graph built = specialize(question.graph, shapes);
  const auto rewriting = options.rewriting ? options.rewriting : [](const Graph& g) { return rewrite(g); };
  const Graph rewritten = lower_abstract(rewriting(built));
  const std::vector<Array> expected = interpret(built, question.arguments),
                           after = interpret(rewritten, question.arguments);
  if (first_difference(expected, after, options, true))
    return rewriting_difference(built, question.arguments, options, expected, after, rewriting);
  const std::vector<Array> native = compile(rewritten, as_it_is(options.compile))(question.arguments);
  const auto first = first_difference(after, native, options, false);
  if (!first) return std::nullopt;
  if (auto found = native_difference(rewritten, question.arguments, options, {})) return found;
  // It comes right when everything is stored: what is fused with what matters.
  const Expr& e = rewritten.outputs[first->first];
  const Values values(rewritten.outputs, rewritten.inputs, question.arguments);
  return difference_at("native code, fused", e, {}, values.inputs_of(e.node()), after[first->first],
                       native[first->first], first->second);
}

std::optional<Difference> compare_modes(const Function& function, std::span<const Array> arguments,
                                        const CompareOptions& options) {
  const Question question = asked_of(function, arguments);
  return compare_modes(question.graph, question.arguments, options);
}

std::string to_string(const Difference& d) {
  std::int64_t position = 0;
  for (std::size_t axis = 0; axis < d.index.size(); ++axis)
    position = position * d.expected.shape()[axis] + d.index[axis];
  const std::string at = to_text(d.index);
  if (d.expected.type() != d.got.type())
    return fmt::format("{}: {} gives {} in the place of {} {}", d.stage, d.where.op, to_string(d.got.type()),
                       to_string(d.expected.type()), describe(d.where));
  return fmt::format("{}: {}{} is {} in the place of {} {}; its inputs: {}", d.stage, d.where.op,
                     at.empty() ? "" : " at " + at, d.got.real(position), d.expected.real(position), describe(d.where),
                     listed(d.inputs));
}

}  // namespace leapgraph::symbolic
