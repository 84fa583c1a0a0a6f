/* QR, symmetric eigenvalues, singular values, and what follows from them: exponentials and cofactors of matrices.
 * Numbers that are not finite have none of these. */
#include "matrix.h"

/* --- QR --- */

/* Turns x into multiples of the first unit vector: v with x - scale (v x) v = beta e_1, where v takes the place of x.
 * Returns scale; 0 where x is that already. */
static double reflector(double* x, long n, double* beta) {
  *beta = n > 0 ? x[0] : 0;
  const double size = n > 1 ? largest(x + 1, n - 1) : 0;
  if (size == 0) return 0;
  const double length = length_of(x, n);
  *beta = x[0] > 0 ? -length : length;
  const double first = x[0] - *beta; /* the larger of the two choices */
  double square = 1;
  x[0] = 1;
  for (long i = 1; i < n; ++i) {
    x[i] /= first;
    square += x[i] * x[i];
  }
  return 2 / square;
}

/* rows of `a` -= scale v (v' a); `work` has room for a row. */
static void reflect(double* a, long rows, long columns, long apart, const double* v, double scale, double* work) {
  if (scale == 0) return;
  for (long j = 0; j < columns; ++j) work[j] = 0;
  for (long i = 0; i < rows; ++i) subtract(work, -v[i], a + i * apart, columns);
  for (long i = 0; i < rows; ++i) subtract(a + i * apart, scale * v[i], work, columns);
}

/* sizes: count, m, n, complete. Out: Q [m, q], R [q, n], q = m where complete, else the smaller of m and n. The
 * diagonal of R is not negative. */
long lg_qr(const void* const* in, void* const* out, const long* sizes) {
  const long m = sizes[1], n = sizes[2], least = m < n ? m : n, q = sizes[3] ? m : least;
  double* memory = numbers(m * n + least * m + least + n + q);
  if (!memory) return failed(out_of_memory, m * n);
  double *a = memory, *vectors = a + m * n, *scales = vectors + least * m, *work = scales + least;
  for (long k = 0; k < sizes[0]; ++k) {
    double *Q = (double*)out[0] + k * m * q, *R = (double*)out[1] + k * q * n;
    copy(a, (const double*)in[0] + k * m * n, m * n);
    for (long j = 0; j < least; ++j) {
      double* v = vectors + j * m;
      for (long i = j; i < m; ++i) v[i] = a[i * n + j];
      double beta = 0;
      scales[j] = reflector(v + j, m - j, &beta);
      reflect(a + j * n + j + 1, m - j, n - j - 1, n, v + j, scales[j], work);
      a[j * n + j] = beta;
      for (long i = j + 1; i < m; ++i) a[i * n + j] = 0;
    }
    for (long i = 0; i < m; ++i)
      for (long j = 0; j < q; ++j) Q[i * q + j] = i == j;
    for (long j = least; j-- > 0;) reflect(Q + j * q, m - j, q, q, vectors + j * m + j, scales[j], work);
    copy(R, a, q * n);
    for (long j = 0; j < least; ++j) {
      if (!(R[j * n + j] < 0)) continue;
      for (long i = j; i < n; ++i) R[j * n + i] = -R[j * n + i];
      for (long i = 0; i < m; ++i) Q[i * q + j] = -Q[i * q + j];
    }
  }
  free(memory);
  return 0;
}

/* --- Eigenvalues of symmetric matrices: Householder's reduction, then implicit QL (Golub & Van Loan, 8.3) --- */

