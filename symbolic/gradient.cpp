/// Reverse and forward mode over the graph, each one walk in topological order.
#include "leapgraph/symbolic/gradient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <unordered_set>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/custom_gradient.hpp"
#include "leapgraph/symbolic/ops/derivatives.hpp"
#include "leapgraph/symbolic/ops/masked_adjoints.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/rewrite/before_gradient.hpp"

namespace leapgraph::symbolic {

namespace {

using ExprSet = std::unordered_set<Expr, ExprHash>;

std::string shown(const Expr& e) {
  if (!e) return "nothing";
  const std::string name = name_of(e);
  return name.empty() ? fmt::format("{} of type {}", e.op().name, to_string(e.type()))
                      : fmt::format("'{}' of type {}", name, to_string(e.type()));
}

std::string made_at(const Node& node) {
  return fmt::format("made at {}:{}", node.place().file_name(), node.place().line());
}

void require_floating(std::span<const Expr> wrt, std::string_view what) {
  for (const Expr& e : wrt) {
    if (!e) throw GraphError(fmt::format("{}: a variable is an empty expression", what));
    if (!is_floating(e.dtype()))
      throw NotDifferentiable(
          fmt::format("{}: {} is not a floating variable; cast it and use the result", what, shown(e)));
  }
}

/// Which expressions carry derivatives from `wrt`: floating ones that depend on them, not by way of `held`.
class Carriers {
 public:
  Carriers(const std::vector<const Node*>& order, std::span<const Expr> wrt, const ExprSet& held)
      : targets_(wrt.begin(), wrt.end()), held_(held) {
    for (const Node* node : order)
      for (std::size_t i = 0; i < node->inputs().size(); ++i)
        if ((*this)(node->input(i)) && !is_cut_off(*node, i)) {
          nodes_.insert(node);
          break;
        }
  }
  bool operator()(const Expr& e) const {
    return is_floating(e.dtype()) && (targets_.contains(e) || (nodes_.contains(&e.node()) && !held_.contains(e)));
  }
  bool is_target(const Expr& e) const { return targets_.contains(e); }
  bool hands_on(const Node& node) const { return nodes_.contains(&node); }

 private:
  ExprSet targets_;
  const ExprSet& held_;
  std::unordered_set<const Node*> nodes_;
};

/// Names of ops from a user of `node` among `outputs` down to a variable that carries, for messages.
std::string way_through(const Node& node, std::span<const Expr> outputs, const Carriers& carries) {
  std::vector<std::string> names;
  std::unordered_map<const Node*, const Node*> user{{&node, nullptr}};
  const Node* top = &node;
  for (const Node* next : topological_order(outputs))
    for (const Expr& e : next->inputs())
      if (user.contains(&e.node()) && carries(e) && user.emplace(next, &e.node()).second) top = next;
  for (const Node* at = top; at != nullptr; at = user.at(at)) names.emplace_back(at->op().name);
  for (const Node* at = &node; at != nullptr;) {
    const auto below = std::find_if(at->inputs().begin(), at->inputs().end(), std::cref(carries));
    if (below == at->inputs().end()) break;
    const bool arrived = carries.is_target(*below);
    names.push_back(arrived && !name_of(*below).empty() ? "'" + name_of(*below) + "'" : std::string(below->op().name));
    at = arrived ? nullptr : &below->node();
  }
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names.size() > most && i == most / 2) {
      text += fmt::format(" <- ({} more)", names.size() - most);
      i = names.size() - most / 2;
    }
    text += (i == 0 ? "" : " <- ") + names[i];
  }
  return text;
}

[[noreturn]] void refuse(std::string_view what, const Node& node, std::span<const Expr> outputs,
                         const Carriers& carries) {
  throw NotDifferentiable(fmt::format("{}: the op '{}' has no gradient ({}); the way is {}", what, node.op().name,
                                      made_at(node), way_through(node, outputs, carries)));
}

/// What `rule`, a rule of the node's op, gives; where it refuses, the message says which way led here.
template <class Rule>
Exprs by_rule(std::string_view what, const Node& node, std::span<const Expr> outputs, const Carriers& carries,
              Rule&& rule) {
  try {
    return rule();
  } catch (const NotDifferentiable& error) {
    std::string message = error.what();
    // A forward rule that is derived from the reverse one: its way is that of variables which nobody knows.
    if (what == "jvp" && message.starts_with("grad: ")) message = message.substr(6, message.find("; the way is") - 6);
    const bool says_what = message.starts_with("grad: ") || message.starts_with("jvp: ");
    throw NotDifferentiable(fmt::format("{}{}{}; the way is {}", says_what ? "" : what, says_what ? "" : ": ", message,
                                        way_through(node, outputs, carries)));
  }
}

