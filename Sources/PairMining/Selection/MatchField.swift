import Foundation

/// Where any point of view 1 lies in view 2, as far as verified matches tell: an affine map around every point, fitted
/// to the matches near it.
///
/// Source: moving least squares (Lancaster and Salkauskas, 1981), held near the affine map of all matches where few lie.
struct MatchField {
  private let first: [SIMD2<Double>], second: [SIMD2<Double>]
  private let global: AffineMap
  private let width: Double

  /// - Parameter width: the deviation of the Gaussian that weighs matches by their distance, in units of the points.
  init(_ first: [SIMD2<Double>], _ second: [SIMD2<Double>], width: Double) {
    self.first = first
    self.second = second
    self.width = width
    global = AffineMap(first, second)
  }

  /// Where a point of view 1 lies in view 2.
  func callAsFunction(_ point: SIMD2<Double>) -> SIMD2<Double> {
    let inverseSquare = 1 / (2 * width * width)
    // The map of all matches counts like this many matches at a distance of one width.
    let held = 0.5
    var sum = held
    var weighted = SIMD2<Double>(), target = held * global(point)
    var xx = held * width * width, xy = 0.0, yy = held * width * width
    var products = (global.x * (held * width * width), global.y * (held * width * width))
    for index in first.indices {
      let offset = first[index] - point
      let exponent = (offset * offset).sum() * inverseSquare
      if exponent > 16 { continue }
      let weight = exp(-exponent)
      let image = second[index]
      sum += weight
      weighted += weight * offset
      target += weight * image
      xx += weight * offset.x * offset.x
      xy += weight * offset.x * offset.y
      yy += weight * offset.y * offset.y
      products.0 += weight * offset.x * image
      products.1 += weight * offset.y * image
    }
    // Elimination of the linear part leaves the value at the point itself.
    let (cxx, cxy, cyy) =
      (
        xx - weighted.x * weighted.x / sum, xy - weighted.x * weighted.y / sum, yy - weighted.y * weighted.y / sum
      )
    let determinant = cxx * cyy - cxy * cxy
    let (px, py) = (products.0 - weighted.x / sum * target, products.1 - weighted.y / sum * target)
    let slopeX = (cyy * px - cxy * py) / determinant
    let slopeY = (cxx * py - cxy * px) / determinant
    return (target - weighted.x * slopeX - weighted.y * slopeY) / sum
  }
}

/// x2 = A x1 + b, by least squares.
struct AffineMap {
  /// The images of the two axes.
  let x: SIMD2<Double>, y: SIMD2<Double>
  private let origin: SIMD2<Double>

  init(_ first: [SIMD2<Double>], _ second: [SIMD2<Double>]) {
    let count = Double(max(1, first.count))
    let (m1, m2) = (first.reduce(.zero, +) / count, second.reduce(.zero, +) / count)
    var (xx, xy, yy) = (1e-9, 0.0, 1e-9)
    var (px, py) = (SIMD2(1e-9, 0.0), SIMD2(0.0, 1e-9))
    for (a, b) in zip(first, second) {
      let (a, b) = (a - m1, b - m2)
      xx += a.x * a.x
      xy += a.x * a.y
      yy += a.y * a.y
      px += a.x * b
      py += a.y * b
    }
    let determinant = xx * yy - xy * xy
    x = (yy * px - xy * py) / determinant
    y = (xx * py - xy * px) / determinant
    origin = m2 - x * m1.x - y * m1.y
  }

  func callAsFunction(_ point: SIMD2<Double>) -> SIMD2<Double> { origin + x * point.x + y * point.y }
}
