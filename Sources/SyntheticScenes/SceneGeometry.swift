internal import CScene
import Foundation

/// A point or direction in a scene: metres, z up.
typealias Vector = SIMD3<Float>

extension Vector {
  func dot(_ other: Vector) -> Float { (self * other).sum() }
  func cross(_ other: Vector) -> Vector {
    Vector(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
  }
  var length: Float { dot(self).squareRoot() }
  var unit: Vector { self / Swift.max(length, 1e-20) }
  var kernel: croco_vec3 { croco_vec3(x: x, y: y, z: z) }

  init(_ vector: croco_vec3) { self.init(vector.x, vector.y, vector.z) }
}

/// Where a solid stands and how it is turned.
struct Placement {
  var center: Vector
  var axes: (x: Vector, y: Vector, z: Vector)

  /// Upright, turned by `yaw` about the vertical, then tilted by `tilt` about its own x axis (radians).
  init(_ center: Vector, yaw: Float = 0, tilt: Float = 0) {
    self.center = center
    let right = Vector(cos(yaw), sin(yaw), 0)
    let ahead = Vector(-sin(yaw), cos(yaw), 0)
    let up = Vector(0, 0, 1)
    axes = (right, ahead * cos(tilt) + up * sin(tilt), up * cos(tilt) - ahead * sin(tilt))
  }

  /// The world position of a point given in the placement's own axes.
  func callAsFunction(_ x: Float, _ y: Float, _ z: Float) -> Vector {
    center + axes.x * x + axes.y * y + axes.z * z
  }
}

/// A pinhole camera that looks at synthetic scenes.
package struct SceneCamera: Sendable, Equatable {
  /// The optical centre in metres, z up.
  var position: SIMD3<Float>
  /// Orthonormal axes: to the right, down and forward in the picture.
  var right: SIMD3<Float>, down: SIMD3<Float>, forward: SIMD3<Float>
  /// The horizontal and vertical field of view in radians.
  package var fieldOfView: Float

  /// A camera at `position` that looks at `target`, rolled clockwise by `roll` radians.
  package init(position: SIMD3<Float>, target: SIMD3<Float>, roll: Float, fieldOfView: Float) {
    self.position = position
    self.fieldOfView = fieldOfView
    forward = (target - position).unit
    let level = forward.cross(Vector(0, 0, 1)).unit
    let plumb = forward.cross(level)
    right = level * cos(roll) + plumb * sin(roll)
    down = plumb * cos(roll) - level * sin(roll)
  }

  /// The focal length in pixels of a picture of `size` x `size` pixels.
  func focalLength(size: Int) -> Float { Float(size) / (2 * tan(fieldOfView / 2)) }

  func kernel(size: Int) -> croco_camera {
    croco_camera(
      position: position.kernel, right: right.kernel, down: down.kernel, forward: forward.kernel,
      focal: focalLength(size: size), width: Int32(size), height: Int32(size))
  }
}
