// OpenBLAS: CBLAS and the few functions of openblas_config that croco calls.
#pragma once
#include <cblas.h>

// C = alpha * op(A) op(B) + beta * C, row-major; the enumerations of cblas.h differ between versions.
static inline void croco_sgemm(
  int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
  float beta, float *c, int ldc) {
  cblas_sgemm(
    CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k, alpha, a,
    lda, b, ldb, beta, c, ldc);
}
static inline void croco_openblas_set_threads(int count) { openblas_set_num_threads(count); }
static inline const char *croco_openblas_core(void) { return openblas_get_corename(); }
static inline const char *croco_openblas_configuration(void) { return openblas_get_config(); }
