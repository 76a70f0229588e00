// The ways to form a tile of integer sums, and what the files of this folder share.
#pragma once
#include "../include/int8.h"
#include "../sizes.h"

enum {
  UNIT = 4,                // elements of k that are multiplied at once
  GRAIN = 64,              // k is filled up to a multiple
  MOST_ROWS = 32,          // of a tile, whatever the path
  PANEL = TILE_COLUMNS,    // columns
  SHIFT = 128,             // what is added to weights, for the instructions multiply unsigned by signed bytes
};

// What the sums of a tile stand for: (sum - shift * sums[i]) * (rows[i] * columns[j]).
struct scales {
  int32_t shift;  // what the sums still have of the weights' shift: SHIFT or 0
  const int32_t *sums;
  const float *rows, *columns;
};

// values [rows, PANEL] = A [rows, 4 units] times a panel, scaled. A's rows lie `row` bytes apart and may be read up to the rows of
// the path's tiles; `next` is the A of the next tile, to bring nearer.
typedef void (*int8_tile)(
  long rows, long units, const int8_t *a, long row, const uint8_t *panel, const int8_t *next,
  const struct scales *scales, float *values);

// Scales integer sums [rows, PANEL] in place, for tiles that leave them in memory.
void croco_int8_scale(long rows, const struct scales *scales, float *values);

// The rows of a tile, and who forms it; `begin` and `end`, where there, go around the tiles of a product.
struct int8_path {
  long rows;
  int8_tile tile;
  void (*begin)(void);
  void (*end)(void);
};

extern const struct int8_path croco_int8_portable;
#if defined(__x86_64__)
extern const struct int8_path croco_int8_avx2, croco_int8_avx_vnni, croco_int8_avx512_vnni, croco_int8_amx;
int croco_int8_amx_is_granted(void);
#endif

// Rows of A as integers, and what their sums are corrected and scaled by.
struct left {
  int8_t *integers;
  long row;  // bytes
  float *scales;
  int32_t *sums;
};

// Where a product goes.
struct place {
  enum croco_gemm_result result;
  const struct croco_gemm_more *more;
  void *c;
  long ldc;
};

// Rows first ..< first + rows of a product, from those of `a` that begin at 0, times `columns` columns of the weight from `column`
// on, a multiple of PANEL.
void croco_int8_multiply_panels(
  const struct int8_path *path, const struct left *a, long first, long rows, long k,
  const struct croco_int8_weight *weight, long column, long columns, const struct place *place);

const struct int8_path *croco_int8_path_of(enum croco_int8_path path);

static inline long filled(long count, long grain) { return (count + grain - 1) / grain * grain; }

// Quantises a row of `k` elements into `out`, filled up with zeros to a multiple of GRAIN. Returns its scale; `sum`, where there,
// becomes the sum of the integers.
float croco_int8_quantize_row(enum croco_int8_operand operand, const void *x, long k, int8_t *out, int32_t *sum);

// Quantises 16 columns of `k` rows, of which `columns` exist, into half a panel; `scales` become theirs.
void croco_int8_pack_columns(
  enum croco_int8_operand operand, const void *x, long ld, long k, long columns, uint8_t *half, float *scales);