/// An adjoint that is `value` where `mask` holds and 0 elsewhere (no mask: everywhere). The choice is made after the
/// multiplications on the way and not before, since 0 times the infinite slope of a branch not taken is nan.
struct Adjoint {
  Expr value;
  Expr mask;
};

Expr chosen(const Adjoint& a) { return a.mask ? where(a.mask, a.value, 0.0) : a.value; }

Expr both(const Expr& a, const Expr& b) { return !a ? b : !b ? a : logical_and(a, b); }

/// The choice between something and 0 that an adjoint consists of; rules write it as `where`, two at most one in the
/// other.
Adjoint split_choice(const Expr& e) {
  if (&e.op() != &where_op) return {e, {}};
  const Exprs& inputs = e.node().inputs();
  if (literal_value(inputs[2]) == 0.0) return {inputs[1], inputs[0]};
  if (literal_value(inputs[1]) == 0.0) return {inputs[2], logical_not(inputs[0])};
  if (&inputs[2].op() == &where_op && literal_value(inputs[2].node().input(2)) == 0.0) {
    const Exprs& others = inputs[2].node().inputs();
    return {where(inputs[0], inputs[1], others[1]), logical_or(inputs[0], others[0])};
  }
  return {e, {}};
}

/// Whether the op moves or adds elements and nothing else, so that its gradient rule tells of each element of an input
/// whether a mask of the output chooses it.
bool moves_elements(const Op& op) {
  if (const auto* reduction = lowering_as<Reduction>(op)) return reduction->combine == Combine::sum;
  return lowering_as<View>(op) != nullptr || lowering_as<Gather>(op) != nullptr || &op == &sum_like_op ||
         &op == &broadcast_like_op || &op == &reshape_like_op;
}

/// Others that do: most are adjoints of the former, met in second derivatives.
bool places_elements(const Op& op) {
  return lowering_as<Scatter>(op) != nullptr || &op == &slice_like_op || &op == &pad_like_op ||
         &op == &scatter_like_op || &op == &diag_like_op;
}

/// Whether an element of an input of such an op may be several elements of the output, whose adjoints are then added.
bool repeats_elements(const Op& op) {
  return lowering_as<Gather>(op) != nullptr || &op == &broadcast_to_op || &op == &broadcast_like_op;
}

/// Whether the slope of the op is infinite somewhere: its record names the numbers where its derivatives are tested.
bool may_be_steep(const Op& op) {
  constexpr Domain everywhere{};
  return lowering_as<Elementwise>(op) != nullptr &&
         (!op.domains.empty() || op.domain.low != everywhere.low || op.domain.high != everywhere.high);
}

/// Whether an element of the first input of the node may be none of the output: not read, or written over.
bool drops_elements(const Node& node) {
  const Shape &from = node.input(0).shape(), &to = node.types()[0].shape;
  if (const auto* scatter = lowering_as<Scatter>(node.op())) return scatter->kind == ScatterKind::set_rows;
  if (lowering_as<Gather>(node.op()) != nullptr) {
    const auto rows = constant_value(node.input(1));
    if (!rows || from[0] == unknown) return true;
    std::unordered_set<std::int64_t> read;
    for (std::int64_t i = 0; i < rows->size(); ++i) read.insert(rows->integer(i));
    return static_cast<std::int64_t>(read.size()) < from[0];
  }
  if (&node.op() == &at_op || &node.op() == &slice_op || &node.op() == &diagonal_op)
    return !is_known(from) || !is_known(to) || element_count(to) < element_count(from);
  return false;
}

/// What an input of an elementwise op gets: the adjoint of one element, summed over the axes along which the input was
/// broadcast. A summed adjoint is masked where no element was chosen.
Adjoint undo_broadcast(const Adjoint& adjoint, const Expr& output, const Expr& input) {
  const Expr value = broadcast_like(adjoint.value, output);
  const Expr summed = sum_like(value, input);
  if (!adjoint.mask || adjoint.mask.rank() == 0 || summed == value) return {summed, adjoint.mask};
  const Expr weights = broadcast_like(cast(adjoint.mask, DType::float64), output);
  const Expr shape = is_complex(input.dtype()) ? real(input) : input;
  return {sum_like(where(adjoint.mask, value, 0.0), input), sum_like(weights, shape) > 0.0};
}

