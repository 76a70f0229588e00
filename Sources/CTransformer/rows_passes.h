// The passes of rows.c for one ELEMENT.

CROCO_CLONES
void PASS(croco_add_bias)(ELEMENT *x, long stride, const float *bias, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    ELEMENT *row = x + r * stride;
    long c = 0;
    for (; c + LANES <= columns; c += LANES) store_element(row + c, load_element(row + c) + load(bias + c));
    for (; c < columns; c++) row[c] = narrowed(widened(row[c]) + bias[c]);
  }
}

// Columns in strips of 64 floats that stay in registers while the rows go by.
CROCO_CLONES
void PASS(croco_column_sums)(const ELEMENT *x, long stride, float *out, long rows, long columns, int adding) {
  long c = 0;
  for (; c + 4 * LANES <= columns; c += 4 * LANES) {
    vfloat a = {}, b = {}, d = {}, e = {};
    if (adding) {
      a = load(out + c), b = load(out + c + LANES);
      d = load(out + c + 2 * LANES), e = load(out + c + 3 * LANES);
    }
    for (long r = 0; r < rows; r++) {
      const ELEMENT *p = x + r * stride + c;
      a += load_element(p), b += load_element(p + LANES);
      d += load_element(p + 2 * LANES), e += load_element(p + 3 * LANES);
    }
    store(out + c, a);
    store(out + c + LANES, b);
    store(out + c + 2 * LANES, d);
    store(out + c + 3 * LANES, e);
  }
  for (; c < columns; c++) {
    float sum = adding ? out[c] : 0;
    for (long r = 0; r < rows; r++) sum += widened(x[r * stride + c]);
    out[c] = sum;
  }
}
