// What becomes of a matrix product on its way to memory.
#pragma once
#include <stdint.h>

// What becomes of C. All but the first two are of bfloat16 results alone.
enum croco_gemm_result {
  CROCO_GEMM_SET,            // C = op(A) op(B), float
  CROCO_GEMM_ADD,            // C += op(A) op(B), float
  CROCO_GEMM_NARROW,         // C = op(A) op(B), bfloat16
  CROCO_GEMM_BIAS,           // C = op(A) op(B) + bias, bfloat16
  CROCO_GEMM_BIAS_GELU,      // the same, and activated = GELU(op(A) op(B) + bias)
  CROCO_GEMM_GELU_BACKWARD,  // C = op(A) op(B) * GELU'(hidden), bfloat16, and activated = GELU(hidden)
};

// What only some results need. `hidden` and `activated` are bfloat16, and lie as C does.
struct croco_gemm_more {
  const float *bias;       // [n]
  const uint16_t *hidden;  // [m, n]
  uint16_t *activated;     // [m, n]
  float *sums;             // [m] or NULL, where A is transposed: becomes (with ADD, gains) the sums of op(A)'s rows
};
