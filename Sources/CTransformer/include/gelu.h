// The exact GELU, x * Phi(x) with the error function (Hendrycks & Gimpel 2016), and its derivative.
// `_bf16` passes have bfloat16 operands, kept as uint16_t; they compute in fp32.
#pragma once
#include <stdint.h>

// pre[r, c] += bias[c], then out[r, c] = GELU(pre[r, c]). pre, out: [rows, columns]; bias: [columns].
void croco_bias_gelu(float *pre, const float *bias, float *out, long rows, long columns);
void croco_bias_gelu_bf16(uint16_t *pre, const float *bias, uint16_t *out, long rows, long columns);

// gradient[i] *= GELU'(pre[i]) and activated[i] = GELU(pre[i]).
void croco_gelu_backward(float *gradient, const float *pre, float *activated, long count);
void croco_gelu_backward_bf16(uint16_t *gradient, const uint16_t *pre, uint16_t *activated, long count);
