// GELU and its slope of sixteen floats, for results that are rounded to bfloat16: relative errors stay below 3e-4, where
// rounding makes up to 2e-3. One of two: that of CTransformer/gelu.c has an absolute error below 6e-9 and serves fp32, and
// bfloat16 where a library multiplies; so bf16 runs differ in last bits by who multiplies.
#pragma once
#include "halves.h"

// Phi(x), the normal distribution function, and gauss = exp(-x^2 / 2). Polynomials fitted to the smallest relative error:
// Phi(-|x|) = gauss * p(1 / (1 + 0.49 |x|)) for |x| <= 9, and 2^r for |r| <= 1/2.
TARGET_BF16 static inline __m512 normal_distribution(__m512 x, __m512 *gauss) {
  const __m512 one = _mm512_set1_ps(1);
  const __m512 t = _mm512_rcp14_ps(_mm512_fmadd_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.49f), one));
  __m512 p = _mm512_fmadd_ps(t, _mm512_set1_ps(-0.12474219f), _mm512_set1_ps(0.25743072f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.16963492f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.1975933f));
  // In this order what is not a number stays so.
  const __m512 y = _mm512_max_ps(
    _mm512_set1_ps(-126), _mm512_mul_ps(_mm512_mul_ps(x, x), _mm512_set1_ps(-0.72134752f)));  // log2(e) / 2
  const __m512 n = _mm512_roundscale_ps(y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), r = _mm512_sub_ps(y, n);
  __m512 power = _mm512_fmadd_ps(r, _mm512_set1_ps(0.05517138f), _mm512_set1_ps(0.24261121f));
  power = _mm512_fmadd_ps(power, r, _mm512_set1_ps(0.69326103f));
  power = _mm512_fmadd_ps(power, r, _mm512_set1_ps(0.99992807f));
  *gauss = _mm512_scalef_ps(power, n);
  const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(p, t), *gauss);
  return _mm512_mask_sub_ps(tail, _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), one, tail);
}

TARGET_BF16 static inline __m512 gelu(__m512 x) {
  __m512 gauss;
  return _mm512_mul_ps(x, normal_distribution(x, &gauss));
}

// GELU'(x); `value` becomes GELU(x).
TARGET_BF16 static inline __m512 gelu_slope(__m512 x, __m512 *value) {
  __m512 gauss;
  const __m512 phi = normal_distribution(x, &gauss);
  *value = _mm512_mul_ps(x, phi);
  return _mm512_fmadd_ps(_mm512_mul_ps(x, gauss), _mm512_set1_ps(0.39894228f), phi);
}
