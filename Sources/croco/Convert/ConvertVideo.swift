import ArgumentParser
import Foundation
import PairConversion

/// `croco convert video`.
struct ConvertVideo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "video",
    abstract: "Converts videos to temporal pairs, through ffmpeg; every video is a scene.",
    discussion: """
      Frames are taken at --fps and paired at distances of --min-gap to --max-gap frames. They are stored as PNG
      files while the conversion runs, at --size where it is given. See datasets/video.md.
      """)

  @Argument(help: "Video files, or folders of videos.", completion: .file())
  var sources: [String]

  @Option(help: "Frames a second to take. Default: 2.")
  var fps: Double?

  @Option(help: "Take every n-th frame instead.")
  var every: Int?

  @Option(help: "A folder for the frames, which are then kept. Default: one beside the output, removed at the end.")
  var frames: String?

  @Flag(
    help: """
      Count videos as bad files that ffmpeg complains of, or that have fewer frames than their header promises; \
      otherwise there is a warning for each.
      """)
  var strict = false

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var gaps: GapOptions

  @OptionGroup var options: ConvertOptions

  func validate() throws {
    guard fps == nil || every == nil else { throw ValidationError("Give --fps or --every, not both.") }
    guard fps ?? 1 > 0, fps ?? 1 <= 1000 else { throw ValidationError("--fps is a number above 0, up to 1000.") }
    guard every ?? 1 >= 1 else { throw ValidationError("--every is at least 1.") }
  }

  func run() throws {
    ConversionSignals.install(output: options.output)
    let reader = try VideoFrames(
      selection: every.map { .every($0) } ?? .rate(fps ?? 2), preparation: options.preparation,
      threadCount: options.threadCount, skipsBadFiles: options.skipBad, isStrict: strict)
    let conversion = VideoConversion(reader, selection.all, output: options.output, keptFolder: frames)
    try conversion.run(sources) {
      FileHandle.standardError.write(Data(($0 + "\n").utf8))
    } convert: { videos in
      try options.run { note in
        try gaps.sequences(seed: options.seed).pairs(of: videos, in: "the videos", log: note)
      }
    }
  }
}
