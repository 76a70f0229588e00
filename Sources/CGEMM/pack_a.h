// Packing A for one operand, where it does not lie as the tiles read it.

// The transpose of A [k, m]: into panels [units, 16], one a tile, of which 14 columns at most are read.
// Some rows of A at a time, so that reading goes along them. What a column holds is added to its place in `sums` [m], if any.
TARGET static void NAME(pack_a)(const ELEMENT *a, long lda, long k, long m, float *out, float *sums) {
  const long units = (k + PER_UNIT - 1) / PER_UNIT, tiles = (m + TILE_ROWS - 1) / TILE_ROWS;
  for (long first = 0; first < units; first += ROWS_TOGETHER)
    for (long t = 0; t < tiles; t++) {
      const long start = tile_start(t, tiles, m);
      const __mmask16 mask = (__mmask16)((1u << (tile_start(t + 1, tiles, m) - start)) - 1);
      __m512 even = _mm512_setzero_ps(), odd = even;
      for (long u = first; u < least(units, first + ROWS_TOGETHER); u++) {
        const __m512i unit = NAME(load_across)(a + start, lda, u * PER_UNIT, k, mask);
        _mm512_store_si512(out + (t * units + u) * LANES, unit);
        if (sums) add_unit(even, odd, unit);
      }
      if (!sums) continue;
      const __m512 sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, sums + start), _mm512_add_ps(even, odd));
      _mm512_mask_storeu_ps(sums + start, mask, sum);
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
