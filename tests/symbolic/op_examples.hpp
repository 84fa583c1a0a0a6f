/// Example applications of every op with arguments drawn from its domain, for tests that iterate `all_ops`.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "leapgraph/symbolic/interpret.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/family.hpp"

namespace leapgraph::symbolic {

using Arrays = std::vector<Array>;

inline bool is_source(const Op& op) { return lowering_as<Source>(op) != nullptr; }
inline bool is_elementwise(const Op& op) { return lowering_as<Elementwise>(op) != nullptr; }

/// What the op says to try; elementwise ops have it made from their arity. Empty for sources.
inline Exprs examples_of(const Op& op) {
  if (op.examples != nullptr) return op.examples();
  return is_elementwise(op) ? elementwise_examples(op) : Exprs();
}

/// The variables of an example, in order of first use.
inline Exprs variables_of(const Expr& example) { return free_inputs(std::span(&example, 1)); }

/// Arguments within the op's domain; the same for the same seed. Integers are 0, 1 or 2.
inline Arrays draw_arguments(const Op& op, const Exprs& inputs, std::uint64_t seed) {
  std::mt19937_64 random(seed * 1000003 + 17);
  Arrays arguments;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Domain domain = k < op.domains.size() ? op.domains[k] : op.domain;
    Array array(inputs[k].type());
    for (std::int64_t i = 0; i < array.size(); ++i) {
      const double unit = static_cast<double>(random() >> 11) * 0x1p-53;
      if (is_floating(array.dtype()))
        array.set(i, domain.low + (domain.high - domain.low) * unit);
      else
        array.set_integer(i, static_cast<std::int64_t>(3 * unit));
    }
    arguments.push_back(array);
  }
  return arguments;
}

/// Numbers between -1 and 1 in the shape of `like`, which must be known.
inline Array draw_direction(const Type& like, std::uint64_t seed) {
  std::mt19937_64 random(seed * 7919 + 3);
  Array array(like);
  for (std::int64_t i = 0; i < array.size(); ++i) array.set(i, static_cast<double>(random() >> 11) * 0x1p-52 - 1.0);
  return array;
}

}  // namespace leapgraph::symbolic
