import ArgumentParser
import Evaluation
import Foundation
import PairData
import Runtime
import Storage
import Training

/// `croco evaluate`: the masked loss with true, shuffled, blank and identical references.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures how much a network uses the second view.",
    discussion: """
      The reference gain is 1 - loss(true reference) / loss(shuffled reference). Near 0 the network ignores the second view.
      """)

  @Option(
    help: "A run folder (its newest checkpoint), a checkpoint folder or a .safetensors file.", completion: .file())
  var checkpoint: String

  @Option(help: "The data set.", completion: .directory)
  var data: String

  @Option(help: "The split: val (held-out scenes) or train.")
  var split = Split.validation

  @Option(help: "Use at most so many pairs.")
  var pairs: Int?

  @Option(help: "Threads; the cores of this process if absent.")
  var threads: Int?

  @Option(help: "Also write the result as JSON to this file.", completion: .file())
  var output: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if let pairs, pairs < 1 { throw ValidationError("--pairs must be at least 1.") }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  func run() throws {
    let model = try PretrainedModel(path: checkpoint)
    Croco.warn(model.passedOver)
    let dataset = try PairDataset(path: data, split: split)
    let pool = WorkerPool(workerCount: StartupChecks.threads(configured: threads))
    let bar = ProgressBar("evaluate", unit: "pairs", isQuiet: json)
    let result = try ReferenceEvaluation(model, source: dataset, limit: pairs, pool: pool, progress: bar.update)
    bar.clear()
    if let output { try Publication.publishText(result.json + "\n", at: output) }
    print(json ? result.json : text(result))
  }

  private func text(_ result: ReferenceEvaluation) -> String {
    func number(_ value: Double) -> String { String(format: "%.4f", value) }
    var lines = ["\(result.checkpoint) on \(counted(result.pairCount, "pair")) of \(data) (\(split.rawValue)):"]
    for variant in ReferenceVariant.allCases where result.losses[variant] != nil {
      let name = variant.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
      lines.append("  loss with \(name) reference  \(number(result.losses[variant, default: .nan]))")
    }
    if result.losses[.shuffled] != nil {
      lines.append("  reference gain (1 - true / shuffled)  \(number(result.referenceGain))")
    } else {
      lines.append("  no reference gain: all pairs are of one scene, and a shuffled reference is one of another scene")
    }
    lines.append("  true / blank                          \(number(result.blankRatio))")
    return lines.joined(separator: "\n")
  }
}
