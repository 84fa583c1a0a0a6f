/* Order: the routines behind the ops `argsort` and `searchsorted`. nan is larger than every number. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

long lg_argsort(const void* const* in, void* const* out, const long* sizes);
long lg_searchsorted(const void* const* in, void* const* out, const long* sizes);

/* Numbers of either element type as integers of the same order. */
struct keys {
  const void* at;
  long are_whole;
};

static inline long key(struct keys keys, long i) {
  if (keys.are_whole) return ((const long*)keys.at)[i];
  const double x = ((const double*)keys.at)[i] + 0.0; /* one zero */
  long bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return LONG_MAX;
  return bits < 0 ? bits ^ LONG_MAX : bits;
}

enum { run = 12 };

/* order[start..end) by insertion. */
static void sort_run(struct keys keys, long* order, long start, long end) {
  for (long i = start + 1; i < end; ++i) {
    const long k = key(keys, i);
    long j = i;
    for (; j > start && k < key(keys, order[j - 1]); --j) order[j] = order[j - 1];
    order[j] = i;
  }
}

/* Two neighbouring runs of `from` merged into `to`; of equal keys those of the first run come first. */
static void merge(struct keys keys, const long* from, long* to, long start, long middle, long end) {
  long a = start, b = middle, k = start;
  while (a < middle && b < end) to[k++] = key(keys, from[b]) < key(keys, from[a]) ? from[b++] : from[a++];
  while (a < middle) to[k++] = from[a++];
  while (b < end) to[k++] = from[b++];
}

/* Stable: runs of a few by insertion, merged in turn between `order` and `spare`. Without room for `spare` it is one
 * run. */
static void sort(struct keys keys, long* order, long* spare, long n) {
  const long width = spare ? run : n;
  for (long i = 0; i < n; ++i) order[i] = i;
  for (long start = 0; start < n; start += width) sort_run(keys, order, start, start + width < n ? start + width : n);
  long *from = order, *to = spare;
  for (long length = width; length < n; length *= 2) {
    for (long start = 0; start < n; start += 2 * length) {
      const long middle = start + length < n ? start + length : n;
      merge(keys, from, to, start, middle, middle + length < n ? middle + length : n);
    }
    long* other = from;
    from = to;
    to = other;
  }
  if (from != order) memcpy(order, from, (size_t)n * sizeof *order);
}

/* --- Many keys: by their digits, the last one first --- */

struct item {
  unsigned long key;
  long number;
};
enum { many = 2048, digit_bits = 8, digits = 8, buckets = 1 << digit_bits };

static inline unsigned long digit_of(unsigned long key, int digit) {
  return key >> (digit * digit_bits) & (buckets - 1);
}

/* Stable too; `items` has room for twice n. */
static void sort_many(struct keys keys, long* order, struct item* items, long n) {
  long counts[digits][buckets];
  memset(counts, 0, sizeof counts);
  struct item *from = items, *to = items + n;
  for (long i = 0; i < n; ++i) {
    const unsigned long k = (unsigned long)key(keys, i) ^ 1UL << 63;
    from[i] = (struct item){k, i};
    for (int d = 0; d < digits; ++d) ++counts[d][digit_of(k, d)];
  }
  for (int d = 0; d < digits; ++d) {
    long* next = counts[d];
    if (next[digit_of(from[0].key, d)] == n) continue; /* all have the same digit */
    for (long b = 0, start = 0; b < buckets; ++b) {
      const long here = next[b];
      next[b] = start;
      start += here;
    }
    for (long i = 0; i < n; ++i) to[next[digit_of(from[i].key, d)]++] = from[i];
    struct item* other = from;
    from = to;
    to = other;
  }
  for (long i = 0; i < n; ++i) order[i] = from[i].number;
}

/* in: keys[rows, n]; out: long[rows, n]; sizes: {rows, n, whether keys are long, else double}. */
long lg_argsort(const void* const* in, void* const* out, const long* sizes) {
  const long rows = sizes[0], n = sizes[1];
  struct item* items = n >= many ? malloc(2 * (size_t)n * sizeof *items) : 0;
  long* spare = n > run && !items ? malloc((size_t)n * sizeof *spare) : 0;
  for (long r = 0; r < rows; ++r) {
    const struct keys keys = {(const char*)in[0] + r * n * 8, sizes[2]};
    if (items)
      sort_many(keys, (long*)out[0] + r * n, items, n);
    else
      sort(keys, (long*)out[0] + r * n, spare, n);
  }
  free(items);
  free(spare);
  return 0;
}

/* in: keys[n] in order, values[m]; out: long[m], the first position whose key is not less than the value, or larger
 * than it; sizes: {n, m, whether they are long, whether larger}. */
long lg_searchsorted(const void* const* in, void* const* out, const long* sizes) {
  const struct keys keys = {in[0], sizes[2]}, values = {in[1], sizes[2]};
  for (long i = 0; i < sizes[1]; ++i) {
    const long value = key(values, i);
    long low = 0, high = sizes[0];
    while (low < high) {
      const long middle = low + (high - low) / 2, here = key(keys, middle);
      if (sizes[3] ? here <= value : here < value)
        low = middle + 1;
      else
        high = middle;
    }
    ((long*)out[0])[i] = low;
  }
  return 0;
}
