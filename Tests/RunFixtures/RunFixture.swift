import Collectives
import Foundation
import PairData
import Runtime
import Storage
import SyntheticScenes
import TestSupport
import Training

/// A small data set, and runs on it.
package struct RunFixture {
  /// Holds the data set and the run folders.
  package let folder: TemporaryFolder
  /// The data set.
  package var data: String { folder.path + "/data" }

  package init() throws {
    folder = try TemporaryFolder()
    let options = SceneSynthesizer.Options(
      pairs: 30, size: 36, seed: 3, pairsPerScene: 2, samplesPerAxis: 1, storesFlow: false)
    _ = try SceneSynthesizer(options: options).write(
      to: data, as: DatasetOptions(codec: .raw, validationFraction: 0.2), pool: WorkerPool(workerCount: 1))
  }

  /// Arguments of `croco train` for the run in `name`.
  package func arguments(_ name: String, _ overrides: [String] = []) -> [String] {
    let all = ["data.path=\(data)"] + overrides
    return ["train", "--config", Self.configurationFile, "--output", output(name)] + all.flatMap { ["--set", $0] }
  }

  /// The run folder `name`.
  package func output(_ name: String) -> String { folder.path + "/" + name }

  /// configs/debug_tiny.yaml on the data set.
  package func configuration(_ overrides: [String] = []) throws -> TrainingConfiguration {
    try ConfigurationReader.read(path: Self.configurationFile, overrides: ["data.path=\(data)"] + overrides)
  }

  /// Makes a run in this process, gives it to `prepare`, and runs it.
  @discardableResult
  package func run(
    _ name: String, _ overrides: [String] = [], resume: RunOptions.Resume = .automatic,
    prepare: (TrainingRun) throws -> Void = { _ in }
  ) throws -> Spoken {
    var options = RunOptions(output: output(name))
    options.resume = resume
    let spoken = Spoken()
    let run = try TrainingRun(
      configuration(overrides), options: options, communicator: SingleProcessCommunicator()
    ) { level, text in
      if level == .warning { spoken.warnings.append(text) } else { spoken.lines.append(text) }
    }
    try prepare(run)
    try run.run()
    return spoken
  }

  /// What a run said.
  package final class Spoken {
    package var warnings: [String] = []
    package var lines: [String] = []
  }

  /// The digests of the tensor files of a checkpoint.
  package func digests(_ name: String, step: Int) throws -> [String] {
    let checkpoint = output(name) + "/checkpoints/" + Checkpoint.name(ofStep: step)
    return try [Checkpoint.modelFile, Checkpoint.optimizerFile].map {
      try FileDigest(ofFile: checkpoint + "/" + $0).description
    }
  }

  /// The steps of `metrics.jsonl`, and the values that must not depend on how the run went.
  package func metrics(_ name: String) throws -> [[String: Double]] {
    let text = try String(contentsOfFile: output(name) + "/metrics.jsonl", encoding: .utf8)
    return try text.split(separator: "\n").map { line in
      let all = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Double] ?? [:]
      return all.filter { !$0.key.hasPrefix("ms") && $0.key != "pairs_per_s" }
    }
  }

  private static let configurationFile = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("configs/debug_tiny.yaml").path
}