/* a -> tridiagonal matrix with diagonal d and e beside it; z: the transposed product of the reflections. */
static void to_tridiagonal(double* a, long n, double* d, double* e, double* z, double* work) {
  for (long k = 0; k + 1 < n; ++k) { /* v of step k lies in row k, behind the diagonal */
    double* v = a + k * n + k + 1;
    const long m = n - k - 1;
    d[k] = a[k * n + k];
    const double scale = work[n + k] = reflector(v, m, &e[k]);
    if (scale == 0) continue;
    double along = 0;
    for (long i = 0; i < m; ++i) {
      work[i] = scale * dot(a + (k + 1 + i) * n + k + 1, v, m);
      along += work[i] * v[i];
    }
    subtract(work, 0.5 * scale * along, v, m);
    for (long i = 0; i < m; ++i) {
      double* row = a + (k + 1 + i) * n + k + 1;
      subtract(row, v[i], work, m);
      subtract(row, work[i], v, m);
    }
  }
  if (n > 0) d[n - 1] = a[n * n - 1];
  for (long i = 0; i < n; ++i)
    for (long j = 0; j < n; ++j) z[i * n + j] = i == j;
  for (long k = n - 1; k-- > 0;)
    reflect(z + (k + 1) * n + k + 1, n - k - 1, n - k - 1, n, a + k * n + k + 1, work[n + k], work);
  for (long i = 0; i < n; ++i)
    for (long j = 0; j < i; ++j) {
      const double x = z[i * n + j];
      z[i * n + j] = z[j * n + i];
      z[j * n + i] = x;
    }
}

/* Rows x and y become c x - s y and s x + c y. */
static void rotate(double* restrict x, double* restrict y, double c, double s, long n) {
  for (long i = 0; i < n; ++i) {
    const double old = y[i];
    y[i] = s * x[i] + c * old;
    x[i] = c * x[i] - s * old;
  }
}

/* d -> eigenvalues; the rows of z turn with them. */
static int diagonalise(double* d, double* e, double* z, long n) {
  for (long l = 0; l < n; ++l) {
    for (int step = 0;; ++step) {
      long m = l;
      while (m + 1 < n && !(fabs(e[m]) <= DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])))) ++m;
      if (m == l) break;
      if (step == 100) return 0;
      double g = (d[l + 1] - d[l]) / (2 * e[l]);
      double r = hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + copysign(r, g));
      double s = 1, c = 1, p = 0;
      long i = m - 1;
      for (; i >= l; --i) {
        const double f = s * e[i], b = c * e[i];
        r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { /* underflow */
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate(z + i * n, z + (i + 1) * n, c, s, n);
      }
      if (r == 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return 1;
}

/* sizes: count, n. Out: eigenvalues of the symmetric part in ascending order, eigenvectors as columns. */
long lg_eigh(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1];
  double* memory = numbers(2 * n * n + 3 * n);
  if (!memory) return failed(out_of_memory, 2 * n * n);
  double *a = memory, *z = a + n * n, *e = z + n * n, *work = e + n;
  int fine = 1;
  for (long k = 0; k < sizes[0] && fine; ++k) {
    const double* given = (const double*)in[0] + k * n * n;
    double *d = (double*)out[0] + k * n, *v = (double*)out[1] + k * n * n;
    for (long i = 0; i < n; ++i)
      for (long j = 0; j < n; ++j) a[i * n + j] = 0.5 * given[i * n + j] + 0.5 * given[j * n + i];
    fine = all_finite(a, n * n);
    if (!fine) break;
    int exponent = 0; /* a power of two: exact */
    frexp(largest(a, n * n), &exponent);
    for (long i = 0; i < n * n; ++i) a[i] = ldexp(a[i], -exponent);
    to_tridiagonal(a, n, d, e, z, work);
    if (n > 0) e[n - 1] = 0;
    fine = diagonalise(d, e, z, n);
    for (long i = 0; i < n && fine; ++i) {
      long least = i;
      for (long j = i + 1; j < n; ++j)
        if (d[j] < d[least]) least = j;
      const double x = d[least];
      d[least] = d[i];
      d[i] = ldexp(x, exponent);
      double *row = z + i * n, *other = z + least * n;
      const double sign = is_negative(other, n, 1) ? -1 : 1;
      for (long j = 0; j < n; ++j) {
        const double y = other[j];
        other[j] = row[j];
        row[j] = y;
        v[j * n + i] = sign * y;
      }
    }
  }
  free(memory);
  return fine ? 0 : failed(no_convergence, 0);
}

