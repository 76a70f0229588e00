// The innermost loop for one operand: a tile of C in registers.

// C [rows, 16 vectors] = or += A [rows, units] B [units, 16 vectors].
//
// A's rows lie `row` bytes apart, its units `step` bytes; B is packed. `tail` masks the last vector of C's columns.
// Meanwhile C, and the A of the next tile, come nearer: `next` is its place, `line` the bytes from one of its lines to the
// next row's or, where A is packed, to the next line.
TARGET static inline __attribute__((always_inline)) void NAME(tile)(
  int rows, int vectors, long units, const char *a, long row, long step, const float *b, enum croco_gemm_result result,
  void *c, long ldc, __mmask16 tail, const char *next, long line) {
  __m512 sum[TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_setzero_ps();
  if (result != CROCO_GEMM_NARROW)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) _mm_prefetch((const float *)c + i * ldc + j * LANES, _MM_HINT_T0);
  for (long first = 0; first < units; first += LANES) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) _mm_prefetch(next + i * line, _MM_HINT_T1);
    if (line == CACHE_LINE)
#pragma clang loop unroll(full)
      for (int i = rows; i < LANES; i++) _mm_prefetch(next + i * CACHE_LINE, _MM_HINT_T1);
    next += line == CACHE_LINE ? LANES * CACHE_LINE : CACHE_LINE;
    const long end = least(units, first + LANES);
    for (long p = first; p < end; p++) {
      __m512 right[2];
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) right[j] = _mm512_load_ps(b + (p * vectors + j) * LANES);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        const __m512 left = _mm512_set1_ps(*(const unaligned_float *)(a + i * row + p * step));
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(left, right[j], sum[i][j]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) {
      const __mmask16 mask = j == vectors - 1 ? tail : 0xFFFF;
#if PER_UNIT == 2
      if (result == CROCO_GEMM_NARROW) {
        store_narrow((uint16_t *)c + i * ldc + j * LANES, mask, sum[i][j]);
        continue;
      }
#endif
      float *out = (float *)c + i * ldc + j * LANES;
      __m512 total = sum[i][j];
      if (result == CROCO_GEMM_ADD) total = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, out), total);
      _mm512_mask_storeu_ps(out, mask, total);
    }
}

#define TILE(rows, vectors) \
  TARGET static void NAME(tile_##rows##x##vectors)( \
    long units, const char *a, long row, long step, const float *b, enum croco_gemm_result result, void *c, long ldc, \
    __mmask16 tail, const char *next, long line) { \
    NAME(tile)(rows, vectors, units, a, row, step, b, result, c, ldc, tail, next, line); \
  }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2)
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) TILES(7)
TILES(8) TILES(9) TILES(10) TILES(11) TILES(12) TILES(13) TILES(14)

// By rows - 1 and vectors - 1.
static const tile_function NAME(tile_functions)[TILE_ROWS][2] = {
#define PAIR(rows) {NAME(tile_##rows##x1), NAME(tile_##rows##x2)}
  PAIR(1), PAIR(2), PAIR(3), PAIR(4),  PAIR(5),  PAIR(6),  PAIR(7),
  PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12), PAIR(13), PAIR(14),
#undef PAIR
};
#undef TILES
#undef TILE
