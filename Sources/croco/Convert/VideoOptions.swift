import ArgumentParser
import Foundation
import PairConversion

/// How videos are read, whatever pairs are made of them.
struct VideoOptions: ParsableArguments {
  @Option(help: "Frames a second to take of videos. Default: 2.")
  var fps: Double?

  @Option(help: "Take every n-th frame of videos instead.")
  var every: Int?

  @Option(help: "A folder for the frames, which are then kept. Default: one beside the output, removed at the end.")
  var frames: String?

  @Flag(
    help: """
      Count videos as bad files that ffmpeg complains of, or that have fewer frames than their header promises; \
      otherwise there is a warning for each.
      """)
  var strict = false

  func validate() throws {
    guard fps == nil || every == nil else { throw ValidationError("Give --fps or --every, not both.") }
    guard fps ?? 1 > 0, fps ?? 1 <= 1000 else { throw ValidationError("--fps is a number above 0, up to 1000.") }
    guard every ?? 1 >= 1 else { throw ValidationError("--every is at least 1.") }
  }

  /// A reader of videos as they are to be converted.
  func reader(_ options: ConvertOptions, layout: FilmLayout = .single) throws -> VideoFrames {
    try VideoFrames(
      selection: every.map { .every($0) } ?? .rate(fps ?? 2), layout: layout, preparation: options.preparation,
      threadCount: options.threadCount, skipsBadFiles: options.skipBad, isStrict: strict)
  }

  /// Decodes videos, and hands what came out over to `convert`, before MPI starts.
  func run<Frames>(
    _ options: ConvertOptions, decode: (_ folder: String, _ log: (String) -> Void) throws -> Frames,
    convert: (Frames) throws -> Void
  ) throws {
    ConversionSignals.install(output: options.output)
    let log = { (line: String) in FileHandle.standardError.write(Data((line + "\n").utf8)) }
    try VideoConversion(output: options.output, keptFolder: frames).run(
      decode: { try decode($0, log) }, convert: convert)
  }
}
