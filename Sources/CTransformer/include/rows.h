// Passes over rows of a matrix: biases, residuals, column sums. `_bf16` passes have bfloat16 operands, kept as uint16_t.
#pragma once
#include <stdint.h>

// x[r * stride + c] += bias[c].
void croco_add_bias(float *x, long stride, const float *bias, long rows, long columns);
void croco_add_bias_bf16(uint16_t *x, long stride, const float *bias, long rows, long columns);

// x[r, c] += bias[c] + residual[r, c]. bias may not be null; x and residual are [rows, columns].
void croco_add_bias_residual(float *x, const float *bias, const float *residual, long rows, long columns);

// out[c] = sum over r of x[r * stride + c], rows in order, in fp32.
void croco_column_sums(const float *x, long stride, float *out, long rows, long columns, int adding);
void croco_column_sums_bf16(const uint16_t *x, long stride, float *out, long rows, long columns, int adding);

// x[i] += y[i].
void croco_add(float *x, const float *y, long count);

// out[i] = x[i] rounded to nearest, ties to even; NaN stays NaN.
void croco_narrow(const float *x, uint16_t *out, long count);

// out[i] = x[i], which every float can hold.
void croco_widen(const uint16_t *x, float *out, long count);
