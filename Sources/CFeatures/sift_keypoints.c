// Extrema of the differences of Gaussians, refined below a pixel.
#include "croco_clones.h"
#include "CFeatures.h"
#include "vector.h"

typedef struct {
  const float *data;
  long width, height, levels;
} octave;

INLINE float at(const octave *stack, long level, long y, long x) {
  return stack->data[(level * stack->height + y) * stack->width + x];
}

// Whether a pixel is larger than its 26 neighbours (or smaller, with sign -1).
INLINE int is_peak(const float *p, long width, long plane, float sign) {
  float value = sign * p[0];
  for (long z = -1; z <= 1; z++)
    for (long y = -1; y <= 1; y++)
      for (long x = -1; x <= 1; x++) {
        if (z == 0 && y == 0 && x == 0) continue;
        if (sign * p[z * plane + y * width + x] >= value) return 0;
      }
  return 1;
}

typedef struct {
  float gradient[3], xx, yy, zz, xy, xz, yz;
} quadric;

INLINE quadric fit(const octave *s, long z, long y, long x) {
  float v = at(s, z, y, x);
  return (quadric){
    {(at(s, z, y, x + 1) - at(s, z, y, x - 1)) / 2, (at(s, z, y + 1, x) - at(s, z, y - 1, x)) / 2,
     (at(s, z + 1, y, x) - at(s, z - 1, y, x)) / 2},
    at(s, z, y, x + 1) + at(s, z, y, x - 1) - 2 * v,
    at(s, z, y + 1, x) + at(s, z, y - 1, x) - 2 * v,
    at(s, z + 1, y, x) + at(s, z - 1, y, x) - 2 * v,
    (at(s, z, y + 1, x + 1) - at(s, z, y + 1, x - 1) - at(s, z, y - 1, x + 1) + at(s, z, y - 1, x - 1)) / 4,
    (at(s, z + 1, y, x + 1) - at(s, z + 1, y, x - 1) - at(s, z - 1, y, x + 1) + at(s, z - 1, y, x - 1)) / 4,
    (at(s, z + 1, y + 1, x) - at(s, z + 1, y - 1, x) - at(s, z - 1, y + 1, x) + at(s, z - 1, y - 1, x)) / 4,
  };
}

// Solves the 3 x 3 system for the offset of the extremum; false where it is singular.
INLINE int solve(const quadric *q, float offset[3]) {
  float c00 = q->yy * q->zz - q->yz * q->yz, c01 = q->xz * q->yz - q->xy * q->zz, c02 = q->xy * q->yz - q->xz * q->yy;
  float determinant = q->xx * c00 + q->xy * c01 + q->xz * c02;
  if (!(__builtin_fabsf(determinant) > 1e-20f)) return 0;
  float c11 = q->xx * q->zz - q->xz * q->xz, c12 = q->xy * q->xz - q->xx * q->yz, c22 = q->xx * q->yy - q->xy * q->xy;
  const float *g = q->gradient;
  offset[0] = -(c00 * g[0] + c01 * g[1] + c02 * g[2]) / determinant;
  offset[1] = -(c01 * g[0] + c11 * g[1] + c12 * g[2]) / determinant;
  offset[2] = -(c02 * g[0] + c12 * g[1] + c22 * g[2]) / determinant;
  return 1;
}

// Moves to the sub-pixel extremum; false where it is unstable, weak or lies on an edge.
INLINE int refine(const octave *s, long z, long y, long x, croco_extremum_limits limits, croco_extremum *out) {
  float offset[3];
  quadric q;
  for (int attempt = 0;; attempt++) {
    q = fit(s, z, y, x);
    if (!solve(&q, offset)) return 0;
    long dx = (offset[0] > 0.6f) - (offset[0] < -0.6f), dy = (offset[1] > 0.6f) - (offset[1] < -0.6f);
    if (dx == 0 && dy == 0) break;
    if (attempt == 4) return 0;
    x += dx, y += dy;
    if (x < 1 || y < 1 || x >= s->width - 1 || y >= s->height - 1) return 0;
  }
  for (int i = 0; i < 3; i++)
    if (!(__builtin_fabsf(offset[i]) < 1.5f)) return 0;
  const float *g = q.gradient;
  float contrast = at(s, z, y, x) + (g[0] * offset[0] + g[1] * offset[1] + g[2] * offset[2]) / 2;
  if (__builtin_fabsf(contrast) < limits.contrast) return 0;
  float trace = q.xx + q.yy, determinant = q.xx * q.yy - q.xy * q.xy, r = limits.edge_ratio;
  if (determinant <= 0 || trace * trace * r >= (r + 1) * (r + 1) * determinant) return 0;
  *out = (croco_extremum){(float)x + offset[0], (float)y + offset[1], (float)z + offset[2],
                          __builtin_fabsf(contrast)};
  return out->x >= 0 && out->y >= 0 && out->x <= (float)(s->width - 1) && out->y <= (float)(s->height - 1);
}

CROCO_CLONES
long croco_find_extrema(const float *stack, long width, long height, long levels, croco_extremum_limits limits,
                        croco_extremum *found, long capacity) {
  const octave s = {stack, width, height, levels};
  const float threshold = 0.8f * limits.contrast;
  const long plane = width * height;
  long count = 0;
  for (long z = 1; z + 1 < levels; z++)
    for (long y = 1; y + 1 < height; y++) {
      const float *row = stack + z * plane + y * width;
      for (long x = 1; x + 1 < width; x++) {
        float value = row[x];
        if (__builtin_fabsf(value) <= threshold) continue;
        if (!is_peak(row + x, width, plane, value > 0 ? 1.0f : -1.0f)) continue;
        croco_extremum extremum;
        if (!refine(&s, z, y, x, limits, &extremum)) continue;
        if (count < capacity) found[count] = extremum;
        count++;
      }
    }
  return count;
}
