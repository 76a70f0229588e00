// Where a ray enters a solid. Private to the scene_*.c files; a ray is a line from `o` along the unit vector `d`.
#pragma once

#include "scene_math.h"

/// A ray starts this far off its origin (metres), so that a surface does not shade itself.
#define RAY_START 1e-3f

typedef struct {
  float t;
  v3 normal;  // in the solid's axes, not yet of length 1
  int is_end; // flat top or bottom
} entry;

HOT v3 to_solid(const croco_solid *s, v3 a) {
  return v_make(v_dot(a, s->axis_x), v_dot(a, s->axis_y), v_dot(a, s->axis_z));
}
HOT v3 from_solid(const croco_solid *s, v3 a) {
  return v_add(v_add(v_scale(s->axis_x, a.x), v_scale(s->axis_y, a.y)), v_scale(s->axis_z, a.z));
}

HOT int enter_ellipsoid(const croco_solid *s, v3 o, v3 d, float far, entry *e) {
  v3 inverse = v_make(1.0f / s->size.x, 1.0f / s->size.y, 1.0f / s->size.z);
  v3 os = v_mul(o, inverse), ds = v_mul(d, inverse);
  float a = v_dot(ds, ds), b = v_dot(os, ds);
  // The distance of the line from the centre without the cancellation of b*b - a*c.
  v3 nearest = v_along(os, ds, -b / a);
  float h = 1.0f - v_dot(nearest, nearest);
  if (h <= 0.0f) return 0;
  float t = (-b - sqrtf(h * a)) / a;
  if (t < RAY_START || t >= far) return 0;
  e->t = t;
  e->normal = v_mul(v_along(os, ds, t), inverse);
  e->is_end = 0;
  return 1;
}

HOT int enter_frustum(const croco_solid *s, v3 o, v3 d, float far, entry *e) {
  float half = s->size.z;
  float middle = 0.5f * (s->size.x + s->size.y), slope = 0.5f * (s->size.y - s->size.x) / half;
  float inverse = 1.0f / (fabsf(d.z) < 1e-9f ? 1e-9f : d.z);
  float z0 = (-half - o.z) * inverse, z1 = (half - o.z) * inverse;
  float low = f_min(z0, z1), high = f_max(z0, z1);
  float radius = middle + slope * o.z;
  float a = d.x * d.x + d.y * d.y - slope * slope * d.z * d.z;
  float b = o.x * d.x + o.y * d.y - slope * d.z * radius;
  float c = o.x * o.x + o.y * o.y - radius * radius;
  if (fabsf(a) < 1e-7f) a = a < 0.0f ? -1e-7f : 1e-7f;
  float h = b * b - a * c;
  float side_low, side_high;
  if (h <= 0.0f) {
    if (a > 0.0f) return 0;
    side_low = -INFINITY;
    side_high = INFINITY;
  } else {
    float root = sqrtf(h);
    float q = b > 0.0f ? -(b + root) : root - b;
    float t0 = q / a, t1 = c / (q == 0.0f ? 1e-20f : q);
    float first = f_min(t0, t1), second = f_max(t0, t1);
    if (a > 0.0f) {
      side_low = first;
      side_high = second;
    } else if (slope * d.z > 0.0f) {
      side_low = second;
      side_high = INFINITY;
    } else {
      side_low = -INFINITY;
      side_high = first;
    }
  }
  float t = f_max(low, side_low);
  if (t > f_min(high, side_high) || t < RAY_START || t >= far) return 0;
  v3 p = v_along(o, d, t);
  e->t = t;
  e->is_end = low > side_low;
  e->normal = e->is_end ? v_make(0, 0, d.z > 0.0f ? -1.0f : 1.0f) : v_make(p.x, p.y, -slope * (middle + slope * p.z));
  return 1;
}

/// Clips the ray to the half space n.p <= c.
HOT void clip(v3 n, float c, v3 o, v3 d, float *low, float *high, v3 *normal) {
  float distance = c - v_dot(n, o), speed = v_dot(n, d);
  if (fabsf(speed) < 1e-9f) {
    if (distance < 0.0f) *high = -INFINITY;
    return;
  }
  float t = distance / speed;
  if (speed > 0.0f) {
    *high = f_min(*high, t);
  } else if (t > *low) {
    *low = t;
    *normal = n;
  }
}

HOT int enter_prism(const croco_solid *s, v3 o, v3 d, float far, entry *e) {
  float half = s->size.z;
  float low = -INFINITY, high = INFINITY;
  v3 normal = v_make(0, 0, 1);
  clip(v_make(0, 0, 1), half, o, d, &low, &high, &normal);
  clip(v_make(0, 0, -1), half, o, d, &low, &high, &normal);
  float kx = 0.5f * s->size.x * (1.0f - s->taper_x) / half, cx = 0.5f * s->size.x * (1.0f + s->taper_x);
  clip(v_make(1, 0, kx), cx, o, d, &low, &high, &normal);
  clip(v_make(-1, 0, kx), cx, o, d, &low, &high, &normal);
  float ky = 0.5f * s->size.y * (1.0f - s->taper_y) / half, cy = 0.5f * s->size.y * (1.0f + s->taper_y);
  clip(v_make(0, 1, ky), cy, o, d, &low, &high, &normal);
  clip(v_make(0, -1, ky), cy, o, d, &low, &high, &normal);
  if (low > high || low < RAY_START || low >= far) return 0;
  e->t = low;
  e->normal = normal;
  e->is_end = normal.x == 0.0f && normal.y == 0.0f;
  return 1;
}

/// Walks along the ray by the distance to the torus, which never oversteps.
HOT int enter_torus(const croco_solid *s, v3 o, v3 d, float far, entry *e) {
  float ring = s->size.x, tube = s->size.y;
  float b = v_dot(o, d), h = b * b - v_dot(o, o) + (ring + tube) * (ring + tube);
  if (h <= 0.0f) return 0;
  float t = f_max(RAY_START, -b - sqrtf(h)), end = f_min(far, -b + sqrtf(h));
  for (int step = 0; step < 96 && t < end; step++) {
    v3 p = v_along(o, d, t);
    float r = sqrtf(p.x * p.x + p.y * p.y), x = r - ring;
    float gap = sqrtf(x * x + p.z * p.z) - tube;
    if (gap < 2e-4f * tube) {
      float k = x / (r + 1e-20f);
      v3 normal = v_make(p.x * k, p.y * k, p.z);
      if (v_dot(normal, d) < 0.0f) {
        *e = (entry){t, normal, 0};
        return 1;
      }
      // The ray leaves the surface that it started from.
      gap = 0.02f * tube;
    }
    t += gap;
  }
  return 0;
}

/// 1 if the ray enters the solid between RAY_START and far.
HOT int enter_solid(const croco_solid *s, v3 o, v3 d, float far, entry *e) {
  v3 to_center = v_sub(s->center, o);
  float along = v_dot(to_center, d);
  float off = v_dot(to_center, to_center) - along * along;
  float bound = s->bound;
  if (off > bound * bound || along + bound < 0.0f || along - bound > far) return 0;
  v3 ol = v_scale(to_solid(s, to_center), -1.0f), dl = to_solid(s, d);
  switch (s->shape) {
    case CROCO_ELLIPSOID: return enter_ellipsoid(s, ol, dl, far, e);
    case CROCO_FRUSTUM: return enter_frustum(s, ol, dl, far, e);
    case CROCO_PRISM: return enter_prism(s, ol, dl, far, e);
    default: return enter_torus(s, ol, dl, far, e);
  }
}
