// The passes of layer_norm.c for one ELEMENT.

INLINE void PASS(apply)(
  const float *x, float mean, float scale, const float *weight, const float *bias, ELEMENT *out, long columns) {
  long c = 0;
  for (; c + LANES <= columns; c += LANES)
    store_element(out + c, (load(x + c) - mean) * scale * load(weight + c) + load(bias + c));
  if (c < columns) {
    const long rest = columns - c;
    vfloat n = (load_tail(x + c, rest, mean) - mean) * scale;
    store_element_tail(out + c, n * load_tail(weight + c, rest, 0) + load_tail(bias + c, rest, 0), rest);
  }
}

CROCO_CLONES
void PASS(croco_layer_norm)(
  const float *x, const float *weight, const float *bias, ELEMENT *out, float *mean, float *scale, long rows,
  long columns) {
  for (long r = 0; r < rows; r++) {
    statistics(x + r * columns, columns, mean + r, scale + r);
    PASS(apply)(x + r * columns, mean[r], scale[r], weight, bias, out + r * columns, columns);
  }
}

CROCO_CLONES
void PASS(croco_residual_layer_norm)(
  float *x, const float *branch_bias, const float *residual, const float *weight, const float *bias, ELEMENT *out,
  float *mean, float *scale, long rows, long columns) {
  for (long r = 0; r < rows; r++) {
    float *row = x + r * columns;
    const float *other = residual + r * columns;
    long c = 0;
    for (; c + LANES <= columns; c += LANES) store(row + c, load(row + c) + load(branch_bias + c) + load(other + c));
    for (; c < columns; c++) row[c] = row[c] + branch_bias[c] + other[c];
    statistics(row, columns, mean + r, scale + r);
    PASS(apply)(row, mean[r], scale[r], weight, bias, out + r * columns, columns);
  }
}

// With u = weight * gradient_out and n = normalised x: gradient_x = scale * (u - mean(u) - n * mean(u * n)).
CROCO_CLONES
void PASS(croco_layer_norm_backward)(
  const float *gradient_out, const float *x, const float *mean, const float *scale, const float *weight,
  const float *bias, const float *gradient_residual, float *gradient_x, ELEMENT *gradient_copy,
  float *gradient_weight, float *gradient_bias, ELEMENT *normalized, long rows, long columns) {
  const long whole = columns / LANES * LANES, rest = columns - whole;
  for (long r = 0; r < rows; r++) {
    const float *g = gradient_out + r * columns, *row = x + r * columns;
    const float *base = gradient_residual ? gradient_residual + r * columns : 0;
    float *target = gradient_x + r * columns;
    ELEMENT *again = normalized + r * columns, *copy = gradient_copy + r * columns;
    const float m = mean[r], s = scale[r];
    vfloat sum_u = {}, sum_un = {};
    for (long c = 0; c < whole; c += LANES) {
      vfloat w = load(weight + c), go = load(g + c), n = (load(row + c) - m) * s;
      store(gradient_weight + c, load(gradient_weight + c) + go * n);
      store(gradient_bias + c, load(gradient_bias + c) + go);
      store_element(again + c, n * w + load(bias + c));
      vfloat u = w * go;
      sum_u += u;
      sum_un += u * n;
    }
    if (rest) {
      const long c = whole;
      vfloat w = load_tail(weight + c, rest, 0), go = load_tail(g + c, rest, 0);
      vfloat n = (load_tail(row + c, rest, m) - m) * s;
      store_tail(gradient_weight + c, load_tail(gradient_weight + c, rest, 0) + go * n, rest);
      store_tail(gradient_bias + c, load_tail(gradient_bias + c, rest, 0) + go, rest);
      store_element_tail(again + c, n * w + load_tail(bias + c, rest, 0), rest);
      vfloat u = w * go;
      sum_u += u;
      sum_un += u * n;
    }
    const float mean_u = sum_lanes(&sum_u) / (float)columns, mean_un = sum_lanes(&sum_un) / (float)columns;
    for (long c = 0; c < whole; c += LANES) {
      vfloat n = (load(row + c) - m) * s;
      vfloat d = s * (load(weight + c) * load(g + c) - mean_u - n * mean_un);
      if (base) d += load(base + c);
      store(target + c, d);
      if (!IS_FLOAT) store_element(copy + c, d);
    }
    if (rest) {
      const long c = whole;
      vfloat n = (load_tail(row + c, rest, m) - m) * s;
      vfloat d = s * (load_tail(weight + c, rest, 0) * load_tail(g + c, rest, 0) - mean_u - n * mean_un);
      if (base) d += load_tail(base + c, rest, 0);
      store_tail(target + c, d, rest);
      if (!IS_FLOAT) store_element_tail(copy + c, d, rest);
    }
  }
}
