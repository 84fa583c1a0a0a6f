/// Determinants in logarithms and inverses in products.
#include "leapgraph/symbolic/rewrite/matrices.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"
#include "leapgraph/symbolic/rewrite/reading.hpp"

namespace leapgraph::symbolic {

namespace {

using Labels = std::vector<std::int64_t>;

const Expr& argument(const Expr& e, std::size_t k = 0) { return e.node().input(k); }

// --- Determinants ---

/// log(det(A)), log(|det(A)|) and sign(det(A)), of which none needs the determinant itself.
Expr without_determinant(const Node& node, const Exprs& inputs) {
  if (&node.op() == &sign_op && is(inputs[0], det_op)) return make(sign_det_op, {argument(inputs[0])});
  if (&node.op() != &log_op) return {};
  if (is(inputs[0], abs_op) && is(argument(inputs[0]), det_op))
    return make(log_abs_det_op, {argument(argument(inputs[0]))});
  if (!is(inputs[0], det_op)) return {};
  const Expr& a = argument(inputs[0]);
  return where(make(sign_det_op, {a}) >= 0.0, make(log_abs_det_op, {a}), std::numeric_limits<double>::quiet_NaN());
}

/// How deep a factor is looked for in a product.
constexpr int deepest_product = 20;

Expr expanded_as(const Expr& e, const Expr& inner) {
  return outputs_of(*make_node(expand_dims_op, {inner}, e.node().attributes()))[0];
}

/// e / det(a), where `e` has that or its absolute value as a factor; absent where it does not.
Expr divided_out(const Expr& e, const Expr& a, int depth = 0) {
  if (depth > deepest_product || !is_known(e.shape())) return {};
  const auto inside = [&](std::size_t k) { return divided_out(argument(e, k), a, depth + 1); };
  if (is(e, det_op) && argument(e) == a) return ones_like(e);
  if (is(e, abs_op) && is(argument(e), det_op) && argument(argument(e)) == a) return make(sign_det_op, {a});
  if (is(e, expand_dims_op)) {
    const Expr x = inside(0);
    return x ? expanded_as(e, x) : Expr();
  }
  if (is(e, neg_op)) {
    const Expr x = inside(0);
    return x ? -x : Expr();
  }
  if (is(e, mul_op))
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
      if (const Expr x = inside(k)) return x * argument(e, 1 - k);
  return {};
}

/// e det(a), in the shape of `e`, where `e` is something divided by that; absent where it is not.
Expr multiplied_out(const Expr& e, const Expr& a, int depth = 0) {
  if (depth > deepest_product || !is_known(e.shape())) return {};
  const auto inside = [&](std::size_t k) { return multiplied_out(argument(e, k), a, depth + 1); };
  const auto shaped = [&e](const Expr& x) { return x.shape() == e.shape() ? x : broadcast_to(x, e.shape()); };
  if (is(e, expand_dims_op)) {
    const Expr x = inside(0);
    return x ? expanded_as(e, x) : Expr();
  }
  if (is(e, neg_op)) {
    const Expr x = inside(0);
    return x ? -x : Expr();
  }
  if (is(e, inv_op)) {
    const Expr rest = divided_out(argument(e), a);
    return rest ? inv(rest) : Expr();
  }
  if (is(e, div_op)) {
    if (const Expr rest = divided_out(argument(e, 1), a)) return shaped(argument(e) / rest);
    const Expr x = inside(0);
    return x ? shaped(x / argument(e, 1)) : Expr();
  }
  if (is(e, mul_op))
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
      if (const Expr x = inside(k)) return shaped(x * argument(e, 1 - k));
  return {};
}

/// cofactors(A) x / det(A) = A^-T x.
Expr without_cofactors(const Node& node, const Exprs& inputs) {
  if (&node.op() != &mul_op) return {};
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
    if (!is(inputs[k], cofactors_op)) continue;
    const Expr& a = argument(inputs[k]);
    if (const Expr x = multiplied_out(inputs[1 - k], a)) return x * transposed(make(inverse_op, {a}));
  }
  return {};
}

// --- Inverses ---

/// A product with the inverse of one matrix over one of its axes.
struct InverseProduct {
  Expr matrix, other;
  bool is_transposed = false;
  bool other_is_transposed = false;   ///< its summed axis is the last of two
  bool output_is_transposed = false;  ///< the axis of the inverse is the last of two
};

/// The inverse that `e` is, or whose transpose it is.
Expr inverse_in(const Expr& e, bool& is_transposed) {
  is_transposed = is(e, transpose_op) && e.rank() == 2;
  const Expr& inner = is_transposed ? argument(e) : e;
  return is(inner, inverse_op) && inner.rank() == 2 ? inner : Expr();
}

bool has(const Labels& labels, std::int64_t label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

std::optional<InverseProduct> inverse_product(const Node& node, const Exprs& inputs, std::size_t k) {
  if (&node.op() != &contract_op) return std::nullopt;
  const Labels &mine = node.get<Labels>(k == 0 ? "first" : "second"),
               &others = node.get<Labels>(k == 0 ? "second" : "first"), &output = node.get<Labels>("output");
  bool is_transposed = false;
  const Expr inverse = inverse_in(inputs[k], is_transposed);
  const Expr& other = inputs[1 - k];
  if (!inverse || other.rank() == 0 || other.rank() > 2 || output.size() != others.size()) return std::nullopt;
  const bool over_last = has(others, mine[1]);
  const std::int64_t summed = mine[over_last ? 1 : 0], kept = mine[over_last ? 0 : 1];
  if (!has(others, summed) || has(others, kept) || has(output, summed) || !has(output, kept)) return std::nullopt;
  return InverseProduct{argument(inverse), other, is_transposed == over_last, others.size() == 2 && others[1] == summed,
                        output.size() == 2 && output[1] == kept};
}

Expr as_solution(const InverseProduct& product) {
  Expr right = product.other_is_transposed ? transposed(product.other) : product.other;
  const bool is_vector = right.rank() == 1;
  if (is_vector) right = expand_dims(right, 1);
  const Expr x = make(solve_op, {product.matrix, right}, {{"transposed", product.is_transposed}});
  if (is_vector) return squeeze(x, 1);
  return product.output_is_transposed ? transposed(x) : x;
}

/// Inverses that something else than a product uses: those are computed anyway.
std::unordered_set<const Node*> inverses_to_keep(const Graph& graph) {
  std::unordered_set<const Node*> kept;
  const auto keep = [&kept](const Expr& e) {
    bool is_transposed = false;
    if (const Expr inverse = inverse_in(e, is_transposed)) kept.insert(&inverse.node());
  };
  for (const Expr& e : graph.outputs) keep(e);
  for (const Node* node : topological_order(graph.outputs)) {
    if (&node->op() == &transpose_op) continue;  // looked at where it is used
    for (std::size_t k = 0; k < node->inputs().size(); ++k)
      if (!(node->inputs().size() == 2 && inverse_product(*node, node->inputs(), k))) keep(node->input(k));
  }
  return kept;
}

/// Are there determinants or inverses at all?
bool has_work(const Graph& graph) {
  const auto order = topological_order(graph.outputs);
  return std::any_of(order.begin(), order.end(),
                     [](const Node* node) { return &node->op() == &det_op || &node->op() == &inverse_op; });
}

}  // namespace

Graph simplify_matrices(const Graph& graph, const PassLog& log) {
  if (!has_work(graph)) return graph;
  const auto kept = inverses_to_keep(graph);
  const auto simplified = [&kept](const Node& node, const Exprs& inputs) -> Exprs {
    if (const Expr e = without_determinant(node, inputs)) return {e};
    if (const Expr e = without_cofactors(node, inputs)) return {e};
    for (std::size_t k = 0; k < inputs.size() && inputs.size() == 2; ++k) {
      bool is_transposed = false;
      const Expr old = inverse_in(node.input(k), is_transposed);
      if (!old || kept.contains(&old.node())) continue;
      if (const auto product = inverse_product(node, inputs, k)) return {as_solution(*product)};
    }
    return rebuild_same(node, inputs);
  };
  return {graph.inputs,
          rebuild_noted(graph.outputs, "no determinant in a logarithm, no inverse in a product", log, simplified)};
}

}  // namespace leapgraph::symbolic
