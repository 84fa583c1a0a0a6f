/// Expressions whose derivatives follow a rule of their user's, and the small ones that everybody wants.
///
/// The node has the attributes "body" (the value, a function of the inputs), "reverse" (from inputs, outputs and
/// adjoints of the floating outputs to adjoints), "given" (numbers of the inputs that these are for), "forward" (from
/// inputs, outputs and tangents of the floating inputs to tangents of the floating outputs); "undefined" has the reason
/// where there is no derivative. Either rule may be missing. When shapes are known the node becomes its body.
#include "leapgraph/symbolic/ops/custom_gradient.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/bodies.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"
#include "leapgraph/symbolic/rewrite/specialize.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

using Numbers = std::vector<std::int64_t>;

Exprs joined(std::initializer_list<std::span<const Expr>> parts) {
  Exprs all;
  for (const std::span<const Expr> part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// Numbers of the floating ones: those that have derivatives.
std::vector<std::size_t> floating_ones(std::span<const Expr> exprs) {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < exprs.size(); ++i)
    if (is_floating(exprs[i].dtype())) result.push_back(i);
  return result;
}

Exprs floating_of(std::span<const Expr> exprs) {
  Exprs result;
  for (std::size_t i : floating_ones(exprs)) result.push_back(exprs[i]);
  return result;
}

/// The derivatives of the floating ones, zeros where there is none.
Exprs or_zeros(std::span<const Expr> derivatives, std::span<const Expr> of) {
  Exprs result;
  for (std::size_t i : floating_ones(of))
    result.push_back(derivatives[i] ? broadcast_like(derivatives[i], of[i]) : zeros_like(of[i]));
  return result;
}

Exprs spread(const Exprs& some, const std::vector<std::size_t>& places, std::size_t count) {
  Exprs result(count);
  for (std::size_t k = 0; k < places.size(); ++k) result[places[k]] = some[k];
  return result;
}

Exprs fresh(std::span<const Expr> like, std::string_view name) {
  Exprs result;
  for (const Expr& e : like) result.push_back(input(e.type(), std::string(name)));
  return result;
}

[[noreturn]] void refuse(const Node& node) {
  const std::string& reason = node.get<std::string>("undefined");
  throw NotDifferentiable(fmt::format("grad: the derivative is undefined here{} (made at {}:{})",
                                      reason.empty() ? "" : ": " + reason, node.place().file_name(),
                                      node.place().line()));
}

/// The adjoints by the reverse rule; by the transpose of the forward one where that is the only one.
Exprs reverse(const Node& node, const Exprs& inputs, const Exprs& outputs, const Exprs& adjoints) {
  const Exprs seeds = or_zeros(adjoints, outputs);
  if (node.attributes().has("reverse")) {
    const Exprs found = symbolic::apply(*node.get<Body>("reverse"), joined({inputs, outputs, seeds}));
    Exprs result(inputs.size());
    const Numbers& given = node.get<Numbers>("given");
    for (std::size_t k = 0; k < given.size(); ++k) result[static_cast<std::size_t>(given[k])] = found[k];
    return result;
  }
  // The forward rule is linear in the tangents: its transpose does not depend on where they are.
  const Exprs moving = floating_of(inputs), tangents = fresh(moving, "tangent");
  const Exprs moved = symbolic::apply(*node.get<Body>("forward"), joined({inputs, outputs, tangents}));
  Exprs found = vjp(moved, tangents, seeds);
  Substitution anywhere;
  for (std::size_t k = 0; k < tangents.size(); ++k) anywhere.emplace(tangents[k], zeros_like(moving[k]));
  found = substitute(found, anywhere);
  return spread(found, floating_ones(inputs), inputs.size());
}

Exprs gradient(const Application& a) {
  if (a.node.attributes().has("undefined")) refuse(a.node);
  return reverse(a.node, a.inputs, a.outputs, a.adjoints);
}

Exprs tangent(const Node& node, std::span<const Expr> tangents) {
  if (node.attributes().has("undefined")) refuse(node);
  const Exprs &inputs = node.inputs(), outputs = outputs_of(node);
  const std::vector<std::size_t> places = floating_ones(outputs);
  if (node.attributes().has("forward")) {
    const Exprs directions = or_zeros(tangents, inputs);
    return spread(symbolic::apply(*node.get<Body>("forward"), joined({inputs, outputs, directions})), places,
                  outputs.size());
  }
  const Exprs still = floating_of(outputs), seeds = fresh(still, "adjoint");
  const Exprs pulled = reverse(node, inputs, outputs, spread(seeds, places, outputs.size()));
  Exprs reached, directions;
  for (std::size_t i = 0; i < pulled.size(); ++i)
    if (pulled[i] && tangents[i]) {
      reached.push_back(pulled[i]);
      directions.push_back(tangents[i]);
    }
  Exprs moved = vjp(reached, seeds, directions);
  Substitution anywhere;
  for (std::size_t k = 0; k < seeds.size(); ++k) anywhere.emplace(seeds[k], zeros_like(still[k]));
  return spread(substitute(moved, anywhere), places, outputs.size());
}

bool varies(const Expr& e, const Expr& item) { return e.rank() != item.rank(); }

/// f, a function of things like `items`, for `batches` of them: those of the item's rank are the same for all.
Exprs over_batch(const std::function<Exprs(const Exprs&)>& f, const Exprs& items, const Exprs& batches,
                 std::int64_t axes) {
  Exprs arguments = fresh(items, "item"), variables, values;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (varies(batches[i], items[i])) {
      variables.push_back(arguments[i]);
      values.push_back(batches[i]);
    } else {
      arguments[i] = batches[i];
    }
  const Exprs found = f(arguments);
  Exprs present, result(found.size());
  for (const Expr& e : found)
    if (e) present.push_back(e);
  const Exprs made = vectorize(present, variables, values, axes);
  for (std::size_t i = 0, next = 0; i < found.size(); ++i)
    if (found[i]) result[i] = made[next++];
  return result;
}

/// The body and its rules for a batch. An input that is the same for all has the sum of its adjoints.
std::vector<Batched> batched(const Batch& batch) {
  const Node& node = batch.node;
  const Exprs &items = node.inputs(), item_outputs = outputs_of(node);
  Exprs inputs;
  for (const Batched& input : batch.inputs) inputs.push_back(input.value);
  Exprs values = over_batch([&](const Exprs& x) { return symbolic::apply(*node.get<Body>("body"), x); }, items, inputs,
                            batch.axes);
  // All outputs have all of the batch: the adjoint of one that was the same for several items would count for each.
  const Expr everything = batch_like(batch);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = stretched_batch(with_batch_axes({values[i], varies(values[i], item_outputs[i])}, batch.axes),
                                everything, batch.axes);
  // Rules get inputs, outputs, derivatives: the latter of all outputs or inputs, floating or not.
  const auto part = [&](const Exprs& all, std::size_t from, std::size_t count) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(from);
    return Exprs(first, first + static_cast<std::ptrdiff_t>(count));
  };
  const std::size_t in = items.size(), out = item_outputs.size();
  GradientRule rule;
  if (node.attributes().has("reverse"))
    rule.reverse = [&](const Exprs& x, const Exprs& y, const Exprs& adjoints) {
      Exprs found = over_batch(
          [&](const Exprs& all) {
            return reverse(node, part(all, 0, in), part(all, in, out), part(all, in + out, out));
          },
          joined({items, item_outputs, item_outputs}), joined({x, y, adjoints}), batch.axes);
      for (std::size_t i = 0; i < in; ++i)
        if (found[i])
          found[i] =
              sum_like(varies(found[i], items[i]) ? found[i] : expand_axes(found[i], leading_axes(batch.axes)), x[i]);
      return found;
    };
  if (node.attributes().has("forward"))
    rule.forward = [&](const Exprs& x, const Exprs& y, const Exprs& tangents) {
      Exprs found = over_batch(
          [&](const Exprs& all) {
            const Exprs moving = part(all, in + out, in);
            const Exprs moved =
                symbolic::apply(*node.get<Body>("forward"), joined({part(all, 0, in + out), floating_of(moving)}));
            return spread(moved, floating_ones(item_outputs), out);
          },
          joined({items, item_outputs, items}), joined({x, y, tangents}), batch.axes);
      for (std::size_t i = 0; i < out; ++i)
        if (found[i])
          found[i] = broadcast_like(
              varies(found[i], item_outputs[i]) ? found[i] : expand_axes(found[i], leading_axes(batch.axes)), y[i]);
      return found;
    };
  Exprs outputs;
  if (node.attributes().has("undefined"))
    outputs = outputs_of(*make_node(
        with_gradient_op, inputs,
        Attributes{{"body", close_over(values, inputs)}}.with("undefined", node.get<std::string>("undefined")),
        node.place()));
  else
    outputs = with_gradient(values, inputs, rule, node.place());
  std::vector<Batched> result;
  for (const Expr& e : outputs) result.push_back({e});
  return result;
}

