import ArgumentParser
import Foundation
import PairConversion

/// `croco convert video`.
struct ConvertVideo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "video",
    abstract: "Converts videos to temporal pairs, or films to stereo pairs, through ffmpeg; every video is a scene.",
    discussion: """
      Frames are taken at --fps and paired at distances of --min-gap to --max-gap frames. They are stored as PNG
      files while the conversion runs, at --size where it is given. See datasets/video.md.
      """)

  @Argument(help: "Video files, or folders of videos.", completion: .file())
  var sources: [String]

  @Option(
    help: """
      What a frame shows: single (one view), side-by-side or top-bottom (left and right view). The latter two give \
      stereo pairs.
      """)
  var layout: FilmLayout = .single

  @OptionGroup var videos: VideoOptions

  @OptionGroup var selection: SelectionOptions

  @OptionGroup var gaps: GapOptions

  @OptionGroup var options: ConvertOptions

  func run() throws {
    let reader = try videos.reader(options, layout: layout)
    try videos.run(options) { folder, log in
      try reader.extract(sources, selection.all, to: folder, log: log)
    } convert: { videos in
      try options.run { note in
        if layout != .single { return StereoVideo.pairs(ofFilms: videos) }
        return try gaps.sequences(seed: options.seed).pairs(of: videos, in: "the videos", log: note)
      }
    }
  }
}

extension FilmLayout: ExpressibleByArgument {}
