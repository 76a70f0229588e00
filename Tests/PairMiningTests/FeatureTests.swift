import Foundation
import PairData
import PairMining
import Testing

/// Keypoints and descriptors on pictures whose relation is known.
struct FeatureTests {
  /// Turns by `angle` about the middle, enlarges by `scale`, and tilts.
  private struct Warp {
    let angle: Double, scale: Double, tilt: Double
    let middle = 128.0

    /// Where the warped picture shows what the picture shows at (x, y).
    func callAsFunction(_ x: Double, _ y: Double) -> (Double, Double) {
      let (dx, dy) = (x - middle, y - middle)
      let (u, v) = (scale * (cos(angle) * dx - sin(angle) * dy), scale * (sin(angle) * dx + cos(angle) * dy))
      let w = 1 + tilt * u
      return (middle + u / w, middle + v / w)
    }

    /// The inverse.
    func source(_ x: Double, _ y: Double) -> (Double, Double) {
      let (p, q) = (x - middle, y - middle)
      let w = 1 / (1 - tilt * p)
      let (u, v) = (p * w / scale, q * w / scale)
      return (middle + cos(angle) * u + sin(angle) * v, middle - sin(angle) * u + cos(angle) * v)
    }
  }

  @Test(
    "Features are found again, and matched, in a picture that is turned, resized or tilted",
    arguments: [(0.5, 1.0, 0.0), (-2.2, 1.0, 0.0), (0.0, 0.7, 0.0), (0.3, 1.4, 0.0), (0.1, 1.0, 0.0012)])
  func repeatability(angle: Double, scale: Double, tilt: Double) throws {
    let picture = try MiningFixtures.pairs(0..<1)[0].view1
    let warp = Warp(angle: angle, scale: scale, tilt: tilt)
    let extractor = FeatureExtractor()
    let (a, b) = (
      extractor.features(of: picture), extractor.features(of: MiningFixtures.warped(picture, warp.source))
    )
    let pixels = Double(a.width) / 256
    func place(_ point: Keypoint) -> (Double, Double) {
      warp((Double(point.x) + 0.5) / pixels - 0.5, (Double(point.y) + 0.5) / pixels - 0.5)
    }
    func distance(_ p: Keypoint, _ q: Keypoint) -> Double {
      let (x, y) = place(p)
      return hypot(x - (Double(q.x) + 0.5) / pixels + 0.5, y - (Double(q.y) + 0.5) / pixels + 0.5)
    }
    let visible = a.keypoints.filter {
      let (x, y) = place($0)
      return min(x, y) > 12 && max(x, y) < 243 && hypot(x - 128, y - 128) < 110 && Double($0.scale) * scale > 3.5
    }
    let again = visible.count { p in
      b.keypoints.contains { distance(p, $0) < 2 && abs(log2(Double($0.scale / p.scale) / scale)) < 0.5 }
    }
    #expect(visible.count > 40)
    #expect(Double(again) > 0.5 * Double(visible.count), "\(again) of \(visible.count) are found again")
    let matches = DescriptorMatcher().matches(a.descriptors, b.descriptors)
    let right = matches.count { distance(a.keypoints[$0.first], b.keypoints[$0.second]) < 3 }
    #expect(matches.count > 60 && Double(right) > 0.85 * Double(matches.count), "\(right) of \(matches.count)")
  }

  @Test("Descriptors do not depend on brightness and contrast")
  func brightness() throws {
    let picture = try MiningFixtures.pairs(1..<2)[0].view1
    let dim = RGBImage(width: 256, height: 256, pixels: picture.pixels.map { UInt8(Double($0) * 0.6 + 30) })
    let extractor = FeatureExtractor()
    let (a, b) = (extractor.features(of: picture), extractor.features(of: dim))
    let matches = DescriptorMatcher().matches(a.descriptors, b.descriptors)
    let right = matches.count {
      hypot(a.keypoints[$0.first].x - b.keypoints[$0.second].x, a.keypoints[$0.first].y - b.keypoints[$0.second].y) < 2
    }
    #expect(Double(right) > 0.6 * Double(b.count), "\(right) of \(b.count)")
    #expect(Double(right) > 0.95 * Double(matches.count))
  }

  @Test("The matcher finds what a comparison of all descriptors one by one finds")
  func matcherAgainstOracle() throws {
    let pair = try MiningFixtures.pairs(2..<3, size: 128)[0]
    let extractor = FeatureExtractor()
    let (a, b) = (extractor.features(of: pair.view1), extractor.features(of: pair.view2))
    func unit(_ set: FeatureSet, _ index: Int) -> [Double] {
      let bytes = set.descriptors[(index * 128)..<(index * 128 + 128)].map(Double.init)
      let norm = bytes.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return bytes.map { $0 / norm }
    }
    let (left, right) = ((0..<a.count).map { unit(a, $0) }, (0..<b.count).map { unit(b, $0) })
    let distances = left.map { p in right.map { q in zip(p, q).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } } }
    var expected: Set<[Int]> = []
    for row in left.indices {
      let order = right.indices.sorted { distances[row][$0] < distances[row][$1] }
      let nearest = order[0]
      let isMutual = left.indices.allSatisfy { distances[$0][nearest] >= distances[row][nearest] }
      if isMutual, distances[row][nearest] < 0.64 * distances[row][order[1]] { expected.insert([row, nearest]) }
    }
    let found = Set(DescriptorMatcher().matches(a.descriptors, b.descriptors).map { [$0.first, $0.second] })
    #expect(expected.count > 20)
    // Ties within rounding may fall either way.
    #expect(found.symmetricDifference(expected).count <= 1, "\(found.count) against \(expected.count)")
  }

  @Test("Tiny and uniform pictures have no features, and no more than asked for are kept")
  func limits() throws {
    let extractor = FeatureExtractor(options: .init(maximumCount: 50))
    let grey = RGBImage(width: 90, height: 70, pixels: [UInt8](repeating: 99, count: 90 * 70 * 3))
    #expect(extractor.features(of: grey).count == 0)
    #expect(
      extractor.features(of: RGBImage(width: 3, height: 900, pixels: [UInt8](repeating: 1, count: 8100))).count == 0)
    let picture = try MiningFixtures.pairs(0..<1)[0].view1
    let features = extractor.features(of: picture)
    #expect(features.count == 50)
    #expect(zip(features.keypoints, features.keypoints.dropFirst()).allSatisfy { $0.scale >= $1.scale })
    #expect(extractor.features(of: picture) == features)
  }
}
