/// Every op record, declared once so that rules and passes can name ops; `all_ops` lists them.
#pragma once

#include "leapgraph/symbolic/op.hpp"

namespace leapgraph::symbolic {

// source
extern const Op input_op, parameter_op, constant_op, data_op;
// elementwise
extern const Op add_op, sub_op, mul_op, div_op, floor_div_op, mod_op, neg_op, abs_op, sign_op, sqr_op, inv_op, pow_op,
    sqrt_op, maximum_op, minimum_op, floor_op, ceil_op, round_op, trunc_op, eq_op, neq_op, lt_op, le_op, logical_and_op,
    logical_or_op, logical_not_op, isnan_op, isinf_op, where_op, cast_op;

}  // namespace leapgraph::symbolic
