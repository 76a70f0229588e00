// Orientations and descriptors of keypoints.
#include "croco_clones.h"
#include "CFeatures.h"
#include "vector.h"

enum { BINS = 36, GRID = 4, ANGLES = 8 };
static const float two_pi = 6.28318530717959f;

typedef struct {
  long left, right, top, bottom;  // inclusive
} box;

// The pixels within `radius` of a place that have a gradient.
INLINE box window(float x, float y, float radius, long width, long height) {
  box b = {lrintf(x - radius), lrintf(x + radius), lrintf(y - radius), lrintf(y + radius)};
  if (b.left < 1) b.left = 1;
  if (b.top < 1) b.top = 1;
  if (b.right > width - 2) b.right = width - 2;
  if (b.bottom > height - 2) b.bottom = height - 2;
  return b;
}

INLINE void smooth(float histogram[BINS]) {
  for (int pass = 0; pass < 6; pass++) {
    float first = histogram[0], previous = histogram[BINS - 1];
    for (int i = 0; i < BINS; i++) {
      float value = histogram[i], next = i + 1 < BINS ? histogram[i + 1] : first;
      histogram[i] = (previous + value + next) / 3;
      previous = value;
    }
  }
}

CROCO_CLONES
int croco_orientations(const float *magnitude, const float *angle, long width, long height, croco_place at,
                       float directions[CROCO_MAX_ORIENTATIONS]) {
  const float x = at.x, y = at.y, spread = 1.5f * at.sigma, radius = 3 * spread;
  const box b = window(x, y, radius, width, height);
  float histogram[BINS] = {0};
  for (long row = b.top; row <= b.bottom; row++)
    for (long column = b.left; column <= b.right; column++) {
      float dx = (float)column - x, dy = (float)row - y, r2 = dx * dx + dy * dy;
      if (r2 > radius * radius) continue;
      float a = angle[row * width + column];
      int bin = (int)((a < 0 ? a + two_pi : a) * (BINS / two_pi));
      histogram[bin >= BINS ? 0 : bin] += magnitude[row * width + column] * expf(-r2 / (2 * spread * spread));
    }
  smooth(histogram);
  float peak = 0;
  for (int i = 0; i < BINS; i++) peak = histogram[i] > peak ? histogram[i] : peak;
  int count = 0;
  for (int i = 0; i < BINS && count < CROCO_MAX_ORIENTATIONS; i++) {
    float l = histogram[(i + BINS - 1) % BINS], c = histogram[i], r = histogram[(i + 1) % BINS];
    if (!(c > l && c > r && c >= 0.8f * peak)) continue;
    float direction = ((float)i + 0.5f + 0.5f * (l - r) / (l - 2 * c + r)) * (two_pi / BINS);
    directions[count++] = direction < 0 ? direction + two_pi : direction >= two_pi ? direction - two_pi : direction;
  }
  return count;
}

// Shares a value among the eight bins around (column, row, turn) of a histogram with a margin of one cell.
INLINE void vote(float histogram[GRID + 2][GRID + 2][ANGLES], float column, float row, float turn, float value) {
  int c = (int)floorf(column), r = (int)floorf(row), t = (int)floorf(turn);
  float fc = column - (float)c, fr = row - (float)r, ft = turn - (float)t;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      float share = value * (i ? fr : 1 - fr) * (j ? fc : 1 - fc);
      float *bins = histogram[r + i + 1][c + j + 1];
      bins[t & (ANGLES - 1)] += share * (1 - ft);
      bins[(t + 1) & (ANGLES - 1)] += share * ft;
    }
}

// Lowe's normalisation, then RootSIFT.
INLINE void quantise(float histogram[GRID + 2][GRID + 2][ANGLES], uint8_t descriptor[CROCO_SIFT_SIZE]) {
  float values[CROCO_SIFT_SIZE], squares = 0, sum = 0;
  for (int r = 0; r < GRID; r++)
    for (int c = 0; c < GRID; c++)
      memcpy(values + (r * GRID + c) * ANGLES, histogram[r + 1][c + 1], ANGLES * sizeof(float));
  for (int i = 0; i < CROCO_SIFT_SIZE; i++) squares += values[i] * values[i];
  const float limit = 0.2f * sqrtf(squares);
  for (int i = 0; i < CROCO_SIFT_SIZE; i++) {
    values[i] = values[i] > limit ? limit : values[i];
    sum += values[i];
  }
  for (int i = 0; i < CROCO_SIFT_SIZE; i++) {
    float root = sum > 0 ? 512 * sqrtf(values[i] / sum) + 0.5f : 0;
    descriptor[i] = root > 255 ? 255 : (uint8_t)root;
  }
}

CROCO_CLONES
void croco_describe(const float *magnitude, const float *angle, long width, long height, croco_place at,
                    float direction, uint8_t descriptor[CROCO_SIFT_SIZE]) {
  const float x = at.x, y = at.y, cell = 3 * at.sigma, radius = cell * 1.41421356f * (GRID + 1) / 2;
  const float cosine = cosf(direction) / cell, sine = sinf(direction) / cell;
  const box b = window(x, y, radius, width, height);
  float histogram[GRID + 2][GRID + 2][ANGLES] = {0};
  for (long row = b.top; row <= b.bottom; row++)
    for (long column = b.left; column <= b.right; column++) {
      float dx = (float)column - x, dy = (float)row - y;
      float u = dx * cosine + dy * sine, v = dy * cosine - dx * sine;  // in cells, along and across
      if (__builtin_fabsf(u) >= (GRID + 1) / 2.0f || __builtin_fabsf(v) >= (GRID + 1) / 2.0f) continue;
      float weight = expf(-(u * u + v * v) / (GRID * GRID / 2.0f));
      float turn = (angle[row * width + column] - direction) * (ANGLES / two_pi);
      // One exact addend: rounded in two steps the sum could reach the cell behind the last.
      const float middle = GRID / 2 - 0.5f;
      vote(histogram, u + middle, v + middle, turn, weight * magnitude[row * width + column]);
    }
  quantise(histogram, descriptor);
}
