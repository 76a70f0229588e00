import Collectives
import PairData
import Runtime

/// What held-out pairs say of a network.
struct Validation {
  /// The mean loss.
  let loss: Double
  /// 1 - loss / loss with references of other scenes: near 0 the network ignores the second view; nil where all held-out pairs are
  /// of one scene.
  let referenceGain: Double?
}

/// Measures a network on held-out pairs: the same pairs, crops and masks at every call, shared by the ranks.
final class Validator {
  private let evaluate: (PairBatch) -> Double?
  private let communicator: any Communicator
  private let loader: ValidationLoader
  private let pairCount: Int
  private let batchCount: Int
  private let batch: PairBatch
  private let references: [ReferenceVariant]

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
    let loader = try communicator.together {
      try ValidationLoader(
        source: source, configuration: LoaderConfiguration(configuration), badPairs: data.badPairs)
    }
    batch = PairBatch(loader.configuration)
    self.loader = loader
    references = loader.hasSeveralScenes ? [.matching, .shuffled] : [.matching]
  }

  /// Loss and reference gain; collective, and the same numbers on any number of ranks. Nil where a rank has an interruption, of
  /// which the others hear between micro-batches.
  ///
  /// - Throws: the same `Failure` on every rank.
  func measure(unless interruptions: () -> StepFlags) throws(Failure) -> Validation? {
    let own = Partition.range(communicator.rank, of: communicator.size, count: batchCount)
    let raised = RaisedFlags(communicator, rounds: (batchCount + communicator.size - 1) / communicator.size)
    // First those with the pairs' own references, then those with others.
    var losses = [Double](repeating: 0, count: references.count * batchCount)
    var failure: Failure?
    var flags: StepFlags = []
    do throws(Failure) {
      for number in own {
        let heard = StepFlags(rawValue: try raised.tell(interruptions().rawValue))
        guard heard.isDisjoint(with: .interruptions), let own = try self.losses(ofBatch: number) else {
          flags = .unfinished
          break
        }
        for (place, loss) in own.enumerated() { losses[place * batchCount + number] = loss }
      }
    } catch {
      (failure, flags) = (error, .failure)
    }
    flags = StepFlags(rawValue: try raised.finish(flags.rawValue))
    if flags.contains(.failure) { try communicator.agree(on: failure) }
    guard !flags.contains(.unfinished) else { return nil }
    try communicator.sumInRankOrder(&losses)
    let loss = losses[..<batchCount].reduce(0, +) / Double(batchCount)
    let others = losses[batchCount...].reduce(0, +) / Double(batchCount)
    return Validation(loss: loss, referenceGain: references.contains(.shuffled) ? 1 - loss / others : nil)
  }

  /// The loss of a batch with each kind of reference; nil where that was called off.
  private func losses(ofBatch number: Int) throws(Failure) -> [Double]? {
    // Evenly over the held-out pairs, or round and round where they are few.
    let wanted = batchCount * batch.count
    let pairs = (number * batch.count..<(number + 1) * batch.count).map { place in
      pairCount >= wanted ? place * pairCount / wanted : place % pairCount
    }
    var losses: [Double] = []
    for reference in references {
      try loader.fill(batch, pairs: pairs, reference: reference)
      guard let loss = evaluate(batch) else { return nil }
      losses.append(loss)
    }
    return losses
  }
}
