import Collectives
import CroCoModel
import Kernels
import PairData
import Runtime
import Training

/// What a run will do with its data set, and about how long: found by opening the data, loading one micro-batch on each rank and
/// measuring a few matrix products.
package struct RunForecast: Sendable, Equatable {
  /// Pairs to train on.
  package let trainingPairs: Int
  /// Held-out pairs; nil where the configuration needs none.
  package let validationPairs: Int?
  /// Steps of a pass over the data.
  package let stepsPerEpoch: Double
  /// Steps of the schedule.
  package let totalSteps: Int
  /// The step with which the run ends.
  package let lastStep: Int
  /// Seconds of a step of the slowest rank, without waiting for data and for other ranks.
  package let secondsPerStep: Double
  /// Seconds of a validation, likewise.
  package let secondsPerValidation: Double
  /// Validations until the run ends.
  package let validations: Int

  /// The weights that the run begins with: path, step and digest; nil for random ones.
  package let initialWeights: String?

  private let usesBothOrders: Bool

  /// Opens the data and measures; collective.
  ///
  /// - Throws: the same `Failure` on every rank, as the run itself would: data that is missing, or too small for the crop;
  ///   initial weights that are missing or do not fit.
  package init(
    _ configuration: TrainingConfiguration, threads: Int, communicator: any Communicator
  ) throws(Failure) {
    let pool = WorkerPool(workerCount: threads)
    let groups = try HostGroups(communicator)
    let context = RunContext(configuration, groups: groups, pool: pool)
    let microBatches = try groups.layout.microBatches(
      of: communicator.rank, count: configuration.batch.microBatchCount)
    let data = try RunData(context)
    let batches = try TrainingBatches(data, context, microBatches: microBatches, firstStep: 0)
    try communicator.together {
      try configuration.compute.precision.require()
      _ = try batches.loader.next()
    }
    batches.loader.stop()
    let schedule = try LearningRateSchedule(
      configuration.schedule, configuration.optimizer, globalBatchSize: configuration.batch.globalBatchSize,
      stepsPerEpoch: batches.stepsPerEpoch)
    initialWeights = try communicator.together { () throws -> String? in
      guard communicator.rank == 0 else { return nil }
      return try InitialWeights(configuration, for: CroCoNet.makeParameters(configuration.model))?.origin
    }
    trainingPairs = data.training.count
    validationPairs = data.validation?.count
    usesBothOrders = configuration.data.usesBothOrders
    stepsPerEpoch = batches.stepsPerEpoch
    totalSteps = schedule.totalSteps
    lastStep = min(configuration.schedule.stopAfterSteps ?? .max, schedule.totalSteps)
    secondsPerStep = try Self.secondsPerStep(configuration, microBatches.count, pool, communicator)
    secondsPerValidation = secondsPerStep * Self.stepsPerValidation(configuration, rankCount: communicator.size)
    let interval = configuration.validation.everySteps
    let isLastOne = lastStep == totalSteps && interval > 0 && totalSteps % interval != 0
    validations = interval > 0 ? lastStep / interval + (isLastOne ? 1 : 0) : 0
  }

  /// The time of a validation, forward passes with the true and a shuffled reference, over that of a step; of the rank with the most
  /// micro-batches of either.
  private static func stepsPerValidation(_ configuration: TrainingConfiguration, rankCount: Int) -> Double {
    func most(of count: Int) -> Double { Double((count + rankCount - 1) / rankCount) }
    let forward = 1 / (3 * repetition(configuration))
    return 2 * forward * most(of: configuration.validation.batches) / most(of: configuration.batch.microBatchCount)
  }

  /// The work of a step over that without activation checkpointing.
  private static func repetition(_ configuration: TrainingConfiguration) -> Double {
    configuration.compute.activationCheckpointing == .none ? 1 : 4.0 / 3
  }

  /// All ranks measure at once, as they share caches and memory when they train.
  private static func secondsPerStep(
    _ configuration: TrainingConfiguration, _ microBatchCount: Int, _ pool: WorkerPool,
    _ communicator: any Communicator
  ) throws(Failure) -> Double {
    try communicator.barrier()
    let speed = ProductSpeed(configuration, pool: pool).operationsPerSecond
    let pairs = Double(microBatchCount * configuration.batch.microBatchSize)
    var seconds = [Double](repeating: 0, count: communicator.size)
    seconds[communicator.rank] =
      OperationCount(configuration.model).forwardAndBackward * pairs * repetition(configuration) * besideProducts
      / speed
    try communicator.sumInRankOrder(&seconds)
    return seconds.max() ?? 0
  }

  /// About the time of a step over that of its products, with passes over rows, sums and the optimiser: networks of the
  /// presets reach 0.81 to 0.93 of the speed of their products.
  private static let besideProducts = 1.15

  /// The forecast for people.
  package var text: String {
    let orders = usesBothOrders ? ", each in both orders" : ""
    let heldOut = validationPairs.map { "; \($0) held out" } ?? ""
    let epochs = rounded(Double(totalSteps) / stepsPerEpoch)
    let end = lastStep < totalSteps ? "; this run ends at step \(lastStep)" : ""
    let time = secondsPerStep * Double(lastStep) + secondsPerValidation * Double(validations)
    let validating =
      validations > 0 ? ", \(short(secondsPerValidation)) for each of \(counted(validations, "validation"))" : ""
    let weights = initialWeights.map { [RunEstimate.row("begins with", $0)] } ?? []
    return
      (weights + [
        RunEstimate.row("pairs", "\(counted(trainingPairs, "pair")) to train on\(orders)\(heldOut)"),
        RunEstimate.row(
          "steps", "\(rounded(stepsPerEpoch)) an epoch; \(totalSteps) in all, which are \(epochs) epochs\(end)"),
        RunEstimate.row(
          "time",
          "about \(short(secondsPerStep)) a step\(validating) and \(TimeSpan.text(time)) in all, by the speed of matrix "
            + "products here; without waiting for data or other ranks"),
      ]).joined(separator: "\n")
  }

  private func short(_ seconds: Double) -> String {
    seconds < 1 ? "\(Int((1000 * seconds).rounded())) ms" : "\(rounded(seconds)) s"
  }

  private func rounded(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : "\(tenths)"
  }
}
