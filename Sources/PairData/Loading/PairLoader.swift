import Foundation
import Runtime

/// Prepares the micro-batches of a training run ahead of time, in order.
///
/// What a sample holds is a function of the configuration and its position alone: not of threads, ranks, the size of
/// micro-batches, or where the run began. Threads share the samples of a batch among them.
package final class PairLoader: @unchecked Sendable {
  /// How samples are made.
  package let configuration: LoaderConfiguration
  /// The order of samples.
  package let order: SampleOrder
  /// Which positions make up which batch.
  package let schedule: BatchSchedule

  private let ring: BatchRing
  private let worker: LoaderWorker

  /// Starts preparing batches.
  ///
  /// - Parameters:
  ///   - globalBatchSize: samples of a step over all ranks; a multiple of the micro-batch size.
  ///   - microBatches: the micro-batches of every step that are wanted here; nil for all.
  ///   - firstStep: the step to begin with.
  ///   - badPairs: is told of pairs that were skipped.
  /// - Throws: `Failure` of kind `configuration` (impossible values) or `badData` (no pairs).
  package init(
    source: some PairSource, configuration: LoaderConfiguration, globalBatchSize: Int,
    microBatches: Range<Int>? = nil, firstStep: Int = 0, badPairs: BadPairReports = BadPairReports()
  ) throws(Failure) {
    try Self.check(configuration, source)
    self.configuration = configuration
    let samples = KeyedSamples(source, configuration)
    order = samples.order
    schedule = BatchSchedule(
      globalBatchSize: globalBatchSize, microBatchSize: configuration.microBatchSize, microBatches: microBatches,
      firstStep: firstStep)
    let ring = BatchRing(length: configuration.ringLength, batchSize: configuration.microBatchSize) {
      PairBatch(configuration)
    }
    self.ring = ring
    let schedule = schedule
    let makeWorker = {
      LoaderWorker(samples, configuration: configuration, schedule: schedule, badPairs: badPairs)
    }
    worker = makeWorker()
    for number in 0..<configuration.threadCount {
      let worker = makeWorker()
      Self.startThread("croco-load-\(number)", ring) { worker.serve(ring, waits: true) }
    }
    if configuration.threadCount > 0, configuration.readAheadPairs > 0 {
      let worker = worker
      let window = configuration.prefetchDepth + configuration.readAheadPairs / configuration.microBatchSize
      Self.startThread("croco-ahead", ring) { worker.readAhead(ring, window: window) }
    }
  }

  private static func startThread(_ name: String, _ ring: BatchRing, _ body: @escaping @Sendable () -> Void) {
    ring.threadWillStart()
    let thread = Thread {
      body()
      ring.threadDidEnd()
    }
    thread.name = name
    thread.start()
  }

  deinit { ring.stop() }

  /// The next micro-batch. It stays valid as long as it is held; its memory is reused once it is let go.
  ///
  /// - Throws: the `Failure` of the batch's first sample that cannot be read, is damaged or is smaller than the crop.
  ///   Every later call throws the same.
  package func next() throws(Failure) -> PairBatch {
    if configuration.threadCount == 0 { worker.serve(ring, waits: false) }
    return try ring.next()
  }

  /// Ends the threads and waits for them; `next` must not be called afterwards. Also done when the loader goes away.
  package func stop() { ring.stop() }

  private static func check(_ configuration: LoaderConfiguration, _ source: some PairSource) throws(Failure) {
    try configuration.check()
    guard source.count > 0 else { throw Failure(.badData, "The data set holds no pairs.") }
  }
}

extension PairBatch {
  /// A batch of a loader's size.
  package convenience init(_ configuration: LoaderConfiguration, count: Int? = nil) {
    self.init(
      count: count ?? configuration.microBatchSize, height: configuration.imageHeight, width: configuration.imageWidth,
      patchCount: configuration.patchCount)
  }
}
