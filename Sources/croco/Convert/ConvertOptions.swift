import ArgumentParser
import Collectives
import Foundation
import PairConversion
import PairData
import Runtime

/// What all converters share.
struct ConvertOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: "The data-set folder to write: a new or empty one, or that of the same conversion, to go on.",
    completion: .directory)
  var output: String

  @Option(help: "Image size in pixels: S for a square, or HEIGHTxWIDTH. Default: sizes stay as they are.")
  var size: ImageSizeArgument?

  @Option(
    help: """
      How an image comes to that size: crop (centre), random-crop, or stretch. Each view is cut by itself. \
      Default: crop.
      """)
  var fit: ImageFit?

  @Option(
    help: """
      Interpolation, antialiased, equal to Pillow's: lanczos, bicubic, bilinear, or adaptive (lanczos where an image \
      has more than four times the pixels of --size, else bicubic). Default: lanczos.
      """)
  var filter: ImageFilter?

  @Flag(help: "Enlarge images that are smaller than --size instead of calling them bad.")
  var allowUpscale = false

  @Option(
    help: "How images are stored: keep (the files as they are), jpeg, png or raw. Default: jpeg with --size, else keep."
  )
  var codec: CodecArgument?

  @Option(help: "JPEG quality, 1 to 100.")
  var quality = 95

  @Option(help: "Size at which a shard is full, such as 256MB or 1GiB.")
  var shardSize: ByteCountArgument = ByteCountArgument(bytes: DatasetOptions.defaultShardBytes)

  @Option(
    help: """
      Share of scenes for the validation split, 0 to 1; one scene at least is held out of several, and a single one \
      is cut in time.
      """)
  var validation = 0.1

  @Flag(help: "Leave out pairs with a bad file instead of stopping at the first.")
  var skipBad = false

  @Flag(help: "With --codec keep: store files without decoding each once to find damaged ones.")
  var noCheck = false

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
    guard !noCheck || storageCodec == .keep else {
      throw ValidationError("--no-check goes with --codec keep: other codecs decode every image anyway.")
    }
    guard !(codec == .keep && size != nil) else {
      throw ValidationError("--codec keep stores files as they are: leave out --size, or choose jpeg, png or raw.")
    }
  }

  /// The number of threads to work with.
  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  /// How images come to `--size`, or nil where they keep theirs.
  var preparation: ImagePreparation? {
    size.map {
      ImagePreparation(
        height: $0.height, width: $0.width, fit: fit ?? .crop, filter: filter ?? .lanczos,
        allowsUpscaling: allowUpscale,
        seed: seed)
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
  /// - Parameter list: lists the pairs, and notes what is worth saying before the conversion starts; called before MPI
  ///   starts, so that it may start processes.
  func run(_ list: (_ note: (String) -> Void) throws -> [PairCandidate]) throws {
    ConversionSignals.install(output: output)
    var notes: [String] = []
    let listing = Result { try list { notes.append($0) } }
    let status = Communicators.run(patience: Self.patience, report: Croco.report) { communicator in
      let isFirst = communicator.rank == 0
      if !isFirst { ConversionSignals.beSilent() }
      let bar = ProgressBar("convert", unit: "pairs", isQuiet: !isFirst)
      defer { bar.clear() }
      if isFirst { notes.forEach(bar.print) }
      let start = ContinuousClock.now
      let summary = try conversion.run(listing.get(), on: communicator, progress: bar.update, log: bar.print)
      bar.clear()
      if let summary { report(summary, seconds: (ContinuousClock.now - start) / .seconds(1)) }
    }
    if status != 0 { throw ExitCode(status) }
  }

  /// A rank that fails alone ends the others after so many seconds; their finished shards stay.
  private static let patience = 1.0

  private var conversion: Conversion {
    let dataset = DatasetOptions(
      codec: storageCodec, shardBytes: shardSize.bytes, validationFraction: validation, seed: seed, licence: licence,
      tool: Croco.tool)
    return Conversion(
      options: .init(
        dataset: dataset, preparation: preparation, skipsBadFiles: skipBad, checksKeptFiles: !noCheck,
        threadCount: threadCount), output: output)
  }

  private func report(_ summary: ConversionSummary, seconds: Double) {
    let manifest = summary.manifest
    print("\(output): \(manifest.summary)")
    if summary.wasComplete { return print("This conversion was complete already; nothing was done.") }
    print(
      String(
        format: "%@ read in %.1f s: %.0f images/s", counted(summary.imagesRead, "image"), seconds,
        Double(summary.imagesRead) / max(seconds, 1e-9)))
    if !summary.badFiles.isEmpty {
      print("\(counted(summary.badFiles.count, "bad file")), \(counted(summary.skippedPairs, "pair")) left out")
    }
    if let maps = summary.maps {
      print(
        "note: \(maps.count) of the images have 16-bit grey or palette files, as depth maps and labels do"
          + " (\(maps.example)); --exclude leaves files out by name")
    }
    if let large = summary.large {
      let stored = Split.allCases.flatMap { manifest.shards(of: $0) }.reduce(0) { $0 + $1.images }
      print("note: \(large.advice(of: stored).onCommandLine)")
    }
    if validation > 0, manifest.pairCount(of: .validation) == 0 {
      print(
        "note: there is no validation split: no cut leaves pairs on both sides with no image in common. Train with"
          + " --set validation.every_steps=0 --set pictures.every_steps=0, or name another set as data.validation_path."
      )
    }
  }
}
