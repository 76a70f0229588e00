// Included before the packing of B: float that is rounded to bfloat16, for products of bfloat16.
#include "operand_none.h"
#define ELEMENT float
#define PER_UNIT 2
#define NAME(name) name##_rounded
#define TARGET TARGET_BF16

// As of float.
#define load_along(p, elements) \
  (__m512i)_mm512_cvtne2ps_pbh( \
    _mm512_maskz_loadu_ps((__mmask16)(((1ull << (elements)) - 1) >> 16), (p) + 16), \
    _mm512_maskz_loadu_ps((__mmask16)((1ull << (elements)) - 1), (p)))
#define load_unit(p, ld, whole, columns) \
  interleaved((__m512i)_mm512_cvtne2ps_pbh( \
    _mm512_maskz_loadu_ps((whole) ? (columns) : 0, (p) + (ld)), _mm512_maskz_loadu_ps((columns), (p))))
