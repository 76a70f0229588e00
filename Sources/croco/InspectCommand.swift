import ArgumentParser
import Foundation
import PairConversion
import PairData
import Runtime
import Storage
import Training

/// `croco inspect`: says what a data set, a checkpoint or a weights file holds, and whether it is sound.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Describes and checks a data set, a checkpoint folder or a safetensors file.")

  @Argument(help: "A data-set folder, a checkpoint folder, or a .safetensors file.", completion: .file())
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

  func run() throws {
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

  /// The object that `--json` prints for a data set.
  private struct DatasetOutput: Encodable {
    let dataset: DatasetReport?
    /// Nil where nothing was verified.
    let problems: [String]?
    /// Nil where none were asked for.
    let statistics: DatasetStatistics?
  }

  private func inspectDataset() throws {
    var problems: [String]?
    if verify {
      // Damage that stops a plain report is one problem among all here.
      problems = try verification().problems
    }
    let report: DatasetReport?
    do {
      report = try DatasetReport(path: path)
    } catch {
      guard problems != nil else { throw error }
      report = nil
    }
    if let contactSheet, report != nil { try writeContactSheet(contactSheet) }
    let statistics = statistics && report != nil ? try measured() : nil
    if json {
      printJSON(DatasetOutput(dataset: report, problems: problems, statistics: statistics))
    } else {
      if let report { for line in Self.lines(report) { print(line) } }
      if let statistics { for line in Self.lines(statistics) { print(line) } }
      if let problems {
        print(
          problems.isEmpty
            ? "verified: every shard and image is sound"
            : "verified: \(problems.count) problem\(problems.count == 1 ? "" : "s")")
        for problem in problems { print("  " + problem) }
      }
    }
    if let problems, !problems.isEmpty {
      throw Failure(
        .badData, "The data set \(path) has \(problems.count) problem\(problems.count == 1 ? "" : "s").",
        hint: "Copy the damaged shards again, or convert again.")
    }
  }

  private func verification() throws -> DatasetVerification {
    let manifest = try DatasetManifest(folder: path)
    let images = Split.allCases.flatMap { manifest.shards(of: $0) }.reduce(0) { $0 + $1.images }
    let bar = ProgressBar("verify", total: images, unit: "images", isQuiet: json)
    defer { bar.clear() }
    return try DatasetVerification(
      path: path, threadCount: ProcessInfo.processInfo.activeProcessorCount, progress: bar.update)
  }

  private func measured() throws -> DatasetStatistics {
    let manifest = try DatasetManifest(folder: path)
    let images = Split.allCases.reduce(0) { total, split in
      total + min(sample, manifest.shards(of: split).reduce(0) { $0 + $1.images })
    }
    let bar = ProgressBar("statistics", total: images, unit: "images", isQuiet: json)
    defer { bar.clear() }
    return try DatasetStatistics(
      path: path, sample: sample, threadCount: ProcessInfo.processInfo.activeProcessorCount, progress: bar.update)
  }

  private static func lines(_ statistics: DatasetStatistics) -> [String] {
    statistics.splits.flatMap { split in
      let shown = split.sizes.prefix(5).map { "\($0.width)x\($0.height) (\($0.images))" }
      let more = split.sizeCount > shown.count ? ", and \(split.sizeCount - shown.count) more sizes" : ""
      func numbers(_ values: [Double]) -> String { values.map { String(format: "%.4f", $0) }.joined(separator: " ") }
      return [
        "  statistics of \(split.name)",
        "    sizes (images): \(shown.joined(separator: ", "))\(more)",
        "    pairs of a scene: \(split.pairsPerScene[0]) to \(split.pairsPerScene[2]),"
          + " median \(split.pairsPerScene[1])",
        "    red, green, blue of \(split.sampledImages) images: mean \(numbers(split.mean)),"
          + " deviation \(numbers(split.deviation))",
      ]
    }
  }

  private func writeContactSheet(_ target: String) throws {
    var sheet = ContactSheet()
    sheet.pairLimit = pairs
    let picture = try sheet.draw(PairDataset(path: path, split: split))
    try Publication.publishBytes(PNGCodec.encode(picture), at: target)
  }

  private static func lines(_ report: DatasetReport) -> [String] {
    var lines = ["\(report.path): \(report.format) version \(report.version), written by \(report.tool)"]
    let quality = report.quality.map { " (quality \($0))" } ?? ""
    lines.append(
      "  codec \(report.codec)\(quality)\(report.hasFlow ? ", with flow" : ""), fingerprint \(report.fingerprint)")
    if let licence = report.licence { lines.append("  licence: \(licence)") }
    for split in report.splits {
      let size =
        split.smallest == split.largest
        ? "\(split.largest[1])x\(split.largest[0])"
        : "\(split.smallest[1])x\(split.smallest[0]) to \(split.largest[1])x\(split.largest[0])"
      lines.append(
        "  \(split.name): \(split.pairs) pairs, \(split.images) images of \(size), \(split.scenes) scenes,"
          + " \(split.shards) shards, \(ByteCountArgument.text(Int64(split.bytes)))")
      if let mean = split.meanOverlap {
        lines.append(
          String(format: "    overlap: mean %.2f; pairs by tenths: ", mean)
            + split.overlapHistogram.map(String.init).joined(separator: " "))
      }
    }
    return lines
  }

  // MARK: Weights

  private func inspectWeights() throws {
    let isCheckpoint = FileSystem.exists(path.appending(path: Checkpoint.stateFile))
    guard contactSheet == nil, !verify || isCheckpoint else {
      throw Failure(
        .usage, "\(path) is no data set, and what was asked for is of data sets (--verify also of checkpoints).")
    }
    // Compares the digests of all files.
    if isCheckpoint { _ = try Checkpoint(path: path) }
    let report = try WeightsReport(path: path)
    if json { return printJSON(report) }
    for line in report.lines { print(line) }
  }
}

extension Split: ExpressibleByArgument {}
