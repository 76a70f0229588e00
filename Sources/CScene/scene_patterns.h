// Procedural textures. Private to the scene_*.c files.
//
// Every pattern takes its size from the material's cell and fades to an even tone where a cell gets smaller than about
// two samples (w, the size of a sample on the surface), so that no pattern turns into noise in small pictures.
#pragma once

#include "scene_math.h"

/// A point on a surface as the patterns see it.
typedef struct {
  float u, v;    // in cells
  float wu, wv;  // size of a sample in cells
  v3 p;          // in cells, for solid textures
  float w;
} place;

HOT v3 pick(const croco_material *m, uint32_t h, int count) { return m->color[(h >> 5) % (uint32_t)count]; }
HOT v3 vary(v3 c, float unit, float amount) { return v_scale(c, 1.0f + amount * (2.0f * unit - 1.0f)); }
/// 1 inside a cell, 0 on its border of width b; f is the place within the cell.
HOT float inside(float f, float b, float w) { return soft_step(f, b, w) * soft_step(1.0f - f, b, w); }

// Capital letters, rows from the top, five bits each, the highest bit at the left.
static const uint8_t glyph_rows[26][7] = {
  {14, 17, 17, 31, 17, 17, 17}, {30, 17, 17, 30, 17, 17, 30}, {14, 17, 16, 16, 16, 17, 14},
  {30, 17, 17, 17, 17, 17, 30}, {31, 16, 16, 30, 16, 16, 31}, {31, 16, 16, 30, 16, 16, 16},
  {14, 17, 16, 23, 17, 17, 14}, {17, 17, 17, 31, 17, 17, 17}, {31, 4, 4, 4, 4, 4, 31},
  {7, 2, 2, 2, 2, 18, 12}, {17, 18, 20, 24, 20, 18, 17}, {16, 16, 16, 16, 16, 16, 31},
  {17, 27, 21, 21, 17, 17, 17}, {17, 25, 21, 19, 17, 17, 17}, {14, 17, 17, 17, 17, 17, 14},
  {30, 17, 17, 30, 16, 16, 16}, {14, 17, 17, 17, 21, 18, 13}, {30, 17, 17, 30, 20, 18, 17},
  {15, 16, 16, 14, 1, 1, 30}, {31, 4, 4, 4, 4, 4, 4}, {17, 17, 17, 17, 17, 17, 14},
  {17, 17, 17, 17, 17, 10, 4}, {17, 17, 17, 21, 21, 27, 17}, {17, 17, 10, 4, 10, 17, 17},
  {17, 17, 10, 4, 4, 4, 4}, {31, 1, 2, 4, 8, 16, 31}};

/// Ink of one dot of a letter; nothing outside its 5 x 7 dots.
HOT float glyph_dot(int letter, int column, int row) {
  if (column < 0 || column > 4 || row < 0 || row > 6) return 0.0f;
  return (float)(glyph_rows[letter][row] >> (4 - column) & 1);
}
/// Ink at a place of the letter's grid, with dots joined smoothly.
HOT float glyph_ink(int letter, float x, float y, float w) {
  float gx = x - 0.5f, gy = y - 0.5f;
  int column = f_floor(gx), row = f_floor(gy);
  float fx = gx - (float)column, fy = gy - (float)row;
  float ink = mix(mix(glyph_dot(letter, column, row), glyph_dot(letter, column + 1, row), fx),
                  mix(glyph_dot(letter, column, row + 1), glyph_dot(letter, column + 1, row + 1), fx), fy);
  return soft_step(ink, 0.5f, 0.25f + w);
}

HOT v3 pattern_checker(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u), j = f_floor(s->v);
  uint32_t h = hash3(i, j, m->seed);
  v3 c = (i + j) & 1 ? m->color[0] : (m->seed & 4 ? pick(m, h, 4) : m->color[1]);
  return vary(c, hash_unit(h, 0), 0.3f);
}

HOT v3 pattern_stripes(const croco_material *m, const place *s) {
  float u = s->u + (m->seed & 8 ? 0.35f * noise3(v_make(s->u * 0.4f, s->v * 0.4f, 0.5f), m->seed) : 0.0f);
  int32_t i = f_floor(u);
  uint32_t h = hash3(i, 0, m->seed);
  float f = u - (float)i, split = 0.25f + 0.5f * hash_unit(h, 0);
  uint32_t g = hash3(i, 1, m->seed);
  v3 c = v_mix(pick(m, h, 5), pick(m, g, 6), soft_step(f, split, s->wu));
  // Bands across the stripes tell one place along a stripe from the next.
  int32_t j = f_floor(s->v * 0.5f + hash_unit(g, 1) * 7.0f);
  return vary(c, hash_unit(hash3(i, j, m->seed ^ 99u), 2), 0.35f);
}

