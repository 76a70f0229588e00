import ArgumentParser
import Foundation
import PairMining

/// `croco mine`: from folders of photographs or frames to a list of pairs.
struct MineCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "mine",
    abstract: "Finds pairs of overlapping views among unordered photographs or frames.",
    discussion: """
      Writes pairs.csv (for croco convert pairs), crops_release.txt (aligned crops, for croco convert crops) and
      matches.png, where accepted pairs can be looked at with their matches. Two views are compared by their local
      features and one geometry that explains their matches. Near-identical pictures, and pairs that one homography
      explains (a plane, a camera that only turned), teach nothing about depth: they are left out and counted.
      The features are SIFT's, which match under turns, other sizes and other light, but hardly where the directions of
      view differ by more than about 30 degrees, and not on smooth surfaces: such pairs count as unrelated. Where cameras
      are known, croco convert colmap finds them too.
      """)

  @Argument(help: "Folders of JPEG, PNG or WebP images, with their sub-folders.", completion: .directory)
  var sources: [String]

  @Option(name: .shortAndLong, help: "The folder to write; it must not exist or be empty.", completion: .directory)
  var output: String

  @OptionGroup var selection: SelectionOptions

  @Option(help: "Compare each image with this many that follow it in its folder: for frames of a video.")
  var window: Int?

  @Option(
    help: """
      Compare each image with this many that look most alike at first sight; 0 for all with all. \
      Default: all with all up to \(MiningOptions.allLimit) images, beyond that \(MiningOptions.defaultCandidates) each.
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
    options.images = selection.colourImages
    options.features = FeatureExtractor.Options(maximumSide: maxSide, maximumCount: features)
    options.comparison = window.map { .window($0) } ?? candidates.map { $0 == 0 ? .all : .candidates($0) }
    options.overlap = minOverlap...maxOverlap
    options.minimumInliers = minInliers
    options.minimumParallax = minParallax
    options.allowsHomographies = allowHomography
    options.pairsPerImage = pairsPerImage
    options.cropsPerPair = crops
    options.seed = seed
    options.naming = CommandLineTerms.name
    options.threadCount = threads ?? ProcessInfo.processInfo.activeProcessorCount
    return options
  }

  func compute() throws {
    let start = ContinuousClock.now
    let bar = ProgressBar("", unit: "", isQuiet: json)
    defer { bar.clear() }
    var current: PairMiner.Stage?
    let found = try Mining(options: options, output: output).run(sources) { stage, done, total in
      if stage != current { bar.begin(stage.rawValue, unit: stage == .comparison ? "pairs" : "images") }
      current = stage
      bar.update(done, total)
    } log: {
      bar.print($0)
    }
    bar.clear()
    let report = MiningReport(found, seconds: (ContinuousClock.now - start) / .seconds(1))
    if json { return printJSON(report) }
    for line in report.lines { print(line) }
    Croco.warn(report.warnings)
  }
}
