#include "croco_clones.h"
#include "CScene.h"
#include "scene_shading.h"

enum { TILE = 8, MAX_SAMPLES = 8 };

HOT v3 ray_through(const croco_camera *c, float x, float y) {
  float a = (x - 0.5f * (float)c->width) / c->focal, b = (y - 0.5f * (float)c->height) / c->focal;
  return v_unit(v_add(c->forward, v_add(v_scale(c->right, a), v_scale(c->down, b))));
}

/// The solids whose bounding balls touch the cone around a tile of the picture, nearest first.
HOT int solids_in_tile(const croco_scene *scene, const croco_camera *c, float x0, float y0, float x1, float y1,
                       int32_t *candidates) {
  v3 axis = ray_through(c, 0.5f * (x0 + x1), 0.5f * (y0 + y1));
  float cosine = f_min(f_min(v_dot(axis, ray_through(c, x0, y0)), v_dot(axis, ray_through(c, x1, y0))),
                       f_min(v_dot(axis, ray_through(c, x0, y1)), v_dot(axis, ray_through(c, x1, y1))));
  float sine = sqrtf(f_max(1.0f - cosine * cosine, 0.0f)) + 1e-4f;
  float near[CROCO_MAX_SOLIDS];
  int count = 0, limit = scene->solid_count < CROCO_MAX_SOLIDS ? scene->solid_count : CROCO_MAX_SOLIDS;
  for (int32_t k = 0; k < limit; k++) {
    v3 to = v_sub(scene->solids[k].center, c->position);
    float r = scene->solids[k].bound, along = v_dot(to, axis), length2 = v_dot(to, to);
    float off = sqrtf(f_max(length2 - along * along, 0.0f));
    // Distance from the centre to the cone's surface, in the plane of centre and axis.
    if (length2 > r * r && (off * cosine - along * sine > r || along < -r)) continue;
    float start = along - r;
    int place = count++;
    while (place > 0 && near[place - 1] > start) {
      near[place] = near[place - 1];
      candidates[place] = candidates[place - 1];
      place--;
    }
    near[place] = start;
    candidates[place] = k;
  }
  return count;
}

/// Linear light to sRGB by roots (to 1e-3), after a soft shoulder.
HOT uint8_t encode(float x) {
  x = f_max(x, 0.0f);
  x = x < 0.6f ? x : 1.0f - 0.4f * 0.4f / (x - 0.2f);
  float s = sqrtf(x), q = sqrtf(s), e = sqrtf(q);
  float y = x < 0.0031308f ? 12.92f * x : 0.662002687f * s + 0.684122060f * q - 0.323583601f * e - 0.0225411470f * x;
  return (uint8_t)(clamp01(y) * 255.0f + 0.5f);
}

/// Blurs as a lens does, with weights 1/6, 2/3, 1/6 in both directions, and encodes.
HOT void develop(const float *light, int32_t width, int32_t height, uint8_t *pixels) {
  const float side = 1.0f / 6.0f, middle = 2.0f / 3.0f;
  size_t row = 3 * (size_t)width;
  for (int32_t y = 0; y < height; y++) {
    const float *here = light + (size_t)y * row;
    const float *above = y > 0 ? here - row : here, *below = y + 1 < height ? here + row : here;
    for (int32_t x = 0; x < width; x++) {
      size_t left = 3 * (size_t)(x > 0 ? x - 1 : x), right = 3 * (size_t)(x + 1 < width ? x + 1 : x);
      for (size_t channel = 0; channel < 3; channel++) {
        size_t l = left + channel, m = 3 * (size_t)x + channel, r = right + channel;
        float a = side * (above[l] + above[r]) + middle * above[m];
        float b = side * (here[l] + here[r]) + middle * here[m];
        float c = side * (below[l] + below[r]) + middle * below[m];
        pixels[(size_t)y * row + m] = encode(side * (a + c) + middle * b);
      }
    }
  }
}

CROCO_CLONES
croco_hit croco_scene_trace(const croco_scene *scene, croco_vec3 origin, croco_vec3 direction) {
  crowd c;
  gather_crowd(scene, &c);
  meeting m = meet(&c, origin, direction);
  return (croco_hit){m.t, m.surface, v_along(origin, direction, m.surface < 0 ? 0.0f : m.t), m.normal};
}

