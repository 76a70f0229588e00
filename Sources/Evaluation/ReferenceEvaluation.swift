import Collectives
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

  /// Evaluates on the first `limit` pairs of `source`, view 1 to be completed, with masks fixed by seed and pair. Collective: the
  /// ranks share the batches, and all have the same result, whatever their number.
  ///
  /// - Parameter progress: called with pairs done and in all, counted over the references and this rank's share.
  /// - Throws: the same `Failure` on every rank, of kind `badData` where it names a pair.
  package init(
    _ model: PretrainedModel, source: some PairSource, limit: Int? = nil, slabCount: Int = 16, pool: WorkerPool,
    communicator: any Communicator = SingleProcessCommunicator(), progress: (Int, Int) -> Void = { _, _ in }
  ) throws(Failure) {
    let count = min(limit ?? source.count, source.count)
    let loader = try communicator.together {
      guard count > 0 else { throw Failure(.badData, "There is no pair to evaluate on.") }
      return try ValidationLoader(source: source, configuration: LoaderConfiguration(model))
    }
    let hasOthers = loader.hasSeveralScenes
    let variants = ReferenceVariant.allCases.filter { $0 != .shuffled || hasOthers }
    let batches = stride(from: 0, to: count, by: 16).map { $0..<min(count, $0 + 16) }
    let work = variants.flatMap { variant in batches.map { (variant: variant, pairs: $0) } }
    let own = Partition.range(communicator.rank, of: communicator.size, count: work.count)
    let ownCount = work[own].reduce(0) { $0 + $1.pairs.count }
    // The sum of each batch; zero for those of other ranks.
    var sums = [Double](repeating: 0, count: work.count)
    try communicator.together {
      var done = 0
      var evaluator: NetworkEvaluator?
      for number in own {
        let (variant, pairs) = work[number]
        if evaluator?.batchSize != pairs.count {
          evaluator = NetworkEvaluator(model.network, batchSize: pairs.count, slabCount: slabCount, pool: pool)
        }
        let batch = try loader.batch(pairs: pairs, reference: variant)
        sums[number] = (evaluator?.loss(of: batch) ?? .nan) * Double(pairs.count)
        done += pairs.count
        progress(done, ownCount)
      }
    }
    try communicator.sumInRankOrder(&sums)
    losses = Dictionary(
      uniqueKeysWithValues: variants.enumerated().map { place, variant in
        (variant, sums[place * batches.count..<(place + 1) * batches.count].reduce(0, +) / Double(count))
      })
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