bool is_known_to_be_finite(const Expr& e) {
  const auto value = constant_value(e);
  for (std::int64_t i = 0; value && i < value->size(); ++i)
    if (!std::isfinite(value->real(i))) return false;
  return value.has_value();
}

/// The operands of a contraction with 0 in what only elements of the output read that `mask` leaves out: in
/// where(observed, dot(x, b), 0) the rows of x that were not observed may hold anything.
Exprs masked_operands(const Node& node, const Expr& mask, const std::vector<bool>& wanted) {
  const ContractionLabels labels = lowering_as<Contraction>(node.op())->labels(node);
  const Expr whole = broadcast_like(mask, outputs_of(node)[0]);
  Exprs operands = node.inputs();
  for (std::size_t i = 0; i < 2; ++i) {
    const std::vector<std::int64_t>& own = i == 0 ? labels.first : labels.second;
    if (!wanted[1 - i] || is_known_to_be_finite(operands[i])) continue;
    // The mask over the labels of the operand: any along those it lacks, in its order, 1 along those it sums over.
    Axes lacking;
    std::vector<std::int64_t> left;
    for (std::size_t axis = 0; axis < labels.output.size(); ++axis)
      if (std::find(own.begin(), own.end(), labels.output[axis]) == own.end())
        lacking.push_back(static_cast<std::int64_t>(axis));
      else
        left.push_back(labels.output[axis]);
    if (left.empty()) continue;
    Expr reads = lacking.empty() ? whole : any(whole, lacking);
    Axes order;
    for (std::int64_t label : own)
      if (const auto at = std::find(left.begin(), left.end(), label); at != left.end())
        order.push_back(at - left.begin());
    reads = transpose(reads, order);
    for (std::size_t axis = 0; axis < own.size(); ++axis)
      if (std::find(left.begin(), left.end(), own[axis]) == left.end())
        reads = expand_dims(reads, static_cast<std::int64_t>(axis));
    operands[i] = where(reads, operands[i], 0.0);
  }
  return operands;
}

/// Whether a slope in the body, or in a body in it, may be infinite.
bool is_steep(const Graph& body) {
  for (const Node* node : topological_order(body.outputs)) {
    if (may_be_steep(node->op())) return true;
    for (const auto& [name, value] : node->attributes().entries())
      if (const Body* inner = std::get_if<Body>(&value); inner != nullptr && is_steep(**inner)) return true;
  }
  return false;
}

/// A node with bodies, the outputs of which are 0 where their masks do not hold: the choice is made in the body, whose
/// derivative then knows of it. The masks are inputs number `first` and after.
struct MaskedBodies {
  std::shared_ptr<const Node> node;
  std::size_t first;
  std::size_t count;
};

/// Absent where masks change nothing or the node has no bodies. Masks of final carries of loops are left out.
std::optional<MaskedBodies> with_masks_in_bodies(const Node& node, const Exprs& masks) {
  const bool loop = lowering_as<Loop>(node.op()) != nullptr, branch = lowering_as<Branch>(node.op()) != nullptr;
  if (!loop && !branch && lowering_as<Call>(node.op()) == nullptr) return std::nullopt;
  if (loop && node.attributes().has("until") && node.get<bool>("until")) return std::nullopt;
  const auto count_of = [&node](std::string_view name) {
    return static_cast<std::size_t>(node.get<std::int64_t>(name));
  };
  const std::size_t carries = loop ? count_of("carries") : 0;
  const std::size_t place = loop ? carries + count_of("sequences") : node.inputs().size() - (branch ? 1 : 0);
  Exprs given;
  std::vector<std::size_t> numbers;
  for (std::size_t k = carries; k < masks.size(); ++k)
    if (masks[k]) {
      given.push_back(broadcast_like(masks[k], outputs_of(node)[k]));
      numbers.push_back(k);
    }
  bool steep = false;
  Attributes attributes = node.attributes();
  for (const auto& [name, value] : node.attributes().entries()) {
    const Body* body = std::get_if<Body>(&value);
    if (body == nullptr) continue;
    steep = steep || is_steep(**body);
    Exprs variables, choices;
    for (const Expr& e : (*body)->inputs) variables.push_back(input(e.type(), "argument"));
    Exprs outputs = symbolic::apply(**body, variables);
    for (std::size_t k : numbers) {
      choices.push_back(input({DType::boolean, outputs[k].shape()}, "chosen"));
      outputs[k] = where(choices.back(), outputs[k], 0.0);
    }
    variables.insert(variables.begin() + static_cast<std::ptrdiff_t>(place), choices.begin(), choices.end());
    attributes = attributes.with(name, close_over(outputs, variables));
  }
  if (!steep || given.empty()) return std::nullopt;
  if (loop) attributes = attributes.with("sequences", static_cast<std::int64_t>(place - carries + given.size()));
  Exprs inputs = node.inputs();
  const std::size_t first = place + (loop || branch ? 1 : 0);
  inputs.insert(inputs.begin() + static_cast<std::ptrdiff_t>(first), given.begin(), given.end());
  return MaskedBodies{make_node(node.op(), std::move(inputs), std::move(attributes), node.place()), first,
                      given.size()};
}

