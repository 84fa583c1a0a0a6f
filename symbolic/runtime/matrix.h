/* What the matrix routines share: how they report failure, and loops over rows. Matrices are row-major.
 *
 * Contract of all routines `long lg_x(in, out, sizes)`: stacks of matrices one after another, sizes[0] of them; inputs
 * are not written; outputs do not overlap inputs; 0, or the failed check with its value as checks.hpp packs them. They
 * keep nothing between calls and may run on any number of threads. */
#ifndef LEAPGRAPH_SYMBOLIC_RUNTIME_MATRIX_H
#define LEAPGRAPH_SYMBOLIC_RUNTIME_MATRIX_H

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As in checks.hpp. */
enum { not_positive_definite = 9, singular = 10, no_convergence = 11, out_of_memory = 14 };

static inline long failed(long check, long value) { return check | value << 8; }

/* At least one number, so that an empty matrix is no special case; null without memory. */
static inline double* numbers(long count) { return malloc(sizeof(double) * (size_t)(count > 0 ? count : 1)); }

static inline void copy(double* restrict to, const double* restrict from, long count) {
  if (count > 0) memcpy(to, from, sizeof(double) * (size_t)count);
}

static inline double dot(const double* restrict x, const double* restrict y, long n) {
  double a = 0, b = 0, c = 0, d = 0;
  long i = 0;
  for (; i + 3 < n; i += 4) {
    a += x[i] * y[i];
    b += x[i + 1] * y[i + 1];
    c += x[i + 2] * y[i + 2];
    d += x[i + 3] * y[i + 3];
  }
  for (; i < n; ++i) a += x[i] * y[i];
  return (a + b) + (c + d);
}

/* y -= a x */
static inline void subtract(double* restrict y, double a, const double* restrict x, long n) {
  for (long i = 0; i < n; ++i) y[i] -= a * x[i];
}

/* y -= a[0] x_0 + ... + a[3 step] x_3, where the x_k are rows of that length apart. */
static inline void subtract4(double* restrict y, const double* a, long step, const double* restrict x, long apart,
                             long n) {
  const double a0 = a[0], a1 = a[step], a2 = a[2 * step], a3 = a[3 * step];
  const double* restrict x1 = x + apart, * restrict x2 = x + 2 * apart, * restrict x3 = x + 3 * apart;
  for (long i = 0; i < n; ++i) y[i] -= (a0 * x[i] + a1 * x1[i]) + (a2 * x2[i] + a3 * x3[i]);
}

static inline double largest(const double* x, long count) {
  double most = 0;
  for (long i = 0; i < count; ++i) most = fabs(x[i]) > most ? fabs(x[i]) : most;
  return most;
}

static inline int all_finite(const double* x, long count) {
  double zero = 0;
  for (long i = 0; i < count; ++i) zero += 0 * x[i];
  return zero == 0;
}

/* Euclidean length, without overflow. */
static inline double length_of(const double* x, long n) {
  const double size = largest(x, n);
  if (!(size > 0) || size > DBL_MAX) return size;
  double sum = 0;
  for (long i = 0; i < n; ++i) sum += (x[i] / size) * (x[i] / size);
  return size * sqrt(sum);
}

static inline void transpose(double* restrict to, const double* restrict from, long rows, long columns) {
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
}

/* A vector and its negative are one: the first component of at least nine tenths of the largest is positive. */
static inline int is_negative(const double* x, long n, long step) {
  double size = 0;
  for (long i = 0; i < n; ++i) size = fabs(x[i * step]) > size ? fabs(x[i * step]) : size;
  for (long i = 0; i < n; ++i)
    if (fabs(x[i * step]) >= 0.9 * size) return x[i * step] < 0;
  return 0;
}

/* The number of the first zero on the diagonal, 0 without one. */
long lg_zero_pivot(const double* matrix, long n);
/* Triangular systems; n rows of `triangle`, of which only one triangle is read, and m columns of x, both row-major. */
void lg_solve_triangle(const double* triangle, long n, double* x, long m, int lower, int transposed, int unit);
/* Row `pivots[i]` of `a` is row i of L U, whose factors take its place. Returns the sign of the permutation. */
double lg_factor_lu(double* a, long n, long* pivots);
/* Singular values in descending order: a [rows, columns], k the smaller of both, u [rows, k], v [k, columns]. */
long lg_decompose(const double* a, long rows, long columns, double* u, double* s, double* v);

#endif