/* --- Singular values: one-sided Jacobi (Golub & Van Loan, 8.6.3), which gets small ones right as well --- */

/* Unit vectors across all others of the rows of w, [count, m], for the rows that have no length. */
static void complete(double* w, long count, long m, const double* lengths, double* work) {
  for (long j = 0; j < count; ++j) {
    if (lengths[j] > 0) continue;
    double* row = w + j * m;
    for (long axis = 0; axis < m; ++axis) {
      for (long i = 0; i < m; ++i) work[i] = i == axis;
      for (int twice = 0; twice < 2; ++twice)
        for (long i = 0; i < count; ++i)
          if (lengths[i] > 0 || i < j) subtract(work, dot(w + i * m, work, m), w + i * m, m);
      const double length = length_of(work, m);
      if (length * length * 2 * (double)m < 1) continue; /* some axis is far enough from all others */
      for (long i = 0; i < m; ++i) row[i] = work[i] / length;
      break;
    }
  }
}

long lg_decompose(const double* a, long rows, long columns, double* u, double* s, double* v) {
  const int wide = rows < columns;
  const long m = wide ? columns : rows, n = wide ? rows : columns;
  if (!all_finite(a, rows * columns)) return failed(no_convergence, 0);
  double* memory = numbers(n * m + n * n + m + 2 * n);
  if (!memory) return failed(out_of_memory, n * m + n * n);
  double *w = memory, *z = w + n * m, *lengths = z + n * n, *squares = lengths + n, *work = squares + n;
  if (wide)
    copy(w, a, n * m);
  else
    transpose(w, a, m, n);
  int exponent = 0;
  frexp(largest(w, n * m), &exponent);
  for (long i = 0; i < n * m; ++i) w[i] = ldexp(w[i], -exponent);
  for (long i = 0; i < n; ++i)
    for (long j = 0; j < n; ++j) z[i * n + j] = i == j;
  /* The largest number is near 1; what is left of a column after cancellation is rounding, and counts as 0 below the
   * square root of the smallest number. */
  const double negligible = 1e-280, tolerance = DBL_EPSILON * fmax(2, sqrt((double)m));
  int turned = 1, sweep = 0;
  for (; turned && sweep < 100; ++sweep) {
    turned = 0;
    /* Carried along within a sweep; the last one turns nothing, and so judges by exact ones. */
    for (long i = 0; i < n; ++i) squares[i] = dot(w + i * m, w + i * m, m);
    for (long i = 0; i < n; ++i)
      for (long j = i + 1; j < n; ++j) {
        double *x = w + i * m, *y = w + j * m;
        const double xx = squares[i], yy = squares[j], xy = dot(x, y, m);
        const int orthogonal = fabs(xy) <= tolerance * sqrt(xx) * sqrt(yy) || xx < negligible || yy < negligible;
        double c = 1, tangent = 0;
        if (!orthogonal) {
          const double t = (yy - xx) / (2 * xy);
          tangent = 1 / (t + copysign(hypot(1, t), t));
          c = 1 / sqrt(1 + tangent * tangent);
          turned = 1;
          rotate(x, y, c, c * tangent, m);
          rotate(z + i * n, z + j * n, c, c * tangent, n);
        }
        squares[i] = fmax(0, xx - tangent * xy);
        squares[j] = yy + tangent * xy;
        if (squares[i] < squares[j]) { /* the longer first */
          const double longer = squares[j];
          squares[j] = squares[i];
          squares[i] = longer;
          for (long k = 0; k < m; ++k) {
            const double t = x[k];
            x[k] = y[k];
            y[k] = t;
          }
          for (long k = 0; k < n; ++k) {
            const double t = z[i * n + k];
            z[i * n + k] = z[j * n + k];
            z[j * n + k] = t;
          }
        }
      }
  }
  for (long i = 0; i < n; ++i) {
    lengths[i] = length_of(w + i * m, m);
    if (lengths[i] * lengths[i] < negligible) lengths[i] = 0;
    for (long k = 0; k < m && lengths[i] > 0; ++k) w[i * m + k] /= lengths[i];
  }
  complete(w, n, m, lengths, work);
  double *along = wide ? z : w, *across = wide ? w : z; /* rows: left and right singular vectors */
  const long left = wide ? n : m, right = wide ? m : n;
  for (long i = 0; i < n; ++i) { /* rounding may have left neighbours in the wrong order */
    long most = i;
    for (long j = i + 1; j < n; ++j)
      if (lengths[j] > lengths[most]) most = j;
    s[i] = ldexp(lengths[most], exponent);
    const double sign = is_negative(along + most * left, left, 1) ? -1 : 1;
    for (long k = 0; k < left; ++k) u[k * n + i] = sign * along[most * left + k];
    for (long k = 0; k < right; ++k) v[i * right + k] = sign * across[most * right + k];
    if (most != i) {
      lengths[most] = lengths[i];
      copy(along + most * left, along + i * left, left);
      copy(across + most * right, across + i * right, right);
    }
  }
  free(memory);
  return turned ? failed(no_convergence, 0) : 0;
}