HOT v3 pattern_brick(const croco_material *m, const place *s) {
  int32_t j = f_floor(s->v);
  float u = s->u + 0.5f * (float)(j & 1);
  int32_t i = f_floor(u);
  uint32_t h = hash3(i, j, m->seed);
  float brick = inside(s->v - (float)j, 0.08f, s->wv) * inside(u - (float)i, 0.08f * m->cell_v / m->cell_u, s->wu);
  v3 c = hash_unit(h, 3) > 0.75f ? m->color[2] : v_mix(m->color[0], m->color[1], hash_unit(h, 1));
  c = vary(c, hash_unit(h, 2), 0.4f);
  c = vary(c, 0.5f + 0.5f * noise3(v_make(s->u * 5.0f, s->v * 2.5f, 0), m->seed), 0.25f * band(s->wv * 2.5f));
  return v_mix(m->color[m->seed & 16 ? 5 : 4], c, brick);
}

HOT v3 pattern_planks(const croco_material *m, const place *s) {
  int32_t j = f_floor(s->v);
  float u = s->u + 7.31f * hash_unit(hash3(j, 77, m->seed), 1);
  int32_t i = f_floor(u);
  uint32_t h = hash3(i, j, m->seed);
  v3 c = vary(v_mix(m->color[0], m->color[1], hash_unit(h, 1)), hash_unit(h, 2), 0.4f);
  float grain = band(s->wv * 3.0f);
  if (grain > 0.0f) {
    float n = noise3(v_make(s->u * 2.0f + hash_unit(h, 0) * 50.0f, s->v * 3.0f, (float)j), m->seed);
    c = v_mix(c, m->color[4], grain * 0.55f * clamp01(n + 0.15f));
  }
  float plank = inside(s->v - (float)j, 0.04f, s->wv) * inside(u - (float)i, 0.04f * m->cell_v / m->cell_u, s->wu);
  return v_mix(v_scale(m->color[4], 0.4f), c, 0.25f + 0.75f * plank);
}

HOT v3 pattern_truchet(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u), j = f_floor(s->v);
  uint32_t h = hash3(i, j, m->seed);
  float x = s->u - (float)i, y = s->v - (float)j, w = f_max(s->wu, s->wv);
  if (h & 1) x = 1.0f - x;
  v3 base = vary(m->color[0], hash_unit(h, 1), 0.15f);
  float ink;
  switch ((m->seed >> 8) % 3) {
    case 0: {  // two arcs
      float a = fabsf(sqrtf(x * x + y * y) - 0.5f);
      float b = fabsf(sqrtf((1 - x) * (1 - x) + (1 - y) * (1 - y)) - 0.5f);
      ink = 1.0f - soft_step(f_min(a, b), 0.16f, w);
      break;
    }
    case 1: ink = soft_step(x + y, 1.0f, 1.4f * w); break;  // two triangles
    default: {                                              // two quarter discs
      float a = sqrtf(x * x + y * y), b = sqrtf((1 - x) * (1 - x) + (1 - y) * (1 - y));
      ink = 1.0f - soft_step(f_min(a, b), 0.5f, w);
    }
  }
  v3 c = v_mix(base, m->seed & 32 ? pick(m, h, 4) : m->color[1], ink);
  float tile = inside(s->u - (float)i, 0.025f, s->wu) * inside(s->v - (float)j, 0.025f, s->wv);
  return v_mix(m->color[4], c, 0.3f + 0.7f * tile);
}

HOT v3 pattern_dots(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u), j = f_floor(s->v);
  uint32_t h = hash3(i, j, m->seed);
  float r = 0.2f + 0.22f * hash_unit(h, 0);
  float x = s->u - (float)i - 0.5f - (0.5f - r) * (2.0f * hash_unit(h, 1) - 1.0f);
  float y = s->v - (float)j - 0.5f - (0.5f - r) * (2.0f * hash_unit(h, 2) - 1.0f);
  float ink = 1.0f - soft_step(sqrtf(x * x + y * y), r, f_max(s->wu, s->wv));
  v3 dot = m->color[1 + (h >> 24) % 5];
  return v_mix(m->color[0], dot, ink);
}

