import ArgumentParser
import PairConversion

/// `croco convert kitti`, `sintel`, ...: stereo collections with a layout of their own.
struct ConvertCollection<Layout: StereoLayout>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Layout.command,
      abstract: "Converts \(Layout.title).",
      discussion: """
        Expected: \(Layout.tree.onCommandLine)
        The folder may be the collection or any part of it that has both views. See datasets/\(Layout.command).md.
        """)
  }

  @Argument(help: "The collection, or a part of it.", completion: .directory)
  var folder: String

  @Option(help: "Which pairs: stereo (left, right), temporal (two frames of the left camera) or both.")
  var kind: StereoCollection.Kind = .stereo

  @Option(help: "Take only files below folders of this name, such as training or frames_cleanpass; repeatable.")
  var only: [String] = []

  @OptionGroup var gaps: GapOptions

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var options: ConvertOptions

  func run() throws {
    let collection = StereoCollection(
      Layout.self, kind: kind, sequences: gaps.sequences(seed: options.seed), only: only,
      selection: selection.all, skipsIncomplete: options.skipBad)
    try options.run { try collection.pairs(in: folder, log: $0) }
  }
}

extension StereoCollection.Kind: ExpressibleByArgument {}
