// Included before the files of a product: A and B are float. A unit of k is one element.
#include "operand_none.h"
#define ELEMENT float
#define PER_UNIT 1
#define NAME(name) name
#define TARGET __attribute__((target("arch=x86-64-v4")))

// 16 units of a row along k, of which `elements` elements exist; zeros stand for the others.
#define load_along(p, elements) _mm512_maskz_loadu_epi32((__mmask16)((1u << (elements)) - 1), (p))
// A unit of k in 16 columns of rows `ld` apart, of which some exist; not `whole` where its last row is missing.
#define load_unit(p, ld, whole, columns) ((void)(whole), _mm512_maskz_loadu_epi32((columns), (p)))

#define multiply_add(a, b, sum) _mm512_fmadd_ps((a), (b), (sum))
// Adds what a unit holds to the sums of elements of even and of odd place in their units.
#define add_unit(even, odd, unit) ((even) = _mm512_add_ps((even), _mm512_castsi512_ps(unit)))
