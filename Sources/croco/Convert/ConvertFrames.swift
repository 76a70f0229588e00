import ArgumentParser
import PairData

/// `croco convert frames`.
struct ConvertFrames: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frames",
    abstract: "Converts folders of video frames to temporal pairs; every sub-folder is a scene.")

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @OptionGroup var gaps: GapOptions

  @OptionGroup var options: ConversionOptions

  func run() throws {
    var notes: [String] = []
    let pairs = try gaps.sequences(seed: options.seed).pairs(in: folder) { notes.append($0) }
    try options.run(pairs, notes: notes)
  }
}
