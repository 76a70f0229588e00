// Columns of numbers to 8-bit integers and scales, sixteen at a time.
#include "croco_clones.h"
#include "paths.h"
#undef LANES
#include "vector.h"
#include "rounding.h"

// Sixteen numbers of a row, of which `columns` exist; zeros stand for the others.
INLINE void row_of(enum croco_int8_operand operand, const void *x, long at, long columns, vfloat *out) {
  if (operand == CROCO_INT8_FLOAT) {
    const float *from = (const float *)x + at;
    *out = columns >= LANES ? load(from) : load_tail(from, columns, 0.0f);
  } else {
    const uint16_t *from = (const uint16_t *)x + at;
    *out = columns >= LANES ? load_bfloat16(from) : load_tail_bfloat16(from, columns, 0.0f);
  }
}

#define LARGEST(operand) \
  vint largest = {0}; \
  for (long p = 0; p < k; p++) { \
    vfloat row; \
    vint bits; \
    row_of(operand, x, p * ld, columns, &row); \
    memcpy(&bits, &row, sizeof bits); \
    largest = __builtin_elementwise_max(largest, bits & 0x7FFFFFFF); \
  } \
  *(vint *)out = largest;

// Four rows make a unit of every column.
#define PACK(operand) \
  CONTRACT_NOTHING \
  const vfloat factor = load(factors); \
  for (long p = 0; p < filled(k, GRAIN); p += UNIT, out += PANEL) { \
    vint unit = {0}; \
    for (int t = UNIT - 1; t >= 0; t--) { \
      vint rounded = {0}; \
      if (p + t < k) { \
        vfloat row; \
        row_of(operand, x, (p + t) * ld, columns, &row); \
        rounded = nearest(row * factor); \
      } \
      unit = unit << 8 | (rounded & 0xFF); \
    } \
    *(vint *)out = unit ^ (int32_t)0x80808080; \
  }

CROCO_CLONES static void largest_of_floats(const void *x, long ld, long k, long columns, int32_t *out) {
  LARGEST(CROCO_INT8_FLOAT)
}
CROCO_CLONES static void largest_of_bfloats(const void *x, long ld, long k, long columns, int32_t *out) {
  LARGEST(CROCO_INT8_BFLOAT16)
}
CROCO_CLONES static void pack_floats(
  const void *x, long ld, long k, long columns, const float *factors, uint32_t *out) {
  PACK(CROCO_INT8_FLOAT)
}
CROCO_CLONES static void pack_bfloats(
  const void *x, long ld, long k, long columns, const float *factors, uint32_t *out) {
  PACK(CROCO_INT8_BFLOAT16)
}

void croco_int8_pack_columns(
  enum croco_int8_operand operand, const void *x, long ld, long k, long columns, uint8_t *half, float *scales) {
  int32_t largest[LANES];
  float factors[LANES];
  (operand == CROCO_INT8_FLOAT ? largest_of_floats : largest_of_bfloats)(x, ld, k, columns, largest);
  for (int j = 0; j < LANES; j++) {
    const struct scale scale = scale_of(largest[j]);
    factors[j] = scale.factor, scales[j] = scale.value;
  }
  (operand == CROCO_INT8_FLOAT ? pack_floats : pack_bfloats)(x, ld, k, columns, factors, (uint32_t *)half);
}
