import ArgumentParser
import Collectives
import Evaluation
import Foundation
import Kernels
import Measurement
import Runtime
import Synchronization
import Training

/// `croco train`: trains a network, alone or as one rank of many.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains CroCo on a data set, alone or under mpirun.",
    discussion: """
      Alone:           croco train --config configs/quickstart.yaml --set data.path=DIR --output RUN
      Without a file:  croco train --preset croco_v1_base --set data.path=DIR --output RUN
      On one host:     mpirun -np 4 croco train ...
      Ctrl-C, SIGTERM, SIGUSR1 and SIGHUP stop it within seconds, with a checkpoint of the last finished step.
      Going on:        the same command again goes on from the newest checkpoint of its run folder
      A branch:        --resume RUN/checkpoints/step-N goes on from there in another --output, also with another schedule,
                       optimizer or compute section
      From weights:    --set model.initial_weights=PATH begins a new run with the weights of a run or file
      """)

  @OptionGroup var settings: ConfigurationArguments

  @Option(help: "The run folder: checkpoints, metrics, log.", completion: .directory)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "auto: from the newest checkpoint of the run folder; none: a new run; or a checkpoint of another run, by its "
        + "folder or that of the run: a branch.",
      valueName: "auto|none|PATH"))
  var resume = "auto"

  @Option(help: "Stop at this step, although the schedule goes on; schedule.stop_after_steps.")
  var maxSteps: Int?

  @Flag(
    help: """
      Open the data, print the configuration, parameters, memory, traffic, pairs, steps and about how long it will take, \
      and stop.
      """)
  var dryRun = false

  @Flag(help: "Print the complete configuration, every key with what it means, and stop.")
  var printConfig = false

  func validate() throws {
    if !dryRun && !printConfig && output == nil {
      throw ValidationError("Missing expected argument '--output <output>'")
    }
    if let maxSteps, maxSteps < 1 { throw ValidationError("--max-steps must be at least 1.") }
  }

  func run() throws {
    let ending = RunEndingWriter(output)
    let status = Communicators.run(patience: 60, report: ending.report) { communicator in
      let limit = maxSteps.map { ["schedule.stop_after_steps=\($0)"] } ?? []
      let configuration = try communicator.together { try settings.read(setting: limit) }
      let folder = output.map { RunFolder($0) }
      if printConfig {
        if communicator.rank == 0 { print(configuration.resolved(documented: true), terminator: "") }
      } else if dryRun {
        let (settled, choice) = try configuration.settled(in: folder, over: communicator)
        try foretell(settled, choice, communicator)
      } else {
        let (settled, choice) = try configuration.settled(in: folder, over: communicator)
        try train(settled, choice, communicator, ending)
      }
    }
    if status != 0 { throw ExitCode(status) }
  }

  private func foretell(
    _ configuration: TrainingConfiguration, _ choice: String?, _ communicator: any Communicator
  ) throws {
    let threads = try StartupChecks.threads(configured: configuration.compute.threads, of: communicator)
    let estimate = try RunEstimate(configuration, layout: RankLayout(of: communicator), threads: threads)
    // What needs no data is told where data is missing, too.
    if communicator.rank == 0 {
      print("\(configuration.resolved(documented: true))\n\(estimate.text)")
      if let choice { print(choice) }
    }
    let forecast = try RunForecast(configuration, threads: threads, communicator: communicator)
    if communicator.rank == 0 { print(forecast.text) }
  }

  private func train(
    _ configuration: TrainingConfiguration, _ choice: String?, _ communicator: any Communicator,
    _ ending: RunEndingWriter
  ) throws {
    var options = RunOptions(output: output ?? "")
    switch resume {
    case "auto": options.resume = .automatic
    case "none": options.resume = .never
    default: options.resume = .checkpoint(resume)
    }
    options.names = CommandLineTerms.name
    options.versions = ["croco": Croco.version, "openblas": OpenBLAS.configuration, "kernels": Processor.kernelLevel]
    options.remark = choice
    options.willBegin = ending.begin
    options.lastWords = ending.report
    options.acknowledge = LinePrinter.acknowledgment
    let printer = LinePrinter()
    let threads = try StartupChecks.threads(configured: configuration.compute.threads, of: communicator)
    let estimate = try RunEstimate(configuration, layout: RankLayout(of: communicator), threads: threads)
    let warnings = try estimate.checkResources(
      output: options.output, kept: configuration.checkpoints.keep,
      keepsBest: configuration.validation.everySteps > 0, communicator: communicator)
    for warning in warnings where communicator.rank == 0 { printer.print(.warning, warning) }
    defer { SignalFlags.stopAcknowledging() }
    let run = try TrainingRun(configuration, options: options, communicator: communicator, listener: printer.print)
    try run.addPictures(to: run.addTensorBoard())
    let bar = ProgressBar(
      "training", total: run.lastStep, unit: "steps", isQuiet: communicator.rank != 0, plainInterval: 60)
    printer.bar = bar
    run.add(StepBar(bar))
    try run.run()
  }
}

/// Reports failures, and once a run has begun, writes into its log how it ended.
private final class RunEndingWriter: Sendable {
  private let folder: RunFolder?
  private let hasBegun = Atomic<Bool>(false)

  init(_ output: String?) { folder = output.map { RunFolder($0) } }

  /// From now on the run in the folder is this one.
  func begin() { hasBegun.store(true, ordering: .relaxed) }

  /// Prints the sentence of a failure, and writes it; any thread, such as the watchdog's, may call it.
  func report(_ failure: Failure) {
    Croco.report(failure)
    guard let folder, hasBegun.load(ordering: .relaxed) else { return }
    RunEnding(code: failure.kind.exitCode, sentence: failure.onCommandLine).write(to: folder)
  }
}
