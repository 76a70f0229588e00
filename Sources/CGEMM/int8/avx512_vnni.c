// Integer sums by vpdpbusd in registers of 512 bits: 14 x 32 at once.
#include "paths.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("arch=x86-64-v4,avx512vnni")))

typedef int32_t unaligned_int __attribute__((aligned(1), may_alias));

TARGET static inline __attribute__((always_inline)) void tile(
  int rows, long units, const int8_t *a, long row, const uint8_t *panel, const int8_t *next,
  const struct scales *scales, float *values) {
  __m512i sum[TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm512_setzero_si512();
  for (long first = 0; first < units; first += LANES, next += CACHE_LINE) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) _mm_prefetch(next + i * row, _MM_HINT_T1);
    for (long u = first; u < first + LANES; u++) {
      const __m512i left = _mm512_load_si512(panel + u * PANEL * UNIT);
      const __m512i right = _mm512_load_si512(panel + u * PANEL * UNIT + CACHE_LINE);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        const __m512i x = _mm512_set1_epi32(*(const unaligned_int *)(a + i * row + u * UNIT));
        sum[i][0] = _mm512_dpbusd_epi32(sum[i][0], left, x);
        sum[i][1] = _mm512_dpbusd_epi32(sum[i][1], right, x);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) {
      const __m512i exact = _mm512_sub_epi32(sum[i][j], _mm512_set1_epi32(SHIFT * scales->sums[i]));
      const __m512 scale =
        _mm512_mul_ps(_mm512_set1_ps(scales->rows[i]), _mm512_loadu_ps(scales->columns + j * LANES));
      _mm512_store_ps(values + i * PANEL + j * LANES, _mm512_mul_ps(_mm512_cvtepi32_ps(exact), scale));
    }
}

TARGET static void tiles(
  long rows, long units, const int8_t *a, long row, const uint8_t *panel, const int8_t *next,
  const struct scales *scales, float *values) {
#define ROWS(count) \
  case count: tile(count, units, a, row, panel, next, scales, values); break;
  switch (rows) {
    ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7)
    ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13) ROWS(14)
  }
#undef ROWS
}

const struct int8_path croco_int8_avx512_vnni = {.rows = TILE_ROWS, .tile = tiles};
#endif
