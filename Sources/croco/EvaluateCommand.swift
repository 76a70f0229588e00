import ArgumentParser
import Collectives
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
      Under mpirun the ranks share the pairs; the result is the same for any number of them.
      """)

  @Option(
    help: "A run folder (its newest checkpoint), RUN/best, a checkpoint folder or a .safetensors or .pth file.",
    completion: .file())
  var checkpoint: String

  @OptionGroup var choice: WeightsChoice

  @Option(help: "The data set.", completion: .directory)
  var data: String

  @Option(help: "The split: val (held-out scenes) or train.")
  var split = Split.validation

  @Option(help: "Use at most so many pairs.")
  var pairs: Int?

  @Option(help: "Threads, of each rank under mpirun; the cores of the process if absent.")
  var threads: Int?

  @Option(help: "Also write the result as JSON to this file.", completion: .file())
  var output: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if let pairs, pairs < 1 { throw ValidationError("--pairs must be at least 1.") }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  func run() throws { try Ranks.run(evaluate) }

  private func evaluate(_ communicator: any Communicator) throws {
    let isFirst = communicator.rank == 0
    let (model, dataset) = try communicator.together {
      (try PretrainedModel(path: checkpoint, choice.weights), try PairDataset(path: data, split: split))
    }
    try checkAgreement(on: model, communicator)
    if isFirst { Croco.warn(model.warnings) }
    let pool = WorkerPool(workerCount: try StartupChecks.threads(configured: threads, of: communicator))
    let bar = ProgressBar("evaluate", unit: "pairs", isQuiet: json || !isFirst)
    defer { bar.clear() }
    let result = try ReferenceEvaluation(
      model, source: dataset, limit: pairs, pool: pool, communicator: communicator, progress: bar.update)
    bar.clear()
    try communicator.together {
      if isFirst, let output { try Publication.publishText(result.json + "\n", at: output) }
    }
    if isFirst { print(json ? result.json : text(result)) }
  }

  /// A run that goes on may write a newer checkpoint between the looks of two ranks.
  private func checkAgreement(on model: PretrainedModel, _ communicator: any Communicator) throws {
    let paths = try communicator.gatherBytes(Array(model.path.utf8)).map { String(decoding: $0, as: UTF8.self) }
    guard let other = paths.first(where: { $0 != paths[0] }) else { return }
    throw Failure(
      .noInput, "The ranks do not see the same checkpoint: \(paths[0]) and \(other).",
      hint: "Name one of the checkpoints.")
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
