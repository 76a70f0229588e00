// Pixel loops of the image transforms. Bytes are planar: [3, pixels], red, green, blue.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Copies a window of an interleaved image into planes: `source` is its first pixel, `stride` the bytes of a source row.
void croco_deinterleave(const uint8_t *source, size_t stride, uint8_t *planes, size_t rows, size_t columns);

// The opposite: planes [3, pixels] into interleaved pixels [pixels, 3].
void croco_interleave(const uint8_t *planes, uint8_t *target, size_t pixels);

// bytes[i] = trunc(clip(constant + factor * (bytes[i] - constant), 0, 255)) in fp32, without fused multiply-add.
void croco_blend_constant(uint8_t *bytes, size_t count, int32_t constant, float factor);

// The same with each pixel's own 8-bit luma as the constant.
void croco_blend_luma(uint8_t *planes, size_t pixels, float factor);

// The sum of the 8-bit luma, (19595 R + 38470 G + 7471 B + 32768) >> 16, over all pixels.
uint64_t croco_luma_sum(const uint8_t *planes, size_t pixels);

// target[i] = (bytes[i] / 255 - mean) / deviation in fp32 with true divisions.
void croco_normalize(const uint8_t *bytes, float *target, size_t count, float mean, float deviation);

// target[i] = the byte nearest to (values[i] * deviation + mean) * 255, clipped to 0 ... 255; NaN becomes 0.
void croco_denormalize(const float *values, uint8_t *target, size_t count, float mean, float deviation);
