#include "croco_clones.h"
#include "CTransformer.h"

// 8 KiB of each buffer at a time: a sum is still in the cache when it becomes a term of the next.
#define BLOCK 2048

CROCO_CLONES
void croco_add_pairs(float *const *buffers, const int *pairs, long pair_count, long begin, long end) {
  for (long start = begin; start < end; start += BLOCK) {
    long count = end - start < BLOCK ? end - start : BLOCK;
    for (long p = 0; p < pair_count; p++) {
      float *restrict target = buffers[pairs[2 * p]] + start;
      const float *restrict source = buffers[pairs[2 * p + 1]] + start;
      for (long i = 0; i < count; i++) target[i] += source[i];
    }
  }
}
