/// What the op families share: type rules, promotion of operands, and reference evaluation of elementwise functions.
#pragma once

#include <cmath>
#include <utility>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

// --- Type rules ---

/// One element type in and out; shapes broadcast.
std::vector<Type> same_type(std::span<const Type> inputs, const Attributes& attributes);
/// As `same_type`, floating inputs only.
std::vector<Type> floating_type(std::span<const Type> inputs, const Attributes& attributes);
/// One element type in, booleans out; shapes broadcast.
std::vector<Type> predicate_type(std::span<const Type> inputs, const Attributes& attributes);

// --- Operands to inputs ---

/// Operands as expressions of one element type: the promotion of all that are not plain numbers; a plain real among
/// integers makes float64. Casts are inserted; plain numbers become literals of the common type.
Exprs promoted(std::span<const Operand> operands);
/// As `promoted`, integers and booleans becoming float64.
Exprs promoted_floating(std::span<const Operand> operands);
/// Op applied to promoted operands.
Expr apply_promoted(const Op& op, std::initializer_list<Operand> operands);
Expr apply_floating(const Op& op, std::initializer_list<Operand> operands);
/// Where the first of them was written; a place in the library, which says nothing, where there is none.
std::source_location place_of(std::span<const Operand> operands);

// --- Reference evaluation ---

/// Calls visit(position in the output, positions in the inputs) for every element of the broadcast shape.
class BroadcastWalk {
 public:
  BroadcastWalk(const Shape& output, std::span<const Array> inputs);
  std::int64_t size() const { return size_; }
  /// Position in input `k` of output element `i`.
  std::int64_t input_position(std::size_t k, std::int64_t i) const;

 private:
  Shape shape_;
  std::int64_t size_;
  std::vector<std::vector<std::int64_t>> strides_;  // per input, 0 along broadcast axes
  std::vector<bool> whole_;                         // the input has the output's shape
};

/// Shape of the output of an elementwise node for these inputs.
Shape broadcast_shape(std::span<const Array> inputs);

namespace detail {

/// Applies F to every element, its arguments read as T, and stores the results.
template <auto F, class T>
std::vector<Array> map_elements(const Node& node, std::span<const Array> inputs) {
  Array output(Type{node.types()[0].dtype, broadcast_shape(inputs)});
  const BroadcastWalk walk(output.shape(), inputs);
  const auto at = [&](std::size_t k, std::int64_t i) -> T {
    if constexpr (std::is_same_v<T, double>)
      return inputs[k].real(walk.input_position(k, i));
    else
      return static_cast<T>(inputs[k].integer(walk.input_position(k, i)));
  };
  for (std::int64_t i = 0; i < walk.size(); ++i) {
    const auto value = [&] {
      if constexpr (std::is_invocable_v<decltype(F), T>)
        return F(at(0, i));
      else if constexpr (std::is_invocable_v<decltype(F), T, T>)
        return F(at(0, i), at(1, i));
      else if constexpr (std::is_invocable_v<decltype(F), T, T, T>)
        return F(at(0, i), at(1, i), at(2, i));
      else
        return F(at(0, i), at(1, i), at(2, i), at(3, i));
    }();
    if constexpr (std::is_floating_point_v<decltype(value)>)
      output.set(i, value);
    else
      output.set_integer(i, static_cast<std::int64_t>(value));
  }
  return {output};
}

}  // namespace detail

/// Reference evaluation by a generic function of scalars: floating inputs are computed in double and rounded to the
/// output's type, others in int64.
template <auto F>
std::vector<Array> elementwise(const Node& node, std::span<const Array> inputs) {
  return is_floating(inputs.back().dtype()) ? detail::map_elements<F, double>(node, inputs)
                                            : detail::map_elements<F, std::int64_t>(node, inputs);
}

/// The same for functions that tell large numbers of uint64 from negative ones of int64: order, quotients, signs. `F`
/// is given unsigned numbers there.
template <auto F>
std::vector<Array> elementwise_signed(const Node& node, std::span<const Array> inputs) {
  return inputs.back().dtype() == DType::uint64 ? detail::map_elements<F, std::uint64_t>(node, inputs)
                                                : elementwise<F>(node, inputs);
}

/// The same for functions of reals only.
template <auto F>
std::vector<Array> elementwise_real(const Node& node, std::span<const Array> inputs) {
  return detail::map_elements<F, double>(node, inputs);
}

/// Throws NotDifferentiable, naming the op and `what` its input `input` is, where the derivative by that is asked for.
void refuse_derivative(const Application& a, std::size_t input, std::string_view what);

/// A variable for examples.
inline Expr example(Shape shape, const char* name = "x") { return input({DType::float64, std::move(shape)}, name); }
/// Example applications of an elementwise op, from its arity and domains: vectors, a broadcast pair, scalars.
Exprs elementwise_examples(const Op& op);

}  // namespace leapgraph::symbolic
