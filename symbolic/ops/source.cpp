/// Variables, parameters of bodies, literals and data: nodes that are bound and not computed.
#include <fmt/format.h>

#include <bit>

#include "leapgraph/symbolic/complex.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"

namespace leapgraph::symbolic {

namespace {

std::vector<Type> declared_type(std::span<const Type>, const Attributes& attributes) {
  return {attributes.get<Type>("type")};
}
std::vector<Type> data_type(std::span<const Type>, const Attributes& attributes) {
  return {attributes.get<Array>("value").type()};
}
std::vector<Type> literal_type(std::span<const Type>, const Attributes& attributes) {
  return {Type{attributes.get<DType>("dtype"), {}}};
}

Array literal_array(const Node& node) {
  Array array(Type{node.get<DType>("dtype"), {}});
  if (is_floating(array.dtype()))
    array.set(0, node.get<double>("value"));
  else
    array.set_integer(0, node.get<std::int64_t>("value"));
  return array;
}

}  // namespace

const Op input_op{.name = "input", .summary = "a variable of the caller", .arity = 0, .type = declared_type};

const Op parameter_op{.name = "parameter", .summary = "a numbered input of a body", .arity = 0, .type = declared_type};

const Op constant_op{
    .name = "constant",
    .summary = "a literal",
    .arity = 0,
    .type = literal_type,
    .evaluate = [](const Node& node, std::span<const Array>) -> std::vector<Array> { return {literal_array(node)}; },
};

const Op data_op{
    .name = "data",
    .summary = "a constant array, passed to compiled code by pointer",
    .arity = 0,
    .type = data_type,
    .evaluate = [](const Node& node, std::span<const Array>) -> std::vector<Array> {
      return {node.get<Array>("value")};
    },
};

Expr parameter(std::int64_t index, Type type) {
  return make(parameter_op, {}, {{"index", index}, {"type", std::move(type)}});
}

Expr constant(double value) { return make(constant_op, {}, {{"dtype", DType::float64}, {"value", value}}); }
Expr constant(std::int64_t value) { return make(constant_op, {}, {{"dtype", DType::int64}, {"value", value}}); }
Expr constant(int value) { return constant(static_cast<std::int64_t>(value)); }
Expr constant(std::uint64_t value) {
  return make(constant_op, {}, {{"dtype", DType::uint64}, {"value", static_cast<std::int64_t>(value)}});
}
Expr constant(bool value) { return make(constant_op, {}, {{"dtype", DType::boolean}, {"value", std::int64_t{value}}}); }
Expr constant(double value, DType dtype) { return constant(Array::scalar(value).cast(dtype)); }

Expr constant(const Array& value) {
  if (!value.shape().empty()) return make(data_op, {}, {{"value", value}});
  if (is_complex(value.dtype())) {
    const DType part = part_of(value.dtype());
    return complex(constant(value.real(), part), constant(value.imaginary(), part));
  }
  if (is_floating(value.dtype())) return make(constant_op, {}, {{"dtype", value.dtype()}, {"value", value.real()}});
  return make(constant_op, {}, {{"dtype", value.dtype()}, {"value", value.integer()}});
}

bool is_input(const Expr& e) { return &e.op() == &input_op || &e.op() == &parameter_op; }
bool is_constant(const Expr& e) { return &e.op() == &constant_op || &e.op() == &data_op; }

std::optional<Array> constant_value(const Expr& e) {
  if (&e.op() == &constant_op) return literal_array(e.node());
  if (&e.op() == &data_op) return e.node().get<Array>("value");
  return std::nullopt;
}

std::optional<double> literal_value(const Expr& e) {
  if (&e.op() != &constant_op) return std::nullopt;
  return literal_array(e.node()).real();
}

std::string name_of(const Expr& e) {
  if (&e.op() == &input_op) return e.node().get<std::string>("name");
  if (&e.op() == &parameter_op) return fmt::format("parameter {}", e.node().get<std::int64_t>("index"));
  return "";
}

Operand::Operand(double value, std::source_location place) : expr_(constant(value)), place_(place), weak_(true) {}
Operand::Operand(std::int64_t value, std::source_location place) : expr_(constant(value)), place_(place), weak_(true) {}
Operand::Operand(std::uint64_t value, std::source_location place)
    : expr_(value > INT64_MAX ? constant(value) : constant(static_cast<std::int64_t>(value))),
      place_(place),
      weak_(true) {}
Operand::Operand(bool value, std::source_location place) : expr_(constant(value)), place_(place), weak_(true) {}
Operand::Operand(double real, double imaginary, std::source_location place)
    : expr_(complex(constant(real), constant(imaginary))), place_(place), weak_(true) {}

}  // namespace leapgraph::symbolic
