import ArgumentParser
import Foundation
import PairConversion
import PairData
import Runtime
import Storage
import Training

/// `croco inspect`: says what a data set, a checkpoint or a weights file holds, and whether it is sound.
struct InspectCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract:
      "Describes and checks a data set, a run's newest checkpoint, a checkpoint folder, a .safetensors or a .pth file.")

  @Argument(
    help: "A data-set folder, a run folder, a checkpoint folder, or a .safetensors or .pth file.", completion: .file())
  var path: String

  @Flag(help: "Check every byte: digests of shards, checksums of images, and that every image decodes.")
  var verify = false

  @Option(help: "Write a PNG with pairs side by side.", completion: .file(extensions: ["png"]))
  var contactSheet: String?

  @Option(help: "Pairs on the contact sheet.")
  var pairs = 24

  @Option(help: "The split for the contact sheet: train or val.")
  var split: Split = .train

  @Flag(help: "Also tell sizes, pairs of a scene, and the mean and deviation of red, green and blue.")
  var statistics = false

  @Option(help: "How many images of a split are decoded for the mean and deviation.")
  var sample = 1000

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard pairs >= 1 else { throw ValidationError("--pairs is at least 1.") }
    guard sample >= 1 else { throw ValidationError("--sample is at least 1.") }
  }

  func compute() throws {
    guard FileSystem.exists(path) else {
      throw Failure(.noInput, "There is nothing at \(path).", hint: "Check the path.")
    }
    if FileSystem.exists(path.appending(path: DatasetManifest.fileName)) {
      try inspectDataset()
    } else {
      try inspectWeights()
    }
  }

  // MARK: Data sets

  private func inspectDataset() throws {
    var options = DatasetInspection.Options()
    options.verifies = verify
    options.statisticsSample = statistics ? sample : nil
    options.picture = contactSheet.map { .init(path: $0, pairs: pairs, split: split) }
    options.threadCount = ProcessInfo.processInfo.activeProcessorCount
    let bar = ProgressBar("", unit: "images", isQuiet: json)
    defer { bar.clear() }
    var current: DatasetInspection.Stage?
    let inspection = try DatasetInspection(path: path, options: options) { stage, done, total in
      if stage != current { bar.begin(stage.rawValue, unit: "images") }
      current = stage
      bar.update(done, total)
    }
    bar.clear()
    if json {
      printJSON(DatasetOutput(inspection))
    } else {
      for line in inspection.lines { print(line) }
    }
    if let problems = inspection.problems, !problems.isEmpty {
      throw Failure(
        .badData, "The data set \(path) has \(counted(problems.count, "problem")).",
        hint: "Copy the damaged shards again, or convert again.")
    }
  }

  // MARK: Weights

  private func inspectWeights() throws {
    let checkpoint = try checkpoint()
    guard contactSheet == nil, !verify || checkpoint != nil else {
      throw Failure(
        .usage, "\(path) is no data set, and what was asked for is of data sets (--verify also of checkpoints).")
    }
    let run = RunFolder(path)
    let best = try checkpoint.flatMap { _ in try BestCheckpoint(in: run) }.map { ($0, $0.path(in: run)) }
    let report = try checkpoint.map { try WeightsReport($0, best: best) } ?? WeightsReport(path: path)
    if json { return printJSON(report) }
    for line in report.lines { print(line) }
  }

  /// The checkpoint of a folder, its files compared with their digests; nil for files, and for folders without a checkpoint.
  private func checkpoint() throws -> Checkpoint? {
    guard FileSystem.isFolder(path) else { return nil }
    let isRun = [path, RunFolder(path).checkpointFolder].contains { !((try? Checkpoint.list($0)) ?? []).isEmpty }
    guard isRun || FileSystem.exists(path.appending(path: Checkpoint.stateFile)),
      case .checkpoint(let checkpoint, let passedOver) = try TrainedSource(path)
    else { return nil }
    Croco.warn(passedOver)
    return checkpoint
  }
}

extension Split: ExpressibleByArgument {}
