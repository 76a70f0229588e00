import Foundation
import Runtime

/// Two images that were compared and what came out.
package struct PairMeasurement: Sendable {
  /// The numbers of the two images; the first is the smaller.
  package let first: Int, second: Int
  /// Mutual nearest neighbours that pass the ratio test.
  let matchCount: Int
  /// How many of them one geometry explains.
  let inlierCount: Int
  /// Some of these, x1, y1, x2, y2 in pixels of the images as shown; for pictures.
  package let points: [SIMD4<Float>]
  /// Windows of view 1 and view 2 that show the same, for accepted pairs.
  package internal(set) var crops: [AlignedCrop] = []
  /// The share of inliers that no single homography explains.
  package let parallax: Double
  /// How much the views share.
  package let overlap: Overlap
  /// The median distance between matched points, each as a share of its view's sides: near 0 for the same picture.
  let displacement: Double
  /// By how many quarters view 2 has to be turned counterclockwise to stand like view 1, 0 to 3.
  let quarterTurns: Int

  /// The most points that are kept.
  static let pointLimit = 60

  /// The two images share this many inliers where the matches are no more than chance.
  ///
  /// Chance matches grow with the number of matches: cf. Brown and Lowe, "Automatic Panoramic Image Stitching", IJCV 74,
  /// 2007, equation 13.
  static func isBeyondChance(inliers: Int, matches: Int, minimum: Int) -> Bool {
    inliers >= minimum && Double(inliers) > 8 + 0.3 * Double(matches)
  }
}

/// Compares two images by their features.
struct PairVerifier {
  /// Decides whether aligned crops are worth looking for.
  let selection: PairSelection

  /// The largest distance of an inlier from its epipolar line, as a share of the longer side, and in working pixels.
  private static let tolerance = (share: 0.002, least: 1.5)

  /// What two images have in common, or nil where it may be chance.
  func measure(
    _ a: FeatureSet, _ b: FeatureSet, first: Int, second: Int, matches: [FeatureMatch], number: Int
  ) -> PairMeasurement? {
    guard matches.count >= selection.options.minimumInliers else { return nil }
    let half = Float(max(a.width, a.height, b.width, b.height)) / 2
    let points = matches.map { match in
      let (p, q) = (a.keypoints[match.first], b.keypoints[match.second])
      return SIMD4(
        (p.x - Float(a.width) / 2) / half, (p.y - Float(a.height) / 2) / half, (q.x - Float(b.width) / 2) / half,
        (q.y - Float(b.height) / 2) / half)
    }
    var random = RandomStream(seed: selection.options.seed, purpose: .verification, index: number)
    let tolerance = max(Float(Self.tolerance.least), Float(Self.tolerance.share) * 2 * half) / half
    guard let geometry = TwoViewGeometry(MatchedPoints(points), tolerance: tolerance, random: &random),
      PairMeasurement.isBeyondChance(
        inliers: geometry.inliers.count, matches: matches.count, minimum: selection.options.minimumInliers)
    else { return nil }
    let scale = SIMD4(Self.scale(a), Self.scale(b))
    let pixels = geometry.inliers.map { index in
      let (p, q) = (a.keypoints[matches[index].first], b.keypoints[matches[index].second])
      return (SIMD4(p.x, p.y, q.x, q.y) + 0.5) * scale
    }
    return measurement(pixels, a, b, (first, second), matches.count, geometry)
  }

  private func measurement(
    _ pixels: [SIMD4<Float>], _ a: FeatureSet, _ b: FeatureSet, _ pair: (Int, Int), _ matchCount: Int,
    _ geometry: TwoViewGeometry
  ) -> PairMeasurement {
    let viewA = Self.view(a, pixels.map { SIMD2(Double($0.x), Double($0.y)) })
    let viewB = Self.view(b, pixels.map { SIMD2(Double($0.z), Double($0.w)) })
    let (first, second) = (viewA.matches, viewB.matches)
    let distances = zip(first, second).map { p, q in
      let offset = p / viewA.size - q / viewB.size
      return (offset * offset).sum().squareRoot()
    }.sorted()
    let axis = AffineMap(first, second).x
    let turn = atan2(axis.y, axis.x) / (.pi / 2)
    let quarters = turn.isFinite ? Int(turn.rounded()) : 0  // inliers on one line have no turn
    let shown = min(pixels.count, PairMeasurement.pointLimit)
    var result = PairMeasurement(
      first: pair.0, second: pair.1, matchCount: matchCount, inlierCount: pixels.count,
      points: (0..<shown).map { pixels[$0 * pixels.count / shown] }, parallax: geometry.parallax,
      overlap: Overlap(viewA, viewB),
      displacement: distances[distances.count / 2], quarterTurns: (quarters + 4) % 4)
    if selection.verdict(result) == .accepted {
      let finder = AlignedCropFinder(limit: selection.options.cropsPerPair, smallest: selection.options.smallestCrop)
      result.crops = finder.crops(first, second, firstSize: viewA.size, secondSize: viewB.size)
    }
    return result
  }

  /// A view in pixels of the image as shown.
  private static func view(_ features: FeatureSet, _ matches: [SIMD2<Double>]) -> Overlap.View {
    let scale = SIMD2<Double>(scale(features))
    return Overlap.View(
      size: SIMD2(Double(features.imageWidth), Double(features.imageHeight)),
      features: features.keypoints.map { SIMD2(Double($0.x) + 0.5, Double($0.y) + 0.5) * scale }, matches: matches)
  }

  /// Pixels of the image as shown for a pixel of the working size, along both axes.
  private static func scale(_ features: FeatureSet) -> SIMD2<Float> {
    SIMD2(
      Float(features.imageWidth) / Float(features.width), Float(features.imageHeight) / Float(features.height))
  }
}

extension SIMD4 where Scalar == Float {
  fileprivate init(_ a: SIMD2<Float>, _ b: SIMD2<Float>) { self.init(lowHalf: a, highHalf: b) }
}
