// Colour of what a ray meets: surface coordinates, light, shadow, contact shadow, sky. Private to the scene_*.c files.
#pragma once

#include "scene_patterns.h"
#include "scene_shapes.h"

/// What a ray meets, with what shading needs to know.
typedef struct {
  float t;
  int32_t surface;
  int is_end;
  v3 normal;
} meeting;

/// Entry into the surroundings: from inside a room its walls, in a landscape the ground.
HOT meeting meet_surroundings(const croco_scene *scene, v3 o, v3 d) {
  meeting m = {INFINITY, -1, 0, {0, 0, 0}};
  if (!scene->is_room) {
    float t = -o.z / d.z;
    if (d.z < -1e-6f && t > RAY_START) m = (meeting){t, scene->solid_count + 4, 0, {0, 0, 1}};
    return m;
  }
  // A component of exactly zero points, like a negative one, at the low wall, but infinitely far away.
  v3 low = scene->room_low, high = scene->room_high;
  float tx = ((d.x > 0.0f ? high.x : low.x) - o.x) / (d.x == 0.0f ? -1e-20f : d.x);
  float ty = ((d.y > 0.0f ? high.y : low.y) - o.y) / (d.y == 0.0f ? -1e-20f : d.y);
  float tz = ((d.z > 0.0f ? high.z : low.z) - o.z) / (d.z == 0.0f ? -1e-20f : d.z);
  m.t = f_min(tx, f_min(ty, tz));
  if (m.t == tx) {
    m.surface = scene->solid_count + (d.x > 0.0f);
    m.normal.x = d.x > 0.0f ? -1.0f : 1.0f;
  } else if (m.t == ty) {
    m.surface = scene->solid_count + 2 + (d.y > 0.0f);
    m.normal.y = d.y > 0.0f ? -1.0f : 1.0f;
  } else {
    m.surface = scene->solid_count + 4 + (d.z > 0.0f);
    m.normal.z = d.z > 0.0f ? -1.0f : 1.0f;
  }
  return m;
}

/// The scene with the balls around its solids side by side, eight to a vector.
typedef struct {
  const croco_scene *scene;
  int32_t groups;
  f8 x[CROCO_MAX_SOLIDS / 8], y[CROCO_MAX_SOLIDS / 8], z[CROCO_MAX_SOLIDS / 8];
  f8 bound[CROCO_MAX_SOLIDS / 8], blocking2[CROCO_MAX_SOLIDS / 8];
} crowd;

HOT void gather_crowd(const croco_scene *scene, crowd *c) {
  c->scene = scene;
  int32_t count = scene->solid_count < CROCO_MAX_SOLIDS ? scene->solid_count : CROCO_MAX_SOLIDS;
  c->groups = (count + 7) / 8;
  for (int32_t k = 0; k < c->groups * 8; k++) {
    int32_t g = k / 8, lane = k % 8;
    int real = k < count;
    // Lanes without a solid hold a ball of no size, far away.
    c->x[g][lane] = real ? scene->solids[k].center.x : 1e9f;
    c->y[g][lane] = real ? scene->solids[k].center.y : 1e9f;
    c->z[g][lane] = real ? scene->solids[k].center.z : 1e9f;
    c->bound[g][lane] = real ? scene->solids[k].bound : 0.0f;
    float blocking = real ? scene->solids[k].blocking : 0.0f;
    c->blocking2[g][lane] = blocking * blocking;
  }
}

/// One bit for each of eight lanes.
HOT uint32_t lane_bits(const i8 *mask) {
  const i8 bit = {1, 2, 4, 8, 16, 32, 64, 128};
  return (uint32_t)__builtin_reduce_or(*mask & bit);
}

/// Which solids of group g a ray can meet before `far`.
HOT uint32_t near_ray(const crowd *c, int32_t g, v3 o, v3 d, float far) {
  f8 x = c->x[g] - o.x, y = c->y[g] - o.y, z = c->z[g] - o.z, r = c->bound[g];
  f8 along = x * d.x + y * d.y + z * d.z;
  f8 off = x * x + y * y + z * z - along * along;
  i8 near = (off <= r * r) & (along + r >= 0.0f) & (along - r <= far);
  return lane_bits(&near);
}

