/// Type rules, promotion and broadcasting shared by the op families.
#include "leapgraph/symbolic/ops/family.hpp"

#include <algorithm>

#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

Type broadcast_type(std::span<const Type> inputs) {
  Type result = inputs[0];
  for (const Type& type : inputs.subspan(1)) {
    if (type.dtype != result.dtype) throw DTypeError("inputs must have one element type");
    result.shape = broadcast(result.shape, type.shape);
  }
  return result;
}

}  // namespace

std::vector<Type> same_type(std::span<const Type> inputs, const Attributes&) { return {broadcast_type(inputs)}; }

std::vector<Type> floating_type(std::span<const Type> inputs, const Attributes&) {
  const Type type = broadcast_type(inputs);
  if (!is_floating(type.dtype)) throw DTypeError("inputs must be floating");
  return {type};
}

std::vector<Type> predicate_type(std::span<const Type> inputs, const Attributes&) {
  return {Type{DType::boolean, broadcast_type(inputs).shape}};
}

namespace {

DType common_dtype(std::span<const Operand> operands) {
  bool has_strong = false;
  DType strong = DType::boolean, weak = DType::boolean;
  for (const Operand& operand : operands) {
    if (operand.expr() == Expr()) throw GraphError("an operand is an empty expression");
    if (operand.is_weak()) {
      weak = promote(weak, operand.expr().dtype());
    } else {
      strong = has_strong ? promote(strong, operand.expr().dtype()) : operand.expr().dtype();
      has_strong = true;
    }
  }
  if (!has_strong) return weak;
  if (is_floating(strong)) return strong;
  if (is_floating(weak)) return DType::float64;
  return strong == DType::boolean ? promote(strong, weak) : strong;
}

Exprs as(std::span<const Operand> operands, DType dtype) {
  Exprs result;
  for (const Operand& operand : operands) result.push_back(cast(operand, dtype));
  return result;
}

}  // namespace

Exprs promoted(std::span<const Operand> operands) { return as(operands, common_dtype(operands)); }

Exprs promoted_floating(std::span<const Operand> operands) {
  const DType dtype = common_dtype(operands);
  return as(operands, is_floating(dtype) ? dtype : DType::float64);
}

Expr apply_promoted(const Op& op, std::initializer_list<Operand> operands) {
  const BuiltAt here(operands.begin()->place());
  return make(op, promoted({operands.begin(), operands.size()}), {}, operands.begin()->place());
}

Expr apply_floating(const Op& op, std::initializer_list<Operand> operands) {
  const BuiltAt here(operands.begin()->place());
  return make(op, promoted_floating({operands.begin(), operands.size()}), {}, operands.begin()->place());
}

Shape broadcast_shape(std::span<const Array> inputs) {
  Shape shape = inputs[0].shape();
  for (const Array& array : inputs.subspan(1)) shape = broadcast(shape, array.shape());
  return shape;
}

BroadcastWalk::BroadcastWalk(const Shape& output, std::span<const Array> inputs)
    : shape_(output), size_(element_count(output)) {
  for (const Array& input : inputs) {
    std::vector<std::int64_t> strides(output.size(), 0);
    const std::size_t shift = output.size() - input.shape().size();
    std::int64_t stride = 1;
    for (std::size_t axis = input.shape().size(); axis-- > 0;) {
      strides[shift + axis] = input.shape()[axis] == 1 ? 0 : stride;
      stride *= input.shape()[axis];
    }
    strides_.push_back(std::move(strides));
    whole_.push_back(input.shape() == output);
  }
}

std::int64_t BroadcastWalk::input_position(std::size_t k, std::int64_t i) const {
  if (whole_[k]) return i;
  std::int64_t position = 0;
  for (std::size_t axis = shape_.size(); axis-- > 0;) {
    position += (i % shape_[axis]) * strides_[k][axis];
    i /= shape_[axis];
  }
  return position;
}

Exprs elementwise_examples(const Op& op) {
  const auto inputs = [&op](const std::vector<Shape>& shapes) {
    Exprs result;
    for (std::size_t k = 0; k < static_cast<std::size_t>(op.arity); ++k)
      result.push_back(input(Type{DType::float64, shapes[k % shapes.size()]}, "x" + std::to_string(k)));
    return result;
  };
  Exprs examples{make(op, inputs({{7}})), make(op, inputs({{}}))};
  if (op.arity > 1) examples.push_back(make(op, inputs({{3, 5}, {5}, {3, 1}})));
  return examples;
}

}  // namespace leapgraph::symbolic
