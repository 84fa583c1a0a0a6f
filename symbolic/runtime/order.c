/* Order statistics of rows. */
#include "order.h"

static void swap(double* x, long a, long b) {
  const double kept = x[a];
  x[a] = x[b];
  x[b] = kept;
}

/* Moves the element of rank k to its place, smaller ones before it, larger ones behind (Hoare's find; the pivot is the
 * median of three). No nan. */
static void select_rank(double* x, long n, long k) {
  long low = 0, high = n - 1;
  while (low < high) {
    const long middle = low + (high - low) / 2;
    if (x[middle] < x[low]) swap(x, middle, low);
    if (x[high] < x[low]) swap(x, high, low);
    if (x[high] < x[middle]) swap(x, high, middle);
    const double pivot = x[middle];
    long i = low, j = high;
    while (i <= j) {
      while (x[i] < pivot) ++i;
      while (pivot < x[j]) --j;
      if (i <= j) swap(x, i++, j--);
    }
    if (k <= j)
      high = j;
    else if (k >= i)
      low = i;
    else
      return;
  }
}

/* Adds to the weight of the element of rank k, equal ones counted in their order. */
static void add_weight(const double* x, double* weights, long n, long k, double value) {
  long smaller = 0;
  for (long i = 0; i < n; ++i) smaller += x[i] < value;
  for (long i = 0; i < n; ++i)
    if (x[i] == value && smaller++ == k) {
      weights[i] += 0.5;
      return;
    }
}

long lg_median_weights(const void* const* in, void* const* out, const long* sizes) {
  const long rows = sizes[0], n = sizes[1];
  for (long row = 0; row < rows; ++row) {
    const double* x = (const double*)in[0] + row * n;
    double* weights = (double*)out[0] + row * n;
    long not_a_number = 0;
    while (not_a_number < n && x[not_a_number] == x[not_a_number]) ++not_a_number;
    const long low = (n - 1) / 2, high = n / 2;
    double values[2] = {0, 0};
    if (not_a_number == n) { /* the output is room to sort in */
      for (long i = 0; i < n; ++i) weights[i] = x[i];
      select_rank(weights, n, low);
      values[0] = weights[low];
      select_rank(weights, n, high);
      values[1] = weights[high];
    }
    for (long i = 0; i < n; ++i) weights[i] = 0;
    if (not_a_number < n) {
      weights[not_a_number] = 1;
    } else {
      add_weight(x, weights, n, low, values[0]);
      add_weight(x, weights, n, high, values[1]);
    }
  }
  return 0;
}
