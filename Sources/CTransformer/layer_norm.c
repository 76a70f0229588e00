#include "croco_clones.h"
#include "CTransformer.h"
#include "vector.h"

#define EPSILON 1e-6f

INLINE void statistics(const float *x, long columns, float *mean, float *scale) {
  vfloat sum = {};
  long c = 0;
  for (; c + LANES <= columns; c += LANES) sum += load(x + c);
  if (c < columns) sum += load_tail(x + c, columns - c, 0);
  float m = sum_lanes(&sum) / (float)columns;
  vfloat squares = {};
  for (c = 0; c + LANES <= columns; c += LANES) {
    vfloat d = load(x + c) - m;
    squares += d * d;
  }
  if (c < columns) {
    vfloat d = load_tail(x + c, columns - c, m) - m;
    squares += d * d;
  }
  *mean = m;
  *scale = 1.0f / __builtin_sqrtf(sum_lanes(&squares) / (float)columns + EPSILON);
}

#include "element.h"
#include "layer_norm_passes.h"

#define ELEMENT_IS_BFLOAT16
#include "element.h"
#include "layer_norm_passes.h"
