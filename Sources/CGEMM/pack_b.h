// Packing B for one operand: into panels of the order in which the tiles read.

// `rows` rows of up to 16 units each, transposed: unit p goes to out + p * stride.
TARGET static inline __attribute__((always_inline)) void NAME(transpose)(
  const ELEMENT *x, long ld, long rows, long elements, float *out, long stride) {
  __m512i r[LANES], t[LANES];
  const long present = least(elements, LANES * PER_UNIT);
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++)
#pragma clang loop unroll(full)
    for (unsigned line = 0; line < LANES * PER_UNIT * sizeof(ELEMENT); line += CACHE_LINE)
      _mm_prefetch((const char *)(x + i * ld + PACK_AHEAD * LANES * PER_UNIT) + line, _MM_HINT_T0);
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
TARGET static void NAME(pack_b_transposed)(const void *start, long ldb, long k, long n, float *out) {
  const ELEMENT *b = start;
  const long units = (k + PER_UNIT - 1) / PER_UNIT;
  for (long j = 0; j < n; j += LANES) {
    const long panel = j / TILE_COLUMNS * TILE_COLUMNS, width = panel_width(n - panel);
    for (long u = 0; u < units; u += LANES)
      NAME(transpose)(
        b + j * ldb + u * PER_UNIT, ldb, n - j, k - u * PER_UNIT, out + panel * units + u * width + j - panel, width);
  }
}

// B, stored as [k, n]. Some rows at a time, so that reading goes along them.
TARGET static void NAME(pack_b)(const void *start, long ldb, long k, long n, float *out) {
  const ELEMENT *b = start;
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

TARGET static struct right NAME(right)(int transposed, const ELEMENT *b, long ldb) {
  const long near = sizeof(ELEMENT), far = ldb * near;
  return transposed ? (struct right){(const char *)b, ldb, near, far, NAME(pack_b_transposed)}
                    : (struct right){(const char *)b, ldb, far, near, NAME(pack_b)};
}
