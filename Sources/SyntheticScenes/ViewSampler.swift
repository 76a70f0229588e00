internal import CScene
import Foundation
import Runtime

/// How far apart the two cameras of a pair are.
package struct CameraBaseline: Sendable, Equatable {
  /// Factor on all movements; 1 gives flows of about 2 to 10 pixels in 64.
  let scale: Float

  /// A baseline `scale` times the medium one (above 0, at most 4).
  package init(scale: Float) {
    precondition(scale > 0 && scale <= 4, "baseline \(scale) is outside 0...4")
    self.scale = scale
  }

  /// Mostly 75 to 90 % overlap.
  package static let small = CameraBaseline(scale: 0.7)
  /// Mostly 70 to 90 % overlap: learnt from within a few hundred steps.
  package static let medium = CameraBaseline(scale: 1)
  /// Mostly 50 to 85 % overlap.
  package static let large = CameraBaseline(scale: 2.2)
}

/// Draws pairs of cameras that see enough of the same things.
package struct ViewSampler: Sendable {
  /// The share of view 1 that view 2 must show, measured on the true flow.
  package static let overlapRange: ClosedRange<Float> = 0.3...0.9

  /// How far apart the cameras are.
  let baseline: CameraBaseline
  /// Whose picture size the flow has.
  let renderer: SceneRenderer
  private let coarse = SceneRenderer(size: 16, samplesPerAxis: 1)

  /// A sampler for pictures of the renderer's size.
  init(baseline: CameraBaseline, renderer: SceneRenderer) {
    self.baseline = baseline
    self.renderer = renderer
  }

  /// Two cameras and the flow between their pictures.
  struct Views {
    let view1: SceneCamera, view2: SceneCamera
    /// From view 1 to view 2.
    let flow: FlowField
    /// The share of view 1 that view 2 shows.
    let overlap: Float
  }

  /// Draws cameras until the overlap lies in ``overlapRange``; nil where a scene offers no such pair.
  func views(_ scene: SyntheticScene, random: inout RandomStream) -> Views? {
    for _ in 0..<80 {
      let (camera, focus) = firstCamera(scene, &random)
      guard isGood(camera, in: scene) else { continue }
      for _ in 0..<12 {
        let second = secondCamera(camera, focus: focus, isRoom: scene.isRoom, &random)
        guard isClear(second.position, in: scene),
          isAcceptable(coarse.flow(scene, from: camera, to: second), margin: 0.02)
        else { continue }
        let flow = renderer.flow(scene, from: camera, to: second)
        guard isAcceptable(flow, margin: 0) else { continue }
        return Views(view1: camera, view2: second, flow: flow, overlap: flow.overlap)
      }
    }
    return nil
  }

  private func isAcceptable(_ flow: FlowField, margin: Float) -> Bool {
    let overlap = flow.overlap
    guard overlap >= Self.overlapRange.lowerBound + margin, overlap <= Self.overlapRange.upperBound + margin else {
      return false
    }
    let lengths = flow.sortedLengths
    let largest = lengths[lengths.count * 95 / 100]
    // At medium baseline 12 pixels in 64: what a learner finds within a few hundred steps.
    return largest <= 0.18 * Float(flow.size) * max(1, baseline.scale)
  }

  private func firstCamera(_ scene: SyntheticScene, _ random: inout RandomStream) -> (SceneCamera, focus: Vector) {
    let spread: Float = scene.isRoom ? 0.7 : 2
    let focus = Vector(
      random.nextUniform(-spread...spread), random.nextUniform(-spread...spread),
      scene.isRoom ? random.nextUniform(0.3...1.1) : random.nextUniform(0.4...1.6))
    let angle = random.nextUniform(0...(2 * Float.pi))
    let distance = scene.isRoom ? random.nextUniform(1.7...3) : random.nextUniform(5...9.5)
    let height = scene.isRoom ? random.nextUniform(0.9...1.9) : random.nextUniform(1.2...4.2)
    var position = focus + Vector(cos(angle), sin(angle), 0) * distance
    position.z = height
    position.clamp(lowerBound: scene.cameraRoom.low, upperBound: scene.cameraRoom.high)
    let roll = 0.02 * random.nextNormal()
    let view = random.nextUniform(0.7...0.95)
    return (SceneCamera(position: position, target: focus, roll: roll, fieldOfView: view), focus)
  }

  /// A camera moved sideways, around the focus, forward or backward, or turned, as in stereo pairs and hand-held video.
  private func secondCamera(
    _ first: SceneCamera, focus: Vector, isRoom: Bool, _ random: inout RandomStream
  ) -> SceneCamera {
    let distance = (focus - first.position).length
    let amount = baseline.scale
    func signed(_ low: Float, _ high: Float) -> Float {
      let value = random.nextUniform(low...high)
      return random.nextUnit() < 0.5 ? -value : value
    }
    var position = first.position
    var target = focus
    switch random.nextIndex(below: 20) {
    case 0..<8:
      let shift = first.right * (signed(0.04, 0.105) * distance * amount)
      position += shift
      target += shift * random.nextUniform(0.4...1.1)
    case 8..<12:
      let angle = signed(0.05, 0.14) * amount
      let arm = first.position - focus
      position = focus + Vector(arm.x * cos(angle) - arm.y * sin(angle), arm.x * sin(angle) + arm.y * cos(angle), arm.z)
      target += first.right * (signed(0.015, 0.065) * distance * amount)
    case 12..<16:
      position += first.forward * (signed(0.07, 0.17) * distance * amount)
      position += first.right * (signed(0, 0.06) * distance * amount)
      target += first.right * (signed(0.02, 0.07) * distance * amount)
    default:
      position += first.right * (signed(0.01, 0.05) * distance * amount)
      let angle = signed(0.035, 0.085) * amount
      let arm = focus - position
      target =
        position + Vector(arm.x * cos(angle) - arm.y * sin(angle), arm.x * sin(angle) + arm.y * cos(angle), arm.z)
    }
    position.z += signed(0, 0.04) * distance * amount
    target += first.down * (signed(0, 0.05) * distance * amount)
    let roll = 0.02 * random.nextNormal() * amount
    return SceneCamera(position: position, target: target, roll: roll, fieldOfView: first.fieldOfView)
  }

  /// A first view has room before it and shows several things, not one wall and not mostly sky.
  private func isGood(_ camera: SceneCamera, in scene: SyntheticScene) -> Bool {
    guard isClear(camera.position, in: scene) else { return false }
    let (depth, surface) = coarse.depth(scene, from: camera)
    let nearest: Float = scene.isRoom ? 0.6 : 2
    guard depth.min()! > nearest else { return false }
    var counts: [Int32: Int] = [:]
    for number in surface { counts[number, default: 0] += 1 }
    let largest = counts.values.max()!
    return counts.count >= 5 && largest < surface.count * 6 / 10 && counts[-1, default: 0] < surface.count * 4 / 10
  }

  /// Whether a camera stands within bounds and outside every solid, with some space around it.
  private func isClear(_ position: Vector, in scene: SyntheticScene) -> Bool {
    guard all(position .>= scene.cameraRoom.low), all(position .<= scene.cameraRoom.high) else { return false }
    let margin: Float = scene.isRoom ? 0.3 : 0.8
    return scene.solids.allSatisfy { solid in
      let offset = position - Vector(solid.center)
      let place = Vector(
        abs(offset.dot(Vector(solid.axis_x))), abs(offset.dot(Vector(solid.axis_y))),
        abs(offset.dot(Vector(solid.axis_z))))
      return any(place .> SceneRenderer.halfExtents(solid) + margin)
    }
  }
}

extension SceneRenderer {
  /// Half the extents of the box around a solid, along its own axes.
  static func halfExtents(_ solid: croco_solid) -> Vector {
    let size = Vector(solid.size)
    return switch Int(solid.shape) {
    case Int(CROCO_FRUSTUM): Vector(max(size.x, size.y), max(size.x, size.y), size.z)
    case Int(CROCO_TORUS): Vector(size.x + size.y, size.x + size.y, size.y)
    default: size
    }
  }
}
