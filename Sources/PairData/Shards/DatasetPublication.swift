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
    didCreateFolder = !FileSystem.exists(output)
    try OutputFolder.claim(output)
  }

  /// Adds a file: where to write it for now.
  package func add(_ name: String) -> String {
    names.append(name)
    return temporaryPath(name)
  }

  /// Gives all files, which are flushed, their final names, and publishes the manifest.
  package func publish(_ manifest: DatasetManifest) throws {
    for name in names { try FileSystem.rename(temporaryPath(name), to: output.appending(path: name)) }
    try FileSystem.synchronize(output)
    try Publication.publishBytes(manifest.encoded(), at: output.appending(path: DatasetManifest.fileName))
  }

  /// Removes everything that was written so far.
  package func cancel() {
    try? FileSystem.remove(output.appending(path: DatasetManifest.fileName))
    for name in names {
      try? FileSystem.remove(temporaryPath(name))
      try? FileSystem.remove(output.appending(path: name))
    }
    if didCreateFolder { try? FileSystem.removeFolder(output) }
  }

  private func temporaryPath(_ name: String) -> String { Publication.temporaryPath(for: output.appending(path: name)) }
}
