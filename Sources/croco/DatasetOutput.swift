import Foundation
import PairConversion
import Runtime

/// The object that `croco inspect --json` prints for a data set.
struct DatasetOutput: Encodable {
  let dataset: DatasetReport?
  /// Nil where nothing was verified.
  let problems: [String]?
  /// Nil where none were asked for.
  let statistics: DatasetStatistics?

  init(_ inspection: DatasetInspection) {
    dataset = inspection.report
    problems = inspection.problems?.map(\.onCommandLine)
    statistics = inspection.statistics
  }
}

extension DatasetInspection {
  /// What `croco inspect` prints for people.
  var lines: [String] {
    var lines = (report?.lines ?? []) + (statistics?.lines ?? [])
    if let problems {
      lines.append(
        problems.isEmpty
          ? "verified: every shard and image is sound"
          : "verified: \(counted(problems.count, "problem"))")
      lines += problems.map { "  " + $0.onCommandLine }
    }
    return lines
  }
}

extension DatasetReport {
  fileprivate var lines: [String] {
    var lines = ["\(path): \(format) version \(version), written by \(tool)"]
    let quality = quality.map { " (quality \($0))" } ?? ""
    lines.append(
      "  codec \(codec)\(quality)\(hasFlow ? ", with flow" : ""), fingerprint \(fingerprint)")
    if let licence = licence { lines.append("  licence: \(licence)") }
    for split in splits {
      let (smallest, largest) = (Self.text(split.smallest), Self.text(split.largest))
      let size = smallest == largest ? largest : "\(smallest) to \(largest)"
      lines.append(
        "  \(split.name): \(counted(split.pairs, "pair")), \(counted(split.images, "image")) of \(size), "
          + "\(counted(split.scenes, "scene")), \(counted(split.shards, "shard")), "
          + ByteCountArgument.text(Int64(split.bytes)))
      if let mean = split.meanOverlap {
        lines.append(
          String(format: "    overlap: mean %.2f; pairs by tenths: ", mean)
            + split.overlapHistogram.map(String.init).joined(separator: " "))
      }
    }
    return lines
  }

  private static func text(_ size: [Int]) -> String { sizeText(height: size[0], width: size[1]) }
}

extension DatasetStatistics {
  fileprivate var lines: [String] {
    splits.flatMap { split in
      let shown = split.sizes.prefix(5).map { "\($0.height)x\($0.width) (\($0.images))" }
      let rest = split.sizeCount > shown.count ? ", and \(counted(split.sizeCount - shown.count, "more size"))" : ""
      func numbers(_ values: [Double]) -> String { values.map { String(format: "%.4f", $0) }.joined(separator: " ") }
      return [
        "  statistics of \(split.name)",
        "    height x width (images): \(shown.joined(separator: ", "))\(rest)",
        "    pairs of a scene: \(split.pairsPerScene[0]) to \(split.pairsPerScene[2]),"
          + " median \(split.pairsPerScene[1])",
        "    red, green, blue of \(counted(split.sampledImages, "image")): mean \(numbers(split.mean)),"
          + " deviation \(numbers(split.deviation))",
      ]
    }
  }
}