HOT v3 pattern_glyphs(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u), j = f_floor(s->v);
  uint32_t h = hash3(i, j, m->seed);
  int light = (int)(hash3(j, 5, m->seed) & 1u);
  v3 paper = vary(light ? m->color[5] : m->color[0], hash_unit(hash3(i, j, m->seed + 1), 0), 0.15f);
  if (hash_unit(h, 0) < 0.1f) return v_mix(paper, m->color[3], 0.7f);
  float x = (s->u - (float)i) * 6.6f - 0.8f, y = (s->v - (float)j) * 8.6f - 0.8f;
  float ink = glyph_ink((int)((h >> 8) % 26u), x, y, f_max(s->wu * 6.6f, s->wv * 8.6f));
  v3 c = light ? (h >> 20 & 1 ? m->color[4] : m->color[2]) : (h >> 20 & 1 ? m->color[5] : m->color[1]);
  return v_mix(paper, c, ink);
}

HOT v3 pattern_blotches(const croco_material *m, const place *s) {
  float n = fbm3(s->p, 3, s->w, m->seed) * 2.6f + 2.0f;
  n = f_min(f_max(n, 0.0f), 3.999f);
  int32_t i = f_floor(n);
  float f = n - (float)i, soft = 0.12f + 3.0f * s->w;
  v3 c = m->color[i];
  if (i < 3) c = v_mix(c, m->color[i + 1], soft_step(f, 1.0f, soft));
  if (i > 0) c = v_mix(c, m->color[i - 1], 1.0f - soft_step(f, 0.0f, soft));
  return c;
}

HOT v3 pattern_marble(const croco_material *m, const place *s) {
  float n = fbm3(s->p, 4, s->w, m->seed);
  float x = s->p.x + 0.5f * s->p.y + 2.2f * n;
  float wave = fabsf(x - 2.0f * (float)f_floor(0.5f * x) - 1.0f);
  v3 c = v_mix(m->color[0], m->color[1], smooth01(1.4f * wave - 0.2f));
  float vein = 1.0f - soft_step(fabsf(n - 0.1f), 0.05f, 0.1f + 2.0f * s->w);
  return v_mix(c, m->color[4], 0.8f * vein * band(s->w * 2.0f));
}

HOT v3 pattern_rings(const croco_material *m, const place *s) {
  v3 p = s->p;
  float n = fbm3(v_make(p.x, p.y, p.z * 0.3f), 2, s->w, m->seed);
  float r = 2.0f * sqrtf(p.x * p.x + p.y * p.y) + 1.1f * n;
  int32_t i = f_floor(r);
  uint32_t h = hash3(i, 3, m->seed);
  v3 c = vary(v_mix(m->color[0], m->color[1], smooth01((r - (float)i) * 1.2f)), hash_unit(h, 1), 0.35f);
  float fine = band(s->w * 4.0f);
  if (fine > 0.0f) {
    float streak = noise3(v_make(p.x * 4.0f, p.y * 4.0f, p.z * 0.8f), m->seed + 9u);
    c = vary(c, 0.5f + 0.5f * streak, 0.3f * fine);
  }
  return c;
}

HOT v3 pattern_stones(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u), j = f_floor(s->v);
  float first = 9.0f, second = 9.0f;
  uint32_t nearest = 0;
  for (int32_t y = j - 1; y <= j + 1; y++) {
    for (int32_t x = i - 1; x <= i + 1; x++) {
      uint32_t h = hash3(x, y, m->seed);
      float dx = (float)x + 0.15f + 0.7f * hash_unit(h, 0) - s->u;
      float dy = (float)y + 0.15f + 0.7f * hash_unit(h, 1) - s->v;
      float d = dx * dx + dy * dy;
      if (d < first) {
        second = first;
        first = d;
        nearest = h;
      } else if (d < second) {
        second = d;
      }
    }
  }
  float gap = sqrtf(second) - sqrtf(first), w = f_max(s->wu, s->wv);
  uint32_t g = hash3((int32_t)nearest, 1, m->seed);
  v3 c = vary(m->color[(g >> 9) % 4], hash_unit(g, 3), 0.35f);
  c = vary(c, clamp01(1.6f * gap), 0.12f);
  return v_mix(m->color[4], c, soft_step(gap, 0.09f, 2.0f * w));
}

HOT v3 pattern_zigzag(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u);
  float v = s->v + fabsf(2.0f * (s->u - (float)i) - 1.0f) * 0.8f;
  int32_t j = f_floor(v);
  uint32_t h = hash3(j, 11, m->seed);
  return vary(m->color[(h >> 7) % 6], hash_unit(hash3(i, j, m->seed), 1), 0.35f);
}

