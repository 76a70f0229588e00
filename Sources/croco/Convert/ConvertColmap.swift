import ArgumentParser
import PairConversion
import PairMining

/// `croco convert colmap`.
struct ConvertColmap: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "colmap",
    abstract: "Converts pairs of images that share 3D points in COLMAP models.",
    discussion: """
      Expected: \(ColmapPairs.tree.onCommandLine)
      Overlap is the number of 3D points that both images see, divided by those that the first sees. All models
      in the folder and below are read, but of several of the same images one. Each workspace (what lies above
      sparse and dense) is a scene. See datasets/colmap.md.
      """)

  @Argument(help: "The folder of a model, or one that has models below it.", completion: .directory)
  var folder: String

  @Option(help: "The folder of the images of all models. Default: see --images-folder.", completion: .directory)
  var images: String?

  @Option(
    help: """
      The folder of the images in each scene, such as dslr/resized_images or input; repeatable. It is looked for beside \
      the model and above. Default: images.
      """)
  var imagesFolder: [String] = []

  @Option(help: "Which model is read where a workspace has several of the same images: sparse or dense.")
  var prefer: ColmapPreference = .sparse

  @Option(help: "Smallest overlap of a pair, 0 to 1.")
  var minOverlap = 0.3

  @Option(help: "Largest overlap of a pair, 0 to 1.")
  var maxOverlap = 0.8

  @Option(help: "How many 3D points a pair shares at least.")
  var minPoints = 50

  @Option(help: "In how many pairs an image is the first view at most.")
  var pairsPerImage = 10

  @OptionGroup var options: ConvertOptions

  func validate() throws {
    guard images == nil || imagesFolder.isEmpty else {
      throw ValidationError("--images and --images-folder exclude each other.")
    }
    guard 0 <= minOverlap, minOverlap <= maxOverlap, maxOverlap <= 1 else {
      throw ValidationError("0 <= --min-overlap <= --max-overlap <= 1 is needed.")
    }
    guard minPoints >= 1 else { throw ValidationError("--min-points is at least 1.") }
    guard pairsPerImage >= 1 else { throw ValidationError("--pairs-per-image is at least 1.") }
  }

  func run() throws {
    let selection = ColmapPairs(
      overlap: minOverlap...maxOverlap, minimumPoints: minPoints, pairsPerImage: pairsPerImage)
    let place = images.map(ColmapImages.folder) ?? .near(imagesFolder.isEmpty ? ["images"] : imagesFolder)
    try options.run {
      try selection.pairs(
        in: folder, images: place, preference: prefer, leavesOutImageless: options.skipBad, log: $0)
    }
  }
}

extension ColmapPreference: ExpressibleByArgument {}
