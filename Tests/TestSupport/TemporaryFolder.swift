import Foundation
import Storage

/// A fresh folder that is removed with everything in it when the last reference goes.
package final class TemporaryFolder: Sendable {
  /// Its absolute path.
  package let path: String

  /// Creates the folder; its name holds a space, because users' folders do.
  package init() throws {
    path = NSTemporaryDirectory().appending(path: "croco test " + UUID().uuidString)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
