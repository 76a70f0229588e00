#include "workspace.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

struct workspace {
  void *memory;
  long bytes;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_failed;

static void forget(void *value) {
  struct workspace *mine = value;
  free(mine->memory);
  free(mine);
}

static void make_key(void) { key_failed = pthread_key_create(&key, forget); }

void *croco_gemm_workspace(long bytes) {
  pthread_once(&once, make_key);
  if (key_failed) return NULL;
  struct workspace *mine = pthread_getspecific(key);
  if (!mine) {
    mine = calloc(1, sizeof *mine);
    if (!mine) return NULL;
    pthread_setspecific(key, mine);
  }
  if (bytes > mine->bytes) {
    void *larger;
    // A few huge pages where it is about as large: packing and tiles go through it in strides that cost small pages their translation.
    const int is_large = bytes > HUGE_PAGE / 2;
    if (is_large) bytes = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    if (posix_memalign(&larger, is_large ? HUGE_PAGE : 64, (size_t)bytes)) return NULL;
#if defined(MADV_HUGEPAGE)
    if (is_large) madvise(larger, (size_t)bytes, MADV_HUGEPAGE);
#endif
    free(mine->memory);
    mine->memory = larger;
    mine->bytes = bytes;
  }
  return mine->memory;
}
