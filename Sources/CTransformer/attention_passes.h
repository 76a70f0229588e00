// The passes of attention.c for one ELEMENT.

CROCO_CLONES
void PASS(croco_softmax)(
  float *logits, float factor, ELEMENT *probabilities, float *log_sum, long rows, long columns) {
  const long whole = columns / LANES * LANES, rest = columns - whole;
  for (long r = 0; r < rows; r++) {
    float *row = logits + r * columns;
    ELEMENT *out = probabilities + r * columns;
    vfloat largest = (vfloat){} - INFINITY;
    for (long c = 0; c < whole; c += LANES) largest = __builtin_elementwise_max(largest, load(row + c));
    if (rest) largest = __builtin_elementwise_max(largest, load_tail(row + whole, rest, -INFINITY));
    const float top = max_lanes(&largest);
    vfloat sum = {};
    for (long c = 0; c < whole; c += LANES) {
      vfloat e = vexp((load(row + c) - top) * factor);
      store(row + c, e);
      sum += e;
    }
    if (rest) {
      vfloat e = vexp((load_tail(row + whole, rest, top) - top) * factor);
      store_tail(row + whole, e, rest);
      sum += load_tail(row + whole, rest, 0);
    }
    const float total = sum_lanes(&sum), inverse = 1.0f / total;
    for (long c = 0; c < whole; c += LANES) store_element(out + c, load(row + c) * inverse);
    if (rest) store_element_tail(out + whole, load_tail(row + whole, rest, 0) * inverse, rest);
    log_sum[r] = top * factor + logf(total);
  }
}

CROCO_CLONES
void PASS(croco_softmax_backward)(
  float *logits, float factor, const float *log_sum, const float *gradient, ELEMENT *probabilities,
  ELEMENT *logits_gradient, long rows, long columns) {
  const long whole = columns / LANES * LANES, rest = columns - whole;
  for (long r = 0; r < rows; r++) {
    float *row = logits + r * columns;
    const float *g = gradient + r * columns;
    ELEMENT *p_out = probabilities + r * columns, *g_out = logits_gradient + r * columns;
    const float shift = log_sum[r];
    vfloat dot = {};
    for (long c = 0; c < whole; c += LANES) {
      vfloat p = vexp(load(row + c) * factor - shift);
      store(row + c, p);
      if (!IS_FLOAT) store_element(p_out + c, p);
      dot += p * load(g + c);
    }
    if (rest) {
      vfloat p = vexp(load_tail(row + whole, rest, 0) * factor - shift);
      store_tail(row + whole, p, rest);
      if (!IS_FLOAT) store_element_tail(p_out + whole, p, rest);
      dot += p * load_tail(g + whole, rest, 0);
    }
    const float mean = sum_lanes(&dot);
    for (long c = 0; c < whole; c += LANES) store_element(g_out + c, load(row + c) * (load(g + c) - mean) * factor);
    if (rest) {
      vfloat d = load_tail(row + whole, rest, 0) * (load_tail(g + whole, rest, 0) - mean) * factor;
      store_element_tail(g_out + whole, d, rest);
    }
  }
}

CROCO_CLONES
void PASS(croco_rotate)(
  ELEMENT *x, long stride, const int32_t *position, const float *cosine, const float *sine, float direction, long rows,
  long heads, long head_size) {
  const long quarter = head_size / 4, half = head_size / 2;
  for (long r = 0; r < rows; r++) {
    const float *cos_row = cosine + position[r] * half, *sin_row = sine + position[r] * half;
    for (long h = 0; h < heads; h++) {
      // The first half of a head turns by the patch's row, the second by its column.
      for (long part = 0; part < 2; part++) {
        ELEMENT *a = x + r * stride + h * head_size + part * half, *b = a + quarter;
        const float *c = cos_row + part * quarter, *s = sin_row + part * quarter;
        long i = 0;
        for (; i + LANES <= quarter; i += LANES) {
          const vfloat turn = load(s + i) * direction, cosines = load(c + i);
          const vfloat u = load_element(a + i), v = load_element(b + i);
          store_element(a + i, u * cosines - v * turn);
          store_element(b + i, v * cosines + u * turn);
        }
        for (; i < quarter; i++) {
          const float turn = s[i] * direction, u = widened(a[i]), v = widened(b[i]);
          a[i] = narrowed(u * c[i] - v * turn);
          b[i] = narrowed(v * c[i] + u * turn);
        }
      }
    }
  }
}