/* sizes: count, m, n. Out: U [m, k], s [k] in descending order, V' [k, n], k the smaller of m and n. */
long lg_svd(const void* const* in, void* const* out, const long* sizes) {
  const long m = sizes[1], n = sizes[2], least = m < n ? m : n;
  for (long k = 0; k < sizes[0]; ++k) {
    const long fault = lg_decompose((const double*)in[0] + k * m * n, m, n, (double*)out[0] + k * m * least,
                                    (double*)out[1] + k * least, (double*)out[2] + k * least * n);
    if (fault != 0) return fault;
  }
  return 0;
}

/* --- Cofactors --- */

static double sign_of_determinant(double* a, long n, long* rows) {
  double sign = lg_factor_lu(a, n, rows);
  for (long i = 0; i < n; ++i) sign = a[i * n + i] < 0 ? -sign : sign;
  return sign;
}

/* sizes: count, n. Of A = U S V': det(U) det(V) U diag(products of all other singular values) V'; right for singular A
 * too. */
long lg_cofactors(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1];
  double* memory = numbers(3 * n * n + 3 * n);
  long* rows = malloc(sizeof(long) * (size_t)(n + 1));
  long fault = memory && rows ? 0 : failed(out_of_memory, 3 * n * n);
  double *u = memory, *v = u + n * n, *turned = v + n * n, *s = turned + n * n, *others = s + n;
  for (long k = 0; k < sizes[0] && fault == 0; ++k) {
    fault = lg_decompose((const double*)in[0] + k * n * n, n, n, u, s, v);
    if (fault != 0) break;
    copy(turned, u, n * n);
    double sign = sign_of_determinant(turned, n, rows);
    copy(turned, v, n * n);
    sign *= sign_of_determinant(turned, n, rows);
    for (long i = 0; i < n; ++i) {
      others[i] = sign;
      for (long j = 0; j < n; ++j)
        if (j != i) others[i] *= s[j];
    }
    double* result = (double*)out[0] + k * n * n;
    for (long i = 0; i < n; ++i) {
      double* row = result + i * n;
      for (long j = 0; j < n; ++j) row[j] = 0;
      for (long p = 0; p < n; ++p) subtract(row, -u[i * n + p] * others[p], v + p * n, n);
    }
  }
  free(memory);
  free(rows);
  return fault;
}

/* --- Exponentials: Pade approximants, scaling and squaring (Higham 2005) --- */

