#include "croco_clones.h"
#include "CTransformer.h"
#include "vector.h"

#include "element.h"
#include "patches_passes.h"

#define ELEMENT_IS_BFLOAT16
#include "element.h"
#include "patches_passes.h"

void croco_scatter_patches(
  const float *patches, const int32_t *index, float *image, long count, long patch, long grid_width, long height,
  long width) {
  for (long i = 0; i < count; i++) {
    const long y = index[i] / grid_width * patch, x = index[i] % grid_width * patch;
    for (long c = 0; c < 3; c++)
      for (long r = 0; r < patch; r++, patches += patch)
        for (long q = 0; q < patch; q++) image[(c * height + y + r) * width + x + q] += patches[q];
  }
}

void croco_patch_channel_last(
  const float *image, float *out, long patch_row, long patch_column, long patch, long height, long width) {
  const float *corner = image + patch_row * patch * width + patch_column * patch;
  for (long r = 0; r < patch; r++)
    for (long q = 0; q < patch; q++)
      for (long c = 0; c < 3; c++) *out++ = corner[(c * height + r) * width + q];
}

void croco_normalize_target(float *target, long count) {
  double sum = 0, squares = 0;
  for (long i = 0; i < count; i++) sum += target[i];
  const double mean = sum / (double)count;
  for (long i = 0; i < count; i++) squares += (target[i] - mean) * (target[i] - mean);
  const double scale = 1 / sqrt(squares / (double)(count - 1) + 1e-6);
  for (long i = 0; i < count; i++) target[i] = (float)((target[i] - mean) * scale);
}

double croco_patch_loss(const float *prediction, const float *target, long count, int absolute) {
  double sum = 0;
  for (long i = 0; i < count; i++) {
    const double d = (double)prediction[i] - (double)target[i];
    sum += absolute ? fabs(d) : d * d;
  }
  return sum;
}

CROCO_CLONES
void croco_patch_loss_gradient(
  const float *prediction, const float *target, float *gradient, float factor, long count, int absolute) {
  if (absolute) {
    for (long i = 0; i < count; i++) {
      const float d = prediction[i] - target[i];
      gradient[i] = d > 0 ? factor : d < 0 ? -factor : 0;
    }
  } else {
    for (long i = 0; i < count; i++) gradient[i] = 2 * factor * (prediction[i] - target[i]);
  }
}
