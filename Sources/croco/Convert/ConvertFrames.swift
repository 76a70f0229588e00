import ArgumentParser

/// `croco convert frames`.
struct ConvertFrames: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frames",
    abstract: "Converts folders of video frames to temporal pairs; every sub-folder is a scene.",
    discussion: """
      Names that say depth, labels or thumbnails (depth, *.depth.*, label-filt, confidence, @eaDir and their kin) are
      left out, with a line that says how many; --include takes them all the same. See datasets/frames.md.
      """)

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @OptionGroup var gaps: GapOptions

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var options: ConvertOptions

  func run() throws {
    try options.run { note in
      try gaps.sequences(seed: options.seed).pairs(in: folder, selection.colourImages, log: note)
    }
  }
}
