internal import CScene
import Foundation

/// The inside of a furnished room.
struct RoomScene {
  let low: Vector, high: Vector
  private(set) var walls: [Int32] = []

  /// Draws the room's size and furnishes it.
  init(_ builder: inout SceneBuilder) {
    let width = builder.uniform(4.2...6.5)
    let depth = builder.uniform(4.2...6.5)
    low = Vector(-width / 2, -depth / 2, 0)
    high = Vector(width / 2, depth / 2, builder.uniform(2.6...3.3))
    paper(&builder)
    hang(&builder)
    furnish(&builder)
  }

  private mutating func paper(_ builder: inout SceneBuilder) {
    let same = builder.chance(0.5)
    var shared: Int32?
    for _ in 0..<4 {
      let material = same && shared != nil ? shared! : builder.add(Self.wall(&builder.maker))
      shared = material
      walls.append(material)
    }
    walls.append(builder.add(Self.floor(&builder.maker)))
    let pattern = builder.pick([.planks, .truchet, .checker, .blotches, .patchwork] as [ScenePattern])
    walls.append(builder.add(builder.maker.make(pattern, cell: builder.uniform(0.6...0.9))))
  }

  private static func wall(_ maker: inout MaterialMaker) -> croco_material {
    let pattern = maker.pick(
      [.stripes, .dots, .truchet, .brick, .glyphs, .zigzag, .blotches, .plaid, .patchwork, .stones, .brick, .patchwork]
        as [ScenePattern])
    let cell: Float =
      switch pattern {
      case .brick: maker.random.nextUniform(0.34...0.5)
      case .patchwork: maker.random.nextUniform(1.1...1.6)
      case .blotches: maker.random.nextUniform(0.9...1.4)
      default: maker.random.nextUniform(0.65...1)
      }
    let palette = pattern == .brick && maker.random.nextUnit() < 0.6 ? ScenePalette.brick : nil
    return maker.make(pattern, cell: cell, palette: palette, bump: pattern == .stones ? 0.15 : 0)
  }

  private static func floor(_ maker: inout MaterialMaker) -> croco_material {
    let pattern = maker.pick(
      [.planks, .planks, .checker, .stones, .truchet, .patchwork, .plaid, .zigzag, .marble] as [ScenePattern])
    let cell: Float =
      switch pattern {
      case .planks: maker.random.nextUniform(0.38...0.55)
      case .patchwork, .marble: maker.random.nextUniform(1.2...1.8)
      default: maker.random.nextUniform(0.6...0.95)
      }
    let turned = pattern == .marble ? 0 : maker.pick([0, 0, .pi / 2, .pi / 4, 0.4] as [Float])
    let palette = pattern == .planks && maker.random.nextUnit() < 0.7 ? ScenePalette.wood : nil
    return maker.make(pattern, cell: cell, palette: palette, turned: turned, gloss: pattern == .brick ? 0 : 0.12)
  }

  /// A point on wall 0 ... 3 (-x, +x, -y, +y), `along` it and `height` above the floor, turned to face the room.
  private func wallPlacement(_ wall: Int, along: Float, height: Float, depth: Float) -> Placement {
    switch wall {
    case 0: Placement(Vector(low.x + depth, along * high.y, height), yaw: .pi / 2)
    case 1: Placement(Vector(high.x - depth, along * high.y, height), yaw: -.pi / 2)
    case 2: Placement(Vector(along * high.x, low.y + depth, height), yaw: .pi)
    default: Placement(Vector(along * high.x, high.y - depth, height))
    }
  }

  /// Pictures and windows on the walls.
  private func hang(_ builder: inout SceneBuilder) {
    for wall in 0..<4 {
      for place in [-0.55, 0.0, 0.55] as [Float] where builder.chance(0.6) {
        let width = builder.uniform(0.36...0.5)
        let height = builder.uniform(0.4...0.6)
        let material = builder.add(builder.maker.picture(width: 2 * width, height: 2 * height))
        let frame = builder.add(builder.maker.make(.plain, cell: 0.3, palette: ScenePalette.wood))
        builder.box(
          wallPlacement(
            wall, along: place + builder.uniform(-0.03...0.03), height: builder.uniform(1.4...1.9), depth: 0.03),
          size: Vector(width, 0.03, height), material: material, ends: frame)
      }
    }
  }

  private func furnish(_ builder: inout SceneBuilder) {
    for wall in 0..<4 where builder.chance(0.45) {
      switch builder.random.nextIndex(below: 3) {
      case 0: shelf(&builder, wall)
      case 1: cupboard(&builder, wall)
      default: sofa(&builder, wall)
      }
    }
    if builder.chance(0.7) { rug(&builder) }
    var taken: [(Vector, Float)] = []
    if builder.chance(0.65) {
      let at = Vector(builder.uniform(-0.8...0.8), builder.uniform(-0.8...0.8), 0)
      table(&builder, at: at)
      taken.append((at, 0.9))
    }
    for _ in 0..<60 where taken.count < 9 {
      let size = builder.uniform(0.7...1.4)
      let at = Vector(builder.uniform(low.x + 0.6...high.x - 0.6), builder.uniform(low.y + 0.6...high.y - 0.6), 0)
      guard taken.allSatisfy({ ($0.0 - at).length > $0.1 + size * 0.62 }) else { continue }
      taken.append((at, size * 0.6))
      builder.prop(at: at, size: size)
    }
  }

