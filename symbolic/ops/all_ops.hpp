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
// bits
extern const Op bitwise_and_op, bitwise_or_op, bitwise_xor_op, bitwise_not_op, integer_pow_op, left_shift_op,
    right_shift_op, copysign_op;
// complex
extern const Op complex_op, real_op, imag_op, modulus_op;
// special
extern const Op exp_op, expm1_op, exp2_op, log_op, log2_op, log10_op, log1p_op, sin_op, cos_op, tan_op, asin_op,
    acos_op, atan_op, atan2_op, sinh_op, cosh_op, tanh_op, asinh_op, acosh_op, atanh_op, erf_op, erfc_op, gaussian_op,
    cbrt_op, sigmoid_op, softplus_op, log_sigmoid_op, log1mexp_op, logaddexp_op, logit_op, lgamma_op, digamma_op,
    trigamma_op, tetragamma_op, xlogy_op;
// normal
extern const Op erfcx_op, ierfcx_op, ndtr_op, log_ndtr_op, ndtri_op, ndtri_exp_op, erfinv_op, erfcinv_op, owens_t_op;
// gamma
extern const Op gamma_op, betaln_op, beta_op, poch_op, digamma_rise_op, zeta_op, polygamma_op;
// incomplete
extern const Op gammainc_op, gammaincc_op, gamma_density_op, gammainc_da_op, gammainc_daa_op, gammaincinv_op,
    gammainccinv_op, betainc_op, beta_density_op, betainc_da_op, betainc_db_op, betaincinv_op;
// bessel, hypergeometric
extern const Op jv_op, yv_op, iv_op, ive_op, kv_op, kve_op, hyp2f1_op, hyp2f1_da_op, hyp2f1_dc_op;
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
// sorting
extern const Op argsort_op, searchsorted_op;
// effects
extern const Op assertion_op, printing_op;
// linalg
extern const Op contract_op, band_op, cholesky_op, solve_triangular_op, lu_op, lu_solve_op, solve_op, inverse_op,
    cofactors_op, det_op, log_abs_det_op, sign_det_op, qr_op, eigh_op, svd_op, pinv_op, sqrtm_op,
    symmetric_sylvester_op, expm_op;
// fft
extern const Op fft_op, rfft_op, irfft_op, irfft_like_op;
// blocked_product
extern const Op blocked_product_op;
// random
extern const Op random_uniform_op, random_normal_op, random_like_op, random_integers_op, random_poisson_op,
    random_binomial_op, random_multinomial_op, random_permutation_op, random_choice_op, uniform_at_op, log_gamma_at_op,
    poisson_at_op, binomial_at_op, von_mises_at_op, hypergeometric_at_op;
// scan, control, host_call, host_map, custom_gradient
extern const Op scan_op, scan_gradient_op, call_op, ifelse_op, host_call_op, host_map_op, with_gradient_op, derivative_op;

}  // namespace leapgraph::symbolic
