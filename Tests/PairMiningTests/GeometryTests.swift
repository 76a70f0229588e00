import Foundation
import PairMining
import Runtime
import Testing

/// Estimation on points with known cameras and known outliers.
struct GeometryTests {
  private typealias Point = SIMD3<Double>

  /// Two views of points: a camera that turns by 0.2 and moves by `baseline`, focal length 1.2 half sides.
  private static func views(
    _ points: [Point], baseline: Double, noise: Double, outliers: Int, random: inout RandomStream
  ) -> [SIMD4<Float>] {
    var matches = points.map { p in
      let q = Point(cos(0.2) * p.x - sin(0.2) * p.z - baseline, p.y, sin(0.2) * p.x + cos(0.2) * p.z)
      let values = [p.x / p.z, p.y / p.z, q.x / q.z, q.y / q.z].map {
        Float($0 * 1.2) + Float(noise) * random.nextNormal()
      }
      return SIMD4(values[0], values[1], values[2], values[3])
    }
    for _ in 0..<outliers {
      matches.append(
        SIMD4(
          random.nextUniform(-1...1), random.nextUniform(-1...1), random.nextUniform(-1...1),
          random.nextUniform(-1...1)))
    }
    return matches
  }

  private static func cloud(_ count: Int, plane: Bool, _ random: inout RandomStream) -> [Point] {
    (0..<count).map { _ in
      let (x, y) = (Double(random.nextUniform(-2...2)), Double(random.nextUniform(-2...2)))
      return Point(x, y, plane ? 5 + 0.3 * x : Double(random.nextUniform(3...8)))
    }
  }

  @Test("RANSAC finds the epipolar geometry among as many outliers as inliers")
  func outliers() throws {
    var random = RandomStream(seed: 1, purpose: .test)
    let cloud = Self.cloud(150, plane: false, &random)
    let points = Self.views(cloud, baseline: 0.7, noise: 0.0005, outliers: 150, random: &random)
    var samples = RandomStream(seed: 2, purpose: .test)
    let geometry = try #require(TwoViewGeometry(MatchedPoints(points), tolerance: 0.003, random: &samples))
    let right = geometry.inliers.count { $0 < 150 }
    #expect(right >= 145, "\(right) of 150 inliers")
    // A band of 0.006 along a line through a square of side 2 holds 0.4 % of random points.
    #expect(geometry.inliers.count - right <= 8, "\(geometry.inliers.count - right) outliers")
    #expect(geometry.parallax > 0.5)
  }

  @Test("A plane, and a camera that only turned, have no parallax", arguments: [true, false])
  func degenerate(isPlane: Bool) throws {
    var random = RandomStream(seed: 3, purpose: .test)
    let cloud = Self.cloud(200, plane: isPlane, &random)
    let points = Self.views(cloud, baseline: isPlane ? 0.7 : 0, noise: 0.0005, outliers: 40, random: &random)
    var samples = RandomStream(seed: 4, purpose: .test)
    let geometry = try #require(TwoViewGeometry(MatchedPoints(points), tolerance: 0.003, random: &samples))
    #expect(geometry.inliers.count >= 195)
    #expect(geometry.parallax < 0.05, "parallax \(geometry.parallax)")
  }

  @Test("A few points off a dominant plane are found, and give parallax")
  func dominantPlane() throws {
    var random = RandomStream(seed: 5, purpose: .test)
    let cloud = Self.cloud(200, plane: true, &random) + Self.cloud(50, plane: false, &random)
    let points = Self.views(cloud, baseline: 0.7, noise: 0.0005, outliers: 50, random: &random)
    var samples = RandomStream(seed: 6, purpose: .test)
    let geometry = try #require(TwoViewGeometry(MatchedPoints(points), tolerance: 0.003, random: &samples))
    let off = geometry.inliers.count { (200..<250).contains($0) }
    #expect(off >= 45, "\(off) of 50 points off the plane")
    #expect((0.1...0.25).contains(geometry.parallax), "parallax \(geometry.parallax)")
  }

  @Test("Points without any relation are not explained beyond chance, and the same draws give the same result")
  func noise() throws {
    var random = RandomStream(seed: 7, purpose: .test)
    let points = MatchedPoints(Self.views([], baseline: 0, noise: 0, outliers: 60, random: &random))
    let results = (0..<2).map { _ in
      var samples = RandomStream(seed: 8, purpose: .test)
      return TwoViewGeometry(points, tolerance: 0.003, random: &samples)?.inliers ?? []
    }
    #expect(results[0] == results[1])
    #expect(Double(results[0].count) < 8 + 0.3 * 60, "\(results[0].count) inliers of 60")
  }

  @Test("Null space, smallest eigenvector and cubic roots solve their equations")
  func linearAlgebra() throws {
    var random = RandomStream(seed: 9, purpose: .test)
    let matrix = (0..<63).map { _ in Double(random.nextUniform(-1...1)) }
    let basis = try #require(LinearAlgebra.nullSpace(matrix, columns: 9))
    #expect(basis.count == 2)
    for vector in basis {
      for row in 0..<7 { #expect(abs((0..<9).reduce(0) { $0 + matrix[row * 9 + $1] * vector[$1] }) < 1e-9) }
    }
    #expect(LinearAlgebra.nullSpace([1, 2, 3, 2, 4, 6], columns: 3) == nil)
    var square = [Double](repeating: 0, count: 81)
    for r in 0..<9 {
      for c in 0..<9 { square[r * 9 + c] = (0..<7).reduce(0) { $0 + matrix[$1 * 9 + r] * matrix[$1 * 9 + c] } }
    }
    let vector = LinearAlgebra.smallestEigenvector(square, size: 9)
    for r in 0..<9 { #expect(abs((0..<9).reduce(0) { $0 + square[r * 9 + $1] * vector[$1] }) < 1e-9) }
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-9)
    // (t - 1)(t + 2)(t - 3), and (t - 2)(t^2 + 1).
    let three = LinearAlgebra.cubicRoots([6, -5, -2, 1]).sorted()
    #expect(zip(three, [-2, 1, 3]).allSatisfy { abs($0 - $1) < 1e-9 } && three.count == 3)
    let one = LinearAlgebra.cubicRoots([-2, 1, -2, 1])
    #expect(one.count == 1 && abs(one[0] - 2) < 1e-9)
  }
}
