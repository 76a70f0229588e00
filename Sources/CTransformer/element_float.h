// Included before a file of passes: what matrix products read is float.
#include "element_none.h"
#define ELEMENT float
#define PASS(name) name
#define load_element(p) load(p)
#define store_element(p, v) store(p, v)
#define load_element_tail(p, n, fill) load_tail(p, n, fill)
#define store_element_tail(p, v, n) store_tail(p, v, n)
#define widened(x) (x)
#define narrowed(v) (v)
#define copy_elements(out, values, count) memcpy((out), (values), (size_t)(count) * sizeof(float))
#define IS_FLOAT 1
