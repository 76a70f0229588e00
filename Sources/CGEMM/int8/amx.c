// Integer sums in the tile registers of AMX: 32 x 32 at once.
#include "paths.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TARGET __attribute__((target("amx-tile,amx-int8")))
enum { SIDE = 16, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA

// Linux gives a process the tile registers when it asks.
int croco_int8_amx_is_granted(void) { return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0; }

TARGET static void begin(void) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } shape;
  memset(&shape, 0, sizeof shape);
  shape.palette = 1;
  for (int t = 0; t < 8; t++) shape.bytes[t] = SIDE * UNIT, shape.rows[t] = SIDE;
  _tile_loadconfig(&shape);
}

TARGET static void end(void) { _tile_release(); }

// Tiles 0 ... 3 are sums, 4 and 5 sixteen rows of A each, 6 and 7 sixteen columns of the panel each.
TARGET static void tile(
  long rows, long units, const int8_t *a, long row, const uint8_t *panel, const int8_t *next,
  const struct scales *scales, float *values) {
  (void)next;
  const long step = PANEL * UNIT;
  const int both = rows > SIDE;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (long u = 0; u < units; u += SIDE) {
    _tile_loadd(4, a + u * UNIT, row);
    _tile_loadd(6, panel + u * step, step);
    _tile_loadd(7, panel + u * step + SIDE * UNIT, step);
    _tile_dpbsud(0, 4, 6);
    _tile_dpbsud(1, 4, 7);
    if (!both) continue;
    _tile_loadd(5, a + SIDE * row + u * UNIT, row);
    _tile_dpbsud(2, 5, 6);
    _tile_dpbsud(3, 5, 7);
  }
  const long line = PANEL * (long)sizeof *values;
  _tile_stored(0, values, line);
  _tile_stored(1, values + SIDE, line);
  if (both) {
    _tile_stored(2, values + SIDE * PANEL, line);
    _tile_stored(3, values + SIDE * PANEL + SIDE, line);
  }
  struct scales shifted = *scales;
  shifted.shift = SHIFT;
  croco_int8_scale(rows, &shifted, values);
}

const struct int8_path croco_int8_amx = {.rows = 2 * SIDE, .tile = tile, .begin = begin, .end = end};
#endif
