#include "CKernels.h"
#include "vector.h"

CROCO_CLONES
void croco_add_bias(float *x, long stride, const float *bias, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    float *restrict row = x + r * stride;
    for (long c = 0; c < columns; c++) row[c] += bias[c];
  }
}

CROCO_CLONES
void croco_add_bias_residual(float *x, const float *bias, const float *residual, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    float *restrict row = x + r * columns;
    const float *other = residual + r * columns;
    for (long c = 0; c < columns; c++) row[c] += bias[c] + other[c];
  }
}

// Columns in strips of 64 floats that stay in registers while the rows go by.
CROCO_CLONES
void croco_add_column_sums(const float *x, long stride, float *out, long rows, long columns) {
  long c = 0;
  for (; c + 4 * LANES <= columns; c += 4 * LANES) {
    vfloat a = {}, b = {}, d = {}, e = {};
    for (long r = 0; r < rows; r++) {
      const float *p = x + r * stride + c;
      a += load(p), b += load(p + LANES), d += load(p + 2 * LANES), e += load(p + 3 * LANES);
    }
    float *o = out + c;
    store(o, load(o) + a);
    store(o + LANES, load(o + LANES) + b);
    store(o + 2 * LANES, load(o + 2 * LANES) + d);
    store(o + 3 * LANES, load(o + 3 * LANES) + e);
  }
  for (; c < columns; c++) {
    float sum = 0;
    for (long r = 0; r < rows; r++) sum += x[r * stride + c];
    out[c] += sum;
  }
}

CROCO_CLONES
void croco_add(float *x, const float *y, long count) {
  float *restrict target = x;
  for (long i = 0; i < count; i++) target[i] += y[i];
}
