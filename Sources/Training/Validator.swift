import PairData
import Runtime

/// The mean loss on held-out pairs: the same pairs, crops and masks at every call, shared by the ranks.
package final class Validator {
  private let trainer: Trainer
  private let loader: ValidationLoader
  private let pairCount: Int
  private let batchCount: Int
  private let batch: PairBatch

  /// Validates on `batchCount` micro-batches spread over `source`.
  ///
  /// - Parameter badPairs: is told of pairs that were skipped.
  /// - Throws: `Failure` of kind `configuration` where the loader's values are impossible.
  package init(
    _ trainer: Trainer, source: some PairSource, configuration: LoaderConfiguration, batchCount: Int,
    badPairs: BadPairReports = BadPairReports()
  ) throws(Failure) {
    self.trainer = trainer
    self.batchCount = batchCount
    pairCount = source.count
    loader = try ValidationLoader(source: source, configuration: configuration, badPairs: badPairs)
    batch = PairBatch(
      count: configuration.microBatchSize, height: configuration.imageHeight, width: configuration.imageWidth,
      patchCount: configuration.patchCount)
  }

  /// The mean loss; collective, and the same number on any number of ranks.
  ///
  /// - Throws: the same `Failure` on every rank.
  package func loss() throws(Failure) -> Double {
    let communicator = trainer.communicator
    let own = Partition.range(communicator.rank, of: communicator.size, count: batchCount)
    var losses = [Double](repeating: 0, count: batchCount)
    var failure: Failure?
    do throws(Failure) {
      for number in own { losses[number] = try loss(ofBatch: number) }
    } catch {
      failure = error
    }
    try communicator.agree(on: failure)
    try communicator.sumInRankOrder(&losses)
    return losses.reduce(0, +) / Double(batchCount)
  }

  private func loss(ofBatch number: Int) throws(Failure) -> Double {
    // Evenly over the held-out pairs, or round and round where they are few.
    let wanted = batchCount * batch.count
    let pairs = (number * batch.count..<(number + 1) * batch.count).map { place in
      pairCount >= wanted ? place * pairCount / wanted : place % pairCount
    }
    try loader.fill(batch, pairs: pairs)
    return trainer.loss(of: batch)
  }
}
