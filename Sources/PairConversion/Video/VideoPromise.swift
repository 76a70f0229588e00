import Foundation
import Runtime
import Storage

/// What the header of a video says of its length, as ffprobe reads it.
struct VideoPromise {
  private let frames: Double?
  private let seconds: Double?

  /// Asks ffprobe; nothing is promised where that is not installed or finds nothing.
  ///
  /// - Parameters:
  ///   - program: the path of ffprobe.
  ///   - scratch: a file for its messages; removed at the end.
  init(_ video: String, program: String, scratch: String) {
    let command =
      [program, "-v", "error", "-select_streams", "v:0", "-show_entries"]
      + ["stream=nb_frames,avg_frame_rate,duration:format=duration", "-of", "default=noprint_wrappers=1"]
      + ["file:" + video]
    defer { try? FileSystem.remove(scratch) }
    guard let probe = try? Subprocess(command, errorFile: scratch), let bytes = try? probe.output.readToEnd() else {
      (frames, seconds) = (nil, nil)
      return
    }
    var values: [Substring: Double] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: "=")
      // The stream's duration comes before the file's.
      if fields.count == 2, values[fields[0]] == nil { values[fields[0]] = Self.number(fields[1]) }
    }
    seconds = values["duration"]
    let rate = values["avg_frame_rate"]
    frames = values["nb_frames"] ?? seconds.flatMap { seconds in rate.map { seconds * $0 } }
  }

  /// How many frames a selection should give, or nil where the header does not say.
  func frameCount(_ selection: FrameSelection) -> Int? {
    switch selection {
    case .every(let step): frames.map { Int(($0 / Double(step)).rounded(.up)) }
    case .rate(let rate): seconds.map { Int(($0 * rate).rounded()) }
    }
  }

  /// A decimal number or a fraction; nil for "N/A" and what is not above 0.
  private static func number(_ text: Substring) -> Double? {
    let parts = text.split(separator: "/").map { Double($0) }
    guard let value = parts.count == 2 ? parts[0].flatMap({ a in parts[1].map { a / $0 } }) : Double(text) else {
      return nil
    }
    return value.isFinite && value > 0 && value < 1e9 ? value : nil
  }
}
