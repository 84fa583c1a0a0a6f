/* Cholesky and LU factors and the systems that they solve, by rows, so that the inner loops are vectors; large ones in
 * blocks, most of whose work is a product of matrices. */
#include "product.h"

/* The factor of the symmetric part of a; returns 0, or the order of the first leading minor that is not positive. Works
 * on the transpose in the upper triangle, whose rows are columns of the factor: blocks of four rows are finished, then
 * taken out of all rows below. */
static long factor_cholesky(const double* restrict a, long n, double* restrict u) {
  for (long i = 0; i < n; ++i)
    for (long j = i; j < n; ++j) u[i * n + j] = 0.5 * a[i * n + j] + 0.5 * a[j * n + i];
  for (long first = 0; first < n; first += 4) {
    const long end = first + 4 < n ? first + 4 : n;
    for (long i = first; i < end; ++i) {
      double* row = u + i * n;
      for (long p = first; p < i; ++p) subtract(row + i, u[p * n + i], u + p * n + i, n - i);
      if (!(row[i] > 0) || row[i] > DBL_MAX) return i + 1;
      const double root = sqrt(row[i]);
      row[i] = root;
      for (long j = i + 1; j < n; ++j) row[j] /= root;
    }
    for (long i = end; i < n; ++i) subtract4(u + i * n + i, u + first * n + i, n, u + first * n + i, n, n - i);
  }
  for (long i = 0; i < n; ++i)
    for (long j = i + 1; j < n; ++j) {
      u[j * n + i] = u[i * n + j];
      u[i * n + j] = 0;
    }
  return 0;
}

/* sizes: count, n, whether a matrix that has no factor is a failure; else its factor is nan. */
long lg_cholesky(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1];
  for (long k = 0; k < sizes[0]; ++k) {
    double* factor = (double*)out[0] + k * n * n;
    const long minor = factor_cholesky((const double*)in[0] + k * n * n, n, factor);
    if (minor != 0 && sizes[2]) return failed(not_positive_definite, minor);
    for (long i = 0; i < n * n && minor != 0; ++i) factor[i] = NAN;
  }
  return 0;
}

/* Columns of right sides that are worked on together, so that they stay in the cache. */
enum { strip = 64, block = 48 /* rows of a triangle that are worked on before the rest */ };

/* One right side: rows of the triangle are read once, as dot products or, transposed, as multiples of vectors. */
static void solve_vector(const double* t, long n, double* x, int lower, int transposed, int unit) {
  const int forward = lower != transposed;
  for (long k = 0; k < n; ++k) {
    const long i = forward ? k : n - 1 - k;
    const long from = lower ? 0 : i + 1, count = lower ? i : n - 1 - i;
    const double* row = t + i * n;
    if (!transposed) x[i] -= dot(row + from, x + from, count);
    if (!unit) x[i] /= row[i];
    if (transposed) subtract(x + from, x[i], row + from, count);
  }
}

/* Of a triangle of `size` rows in a matrix whose rows are n long. */
static void solve_strip(const double* t, long n, long size, double* x, long apart, long m, int lower, int transposed,
                        int unit) {
  const int forward = lower != transposed;
  const long across = transposed ? n : 1, down = transposed ? 1 : n; /* element (i, k) of what is solved with */
  for (long done = 0; done < size; ++done) {
    const long i = forward ? done : size - 1 - done;
    const long from = forward ? 0 : i + 1;
    double* row = x + i * apart;
    long k = 0;
    for (; k + 3 < done; k += 4)
      subtract4(row, t + i * down + (from + k) * across, across, x + (from + k) * apart, apart, m);
    for (; k < done; ++k) subtract(row, t[i * down + (from + k) * across], x + (from + k) * apart, m);
    if (!unit)
      for (long j = 0; j < m; ++j) row[j] /= t[i * n + i];
  }
}

long lg_zero_pivot(const double* t, long n) {
  for (long i = 0; i < n; ++i)
    if (t[i * n + i] == 0) return i + 1;
  return 0;
}

void lg_solve_triangle(const double* t, long n, double* x, long m, int lower, int transposed, int unit) {
  if (m == 1) {
    solve_vector(t, n, x, lower, transposed, unit);
    return;
  }
  const int forward = lower != transposed;
  const long across = transposed ? n : 1, down = transposed ? 1 : n;
  double* room = n >= 2 * block && m >= 8 ? numbers(lg_multiply_room(n, m, block)) : NULL;
  const long height = room ? block : n; /* without memory all is one block */
  for (long done = 0; done < n; done += height) {
    const long size = n - done < height ? n - done : height, left = n - done - size;
    const long first = forward ? done : left, rest = forward ? done + size : 0;
    for (long j = 0; j < m; j += strip)
      solve_strip(t + first * (n + 1), n, size, x + first * m + j, m, m - j < strip ? m - j : strip, lower, transposed,
                  unit);
    if (left > 0)
      lg_multiply_add(left, m, size, -1, t + rest * down + first * across, down, across, x + first * m, m, 1,
                      x + rest * m, m, 1, room);
  }
  free(room);
}

