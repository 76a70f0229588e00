import ArgumentParser
import Foundation
import PairMining
import Runtime
import Storage

/// `croco mine`: from folders of photographs or frames to a list of pairs.
struct MineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mine",
    abstract: "Finds pairs of overlapping views among unordered photographs or frames.",
    discussion: """
      Writes pairs.csv (for croco convert pairs), crops_release.txt (aligned crops, for croco convert crops) and
      matches.png, where accepted pairs can be looked at with their matches. Two views are compared by their local
      features and one geometry that explains their matches. Near-identical pictures, and pairs that one homography
      explains (a plane, a camera that only turned), teach nothing about depth: they are left out and counted.
      """)

  @Argument(help: "Folders of JPEG or PNG images, with their sub-folders.", completion: .directory)
  var sources: [String]

  @Option(name: .shortAndLong, help: "The folder to write; it must not exist or be empty.")
  var output: String

  @Option(help: "Compare each image with this many that follow it in its folder: for frames of a video.")
  var window: Int?

  @Option(
    help: """
      Compare each image with this many that look most alike at first sight; 0 for all with all. \
      Default: all of up to \(MiningOptions.allLimit) images, of more \(MiningOptions.defaultCandidates) each.
      """)
  var candidates: Int?

  @Option(help: "The smallest overlap of a pair: the smaller of view 1 in view 2 and of view 2 in view 1.")
  var minOverlap = 0.3

  @Option(help: "The largest overlap of a pair.")
  var maxOverlap = 0.8

  @Option(help: "The fewest matches that one geometry must explain.")
  var minInliers = 30

  @Option(help: "The smallest share of these that no single homography explains.")
  var minParallax = 0.1

  @Flag(help: "Accept pairs that one homography explains.")
  var allowHomography = false

  @Option(help: "The most pairs of an image.")
  var pairsPerImage = 20

  @Option(help: "The most aligned crops of a pair; 0 for none.")
  var crops = 4

  @Option(help: "Images are shrunk to this longer side, in pixels, to find features.")
  var maxSide = 1000

  @Option(help: "The most features of an image.")
  var features = 3000

  @Option(help: "Seed of the random samples.")
  var seed: UInt64 = 0

  @Option(help: "Threads. Default: all processors.")
  var threads: Int?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    func check(_ condition: Bool, _ message: String) throws {
      guard condition else { throw ValidationError(message) }
    }
    try check(!sources.isEmpty, "Name at least one folder.")
    try check(window == nil || candidates == nil, "--window and --candidates exclude each other.")
    try check(window ?? 1 >= 1, "--window is at least 1.")
    try check(candidates ?? 0 >= 0, "--candidates is at least 0.")
    try check(
      minOverlap >= 0 && minOverlap < maxOverlap && maxOverlap <= 1,
      "0 <= --min-overlap < --max-overlap <= 1 is needed.")
    try check(minInliers >= 16, "--min-inliers is at least 16: fewer matches agree by chance.")
    try check((0...1).contains(minParallax), "--min-parallax is a share from 0 to 1.")
    try check(pairsPerImage >= 1, "--pairs-per-image is at least 1.")
    try check((0...64).contains(crops), "--crops is a number from 0 to 64.")
    try check((100...8000).contains(maxSide), "--max-side is a number from 100 to 8000.")
    try check((100...50_000).contains(features), "--features is a number from 100 to 50000.")
    try check((1...1024).contains(threads ?? 1), "--threads is a number from 1 to 1024.")
  }

  private var options: MiningOptions {
    var options = MiningOptions()
    options.features = FeatureExtractor.Options(maximumSide: maxSide, maximumCount: features)
    options.comparison = window.map { .window($0) } ?? candidates.map { $0 == 0 ? .all : .candidates($0) }
    options.overlap = minOverlap...maxOverlap
    options.minimumInliers = minInliers
    options.minimumParallax = minParallax
    options.allowsHomographies = allowHomography
    options.pairsPerImage = pairsPerImage
    options.cropsPerPair = crops
    options.seed = seed
    options.threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount
    return options
  }

  func run() throws {
    let target = output.count > 1 && output.hasSuffix("/") ? String(output.dropLast()) : output
    try MiningOutput.check(target)
    let progress = StagedProgress(isQuiet: json)
    defer { progress.clear() }
    let images = try SourceImage.list(sources, log: progress.print)
    var found: (result: MiningResult, written: MiningOutput.Written)?
    try Publication.publishFolder(at: target) { folder in
      let result = try PairMiner(options: options).mine(
        images, scratch: folder, progress: progress.update, log: progress.print)
      guard result.summary.count(.accepted) > 0 else { throw Self.nothingFound(result.summary) }
      found = (
        result,
        try MiningOutput.write(result, to: folder, published: target, threadCount: options.threadCount)
      )
    }
    progress.clear()
    guard let found else { return }
    if json {
      printJSON(MiningReport(output: target, seconds: progress.elapsed, found.result.summary, found.written))
    } else {
      report(found.result.summary, found.written, target, seconds: progress.elapsed)
    }
  }

  private static func nothingFound(_ summary: MiningSummary) -> Failure {
    let reasons =
      ["\(summary.unrelated) unrelated"]
      + PairVerdict.allCases.filter { summary.count($0) > 0 }.map { "\(summary.count($0)) \($0.sentence)" }
    return Failure(
      .badData, "No pair was accepted: of \(summary.compared) compared pairs \(reasons.joined(separator: ", ")).",
      hint: "Photographs from different places that show the same things are needed; --min-overlap, --max-overlap,"
        + " --min-inliers and --allow-homography accept more.")
  }

  private func report(_ summary: MiningSummary, _ written: MiningOutput.Written, _ target: String, seconds: Double) {
    print(
      "\(target)/\(MiningOutput.listName): \(summary.count(.accepted)) pairs of \(summary.pairedImages) images in"
        + " \(summary.scenes) scenes")
    if written.hasCrops {
      print(
        "\(target)/\(MiningOutput.cropsName): \(summary.crops) pairs of aligned crops, images in \(written.cropRoot)")
    }
    print("\(target)/\(written.pages[0]): the pairs with their matches\(pages(written))")
    print(
      String(
        format: "%d images, %d features, %d pairs compared in %.1f s", summary.images, summary.features,
        summary.compared, seconds))
    print("left out: \(summary.unrelated) unrelated")
    for verdict in PairVerdict.allCases where verdict != .accepted && summary.count(verdict) > 0 {
      print("left out: \(summary.count(verdict)) \(verdict.sentence)")
    }
    Croco.warn(warnings(summary, written))
  }

  private func pages(_ written: MiningOutput.Written) -> String {
    written.pages.count > 1 ? ", \(written.pages.count) pages" : ""
  }

  private func warnings(_ summary: MiningSummary, _ written: MiningOutput.Written) -> [String] {
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
    if written.pairsWithoutCrops > 0 {
      warnings.append(
        "the crops of \(written.pairsWithoutCrops) pairs cannot be listed: names with commas, or mirrored images.")
    }
    return warnings
  }
}

