#pragma once
#include <stddef.h>
#include <stdint.h>

// The two passes of separable 8-bit resampling. Weights are fixed-point numbers with CROCO_RESIZE_BITS fractional bits;
// output i sums `taps[2 * i + 1]` inputs from `taps[2 * i]` on with the weights from `weights[i * stride]` on.
enum { CROCO_RESIZE_BITS = 22 };

// Rows of RGB pixels, before [rows, source_width, 3] and after [rows, count, 3].
typedef struct {
  size_t rows, source_width, count;
} croco_resized_rows;

// Along rows.
void croco_resize_horizontal(uint8_t *target, const uint8_t *source, croco_resized_rows size, const int32_t *taps,
                             const int32_t *weights, size_t stride);

// Along columns: source [source_height, row_bytes] to target [count, row_bytes].
void croco_resize_vertical(uint8_t *target, const uint8_t *source, size_t row_bytes, size_t count, const int32_t *taps,
                           const int32_t *weights, size_t stride);
