internal import CFeatures
import Foundation
import Runtime

/// A model of two views that RANSAC can look for.
protocol RobustModel {
  /// The matches that determine it.
  static var sampleSize: Int { get }
  /// The models through a minimal sample; none for a degenerate one.
  static func solve(_ points: MatchedPoints, sample: [Int]) -> [Self]
  /// The least-squares model of many matches.
  static func fit(_ points: MatchedPoints, members: [Int]) -> Self?
  /// Squared distances of all matches from the model.
  func errors(_ points: MatchedPoints, into errors: UnsafeMutablePointer<Float>)
}

/// RANSAC with truncated squared errors, local optimisation and an adaptive number of iterations.
///
/// Sources: Fischler and Bolles, 1981; Torr and Zisserman, "MLESAC", 2000 (truncated errors); Chum, Matas and Kittler,
/// "Locally Optimized RANSAC", 2003.
struct RobustEstimation<Model: RobustModel> {
  /// A model and what supports it.
  struct Estimate {
    let model: Model
    /// The sum of truncated squared errors.
    let cost: Float
    /// The matches within the limit, ascending.
    let inliers: [Int]
  }

  let points: MatchedPoints
  /// The largest squared distance of an inlier.
  let limit: Float
  private let errors: AlignedBuffer<Float>

  /// The probability of having drawn a sample of inliers alone.
  private static var confidence: Double { 0.9999 }

  init(points: MatchedPoints, limit: Float) {
    self.points = points
    self.limit = limit
    errors = AlignedBuffer(count: max(1, points.count))
  }

  /// The best model found, or nil where there are too few matches or no sample gave one.
  ///
  /// Every other sample comes from the first half of the matches, which should be the better ones.
  func run(_ random: inout RandomStream, iterationLimit: Int) -> Estimate? {
    guard points.count > Model.sampleSize else { return nil }
    var best: Estimate?
    var needed = iterationLimit
    var iteration = 0
    while iteration < needed {
      let pool = iteration % 2 == 0 ? points.count : max(Model.sampleSize + 1, points.count / 2)
      let sample = Self.sample(Model.sampleSize, of: pool, &random)
      for model in Model.solve(points, sample: sample) {
        guard let found = estimate(model, better: best) else { continue }
        best = refined(found)
        needed = min(iterationLimit, iterations(inliers: best?.inliers.count ?? 0))
      }
      iteration += 1
    }
    return best
  }

  /// A model with its inliers where it is better than `other`.
  func estimate(_ model: Model, better other: Estimate?) -> Estimate? {
    model.errors(points, into: errors.pointer)
    var count = 0
    let cost = croco_truncated_sum(errors.pointer, points.count, limit, &count)
    guard count >= Model.sampleSize, cost < other?.cost ?? .infinity else { return nil }
    let inliers = (0..<points.count).filter { errors.pointer[$0] < limit }
    return Estimate(model: model, cost: cost, inliers: inliers)
  }

  /// Fits to the inliers as long as that helps.
  func refined(_ estimate: Estimate) -> Estimate {
    var best = estimate
    for _ in 0..<5 {
      guard let model = Model.fit(points, members: best.inliers),
        let better = self.estimate(model, better: best)
      else { break }
      best = better
    }
    return best
  }

  private func iterations(inliers: Int) -> Int {
    let allGood = pow(Double(inliers) / Double(points.count), Double(Model.sampleSize))
    guard allGood < 1 else { return 1 }
    return Int(min(1e9, (log(1 - Self.confidence) / log1p(-allGood)).rounded(.up)))
  }

  /// Distinct numbers below `bound`.
  static func sample(_ count: Int, of bound: Int, _ random: inout RandomStream) -> [Int] {
    var sample: [Int] = []
    while sample.count < count {
      let draw = random.nextIndex(below: bound)
      if !sample.contains(draw) { sample.append(draw) }
    }
    return sample
  }
}
