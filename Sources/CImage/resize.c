// Fixed-point resampling that rounds exactly as Pillow's Image.resize of 8-bit images does.
#include "croco_clones.h"
#include "CImage.h"
#include <string.h>

typedef uint8_t u8x4 __attribute__((vector_size(4)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef int32_t i32x16 __attribute__((vector_size(64)));

static const int32_t half = 1 << (CROCO_RESIZE_BITS - 1);

static inline uint8_t narrow(int32_t sum) {
  sum >>= CROCO_RESIZE_BITS;
  return sum < 0 ? 0 : sum > 255 ? 255 : (uint8_t)sum;
}

CROCO_CLONES
void croco_resize_horizontal(uint8_t *target, const uint8_t *source, croco_resized_rows size, const int32_t *taps,
                             const int32_t *weights, size_t stride) {
  for (size_t y = 0; y < size.rows; y++) {
    const uint8_t *row = source + y * size.source_width * 3;
    uint8_t *out = target + y * size.count * 3;
    for (size_t x = 0; x < size.count; x++, out += 3) {
      const uint8_t *pixel = row + (size_t)taps[2 * x] * 3;
      const int32_t *weight = weights + x * stride;
      int32_t tap_count = taps[2 * x + 1];
      i32x4 sum = {half, half, half, half};
      // Four bytes are loaded for three: the last pixel of the image has no fourth.
      for (int32_t tap = 0; tap < tap_count - 1; tap++, pixel += 3) {
        u8x4 bytes;
        memcpy(&bytes, pixel, 4);
        sum += __builtin_convertvector(bytes, i32x4) * weight[tap];
      }
      int32_t last = weight[tap_count - 1];
      for (int channel = 0; channel < 3; channel++) out[channel] = narrow(sum[channel] + pixel[channel] * last);
    }
  }
}

CROCO_CLONES
void croco_resize_vertical(uint8_t *target, const uint8_t *source, size_t row_bytes, size_t count, const int32_t *taps,
                           const int32_t *weights, size_t stride) {
  for (size_t y = 0; y < count; y++) {
    const uint8_t *first = source + (size_t)taps[2 * y] * row_bytes;
    const int32_t *weight = weights + y * stride;
    int32_t tap_count = taps[2 * y + 1];
    uint8_t *out = target + y * row_bytes;
    size_t x = 0;
    for (; x + 16 <= row_bytes; x += 16) {
      i32x16 sum = (i32x16){} + half;
      for (int32_t tap = 0; tap < tap_count; tap++) {
        u8x16 bytes;
        memcpy(&bytes, first + (size_t)tap * row_bytes + x, 16);
        sum += __builtin_convertvector(bytes, i32x16) * weight[tap];
      }
      sum >>= CROCO_RESIZE_BITS;
      sum &= ~(sum < 0);
      i32x16 over = sum > 255;
      sum = (sum & ~over) | (over & 255);
      u8x16 bytes = __builtin_convertvector(sum, u8x16);
      memcpy(out + x, &bytes, 16);
    }
    for (; x < row_bytes; x++) {
      int32_t sum = half;
      for (int32_t tap = 0; tap < tap_count; tap++) sum += first[(size_t)tap * row_bytes + x] * weight[tap];
      out[x] = narrow(sum);
    }
  }
}