CROCO_CLONES
void croco_scene_render(const croco_scene *scene, const croco_camera *camera, int32_t samples, float *light,
                        uint8_t *pixels) {
  int32_t candidates[CROCO_MAX_SOLIDS];
  crowd c;
  gather_crowd(scene, &c);
  // One point of the lamp a sample, on a spiral of golden angles: soft shadows without noise.
  v3 lamp[MAX_SAMPLES * MAX_SAMPLES];
  if (samples > MAX_SAMPLES) samples = MAX_SAMPLES;
  for (int32_t k = 0; k < samples * samples; k++) {
    float radius = sqrtf(((float)k + 0.5f) / (float)(samples * samples)), angle = 2.39996323f * (float)k;
    lamp[k] = v_make(radius * cosf(angle), radius * sinf(angle), 0.0f);
  }
  float spread = 1.0f / (camera->focal * (float)samples);
  float share = scene->exposure / (float)(samples * samples);
  for (int32_t y0 = 0; y0 < camera->height; y0 += TILE) {
    for (int32_t x0 = 0; x0 < camera->width; x0 += TILE) {
      int32_t y1 = y0 + TILE < camera->height ? y0 + TILE : camera->height;
      int32_t x1 = x0 + TILE < camera->width ? x0 + TILE : camera->width;
      int count = solids_in_tile(scene, camera, (float)x0, (float)y0, (float)x1, (float)y1, candidates);
      int32_t blocker = -1;
      for (int32_t y = y0; y < y1; y++) {
        for (int32_t x = x0; x < x1; x++) {
          v3 sum = v_make(0, 0, 0);
          shading_memory memory = {blocker, -2, 1.0f};
          for (int32_t k = 0; k < samples * samples; k++) {
            // Each row and each column of the finer grid holds one sample.
            int32_t i = k % samples, j = k / samples;
            float sx = ((float)i + ((float)j + 0.5f) / (float)samples) / (float)samples;
            float sy = ((float)j + ((float)(samples - 1 - i) + 0.5f) / (float)samples) / (float)samples;
            v3 d = ray_through(camera, (float)x + sx, (float)y + sy);
            meeting m = meet_listed(scene, candidates, count, camera->position, d);
            sum = v_add(sum, radiance(&c, m, camera->position, d, lamp[k], spread, &memory));
          }
          blocker = memory.blocker;
          float *out = light + 3 * ((size_t)y * (size_t)camera->width + (size_t)x);
          // Highlights are clipped here as a sensor does it, or the lens would smear them.
          out[0] = f_min(sum.x * share, 2.0f);
          out[1] = f_min(sum.y * share, 2.0f);
          out[2] = f_min(sum.z * share, 2.0f);
        }
      }
    }
  }
  develop(light, camera->width, camera->height, pixels);
}

CROCO_CLONES
void croco_scene_flow(const croco_scene *scene, const croco_camera *view1, const croco_camera *view2, float *flow,
                      float *depth, int32_t *surface) {
  crowd c;
  gather_crowd(scene, &c);
  for (int32_t y = 0; y < view1->height; y++) {
    for (int32_t x = 0; x < view1->width; x++) {
      size_t at = (size_t)y * (size_t)view1->width + (size_t)x;
      float px = (float)x + 0.5f, py = (float)y + 0.5f;
      v3 d = ray_through(view1, px, py);
      meeting m = meet(&c, view1->position, d);
      if (depth) depth[at] = m.t;
      if (surface) surface[at] = m.surface;
      flow[2 * at] = flow[2 * at + 1] = NAN;
      // From camera 2 to the point; the sky lies infinitely far, where only the direction counts.
      v3 to = m.surface < 0 ? d : v_sub(v_along(view1->position, d, m.t), view2->position);
      float z = v_dot(to, view2->forward);
      if (z <= 1e-4f) continue;
      float qx = 0.5f * (float)view2->width + view2->focal * v_dot(to, view2->right) / z;
      float qy = 0.5f * (float)view2->height + view2->focal * v_dot(to, view2->down) / z;
      if (!(qx >= 0.0f && qx <= (float)view2->width && qy >= 0.0f && qy <= (float)view2->height)) continue;
      float length = sqrtf(v_dot(to, to));
      meeting back = meet(&c, view2->position, v_scale(to, 1.0f / length));
      if (m.surface < 0 ? back.surface >= 0 : back.t < length * 0.998f - 2e-3f) continue;
      flow[2 * at] = qx - px;
      flow[2 * at + 1] = qy - py;
    }
  }
}
