// Matrix products in plain C for x86-64 processors with AVX-512, in fp32 and bf16. One thread a call.
//
// An element of C is summed over k in one fixed order, whatever the sizes and strides around it: cutting rows or columns
// differently does not change a bit.
// Structure: Goto, van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008.
#pragma once
#include "int8.h"
#include "results.h"
#include <stdint.h>

// Whether this processor can run them: AVX-512 (x86-64-v4), and for bf16 also avx512_bf16.
int croco_gemm_available(void);
int croco_gemm_bf16_available(void);

// Whether this processor multiplies bf16 matrices faster in a way that these products do not know: in AMX tiles.
int croco_gemm_bf16_outdone(void);

// How products are cut for this processor, in the names of BLIS (Van Zee, van de Geijn, ACM TOMS 41(3), 2015): tiles of C
// [mr, nr] in registers, of a block of A [mc, kc] and one of B [kc, nc] in caches. kc and the rooms count 32-bit units of k.
// mr and nr are those that the inner loops are written for. kc orders the sum over k: all processors that are to give the
// same bits need the same one; mc and nc touch speed alone.
struct croco_gemm_blocks {
  long mr, nr;
  long kc, mc, nc;  // mc counts 16 for each tile's mr rows, the room that they are packed into
};

// The blocks of this processor; null where no products are.
const struct croco_gemm_blocks *croco_gemm_blocks(void);

// op(A) is [m, k], op(B) is [k, n], C is [m, n], all row-major; lda, ldb, ldc are elements between the starts of stored rows.
// `more` may be NULL where the result needs nothing more.
// Returns 0, or 1 where the thread's workspace (about 3 MB, taken once) cannot be had.
int croco_gemm(
  int transpose_a, int transpose_b, long m, long n, long k, const float *a, long lda, const float *b, long ldb,
  enum croco_gemm_result result, float *c, long ldc, const struct croco_gemm_more *more);

// A and B are bfloat16, kept as uint16_t. Products and sums are fp32, as vdpbf16ps forms them.
int croco_gemm_bf16(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const uint16_t *b, long ldb,
  enum croco_gemm_result result, void *c, long ldc, const struct croco_gemm_more *more);

// The same with B in float: its elements are rounded to bfloat16, to nearest and even, as they are read.
int croco_gemm_bf16_rounding(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const float *b, long ldb,
  enum croco_gemm_result result, void *c, long ldc, const struct croco_gemm_more *more);
