import ArgumentParser
import PairConversion

/// `croco convert habitat`.
struct ConvertHabitat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "habitat",
    abstract: "Converts pairs that were rendered with Habitat-Sim.",
    discussion: """
      Expected: \(HabitatRelease.tree.onCommandLine)
      Each folder that holds pairs is a scene. See datasets/habitat.md.
      """)

  @Argument(help: "The folder habitat_release, or a part of it.", completion: .directory)
  var folder: String

  @Option(help: "How many levels of folders below FOLDER name a scene. Default: all.")
  var sceneDepth: Int?

  @Flag(help: "Look for the files even where there is a pairs.txt.")
  var ignoreList = false

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var options: ConvertOptions

  func validate() throws {
    guard sceneDepth ?? 1 >= 1 else { throw ValidationError("--scene-depth is at least 1.") }
  }

  func run() throws {
    try options.run { note in
      try HabitatRelease.pairs(
        in: folder, sceneDepth: sceneDepth, usesList: !ignoreList, skipsIncomplete: options.skipBad,
        selection: selection.all, log: note)
    }
  }
}
