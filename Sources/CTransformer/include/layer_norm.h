// Layer normalisation over the last dimension, biased variance, epsilon 1e-6 (Ba et al. 2016).
// Matrices are [rows, columns], contiguous; mean and scale (1 / sqrt(variance + epsilon)) are [rows].
// `_bf16` passes write what matrix products read as bfloat16, kept as uint16_t; they compute in fp32.
#pragma once
#include <stdint.h>

// out = normalised x * weight + bias.
void croco_layer_norm(
  const float *x, const float *weight, const float *bias, float *out, float *mean, float *scale, long rows,
  long columns);
void croco_layer_norm_bf16(
  const float *x, const float *weight, const float *bias, uint16_t *out, float *mean, float *scale, long rows,
  long columns);

// x += residual + branch_bias (the end of a residual branch), then out = layer norm of x.
void croco_residual_layer_norm(
  float *x, const float *branch_bias, const float *residual, const float *weight, const float *bias, float *out,
  float *mean, float *scale, long rows, long columns);
void croco_residual_layer_norm_bf16(
  float *x, const float *branch_bias, const float *residual, const float *weight, const float *bias, uint16_t *out,
  float *mean, float *scale, long rows, long columns);

// gradient_x = gradient_residual + (gradient through the norm); gradient_residual may be null or equal gradient_x.
// Adds to gradient_weight and gradient_bias [columns]. normalized receives the norm's output again. With bfloat16,
// gradient_copy receives gradient_x for matrix products to read; with floats it is not used.
void croco_layer_norm_backward(
  const float *gradient_out, const float *x, const float *mean, const float *scale, const float *weight,
  const float *bias, const float *gradient_residual, float *gradient_x, float *gradient_copy, float *gradient_weight,
  float *gradient_bias, float *normalized, long rows, long columns);
void croco_layer_norm_backward_bf16(
  const float *gradient_out, const float *x, const float *mean, const float *scale, const float *weight,
  const float *bias, const float *gradient_residual, float *gradient_x, uint16_t *gradient_copy,
  float *gradient_weight, float *gradient_bias, uint16_t *normalized, long rows, long columns);
