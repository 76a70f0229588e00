import ArgumentParser
import Foundation
import PairData
import Storage

/// `croco convert`: image collections to HDF5 data sets.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Converts image pairs into an HDF5 data set.",
    discussion: """
      A pair is two images of one scene. Scenes, not pairs, are split into training and validation.
      Sizes: --size 224 makes the shorter side 224 pixels and cuts out the middle 224x224.
      Under mpirun the ranks share the work. A conversion that was stopped goes on when the same command is given again.
      """,
    subcommands: [ConvertPairs.self, ConvertFrames.self, ConvertStereo.self])
}

/// What all converters share.
struct ConversionOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The data-set folder to write; it must not exist or be empty.")
  var output: String

  @Option(help: "Image size in pixels: S for a square, or HEIGHTxWIDTH. Default: sizes stay as they are.")
  var size: ImageSizeArgument?

  @Option(help: "How an image comes to that size: crop (centre), random-crop, or stretch. Each view is cut by itself.")
  var fit: ImageFit = .crop

  @Option(help: "Interpolation: lanczos, bicubic or bilinear, antialiased, equal to Pillow's.")
  var filter: ResizeFilter = .lanczos

  @Flag(help: "Enlarge images that are smaller than --size instead of calling them bad.")
  var allowUpscale = false

  @Option(
    help: "How images are stored: keep (the files as they are), jpeg, png or raw. Default: jpeg with --size, else keep."
  )
  var codec: CodecArgument?

  @Option(help: "JPEG quality, 1 to 100.")
  var quality = 95

  @Option(help: "Size at which a shard is full, such as 256MB or 1GiB.")
  var shardSize: ByteCountArgument = ByteCountArgument(bytes: 256_000_000)

  @Option(help: "Share of scenes for the validation split, 0 to 1.")
  var validation = 0.1

  @Flag(help: "Leave out pairs with a bad file instead of stopping at the first.")
  var skipBad = false

  @Option(help: "Seed of splits, gaps and random crops.")
  var seed: UInt64 = 0

  @Option(help: "Licence or origin of the images, recorded in the data set.")
  var licence: String?

  @Option(help: "Threads, of each rank under mpirun. Default: all processors that the process may use.")
  var threads: Int?

  func validate() throws {
    guard (0...1).contains(validation) else { throw ValidationError("--validation is a share from 0 to 1.") }
    guard (1...100).contains(quality) else { throw ValidationError("--quality is a number from 1 to 100.") }
    guard threads ?? 1 >= 1 else { throw ValidationError("--threads is at least 1.") }
    guard !(codec == .keep && size != nil) else {
      throw ValidationError("--codec keep stores files as they are: leave out --size, or choose jpeg, png or raw.")
    }
  }

  private var storageCodec: StorageCodec {
    switch codec ?? (size == nil ? .keep : .jpeg) {
    case .keep: .keep
    case .jpeg: .jpeg(quality: quality)
    case .png: .png
    case .raw: .raw
    }
  }

  /// Converts, alone or as one rank of many, with a progress bar, and prints what came out.
  ///
  /// - Parameter pairs: lists the pairs; called before MPI starts, so that it may start processes.
  func run(_ pairs: @autoclosure () throws -> [PairCandidate], notes: [String] = []) throws {
    let writer = DatasetWriter.Options(
      codec: storageCodec, shardBytes: shardSize.bytes, validationFraction: validation, seed: seed, licence: licence,
      tool: "croco \(Croco.version)")
    let preparation = size.map {
      ImagePreparation(
        height: $0.height, width: $0.width, fit: fit, filter: filter, allowsUpscaling: allowUpscale, seed: seed)
    }
    let run = ConversionRun(
      options: .init(
        writer: writer, preparation: preparation, skipsBadFiles: skipBad,
        threadCount: threads ?? ProcessInfo.processInfo.activeProcessorCount),
      output: output, notes: notes)
    try run.run(pairs, report: report)
  }

  private func report(_ summary: PairConverter.Summary, seconds: Double) {
    let manifest = summary.manifest
    print("\(output): \(manifest.summary)")
    print(
      String(
        format: "%d images read in %.1f s: %.0f images/s", summary.imagesRead, seconds,
        Double(summary.imagesRead) / max(seconds, 1e-9)))
    if !summary.badFiles.isEmpty {
      print("\(summary.badFiles.count) bad files, \(summary.skippedPairs) pairs left out")
    }
    if validation > 0, manifest.pairCount(of: .validation) == 0 {
      print(
        "note: no scene fell into the validation split; with few scenes give a larger --validation or another --seed")
    }
  }
}