HOT v3 pattern_grass(const croco_material *m, const place *s) {
  v3 p = v_make(s->u, s->v, 0.5f);
  float n = fbm3(p, 4, s->w, m->seed);
  v3 c = v_mix(m->color[0], m->color[1], smooth01(0.5f + 1.1f * n));
  float patch = noise3(v_make(s->u * 0.6f, s->v * 0.6f, 9.5f), m->seed + 5u) + 0.35f * n;
  c = v_mix(c, m->color[2], smooth01((patch - 0.12f) * 5.0f));
  // Flowers, stones or tufts.
  float u = s->u * 3.2f, v = s->v * 3.2f, w = s->w * 3.2f;
  int32_t i = f_floor(u), j = f_floor(v);
  uint32_t h = hash3(i, j, m->seed);
  if (hash_unit(h, 3) < 0.5f) {
    float r = 0.1f + 0.16f * hash_unit(h, 0);
    float x = u - (float)i - 0.35f - 0.3f * hash_unit(h, 1), y = v - (float)j - 0.35f - 0.3f * hash_unit(h, 2);
    float ink = 1.0f - soft_step(sqrtf(x * x + y * y), r, 0.08f + w);
    c = v_mix(c, m->color[3 + (h >> 29) % 3], ink * band(w * 0.5f));
  }
  return c;
}

HOT v3 pattern_plaid(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u * 2.0f), j = f_floor(s->v * 2.0f);
  uint32_t a = hash3(i, 21, m->seed), b = hash3(j, 22, m->seed);
  v3 c = v_scale(v_add(m->color[(a >> 7) % 6], m->color[(b >> 7) % 6]), 0.5f);
  return vary(c, hash_unit(hash3(i, j, m->seed), 0), 0.2f);
}

HOT v3 pattern_windows(const croco_material *m, const place *s) {
  int32_t i = f_floor(s->u), j = f_floor(s->v);
  uint32_t h = hash3(i, j, m->seed);
  float x = s->u - (float)i, y = s->v - (float)j;
  float stain = 0.5f + 0.5f * noise3(v_make(s->u * 2.0f, s->v * 4.0f, 0), m->seed);
  v3 wall = vary(m->color[0], stain, 0.3f * band(s->w * 4.0f));
  wall = v_mix(m->color[1], wall, soft_step(y, 0.1f, s->wv));
  float frame = inside(x, 0.18f, s->wu) * inside(y, 0.2f, s->wv);
  float pane = inside(x, 0.25f, s->wu) * inside(y, 0.27f, s->wv) * soft_step(fabsf(x - 0.5f), 0.03f, s->wu);
  v3 dark = v_mix(m->color[4], m->color[2], clamp01(1.5f * hash_unit(h, 2) - 0.5f));
  v3 glass = hash_unit(h, 1) > 0.6f ? m->color[3] : dark;
  v3 c = v_mix(wall, m->color[5], frame);
  return v_mix(c, v_mix(glass, v_scale(m->color[5], 0.8f), 0.25f * y), pane);
}

/// Squares that split into four, again and again: detail at several sizes and no two places alike.
HOT v3 pattern_patchwork(const croco_material *m, const place *s) {
  float u = s->u, v = s->v;
  uint32_t h = 0;
  float w = f_max(s->wu, s->wv);
  for (uint32_t level = 0; level < 2; level++) {
    int32_t i = f_floor(u), j = f_floor(v);
    h = hash3(i, j, m->seed + level);
    if ((h >> 28) < 3u + 4u * level || w > 0.35f) break;
    u *= 2.0f;
    v *= 2.0f;
    w *= 2.0f;
  }
  return vary(m->color[(h >> 7) % 6], hash_unit(h, 2), 0.3f);
}

HOT v3 picture_view(const croco_material *m, float x, float y) {
  v3 c = v_mix(m->color[5], m->color[0], y < 0.7f ? 1.0f - y / 0.7f : 0.0f);
  float sx = x - 0.25f - 0.5f * hash_unit(m->seed, 1), sy = y - 0.3f;
  c = v_mix(m->color[3], c, soft_step(sqrtf(sx * sx + sy * sy), 0.11f, 0.03f));
  for (uint32_t k = 0; k < 3; k++) {
    float ridge = noise3(v_make(x * (2.0f + (float)k) + 9.0f, (float)k, 0.5f), m->seed);
    float line = 0.5f + 0.14f * (float)k + 0.16f * ridge;
    c = v_mix(c, vary(m->color[k == 2 ? 4 : 1 + k], x, 0.2f), soft_step(y, line, 0.02f));
  }
  return c;
}

