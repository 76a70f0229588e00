#if __has_include(<oneapi/dnnl/dnnl.h>)
#include "product.h"
#include <stdlib.h>
#include <string.h>

// A primitive with memory objects whose addresses are set before each run.
struct product {
  struct croco_shape shape;
  struct product *next;
  dnnl_primitive_t primitive;
  dnnl_memory_t a, b, c, scratchpad;
  size_t scratchpad_bytes;
};

enum { SLOTS = 256 };

struct croco_products {
  struct product *slots[SLOTS];
  dnnl_stream_t stream;
  void *scratchpad;  // shared by the thread's products, as large as the largest needs
  size_t scratchpad_bytes;
};

struct croco_products *croco_products_new(void) {
  struct croco_products *products = calloc(1, sizeof *products);
  if (products && croco_dnnl.stream_create(&products->stream, croco_dnnl.engine, dnnl_stream_default_flags)) {
    free(products);
    return NULL;
  }
  return products;
}

static void product_free(struct product *product) {
  dnnl_memory_t memories[] = {product->a, product->b, product->c, product->scratchpad};
  for (int i = 0; i < 4; i++)
    if (memories[i]) croco_dnnl.memory_destroy(memories[i]);
  if (product->primitive) croco_dnnl.primitive_destroy(product->primitive);
  free(product);
}

void croco_products_free(struct croco_products *products) {
  for (int i = 0; i < SLOTS; i++)
    for (struct product *product = products->slots[i], *next; product; product = next) {
      next = product->next;
      product_free(product);
    }
  croco_dnnl.stream_destroy(products->stream);
  free(products->scratchpad);
  free(products);
}

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t description;  // a handle
typedef const_dnnl_memory_desc_t described;
#define REFERENCE(d) (d)
static dnnl_status_t describe(description *d, long rows, long columns, long ld, int transposed, int narrow) {
  const dnnl_dims_t dims = {rows, columns}, strides = {transposed ? 1 : ld, transposed ? ld : 1};
  return croco_dnnl.memory_desc_create_with_strides(d, 2, dims, narrow ? dnnl_bf16 : dnnl_f32, strides);
}
static void forget(description *d) {
  if (*d) croco_dnnl.memory_desc_destroy(*d);
}
static dnnl_status_t plan(
  dnnl_primitive_desc_t *plan, const description *a, const description *b, const description *c,
  dnnl_primitive_attr_t attributes) {
  return croco_dnnl.matmul_primitive_desc_create(plan, croco_dnnl.engine, *a, *b, NULL, *c, attributes);
}
#else
typedef dnnl_memory_desc_t description;  // a structure
typedef const dnnl_memory_desc_t *described;
#define REFERENCE(d) (&(d))
static dnnl_status_t describe(description *d, long rows, long columns, long ld, int transposed, int narrow) {
  const dnnl_dims_t dims = {rows, columns}, strides = {transposed ? 1 : ld, transposed ? ld : 1};
  return croco_dnnl.memory_desc_init_by_strides(d, 2, dims, narrow ? dnnl_bf16 : dnnl_f32, strides);
}
static void forget(description *d) { (void)d; }
static dnnl_status_t plan(
  dnnl_primitive_desc_t *plan, const description *a, const description *b, const description *c,
  dnnl_primitive_attr_t attributes) {
  dnnl_matmul_desc_t matmul;
  dnnl_status_t status = croco_dnnl.matmul_desc_init(&matmul, a, b, NULL, c);
  return status ? status : croco_dnnl.primitive_desc_create(plan, &matmul, attributes, croco_dnnl.engine, NULL);
}
#endif

// Attributes of a product: a scratchpad of ours, and the sum with what C holds.
static dnnl_status_t attributes_of(const struct croco_shape *shape, dnnl_primitive_attr_t *attributes) {
  dnnl_status_t status = croco_dnnl.primitive_attr_create(attributes);
  if (!status) status = croco_dnnl.primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
  if (status || !(shape->flags & 4)) return status;
  dnnl_post_ops_t operations = NULL;
  status = croco_dnnl.post_ops_create(&operations);
#if DNNL_VERSION_MAJOR >= 3
  if (!status) status = croco_dnnl.post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
#else
  if (!status) status = croco_dnnl.post_ops_append_sum(operations, 1);
#endif
  if (!status) status = croco_dnnl.primitive_attr_set_post_ops(*attributes, operations);
  if (operations) croco_dnnl.post_ops_destroy(operations);
  return status;
}

