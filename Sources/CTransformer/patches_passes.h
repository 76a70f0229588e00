// The passes of patches.c for one ELEMENT.

void PASS(croco_gather_patches)(
  const float *image, const int32_t *index, ELEMENT *out, long count, long patch, long grid_width, long height,
  long width) {
  for (long i = 0; i < count; i++) {
    const long y = index[i] / grid_width * patch, x = index[i] % grid_width * patch;
    for (long c = 0; c < 3; c++)
      for (long r = 0; r < patch; r++, out += patch)
        copy_elements(out, image + (c * height + y + r) * width + x, patch);
  }
}