HOT void finish_meeting(const croco_scene *scene, meeting *m) {
  if (m->surface >= 0 && m->surface < scene->solid_count)
    m->normal = v_unit(from_solid(&scene->solids[m->surface], m->normal));
}

/// The first surface along a ray.
HOT meeting meet(const crowd *c, v3 o, v3 d) {
  const croco_scene *scene = c->scene;
  meeting m = meet_surroundings(scene, o, d);
  for (int32_t g = 0; g < c->groups; g++) {
    for (uint32_t bits = near_ray(c, g, o, d, m.t); bits; bits &= bits - 1) {
      entry e;
      int32_t number = 8 * g + __builtin_ctz(bits);
      if (enter_solid(&scene->solids[number], o, d, m.t, &e)) m = (meeting){e.t, number, e.is_end, e.normal};
    }
  }
  finish_meeting(scene, &m);
  return m;
}

/// The first surface along a ray that can meet only the solids listed in `candidates`, nearest first.
HOT meeting meet_listed(const croco_scene *scene, const int32_t *candidates, int count, v3 o, v3 d) {
  meeting m = meet_surroundings(scene, o, d);
  for (int k = 0; k < count; k++) {
    entry e;
    int32_t number = candidates[k];
    if (enter_solid(&scene->solids[number], o, d, m.t, &e)) m = (meeting){e.t, number, e.is_end, e.normal};
  }
  finish_meeting(scene, &m);
  return m;
}

/// What neighbouring rays share: the last solid that cast a shadow, and the openness of the surface last met.
typedef struct {
  int32_t blocker;
  int32_t surface;
  float open;
} shading_memory;

HOT int is_shadowed(const crowd *c, v3 o, v3 d, float far, shading_memory *memory) {
  entry e;
  const croco_solid *solids = c->scene->solids;
  if (memory->blocker >= 0 && enter_solid(&solids[memory->blocker], o, d, far, &e)) return 1;
  for (int32_t g = 0; g < c->groups; g++) {
    for (uint32_t bits = near_ray(c, g, o, d, far); bits; bits &= bits - 1) {
      int32_t number = 8 * g + __builtin_ctz(bits);
      if (enter_solid(&solids[number], o, d, far, &e)) {
        memory->blocker = number;
        return 1;
      }
    }
  }
  return 0;
}

/// Coordinates to the right and down, in metres, of a point on a flat surface seen from outside.
HOT void flat_coordinates(v3 n, v3 p, float *u, float *v) {
  float ax = fabsf(n.x), ay = fabsf(n.y), az = fabsf(n.z);
  if (az >= ax && az >= ay) {
    *u = p.x;
    *v = -p.y;
  } else if (ax >= ay) {
    *u = n.x > 0.0f ? p.y : -p.y;
    *v = -p.z;
  } else {
    *u = n.y > 0.0f ? -p.x : p.x;
    *v = -p.z;
  }
}

/// The material under a meeting and where on it: surface coordinates (u, v) and point p, in metres.
HOT const croco_material *material_at(const croco_scene *scene, const meeting *m, v3 point, float *u, float *v, v3 *p) {
  *u = *v = 0.0f;
  if (m->surface >= scene->solid_count) {
    *p = point;
    flat_coordinates(m->normal, point, u, v);
    return &scene->materials[scene->wall_material[m->surface - scene->solid_count]];
  }
  const croco_solid *s = &scene->solids[m->surface];
  const croco_material *material = &scene->materials[m->is_end ? s->end_material : s->material];
  v3 q = *p = to_solid(s, v_sub(point, s->center));
  if (is_solid_pattern(material->pattern)) return material;
  if (s->shape == CROCO_PRISM || m->is_end) {
    v3 n = to_solid(s, m->normal);
    int flat = s->shape != CROCO_PRISM || fabsf(n.z) > 0.98f;
    if (!flat) n.z = 0.0f;
    flat_coordinates(n, q, u, v);
    if (s->shape == CROCO_PRISM) {
      // From a corner, so that a picture starts there.
      *u += !flat && fabsf(n.x) > fabsf(n.y) ? s->size.y : s->size.x;
      *v += flat ? s->size.y : s->size.z;
    }
  } else if (s->shape == CROCO_ELLIPSOID) {
    *u = f_atan2(q.y, q.x) * s->size.x;
    *v = f_atan2(sqrtf(q.x * q.x + q.y * q.y) * s->size.z, q.z * s->size.x) * s->size.z;
  } else if (s->shape == CROCO_FRUSTUM) {
    *u = f_atan2(q.y, q.x) * f_max(s->size.x, s->size.y);
    *v = -q.z;
  } else {
    *u = f_atan2(q.y, q.x) * s->size.x;
    *v = f_atan2(q.z, sqrtf(q.x * q.x + q.y * q.y) - s->size.x) * s->size.y;
  }
  return material;
}

