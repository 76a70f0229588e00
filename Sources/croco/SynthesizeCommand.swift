import ArgumentParser
import Foundation
import PairData
import Runtime
import SyntheticScenes

/// `croco synthesize`: ray-traced scenes with true flow, as a data set.
struct SynthesizeCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Renders pairs of views of synthetic scenes, with true flow, into a data set.",
    discussion: """
      Rooms and landscapes with textured objects, seen by two cameras that share 30 to 90 % of the first view. \
      The same seed gives the same pairs with any number of threads.
      """)

  @Option(help: ArgumentHelp("Folder of the data set; new or empty.", valueName: "dir"), completion: .directory)
  var output: String

  @Option(help: "Number of pairs.")
  var pairs: Int

  @Option(help: "Width and height of a view in pixels.")
  var size = 64

  @Option(help: "Seed of everything.")
  var seed: UInt64 = 1

  @Option(help: "Threads (default: all cores).")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: ArgumentHelp("Share of scenes for the validation split.", valueName: "fraction"))
  var validation = 0.1

  @Option(help: ArgumentHelp("Pairs of each scene.", valueName: "n"))
  var pairsPerScene = 1

  @Option(help: ArgumentHelp("Distance between the cameras: small, medium, large, or a factor.", valueName: "amount"))
  var baseline = "medium"

  @Option(help: ArgumentHelp("Rays a pixel along each axis, 1 to 8.", valueName: "n"))
  var samples = 2

  @Option(help: "How views are stored: raw, png or jpeg (quality 95).")
  var codec = "raw"

  @Flag(inversion: .prefixedNo, help: "Store the true flow.")
  var flow = true

  @Option(help: ArgumentHelp("Also write a contact sheet of the first pairs.", valueName: "png"), completion: .file())
  var preview: String?

  func validate() throws {
    func check(_ condition: Bool, _ message: String) throws {
      guard condition else { throw ValidationError(message) }
    }
    try check(pairs > 0 && pairs <= 1 << 31, "--pairs \(pairs): give a number from 1 to 2147483648.")
    try check((8...4096).contains(size), "--size \(size): give a number from 8 to 4096.")
    try check((1...1024).contains(threads), "--threads \(threads): give a number from 1 to 1024.")
    try check((0...1).contains(validation), "--validation \(validation): give a share from 0 to 1.")
    try check(
      (1...1_000_000).contains(pairsPerScene), "--pairs-per-scene \(pairsPerScene): give a number from 1 to 1000000.")
    try check((1...8).contains(samples), "--samples \(samples): give a number from 1 to 8.")
    try check(
      Self.baseline(baseline) != nil, "--baseline \(baseline): give small, medium, large or a factor from 0.1 to 4.")
    try check(Self.codec(codec) != nil, "--codec \(codec): give raw, png or jpeg.")
  }

  func compute() throws {
    var options = SceneSynthesizer.Options(pairs: pairs, size: size, seed: seed, pairsPerScene: pairsPerScene)
    options.baseline = Self.baseline(baseline)!
    options.samplesPerAxis = samples
    options.storesFlow = flow
    let dataset = DatasetOptions(
      codec: Self.codec(codec)!, validationFraction: validation, seed: seed,
      licence: "synthetic, made by croco synthesize; public domain (CC0-1.0)", tool: Croco.tool)
    let bar = ProgressBar("synthesize", unit: "pairs")
    defer { bar.clear() }
    let manifest = try SceneSynthesizer(options: options).write(
      to: output, as: dataset, preview: preview, pool: WorkerPool(workerCount: threads), progress: bar.update)
    bar.clear()
    let (training, validation) = (manifest.pairCount(of: .train), manifest.pairCount(of: .validation))
    print(
      "\(output): \(counted(training, "training pair")), \(counted(validation, "validation pair")), "
        + "\(size)x\(size) pixels")
  }

  private static func baseline(_ text: String) -> CameraBaseline? {
    switch text {
    case "small": return .small
    case "medium": return .medium
    case "large": return .large
    default:
      guard let scale = Float(text), (0.1...4).contains(scale) else { return nil }
      return CameraBaseline(scale: scale)
    }
  }

  private static func codec(_ text: String) -> StorageCodec? {
    ["raw": .raw, "png": .png, "jpeg": .jpeg(quality: 95)][text]
  }
}
