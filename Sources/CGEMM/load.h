// Reading what is packed for one operand: 16 units of k or 16 columns at a time.

// 16 columns of the unit of k that starts at row `p` of `rows` rows, each `ld` elements long. The rows that are packed next
// come nearer meanwhile: pieces of rows are too short for the processor to foresee.
TARGET static inline __attribute__((always_inline)) __m512i NAME(load_across)(
  const ELEMENT *x, long ld, long p, long rows, __mmask16 columns) {
  for (long q = p; q < p + PER_UNIT; q++) _mm_prefetch(x + (q + ROWS_TOGETHER * PER_UNIT) * ld, _MM_HINT_T1);
  const int whole = p + PER_UNIT <= rows;
  return load_unit(x + p * ld, ld, whole, columns);
}
