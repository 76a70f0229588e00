import Collectives
import Foundation
import PairData
import Runtime
import Training

/// The speed of the loader alone: reading, decoding, cropping, jittering, normalising, masking.
package struct LoaderBenchmark: Sendable, Equatable, Encodable {
  /// Where it was measured; its threads do not count here.
  package let machine: BenchmarkMachine
  /// The data set, or what was made in its place.
  package let source: String
  /// Height and width of the crops in pixels.
  package let crop: [Int]
  /// Threads that prepare batches.
  package let loaderThreads: Int
  /// Pairs that were loaded.
  package let pairs: Int
  /// Pairs a second.
  package let pairsPerSecond: Double
  /// Pairs a second of one core's time, user and system.
  package let pairsPerCoreSecond: Double

  /// Loads micro-batches for some `seconds`, without MPI.
  ///
  /// - Parameter imageSize: side of the JPEG images that are rendered where the configuration has no `data.path`.
  /// - Throws: `Failure` of kind `configuration`, `noInput` or `badData`.
  package init(_ configuration: TrainingConfiguration, seconds: Double = 3, imageSize: Int = 256) throws {
    let communicator = SingleProcessCommunicator()
    let machine = try BenchmarkMachine(threads: configuration.compute.threads, slabs: nil, communicator: communicator)
    let loaderConfiguration = LoaderConfiguration(configuration)
    let loader: PairLoader
    if configuration.data.path.isEmpty {
      source = "rendered JPEG images of \(imageSize)x\(imageSize) pixels, quality 95"
      loader = try PairLoader(
        source: SyntheticPairs.photographs(size: imageSize, pool: WorkerPool(workerCount: machine.threads)),
        configuration: loaderConfiguration, globalBatchSize: configuration.batch.microBatchSize)
    } else {
      source = configuration.data.path
      loader = try PairLoader(
        source: PairDataset(path: source), configuration: loaderConfiguration,
        globalBatchSize: configuration.batch.microBatchSize)
    }
    // Fills the pipeline, so that what is taken out below is also prepared below.
    for _ in 0..<loaderConfiguration.prefetchDepth + 1 { _ = try loader.next() }
    var batches = 0
    let core = ProcessUsage.coreSeconds
    var elapsed = 0.0
    while elapsed < seconds * 1000 || batches == 0 {
      elapsed += try Stopwatch.milliseconds { _ = try loader.next() }
      batches += 1
    }
    let coreSeconds = ProcessUsage.coreSeconds - core
    loader.stop()
    self.machine = machine
    crop = [loaderConfiguration.imageHeight, loaderConfiguration.imageWidth]
    loaderThreads = loaderConfiguration.threadCount
    pairs = batches * loaderConfiguration.microBatchSize
    pairsPerSecond = Double(pairs) / (elapsed / 1000)
    pairsPerCoreSecond = Double(pairs) / coreSeconds
  }
}