/// Darkening where solids and walls come close, as if the sky were hidden by balls.
///
/// Source: Quilez, "sphere ambient occlusion": cos(angle) (r / d)^2.
HOT float openness(const crowd *c, const meeting *m, v3 point) {
  const croco_scene *scene = c->scene;
  const i8 lane = {0, 1, 2, 3, 4, 5, 6, 7};
  f8 sum = 0.0f;
  for (int32_t g = 0; g < c->groups; g++) {
    f8 x = c->x[g] - point.x, y = c->y[g] - point.y, z = c->z[g] - point.z;
    f8 d2 = x * x + y * y + z * z + 1e-9f, r2 = c->blocking2[g];
    i8 counts = (d2 < 16.0f * r2) & (lane + 8 * g != m->surface);
    f8 facing = (x * m->normal.x + y * m->normal.y + z * m->normal.z) / __builtin_elementwise_sqrt(d2) + 0.15f;
    // Ends at nothing four radii away.
    f8 part = __builtin_elementwise_max(facing, (f8)0.0f) *
              (__builtin_elementwise_min(r2 / d2, (f8)1.0f) - 1.0f / 16.0f);
    sum += (f8)((i8)part & counts);
  }
  float hidden = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
  float open = 1.0f / (1.0f + 1.3f * hidden);
  if (m->surface < scene->solid_count) {
    float height = point.z - (scene->is_room ? scene->room_low.z : 0.0f);
    open *= 1.0f - 0.3f * expf(-6.0f * height) * (0.6f - 0.4f * m->normal.z);
  } else if (scene->is_room) {
    v3 a = v_sub(point, scene->room_low), b = v_sub(scene->room_high, point);
    float x = f_min(a.x, b.x), y = f_min(a.y, b.y), z = f_min(a.z, b.z);
    float least = f_min(x, f_min(y, z)), next = x + y + z - least - f_max(x, f_max(y, z));
    open *= 1.0f - 0.35f * expf(-3.5f * next);
  }
  return open;
}

/// Tilts the normal by the slope of a noise, as if the surface were uneven.
HOT v3 bumped(const croco_material *m, v3 n, v3 p, float w) {
  float scale = 2.2f / m->cell_u, left = m->bump * band(w * scale * 1.5f);
  if (left <= 0.0f) return n;
  v3 q = v_scale(p, scale);
  float e = 0.15f, here = noise3(q, m->seed + 31u);
  v3 slope = v_make(noise3(v_make(q.x + e, q.y, q.z), m->seed + 31u) - here,
                    noise3(v_make(q.x, q.y + e, q.z), m->seed + 31u) - here,
                    noise3(v_make(q.x, q.y, q.z + e), m->seed + 31u) - here);
  slope = v_scale(slope, left / e);
  return v_unit(v_sub(n, v_sub(slope, v_scale(n, v_dot(slope, n)))));
}

