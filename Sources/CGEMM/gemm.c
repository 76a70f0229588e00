#include "CGEMM.h"

#if defined(__x86_64__)
#include "sizes.h"
#include "workspace.h"
#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

typedef float unaligned_float __attribute__((aligned(1), may_alias));

// Whether 14 rows that many bytes apart fall into few sets of the first-level cache, which repeat every 4 KiB.
static int aliases(long bytes) {
  const long rest = bytes % 4096, near = 512;
  return bytes > 4096 - near && (rest < near || rest > 4096 - near);
}

// Units between copied rows of A.
static long copied_row(long units) {
  const long row = units + ROW_PADDING;
  return aliases(row * (long)sizeof(float)) ? row + 128 : row;
}

// B as it is stored, and what packs [k, n] of it.
struct right {
  const char *start;
  long ld, along_k, along_n;  // elements between rows; bytes between neighbours
  void (*pack)(const void *start, long ld, long k, long n, float *out);
};

typedef void (*tile_function)(
  long units, const char *a, long row, long step, const float *b, enum croco_gemm_result result, void *c, long ldc,
  __mmask16 tail, const char *next, long line);

// Bytes of an element of C.
static long size_of(enum croco_gemm_result result) {
  return result == CROCO_GEMM_SET || result == CROCO_GEMM_ADD ? sizeof(float) : sizeof(uint16_t);
}

#include "finish.h"

#define OPERAND_FLOAT 1
#define OPERAND_BFLOAT16 2
#define OPERAND_ROUNDED 3

#define OPERAND OPERAND_FLOAT
#include "operand.h"
#include "tile.h"
#include "pack_a.h"
#include "pack_b.h"
#include "product.h"

#define OPERAND OPERAND_BFLOAT16
#include "operand.h"
#include "tile.h"
#include "pack_a.h"
#include "pack_b.h"
#include "product.h"

#define OPERAND OPERAND_ROUNDED
#include "operand.h"
#include "pack_b.h"

int croco_gemm_available(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4") != 0;
}

int croco_gemm_bf16_available(void) {
  return croco_gemm_available() && __builtin_cpu_supports("avx512bf16") != 0;
}

int croco_gemm_bf16_outdone(void) {
  // AMX-BF16 is bit 22 of EDX in leaf 7; older compilers do not know it by name.
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx >> 22 & 1);
}

static const struct croco_gemm_more nothing_more;

int croco_gemm(
  int transpose_a, int transpose_b, long m, long n, long k, const float *a, long lda, const float *b, long ldb,
  enum croco_gemm_result result, float *c, long ldc, const struct croco_gemm_more *more) {
  if (m <= 0 || n <= 0) return 0;
  return multiply(
    transpose_a, m, n, k, a, lda, right(transpose_b, b, ldb), result, (char *)c, ldc, more ? more : &nothing_more);
}

int croco_gemm_bf16(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const uint16_t *b, long ldb,
  enum croco_gemm_result result, void *c, long ldc, const struct croco_gemm_more *more) {
  if (m <= 0 || n <= 0) return 0;
  return multiply_bf16(
    transpose_a, m, n, k, a, lda, right_bf16(transpose_b, b, ldb), result, c, ldc, more ? more : &nothing_more);
}

int croco_gemm_bf16_rounding(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const float *b, long ldb,
  enum croco_gemm_result result, void *c, long ldc, const struct croco_gemm_more *more) {
  if (m <= 0 || n <= 0) return 0;
  return multiply_bf16(
    transpose_a, m, n, k, a, lda, right_rounded(transpose_b, b, ldb), result, c, ldc, more ? more : &nothing_more);
}

#else

int croco_gemm_available(void) { return 0; }
int croco_gemm_bf16_available(void) { return 0; }
int croco_gemm_bf16_outdone(void) { return 0; }

int croco_gemm(
  int transpose_a, int transpose_b, long m, long n, long k, const float *a, long lda, const float *b, long ldb,
  enum croco_gemm_result result, float *c, long ldc, const struct croco_gemm_more *more) {
  (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)a, (void)lda, (void)b, (void)ldb;
  (void)result, (void)c, (void)ldc, (void)more;
  return 1;
}

int croco_gemm_bf16(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const uint16_t *b, long ldb,
  enum croco_gemm_result result, void *c, long ldc, const struct croco_gemm_more *more) {
  (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)a, (void)lda, (void)b, (void)ldb;
  (void)result, (void)c, (void)ldc, (void)more;
  return 1;
}

int croco_gemm_bf16_rounding(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const float *b, long ldb,
  enum croco_gemm_result result, void *c, long ldc, const struct croco_gemm_more *more) {
  (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)a, (void)lda, (void)b, (void)ldb;
  (void)result, (void)c, (void)ldc, (void)more;
  return 1;
}
#endif
