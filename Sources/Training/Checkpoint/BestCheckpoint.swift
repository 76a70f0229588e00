import Collectives
import Foundation
import Runtime
import Storage

/// The step with the lowest validation loss of a run among those whose checkpoints exist.
///
/// Metrics and checkpoints tell which it is, so that it survives a kill at any time; the link `best` of the run folder is for
/// whoever reads the checkpoint with another program.
package struct BestCheckpoint: Sendable, Equatable {
  /// The completed steps.
  package let step: Int
  /// The mean loss on held-out pairs.
  package let validationLoss: Double

  private init(step: Int, validationLoss: Double) { (self.step, self.validationLoss) = (step, validationLoss) }

  /// The checkpoint after a step, where its validation is better than that of `best`; of equal ones the earlier is better. A loss
  /// that is not finite is none.
  init?(step: Int, validationLoss loss: Double?, betterThan best: BestCheckpoint?) {
    guard let loss, loss < best?.validationLoss ?? .infinity else { return nil }
    self.init(step: step, validationLoss: loss)
  }

  /// Looks into metrics and checkpoints of a run; nil where no step that was validated has a checkpoint.
  ///
  /// - Throws: `Failure` of kind `inputOutput` or `noInput` where they cannot be read.
  package init?(in folder: RunFolder) throws(Failure) {
    let steps = Set(try Checkpoint.list(folder.checkpointFolder).map(\.step))
    guard !steps.isEmpty, FileSystem.exists(folder.metricsFile) else { return nil }
    let validations = try MetricsLogger.validationLosses(path: folder.metricsFile).filter { steps.contains($0.key) }
    guard let best = validations.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
    self.init(step: best.key, validationLoss: best.value)
  }

  /// The checkpoint folder.
  package func path(in folder: RunFolder) -> String {
    folder.checkpointFolder.appending(path: Checkpoint.name(ofStep: step))
  }

  /// "validation loss 0.4123 after step 300".
  package var text: String { "validation loss \(StepReport.fixed(validationLoss, 4)) after step \(step)" }

  /// That of rank 0, on every rank; collective.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  static func shared(_ own: BestCheckpoint?, _ communicator: any Communicator) throws(Failure) -> BestCheckpoint? {
    // The other ranks have none, and add zeros. Steps are whole numbers that a double holds.
    var values = [Double(own?.step ?? 0), own?.validationLoss ?? 0]
    try communicator.sumInRankOrder(&values)
    return values[0] > 0 ? BestCheckpoint(step: Int(values[0]), validationLoss: values[1]) : nil
  }
}

extension RunFolder {
  /// Lets the link `best` lead to a checkpoint, or removes it. File systems without links go without.
  func link(best: BestCheckpoint?) {
    guard let best else {
      if FileSystem.linkTarget(bestLink) != nil { try? FileSystem.remove(bestLink) }
      return
    }
    // Relative, so that the run folder may move.
    let target = (checkpointFolder as NSString).lastPathComponent.appending(path: Checkpoint.name(ofStep: best.step))
    if FileSystem.linkTarget(bestLink) != target { try? Publication.publishLink(at: bestLink, to: target) }
  }
}