HOT v3 picture_shapes(const croco_material *m, float x, float y) {
  v3 c = m->color[0];
  for (int32_t k = 0; k < 5; k++) {
    uint32_t h = hash3(k, 8, m->seed);
    float dx = x - 0.1f - 0.8f * hash_unit(h, 0), dy = y - 0.1f - 0.8f * hash_unit(h, 1);
    float r = 0.1f + 0.2f * hash_unit(h, 2);
    float d = h >> 30 & 1 ? sqrtf(dx * dx + dy * dy) : f_max(fabsf(dx), fabsf(dy) * (0.5f + 1.5f * hash_unit(h, 3)));
    c = v_mix(m->color[1 + k % 5], c, soft_step(d, r, 0.02f));
  }
  return c;
}

HOT v3 pattern_picture(const croco_material *m, const place *s) {
  float x = s->u, y = s->v;
  float canvas = inside(x, 0.09f, s->wu) * inside(y, 0.09f, s->wv);
  v3 c;
  if ((m->seed >> 16) % 3 == 0) {
    float head = sqrtf((x - 0.5f) * (x - 0.5f) * 1.7f + (y - 0.42f) * (y - 0.42f));
    float body = sqrtf((x - 0.5f) * (x - 0.5f) + (y - 1.05f) * (y - 1.05f));
    c = v_mix(m->color[0], m->color[2], y);
    c = v_mix(m->color[1], c, soft_step(body, 0.4f, 0.02f));
    c = v_mix(m->color[3], c, soft_step(head, 0.2f, 0.02f));
    c = v_mix(m->color[4], c, f_max(soft_step(head, 0.22f, 0.02f), soft_step(y, 0.36f, 0.02f)));
  } else {
    c = (m->seed >> 16) % 3 == 1 ? picture_view(m, x, y) : picture_shapes(m, x, y);
  }
  return v_mix(v_scale(m->color[4], 0.5f + 0.8f * x), c, canvas);
}

HOT v3 pattern_plain(const croco_material *m, const place *s) {
  float n = fbm3(s->p, 3, s->w, m->seed);
  return v_mix(m->color[0], m->color[1], clamp01(0.5f + 0.9f * n));
}

/// Whether the pattern lives in space (place.p) and needs no surface coordinates.
HOT int is_solid_pattern(int32_t pattern) {
  return pattern == CROCO_PLAIN || pattern == CROCO_BLOTCHES || pattern == CROCO_MARBLE || pattern == CROCO_RINGS;
}

/// Colour of a material at surface coordinates (u, v) and point p, all in metres, seen in samples of size w (metres).
HOT v3 material_color(const croco_material *m, float u, float v, v3 p, float w) {
  float iu = 1.0f / m->cell_u, iv = 1.0f / m->cell_v;
  float turned_u = m->turn_cos * u - m->turn_sin * v, turned_v = m->turn_sin * u + m->turn_cos * v;
  place s = {turned_u * iu + m->shift_u, turned_v * iv + m->shift_v, w * iu, w * iv,
             v_make(p.x * iu + m->shift_u, p.y * iu + m->shift_v, p.z * iu + m->shift_u), w * f_max(iu, iv)};
  v3 c;
  switch (m->pattern) {
    case CROCO_PLAIN: return pattern_plain(m, &s);
    case CROCO_BLOTCHES: return pattern_blotches(m, &s);
    case CROCO_MARBLE: return pattern_marble(m, &s);
    case CROCO_RINGS: return pattern_rings(m, &s);
    case CROCO_PICTURE: return pattern_picture(m, &s);
    case CROCO_CHECKER: c = pattern_checker(m, &s); break;
    case CROCO_STRIPES: c = pattern_stripes(m, &s); break;
    case CROCO_BRICK: c = pattern_brick(m, &s); break;
    case CROCO_PLANKS: c = pattern_planks(m, &s); break;
    case CROCO_TRUCHET: c = pattern_truchet(m, &s); break;
    case CROCO_DOTS: c = pattern_dots(m, &s); break;
    case CROCO_GLYPHS: c = pattern_glyphs(m, &s); break;
    case CROCO_STONES: c = pattern_stones(m, &s); break;
    case CROCO_ZIGZAG: c = pattern_zigzag(m, &s); break;
    case CROCO_GRASS: c = pattern_grass(m, &s); break;
    case CROCO_PLAID: c = pattern_plaid(m, &s); break;
    case CROCO_WINDOWS: c = pattern_windows(m, &s); break;
    default: c = pattern_patchwork(m, &s);
  }
  float seen = band(0.5f * s.w);
  if (seen >= 1.0f) return c;
  return v_mix(v_scale(v_add(m->color[0], m->color[1]), 0.5f), c, seen);
}