/// The same function of inputs whose shapes are known better by now.
Graph specialized_body(const Node& node) {
  std::vector<Shape> shapes;
  Graph body{fresh(node.inputs(), "argument"), {}};
  body.outputs = symbolic::apply(*node.get<Body>("body"), body.inputs);
  for (const Expr& e : body.inputs) shapes.push_back(e.shape());
  return specialize(body, shapes);
}

std::vector<Type> types(std::span<const Type> inputs, const Attributes& attributes) {
  return output_types(*attributes.get<Body>("body"), inputs);
}

/// `derivatives` made to fit what they belong to, with a message where they do not.
Expr fitting(const Expr& derivative, const Expr& of, std::string_view what, std::size_t number) {
  const bool fits = is_floating(derivative.dtype()) && agree(derivative.shape(), of.shape()).has_value();
  if (!fits)
    throw ShapeError(fmt::format("with_gradient: the {} {} must be {}, got {}", what, number, to_string(of.type()),
                                 to_string(derivative.type())));
  return cast(derivative, of.dtype());
}

Exprs examples() {
  const Expr x = input({DType::float64, {3}}, "x"), y = input({DType::float64, {}}, "y");
  const Exprs outputs{sqr(x) * y, sum(x)}, inputs{x, y};
  const GradientRule by_reverse{
      [](const Exprs& in, const Exprs&, const Exprs& adjoint) {
        return Exprs{adjoint[0] * 2.0 * in[0] * in[1] + adjoint[1], sum(adjoint[0] * sqr(in[0]))};
      },
      {}};
  const GradientRule by_forward{
      {}, [](const Exprs& in, const Exprs&, const Exprs& tangent) {
        return Exprs{2.0 * in[0] * in[1] * tangent[0] + sqr(in[0]) * tangent[1], sum(tangent[0])};
      }};
  const Exprs backwards = with_gradient(outputs, inputs, by_reverse),
              forwards = with_gradient(outputs, inputs, by_forward);
  return {backwards[0], backwards[1], forwards[0], forwards[1]};
}

}  // namespace

