import Runtime

/// What one thread needs to fill samples.
final class LoaderWorker: @unchecked Sendable {
  private let samples: KeyedSamples
  private let configuration: LoaderConfiguration
  private let schedule: BatchSchedule
  private let badPairs: BadPairReports
  private let transform: PairTransform

  init(
    _ samples: KeyedSamples, configuration: LoaderConfiguration, schedule: BatchSchedule, badPairs: BadPairReports
  ) {
    self.samples = samples
    self.configuration = configuration
    self.schedule = schedule
    self.badPairs = badPairs
    transform = PairTransform(configuration)
  }

  /// Fills samples until the ring has none left, or, where it `waits`, until the ring is stopped.
  func serve(_ ring: BatchRing, waits: Bool) {
    while let claim = ring.claim(waits: waits) {
      let position = schedule.positions(ofBatch: claim.batch).lowerBound + claim.row
      do throws(Failure) {
        ring.settle(claim, isReplaced: try fill(claim.target, with: try samples.sample(at: position)))
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
      for position in schedule.positions(ofBatch: batch) {
        // What cannot be read is said when the pair's turn comes.
        try? samples.source.prefetch(pair: samples.sample(at: position).pair)
      }
      next = batch + 1
    }
  }

  /// Fills a sample; true where another pair stands in for its own.
  private func fill(_ target: SampleTarget, with sample: SampleOrder.Sample) throws(Failure) -> Bool {
    do throws(Failure) {
      try write(sample, to: target)
      return false
    } catch {
      guard mayReplace(sample.pair, error) else { throw error }
      for other in samples.replacements(of: sample) {
        do throws(Failure) {
          try write(other, to: target)
          return true
        } catch {
          guard mayReplace(other.pair, error) else { throw error }
        }
      }
      throw error
    }
  }

  private func write(_ sample: SampleOrder.Sample, to target: SampleTarget) throws(Failure) {
    try transform.writeTraining(try samples.source.checkedImages(ofPair: sample.pair), sample: sample, to: target)
  }

  private func mayReplace(_ pair: Int, _ failure: Failure) -> Bool {
    configuration.onBadPair == .skip && badPairs.note(failure, file: samples.source.file(ofPair: pair))
  }
}
