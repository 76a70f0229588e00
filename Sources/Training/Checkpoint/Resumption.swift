import Collectives
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
      if resume == .automatic { try Self.check(checkpoint, data) }
      Self.announce(checkpoint, context)
      return checkpoint
    }
    let isOwn = checkpoint.map { $0.path.hasPrefix(folder.checkpointFolder) } ?? true
    let shared = try communicator.shared([checkpoint?.state.step ?? 0, isOwn ? 1 : 0])
    (self.checkpoint, step, self.isOwn) = (checkpoint, shared[0], shared[1] == 1)
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
      let (chosen, passedOver) = try Checkpoint.find(path)
      guard let last, last.step > chosen.state.step else { return (chosen, passedOver) }
      throw Failure(
        .usage,
        "\(folder.path) holds a checkpoint of step \(last.step), after that of step \(chosen.state.step) in \(path).",
        hint: "Choose another \(.output), or remove the later checkpoints.")
    }
  }

  private static func check(_ checkpoint: Checkpoint, _ data: RunData) throws(Failure) {
    guard checkpoint.state.dataFingerprint != data.fingerprint else { return }
    throw Failure(
      .badData,
      "\(checkpoint.path) was trained on another data set than \(data.path) (fingerprint "
        + "\(checkpoint.state.dataFingerprint), now \(data.fingerprint)).",
      hint: "Point data.path to the same data set; \(.resume) with another \(.output) goes on with this one.")
  }

  private static func announce(_ checkpoint: Checkpoint, _ context: RunContext) {
    context.log(.info, "Going on after step \(checkpoint.state.step) from \(checkpoint.path).")
    let (before, now) = (checkpoint.state.arithmetic, context.configuration.compute.precision.arithmetic)
    guard let before, before != now else { return }
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