/* sizes: count, n, m, whether there are that many triangles, and right sides (else one for all), lower, transposed,
 * unit diagonal, whether a zero on the diagonal is a failure. */
long lg_solve_triangular(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1], m = sizes[2];
  for (long k = 0; k < sizes[0]; ++k) {
    double* x = (double*)out[0] + k * n * m;
    copy(x, (const double*)in[1] + (sizes[4] ? k * n * m : 0), n * m);
    const double* t = (const double*)in[0] + (sizes[3] ? k * n * n : 0);
    const long zero = sizes[8] && !sizes[7] ? lg_zero_pivot(t, n) : 0;
    if (zero != 0) return failed(singular, zero);
    lg_solve_triangle(t, n, x, m, (int)sizes[5], (int)sizes[6], (int)sizes[7]);
  }
  return 0;
}

/* Columns first to end, and the exchanges of rows that they ask for in the whole matrix. */
static double factor_columns(double* a, long n, long first, long end, long* pivots) {
  double sign = 1;
  for (long k = first; k < end; ++k) {
    long best = k;
    for (long i = k + 1; i < n; ++i)
      if (fabs(a[i * n + k]) > fabs(a[best * n + k])) best = i;
    if (best != k) {
      for (long j = 0; j < n; ++j) {
        const double x = a[k * n + j];
        a[k * n + j] = a[best * n + j];
        a[best * n + j] = x;
      }
      const long p = pivots[k];
      pivots[k] = pivots[best];
      pivots[best] = p;
      sign = -sign;
    }
    const double pivot = a[k * n + k];
    if (pivot == 0) continue; /* and so is all below it */
    for (long i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / pivot;
      a[i * n + k] = factor;
      if (factor != 0) subtract(a + i * n + k + 1, factor, a + k * n + k + 1, end - k - 1);
    }
  }
  return sign;
}

double lg_factor_lu(double* a, long n, long* pivots) {
  for (long i = 0; i < n; ++i) pivots[i] = i;
  double* room = n >= 2 * block ? numbers(lg_multiply_room(n, n, block)) : NULL;
  if (!room) return factor_columns(a, n, 0, n, pivots);
  double sign = 1;
  for (long first = 0; first < n; first += block) {
    const long end = n - first < block ? n : first + block;
    sign *= factor_columns(a, n, first, end, pivots);
    for (long k = first; k < end && end < n; ++k)
      for (long i = k + 1; i < end; ++i) subtract(a + i * n + end, a[i * n + k], a + k * n + end, n - end);
    if (end < n)
      lg_multiply_add(n - end, n - end, end - first, -1, a + end * n + first, n, 1, a + first * n + end, n, 1,
                      a + end * n + end, n, 1, room);
  }
  free(room);
  return sign;
}

/* sizes: count, n. Out: both factors in one matrix, the rows that its rows were, the sign of that permutation. */
long lg_lu(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1];
  for (long k = 0; k < sizes[0]; ++k) {
    double* a = (double*)out[0] + k * n * n;
    copy(a, (const double*)in[0] + k * n * n, n * n);
    ((double*)out[2])[k] = lg_factor_lu(a, n, (long*)out[1] + k * n);
  }
  return 0;
}

/* sizes: count, n, m, whether there are that many factors, and right sides, transposed. In: factors, rows, right
 * sides. */
long lg_lu_solve(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1], m = sizes[2];
  double* moved = sizes[5] ? numbers(n * m) : 0;
  if (sizes[5] && !moved) return failed(out_of_memory, n * m);
  long zero = 0;
  for (long k = 0; k < sizes[0]; ++k) {
    const double* lu = (const double*)in[0] + (sizes[3] ? k * n * n : 0);
    const long* rows = (const long*)in[1] + (sizes[3] ? k * n : 0);
    const double* b = (const double*)in[2] + (sizes[4] ? k * n * m : 0);
    double* x = (double*)out[0] + k * n * m;
    zero = lg_zero_pivot(lu, n);
    if (zero != 0) break;
    if (sizes[5]) {
      copy(moved, b, n * m);
      lg_solve_triangle(lu, n, moved, m, 0, 1, 0);
      lg_solve_triangle(lu, n, moved, m, 1, 1, 1);
      for (long i = 0; i < n; ++i) copy(x + rows[i] * m, moved + i * m, m);
    } else {
      for (long i = 0; i < n; ++i) copy(x + i * m, b + rows[i] * m, m);
      lg_solve_triangle(lu, n, x, m, 1, 0, 1);
      lg_solve_triangle(lu, n, x, m, 0, 0, 0);
    }
  }
  free(moved);
  return zero == 0 ? 0 : failed(singular, zero);
}
