// Quantising a weight into the panels that the sums read.
#include "croco_clones.h"
#include "paths.h"
#include "../workspace.h"
#undef LANES
#include "vector.h"
#include "rounding.h"

typedef uint32_t unit __attribute__((may_alias));

long croco_int8_panels(long n) { return filled(n, PANEL) / PANEL; }
long croco_int8_bytes(long k, long n) { return filled(k, GRAIN) * filled(n, PANEL); }

// Half a panel from 16 rows of integers, `row` bytes apart: each becomes a column.
CROCO_CLONES static void spread(const int8_t *rows, long row, long units, uint32_t *panel) {
  for (long u = 0; u < units; u++)
    for (long j = 0; j < LANES; j++) panel[u * PANEL + j] = ((const unit *)(rows + j * row))[u] ^ 0x80808080;
}

// Half a panel from 16 stored rows, of which `columns` exist: each is a channel.
static void pack_rows(
  const float *w, long ld, long k, long columns, uint8_t *panel, float *scales, int8_t *rows) {
  const long row = filled(k, GRAIN);
  for (long j = 0; j < LANES; j++) {
    scales[j] = 0;
    if (j < columns) scales[j] = croco_int8_quantize_row(CROCO_INT8_FLOAT, w + j * ld, k, rows + j * row, 0);
    else memset(rows + j * row, 0, (size_t)row);
  }
  spread(rows, row, row / UNIT, (uint32_t *)panel);
}

int croco_int8_pack(
  int transposed, long k, long n, const float *w, long ld, const struct croco_int8_weight *weight, long first, long last) {
  int8_t *room = transposed ? croco_gemm_workspace(LANES * filled(k, GRAIN)) : NULL;
  if (transposed && !room) return 1;
  for (long j = first * PANEL; j < last * PANEL; j += LANES) {
    const long columns = most(0, least(LANES, n - j)), panel = j / PANEL * PANEL;
    uint8_t *half = weight->panels + panel * filled(k, GRAIN) + (j - panel) * UNIT;
    if (transposed) pack_rows(w + j * ld, ld, k, columns, half, weight->scales + j, room);
    else croco_int8_pack_columns(CROCO_INT8_FLOAT, w + j, ld, k, columns, half, weight->scales + j);
  }
  return 0;
}
