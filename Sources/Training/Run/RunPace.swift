import Runtime

/// What the lines of steps say beside the step itself: the mean loss since the line before, and the time that is left.
struct RunPace {
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let firstStep: Int
  private let lastStep: Int
  private var losses: [Double] = []

  /// Begins now, after `firstStep` steps of `lastStep`.
  init(after firstStep: Int, of lastStep: Int) {
    start = clock.now
    (self.firstStep, self.lastStep) = (firstStep, lastStep)
  }

  /// Counts a step.
  mutating func add(_ report: StepReport) { losses.append(report.loss) }

  /// Adds what it knows to a step's line, and begins to collect for the next one.
  mutating func complete(_ line: String, of report: StepReport) -> String {
    defer { losses.removeAll(keepingCapacity: true) }
    var fields = [line]
    if losses.count > 1 {
      fields.append("mean of \(losses.count): \(StepReport.fixed(losses.reduce(0, +) / Double(losses.count), 4))")
    }
    if report.step < lastStep { fields.append("\(TimeSpan.text(secondsLeft(after: report.step))) left") }
    return fields.joined(separator: " | ")
  }

  /// Everything of this run so far counts: validations and checkpoints, too.
  private func secondsLeft(after step: Int) -> Double {
    (clock.now - start) / .seconds(1) / Double(max(1, step - firstStep)) * Double(lastStep - step)
  }
}
