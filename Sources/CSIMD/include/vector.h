// Sixteen floats at a time, in whatever registers the clone's instruction set has.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

typedef float vfloat __attribute__((vector_size(64), aligned(4)));
typedef int32_t vint __attribute__((vector_size(64), aligned(4)));
typedef uint32_t vuint __attribute__((vector_size(64), aligned(4)));
typedef uint16_t vushort __attribute__((vector_size(32), aligned(2)));

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

// bfloat16, the upper half of a float, kept as uint16_t.
#define load_bfloat16(p) \
  ({ \
    vuint widened_ = __builtin_convertvector(*(const vushort *)(p), vuint) << 16; \
    vfloat result_; \
    memcpy(&result_, &widened_, sizeof result_); \
    result_; \
  })
#define store_bfloat16(p, v) \
  ({ \
    vfloat given_ = (v); \
    narrow(&given_, (p)); \
  })
#define load_tail_bfloat16(p, n, fill) \
  ({ \
    vfloat loaded_ = (vfloat){} + (fill); \
    for (long i_ = 0; i_ < (n); i_++) loaded_[i_] = widen_scalar((p)[i_]); \
    loaded_; \
  })
#define store_tail_bfloat16(p, v, n) \
  ({ \
    uint16_t all_[LANES]; \
    store_bfloat16(all_, v); \
    memcpy((p), all_, (size_t)(n) * sizeof(uint16_t)); \
  })

// Rounds to nearest, ties to even; what is not a number stays so, which the rounding's carry could turn into infinity.
INLINE void narrow(const vfloat *value, uint16_t *out) {
  vuint bits;
  memcpy(&bits, value, sizeof bits);
  vuint rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  vuint spoilt = (vuint)(*value != *value);
  rounded = (rounded & ~spoilt) | (((bits >> 16) | 0x40) & spoilt);
  *(vushort *)out = __builtin_convertvector(rounded, vushort);
}
INLINE float widen_scalar(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}
INLINE uint16_t narrow_scalar(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, spoilt = (bits >> 16) | 0x40;
  return (uint16_t)(value != value ? spoilt : rounded);
}
