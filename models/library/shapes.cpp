/// What a function knows about the sizes of its arguments.
#include "leapgraph/models/library/shapes.hpp"

#include "leapgraph/models/library/maps.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::models::library {
namespace {

std::string lengths(const symbolic::Shape& shape, std::size_t begin, std::size_t end) {
  std::string text = "[";
  for (std::size_t i = begin; i < end; ++i) text += (i > begin ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace

std::int64_t BuildCall::integer(std::size_t i) const {
  const std::optional<symbolic::Array> value = symbolic::constant_value(arguments[i]);
  if (!value)
    throw UnknownInteger("argument " + std::to_string(i + 1) +
                         " must be known before sampling: it is a size or a position");
  return value->integer();
}

std::int64_t BuildCall::length(std::size_t i, std::int64_t axis) const {
  return arguments[i].shape().at(static_cast<std::size_t>(axis));
}

std::string describe(const StanType& type, const symbolic::Shape& shape) {
  const auto depth = static_cast<std::size_t>(type.depth);
  std::string text = depth > 0 ? "array" + lengths(shape, 0, depth) + " " : "";
  text += to_string(StanType{type.base});
  if (base_rank(type.base) > 0) text += lengths(shape, depth, static_cast<std::size_t>(rank(type)));
  return text;
}

std::string describe(const BuildCall& call, std::size_t argument) {
  return describe(call.types[argument], call[argument].shape());
}

symbolic::Expr stretch(const symbolic::Expr& x, std::int64_t axis, const symbolic::Expr& first, std::int64_t count) {
  const std::int64_t length = x.shape()[static_cast<std::size_t>(axis)];
  if (count == 0) return symbolic::slice(x, axis, {0, 0});
  const std::optional<symbolic::Array> known = symbolic::constant_value(first);
  if (count > length || (known && (known->integer() < 1 || known->integer() > length - count + 1))) {
    const std::string begin = known ? std::to_string(known->integer()) : "some";
    const std::string end = known ? std::to_string(known->integer() + count - 1) : "others";
    throw ArgumentError(count == 1 ? "position " + begin + " is not between 1 and " + std::to_string(length)
                                   : "positions " + begin + " to " + end + " are not all between 1 and " +
                                         std::to_string(length));
  }
  if (known) return symbolic::slice(x, axis, {known->integer() - 1, known->integer() - 1 + count});
  return symbolic::gather(x, first - 1 + symbolic::arange(count), axis);
}

std::int64_t size_argument(const BuildCall& call, std::size_t i) {
  const std::int64_t size = call.integer(i);
  if (size < 0) throw ArgumentError("size " + std::to_string(size) + " is negative");
  return size;
}

void require_square(const BuildCall& call, std::size_t i) {
  if (call.length(i, 0) != call.length(i, 1)) throw ArgumentError(describe(call, i) + " is not square");
}

void require_elements(const BuildCall& call, std::size_t i) {
  for (const std::int64_t length : call[i].shape()) {
    if (length == 0) throw ArgumentError(describe(call, i) + " has no elements");
  }
}

void require_equal_shapes(const BuildCall& call) {
  const symbolic::Shape* first = nullptr;
  std::size_t first_argument = 0;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const symbolic::Shape& shape = call[i].shape();
    if (shape.empty()) continue;
    if (first == nullptr) {
      first = &shape;
      first_argument = i;
    } else if (*first != shape) {
      throw ArgumentError("sizes differ: " + describe(call, first_argument) + " and " + describe(call, i));
    }
  }
}

}  // namespace leapgraph::models::library
