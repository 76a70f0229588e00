#include "croco_clones.h"
#include "CTransformer.h"
#include "vector.h"

// 8 KiB of each buffer at a time: a sum is still in the cache when it becomes a term of the next.
#define BLOCK 2048

INLINE void add_block(float *restrict target, const float *restrict source, long count) {
  for (long i = 0; i < count; i++) target[i] += source[i];
}

INLINE void round_block(float *values, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) {
    uint16_t rounded[LANES];
    store_bfloat16(rounded, load(values + i));
    store(values + i, load_bfloat16(rounded));
  }
  for (; i < count; i++) values[i] = widen_scalar(narrow_scalar(values[i]));
}

CROCO_CLONES
void croco_sum(
    float *const *buffers, const struct croco_sum_operation *operations, long operation_count, long begin, long end) {
  for (long start = begin; start < end; start += BLOCK) {
    const long count = end - start < BLOCK ? end - start : BLOCK;
    for (long k = 0; k < operation_count; k++) {
      float *target = buffers[operations[k].target] + start;
      if (operations[k].source >= 0) add_block(target, buffers[operations[k].source] + start, count);
      if (operations[k].rounds) round_block(target, count);
    }
  }
}
