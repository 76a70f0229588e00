import ArgumentParser
import PairConversion

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

  @OptionGroup var options: ConvertOptions

  func run() throws { try options.run { _ in try PairList.read(list) } }
}
