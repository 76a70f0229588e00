// The row-wise parts of attention (Vaswani et al. 2017): soft-max and rotary position embedding (Su et al. 2021).
#pragma once
#include <stdint.h>

// Each row of logits [rows, columns] becomes its soft-max; log_sum[r] = log(sum(exp(row))).
void croco_softmax(float *logits, float *log_sum, long rows, long columns);

// From logits and the gradient with respect to the probabilities: logits become the probabilities again, and
// gradient becomes the gradient with respect to the logits.
void croco_softmax_backward(float *logits, const float *log_sum, float *gradient, long rows, long columns);

// Rotates heads in place, rows `stride` floats apart. cosine, sine: [N, head_size / 2], row angles then column angles;
// position[r] is the patch index of row r. direction 1 rotates forward, -1 back (the transpose, for gradients).
void croco_rotate(
  float *x, long stride, const int32_t *position, const float *cosine, const float *sine, float direction, long rows,
  long heads, long head_size);
