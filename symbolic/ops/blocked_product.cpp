/// The product of large matrices as an op: a contraction whose labels fall into those of the stack, of rows, of columns
/// and of what is summed over, each of them one axis in memory.
#include "leapgraph/symbolic/ops/blocked_product.hpp"

#include <algorithm>
#include <map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/vectorize.hpp"

namespace leapgraph::symbolic {

namespace {

using Labels = std::vector<std::int64_t>;

constexpr std::int64_t shortest = 8, least_work = 48 * 48 * 48;

bool contains(const Labels& labels, std::int64_t label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

Labels joined(Labels a, const Labels& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// What the labels of a contraction are to the product; in the order of the output, or of the first operand.
struct Roles {
  Labels stack, rows, columns, terms;
};

/// Nothing where a label is summed over in one operand alone.
std::optional<Roles> roles_of(const Labels& first, const Labels& second, const Labels& output) {
  Roles roles;
  for (std::int64_t label : output) {
    const bool left = contains(first, label), right = contains(second, label);
    (left && right ? roles.stack : left ? roles.rows : roles.columns).push_back(label);
  }
  for (std::int64_t label : first)
    if (!contains(output, label)) {
      if (!contains(second, label)) return std::nullopt;
      roles.terms.push_back(label);
    }
  for (std::int64_t label : second)
    if (!contains(output, label) && !contains(first, label)) return std::nullopt;
  return roles;
}

using Lengths = std::map<std::int64_t, std::int64_t>;

std::int64_t count(const Labels& labels, const Lengths& lengths) {
  std::int64_t product = 1;
  for (std::int64_t label : labels) product *= lengths.at(label);
  return product;
}

/// How far apart in a row-major tensor with axes `labels` the elements along `group` lie, where these axes are one:
/// side by side and in that order.
std::optional<std::int64_t> step_of(const Labels& group, const Labels& labels, const Lengths& lengths) {
  if (group.empty()) return 0;
  const auto found = std::search(labels.begin(), labels.end(), group.begin(), group.end());
  if (found == labels.end()) return std::nullopt;
  return count(Labels(found + static_cast<std::ptrdiff_t>(group.size()), labels.end()), lengths);
}

Lengths lengths_of(const Node& node, const Labels& first, const Labels& second) {
  Lengths lengths;
  for (std::size_t axis = 0; axis < first.size(); ++axis) lengths[first[axis]] = node.input(0).shape()[axis];
  for (std::size_t axis = 0; axis < second.size(); ++axis) lengths[second[axis]] = node.input(1).shape()[axis];
  return lengths;
}

/// `e` with its axes `labels` in the order that `wanted` says.
Expr rearranged(const Expr& e, const Labels& labels, const Labels& wanted) {
  Axes order;
  for (std::int64_t label : wanted) order.push_back(std::find(labels.begin(), labels.end(), label) - labels.begin());
  return transpose(e, order);
}

/// count, rows, columns, terms, then for each operand the steps from matrix to matrix, row to row, column to column;
/// whether elements are float32.
std::vector<std::int64_t> sizes_of(const Node& node) {
  const auto& first = node.get<Labels>("first");
  const auto& second = node.get<Labels>("second");
  const auto& output = node.get<Labels>("output");
  const Lengths lengths = lengths_of(node, first, second);
  const Roles roles = roles_of(first, second, output).value();
  const auto step = [&](const Labels& group, const Labels& labels) { return step_of(group, labels, lengths).value(); };
  return {count(roles.stack, lengths),
          count(roles.rows, lengths),
          count(roles.columns, lengths),
          count(roles.terms, lengths),
          step(roles.stack, first),
          step(roles.rows, first),
          step(roles.terms, first),
          step(roles.stack, second),
          step(roles.terms, second),
          step(roles.columns, second),
          node.types()[0].dtype == DType::float32};
}

/// The operands and labels of a node as the routine needs them, and its result in the order of the contraction.
Expr blocked(const Node& node, const Roles& roles, const Lengths& lengths) {
  Exprs inputs = node.inputs();
  Labels first = node.get<Labels>("first"), second = node.get<Labels>("second");
  const auto arrange = [&](Expr& e, Labels& labels, const Labels& wanted, std::initializer_list<const Labels*> groups) {
    const auto is_one = [&](const Labels* group) { return step_of(*group, labels, lengths).has_value(); };
    if (std::all_of(groups.begin(), groups.end(), is_one)) return;
    e = rearranged(e, labels, wanted);
    labels = wanted;
  };
  arrange(inputs[0], first, joined(roles.stack, joined(roles.rows, roles.terms)),
          {&roles.stack, &roles.rows, &roles.terms});
  arrange(inputs[1], second, joined(roles.stack, joined(roles.terms, roles.columns)),
          {&roles.stack, &roles.terms, &roles.columns});
  const Labels output = joined(roles.stack, joined(roles.rows, roles.columns));
  const Expr product = make(blocked_product_op, inputs, {{"first", first}, {"second", second}, {"output", output}});
  const auto& wanted = node.get<Labels>("output");
  return wanted == output ? product : rearranged(product, output, wanted);
}

Expr example(Shape shape, const char* name, DType dtype = DType::float64) {
  return input({dtype, std::move(shape)}, name);
}

/// Of matrices of any size.
Expr product_of(const Expr& a, const Expr& b, Labels first, Labels second, Labels output) {
  return make(blocked_product_op, {a, b},
              {{"first", std::move(first)}, {"second", std::move(second)}, {"output", std::move(output)}});
}

}  // namespace

const Op blocked_product_op{
    .name = "blocked_product",
    .summary = "a contraction that is a product of large matrices",
    .arity = 2,
    .type = [](std::span<const Type> inputs,
               const Attributes& attributes) { return contract_op.type(inputs, attributes); },
    .gradient = [](const Application& a) { return contract_op.gradient(a); },
    .tangent = [](const Node& node, std::span<const Expr> tangents) { return contract_op.tangent(node, tangents); },
    .evaluate = [](const Node& node, std::span<const Array> inputs) { return contract_op.evaluate(node, inputs); },
    .lowering = Routine{"lg_product", sizes_of},
    .examples =
        [] {
          const Expr a = example({3, 4}, "a"), b = example({4, 5}, "b"), t = example({2, 3, 4}, "t");
          return Exprs{product_of(a, b, {0, 1}, {1, 2}, {0, 2}),
                       product_of(a, example({5, 4}, "c"), {0, 1}, {2, 1}, {0, 2}),
                       product_of(example({4, 13}, "d"), b, {1, 0}, {1, 2}, {0, 2}),
                       product_of(t, example({2, 4, 2}, "u"), {0, 1, 2}, {0, 2, 3}, {0, 1, 3}),
                       product_of(t, b, {0, 1, 2}, {2, 3}, {0, 1, 3}),
                       product_of(t, t, {0, 1, 2}, {3, 1, 2}, {0, 3}),
                       product_of(example({3, 4}, "e", DType::float32), example({4, 30}, "f", DType::float32), {0, 1},
                                  {1, 2}, {0, 2})};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      // As a contraction again: with the batch it is another product.
      Exprs inputs, stand_ins, batches;
      for (std::size_t i = 0; i < 2; ++i) {
        inputs.push_back(b.inputs[i].varies ? b.node.input(i) : b.inputs[i].value);
        if (!b.inputs[i].varies) continue;
        stand_ins.push_back(b.node.input(i));
        batches.push_back(b.inputs[i].value);
      }
      const Exprs products{make(contract_op, inputs, b.node.attributes(), b.node.place())};
      return {{vectorize(products, stand_ins, batches, b.axes)[0]}};
    },
};

std::optional<Expr> as_blocked_product(const Node& node) {
  const auto& first = node.get<Labels>("first");
  const auto& second = node.get<Labels>("second");
  const Type& type = node.types()[0];
  if ((type.dtype != DType::float64 && type.dtype != DType::float32) || !is_known(node.input(0).shape()) ||
      !is_known(node.input(1).shape()))
    return std::nullopt;
  const auto roles = roles_of(first, second, node.get<Labels>("output"));
  if (!roles) return std::nullopt;
  const Lengths lengths = lengths_of(node, first, second);
  const std::int64_t rows = count(roles->rows, lengths), columns = count(roles->columns, lengths);
  const std::int64_t terms = count(roles->terms, lengths);
  if (std::min({rows, columns, terms}) < shortest || rows * columns * terms < least_work) return std::nullopt;
  return blocked(node, *roles, lengths);
}

}  // namespace leapgraph::symbolic
