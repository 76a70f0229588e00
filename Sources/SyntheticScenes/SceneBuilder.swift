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

  private mutating func append(
    _ shape: Int, _ at: Placement, size: Vector, bound: Float, blocking: Float, material: Int32, ends: Int32,
    taper: (Float, Float) = (1, 1)
  ) {
    precondition(solids.count < Int(CROCO_MAX_SOLIDS), "a scene holds at most \(CROCO_MAX_SOLIDS) solids")
    solids.append(
      croco_solid(
        axis_x: at.axes.x.kernel, axis_y: at.axes.y.kernel, axis_z: at.axes.z.kernel, center: at.center.kernel,
        size: size.kernel, taper_x: taper.0, taper_y: taper.1, bound: bound * 1.0001, blocking: blocking,
        shape: Int32(shape), material: material, end_material: ends))
  }

  /// An ellipsoid with semi-axes `size`.
  mutating func ellipsoid(_ at: Placement, size: Vector, material: Int32) {
    wrap(material, around: 2 * .pi * size.x)
    append(
      Int(CROCO_ELLIPSOID), at, size: size, bound: size.max(), blocking: size.min(), material: material, ends: material)
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
    append(
      Int(CROCO_FRUSTUM), at, size: Vector(bottom, top, halfHeight),
      bound: (radius * radius + halfHeight * halfHeight).squareRoot(),
      blocking: min(0.5 * (bottom + top), 1.4 * halfHeight),
      material: material, ends: ends ?? material)
  }

  /// A box with half-extents `size`, its top scaled by `taper` in x and y (0: roof or pyramid).
  mutating func box(
    _ at: Placement, size: Vector, material: Int32, ends: Int32? = nil, taper: (Float, Float) = (1, 1)
  ) {
    append(
      Int(CROCO_PRISM), at, size: size, bound: size.length, blocking: min(size.min() * 1.6, size.max()),
      material: material, ends: ends ?? material, taper: taper)
  }

  mutating func torus(_ at: Placement, ring: Float, tube: Float, material: Int32) {
    wrap(material, around: 2 * .pi * ring)
    append(
      Int(CROCO_TORUS), at, size: Vector(ring, tube, 0), bound: ring + tube, blocking: tube * 1.5, material: material,
      ends: material)
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
