internal import CFeatures

/// A plane-to-plane map: x2 = H x1 in homogeneous coordinates.
struct Homography: RobustModel {
  static let sampleSize = 4

  let matrix: Matrix3
  private let inverse: Matrix3

  init?(_ matrix: Matrix3) {
    let norm = matrix.norm
    guard norm > 0, norm.isFinite, let inverse = (matrix * (1 / norm)).inverse else { return nil }
    self.matrix = matrix * (1 / norm)
    self.inverse = inverse
  }

  /// Where a point of view 1 lies in view 2.
  func callAsFunction(_ point: SIMD2<Double>) -> SIMD2<Double> {
    let p = matrix * Matrix3.Row(point.x, point.y, 1)
    return SIMD2(p.x, p.y) / p.z
  }

  /// The map through four matches; none where three lie on a line or where the order around a triangle changes, as it
  /// cannot for what lies before both cameras.
  static func solve(_ points: MatchedPoints, sample: [Int]) -> [Homography] {
    let p = sample.map { points[$0] }
    for skipped in 0..<4 {
      let triple = (0..<4).filter { $0 != skipped }
      let first = area(p[triple[0]].first, p[triple[1]].first, p[triple[2]].first)
      let second = area(p[triple[0]].second, p[triple[1]].second, p[triple[2]].second)
      guard abs(first) > 1e-4, abs(second) > 1e-4, (first > 0) == (second > 0) else { return [] }
    }
    let rows = p.flatMap { equations($0.first, $0.second) }
    guard let solution = LinearAlgebra.nullSpace(rows, columns: 9)?.first else { return [] }
    return [Homography(Matrix3(solution))].compactMap { $0 }
  }

  /// The least-squares map of many matches (normalised direct linear transformation).
  static func fit(_ points: MatchedPoints, members: [Int]) -> Homography? {
    let normal = NormalEquations(points, members: members, equations: equations)
    let h = Matrix3(LinearAlgebra.smallestEigenvector(normal.matrix, size: 9))
    guard let back = normal.second.matrix.inverse else { return nil }
    return Homography(back * h * normal.first.matrix)
  }

  func errors(_ points: MatchedPoints, into errors: UnsafeMutablePointer<Float>) {
    croco_transfer_errors(points.kernel, matrix.floats, inverse.floats, errors)
  }

  private static func area(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>) -> Double {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
  }

  private static func equations(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> [Double] {
    [
      a.x, a.y, 1, 0, 0, 0, -b.x * a.x, -b.x * a.y, -b.x,
      0, 0, 0, a.x, a.y, 1, -b.y * a.x, -b.y * a.y, -b.y,
    ]
  }
}

/// A^T A of linear equations in nine unknowns over normalised matches.
struct NormalEquations {
  let first: PointNormalization, second: PointNormalization
  private(set) var matrix = [Double](repeating: 0, count: 81)

  init(
    _ points: MatchedPoints, members: [Int], equations: (SIMD2<Double>, SIMD2<Double>) -> [Double]
  ) {
    first = PointNormalization(members.map { points[$0].first })
    second = PointNormalization(members.map { points[$0].second })
    for member in members {
      let rows = equations(first(points[member].first), second(points[member].second))
      for start in stride(from: 0, to: rows.count, by: 9) {
        for r in 0..<9 { for c in r..<9 { matrix[r * 9 + c] += rows[start + r] * rows[start + c] } }
      }
    }
    for r in 0..<9 { for c in 0..<r { matrix[r * 9 + c] = matrix[c * 9 + r] } }
  }
}
