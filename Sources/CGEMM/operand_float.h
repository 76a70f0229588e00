// Included before the files of a product: A and B are float. A unit of k is one element.
#include "operand_none.h"
#define ELEMENT float
#define PER_UNIT 1
#define NAME(name) name
#define TARGET __attribute__((target("arch=x86-64-v4")))
#define multiply_add(a, b, sum) _mm512_fmadd_ps((a), (b), (sum))
#define store_narrow(p, mask, v) ((void)(p))
