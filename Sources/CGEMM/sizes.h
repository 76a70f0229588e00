// Tiles and how they are fed: what the inner loops are written for. How large blocks are is the processor's: blocks.c.
#pragma once

enum {
  LANES = 16,               // floats of a register
  CACHE_LINE = 64,          // bytes
  TILE_ROWS = 14,           // 14 x 32 sums, two vectors of B and one of A fill the 32 registers
  TILE_COLUMNS = 2 * LANES,
  ROW_PADDING = 16,         // between copied rows of A
  PACK_AHEAD = 2,           // vectors along k that packing fetches in advance
  ROWS_TOGETHER = 8,        // units of k that are packed together
  A_BYTES = 768 * 896 * 4,  // 8-bit rows of A that are multiplied by one block of B
  B_BYTES = 768 * 128 * 4,  // panels of 8-bit B that stay in the second-level cache
};

static inline long least(long x, long y) { return x < y ? x : y; }
static inline long most(long x, long y) { return x > y ? x : y; }

// `count` in as few pieces of at most `limit` as possible, all but the last of one size, a multiple of `grain`.
static inline long piece(long count, long limit, long grain) {
  const long pieces = (count + limit - 1) / limit;
  return ((count + pieces - 1) / pieces + grain - 1) / grain * grain;
}

// The first row of tile t of `tiles` nearly equal ones over m rows.
static inline long tile_start(long t, long tiles, long m) { return t * m / tiles; }

// The columns of a panel of packed B where `columns` are left.
static inline long panel_width(long columns) { return columns > LANES ? TILE_COLUMNS : LANES; }
