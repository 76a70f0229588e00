#pragma once
#include <stdint.h>

// 8-bit descriptors [count, size] to floats of unit length.
void croco_unit_rows(float *target, const uint8_t *source, long count, long size);

// The largest and second largest value of each row of `values` [rows, columns], and where the largest stands.
void croco_row_peaks(const float *values, long rows, long columns, float *best, float *second, int32_t *index);

// Updates the largest value of each column and the row where it stands; `values` are rows `first_row` and following.
void croco_column_peaks(const float *values, long rows, long columns, long first_row, float *best, int32_t *index);

// Matched points of two views, in pixels: four arrays [count].
typedef struct {
  const float *x1, *y1, *x2, *y2;
  long count;
} croco_matches;

// Squared distances to the epipolar geometry x2' F x1 = 0 (Sampson: Hartley and Zisserman, equation 11.9).
void croco_epipolar_errors(croco_matches matches, const float f[9], float *errors);

// Squared distances of a homography: the larger of x2 to H x1 and x1 to G x2, where G is the inverse of H.
void croco_transfer_errors(croco_matches matches, const float h[9], const float g[9], float *errors);

// The sum of min(errors, limit), in a fixed order, and how many errors are below the limit (MSAC).
float croco_truncated_sum(const float *errors, long count, float limit, long *inliers);
