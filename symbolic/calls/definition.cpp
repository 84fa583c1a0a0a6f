/// From what the caller of `function` says to what is computed: givens, default updates, missing and unused inputs.
#include "leapgraph/symbolic/calls/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "leapgraph/symbolic/calls/storage.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

namespace {

std::string place_of(const Node& node) { return fmt::format("{}:{}", node.place().file_name(), node.place().line()); }

/// "'x'", or "float64 variable" without a name.
std::string called(const Expr& e) {
  if (!name_of(e).empty()) return fmt::format("'{}'", name_of(e));
  return fmt::format("a {} {}", to_string(e.type()), is_input(e) ? "variable" : e.op().name);
}

std::string described(const Expr& e) { return fmt::format("{} (made at {})", called(e), place_of(e.node())); }

bool can_agree(const Type& a, const Type& b) {
  if (a.dtype != b.dtype || a.rank() != b.rank()) return false;
  for (std::size_t axis = 0; axis < a.shape.size(); ++axis)
    if (a.shape[axis] != unknown && b.shape[axis] != unknown && a.shape[axis] != b.shape[axis]) return false;
  return true;
}

/// A plain number as a constant of the type of what it replaces; other expressions as they are.
Expr of_type(const Operand& value, const Type& type) {
  if (!value.expr()) throw UpdateError("function: a given is an empty expression");
  if (!value.is_weak() || value.expr().type() == type) return value.expr();
  const Array number = *constant_value(value.expr());
  try {
    const Argument plain = is_floating(number.dtype()) ? Argument(number.real()) : Argument(number.integer());
    return constant(converted(plain, type.dtype));
  } catch (const DTypeError& error) {
    throw UpdateError(error.what());
  }
}

/// What takes the place of each given expression, with the other givens in it. Those that need no other one come first;
/// when none is left of these but others are, they go in a circle.
Substitution resolve(const Givens& givens) {
  Substitution direct;
  Exprs order;
  for (const Replacement& given : givens) {
    if (!given.variable) throw UpdateError("function: a given replaces an empty expression");
    const Expr value = of_type(given.value, given.variable.type());
    if (!can_agree(given.variable.type(), value.type()))
      throw UpdateError(fmt::format("function: the given for {} must be {}, got {}", described(given.variable),
                                    to_string(given.variable.type()), to_string(value.type())));
    const auto [known, is_new] = direct.emplace(given.variable, value);
    if (!is_new && known->second != value)
      throw UpdateError(fmt::format("function: there are two different givens for {}", described(given.variable)));
    if (is_new) order.push_back(given.variable);
  }
  // Which others each needs. One search a given: there are few.
  std::unordered_map<Expr, Exprs, ExprHash> needs;
  for (const Expr& variable : order) {
    const Expr& value = direct.at(variable);
    std::unordered_set<Expr, ExprHash> found;
    const auto look = [&](const Expr& e) {
      if (direct.contains(e) && found.insert(e).second) needs[variable].push_back(e);
    };
    look(value);
    for (const Node* node : topological_order(std::span(&value, 1)))
      for (const Expr& e : node->inputs()) look(e);
  }
  Substitution done;
  while (done.size() < order.size()) {
    bool progress = false;
    for (const Expr& variable : order) {
      if (done.contains(variable)) continue;
      const Exprs& needed = needs[variable];
      if (!std::all_of(needed.begin(), needed.end(), [&](const Expr& e) { return done.contains(e); })) continue;
      Expr value = direct.at(variable);
      if (!needed.empty()) value = substitute(std::span(&value, 1), done)[0];
      done.emplace(variable, value);
      progress = true;
    }
    if (progress) continue;
    const auto stuck = std::find_if(order.begin(), order.end(), [&](const Expr& e) { return !done.contains(e); });
    throw UpdateError(fmt::format("function: the givens go in a circle: {} is replaced by something that needs it",
                                  described(*stuck)));
  }
  return done;
}

class Definer {
 public:
  Definer(const Inputs& inputs, const Outputs& outputs, const FunctionOptions& options)
      : options_(options), givens_(resolve(options.givens)) {
    result_.inputs = inputs;
    result_.outputs = outputs;
  }

  Definition run() {
    check_inputs();
    for (Output& output : result_.outputs) {
      if (!output.value) throw GraphError("function: an output is an empty expression");
      output.value = replaced(output.value);
    }
    check_names();
    for (std::size_t i = 0; i < result_.inputs.size(); ++i) add_state_update(i);
    for (const Replacement& update : options_.updates) add_update(update);
    add_default_updates();
    check_unused();
    return std::move(result_);
  }

 private:
  void check_inputs() {
    for (std::size_t i = 0; i < result_.inputs.size(); ++i) {
      const Expr& variable = result_.inputs[i].variable;
      if (!variable || !is_input(variable)) throw GraphError("function: an input is not a variable");
      if (is_shared(variable))
        throw GraphError(
            fmt::format("function: the shared variable {} cannot be an input; replace it by one with a given",
                        described(variable)));
      if (!positions_.emplace(variable, i).second)
        throw GraphError(fmt::format("function: the input {} is given twice", called(variable)));
      if (result_.inputs[i].name.empty()) result_.inputs[i].name = name_of(variable);
    }
  }

