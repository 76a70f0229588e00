// The row-wise parts of attention (Vaswani et al. 2017): soft-max and rotary position embedding (Su et al. 2021).
// `_bf16` passes write what matrix products read as bfloat16, kept as uint16_t; they compute in fp32.
#pragma once
#include <stdint.h>

// probabilities = soft-max of each row of factor * logits [rows, columns]; log_sum[r] = log(sum(exp(factor * row))).
// Spoils the logits; probabilities may be the logits' own memory.
void croco_softmax(float *logits, float factor, float *probabilities, float *log_sum, long rows, long columns);
void croco_softmax_bf16(
  float *logits, float factor, uint16_t *probabilities, float *log_sum, long rows, long columns);

// From logits, log_sum and the gradient with respect to the probabilities: the probabilities again, and the gradient with
// respect to the logits. Spoils the logits. With floats, probabilities are left in the logits' memory and must be
// passed as that; logits_gradient may be the gradient's own memory.
void croco_softmax_backward(
  float *logits, float factor, const float *log_sum, const float *gradient, float *probabilities,
  float *logits_gradient, long rows, long columns);
void croco_softmax_backward_bf16(
  float *logits, float factor, const float *log_sum, const float *gradient, uint16_t *probabilities,
  uint16_t *logits_gradient, long rows, long columns);

// Rotates heads in place, rows `stride` elements apart. cosine, sine: [N, head_size / 2], row angles then column
// angles; position[r] is the patch index of row r. direction 1 rotates forward, -1 back (the transpose, for gradients).
void croco_rotate(
  float *x, long stride, const int32_t *position, const float *cosine, const float *sine, float direction, long rows,
  long heads, long head_size);
void croco_rotate_bf16(
  uint16_t *x, long stride, const int32_t *position, const float *cosine, const float *sine, float direction, long rows,
  long heads, long head_size);
