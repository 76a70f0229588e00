import Runtime
import Training

/// Writes the figures of every step for TensorBoard, beside `metrics.jsonl`.
final class TensorBoardWriter: RunObserver {
  let audience = RunAudience.firstRank

  private let events: EventFile

  init(_ events: EventFile) { self.events = events }

  func run(didStep report: StepReport) throws(Failure) {
    var values: [EventFile.Value] = [
      .scalar("loss/training", report.loss), .scalar("optimizer/gradient_norm", report.gradientNorm),
      .scalar("optimizer/learning_rate", report.learningRate), .scalar("progress/epoch", report.epoch),
      .scalar("speed/pairs_per_second", report.pairsPerSecond), .scalar("speed/milliseconds", report.milliseconds),
    ]
    values += StepStage.allCases.map { .scalar("speed/milliseconds_\($0.rawValue)", report.stages[$0] ?? 0) }
    if report.replacedPairs > 0 { values.append(.scalar("progress/replaced_pairs", Double(report.replacedPairs))) }
    if let loss = report.validationLoss { values.append(.scalar("loss/validation", loss)) }
    if let gain = report.referenceGain { values.append(.scalar("validation/reference_gain", gain)) }
    try events.write(values, step: report.step)
  }
}

extension TrainingRun {
  /// Begins an event file for TensorBoard in the run folder, with the configuration, and adds what writes into it, if the
  /// configuration wants it; collective.
  ///
  /// - Returns: the file, on rank 0.
  /// - Throws: `Failure` of kind `inputOutput` that names the path, the same on every rank.
  package func addTensorBoard() throws(Failure) -> EventFile? {
    let configuration = context.configuration
    guard configuration.logging.tensorBoard else { return nil }
    let step = trainer.completedSteps
    let events = try context.communicator.together { () throws -> EventFile? in
      guard context.isFirstRank else { return nil }
      let events = try EventFile(folder: folder.path, afterStep: step)
      // Four spaces: Markdown for text that stays as it is.
      let lines = configuration.resolved().split(separator: "\n").map { "    " + $0 + "\n" }
      try events.write([.text("configuration", lines.joined())], step: step)
      return events
    }
    if let events { add(TensorBoardWriter(events)) }
    return events
  }
}
