/// Where a nan or an infinity comes from: one evaluation that keeps every value, then a walk back from the bad elements
/// of the outputs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/looking.hpp"
#include "leapgraph/symbolic/ops/loop_replay.hpp"
#include "leapgraph/symbolic/verification.hpp"

namespace leapgraph::symbolic {

namespace {

/// What an element is, from good to bad.
enum class Quality { good, infinite, nan };

class Judge {
 public:
  explicit Judge(const BadValueOptions& options) : options_(options) {}

  Quality of(const Array& array, std::int64_t i) const {
    const double x = array.real(i);
    if (std::isnan(x)) return options_.nan ? Quality::nan : Quality::good;
    if (std::isinf(x)) return options_.infinity ? Quality::infinite : Quality::good;
    return std::abs(x) > options_.big ? Quality::infinite : Quality::good;
  }
  /// Position of the worst element, the first of several; -1: all are good.
  std::int64_t worst(const Array& array) const {
    if (!is_floating(array.dtype())) return -1;
    std::int64_t place = -1;
    Quality worst = Quality::good;
    for (std::int64_t i = 0; i < array.size(); ++i)
      if (const Quality here = of(array, i); here > worst) {
        worst = here;
        place = i;
      }
    return place;
  }
  Quality of(const Array& array) const {
    const std::int64_t place = worst(array);
    return place < 0 ? Quality::good : of(array, place);
  }

 private:
  const BadValueOptions& options_;
};

/// How an expression came to be bad.
enum class Origin {
  none,    ///< it is good
  meant,   ///< infinities that are constants or arguments, and what they turned into
  handed,  ///< an input was bad already
  here     ///< made by its node of good or meant values
};

class Search {
 public:
  Search(const Graph& graph, std::span<const Array> arguments, const BadValueOptions& options,
         std::vector<std::string> within)
      : graph_(graph),
        options_(options),
        judge_(options),
        within_(std::move(within)),
        values_(graph.outputs, graph.inputs, arguments) {
    for (const Node* node : values_.order)
      for (const Expr& e : outputs_of(*node)) origins_.emplace(e, origin_of(e));
  }

  /// What was made here, of what reaches the outputs that are asked for; in order of evaluation.
  std::vector<BadValue> found(const std::vector<bool>& asked) const {
    const std::unordered_set<const Node*> reached = options_.all ? everything() : reaching(asked);
    std::vector<BadValue> result;
    for (const Node* node : values_.order) {
      if (!reached.contains(node)) continue;
      const Exprs outputs = outputs_of(*node);
      const auto bad =
          std::find_if(outputs.begin(), outputs.end(), [&](const Expr& e) { return origins_.at(e) == Origin::here; });
      if (bad == outputs.end()) continue;
      std::vector<BadValue> inside = within_bodies(*node);
      if (inside.empty()) inside.push_back(made_by(*bad));
      result.insert(result.end(), inside.begin(), inside.end());
    }
    return result;
  }

  const Array& value(const Expr& e) const { return values_.of.at(e); }

 private:
  Origin origin_of(const Expr& e) const {
    const Node& node = e.node();
    const Quality quality = judge_.of(values_.of.at(e));
    if (quality == Quality::good) return Origin::none;
    if (node.inputs().empty()) return quality == Quality::nan ? Origin::here : Origin::meant;
    bool is_meant = false;
    for (const Expr& input : node.inputs()) {
      const Origin before = origins_.at(input);
      if (before == Origin::here || before == Origin::handed) return Origin::handed;
      if (before == Origin::meant) is_meant = true;
    }
    return is_meant && quality == Quality::infinite ? Origin::meant : Origin::here;
  }

  std::unordered_set<const Node*> everything() const { return {values_.order.begin(), values_.order.end()}; }

  /// Nodes that bad elements of the outputs come from: element by element where ops are elementwise, else whole.
  std::unordered_set<const Node*> reaching(const std::vector<bool>& asked) const {
    constexpr std::int64_t whole = -1;
    std::set<std::pair<const Node*, std::pair<int, std::int64_t>>> seen;
    std::vector<std::pair<Expr, std::int64_t>> stack;
    std::unordered_set<const Node*> reached;
    const auto enter = [&](const Expr& e, std::int64_t element) {
      const Origin origin = origins_.at(e);
      if (origin != Origin::here && origin != Origin::handed) return;
      if (element != whole && judge_.of(values_.of.at(e), element) == Quality::good) return;
      if (!seen.insert({&e.node(), {e.output(), element}}).second) return;
      reached.insert(&e.node());
      stack.emplace_back(e, element);
    };
    constexpr std::int64_t most = 64;  // bad elements of an output that are followed one by one
    for (std::size_t k = 0; k < graph_.outputs.size(); ++k) {
      const Expr& output = graph_.outputs[k];
      if (!asked[k] || origins_.at(output) == Origin::none) continue;
      std::int64_t count = 0;
      const Array& array = values_.of.at(output);
      for (std::int64_t i = 0; i < array.size() && count < most; ++i)
        if (judge_.of(array, i) != Quality::good) {
          enter(output, i);
          ++count;
        }
    }
    while (!stack.empty()) {
      const auto [e, element] = stack.back();
      stack.pop_back();
      const Node& node = e.node();
      if (element == whole || lowering_as<Elementwise>(node.op()) == nullptr) {
        for (const Expr& input : node.inputs()) enter(input, whole);
        continue;
      }
      const std::vector<Array> inputs = values_.inputs_of(node);
      const BroadcastWalk walk(values_.of.at(e).shape(), inputs);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (&node.op() == &where_op && i > 0) {
          const bool takes_first = inputs[0].integer(walk.input_position(0, element)) != 0;
          if (takes_first != (i == 1)) continue;
        }
        enter(node.input(i), walk.input_position(i, element));
      }
    }
    return reached;
  }

