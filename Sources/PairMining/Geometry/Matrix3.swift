/// A 3 x 3 matrix by rows, in double precision.
struct Matrix3: Sendable, Equatable {
  typealias Row = SIMD3<Double>

  var x: Row, y: Row, z: Row

  init(_ x: Row, _ y: Row, _ z: Row) { (self.x, self.y, self.z) = (x, y, z) }

  /// Nine numbers by rows.
  init(_ values: some RandomAccessCollection<Double>) {
    precondition(values.count == 9, "a 3 x 3 matrix has 9 elements, not \(values.count)")
    let v = Array(values)
    self.init(Row(v[0], v[1], v[2]), Row(v[3], v[4], v[5]), Row(v[6], v[7], v[8]))
  }

  /// The matrix that turns v into a x v.
  init(crossProductWith a: Row) { self.init(Row(0, -a.z, a.y), Row(a.z, 0, -a.x), Row(-a.y, a.x, 0)) }

  var values: [Double] { [x.x, x.y, x.z, y.x, y.y, y.z, z.x, z.y, z.z] }
  var floats: [Float] { values.map { Float($0) } }
  var columns: [Row] { [Row(x.x, y.x, z.x), Row(x.y, y.y, z.y), Row(x.z, y.z, z.z)] }
  var transposed: Matrix3 {
    let c = columns
    return Matrix3(c[0], c[1], c[2])
  }
  var determinant: Double { Self.dot(x, Self.cross(y, z)) }
  var norm: Double { ((x * x).sum() + (y * y).sum() + (z * z).sum()).squareRoot() }

  /// The inverse, or nil for a matrix that is singular for practical purposes.
  var inverse: Matrix3? {
    let scale = norm
    guard scale > 0, abs(determinant) > 1e-9 * scale * scale * scale else { return nil }
    let (a, b, c) = (Self.cross(y, z), Self.cross(z, x), Self.cross(x, y))
    return Matrix3(a, b, c).transposed * (1 / determinant)
  }

  static func dot(_ a: Row, _ b: Row) -> Double { (a * b).sum() }
  static func cross(_ a: Row, _ b: Row) -> Row {
    Row(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }
  static func * (m: Matrix3, v: Row) -> Row { Row(dot(m.x, v), dot(m.y, v), dot(m.z, v)) }
  static func * (m: Matrix3, s: Double) -> Matrix3 { Matrix3(m.x * s, m.y * s, m.z * s) }
  static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
    let c = b.columns
    func row(_ r: Row) -> Row { Row(dot(r, c[0]), dot(r, c[1]), dot(r, c[2])) }
    return Matrix3(row(a.x), row(a.y), row(a.z))
  }
}
