// Integer sums in registers of 256 bits: by vpdpbusd where the processor has it (AVX-VNNI), else by vpmaddubsw.
#include "paths.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define QUARTERS 4  // registers of a panel's unit

typedef int32_t unaligned_int __attribute__((aligned(1), may_alias));

// vpmaddubsw adds two products and would saturate at 16 bits; of magnitudes up to 127 they stay below: 2 * 127 * 127 = 32258.
// So the weights lose their shift.
__attribute__((target("avx2"))) static inline __attribute__((always_inline)) __m256i add_products(
  __m256i sum, __m256i b, __m256i x) {
  const __m256i weights = _mm256_xor_si256(b, _mm256_set1_epi8((char)SHIFT));
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(weights, x));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#define TILE(name, isa, height, rest, step) \
  __attribute__((target(isa))) static inline __attribute__((always_inline)) void name##_of( \
    int rows, long units, const int8_t *a, long row, const uint8_t *panel, float *sums) { \
    __m256i sum[height][QUARTERS]; \
    for (int i = 0; i < rows; i++) \
      for (int q = 0; q < QUARTERS; q++) sum[i][q] = _mm256_setzero_si256(); \
    for (long u = 0; u < units; u++) \
      for (int q = 0; q < QUARTERS; q++) { \
        const __m256i b = _mm256_load_si256((const __m256i *)(panel + u * PANEL * UNIT) + q); \
        for (int i = 0; i < rows; i++) \
          sum[i][q] = step(sum[i][q], b, _mm256_set1_epi32(*(const unaligned_int *)(a + i * row + u * UNIT))); \
      } \
    for (int i = 0; i < rows; i++) \
      for (int q = 0; q < QUARTERS; q++) _mm256_store_si256((__m256i *)(sums + i * PANEL) + q, sum[i][q]); \
  } \
  __attribute__((target(isa))) static void name( \
    long rows, long units, const int8_t *a, long row, const uint8_t *panel, const int8_t *next, \
    const struct scales *scales, float *values) { \
    (void)next; \
    float *sums = values; \
    long i = 0; \
    for (; i + height <= rows; i += height) name##_of(height, units, a + i * row, row, panel, sums + i * PANEL); \
    for (; i < rows; i++) name##_of(1, units, a + i * row, row, panel, sums + i * PANEL); \
    struct scales with = *scales; \
    with.shift = rest; \
    croco_int8_scale(rows, &with, values); \
  }

TILE(tile_avx2, "avx2", 2, 0, add_products)
TILE(tile_avx_vnni, "avx2,avxvnni", 3, SHIFT, _mm256_dpbusd_avx_epi32)

const struct int8_path croco_int8_avx2 = {.rows = 4, .tile = tile_avx2};
const struct int8_path croco_int8_avx_vnni = {.rows = 12, .tile = tile_avx_vnni};
#endif
