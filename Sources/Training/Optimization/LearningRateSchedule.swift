import Foundation
import Runtime

/// The learning rate of every step: a linear warm-up from 0, then half a cosine, a constant, or a constant with a line down at its end.
///
/// The rate follows the fractional epoch, step / steps per epoch, and is exactly 0 in the very first step.
/// Sources: Loshchilov, Hutter, "SGDR", ICLR 2017, equation 5, with the warm-up of the official trainer; Hägele et al., "Scaling Laws
/// and Compute-Optimal Training Beyond Fixed Training Durations", NeurIPS 2024, for warm-up, stable, decay.
package struct LearningRateSchedule: Sendable, Equatable {
  /// The course after the warm-up.
  package let kind: ScheduleConfiguration.Kind
  /// The highest rate, reached at the end of the warm-up.
  package let peak: Double
  /// The rate at the end of the cosine, or of the decay.
  package let minimum: Double
  /// The schedule's length in steps.
  package let totalSteps: Int
  /// Steps of an epoch.
  package let stepsPerEpoch: Double
  /// The schedule's length in epochs.
  package let epochs: Double
  /// The warm-up's length in epochs.
  package let warmupEpochs: Double
  /// The length in epochs of the decay at the end.
  package let decayEpochs: Double

  /// Derives the schedule of a run.
  ///
  /// - Parameters:
  ///   - globalBatchSize: pairs of a step, over all ranks.
  ///   - stepsPerEpoch: samples of the data set over those of a global batch; need not be whole.
  /// - Throws: `Failure` of kind `configuration` where the warm-up outlasts the schedule.
  package init(
    _ schedule: ScheduleConfiguration, _ optimizer: OptimizerConfiguration, globalBatchSize: Int, stepsPerEpoch: Double
  ) throws(Failure) {
    kind = schedule.kind
    peak = optimizer.peakLearningRate(globalBatchSize: globalBatchSize)
    minimum = optimizer.minimumLearningRate
    self.stepsPerEpoch = stepsPerEpoch
    if let steps = schedule.totalSteps {
      totalSteps = steps
      epochs = Double(steps) / stepsPerEpoch
    } else {
      epochs = schedule.epochs ?? 0
      totalSteps = max(1, Int((epochs * stepsPerEpoch).rounded()))
    }
    warmupEpochs = schedule.warmupSteps.map { Double($0) / stepsPerEpoch } ?? schedule.warmupEpochs ?? epochs / 10
    decayEpochs = schedule.decayFraction * epochs
    guard warmupEpochs < epochs || warmupEpochs == 0 else {
      throw Failure(
        .configuration,
        "The warm-up of \(warmupEpochs) epochs must end before the schedule of \(epochs) epochs does.",
        hint: "Set schedule.warmup_steps or schedule.warmup_epochs.")
    }
  }

  /// The rate of step `step`, counted from 0.
  package func rate(atStep step: Int) -> Double {
    let epoch = Double(step) / stepsPerEpoch
    if epoch < warmupEpochs { return peak * epoch / warmupEpochs }
    switch kind {
    case .constant: return peak
    case .wsd:
      let left = max(0, epochs - epoch)
      return left < decayEpochs ? minimum + (peak - minimum) * left / decayEpochs : peak
    case .cosine:
      let progress = (epoch - warmupEpochs) / (epochs - warmupEpochs)
      return minimum + (peak - minimum) * 0.5 * (1 + cos(.pi * min(1, progress)))
    }
  }
}