  private func rug(_ builder: inout SceneBuilder) {
    let pattern = builder.pick([.plaid, .zigzag, .patchwork, .truchet, .dots, .glyphs] as [ScenePattern])
    let cell = pattern == .patchwork ? builder.uniform(0.8...1.2) : builder.uniform(0.4...0.65)
    let material = builder.add(builder.maker.make(pattern, cell: cell))
    builder.box(
      Placement(Vector(builder.uniform(-0.5...0.5), builder.uniform(-0.5...0.5), 0.01), yaw: builder.uniform(0...3.1)),
      size: Vector(builder.uniform(1...1.6), builder.uniform(0.8...1.2), 0.01), material: material)
  }

  private func table(_ builder: inout SceneBuilder, at foot: Vector) {
    let half = Vector(builder.uniform(0.5...0.75), builder.uniform(0.35...0.5), 0.03)
    let height = builder.uniform(0.6...0.75)
    let at = Placement(foot + Vector(0, 0, height), yaw: builder.uniform(0...3.1))
    let pattern = builder.pick([.planks, .rings, .marble, .checker, .plaid] as [ScenePattern])
    let wood = builder.add(builder.maker.make(pattern, cell: builder.uniform(0.2...0.35), gloss: 0.15))
    builder.box(at, size: half, material: wood)
    for (x, y) in [(-1, -1), (-1, 1), (1, -1), (1, 1)] as [(Float, Float)] {
      let leg = at(x * (half.x - 0.06), y * (half.y - 0.06), 0)
      builder.frustum(
        Placement(Vector(leg.x, leg.y, (height - half.z) / 2)), bottom: 0.025, top: 0.04,
        halfHeight: (height - half.z) / 2,
        material: wood)
    }
    for x in [-0.55, 0.05, 0.6] as [Float] where builder.chance(0.8) {
      let size = builder.uniform(0.26...0.42)
      builder.prop(at: at(x * half.x, builder.uniform(-0.3...0.3) * half.y, half.z), size: size)
    }
  }

  /// Boards with books and things on them.
  private func shelf(_ builder: inout SceneBuilder, _ wall: Int) {
    let at = wallPlacement(wall, along: builder.uniform(-0.4...0.4), height: 0, depth: 0.2)
    let width = builder.uniform(0.5...0.75)
    let wood = builder.add(builder.maker.make(.planks, cell: 0.2, palette: ScenePalette.wood))
    let rows = 3
    let step: Float = 0.55
    for side in [-1, 1] as [Float] {
      builder.box(
        Placement(at(side * width, 0, Float(rows) * step / 2), yaw: atan2(at.axes.x.y, at.axes.x.x)),
        size: Vector(0.025, 0.18, Float(rows) * step / 2), material: wood)
    }
    for row in 0...rows {
      let yaw = atan2(at.axes.x.y, at.axes.x.x)
      builder.box(
        Placement(at(0, 0, Float(row) * step + 0.02), yaw: yaw), size: Vector(width, 0.18, 0.02), material: wood)
      guard row < rows else { continue }
      // A row of books is one box whose stripes are their backs.
      let books = builder.uniform(0.4...0.9) * width
      let height = builder.uniform(0.16...0.23)
      let backs = builder.add(builder.maker.make(.stripes, cell: builder.uniform(0.12...0.2)))
      builder.box(
        Placement(at(books - width + 0.03, -0.02, Float(row) * step + 0.04 + height), yaw: yaw),
        size: Vector(books, 0.13, height), material: backs)
      if books < 0.65 * width {
        builder.prop(at: at(width * 0.55, 0, Float(row) * step + 0.04), size: 0.3)
      }
    }
  }

  private func cupboard(_ builder: inout SceneBuilder, _ wall: Int) {
    let half = Vector(builder.uniform(0.45...0.8), 0.25, builder.uniform(0.4...0.95))
    let at = wallPlacement(wall, along: builder.uniform(-0.5...0.5), height: half.z, depth: half.y)
    let pattern = builder.pick([.planks, .checker, .patchwork, .truchet] as [ScenePattern])
    let front = builder.add(builder.maker.make(pattern, cell: builder.uniform(0.35...0.6), gloss: 0.1))
    builder.box(at, size: half, material: front)
    if half.z < 0.65 { builder.prop(at: at(builder.uniform(-0.3...0.3), 0, half.z), size: 0.4) }
  }

  private func sofa(_ builder: inout SceneBuilder, _ wall: Int) {
    let half = builder.uniform(0.7...0.95)
    let at = wallPlacement(wall, along: builder.uniform(-0.4...0.4), height: 0, depth: 0.45)
    let yaw = atan2(at.axes.x.y, at.axes.x.x)
    let pattern = builder.pick([.plaid, .stripes, .dots, .zigzag, .blotches, .patchwork] as [ScenePattern])
    let cloth = builder.add(builder.maker.make(pattern, cell: builder.uniform(0.25...0.42)))
    builder.box(Placement(at(0, 0, 0.22), yaw: yaw), size: Vector(half, 0.4, 0.22), material: cloth)
    builder.box(Placement(at(0, 0.32, 0.62), yaw: yaw), size: Vector(half, 0.1, 0.25), material: cloth)
    for side in [-1, 1] as [Float] {
      builder.box(Placement(at(side * half, 0, 0.33), yaw: yaw), size: Vector(0.1, 0.4, 0.33), material: cloth)
      guard builder.chance(0.7) else { continue }
      let pillow = Placement(at(side * half * 0.6, 0.14, 0.58), yaw: yaw, tilt: 0.35)
      builder.ellipsoid(pillow, size: Vector(0.22, 0.09, 0.2), material: builder.thing(0.4))
    }
  }
}
