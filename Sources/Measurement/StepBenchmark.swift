import Collectives
import CroCoModel
import Foundation
import PairData
import Runtime
import Training

/// The speed and memory of real training steps, and the share of the machine's matrix-product peak that they reach.
package struct StepBenchmark: Sendable, Equatable, Encodable {
  /// Where it was measured.
  package let machine: BenchmarkMachine
  /// The resolved configuration, as YAML.
  package let configuration: String
  /// "fp32", "bf16" or "int8".
  package let precision: String
  /// Trainable parameters.
  package let parameterCount: Int
  /// Pairs of a step, over all ranks.
  package let globalBatchSize: Int
  /// Pairs that go through the network at once.
  package let microBatchSize: Int
  /// Measured steps, after those that warm up.
  package let steps: Int
  /// Milliseconds of a step.
  package let stepMilliseconds: BenchmarkFigures
  /// Milliseconds of its stages on rank 0.
  package let stageMilliseconds: [String: BenchmarkFigures]
  /// Pairs a second, over all ranks.
  package let pairsPerSecond: BenchmarkFigures
  /// Counted work of a step over all ranks, in GFLOP (``OperationCount``).
  package let gflopPerStep: Double
  /// GFLOP/s over all ranks.
  package let achievedGflops: BenchmarkFigures
  /// GFLOP/s of ``GEMMShape/peak`` on all threads of all ranks at once, measured before and after the steps.
  package let peakGflops: BenchmarkFigures
  /// Model FLOP utilisation: achieved over peak.
  package let mfu: BenchmarkFigures
  /// The largest resident memory of each rank, in bytes.
  package let peakResidentBytes: [Int]
  /// What the heap of the rank where it grew most gained from the end of the first to that of the last measured step,
  /// in bytes.
  package let heapGrowthBytes: Int

  /// Makes `warmup` steps, then `steps` that are measured. Collective: the result is the same on every rank, but for
  /// machine and stages, which are the rank's own.
  ///
  /// Without `data.path` the pairs are random pixels in memory; they go through the loader like others.
  ///
  /// - Throws: the same `Failure` on every rank: what a step throws, or of kind `configuration`.
  package init(
    _ configuration: TrainingConfiguration, warmup: Int = 2, steps: Int = 5, communicator: any Communicator
  ) throws(Failure) {
    precondition(warmup >= 0 && steps > 0, "\(warmup) and \(steps) steps measure nothing")
    let machine = try BenchmarkMachine(
      threads: configuration.compute.threads, slabs: configuration.compute.slabs, communicator: communicator)
    let pool = WorkerPool(workerCount: machine.threads)
    let trainer = try Self.trainer(configuration, pool, communicator)
    let precision = configuration.compute.precision
    var peaks = try Self.peaks(precision, pool, communicator)
    let times = try StepTimes(trainer, warmup: warmup, steps: steps)
    let memory = Double(ProcessUsage.peakResidentBytes)
    peaks += try Self.peaks(precision, pool, communicator)

    self.machine = machine
    self.precision = precision.rawValue
    self.configuration = configuration.resolved()
    self.steps = steps
    parameterCount = trainer.parameters.parameters.reduce(0) { $0 + $1.range.count }
    globalBatchSize = configuration.batch.globalBatchSize
    microBatchSize = configuration.batch.microBatchSize
    stepMilliseconds = BenchmarkFigures(times: try communicator.slowest(times.steps))
    stageMilliseconds = Dictionary(
      uniqueKeysWithValues: StepStage.allCases.map { stage in
        (stage.rawValue, BenchmarkFigures(times: times.stages[stage, default: [0]]))
      })
    let operations = OperationCount(configuration.model).forwardAndBackward * Double(globalBatchSize)
    gflopPerStep = operations * 1e-9
    pairsPerSecond = stepMilliseconds.rate(of: Double(globalBatchSize))
    achievedGflops = stepMilliseconds.rate(of: operations * 1e-9)
    peakGflops = BenchmarkFigures(rates: peaks)
    mfu = achievedGflops.share(of: peakGflops)
    peakResidentBytes = try communicator.gatherValues([memory]).map { Int($0[0]) }
    heapGrowthBytes = Int(try communicator.slowest([Double(times.heapGrowth)])[0])
  }

  /// GFLOP/s of all ranks together, several times.
  private static func peaks(
    _ precision: Precision, _ pool: WorkerPool, _ communicator: any Communicator
  ) throws(Failure) -> [Double] {
    try communicator.barrier()
    return try communicator.total(precision.gflops(.peak, pool: pool, count: 8))
  }

  private static func trainer(
    _ configuration: TrainingConfiguration, _ pool: WorkerPool, _ communicator: any Communicator
  ) throws(Failure) -> Trainer {
    let groups = try HostGroups(communicator)
    let microBatches = try groups.layout.microBatches(
      of: communicator.rank, count: configuration.batch.microBatchCount)
    let loader: PairLoader
    if configuration.data.path.isEmpty {
      loader = try communicator.together {
        let (height, width) = (configuration.model.imageHeight, configuration.model.imageWidth)
        return try PairLoader(
          source: SyntheticPairs.pixels(height: height, width: width),
          configuration: LoaderConfiguration(configuration), globalBatchSize: configuration.batch.globalBatchSize,
          microBatches: microBatches)
      }
    } else {
      let context = RunContext(configuration, groups: groups, pool: pool)
      loader = try TrainingBatches(RunData(context), context, microBatches: microBatches, firstStep: 0).loader
    }
    // Only the learning rate depends on it: an epoch that no benchmark ends.
    return try Trainer(
      configuration, stepsPerEpoch: 1_000_000, batches: loader, groups: groups, pool: pool)
  }
}

/// The times of steps, taken without holding on to anything else of them.
private struct StepTimes {
  private(set) var steps: [Double]
  private(set) var stages: [StepStage: [Double]] = [:]
  private(set) var heapGrowth = 0

  init(_ trainer: Trainer, warmup: Int, steps count: Int) throws(Failure) {
    for _ in 0..<max(warmup, trainer.settlingSteps) { _ = try trainer.step() }
    steps = [Double](repeating: 0, count: count)
    for stage in StepStage.allCases { stages[stage] = [Double](repeating: 0, count: count) }
    try trainer.communicator.barrier()
    var firstHeap = 0
    for index in 0..<count {
      let report = try trainer.step()
      steps[index] = report.milliseconds
      for (stage, milliseconds) in report.stages { stages[stage]?[index] = milliseconds }
      if index == 0 { firstHeap = ProcessUsage.heapBytes }
    }
    heapGrowth = ProcessUsage.heapBytes - firstHeap
  }
}
