// Included before a file of passes: what matrix products read is float.
#undef ELEMENT
#undef PASS
#undef load_element
#undef store_element
#undef load_element_tail
#undef store_element_tail
#undef widened
#undef narrowed
#undef IS_FLOAT
#define ELEMENT float
#define PASS(name) name
#define load_element(p) load(p)
#define store_element(p, v) store(p, v)
#define load_element_tail(p, n, fill) load_tail(p, n, fill)
#define store_element_tail(p, v, n) store_tail(p, v, n)
#define widened(x) (x)
#define narrowed(v) (v)
#define IS_FLOAT 1