bool is_final_carry(const Node& node, std::size_t output) {
  return lowering_as<Loop>(node.op()) != nullptr &&
         static_cast<std::int64_t>(output) < node.get<std::int64_t>("carries");
}

/// One run of reverse mode.
class Reverse {
 public:
  Reverse(std::span<const Expr> outputs, std::span<const Expr> wrt, const ExprSet& held,
          std::span<const std::pair<Expr, Expr>> known)
      : outputs_(outputs), order_(topological_order(outputs)), held_(held), carries_(order_, wrt, held) {
    for (const auto& [e, adjoint] : known) fixed_.insert(e);
    for (const Node* node : order_) {
      const bool elementwise = lowering_as<Elementwise>(node->op()) != nullptr;
      // Other ops get adjoints without a mask, so that nothing below them is of interest.
      if (!carries_.hands_on(*node) || !(elementwise || moves_elements(node->op()) || places_elements(node->op())))
        continue;
      if (may_be_steep(node->op()) || std::any_of(node->inputs().begin(), node->inputs().end(), [&](const Expr& e) {
            return steep_.contains(&e.node()) && carries_(e);
          }))
        steep_.insert(node);
    }
  }

  /// Whether a mask could make a difference.
  bool has_steep_slopes() const { return !steep_.empty(); }

  /// Starts from an adjoint, whatever else reaches the expression.
  void seed(const Expr& e, const Adjoint& adjoint) {
    const Adjoint fitting{cast(broadcast_like(adjoint.value, e), e.dtype()), adjoint.mask};
    if (fixed_.contains(e))
      sums_.insert_or_assign(e, fitting);
    else
      accumulate(e, fitting);
  }

  /// The adjoints of `wrt`; absent where nothing arrived.
  Exprs run(std::span<const Expr> wrt) {
    for (auto node = order_.rbegin(); node != order_.rend(); ++node) pull_back(**node);
    Exprs result;
    for (const Expr& e : wrt) {
      const auto found = sums_.find(e);
      result.push_back(found == sums_.end() ? Expr() : chosen(found->second));
    }
    return result;
  }

 private:
  void accumulate(const Expr& target, const Adjoint& adjoint) {
    const auto [it, is_new] = sums_.emplace(target, adjoint);
    if (is_new) return;
    Adjoint& sum = it->second;
    if (sum.mask == adjoint.mask)
      sum.value = sum.value + adjoint.value;
    else
      sum = {chosen(sum) + chosen(adjoint), sum.mask && adjoint.mask ? logical_or(sum.mask, adjoint.mask) : Expr()};
  }

