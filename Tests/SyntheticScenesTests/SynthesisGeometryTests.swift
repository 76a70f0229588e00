import CScene
import Foundation
import Runtime
import Testing

/// The scene tracer against analytic values and against walking along rays in small steps.
struct SynthesisGeometryTests {
  private typealias Vector = SIMD3<Float>

  private static func kernel(_ v: Vector) -> croco_vec3 { croco_vec3(x: v.x, y: v.y, z: v.z) }
  private static func vector(_ v: croco_vec3) -> Vector { Vector(v.x, v.y, v.z) }

  private static func solid(
    _ shape: Int, size: Vector, center: Vector = .zero, yaw: Float = 0, tilt: Float = 0, taper: (Float, Float) = (1, 1)
  ) -> croco_solid {
    let ahead = Vector(-sin(yaw), cos(yaw), 0)
    let up = Vector(0, 0, 1)
    return croco_solid(
      axis_x: kernel(Vector(cos(yaw), sin(yaw), 0)), axis_y: kernel(ahead * cos(tilt) + up * sin(tilt)),
      axis_z: kernel(up * cos(tilt) - ahead * sin(tilt)), center: kernel(center), size: kernel(size), taper_x: taper.0,
      taper_y: taper.1, bound: shape == CROCO_TORUS ? size.x + size.y : (size * size).sum().squareRoot() * 1.5,
      blocking: 0, shape: Int32(shape), material: 0, end_material: 0)
  }

  /// Traces one ray through a landscape of the given solids, whose ground lies far below.
  private static func trace(_ solids: [croco_solid], from origin: Vector, toward target: Vector) -> croco_hit {
    let step = target - origin
    let direction = step / (step * step).sum().squareRoot()
    return solids.withUnsafeBufferPointer { buffer in
      var scene = croco_scene()
      scene.solids = buffer.baseAddress
      scene.solid_count = Int32(buffer.count)
      return croco_scene_trace(&scene, kernel(origin), kernel(direction))
    }
  }

  /// Whether a point, in the solid's own axes, lies inside: the definition that the tracer has to agree with.
  private static func contains(_ solid: croco_solid, _ point: Vector) -> Bool {
    let offset = point - vector(solid.center)
    let p = Vector(
      (offset * vector(solid.axis_x)).sum(), (offset * vector(solid.axis_y)).sum(),
      (offset * vector(solid.axis_z)).sum())
    let size = vector(solid.size)
    let rise = (p.z / size.z + 1) / 2
    switch Int(solid.shape) {
    case Int(CROCO_ELLIPSOID): return (p * p / (size * size)).sum() < 1
    case Int(CROCO_FRUSTUM):
      let radius = size.x + (size.y - size.x) * rise
      return abs(p.z) < size.z && p.x * p.x + p.y * p.y < radius * radius
    case Int(CROCO_PRISM):
      return abs(p.z) < size.z && abs(p.x) < size.x * (1 + (solid.taper_x - 1) * rise)
        && abs(p.y) < size.y * (1 + (solid.taper_y - 1) * rise)
    default:
      let ring = (p.x * p.x + p.y * p.y).squareRoot() - size.x
      return ring * ring + p.z * p.z < size.y * size.y
    }
  }

  @Test("A ray along an axis enters each solid at its known distance and with its known normal")
  func test_trace_meetsSolidsAtAnalyticDistances() {
    let far = Vector(-5, 0, 1)
    let cases: [(croco_solid, from: Vector, to: Vector, distance: Float, normal: Vector)] = [
      (
        Self.solid(Int(CROCO_ELLIPSOID), size: Vector(2, 1, 1), center: Vector(0, 0, 1)), far, Vector(0, 0, 1), 3,
        Vector(-1, 0, 0)
      ),
      (
        Self.solid(Int(CROCO_PRISM), size: Vector(1, 1, 1), center: Vector(0, 0, 1)), far, Vector(0, 0, 1), 4,
        Vector(-1, 0, 0)
      ),
      // A box turned by 45 degrees shows its edge, half a diagonal from its middle, and beside it a face.
      (
        Self.solid(Int(CROCO_PRISM), size: Vector(1, 1, 1), center: Vector(0, 0, 1), yaw: .pi / 4),
        Vector(-5, 0.001, 1),
        Vector(0, 0.001, 1), 5 - Float(2).squareRoot() + 0.001, Vector(-0.70710678, 0.70710678, 0)
      ),
      (
        Self.solid(Int(CROCO_FRUSTUM), size: Vector(1, 1, 2), center: Vector(0, 0, 3)), Vector(0.3, 0.2, 9),
        Vector(0.3, 0.2, 0), 4, Vector(0, 0, 1)
      ),
      // A cone of height 2 and radius 1 has radius 0.5 half-way up and a slope of 1 to 2.
      (
        Self.solid(Int(CROCO_FRUSTUM), size: Vector(1, 0, 1), center: Vector(0, 0, 1)), far, Vector(0, 0, 1), 4.5,
        Vector(-2, 0, 1) / Float(5).squareRoot()
      ),
      (
        Self.solid(Int(CROCO_TORUS), size: Vector(1, 0.25, 0), center: Vector(0, 0, 1)), far, Vector(0, 0, 1), 3.75,
        Vector(-1, 0, 0)
      ),
      // From above onto the crest of the ring.
      (
        Self.solid(Int(CROCO_TORUS), size: Vector(1, 0.25, 0), center: Vector(0, 0, 1)), Vector(0, 1, 4),
        Vector(0, 1, 0), 2.75,
        Vector(0, 0, 1)
      ),
    ]
    for (solid, from, to, distance, normal) in cases {
      let hit = Self.trace([solid], from: from, toward: to)
      #expect(hit.surface == 0)
      #expect(abs(hit.distance - distance) < 1e-3, "shape \(solid.shape): \(hit.distance), not \(distance)")
      let difference = Self.vector(hit.normal) - normal
      #expect((difference * difference).sum() < 1e-5, "shape \(solid.shape): normal \(hit.normal)")
    }
  }

