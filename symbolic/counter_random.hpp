/// Random numbers by place: pure functions of a seed, of a chain's draw and of a number's place in it, so that the same
/// numbers come whatever else is computed, on any number of threads, in any order.
///
/// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011), as samplers/random.hpp has it: `uniform_at` of place i is the
/// first number of block i of a RandomStream for generated quantities.
#pragma once

#include <cstdint>

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {

/// The stream of one draw of one chain as a value: float64[3], the halves of the seed, and chain * 2^32 + draw. `chain`
/// is below 2^21.
Array counter_stream(std::uint64_t seed, std::uint32_t chain, std::uint32_t draw);
inline const Type counter_stream_type{DType::float64, {3}};

/// Each takes a stream and places, whole numbers from 0 to 2^32 - 1 in float64, which broadcast with the parameters.
/// Two numbers of one place are not independent. nan where a parameter is outside the distribution's domain. There are
/// no derivatives.
Expr uniform_at(const Expr& stream, const Operand& place);  ///< on (0, 1), both ends excluded
/// The logarithm of a gamma variate of shape `alpha` and rate 1.
Expr log_gamma_at(const Expr& stream, const Operand& place, const Operand& alpha);
/// Whole numbers, in float64.
Expr poisson_at(const Expr& stream, const Operand& place, const Operand& rate);
Expr binomial_at(const Expr& stream, const Operand& place, const Operand& trials, const Operand& probability);
/// The angle of a von Mises distribution around 0, in [-pi, pi].
Expr von_mises_at(const Expr& stream, const Operand& place, const Operand& kappa);
/// White balls among `drawn` from an urn of `white` and `black` ones, in float64.
Expr hypergeometric_at(const Expr& stream, const Operand& place, const Operand& drawn, const Operand& white,
                       const Operand& black);

}  // namespace leapgraph::symbolic
