/* The product of matrices, for the routines that spend their time in it. */
#ifndef LEAPGRAPH_SYMBOLIC_RUNTIME_PRODUCT_H
#define LEAPGRAPH_SYMBOLIC_RUNTIME_PRODUCT_H

#include "matrix.h"

/* What a vector of this processor level holds. */
#if defined(__AVX512F__)
enum { vector_bytes = 64 };
#elif defined(__AVX__)
enum { vector_bytes = 32 };
#else
enum { vector_bytes = 16 };
#endif

/* Numbers that `room` must hold for a product of m by k and k by n, or of fewer. */
long lg_multiply_room(long m, long n, long k);
long lg_multiply_room_single(long m, long n, long k);
/* c = factor a b, or c += that: a is m by k, b k by n, each with steps from row to row and column to column; the rows
 * of c lie `apart`. */
void lg_multiply_add(long m, long n, long k, double factor, const double* a, long a_row, long a_column, const double* b,
                     long b_row, long b_column, double* c, long apart, int adds, double* room);
void lg_multiply_add_single(long m, long n, long k, float factor, const float* a, long a_row, long a_column,
                            const float* b, long b_row, long b_column, float* c, long apart, int adds, float* room);

/* Stacks of products, see product_kernel.h. */
long lg_product_double(const void* const* in, void* const* out, const long* sizes);
long lg_product_single(const void* const* in, void* const* out, const long* sizes);

#endif
