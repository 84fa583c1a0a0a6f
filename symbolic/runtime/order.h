/* Routines over rows in memory, with the signature of op.hpp's Routine. */
#ifndef LEAPGRAPH_SYMBOLIC_RUNTIME_ORDER_H
#define LEAPGRAPH_SYMBOLIC_RUNTIME_ORDER_H

#ifdef __cplusplus
extern "C" {
#endif

/* in: x, sizes[0] rows of sizes[1] doubles. out: the weights of the elements in the medians of their rows. */
long lg_median_weights(const void* const* in, void* const* out, const long* sizes);

#ifdef __cplusplus
}
#endif

#endif
