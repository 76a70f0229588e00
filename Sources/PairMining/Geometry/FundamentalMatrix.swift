internal import CFeatures

/// The epipolar geometry of two views: x2^T F x1 = 0, of rank 2.
struct FundamentalMatrix: RobustModel {
  static let sampleSize = 7

  let matrix: Matrix3

  init?(_ matrix: Matrix3) {
    let norm = matrix.norm
    guard norm > 1e-12, norm.isFinite else { return nil }
    self.matrix = matrix * (1 / norm)
  }

  /// The geometry of a plane and two matches off it: the plane's map, and an epipole where the two lines from where the
  /// plane would take them to where they are meet.
  ///
  /// Source: Chum, Werner and Matas, "Two-View Geometry Estimation Unaffected by a Dominant Plane", CVPR 2005.
  init?(plane: Homography, points: MatchedPoints, offPlane: (Int, Int)) {
    func line(_ index: Int) -> Matrix3.Row {
      let (a, b) = points[index]
      return Matrix3.cross(plane.matrix * Matrix3.Row(a.x, a.y, 1), Matrix3.Row(b.x, b.y, 1))
    }
    let epipole = Matrix3.cross(line(offPlane.0), line(offPlane.1))
    self.init(Matrix3(crossProductWith: epipole) * plane.matrix)
  }

  /// Up to three geometries through seven matches, without those that would need a point behind a camera.
  ///
  /// Source: Hartley and Zisserman, "Multiple View Geometry", 11.1.2; Chum, Werner and Matas, "Epipolar Geometry
  /// Estimation via RANSAC Benefits from the Oriented Epipolar Constraint", ICPR 2004.
  static func solve(_ points: MatchedPoints, sample: [Int]) -> [FundamentalMatrix] {
    let rows = sample.flatMap { equation(points[$0].first, points[$0].second) }
    guard let basis = LinearAlgebra.nullSpace(rows, columns: 9) else { return [] }
    func mixture(_ t: Double) -> Matrix3 { Matrix3(zip(basis[0], basis[1]).map { t * $0 + (1 - t) * $1 }) }
    // The determinant is a cubic in t: four values give its coefficients.
    let (d0, d1, dMinus, d2) =
      (mixture(0).determinant, mixture(1).determinant, mixture(-1).determinant, mixture(2).determinant)
    let c2 = (d1 + dMinus) / 2 - d0
    let odd = (d1 - dMinus) / 2
    let c3 = (d2 - d0 - 4 * c2 - 2 * odd) / 6
    return LinearAlgebra.cubicRoots([d0, odd - c3, c2, c3]).compactMap { root in
      guard let model = FundamentalMatrix(mixture(root)), model.isOriented(points, sample) else { return nil }
      return model
    }
  }

  /// The least-squares geometry of eight matches or more (normalised eight-point algorithm).
  static func fit(_ points: MatchedPoints, members: [Int]) -> FundamentalMatrix? {
    guard members.count >= 8 else { return nil }
    let normal = NormalEquations(points, members: members, equations: equation)
    let f = Matrix3(LinearAlgebra.smallestEigenvector(normal.matrix, size: 9))
    // Rank 2: without the part along the weakest right singular vector.
    let v = LinearAlgebra.smallestEigenvector((f.transposed * f).values, size: 3)
    let weak = Matrix3.Row(v[0], v[1], v[2])
    let image = f * weak
    let flat = Matrix3(f.x - image.x * weak, f.y - image.y * weak, f.z - image.z * weak)
    return FundamentalMatrix(normal.second.matrix.transposed * flat * normal.first.matrix)
  }

  func errors(_ points: MatchedPoints, into errors: UnsafeMutablePointer<Float>) {
    croco_epipolar_errors(points.kernel, matrix.floats, errors)
  }

  /// Whether all matches of a sample lie on the same side of the epipoles along their lines.
  private func isOriented(_ points: MatchedPoints, _ sample: [Int]) -> Bool {
    let columns = matrix.columns
    let candidates = [(0, 1), (0, 2), (1, 2)].map { Matrix3.cross(columns[$0.0], columns[$0.1]) }
    let epipole = candidates.max { ($0 * $0).sum() < ($1 * $1).sum() } ?? candidates[0]
    var sign: Bool?
    for index in sample {
      let (a, b) = points[index]
      let side = Matrix3.dot(
        Matrix3.cross(epipole, Matrix3.Row(b.x, b.y, 1)), matrix * Matrix3.Row(a.x, a.y, 1))
      if let sign, sign != (side > 0) { return false }
      sign = side > 0
    }
    return true
  }

  private static func equation(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> [Double] {
    [b.x * a.x, b.x * a.y, b.x, b.y * a.x, b.y * a.y, b.y, a.x, a.y, 1]
  }
}
