// A thread's matrix products, made once for each shape: creating a primitive costs as much as many products.
#pragma once
#include <oneapi/dnnl/dnnl.h>

// libdnnl.so.N: the library's binary interface goes with its major version.
#define CROCO_TEXT_(x) #x
#define CROCO_TEXT(x) CROCO_TEXT_(x)
#define CROCO_DNNL_LIBRARY "libdnnl.so." CROCO_TEXT(DNNL_VERSION_MAJOR)

#define CROCO_DNNL_COMMON(F) \
  F(version) F(get_effective_cpu_isa) F(engine_create) F(stream_create) F(stream_destroy) \
  F(primitive_attr_create) F(primitive_attr_destroy) F(primitive_attr_set_scratchpad_mode) \
  F(primitive_attr_set_post_ops) F(post_ops_create) F(post_ops_destroy) F(post_ops_append_sum) \
  F(primitive_desc_query_md) F(primitive_desc_destroy) F(primitive_create) F(primitive_destroy) \
  F(primitive_execute) F(memory_create) F(memory_destroy) F(memory_set_data_handle) F(memory_desc_get_size)
#if DNNL_VERSION_MAJOR >= 3
#define CROCO_DNNL_FUNCTIONS(F) \
  CROCO_DNNL_COMMON(F) F(memory_desc_create_with_strides) F(memory_desc_destroy) F(matmul_primitive_desc_create)
#else
#define CROCO_DNNL_FUNCTIONS(F) \
  CROCO_DNNL_COMMON(F) F(memory_desc_init_by_strides) F(matmul_desc_init) F(primitive_desc_create)
#endif

// The functions of oneDNN that croco calls, and the processor as its engine.
struct croco_dnnl {
#define DECLARE(name) __typeof__(&dnnl_##name) name;
  CROCO_DNNL_FUNCTIONS(DECLARE)
#undef DECLARE
  dnnl_engine_t engine;
};
extern struct croco_dnnl croco_dnnl;

// What tells one product from another. flags: transpose A, transpose B, accumulate, bfloat16 result (bits 0 to 3).
struct croco_shape {
  long m, n, k, lda, ldb, ldc, flags;
};

struct croco_products;
struct croco_products *croco_products_new(void);
void croco_products_free(struct croco_products *products);
int croco_products_run(
  struct croco_products *products, const struct croco_shape *shape, const void *a, const void *b, void *c);
