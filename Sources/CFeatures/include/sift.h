#pragma once
#include <stdint.h>

// Scale-invariant features (Lowe, IJCV 60, 2004). Images are [height, width] floats from 0 to 1.

// An extremum of the differences of Gaussians: place in pixels of its octave, level with fraction, contrast.
typedef struct {
  float x, y, level, contrast;
} croco_extremum;

// What is asked of extrema: contrast, and the ratio of principal curvatures, at most.
typedef struct {
  float contrast, edge_ratio;
} croco_extremum_limits;

enum { CROCO_SIFT_SIZE = 128, CROCO_MAX_ORIENTATIONS = 4 };

// RGB bytes to luminance (ITU-R BT.601).
void croco_luminance(float *target, const uint8_t *rgb, long count);

// Separable convolution with a symmetric kernel, `weights` from the centre outwards [radius + 1]; borders are repeated.
// `scratch` has room for an image and a row with 2 * radius more.
void croco_blur(float *target, const float *source, float *scratch, long width, long height, const float *weights,
                long radius);

void croco_difference(float *target, const float *a, const float *b, long count);

// Magnitude and angle (radians, within 2e-4) of central differences: two images.
void croco_gradient(float *magnitude, float *angle, const float *image, long width, long height);

// Every second pixel of every second row: [height / 2, width / 2].
void croco_halve(float *target, const float *source, long width, long height);

// Refined extrema of the inner levels of a stack of differences [levels, height, width]. Returns how many there are,
// of which at most `capacity` are stored, in the order of levels, rows and columns.
long croco_find_extrema(const float *stack, long width, long height, long levels, croco_extremum_limits limits,
                        croco_extremum *found, long capacity);

// A place in pixels of an octave, and its scale.
typedef struct {
  float x, y, sigma;
} croco_place;

// The dominant directions of the gradient around a place. Returns their number.
int croco_orientations(const float *magnitude, const float *angle, long width, long height, croco_place at,
                       float directions[CROCO_MAX_ORIENTATIONS]);

// The descriptor of an oriented place: normalised, clipped at 0.2, then the root of the L1-normalised histogram
// (RootSIFT: Arandjelovic and Zisserman, CVPR 2012) times 512 in 8 bits.
void croco_describe(const float *magnitude, const float *angle, long width, long height, croco_place at,
                    float direction, uint8_t descriptor[CROCO_SIFT_SIZE]);
