// The loops of descriptor matching and of robust estimation.
#include "croco_clones.h"
#include "CFeatures.h"
#include "vector.h"

CROCO_CLONES
void croco_unit_rows(float *target, const uint8_t *source, long count, long size) {
  for (long r = 0; r < count; r++) {
    const uint8_t *in = source + r * size;
    float *restrict out = target + r * size;
    int32_t squares = 0;
    for (long i = 0; i < size; i++) squares += (int32_t)in[i] * in[i];
    float factor = squares > 0 ? 1 / __builtin_sqrtf((float)squares) : 0;
    for (long i = 0; i < size; i++) out[i] = (float)in[i] * factor;
  }
}

// Joins the lanes' largest values; of equal ones the first column wins, so the lanes' order does not matter.
INLINE void join_lanes(const vfloat *best, const vfloat *second, const vint *index, float *b, float *s, int32_t *at) {
  float values[LANES], seconds[LANES];
  int32_t places[LANES];
  memcpy(values, best, sizeof values);
  memcpy(seconds, second, sizeof seconds);
  memcpy(places, index, sizeof places);
  *b = -2, *s = -2, *at = -1;
  for (int i = 0; i < LANES; i++) {
    if (values[i] > *b || (values[i] == *b && places[i] < *at)) {
      *s = *b > *s ? *b : *s;
      *b = values[i], *at = places[i];
    } else if (values[i] > *s) {
      *s = values[i];
    }
    *s = seconds[i] > *s ? seconds[i] : *s;
  }
}

CROCO_CLONES
void croco_row_peaks(const float *values, long rows, long columns, float *best, float *second, int32_t *index) {
  const vint lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (long r = 0; r < rows; r++) {
    const float *row = values + r * columns;
    vfloat b = (vfloat){} - 2, s = b;
    vint at = {};
    for (long c = 0; c < columns; c += LANES) {
      vfloat v = c + LANES <= columns ? load(row + c) : load_tail(row + c, columns - c, -2);
      vint larger = v > b;
      s = __builtin_elementwise_max(s, __builtin_elementwise_min(b, v));
      b = __builtin_elementwise_max(b, v);
      at = (larger & (lanes + (int32_t)c)) | (~larger & at);
    }
    join_lanes(&b, &s, &at, best + r, second + r, index + r);
  }
}

CROCO_CLONES
void croco_column_peaks(const float *values, long rows, long columns, long first_row, float *best, int32_t *index) {
  for (long r = 0; r < rows; r++) {
    const float *row = values + r * columns;
    float *restrict b = best;
    int32_t *restrict at = index;
    const int32_t number = (int32_t)(first_row + r);
    for (long c = 0; c < columns; c++) {
      at[c] = row[c] > b[c] ? number : at[c];
      b[c] = row[c] > b[c] ? row[c] : b[c];
    }
  }
}

CROCO_CLONES
void croco_epipolar_errors(croco_matches m, const float f[9], float *errors) {
  float *restrict out = errors;
  for (long i = 0; i < m.count; i++) {
    float x1 = m.x1[i], y1 = m.y1[i], x2 = m.x2[i], y2 = m.y2[i];
    float a = f[0] * x1 + f[1] * y1 + f[2], b = f[3] * x1 + f[4] * y1 + f[5], c = f[6] * x1 + f[7] * y1 + f[8];
    float d = f[0] * x2 + f[3] * y2 + f[6], e = f[1] * x2 + f[4] * y2 + f[7];
    float residual = x2 * a + y2 * b + c;
    out[i] = residual * residual / (a * a + b * b + d * d + e * e + 1e-30f);
  }
}

INLINE float transfer(const float h[9], float x, float y, float u, float v) {
  float w = h[6] * x + h[7] * y + h[8];
  float dx = (h[0] * x + h[1] * y + h[2]) / w - u, dy = (h[3] * x + h[4] * y + h[5]) / w - v;
  float error = dx * dx + dy * dy;
  return error < 1e12f ? error : 1e12f;  // also where w is 0
}

CROCO_CLONES
void croco_transfer_errors(croco_matches m, const float h[9], const float g[9], float *errors) {
  float *restrict out = errors;
  for (long i = 0; i < m.count; i++) {
    float there = transfer(h, m.x1[i], m.y1[i], m.x2[i], m.y2[i]);
    float back = transfer(g, m.x2[i], m.y2[i], m.x1[i], m.y1[i]);
    out[i] = there > back ? there : back;
  }
}

CROCO_CLONES
float croco_truncated_sum(const float *errors, long count, float limit, long *inliers) {
  vfloat sum = {};
  vint below = {};
  for (long i = 0; i < count; i += LANES) {
    vfloat e = i + LANES <= count ? load(errors + i) : load_tail(errors + i, count - i, limit);
    below -= e < limit;
    sum += __builtin_elementwise_min(e, (vfloat){} + limit);
  }
  long total = 0;
  for (int i = 0; i < LANES; i++) total += below[i];
  *inliers = total;
  // The lanes that fill up the last step count `limit` each.
  long padding = (LANES - count % LANES) % LANES;
  return sum_lanes(&sum) - (float)padding * limit;
}
