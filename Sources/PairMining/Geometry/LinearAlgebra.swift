import Foundation

/// The small problems of linear algebra that estimation meets; matrices are arrays by rows.
package enum LinearAlgebra {
  /// A basis of the vectors that a matrix of fewer rows than columns maps to zero, or nil where its rows depend on each
  /// other.
  ///
  /// Gauss-Jordan elimination with full pivoting.
  package static func nullSpace(_ matrix: [Double], columns: Int) -> [[Double]]? {
    var a = matrix
    let rows = a.count / columns
    var order = Array(0..<columns)  // which variable each column stands for
    let largest = a.reduce(0) { max($0, abs($1)) }
    for step in 0..<rows {
      var (pivot, row, column) = (0.0, step, step)
      for r in step..<rows {
        for c in step..<columns where abs(a[r * columns + c]) > pivot {
          (pivot, row, column) = (abs(a[r * columns + c]), r, c)
        }
      }
      guard pivot > 1e-9 * largest else { return nil }
      if row != step { for c in 0..<columns { a.swapAt(row * columns + c, step * columns + c) } }
      if column != step {
        for r in 0..<rows { a.swapAt(r * columns + column, r * columns + step) }
        order.swapAt(column, step)
      }
      let inverse = 1 / a[step * columns + step]
      for c in step..<columns { a[step * columns + c] *= inverse }
      for r in 0..<rows where r != step {
        let factor = a[r * columns + step]
        if factor == 0 { continue }
        for c in step..<columns { a[r * columns + c] -= factor * a[step * columns + c] }
      }
    }
    return (rows..<columns).map { free in
      var vector = [Double](repeating: 0, count: columns)
      vector[order[free]] = 1
      for r in 0..<rows { vector[order[r]] = -a[r * columns + free] }
      return vector
    }
  }

  /// The unit eigenvector of the smallest eigenvalue of a symmetric matrix (cyclic Jacobi rotations).
  package static func smallestEigenvector(_ matrix: [Double], size n: Int) -> [Double] {
    var a = matrix
    var vectors = (0..<(n * n)).map { $0 / n == $0 % n ? 1.0 : 0 }
    for _ in 0..<30 {
      var off = 0.0
      var diagonal = 0.0
      for r in 0..<n {
        diagonal += a[r * n + r] * a[r * n + r]
        for c in (r + 1)..<max(r + 1, n) { off += a[r * n + c] * a[r * n + c] }
      }
      if off <= 1e-28 * diagonal { break }
      for p in 0..<(n - 1) { for q in (p + 1)..<n { rotate(&a, &vectors, n, p, q) } }
    }
    let smallest = (0..<n).min { a[$0 * n + $0] < a[$1 * n + $1] } ?? 0
    return (0..<n).map { vectors[$0 * n + smallest] }
  }

  /// Makes element (p, q) zero.
  private static func rotate(_ a: inout [Double], _ vectors: inout [Double], _ n: Int, _ p: Int, _ q: Int) {
    let apq = a[p * n + q]
    if apq == 0 { return }
    let theta = (a[q * n + q] - a[p * n + p]) / (2 * apq)
    let tangent = (theta >= 0 ? 1.0 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
    let cosine = 1 / (tangent * tangent + 1).squareRoot()
    let sine = tangent * cosine
    for k in 0..<n {
      let (kp, kq) = (a[k * n + p], a[k * n + q])
      a[k * n + p] = cosine * kp - sine * kq
      a[k * n + q] = sine * kp + cosine * kq
    }
    for k in 0..<n {
      let (pk, qk) = (a[p * n + k], a[q * n + k])
      a[p * n + k] = cosine * pk - sine * qk
      a[q * n + k] = sine * pk + cosine * qk
      let (vp, vq) = (vectors[k * n + p], vectors[k * n + q])
      vectors[k * n + p] = cosine * vp - sine * vq
      vectors[k * n + q] = sine * vp + cosine * vq
    }
  }

  /// The real roots of c[0] + c[1] t + c[2] t^2 + c[3] t^3.
  package static func cubicRoots(_ c: [Double]) -> [Double] {
    let scale = c.reduce(0) { max($0, abs($1)) }
    guard scale > 0, abs(c[3]) > 1e-12 * scale else { return quadraticRoots(c) }
    let (a, b, d) = (c[2] / c[3], c[1] / c[3], c[0] / c[3])
    let q = (a * a - 3 * b) / 9
    let r = (2 * a * a * a - 9 * a * b + 27 * d) / 54
    if r * r < q * q * q {
      let angle = acos(max(-1, min(1, r / (q * q * q).squareRoot())))
      return (0..<3).map { -2 * q.squareRoot() * cos((angle + 2 * .pi * Double($0)) / 3) - a / 3 }
    }
    let root = cbrt(abs(r) + (r * r - q * q * q).squareRoot()) * (r < 0 ? 1 : -1)
    return [root + (root == 0 ? 0 : q / root) - a / 3]
  }

  private static func quadraticRoots(_ c: [Double]) -> [Double] {
    guard abs(c[2]) > 1e-12 * (abs(c[1]) + abs(c[0])) else { return c[1] == 0 ? [] : [-c[0] / c[1]] }
    let discriminant = c[1] * c[1] - 4 * c[2] * c[0]
    guard discriminant >= 0 else { return [] }
    let root = discriminant.squareRoot()
    return [(-c[1] + root) / (2 * c[2]), (-c[1] - root) / (2 * c[2])]
  }
}
