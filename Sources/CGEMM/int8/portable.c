// Integer sums in plain C, for processors that no other path knows.
#include "paths.h"
#undef LANES
#include "vector.h"

// What is byte `t` of each unit.
#define byte(units, t) ((vint)((units) >> (8 * (t)) & 0xFF))

static void tile(
  long rows, long units, const int8_t *a, long row, const uint8_t *panel, const int8_t *next,
  const struct scales *scales, float *values) {
  (void)next;
  float *sums = values;
  for (long i = 0; i < rows; i++, a += row, sums += PANEL)
    for (long half = 0; half < PANEL; half += LANES) {
      vint sum = {0};
      for (long u = 0; u < units; u++) {
        const vuint b = *(const vuint *)(panel + (u * PANEL + half) * UNIT);
        const int8_t *x = a + u * UNIT;
        sum += byte(b, 0) * x[0] + byte(b, 1) * x[1] + byte(b, 2) * x[2] + byte(b, 3) * x[3];
      }
      memcpy(sums + half, &sum, sizeof sum);
    }
  struct scales shifted = *scales;
  shifted.shift = SHIFT;
  croco_int8_scale(rows, &shifted, values);
}

const struct int8_path croco_int8_portable = {.rows = 4, .tile = tile};