const Op with_gradient_op{
    .name = "with_gradient",
    .summary = "a closed body whose derivatives follow rules of their own",
    .arity = -1,
    .type = types,
    .gradient = gradient,
    .tangent = tangent,
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      return interpret(*node.get<Body>("body"), inputs);
    },
    .lowering = Abstract{},
    .concrete =
        [](const Node& node) {
          const Graph body = specialized_body(node);
          Substitution back;
          for (std::size_t i = 0; i < body.inputs.size(); ++i) back.emplace(body.inputs[i], node.input(i));
          return substitute(body.outputs, back);
        },
    .examples = examples,
    .batched = batched,
    .complex = complex_rule::as_it_is,
};

bool is_cut_off(const Node& node, std::size_t i) {
  if (&node.op() != &with_gradient_op || !node.attributes().has("given")) return false;
  const Numbers& given = node.get<Numbers>("given");
  return std::find(given.begin(), given.end(), static_cast<std::int64_t>(i)) == given.end() &&
         !node.attributes().has("forward");
}

Exprs with_gradient(std::span<const Expr> outputs, std::span<const Expr> inputs, const GradientRule& rule,
                    std::source_location place) {
  if (!rule.reverse && !rule.forward) throw GraphError("with_gradient: there is neither a reverse nor a forward rule");
  const Body body = close_over(outputs, inputs);
  Attributes attributes{{"body", body}};
  const Exprs x = fresh(inputs, "input"), y = fresh(outputs, "output");
  if (rule.reverse) {
    const Exprs adjoints = fresh(outputs, "adjoint");
    const Exprs found = rule.reverse(x, y, adjoints);
    if (found.size() != inputs.size())
      throw GraphError(
          fmt::format("with_gradient: the reverse rule gives {} adjoints for {} inputs", found.size(), inputs.size()));
    Exprs present;
    Numbers given;
    for (std::size_t i = 0; i < found.size(); ++i)
      if (found[i] && is_floating(inputs[i].dtype())) {
        present.push_back(fitting(found[i], inputs[i], "adjoint of input", i));
        given.push_back(static_cast<std::int64_t>(i));
      }
    attributes = attributes.with("reverse", close_over(present, joined({x, y, floating_of(adjoints)})));
    attributes = attributes.with("given", given);
  }
  if (rule.forward) {
    const Exprs tangents = fresh(inputs, "tangent");
    const Exprs found = rule.forward(x, y, tangents);
    if (found.size() != outputs.size())
      throw GraphError(fmt::format("with_gradient: the forward rule gives {} tangents for {} outputs", found.size(),
                                   outputs.size()));
    Exprs present;
    for (std::size_t i : floating_ones(outputs))
      present.push_back(found[i] ? fitting(found[i], outputs[i], "tangent of output", i) : zeros_like(y[i]));
    attributes = attributes.with("forward", close_over(present, joined({x, y, floating_of(tangents)})));
  }
  return outputs_of(*make_node(with_gradient_op, {inputs.begin(), inputs.end()}, std::move(attributes), place));
}

