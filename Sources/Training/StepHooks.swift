import Collectives
import Runtime

/// What a step asks of whoever makes it, and tells them meanwhile.
package struct StepHooks {
  /// What this rank wants all ranks to know at the end of the step; asked for just before they agree.
  package var concerns: () -> Concerns = { Concerns() }
  /// What has come up on this rank that ends the step before its time; asked for before each pass.
  package var interruptions: () -> StepFlags = { [] }
  /// Whether an interruption has come up that does not even wait for the end of a pass; asked on any thread.
  package var isCalledOff: @Sendable () -> Bool = { false }
  /// Is told how far this rank has come, before its first pass and after each.
  package var progress: (StepProgress) -> Void = { _ in }
  /// Is told of each stage that this rank comes to.
  package var stage: (StepStage) -> Void = { _ in }

  /// A step that nothing interrupts and nobody follows.
  package init() {}
}

/// How far this rank is within a step.
package struct StepProgress: Sendable, Equatable {
  /// The step under way: the completed ones and one.
  package let step: Int
  /// Passes of this rank's micro-batches that are done.
  package fileprivate(set) var passes = 0
  /// Passes of this rank in the step.
  package let passCount: Int
  /// Passes of a micro-batch.
  package let passesPerMicroBatch: Int

  /// The beginning of a step with so many micro-batches on this rank.
  init(step: Int, microBatches: Int, passesPerMicroBatch: Int) {
    self.step = step
    self.passesPerMicroBatch = passesPerMicroBatch
    passCount = microBatches * passesPerMicroBatch
  }

  /// Counts a pass.
  mutating func advance() { passes += 1 }

  /// The share of this rank's computation that is done, 0 ... 1.
  package var share: Double { Double(passes) / Double(passCount) }

  /// The micro-batch under way of this rank's, from 1; that of the last pass at the end.
  package var microBatch: Int { min(passes, passCount - 1) / passesPerMicroBatch + 1 }

  /// This rank's micro-batches of a step.
  package var microBatchCount: Int { passCount / passesPerMicroBatch }

  /// Where a rank hangs that tells nothing any more.
  var phase: String {
    passes == passCount
      ? "the end of step \(step)"
      : "micro-batch \(microBatch) of \(microBatchCount) of step \(step)"
  }
}

/// What a rank has computed of a step, before the ranks meet.
struct StepShare {
  /// The mean loss of each micro-batch of the step; zero for those of other ranks.
  var losses: [Double]
  /// Pairs of this rank's micro-batches that stand in for others.
  var replacedPairs = 0.0
  /// What went wrong on this rank.
  var failure: Failure?
  /// Whether all of this rank's micro-batches are done.
  var isFinished = false
  /// What ranks raise meanwhile.
  let raised: RaisedFlags
}
