// Images [3, H, W] cut into square patches, and the masked loss over patches.
#pragma once
#include <stdint.h>

// Row i of out [count, 3 * patch * patch] is the patch index[i] in (channel, row, column) order, as the
// patch-embedding weight has it.
void croco_gather_patches(
  const float *image, const int32_t *index, float *out, long count, long patch, long grid_width, long height,
  long width);

void croco_gather_patches_bf16(
  const float *image, const int32_t *index, uint16_t *out, long count, long patch, long grid_width, long height,
  long width);

// The transpose: adds patches in (channel, row, column) order to an image.
void croco_scatter_patches(
  const float *patches, const int32_t *index, float *image, long count, long patch, long grid_width, long height,
  long width);

// One patch in the (row, column, channel) order of prediction and target.
void croco_patch_channel_last(
  const float *image, float *out, long patch_row, long patch_column, long patch, long height, long width);

// Target normalisation: (t - mean) / sqrt(unbiased variance + 1e-6), in double precision, in place.
void croco_normalize_target(float *target, long count);

// The sum over a patch of (p - t)^2, or of |p - t| where absolute is not 0.
double croco_patch_loss(const float *prediction, const float *target, long count, int absolute);

// gradient = factor * d loss / d prediction for one patch.
void croco_patch_loss_gradient(
  const float *prediction, const float *target, float *gradient, float factor, long count, int absolute);
