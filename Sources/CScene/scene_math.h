// Vectors, hashing and noise of the scene renderer. Private to the scene_*.c files.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "include/scene.h"

#define HOT static inline __attribute__((always_inline))

typedef croco_vec3 v3;

HOT v3 v_make(float x, float y, float z) { return (v3){x, y, z}; }
HOT v3 v_add(v3 a, v3 b) { return v_make(a.x + b.x, a.y + b.y, a.z + b.z); }
HOT v3 v_sub(v3 a, v3 b) { return v_make(a.x - b.x, a.y - b.y, a.z - b.z); }
HOT v3 v_mul(v3 a, v3 b) { return v_make(a.x * b.x, a.y * b.y, a.z * b.z); }
HOT v3 v_scale(v3 a, float s) { return v_make(a.x * s, a.y * s, a.z * s); }
HOT v3 v_along(v3 a, v3 d, float t) { return v_make(a.x + d.x * t, a.y + d.y * t, a.z + d.z * t); }
HOT float v_dot(v3 a, v3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
HOT v3 v_unit(v3 a) { return v_scale(a, 1.0f / sqrtf(v_dot(a, a) + 1e-30f)); }
HOT v3 v_mix(v3 a, v3 b, float t) {
  return v_make(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t);
}

HOT float f_min(float a, float b) { return a < b ? a : b; }
HOT float f_max(float a, float b) { return a > b ? a : b; }
HOT float clamp01(float x) { return f_min(f_max(x, 0.0f), 1.0f); }
HOT float mix(float a, float b, float t) { return a + (b - a) * t; }
HOT float smooth01(float x) {
  x = clamp01(x);
  return x * x * (3.0f - 2.0f * x);
}
/// 0 below the edge, 1 above it, with a ramp of width w: a step seen through a box filter.
HOT float soft_step(float x, float edge, float w) { return clamp01((x - edge) / (w + 1e-6f) + 0.5f); }

/// floor as an integer.
///
/// Rays that graze the ground meet it where coordinates leave the range of integers: they are held within 5e8, so that
/// neighbours i - 1 ... i + 1 and sums i + j exist. A NaN becomes -5e8.
HOT int32_t f_floor(float x) {
  x = f_min(f_max(x, -5e8f), 5e8f);
  int32_t i = (int32_t)x;
  return i - (x < (float)i);
}

/// Angle of (x, y) in -pi ... pi, to 1e-4 (Abramowitz and Stegun 4.4.49, by a polynomial of degree 9).
HOT float f_atan2(float y, float x) {
  float ax = fabsf(x), ay = fabsf(y);
  float big = f_max(ax, ay), small = f_min(ax, ay);
  float q = small / (big + 1e-30f), s = q * q;
  float r = q * (0.9998660f + s * (-0.3302995f + s * (0.1801410f + s * (-0.0851330f + s * 0.0208351f))));
  if (ay > ax) r = 1.57079637f - r;
  if (x < 0.0f) r = 3.14159274f - r;
  return y < 0.0f ? -r : r;
}

HOT uint32_t hash3(int32_t x, int32_t y, uint32_t seed) {
  uint32_t h = (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ seed * 0xcb1ab31fu;
  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  h ^= h >> 12;
  h *= 0x297a2d39u;
  h ^= h >> 15;
  return h;
}
/// The k-th of four independent numbers in 0 ..< 1 within a hash.
HOT float hash_unit(uint32_t h, int k) { return (float)((h >> (8 * k)) & 255u) * (1.0f / 256.0f); }

typedef float f8 __attribute__((ext_vector_type(8)));
typedef int32_t i8 __attribute__((ext_vector_type(8)));
typedef uint32_t u8 __attribute__((ext_vector_type(8)));

/// Gradient noise in about -1 ... 1 with features of size 1; the eight corners of a cell are eight lanes.
///
/// Source: Perlin, "Improving Noise", SIGGRAPH 2002 (quintic fade), with hashed gradients instead of a table.
HOT float noise3(v3 p, uint32_t seed) {
  int32_t ix = f_floor(p.x), iy = f_floor(p.y), iz = f_floor(p.z);
  float fx = p.x - (float)ix, fy = p.y - (float)iy, fz = p.z - (float)iz;
  const u8 corner_x = {0, 1, 0, 1, 0, 1, 0, 1};
  const u8 corner_y = {0, 0, 1, 1, 0, 0, 1, 1};
  const u8 corner_z = {0, 0, 0, 0, 1, 1, 1, 1};
  u8 h = ((uint32_t)ix + corner_x) * 0x8da6b343u ^ ((uint32_t)iy + corner_y) * 0xd8163841u ^
         ((uint32_t)iz + corner_z) * 0xcb1ab31fu ^ (u8)(seed * 0x9e3779b9u);
  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  h ^= h >> 13;
  f8 gx = __builtin_convertvector((i8)(h & 1023u), f8) * (1.0f / 512.0f) - 1.0f;
  f8 gy = __builtin_convertvector((i8)(h >> 10 & 1023u), f8) * (1.0f / 512.0f) - 1.0f;
  f8 gz = __builtin_convertvector((i8)(h >> 20 & 1023u), f8) * (1.0f / 512.0f) - 1.0f;
  f8 kx = __builtin_convertvector(corner_x, f8), ky = __builtin_convertvector(corner_y, f8),
     kz = __builtin_convertvector(corner_z, f8);
  f8 d = gx * (fx - kx) + gy * (fy - ky) + gz * (fz - kz);
  float sx = fx * fx * fx * (fx * (fx * 6.0f - 15.0f) + 10.0f);
  float sy = fy * fy * fy * (fy * (fy * 6.0f - 15.0f) + 10.0f);
  float sz = fz * fz * fz * (fz * (fz * 6.0f - 15.0f) + 10.0f);
  f8 w = (kx * (2.0f * sx - 1.0f) + (1.0f - sx)) * (ky * (2.0f * sy - 1.0f) + (1.0f - sy)) *
         (kz * (2.0f * sz - 1.0f) + (1.0f - sz));
  f8 r = d * w;
  return 1.4f * (((r[0] + r[4]) + (r[1] + r[5])) + ((r[2] + r[6]) + (r[3] + r[7])));
}

/// How much of a feature of size 1 is left when it is seen through a pixel of size w.
HOT float band(float w) { return clamp01(2.0f - 3.0f * w); }

/// Fractal noise of up to `octaves` octaves in about -1 ... 1; octaves finer than the pixel w fade out.
HOT float fbm3(v3 p, int octaves, float w, uint32_t seed) {
  float sum = 0.0f, amplitude = 1.0f;
  for (int o = 0; o < octaves; o++) {
    float left = band(w);
    if (left <= 0.0f) break;
    sum += amplitude * left * noise3(p, seed + (uint32_t)o);
    p = v_make(p.x * 2.03f + 7.1f, p.y * 2.03f + 3.7f, p.z * 2.03f + 1.3f);
    amplitude *= 0.5f;
    w *= 2.03f;
  }
  return sum;
}
