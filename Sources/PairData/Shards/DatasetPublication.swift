import Foundation
import Storage

/// A data-set folder while it is filled: files have temporary names until all are there, and the manifest comes last.
package final class DatasetPublication {
  package let output: String
  private let didCreateFolder: Bool
  private var names: [String] = []

  /// Claims the folder: creates it, or takes an empty one. Leftovers of a killed writer are removed.
  ///
  /// - Throws: `Failure` of kind `usage` (the folder holds something) or `inputOutput` (it cannot be written).
  package init(output: String) throws {
    self.output = output
    didCreateFolder = !FileManager.default.fileExists(atPath: output)
    try OutputFolder.claim(output)
  }

  /// Adds a file: where to write it for now.
  package func add(_ name: String) -> String {
    names.append(name)
    return temporaryPath(name)
  }

  /// Gives all files, which are flushed, their final names, and publishes the manifest.
  package func publish(_ manifest: DatasetManifest) throws {
    for name in names { try SystemCall.rename(temporaryPath(name), to: output + "/" + name) }
    try SystemCall.synchronize(output)
    try Publication.publishBytes(Array(manifest.encoded()), at: output + "/" + DatasetManifest.fileName)
  }

  /// Removes everything that was written so far.
  package func cancel() {
    unlink(output + "/" + DatasetManifest.fileName)
    for name in names {
      unlink(temporaryPath(name))
      unlink(output + "/" + name)
    }
    if didCreateFolder { rmdir(output) }
  }

  private func temporaryPath(_ name: String) -> String {
    output + "/" + name + Publication.temporaryMarker + String(getpid())
  }
}