  void check_names() const {
    std::unordered_set<std::string> seen;
    for (const Output& output : result_.outputs)
      if (!output.name.empty() && !seen.insert(output.name).second)
        throw GraphError(fmt::format("function: two outputs are called '{}'", output.name));
  }

  Expr replaced(const Expr& e) const { return givens_.empty() ? e : substitute(std::span(&e, 1), givens_)[0]; }

  void add_state_update(std::size_t i) {
    const In& in = result_.inputs[i];
    if (!in.update) return;
    if (!in.value)
      throw UpdateError(
          fmt::format("function: the input {} has an update but no value to start with", called(in.variable)));
    result_.state_updates.emplace_back(i, replaced(as_update_of(in.variable, in.update)));
  }

  void add_update(const Replacement& update) {
    if (!update.variable || !is_shared(update.variable))
      throw UpdateError(fmt::format("function: only shared variables are updated, and {} is none",
                                    update.variable ? described(update.variable) : "an empty expression"));
    if (!update.value.expr())
      throw UpdateError(fmt::format("function: the update of {} is an empty expression", called(update.variable)));
    if (!updated_.insert(update.variable).second)
      throw UpdateError(fmt::format("function: {} is updated twice", described(update.variable)));
    // The rule is about what is computed: a given may have another, equal type only.
    result_.updates.emplace_back(shared_variable(update.variable),
                                 replaced(as_update_of(update.variable, update.value)));
  }

  /// Everything that is computed so far.
  Exprs computed() const {
    Exprs all;
    for (const Output& output : result_.outputs) all.push_back(output.value);
    for (const auto& [variable, value] : result_.updates) all.push_back(value);
    for (const auto& [input, value] : result_.state_updates) all.push_back(value);
    return all;
  }

  /// Default updates may need other shared variables, which may have default updates.
  void add_default_updates() {
    std::unordered_set<Expr, ExprHash> seen;
    for (bool again = true; again;) {
      again = false;
      const Exprs all = computed();
      for (const Expr& variable : free_inputs(all)) {
        if (positions_.contains(variable) || !seen.insert(variable).second) continue;
        if (!is_shared(variable)) refuse_missing(variable, all);
        const SharedVariable shared = shared_variable(variable);
        result_.shared.push_back(shared);
        const Expr update = shared.default_update();
        if (!update || options_.no_default_updates.contains(shared) || !updated_.insert(shared).second) continue;
        result_.updates.emplace_back(shared, replaced(update));
        again = true;
      }
    }
  }

  [[noreturn]] static void refuse_missing(const Expr& variable, const Exprs& all) {
    std::string user = "is an output itself";
    const std::vector<const Node*> order = topological_order(all);
    const auto found = std::find_if(order.begin(), order.end(), [&](const Node* node) {
      return std::find(node->inputs().begin(), node->inputs().end(), variable) != node->inputs().end();
    });
    if (found != order.end())
      user = fmt::format("is needed by {} (made at {})", (*found)->op().name, place_of(**found));
    throw MissingInput(fmt::format("function: {} {}, but is not among the inputs", described(variable), user));
  }

  void check_unused() const {
    if (options_.on_unused_input == OnUnusedInput::ignore) return;
    const Exprs all = computed(), used = free_inputs(all);
    const std::unordered_set<Expr, ExprHash> needed(used.begin(), used.end());
    for (std::size_t i = 0; i < result_.inputs.size(); ++i) {
      if (needed.contains(result_.inputs[i].variable)) continue;
      const std::string message = fmt::format("function: input {}, {}, is not needed for any output or update", i,
                                              described(result_.inputs[i].variable));
      if (options_.on_unused_input == OnUnusedInput::raise)
        throw UnusedInput(message + "; leave it out, or pass on_unused_input");
      if (options_.warn)
        options_.warn(message);
      else
        std::fprintf(stderr, "warning: %s\n", message.c_str());
    }
  }

  const FunctionOptions& options_;
  const Substitution givens_;
  Definition result_;
  std::unordered_map<Expr, std::size_t, ExprHash> positions_;
  std::unordered_set<Expr, ExprHash> updated_;
};

}  // namespace

bool NoDefaultUpdates::contains(const Expr& variable) const {
  return all_ || std::find(variables_.begin(), variables_.end(), variable) != variables_.end();
}

Definition define(const Inputs& inputs, const Outputs& outputs, const FunctionOptions& options) {
  return Definer(inputs, outputs, options).run();
}

Graph graph_of(const Definition& definition) {
  Graph graph;
  for (const In& in : definition.inputs) graph.inputs.push_back(in.variable);
  for (const SharedVariable& shared : definition.shared) graph.inputs.push_back(shared);
  for (const Output& output : definition.outputs) graph.outputs.push_back(output.value);
  for (const auto& [variable, value] : definition.updates) graph.outputs.push_back(value);
  for (const auto& [input, value] : definition.state_updates) graph.outputs.push_back(value);
  return graph;
}

}  // namespace leapgraph::symbolic
