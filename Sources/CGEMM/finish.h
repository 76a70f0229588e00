// What becomes of a tile of sums on its way to C, where that is more than rounding: products of bfloat16 alone, for passes of
// their own over fp32 are as fast.
#pragma once
#include "gelu.h"

// Where a piece of a product goes, and what becomes of it there. C and what lies as it does begin at `place`, `more->bias`
// where its `column` is.
struct target {
  enum croco_gemm_result result;
  const struct croco_gemm_more *more;
  char *c;
  long ldc, place, column;
};

static inline int is_finished(enum croco_gemm_result result) { return result >= CROCO_GEMM_BIAS; }

// Brings nearer what finishing a tile reads and writes.
static inline void fetch(const struct target *target, long rows, long place) {
  const uint16_t *const touched[] = {(uint16_t *)target->c, target->more->hidden, target->more->activated};
  for (int which = 0; which < 3; which++)
    if (touched[which])
      for (long i = 0; i < rows; i++) _mm_prefetch(touched[which] + place + i * target->ldc, _MM_HINT_T0);
}

// `sums` are rows of TILE_COLUMNS.
TARGET_BF16 static inline __attribute__((always_inline)) void finish_as(
  enum croco_gemm_result result, const struct target *target, const float *sums, long rows, long columns, long place,
  long column) {
  const uint16_t *const hidden = target->more->hidden;
  uint16_t *const activated = target->more->activated, *const c = (uint16_t *)target->c;
  for (long i = 0; i < rows; i++, place += target->ldc, sums += TILE_COLUMNS)
    for (long j = 0; j < columns; j += LANES) {
      const __mmask16 mask = (__mmask16)((1u << least(LANES, columns - j)) - 1);
      const __m512 sum = _mm512_load_ps(sums + j);
      if (result == CROCO_GEMM_GELU_BACKWARD) {
        __m512 value;
        const __m512 slope = gelu_slope(load_narrow(hidden + place + j, mask), &value);
        store_narrow(activated + place + j, mask, value);
        store_narrow(c + place + j, mask, _mm512_mul_ps(sum, slope));
        continue;
      }
      const __m512 value = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, target->more->bias + column + j));
      store_narrow(c + place + j, mask, value);
      if (result == CROCO_GEMM_BIAS_GELU) store_narrow(activated + place + j, mask, gelu(value));
    }
}

TARGET_BF16 static void finish(
  const struct target *target, const float *sums, long rows, long columns, long place, long column) {
#define AS(kind) finish_as(kind, target, sums, rows, columns, place, column)
  if (target->result == CROCO_GEMM_BIAS) AS(CROCO_GEMM_BIAS);
  else if (target->result == CROCO_GEMM_BIAS_GELU) AS(CROCO_GEMM_BIAS_GELU);
  else AS(CROCO_GEMM_GELU_BACKWARD);
#undef AS
}
