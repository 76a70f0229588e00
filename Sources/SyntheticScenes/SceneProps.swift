import Foundation

/// Things that stand on the floor of a room or on the ground. `foot` is the point below their middle.
extension SceneBuilder {
  /// Any one thing about `size` metres wide.
  mutating func prop(at foot: Vector, size: Float) {
    let yaw = uniform(0...6.28)
    let r = size / 2
    switch random.nextIndex(below: 12) {
    case 0: ball(foot + Vector(0, 0, r), radius: r, material: thing(size))
    case 1: crate(at: foot, half: Vector(r * 0.75, r * uniform(0.5...0.8), r * uniform(0.5...1)), yaw: yaw)
    case 2:
      let half = r * uniform(0.6...1.5)
      frustum(
        Placement(foot + Vector(0, 0, half), yaw: yaw), bottom: r * 0.7, top: r * uniform(0.5...0.8), halfHeight: half,
        material: thing(size), ends: thing(size))
    case 3:
      frustum(
        Placement(foot + Vector(0, 0, r), yaw: yaw), bottom: r * 0.8, top: uniform(0...0.25) * r, halfHeight: r,
        material: thing(size))
    case 4: ring(at: foot, radius: r, yaw: yaw)
    case 5: stack(at: foot, radius: r, yaw: yaw)
    case 6: barrel(at: foot, radius: r * 0.6, yaw: yaw)
    case 7:
      let half = Vector(r * 0.6, r * 0.6, r * 0.8)
      ellipsoid(Placement(foot + Vector(0, 0, half.z), yaw: yaw), size: half, material: thing(size))
    case 8:
      box(
        Placement(foot + Vector(0, 0, r * 0.7), yaw: yaw), size: Vector(r * 0.8, r * 0.8, r * 0.7),
        material: thing(size),
        taper: (uniform(0...0.5), uniform(0...0.5)))
    case 9: pile(at: foot, radius: r * 0.45, yaw: yaw)
    case 10: totem(at: foot, radius: r * 0.5)
    default: crate(at: foot, half: Vector(r * 0.7, r * 0.7, r * 0.7), yaw: yaw)
    }
  }

  mutating func crate(at foot: Vector, half: Vector, yaw: Float) {
    box(
      Placement(foot + Vector(0, 0, half.z), yaw: yaw), size: half, material: thing(half.max() * 2),
      ends: thing(half.x * 2))
  }

  /// A ring that lies or stands.
  mutating func ring(at foot: Vector, radius: Float, yaw: Float) {
    let tube = radius * uniform(0.25...0.38)
    let stands = chance(0.5)
    let center = foot + Vector(0, 0, stands ? radius : tube)
    torus(
      Placement(center, yaw: yaw, tilt: stands ? .pi / 2 : 0), ring: radius - tube, tube: tube,
      material: thing(radius * 1.6))
  }

  /// Boxes on each other, each turned a little, with something on top.
  mutating func stack(at foot: Vector, radius: Float, yaw: Float) {
    var base = foot
    var half = Vector(radius * 0.75, radius * 0.65, radius * uniform(0.35...0.5))
    for level in 0..<(2 + random.nextIndex(below: 2)) {
      crate(at: base, half: half, yaw: yaw + uniform(-0.5...0.5) * Float(min(level, 1)))
      base.z += 2 * half.z
      half *= uniform(0.65...0.85)
    }
    if chance(0.6) {
      let r = half.min() * 1.1
      ball(base + Vector(0, 0, r), radius: r, material: thing(r * 2))
    }
  }

  /// A cylinder that stands or lies.
  mutating func barrel(at foot: Vector, radius: Float, yaw: Float) {
    let half = radius * uniform(1.2...1.7)
    let lies = chance(0.5)
    frustum(
      Placement(foot + Vector(0, 0, lies ? radius : half), yaw: yaw, tilt: lies ? .pi / 2 : 0), bottom: radius,
      top: radius, halfHeight: half, material: thing(radius * 2.5), ends: thing(radius * 2))
  }

  /// Three balls with a fourth on them.
  mutating func pile(at foot: Vector, radius: Float, yaw: Float) {
    let distance = radius * 2 / Float(3).squareRoot()
    for k in 0..<3 {
      let angle = yaw + Float(k) * 2.0944
      ball(
        foot + Vector(cos(angle) * distance, sin(angle) * distance, radius), radius: radius, material: thing(radius * 2)
      )
    }
    ball(foot + Vector(0, 0, radius * 2.633), radius: radius, material: thing(radius * 2))
  }

  /// Round things of shrinking size on each other.
  mutating func totem(at foot: Vector, radius: Float) {
    var r = radius
    var height: Float = 0
    for level in 0..<3 {
      if level == 1 && chance(0.5) {
        frustum(
          Placement(foot + Vector(0, 0, height + r * 0.7), yaw: uniform(0...6)), bottom: r, top: r * 0.8,
          halfHeight: r * 0.7, material: thing(r * 2))
        height += r * 1.4
      } else {
        ball(foot + Vector(0, 0, height + r * 0.95), radius: r, material: thing(r * 2))
        height += r * 1.85
      }
      r *= uniform(0.65...0.85)
    }
  }
}
