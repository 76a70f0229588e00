// Passes over rows of a matrix: biases, residuals, column sums.
#pragma once

// x[r * stride + c] += bias[c].
void croco_add_bias(float *x, long stride, const float *bias, long rows, long columns);

// x[r, c] += bias[c] + residual[r, c]. bias may not be null; x and residual are [rows, columns].
void croco_add_bias_residual(float *x, const float *bias, const float *residual, long rows, long columns);

// out[c] += sum over r of x[r * stride + c], rows in order.
void croco_add_column_sums(const float *x, long stride, float *out, long rows, long columns);

// x[i] += y[i].
void croco_add(float *x, const float *y, long count);
