import Runtime

/// Something that looks on while a run trains: pictures, a progress bar, and what else is to follow the steps without
/// touching what they compute. ``TrainingRun/add(_:)`` adds it.
package protocol RunObserver: AnyObject {
  /// On which ranks it is called.
  var audience: RunAudience { get }

  /// Follows the passes within a step, from its beginning on.
  func run(didAdvance progress: StepProgress)

  /// Follows a step, after its line in the log and before a checkpoint of it.
  ///
  /// - Throws: ends the run, as ``RunAudience`` says.
  func run(didStep report: StepReport) throws(Failure)

  /// The run has ended, completed or not; called once.
  func runDidEnd()
}

extension RunObserver {
  /// Does nothing.
  package func run(didAdvance progress: StepProgress) {}

  /// Does nothing.
  package func runDidEnd() {}
}

/// The ranks on which a ``RunObserver`` is called, and what it may do there.
package enum RunAudience: Sendable {
  /// Rank 0, while the others wait for it at the next agreement: no collective call. What it throws, all ranks throw
  /// before their next update, after a checkpoint if this step has one.
  case firstRank
  /// Every rank, in the same order: it may make collective calls, and throws the same failure on all ranks or on none.
  case everyRank
}
