// Packing for one operand: into panels of the order in which the tiles read.

// 16 units of a row along k, of which `elements` elements exist; zeros stand for the others.
#define load_along(p, elements) \
  _mm512_maskz_loadu_epi16((__mmask32)((1ull << ((elements) * (32 / LANES) / PER_UNIT)) - 1), (p))

// 16 columns of the unit of k that starts at row `p` of `rows` rows, each `ld` elements long. The rows that are packed next
// come nearer meanwhile: pieces of rows are too short for the processor to foresee.
TARGET static inline __attribute__((always_inline)) __m512i NAME(load_across)(
  const ELEMENT *x, long ld, long p, long rows, __mmask16 columns) {
  for (long q = p; q < p + PER_UNIT; q++) _mm_prefetch(x + (q + ROWS_TOGETHER * PER_UNIT) * ld, _MM_HINT_T1);
#if PER_UNIT == 1
  (void)rows;
  return _mm512_maskz_loadu_epi32(columns, x + p * ld);
#else
  const __m512i first = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, x + p * ld));
  if (p + 1 >= rows) return first;
  const __m512i second = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, x + (p + 1) * ld));
  return _mm512_or_si512(first, _mm512_slli_epi32(second, 16));
#endif
}

// `rows` rows of up to 16 units each, transposed: unit p goes to out + p * stride.
TARGET static inline __attribute__((always_inline)) void NAME(transpose)(
  const ELEMENT *x, long ld, long rows, long elements, float *out, long stride) {
  __m512i r[LANES], t[LANES];
  const long present = least(elements, LANES * PER_UNIT);
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++) _mm_prefetch(x + i * ld + PACK_AHEAD * LANES * PER_UNIT, _MM_HINT_T0);
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++) r[i] = i < rows ? load_along(x + i * ld, present) : _mm512_setzero_si512();
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xDD);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xDD);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
    r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xDD);
    r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
    r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xDD);
  }
  const long units = (present + PER_UNIT - 1) / PER_UNIT;
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++)
    if (i < units) _mm512_store_si512(out + i * stride, r[i]);
}

// Packed B is panels [units, 32], of which the last is [units, 16] where that holds the columns that are left.

// B, stored as [n, k].
TARGET static void NAME(pack_b_transposed)(const ELEMENT *b, long ldb, long k, long n, float *out) {
  const long units = (k + PER_UNIT - 1) / PER_UNIT;
  for (long j = 0; j < n; j += LANES) {
    const long panel = j / TILE_COLUMNS * TILE_COLUMNS, width = panel_width(n - panel);
    for (long u = 0; u < units; u += LANES)
      NAME(transpose)(
        b + j * ldb + u * PER_UNIT, ldb, n - j, k - u * PER_UNIT, out + panel * units + u * width + j - panel, width);
  }
}

// B, stored as [k, n]. Some rows at a time, so that reading goes along them.
TARGET static void NAME(pack_b)(const ELEMENT *b, long ldb, long k, long n, float *out) {
  const long units = (k + PER_UNIT - 1) / PER_UNIT;
  for (long first = 0; first < units; first += ROWS_TOGETHER)
    for (long j = 0; j < n; j += LANES) {
      const long panel = j / TILE_COLUMNS * TILE_COLUMNS, width = panel_width(n - panel);
      const __mmask16 mask = (__mmask16)((1u << least(LANES, n - j)) - 1);
      for (long u = first; u < least(units, first + ROWS_TOGETHER); u++)
        _mm512_store_si512(
          out + panel * units + u * width + j - panel, NAME(load_across)(b + j, ldb, u * PER_UNIT, k, mask));
    }
}

// The transpose of A [k, m]: into panels [units, 14], one a tile. Some rows of A at a time, so that reading goes along them.
TARGET static void NAME(pack_a)(const ELEMENT *a, long lda, long k, long m, float *out) {
  const long units = (k + PER_UNIT - 1) / PER_UNIT, tiles = (m + TILE_ROWS - 1) / TILE_ROWS;
  for (long first = 0; first < units; first += ROWS_TOGETHER)
    for (long t = 0; t < tiles; t++) {
      const long start = tile_start(t, tiles, m), rows = tile_start(t + 1, tiles, m) - start;
      const __mmask16 mask = (__mmask16)((1u << rows) - 1);
      for (long u = first; u < least(units, first + ROWS_TOGETHER); u++)
        _mm512_mask_storeu_epi32(
          out + (t * units + u) * TILE_ROWS, mask, NAME(load_across)(a + start, lda, u * PER_UNIT, k, mask));
    }
}

// A [m, k] with rows `stride` units apart, the last unit of a row filled up with zero.
TARGET static void NAME(copy_a)(const ELEMENT *a, long lda, long k, long m, float *out, long stride) {
  for (long i = 0; i < m; i++)
    for (long p = 0; p < k; p += LANES * PER_UNIT) {
      const ELEMENT *from = a + i * lda + p;
      _mm_prefetch(from + lda, _MM_HINT_T0);
      _mm512_storeu_si512(out + i * stride + p / PER_UNIT, load_along(from, least(k - p, LANES * PER_UNIT)));
    }
}
#undef load_along
