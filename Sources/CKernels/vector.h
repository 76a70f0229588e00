// Sixteen floats at a time, in whatever registers the clone's instruction set has.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

typedef float vfloat __attribute__((vector_size(64), aligned(4)));
typedef int32_t vint __attribute__((vector_size(64), aligned(4)));

// Vectors go through memory or macros, never through parameters: a parameter's ABI depends on the instruction set,
// which the compiler refuses between clones, even where everything is inlined.
#define load(p) (*(const vfloat *)(p))
#define store(p, v) (*(vfloat *)(p) = (v))

// The last n < LANES elements of a row; the other lanes hold `fill`.
#define load_tail(p, n, fill) \
  ({ \
    vfloat loaded_ = (vfloat){} + (fill); \
    memcpy(&loaded_, (p), (size_t)(n) * sizeof(float)); \
    loaded_; \
  })
#define store_tail(p, v, n) \
  ({ \
    vfloat stored_ = (v); \
    memcpy((p), &stored_, (size_t)(n) * sizeof(float)); \
  })

// The sum of the lanes, in a fixed order.
INLINE float sum_lanes(const vfloat *v) {
  float a[LANES];
  memcpy(a, v, sizeof a);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) a[i] += a[i + width];
  return a[0];
}
INLINE float max_lanes(const vfloat *v) {
  float a[LANES];
  memcpy(a, v, sizeof a);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) a[i] = a[i] > a[i + width] ? a[i] : a[i + width];
  return a[0];
}

// e^x, relative error below 2e-7; results below the smallest normal number become about 1e-38. NaN stays NaN.
// Cody-Waite reduction to |r| <= ln(2)/2, polynomial of degree 6, exponent by integer addition.
INLINE void exponential(vfloat *value) {
  vfloat x = __builtin_elementwise_min(__builtin_elementwise_max(*value, (vfloat){} - 87.0f), (vfloat){} + 88.0f);
  const vfloat magic = (vfloat){} + 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  vfloat shifted = x * 1.44269504088896341f + magic;
  vfloat n = shifted - magic;
  vfloat r = x - n * 0.693359375f + n * 2.12194440e-4f;
  vfloat p = r * 1.3981999507e-3f + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  vint exponent, bits;
  memcpy(&exponent, &shifted, sizeof exponent);
  memcpy(&bits, &p, sizeof bits);
  bits += (exponent - 0x4B400000) << 23;
  // What is not a number stays so: a spoilt activation must not become a plausible loss.
  vint spoilt = *value != *value, given;
  memcpy(&given, value, sizeof given);
  bits = (bits & ~spoilt) | (given & spoilt);
  memcpy(value, &bits, sizeof bits);
}
#define vexp(x) \
  ({ \
    vfloat exponential_ = (x); \
    exponential(&exponential_); \
    exponential_; \
  })
