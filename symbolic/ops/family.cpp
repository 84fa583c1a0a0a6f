/// Type rules, promotion and broadcasting shared by the op families.
#include "leapgraph/symbolic/ops/family.hpp"

#include <algorithm>
#include <optional>

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

/// Whether an integer type holds the value of a literal of integers.
bool holds(DType dtype, const Array& literal) { return same_bits(literal.cast(dtype).cast(literal.dtype()), literal); }

/// What a tensor of integers or booleans becomes when it meets a plain integer or boolean: itself where it holds the
/// number, else the smallest type that does.
DType with_plain_integer(DType dtype, const Expr& plain) {
  if (plain.dtype() == DType::boolean) return dtype;
  if (dtype == DType::boolean) return plain.dtype();
  const Array value = *constant_value(plain);
  // The bits of a number below 0 and of one above 2^63 - 1 are the same: signs are compared too.
  const bool negative = value.dtype() == DType::int64 && value.integer() < 0;
  const bool is_unsigned = info(dtype).kind == NumberKind::unsigned_integer;
  const bool too_large = value.dtype() == DType::uint64 && !is_unsigned;
  if (!(negative && is_unsigned) && !too_large && holds(dtype, value)) return dtype;
  return promote(dtype, value.dtype() == DType::uint64 ? DType::uint64 : smallest_integer(value.integer()));
}

/// What tensors of one type become when they meet a plain number.
DType with_plain(DType dtype, const Expr& plain) {
  if (is_complex(plain.dtype())) return complex_of(dtype);
  if (is_floating(dtype)) return dtype;
  return is_floating(plain.dtype()) ? DType::float64 : with_plain_integer(dtype, plain);
}

DType common_dtype(std::span<const Operand> operands) {
  std::optional<DType> common;
  for (const Operand& operand : operands) {
    if (operand.expr() == Expr()) throw GraphError("an operand is an empty expression");
    if (!operand.is_weak()) common = common ? promote(*common, operand.expr().dtype()) : operand.expr().dtype();
  }
  const bool has_tensor = common.has_value();
  DType result = common.value_or(DType::boolean);
  for (const Operand& operand : operands)
    if (operand.is_weak())
      result = has_tensor ? with_plain(result, operand.expr()) : promote(result, operand.expr().dtype());
  return result;
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

std::source_location place_of(std::span<const Operand> operands) {
  return operands.empty() ? std::source_location::current() : operands[0].place();
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

void refuse_derivative(const Application& a, std::size_t input, std::string_view what) {
  if (input < a.wanted.size() && a.wanted[input])
    throw NotDifferentiable("the op '" + std::string(a.node.op().name) + "' has no gradient with respect to " +
                            std::string(what) + " (made at " + to_string(a.node.place()) + ")");
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
