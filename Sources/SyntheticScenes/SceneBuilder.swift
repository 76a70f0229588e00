internal import CScene
import Foundation
import Runtime

/// Collects the solids and materials of a scene.
struct SceneBuilder {
  var random: RandomStream
  var maker: MaterialMaker
  private(set) var solids: [croco_solid] = []
  private(set) var materials: [croco_material] = []

  init(random: RandomStream, materials: RandomStream) {
    self.random = random
    maker = MaterialMaker(random: materials)
  }

  /// Registers a material and returns its number.
  mutating func add(_ material: croco_material) -> Int32 {
    materials.append(material)
    return Int32(materials.count - 1)
  }

  /// A material for a thing of `size` metres across.
  mutating func thing(_ size: Float) -> Int32 { add(maker.thing(size: size)) }

  mutating func uniform(_ range: ClosedRange<Float>) -> Float { random.nextUniform(range) }
  mutating func chance(_ probability: Float) -> Bool { random.nextUnit() < probability }
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[random.nextIndex(below: choices.count)] }

  /// What makes one kind of solid: the kernel's shape, its extents, and the radii of two spheres around its centre, one
  /// that holds it and one that counts as opaque.
  private struct Shape {
    let kind: Int
    let size: Vector
    let bound: Float
    let blocking: Float
    var taper: (Float, Float) = (1, 1)
  }

  private mutating func append(_ shape: Shape, _ at: Placement, material: Int32, ends: Int32? = nil) {
    precondition(solids.count < Int(CROCO_MAX_SOLIDS), "a scene holds at most \(CROCO_MAX_SOLIDS) solids")
    solids.append(
      croco_solid(
        axis_x: at.axes.x.kernel, axis_y: at.axes.y.kernel, axis_z: at.axes.z.kernel, center: at.center.kernel,
        size: shape.size.kernel, taper_x: shape.taper.0, taper_y: shape.taper.1, bound: shape.bound * 1.0001,
        blocking: shape.blocking, shape: Int32(shape.kind), material: material, end_material: ends ?? material))
  }

  /// An ellipsoid with semi-axes `size`.
  mutating func ellipsoid(_ at: Placement, size: Vector, material: Int32) {
    wrap(material, around: 2 * .pi * size.x)
    append(
      Shape(kind: Int(CROCO_ELLIPSOID), size: size, bound: size.max(), blocking: size.min()), at, material: material)
  }

  mutating func ball(_ center: Vector, radius: Float, material: Int32) {
    let at = Placement(center, yaw: uniform(0...6.28), tilt: uniform(-0.5...0.5))
    ellipsoid(at, size: Vector(repeating: radius), material: material)
  }

  /// A cylinder, cone or frustum along the placement's z axis.
  mutating func frustum(
    _ at: Placement, bottom: Float, top: Float, halfHeight: Float, material: Int32, ends: Int32? = nil
  ) {
    let radius = max(bottom, top)
    wrap(material, around: 2 * .pi * radius)
    let shape = Shape(
      kind: Int(CROCO_FRUSTUM), size: Vector(bottom, top, halfHeight),
      bound: (radius * radius + halfHeight * halfHeight).squareRoot(),
      blocking: min(0.5 * (bottom + top), 1.4 * halfHeight))
    append(shape, at, material: material, ends: ends)
  }

  /// A box with half-extents `size`, its top scaled by `taper` in x and y (0: roof or pyramid).
  mutating func box(
    _ at: Placement, size: Vector, material: Int32, ends: Int32? = nil, taper: (Float, Float) = (1, 1)
  ) {
    let shape = Shape(
      kind: Int(CROCO_PRISM), size: size, bound: size.length, blocking: min(size.min() * 1.6, size.max()), taper: taper)
    append(shape, at, material: material, ends: ends)
  }

  mutating func torus(_ at: Placement, ring: Float, tube: Float, material: Int32) {
    wrap(material, around: 2 * .pi * ring)
    append(
      Shape(kind: Int(CROCO_TORUS), size: Vector(ring, tube, 0), bound: ring + tube, blocking: tube * 1.5), at,
      material: material)
  }

  /// Fits a whole number of cells around a solid, so that its pattern closes without a seam.
  private mutating func wrap(_ material: Int32, around length: Float) {
    let index = Int(material)
    let cells = max(2, (length / materials[index].cell_u / 2).rounded() * 2)
    materials[index].cell_u = length / cells
    materials[index].turn_cos = 1
    materials[index].turn_sin = 0
    // Whole cells again: the seam lies where the angle jumps from pi to -pi, half a turn from the pattern's start.
    materials[index].shift_u = materials[index].shift_u.rounded()
  }
}
