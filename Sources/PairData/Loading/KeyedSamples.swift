import Runtime

/// The samples of a run on a source: which pair each position trains on, and what its random draws are keyed by.
///
/// Draws are keyed by the sample's number in the whole data set, also where the source holds only a part of it.
struct KeyedSamples: Sendable {
  let order: SampleOrder
  let source: any PairSource

  /// Pairs that are tried in place of a bad one before it counts as a failure.
  static let replacementLimit = 64

  init(_ source: some PairSource, _ configuration: LoaderConfiguration) {
    self.source = source
    order = SampleOrder(pairCount: source.count, bothOrders: configuration.bothOrders, seed: configuration.seed)
  }

  /// The sample at a position.
  ///
  /// - Throws: `Failure` of kind `configuration` after 2^24 epochs.
  func sample(at position: Int) throws(Failure) -> SampleOrder.Sample {
    guard position < order.positionCount else {
      throw Failure(
        .configuration, "The run has more than 2^24 epochs of \(order.sampleCount) samples.",
        hint: "Train for fewer steps, or on more pairs.")
    }
    let sample = order.sample(at: position)
    return sample.keyed(by: order.index(ofPair: source.number(ofPair: sample.pair), isSwapped: sample.isSwapped))
  }

  /// The samples that may stand in for one whose pair is bad, in the order in which they are tried: other pairs with
  /// the draws of the first.
  func replacements(of sample: SampleOrder.Sample) -> [SampleOrder.Sample] {
    var stream = RandomStream(
      seed: order.seed, purpose: .replacement, epoch: sample.epoch, index: sample.index)
    return (0..<Self.replacementLimit).map { _ in
      order.sample(index: stream.nextIndex(below: order.sampleCount), epoch: sample.epoch).keyed(by: sample.index)
    }
  }
}
