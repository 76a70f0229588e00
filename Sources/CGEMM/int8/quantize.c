// Rows of numbers to 8-bit integers and a scale.
#include "croco_clones.h"
#include "paths.h"
#undef LANES
#include "vector.h"
#include "rounding.h"

// The largest magnitude, as a float's bits: those of what is not a number are larger than any number's.
#define LARGEST(bits_at, one) \
  vint largest = {0}; \
  long i = 0; \
  for (; i + LANES <= k; i += LANES) { \
    vint bits = bits_at; \
    largest = __builtin_elementwise_max(largest, bits & 0x7FFFFFFF); \
  } \
  int32_t found = 0; \
  for (int lane = 0; lane < LANES; lane++) found = found > largest[lane] ? found : largest[lane]; \
  for (; i < k; i++) { \
    const int32_t bits = one & 0x7FFFFFFF; \
    found = found > bits ? found : bits; \
  }

// Integers of `value_at`, sixteen by sixteen, and their sum.
#define QUANTIZE(value_at, one) \
  vint total = {0}; \
  long p = 0; \
  for (; p + LANES <= k; p += LANES) { \
    vfloat value = value_at; \
    const vint rounded = nearest(value * factor); \
    total += rounded; \
    *(vbyte *)(out + p) = __builtin_convertvector(rounded, vbyte); \
  } \
  int32_t gained = 0; \
  for (int lane = 0; lane < LANES; lane++) gained += total[lane]; \
  for (; p < k; p++) { \
    const int32_t rounded = nearest_one(one * factor); \
    gained += rounded; \
    out[p] = (int8_t)rounded; \
  } \
  memset(out + k, 0, (size_t)(filled(k, GRAIN) - k)); \
  *sum = gained;

CROCO_CLONES static int32_t largest_of_floats(const float *x, long k) {
  LARGEST(*(const vint *)(x + i), ((const unaligned_int *)x)[i])
  return found;
}

CROCO_CLONES static int32_t largest_of_bfloats(const uint16_t *x, long k) {
  LARGEST((vint)(__builtin_convertvector(*(const vushort *)(x + i), vuint) << 16), (int32_t)((uint32_t)x[i] << 16))
  return found;
}

CROCO_CLONES static void quantize_floats(const float *x, long k, float factor, int8_t *out, int32_t *sum) {
  CONTRACT_NOTHING
  QUANTIZE(load(x + p), x[p])
}

CROCO_CLONES static void quantize_bfloats(const uint16_t *x, long k, float factor, int8_t *out, int32_t *sum) {
  CONTRACT_NOTHING
  QUANTIZE(load_bfloat16(x + p), widen_scalar(x[p]))
}

float croco_int8_quantize_row(enum croco_int8_operand operand, const void *x, long k, int8_t *out, int32_t *sum) {
  int32_t unused;
  if (!sum) sum = &unused;
  if (operand == CROCO_INT8_FLOAT) {
    const struct scale scale = scale_of(largest_of_floats(x, k));
    quantize_floats(x, k, scale.factor, out, sum);
    return scale.value;
  }
  const struct scale scale = scale_of(largest_of_bfloats(x, k));
  quantize_bfloats(x, k, scale.factor, out, sum);
  return scale.value;
}
