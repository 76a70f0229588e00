import PairData
import Runtime
import Storage

/// How much a network uses the second view: the masked loss with true, shuffled, blank and identical references.
///
/// The reference gain is 1 - L(true) / L(shuffled): near 0 the network ignores the second view.
package struct ReferenceEvaluation: Sendable, Equatable {
  /// The checkpoint or weights file.
  package let checkpoint: String
  /// Held-out pairs that were used.
  package let pairCount: Int
  /// The mean masked loss by kind of reference; without the shuffled one where all pairs are of one scene.
  package let losses: [ReferenceVariant: Double]

  /// 1 - L(true) / L(shuffled).
  package var referenceGain: Double { 1 - losses[.matching, default: .nan] / losses[.shuffled, default: .nan] }

  /// L(true) / L(blank).
  package var blankRatio: Double { losses[.matching, default: .nan] / losses[.blank, default: .nan] }

  /// Evaluates on the first `limit` pairs of `source`, view 1 to be completed, with masks fixed by seed and pair.
  ///
  /// - Parameter progress: called with pairs done and in all, counted over the four references.
  /// - Throws: `Failure` of kind `badData` that names the pair.
  package init(
    _ model: PretrainedModel, source: some PairSource, limit: Int? = nil, slabCount: Int = 4, pool: WorkerPool,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(Failure) {
    let loader = try ValidationLoader(source: source, configuration: LoaderConfiguration(model))
    let count = min(limit ?? source.count, source.count)
    guard count > 0 else { throw Failure(.badData, "There is no pair to evaluate on.") }
    var losses: [ReferenceVariant: Double] = [:]
    var done = 0
    let hasOthers = loader.hasSeveralScenes
    let variants = ReferenceVariant.allCases.filter { $0 != .shuffled || hasOthers }
    for variant in variants {
      var sum = 0.0
      var evaluator: NetworkEvaluator?
      for start in stride(from: 0, to: count, by: 16) {
        let pairs = start..<min(count, start + 16)
        if evaluator?.batchSize != pairs.count {
          evaluator = NetworkEvaluator(model.network, batchSize: pairs.count, slabCount: slabCount, pool: pool)
        }
        let batch = try loader.batch(pairs: pairs, reference: variant)
        sum += (evaluator?.loss(of: batch) ?? .nan) * Double(pairs.count)
        done += pairs.count
        progress(done, count * variants.count)
      }
      losses[variant] = sum / Double(count)
    }
    self.losses = losses
    pairCount = count
    checkpoint = model.path
  }

  /// The result as one JSON object with sorted keys.
  package var json: String {
    let losses = ReferenceVariant.allCases.map { ($0.rawValue, JSON.number(self.losses[$0, default: .nan])) }
    return JSON.object([
      ("checkpoint", .text(checkpoint)), ("loss", .object(losses)), ("pairs", .integer(pairCount)),
      ("reference_gain", .number(referenceGain)), ("true_over_blank", .number(blankRatio)),
    ]).spacedText
  }
}
