import ArgumentParser
import Collectives
import Evaluation
import Foundation
import Kernels
import Measurement
import Training

/// `croco train`: trains a network, alone or as one rank of many.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains CroCo on a data set, alone or under mpirun.",
    discussion: """
      Alone:           croco train --config configs/quickstart.yaml --set data.path=DIR --output RUN
      On one host:     mpirun -np 4 croco train ...
      A run that was stopped goes on from its newest checkpoint when the same command is started again.
      """)

  @OptionGroup var settings: ConfigurationArguments

  @Option(help: "The run folder: checkpoints, metrics, log.")
  var output: String?

  @Option(
    help: ArgumentHelp(
      "auto: from the newest checkpoint of the run folder; none: a new run; or a checkpoint folder.",
      valueName: "auto|none|PATH"))
  var resume = "auto"

  @Option(help: "End the run at this step, although the schedule goes on.")
  var maxSteps: Int?

  @Flag(help: "Print the resolved configuration, parameters, memory and traffic, and stop.")
  var dryRun = false

  func validate() throws {
    if !dryRun && output == nil { throw ValidationError("Missing expected argument '--output <output>'") }
    if let maxSteps, maxSteps < 1 { throw ValidationError("--max-steps must be at least 1.") }
  }

  func run() throws {
    let status = Communicators.run(patience: 60, report: Croco.report) { communicator in
      let limit = maxSteps.map { ["schedule.stop_after_steps=\($0)"] } ?? []
      let configuration = try communicator.together { try settings.read(setting: limit) }
      if dryRun {
        let threads = try StartupChecks.threads(configured: configuration.compute.threads, of: communicator)
        let estimate = try RunEstimate(configuration, rankCount: communicator.size, threads: threads)
        if communicator.rank == 0 { print(configuration.resolved(documented: true) + "\n" + estimate.text) }
      } else {
        try train(configuration, communicator)
      }
    }
    if status != 0 { throw ExitCode(status) }
  }

  private func train(_ configuration: TrainingConfiguration, _ communicator: any Communicator) throws {
    var options = RunOptions(output: output ?? "")
    switch resume {
    case "auto": options.resume = .automatic
    case "none": options.resume = .never
    default: options.resume = .checkpoint(resume)
    }
    options.versions = ["croco": Croco.version, "openblas": OpenBLAS.configuration, "kernels": Processor.kernelLevel]
    options.lastWords = { Croco.report($0) }
    let printer = LinePrinter()
    let threads = try StartupChecks.threads(configured: configuration.compute.threads, of: communicator)
    let warnings = try RunEstimate(configuration, rankCount: communicator.size, threads: threads).checkResources(
      output: options.output, keptCheckpoints: configuration.checkpoints.keep, communicator: communicator)
    for warning in warnings where communicator.rank == 0 { printer.print(.warning, warning) }
    let run = try TrainingRun(configuration, options: options, communicator: communicator, listener: printer.print)
    try run.addPictures()
    let bar = ProgressBar(
      "training", total: run.lastStep, unit: "steps", isQuiet: communicator.rank != 0 || isatty(STDERR_FILENO) == 0)
    printer.bar = bar
    run.add(StepBar(bar))
    try run.run()
  }
}

/// Moves a progress bar with the steps of a run.
private final class StepBar: RunObserver {
  let audience = RunAudience.firstRank
  private let bar: ProgressBar

  init(_ bar: ProgressBar) { self.bar = bar }

  func run(didStep report: StepReport) { bar.update(report.step) }

  func runDidEnd() { bar.clear() }
}

/// Prints what a run says: warnings to standard error, all else to standard output, each above the bar if there is one.
private final class LinePrinter {
  var bar: ProgressBar?

  func print(_ level: RunLog.Level, _ text: String) {
    bar?.clear()
    switch level {
    case .warning: FileHandle.standardError.write(Data("croco: warning: \(text)\n".utf8))
    case .step, .info: FileHandle.standardOutput.write(Data("\(text)\n".utf8))
    }
  }
}
