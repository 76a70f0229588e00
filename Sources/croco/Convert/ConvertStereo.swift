import ArgumentParser
import PairConversion

/// `croco convert stereo`.
struct ConvertStereo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stereo",
    abstract: "Converts left and right views: two folders of images or videos, or two videos.",
    discussion: """
      Of videos the frames at the same places make pairs: the two begin at the same moment. Videos in folders belong
      together by their names. Films with both views in one picture: croco convert video --layout.
      """)

  @Argument(help: "The folder, or the video, of left views.", completion: .file())
  var left: String

  @Argument(help: "The folder, or the video, of right views.", completion: .file())
  var right: String

  @Option(help: "How files belong together: name (equal sub-folder and name) or order (place in natural order).")
  var match: StereoFolders.Matching = .name

  @OptionGroup var videos: VideoOptions

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var options: ConvertOptions

  func run() throws {
    if StereoVideo.isPresent(at: left), StereoVideo.isPresent(at: right) { return try convertVideos() }
    try options.run { note in
      try StereoFolders.pairs(left: left, right: right, matching: match, selection.colourImages, log: note)
    }
  }

  private func convertVideos() throws {
    let reader = try videos.reader(options)
    try videos.run(options) { folder, log in
      try [(left, "left"), (right, "right")].map { source, eye in
        try reader.extract([source], selection.all, to: folder, below: eye, log: log)
      }
    } convert: { eyes in
      try options.run { note in
        try StereoVideo.pairs(left: eyes[0], right: eyes[1], skipsIncomplete: options.skipBad, log: note)
      }
    }
  }
}

extension StereoFolders.Matching: ExpressibleByArgument {}
