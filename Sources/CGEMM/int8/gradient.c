// The gradient of a weight from integers: A^T B, summed over blocks of tokens that have scales of their own.
#include "../include/CGEMM.h"
#include "croco_clones.h"
#include "paths.h"
#include "../workspace.h"
#undef LANES
#include "vector.h"

enum { MOST_TOKENS = 1024 };  // of a block: enough to pay for adding its product

typedef uint32_t unit __attribute__((may_alias));

// Half a panel of A's columns to rows of integers, with their sums.
CROCO_CLONES static void turn(const uint8_t *half, long k, long columns, int8_t *rows, long row, int32_t *sums) {
  for (long j = 0; j < columns; j++) sums[j] = 0;
  for (long u = 0; u < filled(k, GRAIN) / UNIT; u++)
    for (long j = 0; j < columns; j++)
      ((unit *)(rows + j * row))[u] = ((const unit *)half)[u * PANEL + j] ^ 0x80808080;
  for (long j = 0; j < columns; j++) {
    int32_t sum = 0;
    for (long p = 0; p < filled(k, GRAIN); p++) sum += rows[j * row + p];
    sums[j] = sum;
  }
}

// Adds the sums of 16 columns, or of those that exist.
#define ADD_COLUMNS(row, one) \
  if (columns < LANES) { \
    for (long p = 0; p < k; p++) \
      for (long j = 0; j < columns; j++) sums[j] += one; \
    return; \
  } \
  vfloat sum = load(sums); \
  for (long p = 0; p < k; p++) sum += row; \
  store(sums, sum);

CROCO_CLONES static void add_columns_of_floats(const float *x, long ld, long k, long columns, float *sums) {
  ADD_COLUMNS(load(x + p * ld), x[p * ld + j])
}

CROCO_CLONES static void add_columns_of_bfloats(const uint16_t *x, long ld, long k, long columns, float *sums) {
  ADD_COLUMNS(load_bfloat16(x + p * ld), widen_scalar(x[p * ld + j]))
}

// The memory of a block: A's rows, B's panels, half a panel on the way.
struct room {
  struct left left;
  struct croco_int8_weight right;
  uint8_t *half;
};

static int take_room(long tokens, long m, long n, struct room *room) {
  const long depth = filled(tokens, GRAIN), row = depth + CACHE_LINE, height = m + MOST_ROWS, width = filled(n, PANEL);
  const long rows = filled(height * row, CACHE_LINE), panels = width * depth, half = depth * PANEL;
  char *start = croco_gemm_workspace(
    panels + half + rows + width * (long)sizeof(float) + height * (long)(sizeof(float) + sizeof(int32_t)));
  if (!start) return 0;
  room->right.panels = (uint8_t *)start;
  room->half = room->right.panels + panels;
  room->left.integers = (int8_t *)room->half + half;
  room->left.row = row;
  room->right.scales = (float *)(room->left.integers + rows);
  room->left.scales = room->right.scales + width;
  room->left.sums = (int32_t *)(room->left.scales + height);
  return 1;
}

int croco_int8_gradient(
  enum croco_int8_path which, enum croco_int8_operand operand, long m, long n, long k, const void *a, long lda,
  const void *b, long ldb, int adding, float *c, long ldc, float *sums) {
  const struct int8_path *path = croco_int8_path_of(which);
  const long element = operand == CROCO_INT8_FLOAT ? sizeof(float) : sizeof(uint16_t);
  const long tokens = piece(most(k, 1), MOST_TOKENS, GRAIN);
  struct room room;
  if (!take_room(tokens, m, n, &room)) return 1;
  if (sums && !adding) memset(sums, 0, (size_t)m * sizeof *sums);
  for (long p = 0; p < most(k, 1); p += tokens) {
    const long count = least(tokens, k - p), depth = filled(count, GRAIN);
    const char *left = (const char *)a + p * lda * element, *right = (const char *)b + p * ldb * element;
    for (long j = 0; j < filled(n, PANEL); j += LANES)
      croco_int8_pack_columns(
        operand, right + j * element, ldb, count, most(0, least(LANES, n - j)),
        room.right.panels + j / PANEL * PANEL * depth + j % PANEL * UNIT, room.right.scales + j);
    for (long i = 0; i < m; i += LANES) {
      const long columns = least(LANES, m - i);
      const char *from = left + i * element;
      if (sums && operand == CROCO_INT8_FLOAT) add_columns_of_floats((const float *)from, lda, count, columns, sums + i);
      else if (sums) add_columns_of_bfloats((const uint16_t *)from, lda, count, columns, sums + i);
      croco_int8_pack_columns(operand, from, lda, count, columns, room.half, room.left.scales + i);
      turn(room.half, count, columns, room.left.integers + i * room.left.row, room.left.row, room.left.sums + i);
    }
    const struct place place = {p || adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, NULL, c, ldc};
    if (path->begin) path->begin();
    const long width = most(PANEL, B_BYTES / depth / PANEL * PANEL);
    for (long j = 0; j < n; j += width)
      croco_int8_multiply_panels(path, &room.left, 0, m, count, &room.right, j, least(width, n - j), &place);
    if (path->end) path->end();
  }
  return 0;
}
