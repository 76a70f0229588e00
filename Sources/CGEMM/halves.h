// bfloat16 in registers: sixteen, each in the lower half of 32 bits or as the float that it stands for.
#pragma once

#define TARGET_BF16 __attribute__((target("arch=x86-64-v4,avx512bf16")))

#define load_halves(p, mask) _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16((mask), (p)))
#define widened_halves(halves) _mm512_castsi512_ps(_mm512_slli_epi32((halves), 16))
#define load_narrow(p, mask) widened_halves(load_halves((p), (mask)))
#define store_narrow(p, mask, v) _mm256_mask_storeu_epi16((p), (mask), (__m256i)_mm512_cvtneps_pbh(v))

// The two halves of v by turns: the first of each, the second of each, and so on.
TARGET_BF16 static inline __m512i interleaved(__m512i v) {
  return _mm512_or_si512(
    _mm512_cvtepu16_epi32(_mm512_castsi512_si256(v)),
    _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(v, 1)), 16));
}
