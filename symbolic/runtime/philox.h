/* Random numbers by place, for emitted code and for the interpreter. See philox.c. */
#ifndef LEAPGRAPH_RUNTIME_PHILOX_H
#define LEAPGRAPH_RUNTIME_PHILOX_H

#ifdef __cplusplus
extern "C" {
#endif

double lg_philox_uniform(double seed_low, double seed_high, double draw, double place);
/* The logarithm of a gamma variate of shape alpha and rate 1. nan outside alpha > 0. */
double lg_philox_log_gamma(double seed_low, double seed_high, double draw, double place, double alpha);
/* Whole numbers; nan outside the domain. */
double lg_philox_poisson(double seed_low, double seed_high, double draw, double place, double rate);
double lg_philox_binomial(double seed_low, double seed_high, double draw, double place, double trials,
                          double probability);
/* In [-pi, pi], around 0. */
double lg_philox_von_mises(double seed_low, double seed_high, double draw, double place, double kappa);
double lg_philox_hypergeometric(double seed_low, double seed_high, double draw, double place, double drawn,
                                double white, double black);

#ifdef __cplusplus
}
#endif

#endif
