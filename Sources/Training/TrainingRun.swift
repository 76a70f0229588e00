import Collectives
import Foundation
import Kernels
import Runtime

/// Where a run writes and what it goes on from: what the command line says beside the configuration.
package struct RunOptions: Sendable {
  /// What a run goes on from.
  package enum Resume: Sendable, Equatable {
    /// The newest checkpoint of the run folder that verifies, if any.
    case automatic
    /// Nothing: a new run.
    case never
    /// A checkpoint folder, of this run or another.
    case checkpoint(String)
  }

  /// The run folder.
  package var output: String
  /// What the run goes on from.
  package var resume = Resume.automatic
  /// Versions of the program and its libraries, for checkpoints.
  package var versions: [String: String] = [:]
  /// Says why all ranks are about to be ended, from another thread, where a rank hangs.
  package var lastWords: @Sendable (Failure) -> Void = { _ in }

  /// A run in `output`.
  package init(output: String) { self.output = output }
}

/// A run: the trainer with its data, folder, checkpoints and log, from the first step to the last.
///
/// Collective from beginning to end: every rank makes one and calls ``run()``; only rank 0 writes and speaks.
package final class TrainingRun {
  /// The trainer.
  package let trainer: Trainer
  /// The run folder.
  package let folder: RunFolder
  /// What rank 0 says.
  package let log: RunLog
  /// The data sets.
  package let data: RunData
  /// The step with which the run ends.
  package let lastStep: Int
  /// Called on every rank after each step, with its report; for pictures and progress bars. It may make collective
  /// calls.
  package var afterStep: ((StepReport) throws(Failure) -> Void)?

  private let validator: Validator?
  private let watchdog: Watchdog?
  // Rank 0 only.
  private let checkpointer: Checkpointer?
  private let metrics: MetricsLogger?
  private let pictures: PictureWriter?
  private let lock: RunLock?
  private let options: RunOptions
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var badPairs = BadPairCount()
  private var lastCheckpoint: (step: Int, time: ContinuousClock.Instant)

  private var configuration: TrainingConfiguration { trainer.configuration }
  private var communicator: any Communicator { trainer.communicator }

  /// Opens folder and data, builds the trainer and restores it from a checkpoint.
  ///
  /// - Parameter listener: receives what rank 0 says.
  /// - Throws: the same `Failure` on every rank.
  package init(
    _ configuration: TrainingConfiguration, options: RunOptions, communicator: any Communicator,
    listener: @escaping (RunLog.Level, String) -> Void
  ) throws(Failure) {
    SignalFlags.install()
    let isFirst = communicator.rank == 0
    let microBatches = try GradientSum.microBatches(
      of: communicator.rank, size: communicator.size, count: configuration.batch.microBatchCount)
    let folder = RunFolder(options.output)
    let (lock, log) = try communicator.together { () throws -> (RunLock?, RunLog) in
      guard isFirst else { return (nil, RunLog.silent) }
      try folder.create()
      return (try RunLock(folder), try RunLog(path: folder.logFile, listener: listener))
    }
    let data = try RunData(configuration, communicator: communicator)
    let plan = try communicator.together {
      isFirst ? try ResumptionPlan(configuration, options: options, folder: folder, data: data, log: log) : nil
    }
    let firstStep = try Self.shared(plan?.checkpoint?.state.step ?? 0, communicator)
    let batches = try data.batches(configuration, microBatches: microBatches, firstStep: firstStep, communicator)
    for remark in batches.remarks { log(remark.isWarning ? .warning : .info, remark.sentence) }
    let threads = try Self.threads(configuration, communicator, log)
    let trainer = try Trainer(
      configuration, stepsPerEpoch: batches.stepsPerEpoch, batches: batches.loader, communicator: communicator,
      pool: WorkerPool(workerCount: threads))
    try Self.restore(trainer, from: plan, firstStep: firstStep)
    self.trainer = trainer
    self.folder = folder
    self.lock = lock
    self.log = log
    self.options = options
    self.data = data
    lastStep = min(configuration.schedule.stopAfterSteps ?? .max, trainer.schedule.totalSteps)
    validator = try data.validator(trainer)
    watchdog = Self.watchdog(configuration, communicator, options)
    start = clock.now
    // The checkpoint of another run is none of this folder's.
    let isOwn = plan?.checkpoint.map { $0.path.hasPrefix(folder.checkpointFolder) } ?? true
    lastCheckpoint = (try Self.shared(isOwn ? firstStep : -1, communicator), start)
    (checkpointer, metrics, pictures) = try communicator.together {
      guard isFirst else { return (nil, nil, nil) }
      let (checkpointer, metrics) = try Self.writers(folder, trainer, firstStep: firstStep)
      return (checkpointer, metrics, try data.pictures(trainer, folder: folder.pictureFolder))
    }
  }

  /// Trains to the last step.
  ///
  /// - Throws: the same `Failure` on every rank; of kind `interrupted` where a signal or the clock stopped the run
  ///   after a checkpoint.
  package func run() throws(Failure) {
    defer {
      watchdog?.stop()
      // A checkpoint in the making outlives whatever ends the run.
      checkpointer?.wait()
    }
    if trainer.completedSteps >= lastStep {
      log(.info, "Nothing to do: step \(trainer.completedSteps) of \(lastStep) is reached already.")
    }
    while trainer.completedSteps < lastStep {
      trainer.concerns = concerns()
      watchdog?.note("step \(trainer.completedSteps + 1)")
      var (report, flags) = try trainer.step()
      watchdog?.note("the reports of step \(report.step)")
      if isDue(configuration.validation.everySteps) { report.validationLoss = try validator?.loss() }
      if isDue(configuration.compute.compareParametersEverySteps) { try trainer.compareParameters() }
      record(report)
      if flags.contains(.badPairs) { try badPairs.tell(data.badPairs, log, communicator) }
      try badPairs.count(report, configuration)
      if isDue(configuration.pictures.everySteps) || report.step == lastStep { draw() }
      try afterStep?(report)
      if isDue(configuration.checkpoints.everySteps) || flags.contains(.checkpoint) { try saveCheckpoint() }
      if let reason = flags.reasonToStop, trainer.completedSteps < lastStep { try stop(reason) }
    }
    try complete()
  }

  private func isDue(_ interval: Int) -> Bool { interval > 0 && trainer.completedSteps % interval == 0 }

  /// What this rank has to tell before the next update; rank 0 keeps the clock and writes.
  private func concerns() -> Concerns {
    var concerns = Concerns()
    concerns.failure = trainer.concerns.failure ?? checkpointer?.takeFailure()
    if data.badPairs.hasNews { concerns.requests.insert(.badPairs) }
    guard communicator.rank == 0 else { return concerns }
    let minutes = configuration.checkpoints.everyMinutes
    if minutes > 0 && clock.now - lastCheckpoint.time >= .seconds(minutes * 60) {
      concerns.requests.insert(.checkpoint)
    }
    if let limit = configuration.schedule.stopAfterMinutes, clock.now - start >= .seconds(limit * 60) {
      concerns.requests.insert(.timeIsUp)
    }
    return concerns
  }

  /// Rank 0 writes the step's line; a disk that is full is told to the others before the next update.
  private func record(_ report: StepReport) {
    guard let metrics else { return }
    do throws(Failure) {
      try metrics.write(report)
    } catch {
      trainer.concerns.failure = error
    }
    if report.step % configuration.logging.everySteps == 0 || report.step == lastStep || report.validationLoss != nil {
      log(.step, report.line(of: trainer.schedule.totalSteps))
    }
  }

  /// Rank 0 draws reconstructions of held-out pairs.
  private func draw() {
    do throws(Failure) {
      try pictures?.write(step: trainer.completedSteps)
    } catch {
      trainer.concerns.failure = error
    }
  }

  /// Copies the state to rank 0, which writes it. Collective.
  private func saveCheckpoint() throws(Failure) {
    watchdog?.note("the checkpoint after step \(trainer.completedSteps)")
    lastCheckpoint = (trainer.completedSteps, clock.now)
    try trainer.collectMoments(into: checkpointer?.momentsToFill())
    guard let checkpointer else { return }
    do throws(Failure) {
      try checkpointer.save(
        CheckpointState(
          step: trainer.completedSteps, seed: configuration.seed, configuration: configuration.resolved(),
          dataFingerprint: data.fingerprint, worldSize: communicator.size, blasCore: OpenBLAS.coreName,
          arithmetic: configuration.compute.precision.arithmetic, versions: options.versions))
    } catch {
      trainer.concerns.failure = error
    }
  }

  /// Waits until the checkpoint of the last completed step is on disk.
  private func settleCheckpoint() throws(Failure) {
    if lastCheckpoint.step != trainer.completedSteps { try saveCheckpoint() }
    try communicator.together {
      // The checkpoint first: a picture that could not be written must not cost it.
      try checkpointer?.finish()
      if let failure = trainer.concerns.failure { throw failure }
    }
  }

  private func stop(_ reason: String) throws(Failure) {
    watchdog?.note("the checkpoint after \(reason)")
    try settleCheckpoint()
    throw Failure(
      .interrupted,
      "Stopped by \(reason) after step \(trainer.completedSteps) of \(lastStep); the checkpoint is written.",
      hint: "Start the same command again to go on.")
  }

  private func complete() throws(Failure) {
    watchdog?.note("the last checkpoint")
    if configuration.compute.compareParametersEverySteps > 0 { try trainer.compareParameters() }
    if configuration.data.onBadPair == .skip { try badPairs.tell(data.badPairs, log, communicator) }
    try settleCheckpoint()
    let isFirst = communicator.rank == 0
    try communicator.together { if isFirst { try folder.setCompleted(step: trainer.completedSteps) } }
    log(
      .info, "Completed step \(trainer.completedSteps) of \(trainer.schedule.totalSteps); \(folder.path) has the run.")
  }
}