  void pull_back(const Node& node) {
    if (!carries_.hands_on(node)) return;
    const MadeAt place(node.place());
    Application a{node, node.inputs(), outputs_of(node), {}, {}, {}, {}};
    // A mask passes through elementwise ops and movements, and through others when it is one for all elements.
    const bool elementwise = lowering_as<Elementwise>(node.op()) != nullptr;
    const bool moves =
        !elementwise &&
        (moves_elements(node.op()) ||
         (places_elements(node.op()) &&
          std::any_of(a.inputs.begin(), a.inputs.end(), [&](const Expr& e) { return steep_.contains(&e.node()); })));
    const bool contracts = lowering_as<Contraction>(node.op()) != nullptr;
    Expr mask;
    bool reached = false;
    Exprs operands;
    Exprs body_masks, values;  // of all outputs, where one is masked
    for (const Expr& e : node.inputs()) a.wanted.push_back(carries_(e));
    for (const Expr& output : a.outputs) {
      const auto found = sums_.find(output);
      if (found == sums_.end() || held_.contains(output)) {
        a.adjoints.emplace_back();
        continue;
      }
      reached = true;
      const Adjoint& adjoint = found->second;
      if (adjoint.mask && a.outputs.size() == 1 && (elementwise || moves || adjoint.mask.rank() == 0)) {
        mask = adjoint.mask;
        // Where elements are added up, those that were not chosen must not be among them.
        a.adjoints.push_back(moves && mask.rank() > 0 && repeats_elements(node.op()) ? chosen(adjoint) : adjoint.value);
      } else {
        if (adjoint.mask && contracts) operands = masked_operands(node, adjoint.mask, a.wanted);
        if (adjoint.mask && !contracts) {
          body_masks.resize(a.outputs.size());
          values.resize(a.outputs.size());
          body_masks[a.adjoints.size()] = adjoint.mask;
          values[a.adjoints.size()] = adjoint.value;
        }
        a.adjoints.push_back(chosen(adjoint));
      }
      if (!carries_.is_target(output)) sums_.erase(found);
    }
    if (!reached) return;
    if (node.op().gradient == nullptr) refuse("grad", node, outputs_, carries_);
    a.adjoint = a.adjoints[0];
    a.output = a.outputs[0];
    const Exprs contributions = by_rule("grad", node, outputs_, carries_, [&] {
      if (!body_masks.empty()) return through_bodies(a, body_masks, values);
      if (operands.empty()) return node.op().gradient(a);
      return node.op().gradient({node, operands, a.outputs, a.adjoints, a.adjoint, a.output, a.wanted});
    });
    if (contributions.size() != node.inputs().size())
      throw InternalError(fmt::format("the gradient of '{}' gives {} adjoints for {} inputs", node.op().name,
                                      contributions.size(), node.inputs().size()));
    const Exprs weights = weights_of(a, mask, moves);
    for (std::size_t i = 0; i < contributions.size(); ++i) {
      const Expr& target = node.input(i);
      if (!contributions[i] || !a.wanted[i] || fixed_.contains(target)) continue;
      Adjoint adjoint = split_choice(contributions[i]);
      adjoint.value = cast(adjoint.value, target.dtype());
      if (elementwise) {
        adjoint.mask = both(mask, adjoint.mask);
        adjoint = undo_broadcast(adjoint, a.output, target);
      } else {
        if (!weights.empty() && weights[i])
          adjoint.mask = both((is_complex(weights[i].dtype()) ? real(weights[i]) : weights[i]) > 0.0, adjoint.mask);
        if (mask && mask.rank() == 0) adjoint.mask = both(mask, adjoint.mask);
      }
      accumulate(target, adjoint);
    }
  }

  /// The adjoints of the inputs, by `values` where `masks` hold in the place of the chosen adjoints of `a`, if the node
  /// has bodies that can be told.
  static Exprs through_bodies(const Application& a, const Exprs& masks, const Exprs& values) {
    const auto masked = with_masks_in_bodies(a.node, masks);
    if (!masked) return a.node.op().gradient(a);
    const Node& node = *masked->node;
    Application inside{node, node.inputs(), outputs_of(node), a.adjoints, {}, {}, a.wanted};
    for (std::size_t k = 0; k < masks.size(); ++k)
      if (masks[k] && !is_final_carry(node, k)) inside.adjoints[k] = values[k];
    inside.wanted.insert(inside.wanted.begin() + static_cast<std::ptrdiff_t>(masked->first), masked->count, false);
    inside.adjoint = inside.adjoints[0];
    inside.output = inside.outputs[0];
    Exprs found = node.op().gradient(inside);
    const auto first = found.begin() + static_cast<std::ptrdiff_t>(masked->first);
    found.erase(first, first + static_cast<std::ptrdiff_t>(masked->count));
    return found;
  }

