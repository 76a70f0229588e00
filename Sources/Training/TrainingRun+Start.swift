import Collectives
import CroCoModel
import Foundation
import Runtime
import Storage

extension TrainingRun {
  /// Rank 0's number on every rank.
  static func shared(_ number: Int, _ communicator: any Communicator) throws(Failure) -> Int {
    var value = Int64(number)
    var failure: Failure?
    withUnsafeMutableBytes(of: &value) { bytes in
      do throws(Failure) { try communicator.broadcast(bytes, from: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    return Int(value)
  }

  /// The compute threads of this rank; says what looks wrong on any rank.
  static func threads(
    _ configuration: TrainingConfiguration, _ communicator: any Communicator, _ log: RunLog
  ) throws(Failure) -> Int {
    let environment = ProcessInfo.processInfo.environment
    let threads = try StartupChecks.threads(configured: configuration.compute.threads, of: communicator)
    let warnings = StartupChecks.warnings(
      threads: threads, slabs: configuration.compute.slabs, environment: environment)
    let all = try communicator.gatherBytes(Array(warnings.joined(separator: "\n").utf8))
    var said: Set<Substring> = []
    for (rank, bytes) in all.enumerated() {
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where said.insert(line).inserted {
        log(.warning, rank == 0 ? String(line) : "rank \(rank): \(line)")
      }
    }
    log(
      .info,
      "\(communicator.size) \(communicator.size == 1 ? "rank" : "ranks") x \(threads) "
        + "\(threads == 1 ? "thread" : "threads"), \(configuration.compute.precision.arithmetic).")
    return threads
  }

  /// Ends all ranks where this one hangs.
  static func watchdog(
    _ configuration: TrainingConfiguration, _ communicator: any Communicator, _ options: RunOptions
  ) -> Watchdog? {
    guard let minutes = configuration.compute.hangMinutes else { return nil }
    return Watchdog(seconds: minutes * 60) { phase in
      options.lastWords(
        Failure(
          .internalError,
          "Rank \(communicator.rank) of \(communicator.size) (\(communicator.hostName)) has made no "
            + "progress for \(minutes) minutes in \(phase).",
          hint: "Start again from the last checkpoint; compute.hang_minutes sets the limit."))
      communicator.abort(exitCode: Failure.Kind.internalError.exitCode)
    }
  }

  /// What only rank 0 has: the writers of checkpoints and metrics.
  static func writers(
    _ folder: RunFolder, _ trainer: Trainer, firstStep: Int
  ) throws -> (Checkpointer, MetricsLogger) {
    let configuration = trainer.configuration
    try folder.write(configuration)
    try folder.setCompleted(step: nil)
    let checkpointer = try Checkpointer(
      folder: folder.checkpointFolder, keep: configuration.checkpoints.keep, parameters: trainer.parameters,
      buffers: CroCoNet.buffers(configuration.model), configuration: configuration.model)
    return (checkpointer, try MetricsLogger(path: folder.metricsFile, afterStep: firstStep))
  }

  /// Fills the trainer of every rank with what rank 0, which alone reads checkpoints, has to go on from.
  static func restore(_ trainer: Trainer, from plan: ResumptionPlan?, firstStep: Int) throws(Failure) {
    let communicator = trainer.communicator
    let moments = try communicator.together { try plan?.restore(trainer) }
    trainer.completedSteps = firstStep
    try communicator.broadcast(UnsafeMutableRawBufferPointer(trainer.parameters.values.elements), from: 0)
    if firstStep > 0 { try trainer.distributeMoments(from: moments) }
  }
}

/// What rank 0 found to go on from, before the network exists.
struct ResumptionPlan {
  /// The checkpoint, or nil for a new run.
  let checkpoint: Checkpoint?

  /// Looks for a checkpoint and refuses what does not fit.
  ///
  /// - Throws: `Failure` of kind `configuration`, `badData`, `noInput` or `usage`.
  init(
    _ configuration: TrainingConfiguration, options: RunOptions, folder: RunFolder, data: RunData, log: RunLog
  ) throws {
    Publication.removeLeftovers(in: folder.checkpointFolder)
    try folder.check(against: configuration)
    switch options.resume {
    case .never:
      if let last = Checkpoint.list(folder.checkpointFolder).last {
        throw Failure(
          .usage,
          "\(folder.path) already holds checkpoints up to step \(last.step), and --resume none would replace them.",
          hint: "Choose another --output, or remove \(folder.checkpointFolder).")
      }
      checkpoint = nil
    case .automatic:
      let (newest, passedOver) = try Checkpoint.newest(in: folder.checkpointFolder)
      for sentence in passedOver { log(.warning, sentence) }
      checkpoint = newest
      if let newest { try Self.check(newest, data) }
    case .checkpoint(let path):
      let (chosen, passedOver) = try Checkpoint.find(path)
      for sentence in passedOver { log(.warning, sentence) }
      if let last = Checkpoint.list(folder.checkpointFolder).last, last.step > chosen.state.step {
        throw Failure(
          .usage,
          "\(folder.path) holds a checkpoint of step \(last.step), after that of step \(chosen.state.step) in \(path).",
          hint: "Choose another --output, or remove the later checkpoints.")
      }
      checkpoint = chosen
    }
    guard let state = checkpoint?.state, let path = checkpoint?.path else { return }
    log(.info, "Going on after step \(state.step) from \(path).")
    let (before, now) = (state.arithmetic, configuration.compute.precision.arithmetic)
    if let before, before != now {
      log(
        .warning,
        "\(path) was computed with \(before), and this run goes on with \(now): the last bits will differ from those of "
          + "a run that was never interrupted.")
    }
  }

  /// Fills the values of rank 0 and returns the moments of all parameters; nil for a new run.
  func restore(_ trainer: Trainer) throws(Failure) -> Moments? {
    guard let checkpoint else { return nil }
    let moments = trainer.wholeMoments
    try checkpoint.restore(
      trainer.parameters, moments, buffers: CroCoNet.buffers(trainer.configuration.model))
    return moments
  }

  private static func check(_ checkpoint: Checkpoint, _ data: RunData) throws(Failure) {
    guard checkpoint.state.dataFingerprint != data.fingerprint else { return }
    throw Failure(
      .badData,
      "\(checkpoint.path) was trained on another data set than \(data.path) (fingerprint "
        + "\(checkpoint.state.dataFingerprint), now \(data.fingerprint)).",
      hint: "Point data.path to the same data set; --resume CHECKPOINT with another --output goes on with this one.")
  }
}
