internal import CScene
import Foundation
import Runtime

/// The procedural patterns, by the names that the kernel gives them.
enum ScenePattern: Int32, CaseIterable {
  case plain, checker, stripes, brick, planks, truchet, dots, glyphs, blotches, marble, rings, stones, zigzag, picture
  case grass, plaid, windows, patchwork

  /// Width of a cell for a cell of height 1.
  var aspect: Float {
    switch self {
    case .brick: 2.2
    case .planks: 4.5
    case .glyphs: 0.8
    default: 1
    }
  }
}

/// Draws materials: a pattern, its colours, its size.
struct MaterialMaker {
  var random: RandomStream
  /// The two or three palettes of the scene's things, so that its colours go together.
  let palettes: [ScenePalette]

  init(random: RandomStream) {
    var random = random
    palettes = (0..<3).map { _ in ScenePalette.all[random.nextIndex(below: ScenePalette.all.count)] }
    self.random = random
  }

  /// A material with cells of height `cell` metres.
  mutating func make(
    _ pattern: ScenePattern, cell: Float, palette: ScenePalette? = nil, turned: Float = 0, gloss: Float = 0,
    bump: Float = 0
  ) -> croco_material {
    let palette = palette ?? palettes[random.nextIndex(below: palettes.count)]
    var areas = Array(palette.colors[0..<4])
    for last in [3, 2, 1] { areas.swapAt(last, random.nextIndex(below: last + 1)) }
    // The two main colours of a pattern have to be told apart.
    if Self.contrast(areas[0], areas[1]) < 0.25 { areas.swapAt(1, Self.contrast(areas[0], areas[2]) < 0.25 ? 3 : 2) }
    if Self.contrast(areas[0], areas[1]) < 0.2 {
      areas[1] = areas[0].sum() > 0.9 ? palette.colors[4] : palette.colors[5]
    }
    var material = croco_material()
    material.pattern = pattern.rawValue
    material.seed = random.nextWord()
    material.color = (
      areas[0].kernel, areas[1].kernel, areas[2].kernel, areas[3].kernel, palette.colors[4].kernel,
      palette.colors[5].kernel
    )
    material.cell_v = cell
    material.cell_u = cell * pattern.aspect
    material.shift_u = random.nextUniform(0...20)
    material.shift_v = random.nextUniform(0...20)
    material.turn_cos = cos(turned)
    material.turn_sin = sin(turned)
    material.gloss = gloss
    material.sharpness = random.nextUniform(20...90)
    material.bump = bump
    return material
  }

  /// The distance of two colours as the eye sees them, about 0 ... 1.7.
  private static func contrast(_ a: Vector, _ b: Vector) -> Float {
    let difference = a.squareRoot() - b.squareRoot()
    return difference.length
  }

  /// One of `choices`.
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[random.nextIndex(below: choices.count)] }

  /// A material for a thing of `size` metres across: a few cells over its width.
  mutating func thing(size: Float) -> croco_material {
    let pattern = pick(
      [
        .checker, .stripes, .patchwork, .dots, .glyphs, .blotches, .marble, .rings, .stones, .zigzag, .truchet, .plaid,
        .patchwork, .blotches, .glyphs, .brick,
      ] as [ScenePattern])
    let cells: Float =
      switch pattern {
      case .brick: 3.5
      case .patchwork: random.nextUniform(0.9...1.5)
      default: random.nextUniform(1.5...2.5)
      }
    let gloss = random.nextUnit() < 0.4 ? random.nextUniform(0.1...0.35) : 0
    return make(pattern, cell: size / cells, gloss: gloss)
  }

  /// A picture in a frame, `width` x `height` metres.
  mutating func picture(width: Float, height: Float) -> croco_material {
    var material = make(
      .picture, cell: height, palette: ScenePalette.all[random.nextIndex(below: ScenePalette.all.count)])
    material.cell_u = width
    material.shift_u = 0
    material.shift_v = 0
    return material
  }
}