  @Test("A ray through the hole of a ring and a ray past a solid meet the ground")
  func test_trace_missesWhatItPasses() {
    let ring = Self.solid(Int(CROCO_TORUS), size: Vector(1, 0.25, 0), center: Vector(0, 0, 1))
    let hit = Self.trace([ring], from: Vector(0.1, 0.2, 4), toward: Vector(0.1, 0.2, 0))
    #expect(hit.surface == 1 + 4 && abs(hit.distance - 4) < 1e-5)
    #expect(Self.trace([ring], from: Vector(0, 0, 4), toward: Vector(9, 0, 5)).surface == -1)
  }

  @Test("Rays straight along an axis, with components of exactly zero, meet the wall of a room that they point at")
  func test_trace_meetsWallsStraightOn() {
    var scene = croco_scene()
    scene.is_room = 1
    scene.room_low = Self.kernel(Vector(-1, -2, 0))
    scene.room_high = Self.kernel(Vector(3, 4, 5))
    let origin = Self.kernel(Vector(0.5, 1, 2))
    for zero in [Float(0), -0.0] {
      let cases: [(Vector, wall: Int32, distance: Float)] = [
        (Vector(-1, zero, zero), 0, 1.5), (Vector(1, zero, zero), 1, 2.5), (Vector(zero, -1, zero), 2, 3),
        (Vector(zero, 1, zero), 3, 3), (Vector(zero, zero, -1), 4, 2), (Vector(zero, zero, 1), 5, 3),
        (Vector(zero, 0.6, 0.8), 5, 3.75), (Vector(0.8, 0.6, zero), 1, 3.125), (Vector(-0.6, zero, 0.8), 0, 2.5),
      ]
      for (direction, wall, distance) in cases {
        let hit = croco_scene_trace(&scene, origin, Self.kernel(direction))
        #expect(hit.surface == wall, "\(direction) met wall \(hit.surface)")
        #expect(abs(hit.distance - distance) < 1e-5, "\(direction) met its wall at \(hit.distance)")
      }
    }
  }

