import Foundation
import PairData
import Runtime
import Storage
import TestSupport

/// The real program, with a small synthetic data set and a short run that the tests of a suite share.
final class CommandLineFixture: Sendable {
  static let shared = Result { try CommandLineFixture() }

  let folder: TemporaryFolder
  let configuration: String
  var data: String { folder.path + "/scenes" }
  var run: String { folder.path + "/run" }

  private init() throws {
    folder = try TemporaryFolder()
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    configuration = sources.appendingPathComponent("../../configs/debug_tiny.yaml").standardizedFileURL.path
    _ = try Self.succeed(["synthesize", "--output", data, "--pairs", "40", "--size", "32", "--validation", "0.3"])
    _ = try Self.succeed([
      "train", "--config", configuration, "--set", "data.path=\(data)", "--set", "pictures.every_steps=2",
      "--set", "pictures.count=2", "--output", run, "--max-steps", "2",
    ])
  }

  static func croco(_ arguments: [String]) throws -> ProcessResult {
    try runProcess(try builtExecutable("croco"), arguments, timeLimit: 120)
  }

  static func succeed(_ arguments: [String]) throws -> String {
    let result = try croco(arguments)
    guard result.status == 0 else {
      throw Failure(.internalError, "croco \(arguments) ended with \(result.status): \(result.errorOutput)")
    }
    return result.output
  }

  /// Writes a small picture as PNG and returns its path.
  func picture(_ name: String, size: Int) throws -> String {
    let pixels = (0..<size * size * 3).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / (3 * size) * 31) }
    let path = folder.path + "/" + name
    try Data(PNGCodec.encode(RGBImage(width: size, height: size, pixels: pixels))).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Writes a file of any content and returns its path.
  func file(_ name: String, _ content: String) throws -> String {
    let path = folder.path + "/" + name
    try Publication.publishText(content, at: path)
    return path
  }
}
