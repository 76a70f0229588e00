#include "croco_clones.h"
#include "CTransformer.h"
#include "vector.h"

// One of two GELUs: CGEMM/gelu.h has a faster one with a relative error below 3e-4, for results of its bfloat16 products.

// Phi(x), the normal distribution function, and gauss = exp(-x^2 / 2).
// erfc(z) = exp(-z^2) * polynomial(1 / (1 + 0.35 z)), fitted for z >= 0: absolute error below 6e-9 before rounding.
INLINE void normal_distribution(const vfloat *input, vfloat *phi, vfloat *gauss) {
  vfloat x = *input;
  vfloat z = __builtin_elementwise_abs(x) * 0.70710678118654752f;
  vfloat t = 1.0f / (1.0f + 0.35f * z);
  vfloat p = t * -0.1971823426619965f + 0.7686122826480584f;
  p = p * t - 0.6733620485615893f;
  p = p * t + 0.677125438624241f;
  p = p * t - 0.004262390646143074f;
  p = p * t + 0.2345689745109082f;
  p = p * t + 0.19450008808315197f;
  *gauss = vexp(x * x * -0.5f);
  vfloat tail = 0.5f * p * t * *gauss;  // Phi(-|x|)
  vint positive = x > 0.0f;
  vfloat upper = 1.0f - tail;
  vint bits_tail, bits_upper;
  memcpy(&bits_tail, &tail, sizeof bits_tail);
  memcpy(&bits_upper, &upper, sizeof bits_upper);
  bits_tail = (bits_upper & positive) | (bits_tail & ~positive);
  memcpy(phi, &bits_tail, sizeof tail);
}

// *x becomes GELU(*x).
INLINE void gelu(vfloat *x) {
  vfloat phi, gauss;
  normal_distribution(x, &phi, &gauss);
  *x *= phi;
}

// *x becomes GELU'(*x), and value GELU(*x).
INLINE void gelu_slope(vfloat *x, vfloat *value) {
  vfloat phi, gauss;
  normal_distribution(x, &phi, &gauss);
  *value = *x * phi;
  *x = phi + *x * gauss * 0.39894228040143268f;
}

#include "element.h"
#include "gelu_passes.h"

#define ELEMENT_IS_BFLOAT16
#include "element.h"
#include "gelu_passes.h"
