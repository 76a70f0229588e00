// Included before the files of a product, once for each kind of operand: OPERAND says which. A unit of k fills 32 bits: one
// float, or two bfloat16, which vdpbf16ps multiplies and adds at once.
#undef ELEMENT
#undef PER_UNIT
#undef NAME
#undef TARGET
#undef load_along
#undef load_unit
#undef multiply_add
#undef add_unit

// ELEMENT, and for each kind:
//   load_along(p, elements): 16 units of a row along k, of which `elements` elements exist; zeros stand for the others.
//   load_unit(p, ld, whole, columns): a unit of k in 16 columns of rows `ld` apart, of which some exist; not `whole` where its
//     last row is missing.
//   multiply_add(a, b, sum)
//   add_unit(even, odd, unit): adds what a unit holds to the sums of elements of even and of odd place in their units.

#if OPERAND == OPERAND_FLOAT
#define ELEMENT float
#define PER_UNIT 1
#define NAME(name) name
#define TARGET __attribute__((target("arch=x86-64-v4")))
#define load_along(p, elements) _mm512_maskz_loadu_epi32((__mmask16)((1u << (elements)) - 1), (p))
#define load_unit(p, ld, whole, columns) ((void)(whole), _mm512_maskz_loadu_epi32((columns), (p)))
#define multiply_add(a, b, sum) _mm512_fmadd_ps((a), (b), (sum))
#define add_unit(even, odd, unit) ((even) = _mm512_add_ps((even), _mm512_castsi512_ps(unit)))

#elif OPERAND == OPERAND_BFLOAT16
#define ELEMENT uint16_t
#define PER_UNIT 2
#define NAME(name) name##_bf16
#define TARGET TARGET_BF16
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

#elif OPERAND == OPERAND_ROUNDED
// float that is rounded to bfloat16 as it is packed; only B is such.
#define ELEMENT float
#define PER_UNIT 2
#define NAME(name) name##_rounded
#define TARGET TARGET_BF16
#define load_along(p, elements) \
  (__m512i)_mm512_cvtne2ps_pbh( \
    _mm512_maskz_loadu_ps((__mmask16)(((1ull << (elements)) - 1) >> 16), (p) + 16), \
    _mm512_maskz_loadu_ps((__mmask16)((1ull << (elements)) - 1), (p)))
#define load_unit(p, ld, whole, columns) \
  interleaved((__m512i)_mm512_cvtne2ps_pbh( \
    _mm512_maskz_loadu_ps((whole) ? (columns) : 0, (p) + (ld)), _mm512_maskz_loadu_ps((columns), (p))))
#endif
#undef OPERAND

// 16 columns of the unit of k that starts at row `p` of `rows` rows, each `ld` elements long. The rows that are packed next
// come nearer meanwhile: pieces of rows are too short for the processor to foresee.
TARGET static inline __attribute__((always_inline)) __m512i NAME(load_across)(
  const ELEMENT *x, long ld, long p, long rows, __mmask16 columns) {
  for (long q = p; q < p + PER_UNIT; q++) _mm_prefetch(x + (q + ROWS_TOGETHER * PER_UNIT) * ld, _MM_HINT_T1);
  const int whole = p + PER_UNIT <= rows;
  return load_unit(x + p * ld, ld, whole, columns);
}
