import ArgumentParser
import PairConversion

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

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var options: ConvertOptions

  func run() throws {
    try options.run { note in
      try StereoFolders.pairs(left: left, right: right, matching: match, selection.colourImages, log: note)
    }
  }
}

extension StereoFolders.Matching: ExpressibleByArgument {}