/// `croco convert pairs`.
struct ConvertPairs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pairs",
    abstract: "Converts a list of pairs: text, CSV or TSV.",
    discussion: """
      Two paths a line, relative to the list; quotes or a tab where paths have spaces. Optional third and fourth
      columns: scene, overlap. CSV and TSV may have a header with view1, view2, scene, overlap in any order.
      Without scenes, pairs that share images belong to one scene.
      """)

  @Argument(help: "The list.", completion: .file())
  var list: String

  @OptionGroup var options: ConversionOptions

  func run() throws { try options.run(PairList.read(list)) }
}

/// `croco convert frames`.
struct ConvertFrames: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frames",
    abstract: "Converts folders of video frames to temporal pairs; every sub-folder is a scene.")

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @Option(help: "Smallest distance between the two frames of a pair, in frames.")
  var minGap = 1

  @Option(help: "Largest distance between the two frames of a pair, in frames.")
  var maxGap = 5

  @Option(help: "How many later frames each frame is paired with; the gaps are drawn by --seed.")
  var pairsPerFrame = 1

  @OptionGroup var options: ConversionOptions

  func validate() throws {
    guard minGap >= 1, maxGap >= minGap else { throw ValidationError("1 <= --min-gap <= --max-gap is needed.") }
    guard pairsPerFrame >= 1 else { throw ValidationError("--pairs-per-frame is at least 1.") }
  }

  func run() throws {
    let sequences = FrameSequences(gaps: minGap...maxGap, pairsPerFrame: pairsPerFrame, seed: options.seed)
    var notes: [String] = []
    let pairs = try sequences.pairs(in: folder) { notes.append($0) }
    try options.run(pairs, notes: notes)
  }
}

/// `croco convert stereo`.
struct ConvertStereo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stereo",
    abstract: "Converts two folders of left and right views.")

  @Argument(help: "The folder of left views.", completion: .directory)
  var left: String

  @Argument(help: "The folder of right views.", completion: .directory)
  var right: String

  @Option(help: "How files belong together: name (equal sub-folder and name) or order (place in natural order).")
  var match: StereoFolders.Matching = .name

  @OptionGroup var options: ConversionOptions

  func run() throws { try options.run(StereoFolders.pairs(left: left, right: right, matching: match)) }
}

extension ImageFit: ExpressibleByArgument {}
extension ResizeFilter: ExpressibleByArgument {}
extension StereoFolders.Matching: ExpressibleByArgument {}

/// `--codec`.
enum CodecArgument: String, ExpressibleByArgument, CaseIterable {
  case keep, jpeg, png, raw
}

/// `--size`: "224" or "HEIGHTxWIDTH".
struct ImageSizeArgument: ExpressibleByArgument {
  let height: Int
  let width: Int

  init?(argument: String) {
    let numbers = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(numbers.count), let height = numbers[0], let width = numbers[numbers.count - 1],
      (1...65_535).contains(height), (1...65_535).contains(width)
    else { return nil }
    self.height = height
    self.width = width
  }
}

/// A number of bytes: "1000", "256MB", "1GiB".
struct ByteCountArgument: ExpressibleByArgument {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units = [
      "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
    ]
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    let unit = argument.dropFirst(digits.count).trimmingCharacters(in: .whitespaces).lowercased()
    guard let number = Double(digits), let factor = units[unit], number * Double(factor) >= 1,
      number * Double(factor) < 1e15
    else { return nil }
    bytes = Int(number * Double(factor))
  }

  var defaultValueDescription: String { "256MB" }

  /// Bytes in the unit that reads best, such as "12.5 MB".
  static func text(_ bytes: Int64) -> String {
    let value = Double(bytes)
    if value >= 1e9 { return String(format: "%.2f GB", value / 1e9) }
    if value >= 1e6 { return String(format: "%.1f MB", value / 1e6) }
    return value >= 1e3 ? String(format: "%.1f kB", value / 1e3) : "\(bytes) bytes"
  }
}
