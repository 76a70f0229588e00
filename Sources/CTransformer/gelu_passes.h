// The passes of gelu.c for one ELEMENT.

CROCO_CLONES
void PASS(croco_bias_gelu)(ELEMENT *pre, const float *bias, ELEMENT *out, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    ELEMENT *x = pre + r * columns, *y = out + r * columns;
    long c = 0;
    for (; c + LANES <= columns; c += LANES) {
      vfloat v = load_element(x + c) + load(bias + c);
      store_element(x + c, v);
      gelu(&v);
      store_element(y + c, v);
    }
    if (c < columns) {
      vfloat v = load_element_tail(x + c, columns - c, 0) + load_tail(bias + c, columns - c, 0);
      store_element_tail(x + c, v, columns - c);
      gelu(&v);
      store_element_tail(y + c, v, columns - c);
    }
  }
}

CROCO_CLONES
void PASS(croco_gelu_backward)(ELEMENT *gradient, const ELEMENT *pre, ELEMENT *activated, long count) {
  long i = 0;
  vfloat value;
  for (; i + LANES <= count; i += LANES) {
    vfloat slope = load_element(pre + i);
    gelu_slope(&slope, &value);
    store_element(gradient + i, load_element(gradient + i) * slope);
    store_element(activated + i, value);
  }
  if (i < count) {
    vfloat slope = load_element_tail(pre + i, count - i, 0);
    gelu_slope(&slope, &value);
    store_element_tail(gradient + i, load_element_tail(gradient + i, count - i, 0) * slope, count - i);
    store_element_tail(activated + i, value, count - i);
  }
}
