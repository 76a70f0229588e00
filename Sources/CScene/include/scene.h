// A ray tracer for synthetic scenes: textured convex objects and tori in a room or a landscape.
//
// Lengths are metres, z is up, colours are linear light. Everything is a pure function of its arguments.
#pragma once

#include <stdint.h>

typedef struct {
  float x, y, z;
} croco_vec3;

/// A pinhole camera with square pixels. Pixel (column, row) has its centre at (column + 0.5, row + 0.5).
typedef struct {
  croco_vec3 position;
  /// Orthonormal axes: to the right, down and forward in the picture.
  croco_vec3 right, down, forward;
  /// Focal length in pixels.
  float focal;
  int32_t width, height;
} croco_camera;

/// A scene holds no more solids than this; the rest is not seen.
enum { CROCO_MAX_SOLIDS = 256 };

enum { CROCO_ELLIPSOID = 0, CROCO_FRUSTUM = 1, CROCO_PRISM = 2, CROCO_TORUS = 3 };

/// A solid in its own axes, around its own origin.
///
/// ellipsoid: size = semi-axes. frustum: size = (bottom radius, top radius, half height), axis z. prism:
/// half-extents size.x and size.y at its bottom, half height size.z, the half-extents at its top scaled by taper_x and
/// taper_y (1: box, 0: roof or pyramid). torus: size = (ring radius, tube radius, -), axis z.
typedef struct {
  /// The solid's axes in the world.
  croco_vec3 axis_x, axis_y, axis_z;
  croco_vec3 center;
  croco_vec3 size;
  float taper_x, taper_y;
  /// Radius of a sphere around center that holds the solid.
  float bound;
  /// Radius of the sphere that stands for the solid in contact shadows.
  float blocking;
  int32_t shape;
  /// Material of the sides and of the two ends (flat top and bottom).
  int32_t material, end_material;
} croco_solid;

enum {
  CROCO_PLAIN = 0, CROCO_CHECKER, CROCO_STRIPES, CROCO_BRICK, CROCO_PLANKS, CROCO_TRUCHET, CROCO_DOTS, CROCO_GLYPHS,
  CROCO_BLOTCHES, CROCO_MARBLE, CROCO_RINGS, CROCO_STONES, CROCO_ZIGZAG, CROCO_PICTURE, CROCO_GRASS, CROCO_PLAID,
  CROCO_WINDOWS, CROCO_PATCHWORK, CROCO_PATTERN_COUNT
};

/// A procedural texture and how it shines.
typedef struct {
  int32_t pattern;
  uint32_t seed;
  croco_vec3 color[6];
  /// Size of one cell of the pattern in surface coordinates (metres; for pictures the picture's size).
  float cell_u, cell_v;
  /// Where the pattern starts.
  float shift_u, shift_v;
  /// Rotation of the pattern on the surface: cosine and sine.
  float turn_cos, turn_sin;
  /// Strength of the highlight and its exponent's half width (larger: sharper).
  float gloss, sharpness;
  /// Strength of the bumps that only shading shows.
  float bump;
} croco_material;

/// The surroundings and the lights.
typedef struct {
  const croco_solid *solids;
  int32_t solid_count;
  const croco_material *materials;
  /// 1: the inside of the box room_low ... room_high; 0: the ground plane z = 0 under a sky.
  int32_t is_room;
  croco_vec3 room_low, room_high;
  /// Materials of the walls -x, +x, -y, +y, the floor or ground, and the ceiling.
  int32_t wall_material[6];
  /// Main light: a position with a radius (room), or the direction to the sun (landscape; radius in radians).
  croco_vec3 light;
  float light_radius;
  croco_vec3 light_color;
  /// A second light without shadow: direction to it.
  croco_vec3 fill;
  croco_vec3 fill_color;
  /// Ambient light from above and from below.
  croco_vec3 ambient_up, ambient_down;
  /// Sky: overhead, at the horizon, clouds, two ranges of hills. Height of hills and share of clouds.
  croco_vec3 sky_zenith, sky_horizon, cloud, hill_far, hill_near;
  float hill_height, cloud_share;
  uint32_t sky_seed;
  /// Distance at which haze has taken 63 % of the colour; 0: none.
  float haze_distance;
  float exposure;
} croco_scene;

/// What the ray through one point of the picture meets first.
typedef struct {
  /// Distance along the ray of unit direction; infinite for the sky.
  float distance;
  /// Solid number; solid_count + wall number (0 ... 5) for the surroundings; -1 for the sky.
  int32_t surface;
  croco_vec3 point, normal;
} croco_hit;

/// Traces one ray (direction of length 1) through the scene.
croco_hit croco_scene_trace(const croco_scene *scene, croco_vec3 origin, croco_vec3 direction);

/// Renders 8-bit sRGB [height, width, 3] with samples x samples rays a pixel, through a lens that blurs by half one.
///
/// light [height, width, 3] receives the linear picture before the lens.
void croco_scene_render(const croco_scene *scene, const croco_camera *camera, int32_t samples, float *light,
                        uint8_t *pixels);

/// Flow from view 1 to view 2 in pixels (x, y) [height, width, 2]; NaN where the point is hidden or outside view 2.
///
/// depth [height, width] and surface [height, width] of view 1 may be null.
void croco_scene_flow(const croco_scene *scene, const croco_camera *view1, const croco_camera *view2, float *flow,
                      float *depth, int32_t *surface);
