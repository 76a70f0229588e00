import Runtime

/// What one thread needs to fill samples.
final class LoaderWorker: @unchecked Sendable {
  private let source: any PairSource
  private let configuration: LoaderConfiguration
  private let order: SampleOrder
  private let schedule: BatchSchedule
  private let badPairs: BadPairReports
  private let transform: PairTransform

  init(
    source: any PairSource, configuration: LoaderConfiguration, order: SampleOrder, schedule: BatchSchedule,
    badPairs: BadPairReports
  ) {
    self.source = source
    self.configuration = configuration
    self.order = order
    self.schedule = schedule
    self.badPairs = badPairs
    transform = PairTransform(configuration)
  }

  /// Fills samples until the ring has none left, or, where it `waits`, until the ring is stopped.
  func serve(_ ring: BatchRing, waits: Bool) {
    while let claim = ring.claim(waits: waits) {
      let position = schedule.positions(ofBatch: claim.batch).lowerBound + claim.row
      do throws(Failure) {
        guard position < order.positionCount else {
          throw Failure(
            .configuration, "The run has more than 2^24 epochs of \(order.sampleCount) samples.",
            hint: "Train for fewer steps, or on more pairs.")
        }
        ring.settle(claim, isReplaced: try fill(claim.target, with: order.sample(at: position)))
      } catch {
        ring.settle(claim, failure: error)
      }
    }
  }

  /// Asks the storage for the pairs of batches up to `window` ahead of those in preparation, until the ring is stopped.
  ///
  /// Nothing waits for it, so that a slow file delays the pairs of that file alone, and has the whole window to arrive.
  func readAhead(_ ring: BatchRing, window: Int) {
    var next = 0
    while let batch = ring.unclaimed(from: next, window: window) {
      for position in schedule.positions(ofBatch: batch) where position < order.positionCount {
        // What cannot be read is said when the pair's turn comes.
        try? source.prefetch(pair: order.sample(at: position).pair)
      }
      next = batch + 1
    }
  }

  /// Fills a sample; true where another pair stands in for its own.
  private func fill(_ target: SampleTarget, with sample: SampleOrder.Sample) throws(Failure) -> Bool {
    // Draws are keyed by the sample's number in the whole data set, also where only a part of it is here.
    let index = order.index(of: sample, pairNumber: source.number(ofPair: sample.pair))
    do throws(Failure) {
      try write(sample, index: index, to: target)
      return false
    } catch {
      guard mayReplace(sample.pair, error) else { throw error }
      var stream = RandomStream(
        seed: configuration.seed, purpose: .replacement, epoch: sample.epoch, index: index)
      for _ in 0..<BadPairReports.attemptLimit {
        let other = order.sample(index: stream.nextIndex(below: order.sampleCount), epoch: sample.epoch)
        do throws(Failure) {
          try write(other, index: index, to: target)
          return true
        } catch {
          guard mayReplace(other.pair, error) else { throw error }
        }
      }
      throw error
    }
  }

  private func write(_ sample: SampleOrder.Sample, index: Int, to target: SampleTarget) throws(Failure) {
    let keyed = SampleOrder.Sample(
      epoch: sample.epoch, index: index, pair: sample.pair, isSwapped: sample.isSwapped)
    try transform.writeTraining(try source.checkedImages(ofPair: sample.pair), sample: keyed, to: target)
  }

  private func mayReplace(_ pair: Int, _ failure: Failure) -> Bool {
    configuration.onBadPair == .skip && badPairs.note(failure, file: source.file(ofPair: pair))
  }
}