static dnnl_status_t fill(
  struct product *p, const description *a, const description *b, const description *c, dnnl_primitive_desc_t planned) {
  dnnl_status_t status = croco_dnnl.primitive_create(&p->primitive, planned);
  if (!status) status = croco_dnnl.memory_create(&p->a, REFERENCE(*a), croco_dnnl.engine, DNNL_MEMORY_NONE);
  if (!status) status = croco_dnnl.memory_create(&p->b, REFERENCE(*b), croco_dnnl.engine, DNNL_MEMORY_NONE);
  if (!status) status = croco_dnnl.memory_create(&p->c, REFERENCE(*c), croco_dnnl.engine, DNNL_MEMORY_NONE);
  if (status) return status;
  const described room = croco_dnnl.primitive_desc_query_md(planned, dnnl_query_scratchpad_md, 0);
  p->scratchpad_bytes = croco_dnnl.memory_desc_get_size(room);
  return croco_dnnl.memory_create(&p->scratchpad, room, croco_dnnl.engine, DNNL_MEMORY_NONE);
}

static dnnl_status_t product_new(const struct croco_shape *shape, struct product **result) {
  description a = {0}, b = {0}, c = {0};
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t planned = NULL;
  struct product *product = calloc(1, sizeof *product);
  if (!product) return dnnl_out_of_memory;
  product->shape = *shape;
  dnnl_status_t status = describe(&a, shape->m, shape->k, shape->lda, shape->flags & 1, 1);
  if (!status) status = describe(&b, shape->k, shape->n, shape->ldb, shape->flags & 2, 1);
  if (!status) status = describe(&c, shape->m, shape->n, shape->ldc, 0, shape->flags & 8);
  if (!status) status = attributes_of(shape, &attributes);
  if (!status) status = plan(&planned, &a, &b, &c, attributes);
  if (!status) status = fill(product, &a, &b, &c, planned);
  if (planned) croco_dnnl.primitive_desc_destroy(planned);
  if (attributes) croco_dnnl.primitive_attr_destroy(attributes);
  forget(&a), forget(&b), forget(&c);
  if (status) product_free(product);
  else *result = product;
  return status;
}

static dnnl_status_t find(struct croco_products *products, const struct croco_shape *shape, struct product **result) {
  const long *key = (const long *)shape;
  unsigned long hash = 0;
  for (size_t i = 0; i < sizeof *shape / sizeof *key; i++) hash = (hash ^ (unsigned long)key[i]) * 0x9E3779B97F4A7C15ul;
  struct product **slot = &products->slots[hash >> 56];
  for (struct product *product = *slot; product; product = product->next)
    if (!memcmp(&product->shape, shape, sizeof *shape)) {
      *result = product;
      return dnnl_success;
    }
  dnnl_status_t status = product_new(shape, result);
  if (status) return status;
  (*result)->next = *slot;
  *slot = *result;
  return dnnl_success;
}

// The scratchpad grows while shapes are new, and stays as it is from then on.
static dnnl_status_t reserve(struct croco_products *products, size_t bytes) {
  if (bytes <= products->scratchpad_bytes) return dnnl_success;
  void *larger;
  if (posix_memalign(&larger, 64, bytes)) return dnnl_out_of_memory;
  free(products->scratchpad);
  products->scratchpad = larger;
  products->scratchpad_bytes = bytes;
  return dnnl_success;
}

int croco_products_run(
  struct croco_products *products, const struct croco_shape *shape, const void *a, const void *b, void *c) {
  struct product *product = NULL;
  dnnl_status_t status = find(products, shape, &product);
  if (!status) status = reserve(products, product->scratchpad_bytes);
  if (status) return status;
  croco_dnnl.memory_set_data_handle(product->a, (void *)a);
  croco_dnnl.memory_set_data_handle(product->b, (void *)b);
  croco_dnnl.memory_set_data_handle(product->c, c);
  croco_dnnl.memory_set_data_handle(product->scratchpad, products->scratchpad);
  const dnnl_exec_arg_t arguments[] = {
    {DNNL_ARG_SRC, product->a},
    {DNNL_ARG_WEIGHTS, product->b},
    {DNNL_ARG_DST, product->c},
    {DNNL_ARG_SCRATCHPAD, product->scratchpad}};
  return croco_dnnl.primitive_execute(product->primitive, products->stream, 4, arguments);
}
#endif
