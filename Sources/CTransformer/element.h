// Included before a file of passes, once for each element that matrix products read: float, or with ELEMENT_IS_BFLOAT16
// defined bfloat16, kept as uint16_t.
#undef ELEMENT
#undef PASS
#undef load_element
#undef store_element
#undef load_element_tail
#undef store_element_tail
#undef widened
#undef narrowed
#undef copy_elements
#undef IS_FLOAT

#ifdef ELEMENT_IS_BFLOAT16
#undef ELEMENT_IS_BFLOAT16
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
#else
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
#endif
