import ArgumentParser
import PairConversion
import Runtime

/// `croco convert crops`.
struct ConvertCrops: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crops",
    abstract: "Converts the crops of CroCo v2: extracted ones, or crops_release.txt with the original images.",
    discussion: """
      Extracted: \(ExtractedCrops.tree.onCommandLine)
      Originals: \(CropsRelease.tree.onCommandLine)
      Crops of originals are made as the authors make them: 256x256 unless --size says otherwise, with
      --filter adaptive. See datasets/crops.md.
      """)

  @Argument(help: "The folder with listing.txt, or the file crops_release.txt.")
  var source: String

  @Option(help: "With crops_release.txt: the folder of the original images.", completion: .directory)
  var images: String?

  @OptionGroup var options: ConvertOptions

  func run() throws {
    guard source.lowercased().hasSuffix(".txt") else {
      guard images == nil else {
        throw Failure(.usage, "--images goes with the file crops_release.txt, not with the folder \(source).")
      }
      return try options.run { _ in try ExtractedCrops.pairs(in: source) }
    }
    guard let images else {
      throw Failure(
        .usage, "\(source) names boxes in images.", hint: "Say with --images where the original images are.")
    }
    guard options.codec != .keep else {
      throw Failure(.usage, "Crops cannot be kept as files.", hint: "Choose --codec jpeg, png or raw.")
    }
    var options = options
    if options.size == nil { options.size = ImageSizeArgument(height: 256, width: 256) }
    // The list has chosen the boxes: what they hold is brought to the size as a whole, whatever theirs is.
    options.allowUpscale = true
    if options.fit == nil { options.fit = .stretch }
    if options.filter == nil { options.filter = .adaptive }
    try options.run { try CropsRelease.pairs(list: source, images: images, log: $0) }
  }
}
