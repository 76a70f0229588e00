// Included before the files of a product: A and B are bfloat16. A unit of k is two elements, which vdpbf16ps multiplies and
// adds at once; they fill the 32 bits that a float fills.
#include "operand_none.h"
#define ELEMENT uint16_t
#define PER_UNIT 2
#define NAME(name) name##_bf16
#define TARGET TARGET_BF16

// As of float.
#define load_along(p, elements) _mm512_maskz_loadu_epi16((__mmask32)((1ull << (elements)) - 1), (p))
#define load_unit(p, ld, whole, columns) \
  _mm512_or_si512( \
    load_halves((p), (columns)), \
    (whole) ? _mm512_slli_epi32(load_halves((p) + (ld), (columns)), 16) : _mm512_setzero_si512())

#define multiply_add(a, b, sum) _mm512_dpbf16_ps((sum), (__m512bh)(a), (__m512bh)(b))
#define add_unit(even, odd, unit) \
  ((even) = _mm512_add_ps((even), widened_halves(unit)), \
   (odd) = _mm512_add_ps( \
     (odd), _mm512_castsi512_ps(_mm512_and_si512((unit), _mm512_set1_epi32((int)0xFFFF0000)))))