  /// For ops that move elements: of each element of the inputs, how many of the output it became that `mask` chooses.
  /// Empty where that is no news.
  Exprs weights_of(const Application& a, const Expr& mask, bool moves) const {
    const bool masked = mask && moves && mask.rank() > 0;
    const bool drops = a.outputs.size() == 1 && !a.inputs.empty() && a.wanted[0] &&
                       steep_.contains(&a.inputs[0].node()) && drops_elements(a.node);
    if (!masked && !drops) return {};
    Application elements = a;
    elements.adjoint = masked ? broadcast_like(cast(mask, a.output.dtype()), a.output) : ones_like(a.output);
    elements.adjoints = {elements.adjoint};
    Exprs weights = a.node.op().gradient(elements);
    if (!masked) std::fill(weights.begin() + 1, weights.end(), Expr());  // what is put in its place is all read
    return weights;
  }

  std::span<const Expr> outputs_;
  std::vector<const Node*> order_;
  const ExprSet& held_;
  Carriers carries_;
  ExprSet fixed_;                                     // adjoints given by the caller
  std::unordered_set<const Node*> steep_;             // nodes whose slope along `wrt` may be infinite
  std::unordered_map<Expr, Adjoint, ExprHash> sums_;  // expression -> adjoint so far
};

void require_as_many(std::size_t got, std::size_t wanted, std::string_view what, std::string_view things) {
  if (got != wanted) throw GraphError(fmt::format("{}: got {} for {} {}", what, got, wanted, things));
}

/// Throws ShapeError where `given` cannot be broadcast to the type of `like`.
void require_broadcast(const Expr& given, const Expr& like, std::string_view what, std::size_t number) {
  bool fits = given.rank() <= like.rank();
  const auto shift = static_cast<std::size_t>(std::max<std::int64_t>(0, like.rank() - given.rank()));
  for (std::size_t axis = 0; fits && axis < given.shape().size(); ++axis) {
    const std::int64_t from = given.shape()[axis], to = like.shape()[shift + axis];
    fits = from == 1 || from == unknown || to == unknown || from == to;
  }
  if (!fits)
    throw ShapeError(
        fmt::format("{} {} is {} and must fit {}", what, number, to_string(given.type()), to_string(like.type())));
}

}  // namespace

Exprs vjp(std::span<const Expr> written, std::span<const Expr> wrt, std::span<const Expr> adjoints) {
  require_floating(wrt, "grad");
  const Exprs outputs = stable_for_gradient(written, wrt);
  require_as_many(adjoints.size(), outputs.size(), "vjp: adjoints", "outputs");
  const ExprSet none;
  Reverse reverse(outputs, wrt, none, {});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] && adjoints[i]) {
      require_broadcast(adjoints[i], outputs[i], "vjp: adjoint", i);
      reverse.seed(outputs[i], {adjoints[i], {}});
    }
  return reverse.run(wrt);
}

Exprs masked_vjp(std::span<const Expr> written, std::span<const Expr> wrt, std::span<const Expr> adjoints,
                 std::span<const Expr> masks) {
  const Exprs outputs = stable_for_gradient(written, wrt);
  require_floating(wrt, "grad");
  const ExprSet none;
  Reverse reverse(outputs, wrt, none, {});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    reverse.seed(outputs[i], {adjoints[i], reverse.has_steep_slopes() ? masks[i] : Expr()});
  return reverse.run(wrt);
}

Expr vjp(const Expr& output, const Expr& wrt, const Expr& adjoint) {
  const Expr found = vjp(std::span(&output, 1), std::span(&wrt, 1), std::span(&adjoint, 1))[0];
  return as_derivatives({found ? found : zeros_like(wrt)}, std::span(&wrt, 1))[0];
}

namespace {

/// Of each of `wrt`, whether `outputs` depend on it at all, through numbers of any kind, not by way of `held`.
std::vector<bool> connected(std::span<const Expr> outputs, std::span<const Expr> wrt, const ExprSet& held) {
  // What is reached from the outputs: one walk against the direction of the edges.
  ExprSet reached;
  Exprs stack;
  const auto reach = [&](const Expr& e) {
    if (e && reached.insert(e).second) stack.push_back(e);
  };
  for (const Expr& e : outputs) reach(e);
  std::unordered_set<const Node*> entered;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (held.contains(e) || !entered.insert(&e.node()).second) continue;
    for (std::size_t i = 0; i < e.node().inputs().size(); ++i)
      if (!is_cut_off(e.node(), i)) reach(e.node().input(i));
  }
  std::vector<bool> result;
  for (const Expr& e : wrt) result.push_back(reached.contains(e));
  return result;
}