/// Sky with clouds and two ranges of hills, all infinitely far away; w is the angle that a sample covers.
HOT v3 sky_color(const croco_scene *scene, v3 d, float w) {
  float up = f_max(d.z, 0.0f);
  v3 c = v_mix(scene->sky_horizon, scene->sky_zenith, smooth01(sqrtf(up) * 1.15f));
  float k = 1.0f / (up + 0.22f);
  v3 q = v_make(d.x * k * 1.1f, d.y * k * 1.1f, 0.3f);
  float n = fbm3(q, 4, w * k * 1.5f, scene->sky_seed) + 1.6f * scene->cloud_share - 0.9f;
  float cover = smooth01(2.6f * n);
  float shade = 0.72f + 0.28f * smooth01(1.0f - 1.4f * n);
  c = v_mix(c, v_scale(scene->cloud, shade), cover * smooth01(up * 9.0f));
  float glare = f_max(v_dot(d, scene->light), 0.0f);
  glare *= glare;
  glare *= glare;
  glare *= glare * glare;
  c = v_add(c, v_scale(scene->light_color, 0.16f * glare * glare));
  float inverse = 1.0f / sqrtf(d.x * d.x + d.y * d.y + 1e-9f);
  float slope = d.z * inverse;
  for (int range = 0; range < 2; range++) {
    float wide = range == 0 ? 2.3f : 3.1f;
    float ridge = 0.55f + 0.75f * fbm3(v_make(d.x * inverse * wide, d.y * inverse * wide, 4.5f + (float)range), 3,
                                       w * wide, scene->sky_seed + 40u);
    ridge *= scene->hill_height * (range == 0 ? 1.0f : 0.5f);
    float below = soft_step(ridge - slope, 0.0f, 1.5f * w);
    if (below <= 0.0f) continue;
    v3 t = v_make(d.x * inverse * 14.0f, d.y * inverse * 14.0f, slope * 26.0f);
    float forest = 0.8f + 0.5f * fbm3(t, 2, w * 14.0f, scene->sky_seed + 50u);
    c = v_mix(c, v_scale(range == 0 ? scene->hill_far : scene->hill_near, forest), below);
  }
  return c;
}

/// Light that a ray brings to the eye from what it meets; `lamp_offset` chooses the point of the lamp, `w` is the angle of a
/// sample.
HOT v3 radiance(const crowd *c, meeting m, v3 o, v3 d, v3 lamp_offset, float w, shading_memory *memory) {
  const croco_scene *scene = c->scene;
  if (m.surface < 0) return sky_color(scene, d, w);
  v3 point = v_along(o, d, m.t);
  float cosine = f_max(-v_dot(m.normal, d), 0.05f);
  float size = m.t * w / sqrtf(cosine);
  float u, v;
  v3 p;
  const croco_material *material = material_at(scene, &m, point, &u, &v, &p);
  v3 albedo = material_color(material, u, v, p, size);
  v3 n = material->bump > 0.0f ? bumped(material, m.normal, point, size) : m.normal;

  v3 to_light;
  float far, strength = 1.0f;
  if (scene->is_room) {
    v3 to = v_sub(v_along(scene->light, lamp_offset, scene->light_radius), point);
    far = sqrtf(v_dot(to, to));
    to_light = v_scale(to, 1.0f / far);
    strength = 1.0f / (0.45f + 0.09f * far * far);
  } else {
    to_light = v_unit(v_along(scene->light, lamp_offset, scene->light_radius));
    far = INFINITY;
  }
  // Openness changes slowly over a surface: once a pixel is enough.
  if (memory->surface != m.surface) {
    memory->surface = m.surface;
    memory->open = openness(c, &m, point);
  }
  float open = memory->open;
  v3 light = v_scale(v_mix(scene->ambient_down, scene->ambient_up, 0.5f + 0.5f * n.z), open);
  light = v_add(light, v_scale(scene->fill_color, f_max(v_dot(n, scene->fill), 0.0f) * open));
  v3 shine = v_make(0, 0, 0);
  float lambert = v_dot(n, to_light);
  if (lambert > 0.0f && v_dot(m.normal, to_light) > 0.0f) {
    v3 start = v_along(point, m.normal, 2e-3f);
    if (!is_shadowed(c, start, to_light, far, memory)) {
      light = v_add(light, v_scale(scene->light_color, lambert * strength));
      if (material->gloss > 0.0f) {
        float half = f_max(v_dot(n, v_unit(v_sub(to_light, d))), 0.0f);
        // exp of a parabola: Blinn's power without powf.
        shine = v_scale(scene->light_color, material->gloss * strength * expf(-material->sharpness * (1.0f - half)));
      }
    }
  }
  v3 color = v_add(v_mul(albedo, light), shine);
  if (scene->haze_distance > 0.0f) color = v_mix(color, scene->sky_horizon, 1.0f - expf(-m.t / scene->haze_distance));
  return color;
}
