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
// complex
extern const Op complex_op, real_op, imag_op, modulus_op;
// special
extern const Op exp_op, expm1_op, exp2_op, log_op, log2_op, log10_op, log1p_op, sin_op, cos_op, tan_op, asin_op,
    acos_op, atan_op, atan2_op, sinh_op, cosh_op, tanh_op, asinh_op, acosh_op, atanh_op, erf_op, erfc_op, gaussian_op,
    cbrt_op, sigmoid_op, softplus_op, log_sigmoid_op, log1mexp_op, logaddexp_op, logit_op, lgamma_op, digamma_op,
    trigamma_op, tetragamma_op, xlogy_op;
// reduce
extern const Op sum_op, prod_op, max_op, min_op, all_op, any_op, sum_like_op, logsumexp_op, softmax_op, cumsum_op,
    argmax_op, argmin_op, median_weights_op, euclidean_norm_op, log_softmax_op;
// shape
extern const Op reshape_op, reshape_like_op, transpose_op, expand_dims_op, squeeze_op, broadcast_to_op,
    broadcast_like_op, stack_op, concatenate_op, split_like_op, length_op, arange_op, diag_op, diag_like_op,
    diagonal_op, iota_op, part_op, shaped_like_op;
// index
extern const Op slice_op, slice_like_op, at_op, pad_slice_op, pad_like_op, gather_op, scatter_add_op, scatter_like_op;
// update
extern const Op set_rows_op, add_rows_op;
// linalg
extern const Op contract_op;
// random
extern const Op random_uniform_op, random_normal_op, random_like_op, random_integers_op, random_poisson_op,
    random_binomial_op, random_multinomial_op, random_permutation_op, random_choice_op;
// scan, control, host_call
extern const Op scan_op, scan_gradient_op, call_op, ifelse_op, host_call_op;
// scan, control, host_call, custom_gradient
extern const Op scan_op, scan_gradient_op, call_op, ifelse_op, host_call_op, with_gradient_op;

}  // namespace leapgraph::symbolic
