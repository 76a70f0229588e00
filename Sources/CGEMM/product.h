// The loops around the tiles for one operand.

// A as the tiles read it: where it lies, or packed where its rows are transposed or would push each other out of the cache.
struct NAME(left) {
  const char *start;
  long row, step, tile;  // bytes between rows, units, and tiles; tile is 0 where rows alone tell
};

TARGET static struct NAME(left) NAME(prepare_a)(
  int transposed, const ELEMENT *a, long lda, long k, long m, long n, float *room, long stride, float *sums) {
  const long units = (k + PER_UNIT - 1) / PER_UNIT, unit = sizeof(float);
  if (transposed) {
    NAME(pack_a)(a, lda, k, m, room, sums);
    return (struct NAME(left)){(const char *)room, unit, LANES * unit, units * LANES * unit};
  }
  const int again = n > 2 * TILE_COLUMNS && aliases(lda * (long)sizeof(ELEMENT));
  if (!again && k % PER_UNIT == 0)
    return (struct NAME(left)){(const char *)a, lda * (long)sizeof(ELEMENT), unit, 0};
  NAME(copy_a)(a, lda, k, m, room, stride);
  return (struct NAME(left)){(const char *)room, stride * unit, unit, 0};
}

// n columns of packed B times the rows of A.
TARGET static void NAME(multiply_panels)(
  const struct NAME(left) *a, long m, long n, long units, const float *b, const struct target *target) {
  const enum croco_gemm_result result = target->result;
  const long size = size_of(result), ldc = target->ldc, tiles = (m + TILE_ROWS - 1) / TILE_ROWS;
  const long line = a->tile ? CACHE_LINE : a->row;
  for (long t = 0; t < tiles; t++) {
    const long start = tile_start(t, tiles, m), rows = tile_start(t + 1, tiles, m) - start;
    const char *left = a->start + (a->tile ? t * a->tile : start * a->row);
    const char *next = left + (a->tile ? a->tile : rows * a->row);
    const float *panel = b;
    for (long j = 0; j < n;) {
      const long width = panel_width(n - j), columns = least(n - j, width), place = target->place + start * ldc + j;
      const __mmask16 tail = (__mmask16)((1u << (columns - (width - LANES))) - 1);
      const tile_function tile = NAME(tile_functions)[rows - 1][width / LANES - 1];
      if (is_finished(result)) {
        _Alignas(CACHE_LINE) float sums[TILE_ROWS * TILE_COLUMNS];
        fetch(target, rows, place);
        tile(units, left, a->row, a->step, panel, CROCO_GEMM_SET, sums, TILE_COLUMNS, tail, next, line);
        finish(target, sums, rows, columns, place, target->column + j);
      } else {
        tile(units, left, a->row, a->step, panel, result, target->c + place * size, ldc, tail, next, line);
      }
      panel += units * width;
      j += width;
    }
  }
}

TARGET static int NAME(multiply)(
  int transpose_a, long m, long n, long k, const ELEMENT *a, long lda, struct right b, enum croco_gemm_result result,
  char *c, long ldc, const struct croco_gemm_more *more) {
  const struct croco_gemm_blocks *blocks = croco_gemm_blocks();
  // Sums that are rounded have to be complete.
  const long limit = size_of(result) < (long)sizeof(float) ? most(k, 1) : blocks->kc * PER_UNIT;
  const long depth = piece(most(k, 1), limit, LANES * PER_UNIT), units = depth / PER_UNIT, row = copied_row(units);
  // Shorter blocks may be wider and higher: it is their units that a cache has room for.
  const long b_room = blocks->kc * blocks->nc, a_room = blocks->kc * blocks->mc;
  const long width = piece(n, most(TILE_COLUMNS, b_room / units / TILE_COLUMNS * TILE_COLUMNS), TILE_COLUMNS);
  const long height = piece(m, most(TILE_ROWS, a_room / (row * LANES) * TILE_ROWS), TILE_ROWS);
  const long b_units = units * width;
  float *room = croco_gemm_workspace((b_units + (height / TILE_ROWS + 1) * LANES * row) * (long)sizeof(float));
  if (!room) return 1;
  if (more->sums && result != CROCO_GEMM_ADD) memset(more->sums, 0, (size_t)m * sizeof(float));
  for (long p = 0; p < most(k, 1); p += depth) {
    const long count = least(depth, k - p);
    for (long i = 0; i < m; i += height) {
      const long rows = least(height, m - i);
      const struct NAME(left) left = NAME(prepare_a)(
        transpose_a, transpose_a ? a + p * lda + i : a + i * lda + p, lda, count, rows, n, room + b_units, row,
        more->sums ? more->sums + i : NULL);
      for (long j = 0; j < n; j += width) {
        const long columns = least(width, n - j);
        b.pack(b.start + p * b.along_k + j * b.along_n, b.ld, count, columns, room);
        const struct target target = {p ? CROCO_GEMM_ADD : result, more, c, ldc, i * ldc + j, j};
        NAME(multiply_panels)(&left, rows, columns, (count + PER_UNIT - 1) / PER_UNIT, room, &target);
      }
    }
  }
  return 0;
}
