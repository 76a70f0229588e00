#include "croco_clones.h"
#include "CTransformer.h"
#include "vector.h"

#include "element.h"
#include "rows_passes.h"

#define ELEMENT_IS_BFLOAT16
#include "element.h"
#include "rows_passes.h"

CROCO_CLONES
void croco_add_bias_residual(float *x, const float *bias, const float *residual, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    float *restrict row = x + r * columns;
    const float *other = residual + r * columns;
    for (long c = 0; c < columns; c++) row[c] += bias[c] + other[c];
  }
}

CROCO_CLONES
void croco_add(float *x, const float *y, long count) {
  float *restrict target = x;
  for (long i = 0; i < count; i++) target[i] += y[i];
}

CROCO_CLONES
void croco_narrow(const float *x, uint16_t *out, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store_bfloat16(out + i, load(x + i));
  for (; i < count; i++) out[i] = narrow_scalar(x[i]);
}

CROCO_CLONES
void croco_widen(const uint16_t *x, float *out, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(out + i, load_bfloat16(x + i));
  for (; i < count; i++) out[i] = widen_scalar(x[i]);
}
