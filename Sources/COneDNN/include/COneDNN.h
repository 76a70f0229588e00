// oneDNN: bfloat16 matrix products (dnnl_matmul). The library is optional: where its header was missing when croco was
// built, or its library is missing now, `croco_onednn_open` says so and nothing else may be called.
#pragma once
#include <stdint.h>

// Loads the library once for the process. Null, or a sentence without a full stop that says what is missing.
const char *croco_onednn_open(void);

// "3.4.1" after `croco_onednn_open` has succeeded, else "".
const char *croco_onednn_version(void);

// C = op(A) op(B), or C += op(A) op(B) where `accumulate` is not 0, row-major on the calling thread alone. A and B are
// bfloat16, C is float or, where `narrow` is not 0, bfloat16; sums are formed in fp32. op(A) is [m, k], op(B) is [k, n];
// lda, ldb, ldc are elements between the starts of stored rows. Returns 0 or a dnnl_status_t.
int croco_onednn_gemm(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const uint16_t *b, long ldb,
  int accumulate, void *c, long ldc, int narrow);
