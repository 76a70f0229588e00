// Images of the scale space: luminance, blurring, differences, gradients.
#include "croco_clones.h"
#include "CFeatures.h"
#include "vector.h"

static const float pi = 3.14159265358979f;

CROCO_CLONES
void croco_luminance(float *target, const uint8_t *rgb, long count) {
  for (long i = 0; i < count; i++)
    target[i] = (0.299f * rgb[3 * i] + 0.587f * rgb[3 * i + 1] + 0.114f * rgb[3 * i + 2]) * (1.0f / 255);
}

INLINE void blur_row(float *restrict target, float *restrict padded, const float *row, long width,
                     const float *weights, long radius) {
  for (long x = 0; x < radius; x++) padded[x] = row[0], padded[radius + width + x] = row[width - 1];
  memcpy(padded + radius, row, (size_t)width * sizeof(float));
  const float *centre = padded + radius;
  for (long x = 0; x < width; x++) target[x] = centre[x] * weights[0];
  for (long k = 1; k <= radius; k++)
    for (long x = 0; x < width; x++) target[x] += (centre[x - k] + centre[x + k]) * weights[k];
}

INLINE void blur_column(float *restrict target, const float *source, long width, long height, long y,
                        const float *weights, long radius) {
  const float *row = source + y * width;
  for (long x = 0; x < width; x++) target[x] = row[x] * weights[0];
  for (long k = 1; k <= radius; k++) {
    const float *above = source + (y >= k ? y - k : 0) * width;
    const float *below = source + (y + k < height ? y + k : height - 1) * width;
    for (long x = 0; x < width; x++) target[x] += (above[x] + below[x]) * weights[k];
  }
}

CROCO_CLONES
void croco_blur(float *target, const float *source, float *scratch, long width, long height, const float *weights,
                long radius) {
  float *padded = scratch + width * height;
  for (long y = 0; y < height; y++)
    blur_row(scratch + y * width, padded, source + y * width, width, weights, radius);
  for (long y = 0; y < height; y++) blur_column(target + y * width, scratch, width, height, y, weights, radius);
}

CROCO_CLONES
void croco_difference(float *target, const float *a, const float *b, long count) {
  for (long i = 0; i < count; i++) target[i] = a[i] - b[i];
}

// A polynomial for the octant, then reflections; error below 2e-4.
INLINE float fast_angle(float y, float x) {
  float ax = __builtin_fabsf(x), ay = __builtin_fabsf(y);
  float large = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
  float a = small / (large + 1e-20f), s = a * a;
  float r = ((-0.0464964749f * s + 0.15931422f) * s - 0.327622764f) * s * a + a;
  r = ay > ax ? pi / 2 - r : r;
  r = x < 0 ? pi - r : r;
  return y < 0 ? -r : r;
}

CROCO_CLONES
void croco_gradient(float *magnitude, float *angle, const float *image, long width, long height) {
  for (long y = 0; y < height; y++) {
    const float *above = image + (y > 0 ? y - 1 : 0) * width;
    const float *below = image + (y + 1 < height ? y + 1 : y) * width;
    const float *row = image + y * width;
    float *restrict m = magnitude + y * width, *restrict a = angle + y * width;
    for (long x = 1; x + 1 < width; x++) {
      float dx = row[x + 1] - row[x - 1], dy = below[x] - above[x];
      m[x] = __builtin_sqrtf(dx * dx + dy * dy);
      a[x] = fast_angle(dy, dx);
    }
    m[0] = a[0] = m[width - 1] = a[width - 1] = 0;
  }
}

void croco_halve(float *target, const float *source, long width, long height) {
  for (long y = 0; y < height / 2; y++)
    for (long x = 0; x < width / 2; x++) target[y * (width / 2) + x] = source[2 * y * width + 2 * x];
}
