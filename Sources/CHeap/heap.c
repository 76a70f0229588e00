#include "CHeap.h"

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
#include <malloc.h>

int64_t croco_heap_bytes(void) {
  struct mallinfo2 heap = mallinfo2();
  return (int64_t)(heap.uordblks + heap.hblkhd);
}
#else
int64_t croco_heap_bytes(void) { return -1; }
#endif