static void multiply(double* restrict to, const double* restrict a, const double* restrict b, long n) {
  for (long i = 0; i < n; ++i) {
    double* row = to + i * n;
    for (long j = 0; j < n; ++j) row[j] = 0;
    long k = 0;
    for (; k + 3 < n; k += 4) subtract4(row, a + i * n + k, 1, b + k * n, n, n);
    for (; k < n; ++k) subtract(row, a[i * n + k], b + k * n, n);
    for (long j = 0; j < n; ++j) row[j] = -row[j];
  }
}

/* Coefficients of the numerators, by degree, and up to which norm each degree is exact to rounding. */
static const double pade[5][14] = {
    {120, 60, 12, 1},
    {30240, 15120, 3360, 420, 30, 1},
    {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1},
    {17643225600., 8821612800., 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1},
    {64764752532480000., 32382376266240000., 7771770303897600., 1187353796428800., 129060195264000., 10559470521600.,
     670442572800., 33522128640., 1323241920, 40840800, 960960, 16380, 182, 1}};
static const int degrees[5] = {3, 5, 7, 9, 13};
static const double reach[5] = {1.495585217958292e-2, 2.539398330063230e-1, 9.504178996162932e-1, 2.097847961257068,
                                5.371920351148152};

/* exp of a [n, n] into e; `memory`: 8 n n. */
static void exponential(double* a, long n, double* e, double* memory, long* rows) {
  const long size = n * n;
  double norm = 0;
  for (long j = 0; j < n; ++j) {
    double sum = 0;
    for (long i = 0; i < n; ++i) sum += fabs(a[i * n + j]);
    norm = sum > norm ? sum : norm;
  }
  int which = 0;
  while (which < 4 && norm > reach[which]) ++which;
  int halvings = 0;
  if (norm > reach[4]) frexp(norm / reach[4], &halvings);
  for (long i = 0; i < size; ++i) a[i] = ldexp(a[i], -halvings);

  double *power = memory, *next = power + size, *square = next + size, *even = square + size, *odd = even + size;
  const double* c = pade[which];
  multiply(square, a, a, n);
  for (long i = 0; i < size; ++i) {
    const double one = i % (n + 1) == 0;
    power[i] = one;
    even[i] = c[0] * one;
    odd[i] = c[1] * one;
  }
  for (int k = 2; k < degrees[which]; k += 2) {
    multiply(next, power, square, n);
    copy(power, next, size);
    for (long i = 0; i < size; ++i) {
      even[i] += c[k] * power[i];
      odd[i] += c[k + 1] * power[i];
    }
  }
  multiply(next, a, odd, n); /* (even - odd)^-1 (even + odd) */
  for (long i = 0; i < size; ++i) {
    power[i] = even[i] - next[i];
    next[i] += even[i];
  }
  lg_factor_lu(power, n, rows);
  for (long i = 0; i < n; ++i) copy(e + i * n, next + rows[i] * n, n);
  lg_solve_triangle(power, n, e, n, 1, 0, 1);
  lg_solve_triangle(power, n, e, n, 0, 0, 0);
  for (int k = 0; k < halvings; ++k) {
    multiply(next, e, e, n);
    copy(e, next, size);
  }
}

/* sizes: count, n. */
long lg_expm(const void* const* in, void* const* out, const long* sizes) {
  const long n = sizes[1];
  double* memory = numbers(6 * n * n);
  long* rows = malloc(sizeof(long) * (size_t)(n + 1));
  const long fault = memory && rows ? 0 : failed(out_of_memory, 6 * n * n);
  for (long k = 0; k < sizes[0] && fault == 0; ++k) {
    const double* a = (const double*)in[0] + k * n * n;
    double* e = (double*)out[0] + k * n * n;
    if (n == 1) {
      e[0] = exp(a[0]);
    } else if (!all_finite(a, n * n) || largest(a, n * n) > 1e300) {
      for (long i = 0; i < n * n; ++i) e[i] = NAN;
    } else {
      copy(memory, a, n * n);
      exponential(memory, n, e, memory + n * n, rows);
    }
  }
  free(memory);
  free(rows);
  return fault;
}
