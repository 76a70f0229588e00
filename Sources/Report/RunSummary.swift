import Foundation
import Training

/// The few numbers of a run that people ask for first.
struct RunSummary {
  /// A number with its name and what it refers to.
  struct Item {
    /// The name: "last loss".
    let name: String
    /// The number with its unit, or a dash.
    let value: String
    /// A short remark, such as the step; may be empty.
    let detail: String
  }

  /// Mean milliseconds a step, by stage in order, then "other"; the first step, which warms up, is left out.
  let stages: [(name: String, milliseconds: Double)]
  /// The numbers, in the same order for every run.
  let items: [Item]

  init(_ run: RunRecord) {
    let records = run.metrics.records
    let last = records[records.count - 1]
    stages = Self.stages(records.count > 1 ? Array(records.dropFirst()) : records)

    let losses = records.compactMap { record in record.loss.map { (step: record.step, loss: $0) } }
    let recent = losses.suffix(max(1, losses.count / 20))
    let mean = recent.reduce(0) { $0 + $1.loss } / Double(max(1, recent.count))
    let best = records.filter { $0.validationLoss != nil }.min { $0.validationLoss! < $1.validationLoss! }
    let seconds = records.compactMap(\.milliseconds).reduce(0, +) / 1000
    // The step of median time tells both: a mean counts pauses and first steps, and would disagree with it.
    let timed = records.compactMap { record in record.milliseconds.map { (milliseconds: $0, record: record) } }
    let median = timed.sorted { ($0.milliseconds, $0.record.step) < ($1.milliseconds, $1.record.step) }
      .dropFirst(timed.count / 2).first

    var items = [
      Item(
        name: "Steps", value: Numeral.grouped(last.step), detail: run.folder.isCompleted ? "completed" : "not completed"
      ),
      Item(name: "Epochs", value: last.epoch.map { Numeral.short($0) } ?? "–", detail: "passes over the data"),
      Item(
        name: "Last loss", value: losses.last.map { Numeral.fixed($0.loss, 4) } ?? "–",
        detail: recent.count > 1 ? "mean of the last \(recent.count): \(Numeral.fixed(mean, 4))" : ""),
      Item(
        name: "Best validation loss", value: best?.validationLoss.map { Numeral.fixed($0, 4) } ?? "–",
        detail: best.map { Self.place($0.step, run.best) } ?? "none taken"),
      Item(name: "Training time", value: Numeral.duration(seconds), detail: "sum of all steps"),
      Item(
        name: "Speed", value: median?.record.pairsPerSecond.map { "\(Numeral.short($0)) pairs/s" } ?? "–",
        detail: median.map { "in the median step of \(Numeral.milliseconds($0.milliseconds))" } ?? ""),
    ]
    if let evaluation = run.evaluation, let gain = evaluation.referenceGain {
      items.append(
        Item(
          name: "Reference gain", value: Numeral.fixed(gain, 3),
          detail: "on \(Numeral.grouped(evaluation.pairs)) pairs"))
    } else if let last = records.last(where: { $0.referenceGain != nil }) {
      items.append(
        Item(
          name: "Reference gain", value: last.referenceGain.map { Numeral.fixed($0, 3) } ?? "–",
          detail: "in the validation of step \(Numeral.grouped(last.step))"))
    }
    self.items = items
  }

  /// Where a validation was taken, and where its checkpoint lies.
  private static func place(_ step: Int, _ best: BestCheckpoint?) -> String {
    "at step \(Numeral.grouped(step)); " + (best?.step == step ? "checkpoint: best" : "no checkpoint")
  }

  private static func stages(_ records: [StepRecord]) -> [(name: String, milliseconds: Double)] {
    func mean(_ value: (StepRecord) -> Double?) -> Double {
      records.reduce(0) { $0 + (value($1) ?? 0) } / Double(records.count)
    }
    let known = StepStage.allCases.map { stage in (stage.rawValue, mean { $0.milliseconds(of: stage) }) }
    let other = mean(\.milliseconds) - known.reduce(0) { $0 + $1.1 }
    return known + [("other", max(0, other))]
  }
}
