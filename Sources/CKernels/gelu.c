#include "CKernels.h"
#include "vector.h"

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

CROCO_CLONES
void croco_bias_gelu(float *pre, const float *bias, float *out, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    float *x = pre + r * columns, *y = out + r * columns;
    long c = 0;
    for (; c + LANES <= columns; c += LANES) {
      vfloat v = load(x + c) + load(bias + c);
      store(x + c, v);
      gelu(&v);
      store(y + c, v);
    }
    if (c < columns) {
      vfloat v = load_tail(x + c, columns - c, 0) + load_tail(bias + c, columns - c, 0);
      store_tail(x + c, v, columns - c);
      gelu(&v);
      store_tail(y + c, v, columns - c);
    }
  }
}

CROCO_CLONES
void croco_gelu_backward(float *gradient, const float *pre, float *activated, long count) {
  long i = 0;
  vfloat value;
  for (; i + LANES <= count; i += LANES) {
    vfloat slope = load(pre + i);
    gelu_slope(&slope, &value);
    store(gradient + i, load(gradient + i) * slope);
    store(activated + i, value);
  }
  if (i < count) {
    vfloat slope = load_tail(pre + i, count - i, 0);
    gelu_slope(&slope, &value);
    store_tail(gradient + i, load_tail(gradient + i, count - i, 0) * slope, count - i);
    store_tail(activated + i, value, count - i);
  }
}
