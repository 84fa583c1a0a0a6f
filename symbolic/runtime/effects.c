/* What functions do beside computing; see effects.h. */
#include "leapgraph/symbolic/runtime/effects.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long lg_assertion(const void* const* in, void* const* out, const long* sizes) {
  enum { assertion = 12 }; /* Check::assertion */
  const unsigned char* conditions = in[0];
  const long count = sizes[0] < 0 ? 1 : sizes[0];
  for (long i = 0; i < count; ++i)
    if (!conditions[i]) return assertion | (sizes[0] < 0 ? -1L : i) * 256;
  *(unsigned char*)out[0] = 1;
  return 0;
}

struct text {
  char* at;
  size_t used, room;
};

static void add(struct text* t, const char* what, size_t bytes) {
  if (t->used + bytes > t->room) {
    const size_t room = 2 * (t->used + bytes) + 256;
    char* larger = realloc(t->at, room);
    if (!larger) return; /* what does not fit is left out */
    t->at = larger;
    t->room = room;
  }
  memcpy(t->at + t->used, what, bytes);
  t->used += bytes;
}

static void add_words(struct text* t, const char* words) { add(t, words, strlen(words)); }

/* The shortest number that reads back the same. */
static void add_real(struct text* t, double x, int is_float) {
  char digits[40];
  if (x != x || isinf(x)) {
    add_words(t, x != x ? "nan" : x > 0 ? "inf" : "-inf");
    return;
  }
  for (int precision = 1; precision <= 17; ++precision) {
    snprintf(digits, sizeof digits, "%.*g", precision, x);
    const double back = strtod(digits, 0);
    if (is_float ? (float)back == (float)x : back == x) break;
  }
  add_words(t, digits);
  if (!strpbrk(digits, ".e")) add_words(t, ".0");
}

static void add_stored_real(struct text* t, const unsigned char* at, int is_float) {
  if (is_float) {
    float x;
    memcpy(&x, at, sizeof x);
    add_real(t, x, 1);
  } else {
    double x;
    memcpy(&x, at, sizeof x);
    add_real(t, x, 0);
  }
}

static void add_element(struct text* t, const unsigned char* at, long type) {
  char digits[32];
  int64_t whole = 0;
  const long bytes = type & 255;
  switch (type >> 8) {
    case 0:
      add_words(t, *at ? "True" : "False");
      return;
    case 3:
      add_stored_real(t, at, bytes == 4);
      return;
    case 4: { /* a pair: 1.0+2.0j */
      const size_t before = t->used;
      add_stored_real(t, at, bytes == 8);
      const size_t sign = t->used;
      add_words(t, "+");
      add_stored_real(t, at + bytes / 2, bytes == 8);
      if (t->used > sign + 1 && t->at[sign + 1] == '-') { /* the number has its own sign */
        memmove(t->at + sign, t->at + sign + 1, t->used - sign - 1);
        --t->used;
      }
      if (t->used > before) add_words(t, "j");
      return;
    }
    default:
      memcpy(&whole, at, (size_t)bytes); /* little endian */
      if (type >> 8 == 1 && bytes < 8 && whole >> (8 * bytes - 1)) whole -= (int64_t)1 << (8 * bytes);
      snprintf(digits, sizeof digits, type >> 8 == 2 ? "%lu" : "%ld", (long)whole);
      add_words(t, digits);
  }
}

/* Of long axes the first and last few, as NumPy prints them. */
enum { many = 1000, shown = 3 };

static void add_axis(struct text* t, const unsigned char* at, long type, const long* lengths, long rank, int shorten) {
  if (rank == 0) {
    add_element(t, at, type);
    return;
  }
  long row = type & 255;
  for (long k = 1; k < rank; ++k) row *= lengths[k];
  add_words(t, "[");
  for (long i = 0; i < lengths[0]; ++i) {
    if (i > 0) add_words(t, " ");
    if (shorten && lengths[0] > 2 * shown && i == shown) {
      add_words(t, "... ");
      i = lengths[0] - shown;
    }
    add_axis(t, at + i * row, type, lengths + 1, rank - 1, shorten);
  }
  add_words(t, "]");
}

long lg_print(const void* const* in, void* const* out, const long* sizes) {
  struct text t = {0, 0, 0};
  const long type = sizes[0], rank = sizes[1], *lengths = sizes + 2;
  long count = 1;
  for (long k = 0; k < rank; ++k) count *= lengths[k];
  const long bytes = lengths[rank];
  add(&t, (const char*)(lengths + rank + 1), (size_t)bytes);
  add_words(&t, bytes > 0 ? " __str__ = " : "__str__ = ");
  add_axis(&t, in[0], type, lengths, rank, count > many);
  add_words(&t, "\n");
  if (t.at) fwrite(t.at, 1, t.used, stderr);
  free(t.at);
  *(unsigned char*)out[0] = 1;
  return 0;
}
