import Collectives
import Foundation
import PairData
import Runtime
import Storage

/// The frames of videos while a conversion reads them: in a folder that is one process's, and is removed at the end
/// unless it was asked for.
package struct VideoConversion {
  private let output: String
  private let keptFolder: String?

  /// Frames for a conversion.
  ///
  /// - Parameters:
  ///   - output: the folder of the data set.
  ///   - keptFolder: a folder for the frames, which stay there; nil: one beside the output, removed at the end.
  package init(output: String, keptFolder: String?) {
    self.output = output
    self.keptFolder = keptFolder
  }

  /// Decodes videos into a folder, and hands the frames over to `convert`.
  ///
  /// - Parameter decode: decodes into the folder, which is new or empty.
  /// - Throws: `Failure` of kind `usage` where the output cannot be written to, somebody decodes into the folder, or
  ///   this is one process of many; what `decode` and `convert` throw.
  package func run<Frames>(
    decode: (_ folder: String) throws -> Frames, convert: (Frames) throws -> Void
  ) throws {
    // Before hours of decoding, not after.
    try OutputFolder.check(output)
    if let count = LaunchEnvironment(ProcessInfo.processInfo.environment).processCount, count > 1 {
      throw Failure(
        .usage, "Videos are decoded by one process, not by \(count).",
        hint: "Run it alone, perhaps with \(.frameFolder) DIR, and then \(.frameConversion) DIR under the launcher.")
    }
    let folder = keptFolder ?? temporaryFolder
    let lockFile = folder + ".lock"
    guard let lock = try FileLock(lockFile) else {
      throw Failure(
        .interrupted, "Another process decodes videos into \(folder) right now.",
        hint: "Wait for it, or choose another \(.output) or \(.frameFolder).")
    }
    defer {
      if keptFolder == nil { try? FileSystem.removeTree(folder) }
      withExtendedLifetime(lock) { try? FileSystem.remove(lockFile) }
    }
    if keptFolder == nil { try? FileSystem.removeTree(folder) }
    try convert(try decode(folder))
  }

  /// Where the frames of a conversion lie while it runs. The name is always the same, so that a conversion that is
  /// started again finds the same files; what a killed one left there is removed.
  private var temporaryFolder: String {
    (output as NSString).standardizingPath + ".frames" + Publication.temporaryMarker + "video"
  }
}

extension Advice.Term {
  /// The folder for the frames of videos.
  package static let frameFolder = Advice.Term("frame folder")
}