namespace {

/// `x` with other derivatives.
Expr same_value(const Expr& x, const GradientRule& rule, const std::source_location& place) {
  return with_gradient(std::span(&x, 1), std::span(&x, 1), rule, place)[0];
}

/// The rule that changes adjoints and tangents by `f`.
GradientRule changed_by(const std::function<Expr(const Expr&)>& f) {
  const auto rule = [f](const Exprs&, const Exprs&, const Exprs& derivatives) { return Exprs{f(derivatives[0])}; };
  return {rule, rule};
}

}  // namespace

Expr grad_clip(const Expr& x, double low, double high, std::source_location place) {
  return same_value(x, changed_by([=](const Expr& d) { return clip(d, low, high); }), place);
}

Expr grad_scale(const Expr& x, double factor, std::source_location place) {
  return same_value(x, changed_by([=](const Expr& d) { return d * factor; }), place);
}

Expr zero_grad(const Expr& x, std::source_location place) {
  return same_value(x, changed_by([](const Expr& d) { return zeros_like(d); }), place);
}

Expr consider_constant(const Expr& x, std::source_location place) { return zero_grad(x, place); }

Expr disconnected_grad(const Expr& x, std::source_location place) {
  return same_value(x, {[](const Exprs&, const Exprs&, const Exprs&) { return Exprs(1); }, {}}, place);
}

Expr undefined_grad(const Expr& x, std::string reason, std::source_location place) {
  const Body body = close_over(std::span(&x, 1), std::span(&x, 1));
  return make(with_gradient_op, {x}, {{"body", body}, {"undefined", std::move(reason)}}, place);
}

}  // namespace leapgraph::symbolic
