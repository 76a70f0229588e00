import Foundation
import PairConversion
import PairData
import Runtime

/// Writes `pairs.csv`, which people can read and edit, and ``PairList`` reads.
struct MinedPairList {
  let result: MiningResult
  let paths: ListedPaths
  let scenes: SceneNames
  let naming: (Advice.Term) -> String?

  /// Rejected pairs of a kind that are named; the rest are counted.
  private static let namedLimit = 1000

  /// The file's text.
  var text: String {
    let use: Advice = """
      # Pairs found by \(.mining). Delete lines or add some, then: \(.listConversion) \(MiningOutput.listName) \
      \(.output) data \(.imageSize) 224
      """
    var lines = [
      use.text(naming: naming),
      "# overlap: share of view 1 that view 2 sees; overlap_back: share of view 2 that view 1 sees;",
      "# inliers: matches that one geometry explains; parallax: share of them that no single homography explains.",
      "view1,view2,scene,overlap,overlap_back,inliers,matches,parallax",
    ]
    for pair in result.acceptedPairs {
      lines.append(
        [name(pair.first), name(pair.second), Self.field(scene(of: pair)), figures(pair)].joined(separator: ","))
    }
    lines += rejected(.duplicate, "near-identical images, left out as a pair")
    lines += rejected(.homography, "pairs that one homography explains: a plane, a camera that only turned, a cut-out")
    if !result.copies.isEmpty {
      lines.append("# \(result.copies.count) files with the same bytes as another, left out")
      for copy in result.copies.prefix(Self.namedLimit) {
        lines.append("# copy: \(name(copy.image)),\(name(copy.of))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func rejected(_ verdict: PairVerdict, _ title: String) -> [String] {
    let pairs = result.pairs(verdict)
    guard !pairs.isEmpty else { return [] }
    let rest = pairs.count > Self.namedLimit ? "; the first \(Self.namedLimit):" : ""
    return ["# \(pairs.count) \(title)\(rest)"]
      + pairs.prefix(Self.namedLimit).map { pair in
        "# \(verdict.rawValue): "
          + [name(pair.first), name(pair.second), Self.field(scene(of: pair)), figures(pair)].joined(separator: ",")
      }
  }

  private func scene(of pair: PairMeasurement) -> String {
    scenes.name(of: result.scenes[pair.first])
  }

  private func name(_ image: Int) -> String { Self.field(paths.name(of: result.images[image].path)) }

  private func figures(_ pair: PairMeasurement) -> String {
    String(
      format: "%.3f,%.3f,%d,%d,%.3f", pair.overlap.forward, pair.overlap.backward, pair.inlierCount, pair.matchCount,
      pair.parallax)
  }

  /// A field of RFC 4180, quoted also where a reader might take it for a comment or cut blanks off.
  static func field(_ text: String) -> String {
    let needsQuotes =
      text.contains { $0 == "," || $0 == "\"" || $0 == "#" } || text != text.trimmingCharacters(in: .whitespaces)
    return needsQuotes ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
  }
}
