import Foundation
import PairData
import Runtime
import Storage

/// Which frames of a video are taken.
package enum FrameSelection: Sendable, Equatable {
  /// So many a second.
  case rate(Double)
  /// Every n-th.
  case every(Int)

  /// A filter graph of ffmpeg that passes these frames. Converted with exact rounding, so that processors agree.
  var filter: String {
    let selection =
      switch self {
      case .rate(let rate): "fps=\(rate)"
      // Renumbered, or the output's constant rate would fill the gaps with copies.
      case .every(let step): "select=not(mod(n\\,\(step))),setpts=N/\(Self.nominalRate)/TB"
      }
    return selection + ",scale=flags=bicubic+accurate_rnd+full_chroma_int+bitexact,format=rgb24"
  }

  var outputArguments: [String] { if case .every = self { ["-r", "\(Self.nominalRate)"] } else { [] } }

  private static let nominalRate = 25
}

/// The frames of a video, decoded by an `ffmpeg` process and read through a pipe one at a time.
final class VideoStream {
  private let video: String
  private let errorFile: String
  private let ffmpeg: Subprocess
  private var isOpen = true
  /// What ffmpeg had to say of a video that it read to the end: the first line, without addresses; nil: nothing.
  private(set) var complaint: String?

  /// Starts ffmpeg.
  ///
  /// - Parameters:
  ///   - program: the path of ffmpeg.
  ///   - errorFile: a file for its messages; removed at the end.
  /// - Throws: `Failure` of kind `inputOutput` where it cannot be started.
  init(_ video: String, _ selection: FrameSelection, program: String, errorFile: String) throws(Failure) {
    self.video = video
    self.errorFile = errorFile
    // "file:" keeps names with a colon from being taken for protocols, and options out.
    let command =
      [program, "-nostdin", "-v", "error", "-i", "file:" + video, "-map", "0:v:0", "-vf", selection.filter]
      + selection.outputArguments + ["-f", "image2pipe", "-c:v", "ppm", "pipe:1"]
    ffmpeg = try Subprocess(command, errorFile: errorFile)
  }

  deinit { try? FileSystem.remove(errorFile) }

  /// The next frame, or nil at the end.
  ///
  /// - Throws: `Failure` of kind `badData` where ffmpeg cannot read the video.
  func next() throws -> RGBImage? {
    guard isOpen, let size = try header() else { return nil }
    var isWhole = true
    let pixels = [UInt8](unsafeUninitializedCapacity: size.width * size.height * 3) { buffer, count in
      count = size.width * size.height * 3
      isWhole =
        read(into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])) == count
    }
    guard isWhole else { throw ended(finish()) }
    return RGBImage(width: size.width, height: size.height, pixels: pixels)
  }

  /// The header of a PPM image: "P6", width, height and 255, each followed by one white space.
  private func header() throws -> (width: Int, height: Int)? {
    var fields: [[UInt8]] = [[]]
    var byte: [UInt8] = [0]
    while fields.count < 5 {
      guard byte.withUnsafeMutableBytes({ read(into: $0) }) == 1, fields[fields.count - 1].count < 8 else {
        let status = finish()
        guard status == 0, fields == [[]] else { throw ended(status) }
        complaint = messages.first
        return nil
      }
      if byte[0] == 0x20 || byte[0] == 0x0A { fields.append([]) } else { fields[fields.count - 1].append(byte[0]) }
    }
    let words = fields.map { String(decoding: $0, as: UTF8.self) }
    guard words[0] == "P6", let width = Int(words[1]), let height = Int(words[2]), words[3] == "255" else {
      throw ended(finish())
    }
    try ImageLimits.check(width: width, height: height, name: video)
    return (width, height)
  }

  /// Fills a buffer as far as there is something to read; returns how far.
  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    (try? ffmpeg.output.read(into: buffer)) ?? 0
  }

  /// Waits for the process; its status.
  private func finish() -> Int32 {
    isOpen = false
    return ffmpeg.finish()
  }

  private var messages: [String] {
    let text = String(decoding: (try? File.contents(of: errorFile)) ?? [], as: UTF8.self)
    return text.split(separator: "\n").map { String($0).replacing(#/ @ 0x[0-9a-f]+/#, with: "") }
  }

  private func ended(_ status: Int32) -> Failure {
    let reason = messages.last ?? "it ended with status \(status)"
    return Failure(
      .badData, "ffmpeg cannot read the video \(video): \(reason)",
      hint: "Play it to see whether it is whole, or leave it out with \(.skippingBadFiles).")
  }
}
