import Foundation
import PairMining
import Storage

/// What `croco mine` prints; encodes to what `--json` prints.
struct MiningReport: Encodable {
  let list: String
  let crops: String?
  let cropImages: String?
  let sheets: [String]
  let seconds: Double
  let summary: MiningSummary
  private let pairsWithoutCrops: Int

  private enum CodingKeys: String, CodingKey {
    case list, crops, cropImages, sheets, seconds, summary
  }

  init(_ found: Mining.Found, seconds: Double) {
    let written = found.written
    list = found.path.appending(path: MiningOutput.listName)
    crops = written.hasCrops ? found.path.appending(path: MiningOutput.cropsName) : nil
    cropImages = written.hasCrops ? written.cropRoot : nil
    sheets = written.pages.map { found.path.appending(path: $0) }
    self.seconds = seconds
    summary = found.summary
    pairsWithoutCrops = written.pairsWithoutCrops
  }

  /// The report for people.
  var lines: [String] {
    var lines = [
      "\(list): \(summary.count(.accepted)) pairs of \(summary.pairedImages) images in \(summary.scenes) scenes"
    ]
    if let crops, let cropImages {
      lines.append("\(crops): \(summary.crops) pairs of aligned crops, images in \(cropImages)")
    }
    lines.append(
      "\(sheets[0]): the pairs with their matches" + (sheets.count > 1 ? ", \(sheets.count) pages" : ""))
    lines.append(
      String(
        format: "%d images, %d features, %d pairs compared in %.1f s", summary.images, summary.features,
        summary.compared, seconds))
    lines.append("left out: \(summary.unrelated) unrelated")
    for verdict in PairVerdict.allCases where verdict != .accepted && summary.count(verdict) > 0 {
      lines.append("left out: \(summary.count(verdict)) \(verdict.words)")
    }
    return lines
  }

  /// What a user should know although pairs were found.
  var warnings: [String] {
    var warnings: [String] = []
    if summary.badImages > 0 { warnings.append("\(summary.badImages) images cannot be read and are left out.") }
    if summary.identicalFiles > 0 {
      warnings.append("\(summary.identicalFiles) files have the bytes of another and are left out.")
    }
    if summary.count(.duplicate) > 0 {
      warnings.append(
        "\(summary.count(.duplicate)) pairs are near-identical pictures; they stand as comments in the list.")
    }
    if summary.count(.homography) > 0 {
      warnings.append(
        "\(summary.count(.homography)) pairs are explained by one homography; they stand as comments in the list.")
    }
    if pairsWithoutCrops > 0 {
      warnings.append(
        "the crops of \(pairsWithoutCrops) pairs cannot be listed: names with commas, or mirrored images.")
    }
    return warnings
  }
}