void require_cost(const Expr& cost) {
  if (!cost) throw GraphError("grad: the cost must be a floating scalar, got nothing");
  if (is_complex(cost.dtype()))
    throw NotDifferentiable(fmt::format("grad: the cost must be real, got {}; take real(cost), imag(cost) or abs(cost)",
                                        to_string(cost.type())));
  if (!is_floating(cost.dtype()))
    throw NotDifferentiable(fmt::format("grad: the cost must be a floating scalar, got {} ({})", to_string(cost.type()),
                                        made_at(cost.node())));
  if (cost.rank() != 0)
    throw ShapeError(
        fmt::format("grad: the cost must be a floating scalar, got {} ({}); take its sum or mean, or ask for the "
                    "jacobian",
                    to_string(cost.type()), made_at(cost.node())));
}

}  // namespace

Exprs grad(const Expr& cost, std::span<const Expr> wrt, const GradOptions& options) {
  if (cost || options.known_grads.empty()) require_cost(cost);
  require_floating(wrt, "grad");
  const ExprSet held(options.consider_constant.begin(), options.consider_constant.end());
  Exprs outputs;
  if (cost) outputs.push_back(cost);
  for (const auto& [e, adjoint] : options.known_grads) {
    if (!e || !adjoint) throw GraphError("grad: a known gradient is an empty expression");
    if (!is_floating(e.dtype()))
      throw NotDifferentiable(fmt::format("grad: {} has no gradient that could be known", shown(e)));
    require_broadcast(adjoint, e, "grad: known gradient", outputs.size() - (cost ? 1 : 0));
    outputs.push_back(e);
  }
  Exprs kept(wrt.begin(), wrt.end());
  kept.insert(kept.end(), held.begin(), held.end());
  for (const auto& [e, adjoint] : options.known_grads) kept.push_back(e);
  const Exprs stable = stable_for_gradient(outputs, kept);
  Reverse reverse(stable, wrt, held, options.known_grads);
  if (cost) reverse.seed(stable[0], {constant(1.0, cost.dtype()), {}});
  for (const auto& [e, adjoint] : options.known_grads) reverse.seed(e, {adjoint, {}});
  Exprs result = reverse.run(wrt);
  if (std::all_of(result.begin(), result.end(), [](const Expr& e) { return static_cast<bool>(e); }))
    return as_derivatives(std::move(result), wrt);
  const std::vector<bool> is_connected = connected(outputs, wrt, held);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] || (!is_connected[i] && options.disconnected == Disconnected::absent)) continue;
    if (!is_connected[i] && options.disconnected == Disconnected::error) {
      const bool without = connected(outputs, wrt, {})[i];
      throw DisconnectedInput(
          fmt::format("grad: the cost{} does not depend on {} ({}){}",
                      cost ? fmt::format(" ({})", made_at(cost.node())) : "", shown(wrt[i]), made_at(wrt[i].node()),
                      without ? ": every way to it leads through something that is held constant" : ""));
    }
    const MadeAt here(wrt[i].node().place());
    result[i] = zeros_like(wrt[i]);
  }
  return as_derivatives(std::move(result), wrt);
}

Exprs grad(const Expr& cost, std::span<const Expr> wrt, Disconnected disconnected) {
  return grad(cost, wrt, GradOptions{.disconnected = disconnected});
}

Exprs grad(const Expr& cost, std::initializer_list<Expr> wrt, const GradOptions& options) {
  return grad(cost, std::span(wrt.begin(), wrt.size()), options);
}

Expr grad(const Expr& cost, const Expr& wrt, const GradOptions& options) {
  return grad(cost, std::span(&wrt, 1), options)[0];
}

Expr grad(const Expr& cost, const Expr& wrt, Disconnected disconnected) {
  return grad(cost, std::span(&wrt, 1), disconnected)[0];
}

SubgraphGrad subgraph_grad(std::span<const Expr> wrt, std::span<const Expr> end,
                           const std::vector<std::pair<Expr, Expr>>& start, const Expr& cost) {
  Exprs all(wrt.begin(), wrt.end());
  all.insert(all.end(), end.begin(), end.end());
  const Exprs found = grad(cost, all, GradOptions{{end.begin(), end.end()}, start, Disconnected::zero});
  const auto middle = found.begin() + static_cast<std::ptrdiff_t>(wrt.size());
  return {{found.begin(), middle}, {middle, found.end()}};
}

