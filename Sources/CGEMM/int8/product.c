// The loops around the tiles, and what becomes of their sums.
#include "../include/CGEMM.h"
#include "croco_clones.h"
#include "paths.h"
#include "../workspace.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#include "../finish.h"

static const struct int8_path *const paths[] = {
  &croco_int8_portable, &croco_int8_avx2, &croco_int8_avx_vnni, &croco_int8_avx512_vnni, &croco_int8_amx};

int croco_int8_available(enum croco_int8_path path) {
  __builtin_cpu_init();
  switch (path) {
    case CROCO_INT8_PORTABLE: return 1;
    case CROCO_INT8_AVX2: return __builtin_cpu_supports("avx2") != 0;
    case CROCO_INT8_AVX_VNNI: return __builtin_cpu_supports("avxvnni") != 0;
    case CROCO_INT8_AVX512_VNNI:
      return __builtin_cpu_supports("x86-64-v4") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
    case CROCO_INT8_AMX: return __builtin_cpu_supports("amx-int8") != 0 && croco_int8_amx_is_granted();
  }
  return 0;
}
#else
static const struct int8_path *const paths[] = {&croco_int8_portable};

int croco_int8_available(enum croco_int8_path path) { return path == CROCO_INT8_PORTABLE; }
#endif

const struct int8_path *croco_int8_path_of(enum croco_int8_path path) { return paths[path]; }

CROCO_CLONES void croco_int8_scale(long rows, const struct scales *scales, float *values) {
  _Pragma("clang fp contract(off)")
  for (long i = 0; i < rows; i++, values += PANEL) {
    const int32_t excess = scales->shift * scales->sums[i];
    const float scale = scales->rows[i];
    for (int j = 0; j < PANEL; j++) {
      int32_t sum;
      memcpy(&sum, values + j, sizeof sum);
      values[j] = (float)(sum - excess) * (scale * scales->columns[j]);
    }
  }
}

CROCO_CLONES static void set_floats(const float *values, long rows, long columns, int adding, float *c, long ldc) {
  for (long i = 0; i < rows; i++, values += PANEL, c += ldc)
    for (long j = 0; j < columns; j++) c[j] = adding ? c[j] + values[j] : values[j];
}

#if defined(__x86_64__)
TARGET_BF16 static void narrow(const float *values, long rows, long columns, uint16_t *c, long ldc) {
  for (long i = 0; i < rows; i++, values += PANEL, c += ldc)
    for (long j = 0; j < columns; j += LANES) {
      const __mmask16 mask = (__mmask16)((1u << least(LANES, columns - j)) - 1);
      store_narrow(c + j, mask, _mm512_load_ps(values + j));
    }
}
#endif

static void put(const struct place *place, const float *values, long row, long rows, long column, long columns) {
  const long at = row * place->ldc + column;
  if (place->result == CROCO_GEMM_SET || place->result == CROCO_GEMM_ADD) {
    set_floats(values, rows, columns, place->result == CROCO_GEMM_ADD, (float *)place->c + at, place->ldc);
    return;
  }
#if defined(__x86_64__)
  if (place->result == CROCO_GEMM_NARROW) {
    narrow(values, rows, columns, (uint16_t *)place->c + at, place->ldc);
    return;
  }
  const struct target target = {place->result, place->more, place->c, place->ldc, 0, 0};
  finish(&target, values, rows, columns, at, column);
#endif
}

// Brings nearer what `put` will touch.
static void approach(const struct place *place, long row, long rows, long column) {
  const long at = row * place->ldc + column;
  if (place->result == CROCO_GEMM_SET || place->result == CROCO_GEMM_ADD) {
    for (long i = 0; i < rows; i++)
      for (long j = 0; j < PANEL; j += LANES) __builtin_prefetch((float *)place->c + at + i * place->ldc + j, 1);
    return;
  }
#if defined(__x86_64__)
  const struct target target = {place->result, place->more, place->c, place->ldc, 0, 0};
  fetch(&target, rows, at);
#endif
}

void croco_int8_multiply_panels(
  const struct int8_path *path, const struct left *a, long first, long rows, long k,
  const struct croco_int8_weight *weight, long column, long columns, const struct place *place) {
  _Alignas(CACHE_LINE) float values[MOST_ROWS * PANEL];
  const long units = filled(k, GRAIN) / UNIT, tiles = (rows + path->rows - 1) / path->rows;
  for (long t = 0; t < tiles; t++) {
    const long start = tile_start(t, tiles, rows), count = tile_start(t + 1, tiles, rows) - start;
    const int8_t *left = a->integers + start * a->row;
    for (long j = column; j < column + columns; j += PANEL) {
      approach(place, first + start, count, j);
      const struct scales scales = {.sums = a->sums + start, .rows = a->scales + start, .columns = weight->scales + j};
      path->tile(
        count, units, left, a->row, weight->panels + j * filled(k, GRAIN), left + count * a->row, &scales, values);
      put(place, values, first + start, count, j, least(PANEL, column + columns - j));
    }
  }
}

int croco_int8_gemm(
  enum croco_int8_path which, enum croco_int8_operand operand, long m, long n, long k, const void *a, long lda,
  const struct croco_int8_weight *weight, enum croco_gemm_result result, void *c, long ldc,
  const struct croco_gemm_more *more) {
  static const struct croco_gemm_more nothing_more;
  if (m <= 0 || n <= 0) return 0;
  const struct int8_path *path = paths[which];
  // As many rows and panels at a time as the second-level cache has room for, at a few megabytes of A.
  const long depth = filled(k, GRAIN), row = depth + CACHE_LINE;
  const long height = piece(m, most(path->rows, A_BYTES / row), path->rows);
  const long width = piece(n, most(PANEL, B_BYTES / depth / PANEL * PANEL), PANEL), spare = MOST_ROWS;
  struct left left = {.row = row};
  left.integers = croco_gemm_workspace((height + spare) * (row + (long)sizeof(float) + (long)sizeof(int32_t)) + CACHE_LINE);
  if (!left.integers) return 1;
  left.scales = (float *)(left.integers + (height + spare) * row);
  left.sums = (int32_t *)(left.scales + height + spare);
  const struct place place = {result, more ? more : &nothing_more, c, ldc};
  const long element = operand == CROCO_INT8_FLOAT ? sizeof(float) : sizeof(uint16_t);
  if (path->begin) path->begin();
  for (long i = 0; i < m; i += height) {
    const long rows = least(height, m - i);
    for (long r = 0; r < rows; r++)
      left.scales[r] = croco_int8_quantize_row(
        operand, (const char *)a + (i + r) * lda * element, k, left.integers + r * row, left.sums + r);
    for (long j = 0; j < n; j += width)
      croco_int8_multiply_panels(path, &left, i, rows, k, weight, j, least(width, n - j), &place);
  }
  if (path->end) path->end();
  return 0;
}
