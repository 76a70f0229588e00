// The exact GELU, x * Phi(x) with the error function (Hendrycks & Gimpel 2016), and its derivative.
#pragma once

// pre[r, c] += bias[c], then out[r, c] = GELU(pre[r, c]). pre, out: [rows, columns]; bias: [columns].
void croco_bias_gelu(float *pre, const float *bias, float *out, long rows, long columns);

// gradient[i] *= GELU'(pre[i]) and activated[i] = GELU(pre[i]).
void croco_gelu_backward(float *gradient, const float *pre, float *activated, long count);
