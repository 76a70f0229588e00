import Foundation
import PairMining
import Runtime
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
      "\(list): \(counted(summary.count(.accepted), "pair")) of \(counted(summary.pairedImages, "image")) in "
        + counted(summary.scenes, "scene")
    ]
    if let crops, let cropImages {
      lines.append("\(crops): \(counted(summary.crops, "pair")) of aligned crops, images in \(cropImages)")
    }
    lines.append(
      "\(sheets[0]): the pairs with their matches" + (sheets.count > 1 ? ", \(sheets.count) pages" : ""))
    lines.append(
      String(
        format: "%@, %@, %@ compared in %.1f s", counted(summary.images, "image"), counted(summary.features, "feature"),
        counted(summary.compared, "pair"), seconds))
    lines.append(
      "left out: \(summary.unrelated) unrelated, or seen from directions too far apart for SIFT features (some 30 degrees)"
    )
    for verdict in PairVerdict.allCases where verdict != .accepted && summary.count(verdict) > 0 {
      lines.append("left out: \(summary.count(verdict)) \(verdict.words)")
    }
    return lines
  }

  /// What a user should know although pairs were found.
  var warnings: [String] {
    var warnings: [String] = []
    func warn(_ number: Int, _ one: String, _ sentence: String) {
      if number > 0 { warnings.append("\(counted(number, one)) \(sentence)") }
    }
    warn(summary.badImages, "image", "left out, which cannot be read.")
    warn(summary.identicalFiles, "file", "left out, with the bytes of another.")
    warn(summary.count(.duplicate), "pair", "of near-identical pictures, as comments in the list.")
    warn(summary.count(.homography), "pair", "explained by one homography, as comments in the list.")
    warn(pairsWithoutCrops, "pair", "whose crops cannot be listed: names with commas, or mirrored images.")
    return warnings
  }
}
