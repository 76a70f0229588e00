internal import CFeatures
import Runtime

/// Matched points of two views, in the coordinates that estimation works in.
///
/// The origin is the middle of each view, the unit half of the longest side of both: one unit is equally many pixels of
/// the working size in both views, and products of coordinates stay near 1.
package final class MatchedPoints: Sendable {
  /// The number of matches.
  package let count: Int
  private let buffer: AlignedBuffer<Float>

  /// Wraps points: x1, y1, x2, y2 of each.
  package init(_ points: [SIMD4<Float>]) {
    count = points.count
    buffer = AlignedBuffer(count: max(1, 4 * points.count))
    for (index, point) in points.enumerated() {
      for axis in 0..<4 { buffer.pointer[axis * count + index] = point[axis] }
    }
  }

  subscript(index: Int) -> (first: SIMD2<Double>, second: SIMD2<Double>) {
    let p = buffer.pointer + index
    return (
      SIMD2(Double(p[0]), Double(p[count])), SIMD2(Double(p[2 * count]), Double(p[3 * count]))
    )
  }

  /// The view of the kernels; valid as long as this object is.
  var kernel: croco_matches {
    let p = UnsafePointer(buffer.pointer)
    return croco_matches(x1: p, y1: p + count, x2: p + 2 * count, y2: p + 3 * count, count: count)
  }
}

/// Moves points to their middle and scales them to a mean distance of root 2 (Hartley, PAMI 19, 1997).
struct PointNormalization {
  let center: SIMD2<Double>
  let scale: Double

  init(_ points: [SIMD2<Double>]) {
    let center = points.reduce(SIMD2<Double>(), +) / Double(max(1, points.count))
    let distance = points.reduce(0) { $0 + (($1 - center) * ($1 - center)).sum().squareRoot() }
    self.center = center
    scale = distance > 0 ? 2.0.squareRoot() * Double(points.count) / distance : 1
  }

  func callAsFunction(_ point: SIMD2<Double>) -> SIMD2<Double> { (point - center) * scale }

  var matrix: Matrix3 {
    Matrix3(
      Matrix3.Row(scale, 0, -scale * center.x), Matrix3.Row(0, scale, -scale * center.y), Matrix3.Row(0, 0, 1))
  }
}