extension PairVerdict {
  /// The verdict as part of a sentence after a number.
  fileprivate var sentence: String {
    switch self {
    case .accepted: "accepted"
    case .duplicate: "near-identical"
    case .homography: "explained by one homography"
    case .smallOverlap: "with too little overlap"
    case .largeOverlap: "with too much overlap"
    case .imageCap: "of images that have enough pairs"
    }
  }
}

/// What `--json` prints.
private struct MiningReport: Encodable {
  let list: String
  let crops: String?
  let cropImages: String?
  let sheets: [String]
  let seconds: Double
  let summary: MiningSummary

  init(output: String, seconds: Double, _ summary: MiningSummary, _ written: MiningOutput.Written) {
    list = output + "/" + MiningOutput.listName
    crops = written.hasCrops ? output + "/" + MiningOutput.cropsName : nil
    cropImages = written.hasCrops ? written.cropRoot : nil
    sheets = written.pages.map { output + "/" + $0 }
    self.seconds = seconds
    self.summary = summary
  }
}

/// A progress bar for one stage after the other.
private final class StagedProgress {
  private let isQuiet: Bool
  private let start = ContinuousClock.now
  private var stage: PairMiner.Stage?
  private var bar: ProgressBar?

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// Seconds since the start.
  var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

  func update(_ stage: PairMiner.Stage, _ done: Int, _ total: Int) {
    if stage != self.stage {
      clear()
      self.stage = stage
      bar = ProgressBar(
        stage.rawValue, total: total, unit: stage == .comparison ? "pairs" : "images", isQuiet: isQuiet)
    }
    bar?.update(done)
  }

  /// Prints a line above the bar.
  func print(_ line: String) {
    clear()
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  func clear() { bar?.clear() }
}
