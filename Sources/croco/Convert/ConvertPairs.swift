import ArgumentParser
import PairConversion

/// `croco convert pairs`.
struct ConvertPairs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pairs",
    abstract: "Converts a list of pairs: text, CSV or TSV.",
    discussion: """
      Two paths a line; quotes or a tab where paths have spaces. Optional third and fourth columns: scene, overlap.
      A header allows any order and further columns, which are named and not read: view1, image_path2, left_image, name0,
      query and the like for the views, scene, overlap. Without scenes, pairs that share images belong to one scene.
      See datasets/README.md.
      """)

  @Argument(help: "The list.", completion: .file())
  var list: String

  @Option(help: "The folder that paths are relative to. Default: the folder of the list.", completion: .directory)
  var root: String?

  @OptionGroup var options: ConvertOptions

  func run() throws { try options.run { try PairList.read(list, root: root, log: $0) } }
}
