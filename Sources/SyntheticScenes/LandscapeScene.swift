internal import CScene
import Foundation

/// Open ground under a sky, with houses, trees, rocks and things about.
struct LandscapeScene {
  let ground: Int32

  /// Draws the ground and what stands on it, within about 10 metres of the origin.
  init(_ builder: inout SceneBuilder) {
    ground = builder.add(Self.ground(&builder.maker))
    mounds(&builder)
    var taken: [(Vector, Float)] = []
    for _ in 0..<150 where taken.count < 18 {
      let angle = builder.uniform(0...6.2832)
      let distance = 9 * builder.uniform(0.05...1).squareRoot()
      let at = Vector(cos(angle) * distance, sin(angle) * distance, 0)
      // Large things stand further out, where they do not hide the rest.
      let radius = distance > 4 ? builder.uniform(1.1...2.2) : builder.uniform(0.6...1.1)
      guard taken.allSatisfy({ ($0.0 - at).length > $0.1 + radius * 1.05 }) else { continue }
      taken.append((at, radius))
      place(&builder, at: at, radius: radius, isLarge: distance > 4)
    }
  }

  private static func ground(_ maker: inout MaterialMaker) -> croco_material {
    let pattern = maker.pick([.grass, .grass, .grass, .stones, .patchwork, .blotches, .brick] as [ScenePattern])
    let palette: ScenePalette? =
      switch pattern {
      case .grass: maker.pick([.meadow, .sand, .autumn, .meadow])
      case .stones, .brick: maker.pick([.rock, .brick, .sand])
      case .blotches: maker.pick([.sand, .rock, .leaves])
      default: nil
      }
    let cell: Float =
      switch pattern {
      case .grass: maker.random.nextUniform(2...3)
      case .brick: maker.random.nextUniform(0.85...1.2)
      case .stones: maker.random.nextUniform(1.2...1.8)
      default: maker.random.nextUniform(2.2...3.4)
      }
    return maker.make(
      pattern, cell: cell, palette: palette, turned: maker.random.nextUniform(0...3),
      bump: pattern == .grass ? 0.3 : 0.15)
  }

  /// Low hills: ellipsoids that are mostly below the ground.
  private func mounds(_ builder: inout SceneBuilder) {
    for _ in 0..<(2 + builder.random.nextIndex(below: 3)) {
      let angle = builder.uniform(0...6.2832)
      let distance = builder.uniform(10...17)
      let size = Vector(builder.uniform(3...6), builder.uniform(3...6), builder.uniform(1.5...3.5))
      let at = Vector(cos(angle) * distance, sin(angle) * distance, -size.z * 0.3)
      let palette = builder.pick([.meadow, .leaves, .autumn, .sand] as [ScenePalette])
      builder.ellipsoid(
        Placement(at, yaw: builder.uniform(0...3)), size: size,
        material: builder.add(
          builder.maker.make(.blotches, cell: builder.uniform(1.5...2.5), palette: palette, bump: 0.3)))
    }
  }

  private func place(_ builder: inout SceneBuilder, at foot: Vector, radius: Float, isLarge: Bool) {
    switch builder.random.nextIndex(below: isLarge ? 9 : 5) {
    case 0, 1: builder.prop(at: foot, size: radius * 1.7)
    case 2: rock(&builder, at: foot, radius: radius)
    case 3: sign(&builder, at: foot, radius: radius)
    case 4: radius > 0.7 ? tree(&builder, at: foot, radius: radius) : builder.prop(at: foot, size: radius * 1.8)
    case 5, 6: tree(&builder, at: foot, radius: radius)
    case 7: house(&builder, at: foot, radius: radius)
    default: tower(&builder, at: foot, radius: radius)
    }
  }

  private func rock(_ builder: inout SceneBuilder, at foot: Vector, radius: Float) {
    let size = Vector(builder.uniform(0.7...1), builder.uniform(0.6...0.9), builder.uniform(0.4...0.8)) * radius * 0.9
    let pattern = builder.pick([.blotches, .marble, .plain] as [ScenePattern])
    let material = builder.maker.make(pattern, cell: radius * 0.7, palette: .rock, bump: 0.4)
    builder.ellipsoid(
      Placement(foot + Vector(0, 0, size.z * 0.45), yaw: builder.uniform(0...6), tilt: builder.uniform(-0.4...0.4)),
      size: size, material: builder.add(material))
  }

