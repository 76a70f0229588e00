// Included before a file of passes: what matrix products read is bfloat16, kept as uint16_t.
#include "element_none.h"
#define ELEMENT uint16_t
#define PASS(name) name##_bf16
#define load_element(p) load_bfloat16(p)
#define store_element(p, v) store_bfloat16(p, v)
#define load_element_tail(p, n, fill) load_tail_bfloat16(p, n, fill)
#define store_element_tail(p, v, n) store_tail_bfloat16(p, v, n)
#define widened(x) widen_scalar(x)
#define narrowed(v) narrow_scalar(v)
#define copy_elements(out, values, count) croco_narrow((values), (out), (count))
#define IS_FLOAT 0
