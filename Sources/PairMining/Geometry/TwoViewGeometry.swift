import Runtime

/// What the matches of two views say about the cameras.
package struct TwoViewGeometry: Sendable {
  /// The matches that agree with one epipolar geometry or one homography, ascending.
  package let inliers: [Int]
  /// Of these, the matches that the best homography explains.
  let planarCount: Int
  /// The share of inliers that no single homography explains: 0 for a plane or a camera that only turned.
  package var parallax: Double {
    inliers.isEmpty ? 0 : 1 - Double(planarCount) / Double(inliers.count)
  }

  private static let epipolarIterations = 4000
  private static let homographyIterations = 1500
  private static let planeIterations = 200

  /// Estimates the geometry by RANSAC.
  ///
  /// - Parameters:
  ///   - points: the matches, the most distinctive first.
  ///   - tolerance: the largest distance from an epipolar line, in units of the points; twice that for homographies,
  ///     which lenses and uneven walls bend.
  /// - Returns: nil for fewer than eight matches, or where nothing agrees.
  package init?(_ points: MatchedPoints, tolerance: Float, random: inout RandomStream) {
    guard points.count >= 8 else { return nil }
    let epipolar = RobustEstimation<FundamentalMatrix>(points: points, limit: tolerance * tolerance)
    let planar = RobustEstimation<Homography>(points: points, limit: 4 * tolerance * tolerance)
    let homography = planar.run(&random, iterationLimit: Self.homographyIterations)
    var best = epipolar.run(&random, iterationLimit: Self.epipolarIterations)
    if let homography {
      best = Self.throughPlane(homography, epipolar, better: best, &random) ?? best
    }
    let members = Set(homography?.inliers ?? [])
    let inliers = best?.inliers ?? []
    if inliers.count >= members.count {
      guard !inliers.isEmpty else { return nil }
      self.inliers = inliers
      planarCount = inliers.count { members.contains($0) }
    } else {
      self.inliers = homography?.inliers ?? []
      planarCount = members.count
    }
  }

  /// A better epipolar geometry that holds the plane: samples of seven seldom find it where most matches lie on one.
  private static func throughPlane(
    _ plane: RobustEstimation<Homography>.Estimate, _ epipolar: RobustEstimation<FundamentalMatrix>,
    better first: RobustEstimation<FundamentalMatrix>.Estimate?, _ random: inout RandomStream
  ) -> RobustEstimation<FundamentalMatrix>.Estimate? {
    let onPlane = Set(plane.inliers)
    let off = (0..<epipolar.points.count).filter { !onPlane.contains($0) }
    guard off.count >= 2, plane.inliers.count >= 8 else { return nil }
    var best = first
    for _ in 0..<min(planeIterations, off.count * (off.count - 1) / 2) {
      let pair = RobustEstimation<FundamentalMatrix>.sample(2, of: off.count, &random)
      guard
        let model = FundamentalMatrix(
          plane: plane.model, points: epipolar.points, offPlane: (off[pair[0]], off[pair[1]])),
        let found = epipolar.estimate(model, better: best)
      else { continue }
      best = epipolar.refined(found)
    }
    return best
  }
}