  @Test("Every shape, turned and tilted, is entered where small steps along the ray first find its inside")
  func test_trace_agreesWithMarching() {
    var random = RandomStream(seed: 3, purpose: .test)
    func draw(_ low: Float, _ high: Float) -> Float { random.nextUniform(low...high) }
    let step: Float = 0.004
    var hits = 0
    for trial in 0..<600 {
      let shape = trial % 4
      let size =
        shape == Int(CROCO_TORUS)
        ? Vector(draw(0.5, 1), draw(0.15, 0.4), 0) : Vector(draw(0.3, 1), draw(0.3, 1), draw(0.3, 1))
      let solid = Self.solid(
        shape, size: shape == Int(CROCO_FRUSTUM) && trial % 8 > 3 ? Vector(size.x, 0, size.z) : size,
        center: Vector(draw(-1, 1), draw(-1, 1), 20), yaw: draw(0, 6.28), tilt: draw(-1.5, 1.5),
        taper: (draw(0, 1), draw(0, 1)))
      let center = Self.vector(solid.center)
      let from = center + Vector(draw(-4, 4), draw(-4, 4), draw(2, 4))
      let toward = center + Vector(draw(-0.9, 0.9), draw(-0.9, 0.9), draw(-0.9, 0.9))
      let span = toward - from
      let direction = span / (span * span).sum().squareRoot()
      let hit = Self.trace([solid], from: from, toward: toward)
      let marched = stride(from: Float(0), to: 9, by: step).first { Self.contains(solid, from + direction * $0) }
      if let marched {
        hits += 1
        guard hit.surface == 0 else {
          // A graze that lasts for a few steps only may be lost to rounding.
          #expect(
            !Self.contains(solid, from + direction * (marched + 5 * step)), "trial \(trial) missed shape \(shape)")
          continue
        }
        #expect(
          marched - hit.distance > -2e-3 && marched - hit.distance < step + 2e-2, "trial \(trial), shape \(shape)")
        let point = Self.vector(hit.point)
        let normal = Self.vector(hit.normal)
        #expect(abs((normal * normal).sum() - 1) < 1e-4)
        #expect((normal * direction).sum() < 1e-4)
        #expect(!Self.contains(solid, point + normal * 5e-3), "trial \(trial): the normal points inwards")
      } else if hit.surface == 0 {
        // Met between two steps: then the way through the solid is shorter than a step.
        #expect(
          !Self.contains(solid, from + direction * (hit.distance + step)), "trial \(trial) met shape \(shape) too much")
      }
    }
    #expect(hits > 250)
  }

  @Test("The nearest of many solids is the one that single traces find")
  func test_trace_findsTheNearestOfMany() {
    var random = RandomStream(seed: 5, purpose: .test)
    let solids = (0..<41).map { _ in
      Self.solid(
        Int(CROCO_ELLIPSOID), size: Vector(repeating: random.nextUniform(0.2...0.6)),
        center: Vector(random.nextUniform(-4...4), random.nextUniform(-4...4), random.nextUniform(1...5)))
    }
    var met = 0
    for _ in 0..<400 {
      let from = Vector(random.nextUniform(-6...6), -9, random.nextUniform(1...5))
      let to = Vector(random.nextUniform(-4...4), 0, random.nextUniform(1...5))
      let hit = Self.trace(solids, from: from, toward: to)
      let single = solids.indices.map { index in
        let alone = Self.trace([solids[index]], from: from, toward: to)
        return (index, alone.surface == 0 ? alone.distance : .infinity)
      }.min { $0.1 < $1.1 }!
      if single.1.isFinite {
        met += 1
        #expect(hit.surface == Int32(single.0) && hit.distance == single.1)
      } else {
        #expect(hit.surface == -1 || hit.surface >= Int32(solids.count))
      }
    }
    #expect(met > 50)
  }

  @Test(
    "Flow over a wall that the camera faces is focal length times shift over distance, and none is seen behind a ball")
  func test_flow_matchesAnalyticParallax() {
    let size = 32
    var ball = Self.solid(Int(CROCO_ELLIPSOID), size: Vector(repeating: 0.2), center: Vector(0, 2, 1.5))
    var material = croco_material()
    material.cell_u = 1
    material.cell_v = 1
    var scene = croco_scene()
    scene.is_room = 1
    scene.room_low = Self.kernel(Vector(-9, -1, 0))
    scene.room_high = Self.kernel(Vector(9, 4, 3))
    func camera(_ x: Float) -> croco_camera {
      croco_camera(
        position: Self.kernel(Vector(x, 0, 1.5)), right: Self.kernel(Vector(1, 0, 0)),
        down: Self.kernel(Vector(0, 0, -1)),
        forward: Self.kernel(Vector(0, 1, 0)), focal: 60, width: Int32(size), height: Int32(size))
    }
    var view1 = camera(0)
    var view2 = camera(0.4)
    func flow(_ solids: Int32) -> [Float] {
      var values = [Float](repeating: 0, count: size * size * 2)
      scene.solid_count = solids
      withUnsafePointer(to: &material) { material in
        withUnsafePointer(to: &ball) { ball in
          scene.solids = ball
          scene.materials = material
          croco_scene_flow(&scene, &view1, &view2, &values, nil, nil)
        }
      }
      return values
    }
    let wall = flow(0)
    for pixel in 0..<(size * size) {
      // 60 px * 0.4 m / 4 m: six pixels to the left; the six columns at the left edge leave the picture.
      if pixel % size < 6 {
        #expect(wall[2 * pixel].isNaN)
      } else {
        #expect(abs(wall[2 * pixel] + 6) < 1e-3 && abs(wall[2 * pixel + 1]) < 1e-3)
      }
    }
    let both = flow(1)
    let middle = 2 * (size / 2 * size + size / 2)
    // The ball's front lies 1.8 m away.
    #expect(abs(both[middle] + 60 * 0.4 / 1.8) < 0.2)
    // In view 2 the ball stands 12 pixels further left, before the wall that view 1 shows 6 pixels left of the ball.
    #expect(both[middle - 2 * 7].isNaN)
    #expect(wall[middle - 2 * 7].isFinite)
  }
}
