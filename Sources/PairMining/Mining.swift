import PairConversion
import Runtime
import Storage

/// A search from folders of images to a folder of lists and pictures, which appears whole or not at all.
package struct Mining {
  /// What a search found and wrote.
  package struct Found: Sendable {
    /// The folder.
    package let path: String
    /// The counts.
    package let summary: MiningSummary
    /// What is in the folder.
    package let written: MiningOutput.Written
  }

  private let options: MiningOptions
  private let output: String

  /// A search that writes the folder `output`.
  package init(options: MiningOptions, output: String) {
    self.options = options
    self.output = output.count > 1 && output.hasSuffix("/") ? String(output.dropLast()) : output
  }

  /// Looks for pairs among the images of some folders, and writes what it finds.
  ///
  /// - Parameters:
  ///   - progress: receives how much of how much of a stage is done.
  ///   - log: receives a line for what is left out and for every bad image.
  /// - Throws: `Failure` of kind `usage` (the output holds something), `noInput`, `badData` (no pair was accepted) or
  ///   `inputOutput`.
  package func run(
    _ sources: [String], progress: PairMiner.Progress = { _, _, _ in }, log: (String) -> Void = { _ in }
  ) throws -> Found {
    try MiningOutput.check(output)
    let images = try SourceImage.list(sources, options.images, log: log)
    var found: Found?
    try Publication.publishFolder(at: output) { folder in
      let result = try PairMiner(options: options).mine(images, scratch: folder, progress: progress, log: log)
      guard result.summary.count(.accepted) > 0 else { throw Self.nothingFound(result.summary) }
      let written = try MiningOutput.write(result, options, to: folder, published: output)
      found = Found(path: output, summary: result.summary, written: written)
    }
    guard let found else { preconditionFailure("a folder that is published was written") }
    return found
  }

  private static func nothingFound(_ summary: MiningSummary) -> Failure {
    let reasons =
      ["\(summary.unrelated) unrelated"]
      + PairVerdict.allCases.filter { summary.count($0) > 0 }.map { "\(summary.count($0)) \($0.words)" }
    return Failure(
      .badData, "No pair was accepted: of \(summary.compared) compared pairs \(reasons.joined(separator: ", ")).",
      hint:
        "Photographs from different places that show the same things are needed, from directions that differ by less"
        + " than about 30 degrees: SIFT features do not match beyond. \(.minimumOverlap),"
        + " \(.maximumOverlap), \(.minimumInliers) and \(.acceptingHomographies) accept more.")
  }
}

extension Advice.Term {
  /// The search for pairs.
  package static let mining = Advice.Term("a search")
  /// How many matches one geometry must explain.
  package static let minimumInliers = Advice.Term("smallest number of inliers")
  /// Taking pairs that one homography explains.
  package static let acceptingHomographies = Advice.Term("the option to accept homographies")
}
