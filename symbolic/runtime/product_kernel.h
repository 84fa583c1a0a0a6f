/* The product of matrices for one element type: include with `real`, `multiply_add` and `room_for` (names) defined.
 *
 * Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): a tile of the result stays in
 * registers while a panel of rows and a panel of columns, each packed one after another, are read once. */

typedef real vector __attribute__((vector_size(vector_bytes)));
enum {
  lanes = vector_bytes / (int)sizeof(real),
  tile_rows = 4,
  tile_columns = 3 * lanes, /* 12 sums leave 4 of 16 registers for the operands */
  depth = 256,              /* of a panel: a panel of columns stays in the first cache */
  rows_at_once = 24 * tile_rows,
  columns_at_once = 40 * tile_columns
};

static inline long whole_tiles(long n, long tile) { return (n + tile - 1) / tile * tile; }

/* Panels of `tile` rows (of `step` apart), each with its columns one after another; missing rows are 0. */
static void pack(real* restrict to, const real* restrict from, long rows, long step, long columns, long apart,
                 long tile, real factor) {
  for (long first = 0; first < rows; first += tile) {
    const long there = rows - first < tile ? rows - first : tile;
    const real* restrict panel = from + first * step;
    if (step == 1 && there == tile) {
      for (long p = 0; p < columns; ++p)
        for (long i = 0; i < tile; ++i) to[p * tile + i] = factor * panel[p * apart + i];
    } else {
      for (long i = 0; i < there; ++i)
        for (long p = 0; p < columns; ++p) to[p * tile + i] = factor * panel[i * step + p * apart];
      for (long i = there; i < tile; ++i)
        for (long p = 0; p < columns; ++p) to[p * tile + i] = 0;
    }
    to += tile * columns;
  }
}

/* c (+)= a b for packed panels of k columns and rows; `adds`: to what c is. The sums have names, since what is indexed
 * does not stay in registers. */
static void multiply_tile(const real* restrict a, const real* restrict b, long k, real* restrict c, long apart,
                          long rows, long columns, int adds) {
  const vector zero = {0};
  vector a0 = zero, a1 = zero, a2 = zero, b0 = zero, b1 = zero, b2 = zero;
  vector c0 = zero, c1 = zero, c2 = zero, d0 = zero, d1 = zero, d2 = zero;
  for (long p = 0; p < k; ++p, a += tile_rows, b += tile_columns) {
    vector x0, x1, x2;
    memcpy(&x0, b, sizeof x0);
    memcpy(&x1, b + lanes, sizeof x1);
    memcpy(&x2, b + 2 * lanes, sizeof x2);
    a0 += a[0] * x0, a1 += a[0] * x1, a2 += a[0] * x2;
    b0 += a[1] * x0, b1 += a[1] * x1, b2 += a[1] * x2;
    c0 += a[2] * x0, c1 += a[2] * x1, c2 += a[2] * x2;
    d0 += a[3] * x0, d1 += a[3] * x1, d2 += a[3] * x2;
  }
  const vector sums[tile_rows * 3] = {a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2};
  real part[tile_rows * tile_columns];
  memcpy(part, sums, sizeof part);
  for (long i = 0; i < rows; ++i) {
    real* restrict row = c + i * apart;
    const real* restrict sum = part + i * tile_columns;
    if (adds)
      for (long j = 0; j < columns; ++j) row[j] += sum[j];
    else
      for (long j = 0; j < columns; ++j) row[j] = sum[j];
  }
}

/* Numbers that the packed panels of such a product take. */
long room_for(long m, long n, long k) {
  const long p = k < depth ? k : depth;
  const long rows = whole_tiles(m < rows_at_once ? m : rows_at_once, tile_rows);
  const long columns = whole_tiles(n < columns_at_once ? n : columns_at_once, tile_columns);
  return (rows + columns) * p;
}

/* c (+)= factor a b: a is m by k, b k by n, each with steps from row to row and from column to column; rows of c lie
 * `apart`. Always in the same order. */
void multiply_add(long m, long n, long k, real factor, const real* a, long a_row, long a_column, const real* b,
                  long b_row, long b_column, real* c, long apart, int adds, real* room) {
  if (k == 0 && !adds)
    for (long i = 0; i < m; ++i)
      for (long j = 0; j < n; ++j) c[i * apart + j] = 0;
  for (long j = 0; j < n; j += columns_at_once) {
    const long columns = n - j < columns_at_once ? n - j : columns_at_once;
    for (long p = 0; p < k; p += depth) {
      const long here = k - p < depth ? k - p : depth;
      real* left = room + whole_tiles(columns, tile_columns) * here;
      pack(room, b + p * b_row + j * b_column, columns, b_column, here, b_row, tile_columns, 1);
      for (long i = 0; i < m; i += rows_at_once) {
        const long rows = m - i < rows_at_once ? m - i : rows_at_once;
        pack(left, a + i * a_row + p * a_column, rows, a_row, here, a_column, tile_rows, factor);
        for (long y = 0; y < columns; y += tile_columns)
          for (long x = 0; x < rows; x += tile_rows)
            multiply_tile(left + x * here, room + y * here, here, c + (i + x) * apart + j + y, apart,
                          rows - x < tile_rows ? rows - x : tile_rows,
                          columns - y < tile_columns ? columns - y : tile_columns, adds || p > 0);
      }
    }
  }
}

/* sizes: count, m, n, k, then for each input the steps from matrix to matrix, row to row, column to column. */
long routine(const void* const* in, void* const* out, const long* sizes) {
  const long m = sizes[1], n = sizes[2], k = sizes[3], *a = sizes + 4, *b = sizes + 7;
  const long count = room_for(m, n, k);
  real* room = malloc(sizeof(real) * (size_t)(count > 0 ? count : 1));
  if (room == NULL) return failed(out_of_memory, count);
  for (long i = 0; i < sizes[0]; ++i)
    multiply_add(m, n, k, 1, (const real*)in[0] + i * a[0], a[1], a[2], (const real*)in[1] + i * b[0], b[1], b[2],
                 (real*)out[0] + i * m * n, n, 0, room);
  free(room);
  return 0;
}
