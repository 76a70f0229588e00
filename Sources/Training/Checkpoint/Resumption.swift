import Collectives
import CroCoModel
import Foundation
import Runtime
import Storage

/// Where a run goes on from, found and checked by rank 0, which alone reads checkpoints.
struct Resumption {
  /// The checkpoint; nil for a new run, and on all ranks but the first.
  let checkpoint: Checkpoint?
  /// The steps that it has completed; the same on every rank.
  let step: Int
  /// Whether it lies in the run folder, or there is none; the same on every rank.
  let isOwn: Bool
  /// The checkpoint of another folder with which the run in this one began, on rank 0; nil for a run that began here.
  let branchedFrom: String?

  /// Looks for a checkpoint and refuses what does not fit; collective.
  ///
  /// - Throws: `Failure` of kind `configuration`, `badData`, `noInput` or `usage`, the same on every rank.
  init(_ context: RunContext, _ resume: RunOptions.Resume, _ folder: RunFolder, _ data: RunData) throws(Failure) {
    let communicator = context.communicator
    let checkpoint = try communicator.together { () throws -> Checkpoint? in
      guard context.isFirstRank else { return nil }
      folder.removeLeftovers()
      try folder.check(against: context.configuration)
      let (checkpoint, passedOver) = try Self.find(resume, folder)
      for sentence in passedOver { context.log(.warning, sentence) }
      guard let checkpoint else { return nil }
      let isOwn = Self.isOwn(checkpoint, folder)
      Self.announce(checkpoint, try Self.changes(since: checkpoint, isOwn, context.configuration, data), context)
      return checkpoint
    }
    let isOwn = checkpoint.map { Self.isOwn($0, folder) } ?? true
    branchedFrom = checkpoint.flatMap { isOwn ? $0.state.branchedFrom : "\($0.path) after step \($0.state.step)" }
    let shared = try communicator.shared([checkpoint?.state.step ?? 0, isOwn ? 1 : 0])
    (self.checkpoint, step, self.isOwn) = (checkpoint, shared[0], shared[1] == 1)
  }

  /// Gives the parameters of a new run the weights that its configuration names; one that goes on has its own. Only rank 0 gets
  /// them here. Collective.
  ///
  /// - Returns: where the run's weights came from, on rank 0; nil for random ones.
  /// - Throws: `Failure` of kind `noInput`, `badData` or `configuration`, the same on every rank.
  func initialWeights(_ parameters: ParameterStore, _ context: RunContext) throws(Failure) -> String? {
    try context.communicator.together { () throws -> String? in
      guard context.isFirstRank else { return nil }
      if let checkpoint { return checkpoint.state.initialWeights }
      guard let weights = try InitialWeights(context.configuration, for: parameters) else { return nil }
      for sentence in weights.warnings { context.log(.warning, sentence) }
      try weights.fill()
      return weights.origin
    }
  }

  /// The checkpoint that is asked for, with a sentence on each newer one that is damaged.
  private static func find(
    _ resume: RunOptions.Resume, _ folder: RunFolder
  ) throws(Failure) -> (checkpoint: Checkpoint?, passedOver: [String]) {
    let last = try Checkpoint.list(folder.checkpointFolder).last
    switch resume {
    case .automatic: return try Checkpoint.newest(in: folder.checkpointFolder)
    case .never:
      guard let last else { return (nil, []) }
      throw Failure(
        .usage,
        "\(folder.path) already holds checkpoints up to step \(last.step), and a new run would replace them.",
        hint: "Choose another \(.output), or remove \(folder.checkpointFolder).")
    case .checkpoint(let path):
      let (chosen, passedOver) = try named(path)
      guard let last, last.step > chosen.state.step else { return (chosen, passedOver) }
      // The same command again, after a stop: this folder has come further than what it began with.
      guard isOwn(chosen, folder) else { return try Checkpoint.newest(in: folder.checkpointFolder) }
      throw Failure(
        .usage,
        "\(folder.path) holds a checkpoint of step \(last.step), after that of step \(chosen.state.step) in \(path).",
        hint: "Choose another \(.output), or remove the later checkpoints.")
    }
  }

  private static func isOwn(_ checkpoint: Checkpoint, _ folder: RunFolder) -> Bool {
    checkpoint.path.hasPrefix(folder.checkpointFolder)
  }

  /// The checkpoint that the user names.
  private static func named(_ path: String) throws(Failure) -> (checkpoint: Checkpoint, passedOver: [String]) {
    switch try TrainedSource(path) {
    case .checkpoint(let checkpoint, let passedOver): return (checkpoint, passedOver)
    case .weights:
      throw Failure(
        .usage, "\(path) holds weights alone, and a run goes on from a whole checkpoint, with moments and step.",
        hint: "Name the checkpoint folder or the run folder. To begin a new run with these weights, set"
          + " model.initial_weights to \(path).")
    }
  }

  /// What is not as in the checkpoint's run, which goes on here: nothing but in a branch, which may take another course. What has
  /// learnt something else, or from other data, is no beginning.
  ///
  /// - Throws: `Failure` of kind `configuration` that names the keys.
  private static func changes(
    since checkpoint: Checkpoint, _ isOwn: Bool, _ configuration: TrainingConfiguration, _ data: RunData
  ) throws(Failure) -> [String] {
    let before = try checkpoint.configuration
    var refused = configuration.differences(from: before, beyond: isOwn ? .always : .inBranch)
    if checkpoint.state.dataFingerprint != data.fingerprint {
      refused.append(
        "data.path (another data set: fingerprint \(checkpoint.state.dataFingerprint) there, \(data.fingerprint) now)")
    }
    guard refused.isEmpty else {
      throw Failure(
        .configuration, "\(checkpoint.path) is of another run: \(refused.joined(separator: ", ")).",
        hint:
          "To go on with that run, give its configuration and its data set; in an \(.output) of its own it may have other"
          + " values of optimizer, schedule and compute. To begin another run, name no checkpoint: with model.initial_weights"
          + " set to \(checkpoint.path) it begins with these weights.")
    }
    return configuration.differences(from: before)
  }

  private static func announce(_ checkpoint: Checkpoint, _ changes: [String], _ context: RunContext) {
    let course = changes.isEmpty ? "" : ", on another course: \(changes.joined(separator: ", "))"
    context.log(.info, "Going on after step \(checkpoint.state.step) from \(checkpoint.path)\(course).")
    let (before, now) = (checkpoint.state.arithmetic, context.configuration.compute.precision.arithmetic)
    guard let before, before != now, changes.isEmpty else { return }
    context.log(
      .warning,
      "\(checkpoint.path) was computed with \(before), and this run goes on with \(now): the last bits will differ from "
        + "those of a run that was never interrupted.")
  }
}

extension Communicator {
  /// Rank 0's numbers, on every rank; collective. All ranks give equally many.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  fileprivate func shared(_ numbers: [Int]) throws(Failure) -> [Int] {
    var values = numbers.map(Int64.init)
    var failure: Failure?
    values.withUnsafeMutableBytes { bytes in
      do throws(Failure) { try broadcast(bytes, from: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    return values.map(Int.init)
  }
}
