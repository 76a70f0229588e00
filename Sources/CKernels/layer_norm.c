#include "CKernels.h"
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

INLINE void apply(
  const float *x, float mean, float scale, const float *weight, const float *bias, float *out, long columns) {
  long c = 0;
  for (; c + LANES <= columns; c += LANES)
    store(out + c, (load(x + c) - mean) * scale * load(weight + c) + load(bias + c));
  for (; c < columns; c++) out[c] = (x[c] - mean) * scale * weight[c] + bias[c];
}

CROCO_CLONES
void croco_layer_norm(
  const float *x, const float *weight, const float *bias, float *out, float *mean, float *scale, long rows,
  long columns) {
  for (long r = 0; r < rows; r++) {
    statistics(x + r * columns, columns, mean + r, scale + r);
    apply(x + r * columns, mean[r], scale[r], weight, bias, out + r * columns, columns);
  }
}

CROCO_CLONES
void croco_residual_layer_norm(
  float *x, const float *branch_bias, const float *residual, const float *weight, const float *bias, float *out,
  float *mean, float *scale, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    float *row = x + r * columns;
    const float *other = residual + r * columns;
    long c = 0;
    for (; c + LANES <= columns; c += LANES) store(row + c, load(row + c) + load(branch_bias + c) + load(other + c));
    for (; c < columns; c++) row[c] = row[c] + branch_bias[c] + other[c];
    statistics(row, columns, mean + r, scale + r);
    apply(row, mean[r], scale[r], weight, bias, out + r * columns, columns);
  }
}

CROCO_CLONES
void croco_layer_norm_apply(
  const float *x, const float *mean, const float *scale, const float *weight, const float *bias, float *out,
  long rows, long columns) {
  for (long r = 0; r < rows; r++)
    apply(x + r * columns, mean[r], scale[r], weight, bias, out + r * columns, columns);
}

// With u = weight * gradient_out and n = normalised x: gradient_x = scale * (u - mean(u) - n * mean(u * n)).
CROCO_CLONES
void croco_layer_norm_backward(
  const float *gradient_out, const float *x, const float *mean, const float *scale, const float *weight,
  const float *bias, const float *gradient_residual, float *gradient_x, float *gradient_weight, float *gradient_bias,
  float *normalized, long rows, long columns) {
  const long whole = columns / LANES * LANES, rest = columns - whole;
  for (long r = 0; r < rows; r++) {
    const float *g = gradient_out + r * columns, *row = x + r * columns;
    const float *base = gradient_residual ? gradient_residual + r * columns : 0;
    float *target = gradient_x + r * columns, *again = normalized ? normalized + r * columns : 0;
    const float m = mean[r], s = scale[r];
    vfloat sum_u = {}, sum_un = {};
    for (long c = 0; c < columns; c += LANES) {
      const long lanes = c < whole ? LANES : rest;
      vfloat w, go, n;
      if (lanes == LANES) {
        w = load(weight + c), go = load(g + c), n = (load(row + c) - m) * s;
        store(gradient_weight + c, load(gradient_weight + c) + go * n);
        store(gradient_bias + c, load(gradient_bias + c) + go);
        if (again) store(again + c, n * w + load(bias + c));
      } else {
        w = load_tail(weight + c, lanes, 0), go = load_tail(g + c, lanes, 0);
        n = (load_tail(row + c, lanes, m) - m) * s;
        store_tail(gradient_weight + c, load_tail(gradient_weight + c, lanes, 0) + go * n, lanes);
        store_tail(gradient_bias + c, load_tail(gradient_bias + c, lanes, 0) + go, lanes);
        if (again) store_tail(again + c, n * w + load_tail(bias + c, lanes, 0), lanes);
      }
      vfloat u = w * go;
      sum_u += u;
      sum_un += u * n;
    }
    const float mean_u = sum_lanes(&sum_u) / (float)columns, mean_un = sum_lanes(&sum_un) / (float)columns;
    long c = 0;
    for (; c + LANES <= columns; c += LANES) {
      vfloat n = (load(row + c) - m) * s;
      vfloat d = s * (load(weight + c) * load(g + c) - mean_u - n * mean_un);
      store(target + c, base ? load(base + c) + d : d);
    }
    for (; c < columns; c++) {
      float n = (row[c] - m) * s;
      float d = s * (weight[c] * g[c] - mean_u - n * mean_un);
      target[c] = base ? base[c] + d : d;
    }
  }
}
