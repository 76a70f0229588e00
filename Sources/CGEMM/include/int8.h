// Matrix products of 8-bit integers with scales, for the linear maps of a network: C = A W^T and C = A W.
//
// A row of A and a channel of the weight W, a column of the product, have a scale each: the largest magnitude becomes 127. The
// integers are multiplied and summed exactly, so that the sums are the same on every processor and however rows are cut.
// Sources: Wortsman et al., "Stable and low-precision training for large-scale vision-language models" (SwitchBack), NeurIPS 2023.
#pragma once
#include "results.h"
#include <stdint.h>

// How this processor can form the sums; a later one is faster where it is there.
enum croco_int8_path {
  CROCO_INT8_PORTABLE,     // plain C
  CROCO_INT8_AVX2,         // vpmaddubsw of magnitudes
  CROCO_INT8_AVX_VNNI,     // vpdpbusd, 256 bits
  CROCO_INT8_AVX512_VNNI,  // vpdpbusd, 512 bits
  CROCO_INT8_AMX,          // tiles
};

// Whether this processor, and the system on it, have what a path needs.
int croco_int8_available(enum croco_int8_path path);

// What A holds, row by row.
enum croco_int8_operand { CROCO_INT8_FLOAT, CROCO_INT8_BFLOAT16 };

// A right factor [k, n] as the sums read it: panels of 32 columns, in units of 4 neighbouring k for each column, as unsigned
// bytes with 128 added, filled up with zeros (128) to whole panels and to a multiple of 64 in k.
struct croco_int8_weight {
  uint8_t *panels;  // croco_int8_bytes(k, n), 64-byte-aligned
  float *scales;    // [n rounded up to 32]
};

long croco_int8_bytes(long k, long n);
long croco_int8_panels(long n);

// Quantises panels first ..< last of a right factor from a matrix of floats W with `ld` floats between its rows: W [k, n] as it is
// stored or, `transposed`, stored [n, k].
// Returns 0, or 1 where the thread's workspace cannot be had.
int croco_int8_pack(
  int transposed, long k, long n, const float *w, long ld, const struct croco_int8_weight *weight, long first, long last);

// C [m, n] = A^T B (or C += A^T B where `adding`) with A stored [k, m] and B [k, n], both of `operand`: the gradient of a weight, which
// sums over tokens. Columns are quantised, in blocks of at most 1,024 tokens with scales of their own, whose products are added in
// order. `sums` [m], where there, becomes (or gains) the sums of A's columns, which are not quantised.
// Returns 0, or 1 where the thread's workspace cannot be had.
int croco_int8_gradient(
  enum croco_int8_path path, enum croco_int8_operand operand, long m, long n, long k, const void *a, long lda,
  const void *b, long ldb, int adding, float *c, long ldc, float *sums);

// C [m, n] = A [m, k] times the weight, as `result` says; A's elements are `operand`, `lda` of them between its rows. Results of
// bfloat16 need croco_gemm_bf16_available. At most 64,000 in k.
// What is not a number, or infinite, spoils the elements of its row.
// Returns 0, or 1 where the thread's workspace cannot be had.
int croco_int8_gemm(
  enum croco_int8_path path, enum croco_int8_operand operand, long m, long n, long k, const void *a, long lda,
  const struct croco_int8_weight *weight, enum croco_gemm_result result, void *c, long ldc,
  const struct croco_gemm_more *more);
