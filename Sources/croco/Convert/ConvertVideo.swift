import ArgumentParser
import Collectives
import Foundation
import PairConversion
import PairData
import Runtime
import Storage

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

  @OptionGroup var gaps: GapOptions

  @OptionGroup var options: ConversionOptions

  func validate() throws {
    guard fps == nil || every == nil else { throw ValidationError("Give --fps or --every, not both.") }
    guard fps ?? 1 > 0, fps ?? 1 <= 1000 else { throw ValidationError("--fps is a number above 0, up to 1000.") }
    guard every ?? 1 >= 1 else { throw ValidationError("--every is at least 1.") }
  }

  func run() throws {
    let reader = try VideoFrames(
      selection: every.map { .every($0) } ?? .rate(fps ?? 2), preparation: options.preparation,
      threadCount: options.threadCount, skipsBadFiles: options.skipBad)
    // Before hours of decoding, not after.
    try OutputFolder.check(options.output)
    if let count = LaunchEnvironment(ProcessInfo.processInfo.environment).processCount, count > 1 {
      throw Failure(
        .usage, "Videos are decoded by one process, not by \(count).",
        hint: "Run it alone, perhaps with --frames DIR, and then croco convert frames DIR under the launcher.")
    }
    let folder = frames ?? Self.temporaryFolder(for: options.output)
    let lockFile = folder + ".lock"
    guard let lock = try FileLock(lockFile) else {
      throw Failure(
        .usage, "Another process decodes videos into \(folder) right now.",
        hint: "Wait for it, or choose another --output or --frames.")
    }
    defer {
      if frames == nil { try? FileSystem.removeTree(folder) }
      withExtendedLifetime(lock) { try? FileSystem.remove(lockFile) }
    }
    if frames == nil { try? FileSystem.removeTree(folder) }
    let sequences = try reader.extract(sources, to: folder) {
      FileHandle.standardError.write(Data(($0 + "\n").utf8))
    }
    try options.run { _ in try gaps.sequences(seed: options.seed).pairs(of: sequences, in: "the videos") }
  }

  /// Where the frames of a conversion lie while it runs. The name is always the same, so that a conversion that is started
  /// again finds the same files; what a killed one left there is removed.
  private static func temporaryFolder(for output: String) -> String {
    (output as NSString).standardizingPath + ".frames" + Publication.temporaryMarker + "video"
  }
}
