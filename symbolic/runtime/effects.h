/* What functions do beside computing: the routines behind the ops `assertion` and `print`. */
#ifndef LEAPGRAPH_SYMBOLIC_RUNTIME_EFFECTS_H
#define LEAPGRAPH_SYMBOLIC_RUNTIME_EFFECTS_H

#ifdef __cplusplus
extern "C" {
#endif

/* in: conditions (bytes); out: one byte, 1; sizes: {how many, or -1 for a scalar}. Fails with Check::assertion and the
 * number of the first that is false, -1 for a scalar. */
long lg_assertion(const void* const* in, void* const* out, const long* sizes);

/* in: a tensor; out: one byte, 1; sizes: {element type, rank, lengths..., bytes of the message, the message, eight
 * bytes a number}. Element types: 0 boolean, 1 signed, 2 unsigned, 3 real; times 256, plus bytes of an element. Writes
 * "message __str__ = value" and a new line to the standard error stream, at once. */
long lg_print(const void* const* in, void* const* out, const long* sizes);

#ifdef __cplusplus
}
#endif

#endif
