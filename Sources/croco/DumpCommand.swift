import ArgumentParser
import Collectives
import Evaluation
import Foundation
import Runtime
import Training

/// `croco dump`: training steps with every tensor kept.
struct DumpCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Writes every tensor of one or more training steps to a safetensors file.",
    discussion: """
      Inputs, masks, parameters, activations, prediction, target, loss and gradients under the official names, for debugging and \
      for comparison with other implementations. One process computes, also under mpirun. With several steps, tensors of step s = 0, 1, ... carry the prefix step<s>.; \
      the parameters after the last update are final.*. The metadata holds croco_kwargs, loss and configuration.
      """)

  @OptionGroup var settings: ConfigurationArguments

  @Option(help: "The data set; instead of data.path of the configuration.", completion: .directory)
  var data: String?

  @Option(
    help:
      "What to start from: a run folder, RUN/best, a checkpoint folder or a .safetensors or .pth file; initial values if absent.",
    completion: .file())
  var checkpoint: String?

  @Option(help: "Steps to make.")
  var steps = 1

  @Option(help: "The safetensors file to write.", completion: .file())
  var output: String

  func validate() throws {
    if steps < 1 { throw ValidationError("--steps must be at least 1.") }
  }

  func compute() throws {
    let configuration = try settings.read(setting: data.map { ["data.path=\($0)"] } ?? [])
      .settled(over: SingleProcessCommunicator()).configuration
    let pool = WorkerPool(
      workerCount: StartupChecks.threads(configured: configuration.compute.threads))
    let source = try checkpoint.map { try TrainedSource($0) }
    if case .checkpoint(_, let passedOver) = source { Croco.warn(passedOver) }
    var dump = try TrainingDump(configuration, from: source, steps: steps, pool: pool)
    try dump.write(to: output)
    print("\(output): \(counted(steps, "step")).")
  }
}
