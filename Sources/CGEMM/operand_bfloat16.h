// Included before the files of a product: A and B are bfloat16. A unit of k is two elements, which vdpbf16ps multiplies and
// adds at once; they fill the 32 bits that a float fills.
#include "operand_none.h"
#define ELEMENT uint16_t
#define PER_UNIT 2
#define NAME(name) name##_bf16
#define TARGET __attribute__((target("arch=x86-64-v4,avx512bf16")))
#define multiply_add(a, b, sum) _mm512_dpbf16_ps((sum), (__m512bh)(a), (__m512bh)(b))
#define store_narrow(p, mask, v) _mm256_mask_storeu_epi16((p), (mask), (__m256i)_mm512_cvtneps_pbh(v))
