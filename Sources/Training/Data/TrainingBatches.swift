import PairData
import Runtime

/// A rank's training batches, and what follows from how the data lies.
package struct TrainingBatches {
  /// This rank's micro-batches.
  package let loader: PairLoader
  /// Steps of a pass over the data; the same on every rank.
  package let stepsPerEpoch: Double

  /// Starts to load from `firstStep` on, and says how the data lies; collective.
  ///
  /// - Parameter microBatches: this rank's share of every step.
  /// - Throws: the same `Failure` on every rank: of kind `configuration`, or `badData` where shards lie too unevenly.
  package init(
    _ data: RunData, _ context: RunContext, microBatches: Range<Int>, firstStep: Int
  ) throws(Failure) {
    let share = try DataShare(data.training, context, microBatches: microBatches)
    loader = try context.communicator.together {
      try PairLoader(
        source: data.training, configuration: LoaderConfiguration(context.configuration),
        globalBatchSize: share.globalBatchSize, microBatches: share.microBatches, firstStep: firstStep,
        badPairs: data.badPairs)
    }
    stepsPerEpoch = share.stepsPerEpoch
    for remark in share.remarks { context.log(remark.isWarning ? .warning : .info, remark.sentence) }
  }
}
