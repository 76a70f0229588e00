import Collectives
import PairData
import Runtime

/// The mean loss on held-out pairs: the same pairs, crops and masks at every call, shared by the ranks.
final class Validator {
  private let evaluate: (PairBatch) -> Double?
  private let communicator: any Communicator
  private let loader: ValidationLoader
  private let pairCount: Int
  private let batchCount: Int
  private let batch: PairBatch

  /// Validates on `validation.batches` micro-batches spread over the held-out pairs; nil where the configuration wants no
  /// validation. Collective.
  ///
  /// - Parameter evaluate: the mean loss of a micro-batch, without training on it; nil where that was called off.
  /// - Throws: `Failure` of kind `configuration` where the loader's values are impossible, the same on every rank.
  init?(_ data: RunData, _ context: RunContext, evaluate: @escaping (PairBatch) -> Double?) throws(Failure) {
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

  /// The mean loss; collective, and the same number on any number of ranks. Nil where a rank has an interruption, of
  /// which the others hear between micro-batches.
  ///
  /// - Throws: the same `Failure` on every rank.
  package func loss(unless interruptions: () -> StepFlags) throws(Failure) -> Double? {
    let own = Partition.range(communicator.rank, of: communicator.size, count: batchCount)
    let raised = RaisedFlags(communicator, rounds: (batchCount + communicator.size - 1) / communicator.size)
    var losses = [Double](repeating: 0, count: batchCount)
    var failure: Failure?
    var flags: StepFlags = []
    do throws(Failure) {
      for number in own {
        let heard = StepFlags(rawValue: try raised.tell(interruptions().rawValue))
        guard heard.isDisjoint(with: .interruptions), let loss = try loss(ofBatch: number) else {
          flags = .unfinished
          break
        }
        losses[number] = loss
      }
    } catch {
      (failure, flags) = (error, .failure)
    }
    flags = StepFlags(rawValue: try raised.finish(flags.rawValue))
    if flags.contains(.failure) { try communicator.agree(on: failure) }
    guard !flags.contains(.unfinished) else { return nil }
    try communicator.sumInRankOrder(&losses)
    return losses.reduce(0, +) / Double(batchCount)
  }

  private func loss(ofBatch number: Int) throws(Failure) -> Double? {
    // Evenly over the held-out pairs, or round and round where they are few.
    let wanted = batchCount * batch.count
    let pairs = (number * batch.count..<(number + 1) * batch.count).map { place in
      pairCount >= wanted ? place * pairCount / wanted : place % pairCount
    }
    try loader.fill(batch, pairs: pairs)
    return evaluate(batch)
  }
}
