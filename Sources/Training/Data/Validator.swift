import Collectives
import PairData
import Runtime

/// The mean loss on held-out pairs: the same pairs, crops and masks at every call, shared by the ranks.
final class Validator {
  private let evaluate: (PairBatch) -> Double
  private let communicator: any Communicator
  private let loader: ValidationLoader
  private let pairCount: Int
  private let batchCount: Int
  private let batch: PairBatch

  /// Validates on `validation.batches` micro-batches spread over the held-out pairs; nil where the configuration wants no
  /// validation. Collective.
  ///
  /// - Parameter evaluate: the mean loss of a micro-batch, without training on it.
  /// - Throws: `Failure` of kind `configuration` where the loader's values are impossible, the same on every rank.
  init?(_ data: RunData, _ context: RunContext, evaluate: @escaping (PairBatch) -> Double) throws(Failure) {
    let configuration = context.configuration
    guard let source = data.validation, configuration.validation.everySteps > 0 else { return nil }
    self.evaluate = evaluate
    communicator = context.communicator
    batchCount = configuration.validation.batches
    pairCount = source.count
    loader = try communicator.together {
      try ValidationLoader(
        source: source, configuration: LoaderConfiguration(configuration), badPairs: data.badPairs)
    }
    batch = PairBatch(loader.configuration)
  }

  /// The mean loss; collective, and the same number on any number of ranks.
  ///
  /// - Throws: the same `Failure` on every rank.
  package func loss() throws(Failure) -> Double {
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
    return evaluate(batch)
  }
}