namespace {

/// Forward rule from the reverse one: vjp is linear in its adjoint, and the transpose of that map is the forward
/// derivative. The node is applied to fresh variables first, since its inputs may depend on one another.
Exprs tangent_from_gradient(const Node& node, std::span<const Expr> tangents) {
  Exprs fresh;
  Exprs moving;
  Exprs directions;
  Substitution back;
  for (std::size_t i = 0; i < tangents.size(); ++i) {
    fresh.push_back(input(node.input(i).type(), "x"));
    back.emplace(fresh.back(), node.input(i));
    if (tangents[i]) {
      moving.push_back(fresh.back());
      // A variable here too: the tangent may be a long way from its beginning, which nobody needs to walk.
      directions.push_back(input(tangents[i].type(), "direction"));
      back.emplace(directions.back(), tangents[i]);
    }
  }
  const auto local = make_node(node.op(), fresh, node.attributes(), node.place());
  Exprs result;
  for (const Expr& output : outputs_of(*local)) {
    result.emplace_back();
    if (!is_floating(output.dtype())) continue;
    const Expr adjoint = input(output.type(), "adjoint");
    // The forward rule is free of the adjoint's value; its shape, which is the output's, may be left in it.
    back.insert_or_assign(adjoint, outputs_of(node)[static_cast<std::size_t>(output.output())]);
    const Exprs transposed = vjp(std::span(&output, 1), moving, std::span(&adjoint, 1));
    const Expr forward = vjp(transposed, std::span(&adjoint, 1), directions)[0];
    if (forward) result.back() = substitute(std::span(&forward, 1), back)[0];
  }
  return result;
}

}  // namespace

Exprs jvp(std::span<const Expr> written, std::span<const Expr> wrt, std::span<const Expr> tangents) {
  require_floating(wrt, "jvp");
  const Exprs outputs = stable_for_gradient(written, wrt);
  require_as_many(tangents.size(), wrt.size(), "jvp: tangents", "variables");
  const std::vector<const Node*> order = topological_order(outputs);
  const ExprSet none;
  const Carriers carries(order, wrt, none);
  Substitution moving;
  const auto move = [&moving](const Expr& e, const Expr& tangent) {
    const auto [it, is_new] = moving.emplace(e, tangent);
    if (!is_new) it->second = it->second + tangent;
  };
  for (std::size_t i = 0; i < wrt.size(); ++i)
    if (tangents[i]) {
      require_broadcast(tangents[i], wrt[i], "jvp: tangent", i);
      move(wrt[i], cast(broadcast_like(tangents[i], wrt[i]), wrt[i].dtype()));
    }
  for (const Node* node : order) {
    if (!carries.hands_on(*node)) continue;
    Exprs inward;
    bool any = false;
    for (std::size_t i = 0; i < node->inputs().size(); ++i) {
      const auto found = carries(node->input(i)) ? moving.find(node->input(i)) : moving.end();
      inward.push_back(found == moving.end() ? Expr() : found->second);
      any = any || found != moving.end();
    }
    if (!any) continue;
    if (node->op().tangent == nullptr && node->op().gradient == nullptr) refuse("jvp", *node, outputs, carries);
    const MadeAt place(node->place());
    const Exprs outward = by_rule("jvp", *node, outputs, carries, [&] {
      return node->op().tangent != nullptr ? node->op().tangent(*node, inward) : tangent_from_gradient(*node, inward);
    });
    const Exprs node_outputs = outputs_of(*node);
    for (std::size_t i = 0; i < outward.size(); ++i)
      if (outward[i]) move(node_outputs[i], outward[i]);
  }
  Exprs result;
  for (const Expr& e : outputs) {
    const auto found = e ? moving.find(e) : moving.end();
    result.push_back(found == moving.end() ? Expr() : found->second);
  }
  return result;
}

Expr jvp(const Expr& output, const Expr& wrt, const Expr& tangent) {
  const Expr found = jvp(std::span(&output, 1), std::span(&wrt, 1), std::span(&tangent, 1))[0];
  return as_derivatives({found ? found : zeros_like(output)}, std::span(&wrt, 1))[0];
}

}  // namespace leapgraph::symbolic