  private func sign(_ builder: inout SceneBuilder, at foot: Vector, radius: Float) {
    let half = Vector(radius * 0.75, 0.05, radius * builder.uniform(0.4...0.6))
    let yaw = builder.uniform(0...6.28)
    let height = half.z + builder.uniform(0.2...0.6)
    let post = builder.add(builder.maker.make(.planks, cell: 0.2, palette: .wood))
    let face =
      builder.chance(0.6)
      ? builder.add(builder.maker.make(.glyphs, cell: half.z * builder.uniform(0.6...0.95)))
      : builder.add(builder.maker.picture(width: 2 * half.x, height: 2 * half.z))
    let at = Placement(foot + Vector(0, 0, height), yaw: yaw)
    builder.box(at, size: half, material: face, ends: post)
    for side in [-0.7, 0.7] as [Float] {
      let leg = at(side * half.x, 0.1, 0)
      builder.frustum(
        Placement(Vector(leg.x, leg.y, height / 2)), bottom: 0.06, top: 0.06, halfHeight: height / 2, material: post)
    }
  }

  private func tree(_ builder: inout SceneBuilder, at foot: Vector, radius: Float) {
    let bark = builder.add(builder.maker.make(.planks, cell: 0.3, palette: .wood))
    let palette = builder.pick([.leaves, .leaves, .autumn, .meadow] as [ScenePalette])
    let leaves = builder.add(
      builder.maker.make(.blotches, cell: radius * builder.uniform(0.45...0.7), palette: palette, bump: 0.5))
    let trunk = radius * builder.uniform(0.5...0.9)
    builder.frustum(
      Placement(foot + Vector(0, 0, trunk)), bottom: radius * 0.16, top: radius * 0.1, halfHeight: trunk, material: bark
    )
    if builder.chance(0.5) {
      var base = trunk * 1.1
      var r = radius
      for _ in 0..<3 {
        builder.frustum(
          Placement(foot + Vector(0, 0, base + r * 0.6), yaw: builder.uniform(0...6)), bottom: r, top: r * 0.25,
          halfHeight: r * 0.6, material: leaves)
        base += r * 0.75
        r *= 0.75
      }
    } else {
      let crown = foot + Vector(0, 0, 2 * trunk + radius * 0.5)
      builder.ellipsoid(
        Placement(crown, yaw: builder.uniform(0...6)), size: Vector(radius, radius * 0.9, radius * 0.85),
        material: leaves)
      let side = Vector(cos(foot.x * 9), sin(foot.x * 9), -0.2) * radius * 0.7
      builder.ellipsoid(
        Placement(crown + side), size: Vector(repeating: radius * 0.6), material: leaves)
    }
  }

  private func house(_ builder: inout SceneBuilder, at foot: Vector, radius: Float) {
    let half = Vector(radius * 0.72, radius * builder.uniform(0.5...0.65), radius * builder.uniform(0.5...0.9))
    let yaw = builder.uniform(0...6.28)
    let walls = builder.add(builder.maker.make(.windows, cell: half.z * builder.uniform(0.7...1)))
    let tiles = builder.maker.make(
      builder.pick([.brick, .stripes, .zigzag, .checker]), cell: radius * builder.uniform(0.16...0.24),
      palette: builder.chance(0.5) ? .brick : nil)
    builder.box(Placement(foot + Vector(0, 0, half.z), yaw: yaw), size: half, material: walls)
    let roof = radius * builder.uniform(0.25...0.45)
    builder.box(
      Placement(foot + Vector(0, 0, 2 * half.z + roof), yaw: yaw), size: Vector(half.x * 1.12, half.y * 1.15, roof),
      material: builder.add(tiles), taper: builder.chance(0.7) ? (1, 0) : (0.1, 0.1))
  }

  private func tower(_ builder: inout SceneBuilder, at foot: Vector, radius: Float) {
    let half = radius * builder.uniform(0.9...1.6)
    let r = radius * builder.uniform(0.4...0.6)
    let pattern = builder.pick([.brick, .windows, .stones, .stripes, .checker] as [ScenePattern])
    let wall = builder.maker.make(pattern, cell: r * (pattern == .windows ? 0.9 : 0.4))
    builder.frustum(
      Placement(foot + Vector(0, 0, half), yaw: builder.uniform(0...6)), bottom: r, top: r * builder.uniform(0.7...1),
      halfHeight: half, material: builder.add(wall))
    let top = foot + Vector(0, 0, 2 * half)
    if builder.chance(0.6) {
      builder.frustum(
        Placement(top + Vector(0, 0, r * 0.7)), bottom: r * 1.25, top: 0, halfHeight: r * 0.7,
        material: builder.thing(r * 2))
    } else {
      builder.ball(top + Vector(0, 0, r * 0.4), radius: r, material: builder.thing(r * 2))
    }
  }
}
