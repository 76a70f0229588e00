import CroCoModel
import Foundation
import Runtime

/// What a run says of itself before its first step.
package struct RunDescription {
  let context: RunContext
  let data: RunData
  let trainer: Trainer
  let lastStep: Int
  /// Where the weights came from with which the run began; nil for random ones.
  let initialWeights: String?
  /// Those of all ranks.
  let placements: [RankPlacement]

  /// The lines: four of the run, then where its ranks are.
  var lines: [String] {
    let advice = PlacementChecks(placements).advice.map { [$0] } ?? []
    return [machine, pairs, network, course] + PlacementTable(placements).lines + advice
  }

  /// The line that a run begins with.
  static func opening(version: String?, _ folder: RunFolder) -> String {
    "croco\(version.map { " " + $0 } ?? "") \(openingWords) \(folder.path)."
  }

  private static let openingWords = "trains in"

  /// What a run said when it began last, without warnings; from the lines of its log, each after its time.
  package static func lines(ofLog log: [Substring]) -> [String] {
    let texts = log.map { $0.split(separator: " ", maxSplits: 1).dropFirst().first ?? "" }
    guard let start = texts.lastIndex(where: { $0.hasPrefix("croco") && $0.contains(" \(openingWords) ") }) else {
      return []
    }
    let rest = texts[start...].prefix { !$0.hasPrefix("step ") }
    // The opening and the lines of a description, without the places of ranks.
    return rest.filter { !$0.hasPrefix("warning: ") }.prefix(5).map(String.init)
  }

  private var machine: String {
    var hosts: [String] = []
    for placement in placements where hosts.last != placement.host && !hosts.contains(placement.host) {
      hosts.append(placement.host)
    }
    let shown = hosts.prefix(4).joined(separator: ", ") + (hosts.count > 4 ? " and \(hosts.count - 4) more" : "")
    return "\(counted(placements.count, "rank")) x \(counted(context.pool.workerCount, "thread")) on "
      + "\(counted(hosts.count, "host")) (\(shown)), \(context.configuration.compute.precision.arithmetic)."
  }

  private var pairs: String {
    var text = "\(data.path): \(counted(data.training.count, "pair")) to train on"
    if context.configuration.data.usesBothOrders { text += ", each in both orders" }
    if let validation = data.validation { text += "; \(validation.count) held out" }
    return text + "."
  }

  private var network: String {
    let (model, batch) = (context.configuration.model, context.configuration.batch)
    let count = trainer.parameters.count
    let parameters = count < 1_000_000 ? "\(count)" : String(format: "%.1f million", Double(count) / 1e6)
    return "\(parameters) parameters\(initialWeights.map { ", begun with \($0)" } ?? ""); images of "
      + "\(model.imageHeight) x \(model.imageWidth); steps of \(counted(batch.globalBatchSize, "pair")) in "
      + "\(counted(batch.microBatchCount, "micro-batch", "micro-batches"))."
  }

  private var course: String {
    let total = trainer.schedule.totalSteps
    let epochs = Double(total) / trainer.schedule.stepsPerEpoch
    var text = "\(counted(total, "step")), \(String(format: epochs < 10 ? "%.1f" : "%.0f", epochs)) epochs"
    if trainer.completedSteps > 0 { text += "; \(trainer.completedSteps) done" }
    if lastStep < total { text += "; this run ends at step \(lastStep)" }
    return text + "."
  }
}
