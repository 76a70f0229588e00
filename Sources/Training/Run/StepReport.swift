import Foundation
import Storage

/// The stages of a step whose times are taken apart.
package enum StepStage: String, Sendable, CaseIterable {
  case data, forward, backward, reduce, optimizer

  /// What a rank does there, for people.
  var activity: String {
    switch self {
    case .data: "waiting for data"
    case .forward: "forward"
    case .backward: "backward"
    case .reduce: "sums"
    case .optimizer: "update"
    }
  }
}

/// What one step did; the same on every rank but for the times.
package struct StepReport: Sendable, Equatable {
  /// Completed steps, this one included.
  package var step: Int
  /// Completed passes over the data set.
  package var epoch: Double
  /// The mean loss over the global batch.
  package var loss: Double
  /// The loss of each micro-batch, in order.
  package var microBatchLosses: [Double]
  /// The gradient's norm before clipping.
  package var gradientNorm: Double
  /// The learning rate of the update.
  package var learningRate: Double
  /// Milliseconds of the whole step.
  package var milliseconds: Double
  /// Milliseconds of its stages on this rank.
  package var stages: [StepStage: Double]
  /// Pairs a second, over all ranks.
  package var pairsPerSecond: Double
  /// Pairs of the global batch that stand in for pairs that could not be used (`data.on_bad_pair: skip`).
  package var replacedPairs = 0
  /// The mean loss on held-out scenes, where this step took it.
  package var validationLoss: Double?
  /// How much the second view helped on held-out scenes, where this step measured it: 1 - loss / loss with references of other scenes.
  package var referenceGain: Double?

  /// The line of the log, to which ``RunPace`` adds: `step 12/1000 | loss 0.8123 | grad norm 0.53 | lr 1.2e-4 | 812 ms | 78.8 pairs/s`.
  package func line(of totalSteps: Int) -> String {
    var fields = [
      "step \(step)/\(totalSteps)", "loss \(Self.fixed(loss, 4))", "grad norm \(Self.fixed(gradientNorm, 2))",
      "lr \(scientific(learningRate))", "\(Self.fixed(milliseconds, 0)) ms", "\(Self.fixed(pairsPerSecond, 1)) pairs/s",
    ]
    if replacedPairs > 0 { fields.append("\(replacedPairs) \(replacedPairs == 1 ? "pair" : "pairs") replaced") }
    if let validationLoss { fields.append("validation loss \(Self.fixed(validationLoss, 4))") }
    if let referenceGain { fields.append("reference gain \(Self.fixed(referenceGain, 3))") }
    return fields.joined(separator: " | ")
  }

  /// The line of `metrics.jsonl`.
  package var json: String {
    var fields: [(String, JSON)] = [
      ("step", .integer(step)), ("epoch", .number(epoch)), ("loss", .number(loss)),
      ("grad_norm", .number(gradientNorm)), ("lr", .number(learningRate)), ("ms", .fixed(milliseconds, digits: 3)),
    ]
    fields += StepStage.allCases.map { ("ms_\($0.rawValue)", .fixed(stages[$0] ?? 0, digits: 3)) }
    fields.append(("pairs_per_s", .fixed(pairsPerSecond, digits: 3)))
    if replacedPairs > 0 { fields.append(("replaced_pairs", .integer(replacedPairs))) }
    if let validationLoss { fields += Self.fields(of: validationLoss, referenceGain) }
    return JSON.object(fields).text
  }

  /// What the line of a step ends with where it has a validation.
  static func fields(of validationLoss: Double, _ referenceGain: Double?) -> [(String, JSON)] {
    [("validation_loss", .number(validationLoss))] + (referenceGain.map { [("reference_gain", .number($0))] } ?? [])
  }

  /// "0.8123".
  package static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// "1.2e-4": one digit after the point, no leading zero in the exponent.
  private func scientific(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let parts = String(format: "%.1e", value).split(separator: "e")
    return "\(parts[0])e\(Int(parts[1]) ?? 0)"
  }
}

/// Takes the times of a step's stages.
struct StepClock {
  private(set) var stages: [StepStage: Double] = [:]
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let didEnter: (StepStage) -> Void

  /// Begins now.
  ///
  /// - Parameter didEnter: is told of each stage that begins.
  init(didEnter: @escaping (StepStage) -> Void) {
    self.didEnter = didEnter
    start = clock.now
  }

  /// Runs `body` and adds its time to `stage`.
  mutating func measure<Result, Thrown>(_ stage: StepStage, _ body: () throws(Thrown) -> Result) throws(Thrown)
    -> Result
  {
    didEnter(stage)
    let start = clock.now
    defer { stages[stage, default: 0] += Self.milliseconds(clock.now - start) }
    return try body()
  }

  /// Milliseconds since the clock was made.
  var elapsed: Double { Self.milliseconds(clock.now - start) }

  private static func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }
}
