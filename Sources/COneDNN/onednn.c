// Everything that touches oneDNN's C API, for versions 2 and 3: loading, one cache of primitives for each thread.
#define _GNU_SOURCE
#include "COneDNN.h"

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include "product.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct croco_dnnl croco_dnnl;

static char problem[256];
static char version[32];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t cleanup;
static void (*set_openmp_threads)(int);

static void forget_thread(void *products) { croco_products_free(products); }

static const char *load_library(void) {
  const char *names[] = {CROCO_DNNL_LIBRARY, "libdnnl.so"};
  void *library = NULL;
  for (int i = 0; i < 2 && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) return CROCO_DNNL_LIBRARY " is not installed on this machine";
#define LOAD(name) \
  if (!(croco_dnnl.name = (__typeof__(croco_dnnl.name))dlsym(library, "dnnl_" #name))) \
    return CROCO_DNNL_LIBRARY " has no function dnnl_" #name;
  CROCO_DNNL_FUNCTIONS(LOAD)
#undef LOAD
  const dnnl_version_t *found = croco_dnnl.version();
  if (found->major != DNNL_VERSION_MAJOR) return "the oneDNN library and the header croco was built with differ in version";
#if defined(__x86_64__)
  const int needed = dnnl_cpu_isa_avx512_core_bf16;
  if ((croco_dnnl.get_effective_cpu_isa() & needed) != needed)
    return "this processor has no bf16 instructions (avx512_bf16 or amx_bf16)";
#endif
  // Of the library that oneDNN itself uses, if it uses one.
  set_openmp_threads = (void (*)(int))dlsym(library, "omp_set_num_threads");
  if (croco_dnnl.engine_create(&croco_dnnl.engine, dnnl_cpu, 0) != dnnl_success) return "oneDNN finds no processor";
  if (pthread_key_create(&cleanup, forget_thread)) return "no thread-specific data is left";
  snprintf(version, sizeof version, "%d.%d.%d", found->major, found->minor, found->patch);
  return NULL;
}

static void load_once(void) {
  const char *sentence = load_library();
  if (sentence) snprintf(problem, sizeof problem, "%s", sentence);
}

const char *croco_onednn_open(void) {
  pthread_once(&once, load_once);
  return problem[0] ? problem : NULL;
}

const char *croco_onednn_version(void) { return version; }

// The calling thread's products. OpenMP's number of threads is each thread's own; it decides how oneDNN cuts a product,
// hence its last bit.
static struct croco_products *products(void) {
  struct croco_products *mine = pthread_getspecific(cleanup);
  if (mine) return mine;
  if (set_openmp_threads) set_openmp_threads(1);
  mine = croco_products_new();
  if (mine) pthread_setspecific(cleanup, mine);
  return mine;
}

int croco_onednn_gemm(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const uint16_t *b, long ldb,
  int accumulate, void *c, long ldc, int narrow) {
  const struct croco_shape shape = {
    .m = m, .n = n, .k = k, .lda = lda, .ldb = ldb, .ldc = ldc,
    .flags = (transpose_a != 0) | (transpose_b != 0) << 1 | (accumulate != 0) << 2 | (narrow != 0) << 3};
  struct croco_products *mine = products();
  if (!mine) return dnnl_out_of_memory;
  return croco_products_run(mine, &shape, a, b, c);
}

#else

const char *croco_onednn_open(void) { return "croco was built without oneDNN's header (oneapi/dnnl/dnnl.h)"; }
const char *croco_onednn_version(void) { return ""; }
int croco_onednn_gemm(
  int transpose_a, int transpose_b, long m, long n, long k, const uint16_t *a, long lda, const uint16_t *b, long ldb,
  int accumulate, void *c, long ldc, int narrow) {
  (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)a, (void)lda, (void)b, (void)ldb;
  (void)accumulate, (void)c, (void)ldc, (void)narrow;
  return 1;
}
#endif
