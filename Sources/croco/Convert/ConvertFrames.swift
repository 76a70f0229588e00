import ArgumentParser

/// `croco convert frames`.
struct ConvertFrames: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frames",
    abstract: "Converts folders of video frames to temporal pairs; every sub-folder is a scene.")

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @OptionGroup var gaps: GapOptions

  @OptionGroup var options: ConvertOptions

  func run() throws {
    try options.run { try gaps.sequences(seed: options.seed).pairs(in: folder, log: $0) }
  }
}