  BadValue made_by(const Expr& e) const {
    BadValue bad{place_of(e, within_), values_.inputs_of(e.node()), values_.of.at(e), {}};
    bad.index = index_at(bad.value.shape(), judge_.worst(bad.value));
    return bad;
  }

  /// What was made inside a node with bodies; of a loop in the first step that made something.
  std::vector<BadValue> within_bodies(const Node& node) const {
    const std::vector<Array> inputs = values_.inputs_of(node);
    const std::optional<OpenBody> body = body_that_ran(node, inputs);
    if (!body) return {};
    std::vector<std::string> around = within_;
    if (lowering_as<Loop>(node.op()) == nullptr) {
      around.push_back(body->name);
      const bool branch = lowering_as<Branch>(node.op()) != nullptr;
      const std::span<const Array> arguments(inputs.begin() + (branch ? 1 : 0), inputs.end());
      if (arguments.size() != body->graph.inputs.size()) return {};
      const Search inside(body->graph, arguments, options_, around);
      return inside.found(bad_outputs(node, body->graph.outputs.size()));
    }
    std::vector<BadValue> result;
    replay_loop(node, inputs, [&](std::int64_t step, const std::vector<Array>& arguments) {
      around.push_back(fmt::format("{}, step {}", body->name, step));
      const Search inside(body->graph, arguments, options_, around);
      around.pop_back();
      // A carry that is bad now may be the reason for one that is bad in the end.
      std::vector<bool> asked = bad_outputs(node, body->graph.outputs.size());
      std::fill(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(node.get<std::int64_t>("carries")), true);
      result = inside.found(asked);
      if (!result.empty()) return std::optional<std::vector<Array>>();
      std::vector<Array> results;
      for (const Expr& e : body->graph.outputs) results.push_back(inside.value(e));
      return std::optional(results);
    });
    return result;
  }

  /// Of each output of the body, whether that of the node is bad.
  std::vector<bool> bad_outputs(const Node& node, std::size_t count) const {
    std::vector<bool> result(count, options_.all);
    for (std::size_t k = 0; k < count && k < node.types().size(); ++k)
      if (judge_.of(values_.of.at(outputs_of(node)[k])) != Quality::good) result[k] = true;
    return result;
  }

  const Graph& graph_;
  const BadValueOptions& options_;
  Judge judge_;
  std::vector<std::string> within_;
  Values values_;
  std::unordered_map<Expr, Origin, ExprHash> origins_;
};

}  // namespace

std::vector<BadValue> bad_values(const Graph& graph, std::span<const Array> arguments, const BadValueOptions& options) {
  const Question question = with_shared(graph, arguments);
  return Search(question.graph, question.arguments, options, {})
      .found(std::vector<bool>(question.graph.outputs.size(), true));
}

std::optional<BadValue> first_bad_value(const Graph& graph, std::span<const Array> arguments,
                                        const BadValueOptions& options) {
  const std::vector<BadValue> all = bad_values(graph, arguments, options);
  return all.empty() ? std::nullopt : std::optional(all.front());
}

std::optional<BadValue> first_bad_value(const Function& function, std::span<const Array> arguments,
                                        const BadValueOptions& options) {
  const Question question = asked_of(function, arguments);
  return first_bad_value(question.graph, question.arguments, options);
}

std::string to_string(const BadValue& bad) {
  const auto strides_of = [&] {
    std::int64_t position = 0;
    for (std::size_t axis = 0; axis < bad.index.size(); ++axis)
      position = position * bad.value.shape()[axis] + bad.index[axis];
    return position;
  };
  const std::string at = to_text(bad.index);
  const double value = bad.value.real(strides_of());
  if (bad.where.node.node().inputs().empty()) {
    const std::string name = name_of(bad.where.node);
    return fmt::format("{} is {}{} {}", name.empty() ? "a constant" : "the value of '" + name + "'", value,
                       at.empty() ? "" : " at " + at, describe(bad.where));
  }
  return fmt::format("{} made {}{} {}; its inputs: {}", bad.where.op, value, at.empty() ? "" : " at " + at,
                     describe(bad.where), listed(bad.inputs));
}

}  // namespace leapgraph::symbolic
