// Layer normalisation over the last dimension, biased variance, epsilon 1e-6 (Ba et al. 2016).
// Matrices are [rows, columns], contiguous; mean and scale (1 / sqrt(variance + epsilon)) are [rows].
#pragma once

// out = normalised x * weight + bias.
void croco_layer_norm(
  const float *x, const float *weight, const float *bias, float *out, float *mean, float *scale, long rows,
  long columns);

// x += residual + branch_bias (the end of a residual branch), then out = layer norm of x.
void croco_residual_layer_norm(
  float *x, const float *branch_bias, const float *residual, const float *weight, const float *bias, float *out,
  float *mean, float *scale, long rows, long columns);

// out = (x - mean) * scale * weight + bias, from saved statistics.
void croco_layer_norm_apply(
  const float *x, const float *mean, const float *scale, const float *weight, const float *bias, float *out,
  long rows, long columns);

// gradient_x = gradient_residual + (gradient through the norm); gradient_residual may be null or equal gradient_x.
// Adds to gradient_weight and gradient_bias [columns]. Where normalized is not null it receives the norm's output again.
void croco_layer_norm_backward(
  const float *gradient_out, const float *x, const float *mean, const float *scale, const float *weight,
  const float *bias, const float *gradient_residual, float *gradient_x, float *gradient_weight, float *gradient_bias,
  float *normalized, long rows, long columns);
