// The loops around the tiles for one operand.

// A as the tiles read it: where it lies, or packed where its rows are transposed or would push each other out of the cache.
struct NAME(left) {
  const char *start;
  long row, step, tile;  // bytes between rows, units, and tiles; tile is 0 where rows alone tell
};

TARGET static struct NAME(left) NAME(prepare_a)(
  int transposed, const ELEMENT *a, long lda, long k, long m, long n, float *room, long stride) {
  const long units = (k + PER_UNIT - 1) / PER_UNIT, unit = sizeof(float);
  if (transposed) {
    NAME(pack_a)(a, lda, k, m, room);
    return (struct NAME(left)){(const char *)room, unit, TILE_ROWS * unit, units * TILE_ROWS * unit};
  }
  const int again = n > 2 * TILE_COLUMNS && aliases(lda * (long)sizeof(ELEMENT));
  if (!again && k % PER_UNIT == 0)
    return (struct NAME(left)){(const char *)a, lda * (long)sizeof(ELEMENT), unit, 0};
  NAME(copy_a)(a, lda, k, m, room, stride);
  return (struct NAME(left)){(const char *)room, stride * unit, unit, 0};
}

// C [m, n] = or += the rows of A by n columns of packed B.
TARGET static void NAME(multiply_panels)(
  const struct NAME(left) *a, long m, long n, long units, const float *b, enum croco_gemm_result result, char *c,
  long ldc) {
  const long size = result == CROCO_GEMM_NARROW ? sizeof(uint16_t) : sizeof(float);
  const long tiles = (m + TILE_ROWS - 1) / TILE_ROWS;
  for (long t = 0; t < tiles; t++) {
    const long start = tile_start(t, tiles, m), rows = tile_start(t + 1, tiles, m) - start;
    const char *left = a->start + (a->tile ? t * a->tile : start * a->row);
    const char *next = left + (a->tile ? a->tile : rows * a->row);
    const float *panel = b;
    for (long j = 0; j < n;) {
      const long width = panel_width(n - j), last = least(n - j, width) - (width - LANES);
      NAME(tile_functions)[rows - 1][width / LANES - 1](
        units, left, a->row, a->step, panel, result, c + (start * ldc + j) * size, ldc, (__mmask16)((1u << last) - 1),
        next, a->tile ? CACHE_LINE : a->row);
      panel += units * width;
      j += width;
    }
  }
}

TARGET static int NAME(multiply)(
  int transpose_a, int transpose_b, long m, long n, long k, const ELEMENT *a, long lda, const ELEMENT *b, long ldb,
  enum croco_gemm_result result, char *c, long ldc) {
  const long size = result == CROCO_GEMM_NARROW ? sizeof(uint16_t) : sizeof(float);
  // Sums that are rounded have to be complete.
  const long limit = result == CROCO_GEMM_NARROW ? most(k, 1) : DEPTH * PER_UNIT;
  const long depth = piece(most(k, 1), limit, LANES * PER_UNIT), units = depth / PER_UNIT, row = copied_row(units);
  const long width = piece(n, most(TILE_COLUMNS, B_UNITS / units / TILE_COLUMNS * TILE_COLUMNS), TILE_COLUMNS);
  const long height = piece(m, most(TILE_ROWS, A_UNITS / row / TILE_ROWS * TILE_ROWS), TILE_ROWS);
  const long b_units = units * width;
  float *room = croco_gemm_workspace((b_units + (height + TILE_ROWS) * row) * (long)sizeof(float));
  if (!room) return 1;
  for (long p = 0; p < most(k, 1); p += depth) {
    const long count = least(depth, k - p);
    for (long i = 0; i < m; i += height) {
      const long rows = least(height, m - i);
      const struct NAME(left) left = NAME(prepare_a)(
        transpose_a, transpose_a ? a + p * lda + i : a + i * lda + p, lda, count, rows, n, room + b_units, row);
      for (long j = 0; j < n; j += width) {
        const long columns = least(width, n - j);
        if (transpose_b) NAME(pack_b_transposed)(b + j * ldb + p, ldb, count, columns, room);
        else NAME(pack_b)(b + p * ldb + j, ldb, count, columns, room);
        NAME(multiply_panels)(
          &left, rows, columns, (count + PER_UNIT - 1) / PER_UNIT, room, p ? CROCO_GEMM_ADD : result,
          c + (i * ldc + j) * size, ldc);
      }
    }
  }
  return 0;
}
