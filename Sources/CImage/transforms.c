#include "croco_clones.h"
#include "CImage.h"

// A fused multiply-add rounds once where the reference rounds twice, and would differ between the clones.
#pragma STDC FP_CONTRACT OFF

CROCO_CLONES
void croco_deinterleave(const uint8_t *source, size_t stride, uint8_t *planes, size_t rows, size_t columns) {
  uint8_t *restrict red = planes;
  uint8_t *restrict green = planes + rows * columns;
  uint8_t *restrict blue = planes + 2 * rows * columns;
  for (size_t row = 0; row < rows; row++) {
    const uint8_t *restrict pixels = source + row * stride;
    size_t first = row * columns;
    for (size_t column = 0; column < columns; column++) {
      red[first + column] = pixels[3 * column];
      green[first + column] = pixels[3 * column + 1];
      blue[first + column] = pixels[3 * column + 2];
    }
  }
}

CROCO_CLONES
void croco_interleave(const uint8_t *planes, uint8_t *restrict target, size_t pixels) {
  const uint8_t *restrict red = planes;
  const uint8_t *restrict green = planes + pixels;
  const uint8_t *restrict blue = planes + 2 * pixels;
  for (size_t i = 0; i < pixels; i++) {
    target[3 * i] = red[i];
    target[3 * i + 1] = green[i];
    target[3 * i + 2] = blue[i];
  }
}

static inline uint8_t blend(int32_t constant, float factor, int32_t value) {
  float mixed = (float)constant + factor * (float)(value - constant);
  mixed = mixed > 0.0f ? mixed : 0.0f;
  mixed = mixed < 255.0f ? mixed : 255.0f;
  return (uint8_t)(int32_t)mixed;
}

static inline uint32_t luma(uint32_t red, uint32_t green, uint32_t blue) {
  return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
}

CROCO_CLONES
void croco_blend_constant(uint8_t *bytes, size_t count, int32_t constant, float factor) {
  for (size_t i = 0; i < count; i++) bytes[i] = blend(constant, factor, bytes[i]);
}

CROCO_CLONES
void croco_blend_luma(uint8_t *planes, size_t pixels, float factor) {
  uint8_t *restrict red = planes;
  uint8_t *restrict green = planes + pixels;
  uint8_t *restrict blue = planes + 2 * pixels;
  for (size_t i = 0; i < pixels; i++) {
    int32_t grey = (int32_t)luma(red[i], green[i], blue[i]);
    red[i] = blend(grey, factor, red[i]);
    green[i] = blend(grey, factor, green[i]);
    blue[i] = blend(grey, factor, blue[i]);
  }
}

CROCO_CLONES
uint64_t croco_luma_sum(const uint8_t *planes, size_t pixels) {
  const uint8_t *restrict red = planes;
  const uint8_t *restrict green = planes + pixels;
  const uint8_t *restrict blue = planes + 2 * pixels;
  uint64_t total = 0;
  // 2^16 pixels of at most 255 fit 32 bits, which vectorise best.
  for (size_t start = 0; start < pixels; start += 65536) {
    size_t end = pixels - start < 65536 ? pixels : start + 65536;
    uint32_t sum = 0;
    for (size_t i = start; i < end; i++) sum += luma(red[i], green[i], blue[i]);
    total += sum;
  }
  return total;
}

CROCO_CLONES
void croco_normalize(const uint8_t *bytes, float *restrict target, size_t count, float mean, float deviation) {
  for (size_t i = 0; i < count; i++) target[i] = ((float)bytes[i] / 255.0f - mean) / deviation;
}

CROCO_CLONES
void croco_denormalize(const float *values, uint8_t *restrict target, size_t count, float mean, float deviation) {
  for (size_t i = 0; i < count; i++) {
    float byte = (values[i] * deviation + mean) * 255.0f + 0.5f;
    byte = byte > 0.0f ? byte : 0.0f;
    byte = byte < 255.0f ? byte : 255.0f;
    target[i] = (uint8_t)(int32_t)byte;
  }
}
