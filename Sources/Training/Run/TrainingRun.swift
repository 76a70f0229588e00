import Collectives
import CroCoModel
import Foundation
import Kernels
import PairData
import Runtime

/// A run: the trainer with its data, folder, checkpoints and log, from the first step to the last.
///
/// Collective from beginning to end: every rank makes one and calls ``run()``; only rank 0 writes and speaks. What else
/// is to happen beside the steps is a ``RunObserver``'s.
package final class TrainingRun {
  /// Configuration, ranks, threads and log.
  package let context: RunContext
  /// The run folder.
  package let folder: RunFolder
  /// The data sets.
  package let data: RunData
  /// The trainer.
  package let trainer: Trainer
  /// The step with which the run ends.
  package let lastStep: Int

  private let options: RunOptions
  private let lock: RunLock?  // rank 0
  private let writers: RunWriters?  // rank 0
  private let validator: Validator?
  private let watchdog: Watchdog?
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var observers: [any RunObserver] = []
  private var badPairs: BadPairCount
  private var dataWait = DataWait()
  private var rankSpeed: RankSpeed
  private var referenceUse = ReferenceUse()
  private var pace: RunPace
  private var best: BestCheckpoint?
  /// Where the run's weights came from, and what it is a branch of, on rank 0.
  private let (initialWeights, branchedFrom): (String?, String?)
  private var lastCheckpoint: (step: Int, time: ContinuousClock.Instant)
  /// What went wrong on this rank alone, until the ranks agree on it.
  private var failure: Failure?

  private var configuration: TrainingConfiguration { context.configuration }

  /// Opens folder and data, builds the trainer and restores it from a checkpoint.
  ///
  /// - Parameter listener: receives what rank 0 says.
  /// - Throws: the same `Failure` on every rank.
  package init(
    _ configuration: TrainingConfiguration, options: RunOptions, communicator: any Communicator,
    listener: @escaping (RunLog.Level, String) -> Void
  ) throws(Failure) {
    SignalFlags.install(acknowledge: communicator.rank == 0 ? options.acknowledge : nil)
    let groups = try HostGroups(communicator)
    let microBatches = try groups.layout.microBatches(
      of: communicator.rank, count: configuration.batch.microBatchCount)
    let folder = RunFolder(options.output)
    let (lock, log) = try communicator.together { () throws -> (RunLock?, RunLog) in
      guard communicator.rank == 0 else { return (nil, RunLog.silent) }
      try folder.create()
      return (try RunLock(folder), try RunLog(path: folder.logFile, listener: listener))
    }
    let context = try RunContext(configuration, groups: groups, log: log)
    let mixture = try context.compareArithmetic(version: options.versions["croco"] ?? "")
    let data = try RunData(context)
    let resumption = try Resumption(context, options.resume, folder, data)
    options.willBegin()
    log(.info, RunDescription.opening(version: options.versions["croco"], folder))
    if let remark = options.remark { log(.info, remark) }
    if let mixture { log(.warning, mixture) }
    let watchdog = try context.watchdog(in: folder, lastWords: options.lastWords)
    let batches = try TrainingBatches(data, context, microBatches: microBatches, firstStep: resumption.step)
    let placements = try RankPlacement.gather(threads: context.pool.workerCount, by: communicator)
    try context.checkMachine(placements)
    let trainer = try Trainer(
      configuration, stepsPerEpoch: batches.stepsPerEpoch, batches: batches.loader, groups: groups, pool: context.pool)
    branchedFrom = resumption.branchedFrom
    initialWeights = try resumption.initialWeights(trainer.parameters, context)
    try trainer.restore(resumption.checkpoint, step: resumption.step)
    lastStep = min(configuration.schedule.stopAfterSteps ?? .max, trainer.schedule.totalSteps)
    try Self.check(resumption, lastStep, trainer.schedule, folder)
    validator = try Validator(data, context, evaluate: { trainer.loss(of: $0, unless: { SignalFlags.hasCome }) })
    writers = try communicator.together {
      context.isFirstRank ? try RunWriters(folder, configuration, trainer.parameters, step: resumption.step) : nil
    }
    best = try BestCheckpoint.shared(writers?.best, communicator)
    badPairs = BadPairCount(configuration.data, globalBatchSize: configuration.batch.globalBatchSize)
    start = clock.now
    // The checkpoint of another run is none of this folder's.
    lastCheckpoint = (resumption.isOwn ? resumption.step : -1, start)
    rankSpeed = RankSpeed(microBatches: microBatches.count)
    pace = RunPace(after: trainer.completedSteps, of: lastStep)
    (self.context, self.options, self.folder, self.lock) = (context, options, folder, lock)
    (self.data, self.trainer, self.watchdog) = (data, trainer, watchdog)
    let description = RunDescription(
      context: context, data: data, trainer: trainer, lastStep: lastStep, initialWeights: initialWeights,
      placements: placements)
    for line in description.lines { log(.info, line) }
  }

  /// Refuses a run that is beyond its end: nothing would be done, and yet all would seem well.
  private static func check(
    _ resumption: Resumption, _ lastStep: Int, _ schedule: LearningRateSchedule, _ folder: RunFolder
  ) throws(Failure) {
    guard resumption.step > lastStep else { return }
    let isLimit = lastStep < schedule.totalSteps
    throw Failure(
      .configuration,
      "Step \(resumption.step) is reached already, and this run in \(folder.path) would end at step \(lastStep).",
      hint: isLimit
        ? "Give a larger \(.stepLimit), or none."
        : resumption.isOwn
          ? "Give the data set and the number of ranks with which it began." : "Give the branch a longer schedule.")
  }

  /// Adds what is to follow every step, after those that were added before; on every rank, or on rank 0 alone where it
  /// is for that.
  package func add(_ observer: some RunObserver) { observers.append(observer) }

  /// Trains to the last step.
  ///
  /// A signal ends it after the pass under way, without the step that this belongs to; the clock after a step.
  ///
  /// - Throws: the same `Failure` on every rank; of kind `interrupted` where a signal or the clock stopped the run
  ///   after a checkpoint.
  package func run() throws(Failure) {
    defer {
      watchdog?.stop()
      // A checkpoint in the making outlives whatever ends the run.
      writers?.checkpointer.wait()
      for observer in observers where attends(observer) { observer.runDidEnd() }
    }
    if trainer.completedSteps >= lastStep {
      context.log(.info, "Nothing to do: step \(trainer.completedSteps) of \(lastStep) is reached already.")
    }
    try makeUpForValidation()
    while trainer.completedSteps < lastStep {
      let (done, flags) = try trainer.step(hooks)
      guard var report = done else { try stop(flags.reasonToStop ?? "a signal") }
      watchdog?.count(step: report.milliseconds / 1000)
      if let news = trainer.takeNews() { context.log(.info, news) }
      watchdog?.note("the reports of step \(report.step)")
      if isValidationDue { try validate(&report) }
      if isDue(configuration.compute.compareParametersEverySteps) { try trainer.compareParameters() }
      record(report)
      if flags.contains(.badPairs) { try badPairs.tell(data.badPairs, context) }
      if flags.contains(.waitsForData) { try dataWait.tell(context) }
      if flags.contains(.comparesSpeed) { try rankSpeed.compare(context) }
      rankSpeed.add(report)
      dataWait.add(waited: report.stages[.data] ?? 0, of: report.milliseconds)
      try badPairs.count(report)
      try tellObservers(report)
      let isBest = takesBest(validationLoss: report.validationLoss)
      if isBest || isDue(configuration.checkpoints.everySteps) || flags.contains(.checkpoint) { try saveCheckpoint() }
      if let reason = flags.reasonToStop, trainer.completedSteps < lastStep { try stop(reason) }
    }
    try complete()
  }

  private func isDue(_ interval: Int) -> Bool { interval > 0 && trainer.completedSteps % interval == 0 }

  /// At the schedule's end, too; not where a run stops before: going on must give what never stopping gives.
  private var isValidationDue: Bool {
    isDue(configuration.validation.everySteps) || trainer.completedSteps == trainer.schedule.totalSteps
  }

  /// Takes note of the step's validation where it is the best yet: then it is a reason for a checkpoint.
  private func takesBest(validationLoss: Double?) -> Bool {
    let better = BestCheckpoint(step: trainer.completedSteps, validationLoss: validationLoss, betterThan: best)
    best = better ?? best
    return better != nil
  }

  /// Measures what the step that the run goes on after lacks in the metrics, where its validation was cut short.
  private func makeUpForValidation() throws(Failure) {
    let step = trainer.completedSteps
    let lacksIt = try context.communicator.combineFlags(writers?.metrics.lastUnvalidatedStep == step ? 1 : 0) != 0
    guard lacksIt, isValidationDue else { return }
    watchdog?.note("the validation after step \(step)")
    guard let validation = try validator?.measure(unless: interruptions) else { return }
    context.log(
      .info, "The validation after step \(step) is made up for: loss \(StepReport.fixed(validation.loss, 4)).")
    alone { () throws(Failure) in try writers?.metrics.add(validation) }
    guard takesBest(validationLoss: validation.loss) else { return }
    // The checkpoint is there, where the run has not come from another folder.
    guard lastCheckpoint.step == step else { return try saveCheckpoint() }
    if context.isFirstRank { folder.link(best: best) }
  }

  private var hooks: StepHooks {
    var hooks = StepHooks()
    hooks.concerns = concerns
    hooks.interruptions = interruptions
    hooks.isCalledOff = { SignalFlags.hasCome }
    hooks.stage = { [self] stage in watchdog?.note(stage) }
    hooks.progress = { [self] progress in
      watchdog?.note(progress.phase)
      for observer in observers where attends(observer) { observer.run(didAdvance: progress) }
    }
    return hooks
  }

  /// What ends a step or a validation before its time.
  private func interruptions() -> StepFlags { SignalFlags.requests.union(failure == nil ? [] : .failure) }

  /// Adds what held-out scenes say; nothing where nobody wants it, or a rank is in a hurry to stop.
  private func validate(_ report: inout StepReport) throws(Failure) {
    watchdog?.note("the validation after step \(trainer.completedSteps)")
    guard let validation = try validator?.measure(unless: interruptions) else { return }
    report.validationLoss = validation.loss
    report.referenceGain = validation.referenceGain
    guard let gain = validation.referenceGain, report.epoch > trainer.schedule.warmupEpochs else { return }
    if let warning = referenceUse.note(gain) { context.log(.warning, warning) }
  }

  /// What this rank has to tell before an update; rank 0 keeps the clock and writes.
  private func concerns() -> Concerns {
    var concerns = Concerns(failure: failure ?? writers?.checkpointer.takeFailure())
    concerns.requests.formUnion(SignalFlags.requests)
    if data.badPairs.hasNews { concerns.requests.insert(.badPairs) }
    if dataWait.hasNews { concerns.requests.insert(.waitsForData) }
    guard context.isFirstRank else { return concerns }
    if context.communicator.size > 1 && rankSpeed.isDue { concerns.requests.insert(.comparesSpeed) }
    let minutes = configuration.checkpoints.everyMinutes
    if minutes > 0 && clock.now - lastCheckpoint.time >= .seconds(minutes * 60) {
      concerns.requests.insert(.checkpoint)
    }
    if let limit = configuration.schedule.stopAfterMinutes, clock.now - start >= .seconds(limit * 60) {
      concerns.requests.insert(.timeIsUp)
    }
    return concerns
  }

  /// Runs what rank 0 may fail at alone, such as for a full disk; the others hear of it before the next update.
  private func alone(_ body: () throws(Failure) -> Void) {
    do throws(Failure) { try body() } catch { failure = failure ?? error }
  }

  /// Rank 0 writes the step's line.
  private func record(_ report: StepReport) {
    guard let writers else { return }
    alone { () throws(Failure) in try writers.metrics.write(report) }
    pace.add(report)
    if report.step % configuration.logging.everySteps == 0 || report.step == lastStep || report.validationLoss != nil {
      context.log(.step, pace.complete(report.line(of: trainer.schedule.totalSteps), of: report))
    }
  }

  private func attends(_ observer: any RunObserver) -> Bool {
    observer.audience == .everyRank || context.isFirstRank
  }

  private func tellObservers(_ report: StepReport) throws(Failure) {
    for observer in observers where attends(observer) {
      switch observer.audience {
      case .everyRank: try observer.run(didStep: report)
      case .firstRank: alone { () throws(Failure) in try observer.run(didStep: report) }
      }
    }
  }

  /// Copies the state to rank 0, which writes it. Collective.
  private func saveCheckpoint() throws(Failure) {
    watchdog?.note("the checkpoint after step \(trainer.completedSteps)")
    lastCheckpoint = (trainer.completedSteps, clock.now)
    try trainer.collectMoments(into: writers?.checkpointer.momentsToFill())
    guard let writers else { return }
    var state = CheckpointState(
      step: trainer.completedSteps, seed: configuration.seed, configuration: configuration.resolved(),
      dataFingerprint: data.fingerprint, worldSize: context.communicator.size,
      arithmetic: configuration.compute.precision.arithmetic, versions: options.versions)
    (state.initialWeights, state.branchedFrom) = (initialWeights, branchedFrom)
    alone { () throws(Failure) in try writers.checkpointer.save(state, best: best) }
  }

  /// Waits until the checkpoint of the last completed step is on disk.
  private func settleCheckpoint() throws(Failure) {
    if lastCheckpoint.step != trainer.completedSteps { try saveCheckpoint() }
    try context.communicator.together {
      // The checkpoint first: a picture that could not be written must not cost it.
      try writers?.checkpointer.finish()
      if let failure { throw failure }
    }
  }

  private func stop(_ reason: String) throws(Failure) -> Never {
    watchdog?.note("the checkpoint after \(reason)")
    try settleCheckpoint()
    guard trainer.completedSteps > 0 else {
      throw Failure(
        .interrupted, "Stopped by \(reason) before the first step was done; there is nothing to save.",
        hint: "Start the same command again.")
    }
    throw Failure(
      .interrupted,
      "Stopped by \(reason) after step \(trainer.completedSteps) of \(lastStep); the checkpoint is written.",
      hint: "Start the same command again to go on.")
  }

  private func complete() throws(Failure) {
    watchdog?.note("the last checkpoint")
    if configuration.compute.compareParametersEverySteps > 0 { try trainer.compareParameters() }
    if configuration.data.onBadPair == .skip { try badPairs.tell(data.badPairs, context) }
    try settleCheckpoint()
    let (step, total) = (trainer.completedSteps, trainer.schedule.totalSteps)
    try context.communicator.together {
      if context.isFirstRank { try folder.mark(step: step, isComplete: step >= total) }
    }
    if let best { context.log(.info, "The best checkpoint has \(best.text): \(folder.bestLink).") }
    let end: Advice =
      step >= total
      ? "Completed step \(step) of \(total); \(folder.path) has the run."
      : """
      Stopped after step \(step) of \(total), as \(.stepLimit) says; the checkpoint is written, and the run is not complete. \
      Give the same command with a larger \(.stepLimit), or without it, to go on.
      """
    context.log(.info, end.text(naming: options.names))
  }
}
