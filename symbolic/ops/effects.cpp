/// Ops that act: they compute `true`, and a choice by that makes what is passed through wait for them.
#include "leapgraph/symbolic/effects.hpp"

#include <fmt/format.h>

#include <cstring>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/runtime/effects.h"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> truth_type(std::span<const Type>, const Attributes&) { return {Type{DType::boolean, {}}}; }

/// What lg_print reads of a tensor's type and of the message. Pairs are elements with two parts: complex numbers.
std::vector<std::int64_t> print_sizes(const Node& node, const Type& type) {
  const std::string& message = node.get<std::string>("note");
  const bool pairs = node.attributes().has("pairs");
  const DTypeInfo& row = info(type.dtype);
  const std::int64_t kind = row.kind == NumberKind::boolean            ? 0
                            : row.kind == NumberKind::signed_integer   ? 1
                            : row.kind == NumberKind::unsigned_integer ? 2
                            : pairs                                    ? 4
                                                                       : 3;
  const std::int64_t rank = type.rank() - (pairs ? 1 : 0);
  std::vector<std::int64_t> sizes{kind * 256 + row.bytes * (pairs ? 2 : 1), rank};
  sizes.insert(sizes.end(), type.shape.begin(), type.shape.begin() + rank);
  sizes.push_back(static_cast<std::int64_t>(message.size()));
  const std::size_t before = sizes.size();
  sizes.resize(before + (message.size() + 7) / 8);
  if (!message.empty()) std::memcpy(sizes.data() + before, message.data(), message.size());
  return sizes;
}

/// `x` as soon as `done`, which is true, was computed.
Expr after(const Expr& done, const Expr& x) { return where(done, x, cast(constant(0.0), x.dtype())); }

}  // namespace

const Op assertion_op{
    .name = "assertion",
    .summary = "true, unless a condition is false: then the call fails",
    .type = [](std::span<const Type> inputs, const Attributes& attributes) -> std::vector<Type> {
      if (inputs[0].dtype != DType::boolean) throw DTypeError("conditions must be boolean");
      return truth_type(inputs, attributes);
    },
    .gradient = [](const Application&) { return Exprs{Expr()}; },
    .tangent = [](const Node&, std::span<const Expr>) { return Exprs{Expr()}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      for (std::int64_t i = 0; i < inputs[0].size(); ++i)
        if (inputs[0].integer(i) == 0)
          raise({Check::assertion, inputs[0].shape().empty() ? -1 : i, 0},
                Origin(node.place(), node.get<std::string>("note")));
      return {Array::scalar(true)};
    },
    .lowering = Routine{"lg_assertion",
                        [](const Node& node) -> std::vector<std::int64_t> {
                          const Shape& shape = node.input(0).shape();
                          return {shape.empty() ? -1 : element_count(shape)};
                        }},
    .effect = true,
    .examples =
        [] {
          const Expr x = example({3}, "x"), y = example({}, "y");
          return Exprs{assert_op(x, {x < 1e9, y < 1e9}, "too large"), assert_op(sqr(y), {neq(x, 1e9)}, "equal")};
        },
    .batched = [](const Batch& b) -> std::vector<Batched> {
      return {{make(assertion_op, {b.inputs[0].value}, b.node.attributes(), b.node.place()), false}};
    },
};

const Op printing_op{
    .name = "print",
    .summary = "true, when the input was written to the standard error stream",
    .type = truth_type,
    .gradient = [](const Application&) { return Exprs{Expr()}; },
    .tangent = [](const Node&, std::span<const Expr>) { return Exprs{Expr()}; },
    .evaluate = [](const Node& node, std::span<const Array> inputs) -> std::vector<Array> {
      Array done = Array::scalar(false);
      const void* const in[] = {inputs[0].raw()};
      void* const out[] = {done.raw()};
      const std::vector<std::int64_t> sizes = print_sizes(node, inputs[0].type());
      lg_print(in, out, reinterpret_cast<const long*>(sizes.data()));
      return {done};
    },
    .lowering = Routine{"lg_print", [](const Node& node) { return print_sizes(node, node.input(0).type()); }},
    .effect = true,
    .examples = [] { return Exprs(); },  // it writes to the terminal
    .batched = [](const Batch& b) -> std::vector<Batched> {
      return {{make(printing_op, {b.inputs[0].value}, b.node.attributes(), b.node.place()), false}};
    },
};

// --- Builders ---

Expr assert_op(const Operand& x, const Operands& conditions, const std::string& message) {
  const BuiltAt here(x.place());
  Expr result = x;
  for (const Operand& condition : conditions) {
    const Expr truth = cast(condition, DType::boolean);
    result = after(make(assertion_op, {truth}, {{"note", message}}, x.place()), result);
  }
  return result;
}

Expr raise_op(const Operand& x, const std::string& message) { return assert_op(x, {Operand(false)}, message); }

Expr print_op(const Operand& x, const std::string& message) {
  const BuiltAt here(x.place());
  Expr shown = x;
  Attributes attributes{{"note", message}};
  if (is_complex(shown.dtype())) {
    shown = stack({real(x), imag(x)}, -1);
    attributes = attributes.with("pairs", true);
  } else if (shown.dtype() == DType::float16) {
    shown = cast(shown, DType::float32);
  }
  return after(make(printing_op, {shown}, attributes, x.place()), x);
}

Expr switch_(const Operand& condition, const Operand& a, const Operand& b) { return where(condition, a, b); }

}  // namespace leapgraph::symbolic
