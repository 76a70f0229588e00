import Foundation
import Runtime

/// Publishing by rename: readers see a complete file or folder under its final name, or none.
package enum Publication {
  /// The marker in the names of unfinished files and folders; leftovers of a killed writer carry it.
  package static let temporaryMarker = ".tmp-"

  /// Writes a file under a temporary name beside `path`, flushes it, and renames it to `path`.
  ///
  /// - Parameter write: receives the temporary path, and creates and closes the file there.
  /// - Throws: what `write` throws (the temporary file is removed then), or ``Failure`` of kind `inputOutput`.
  package static func publishFile(at path: String, write: (String) throws -> Void) throws {
    // A rename would put a file in the place of a device or a pipe.
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw Failure(
        .inputOutput, "Cannot write \(path): it is there and is no regular file.", hint: "Choose another name.")
    }
    let temporary = temporaryName(for: path)
    do {
      try write(temporary)
      try SystemCall.synchronize(temporary)
      try SystemCall.rename(temporary, to: path)
      try SystemCall.synchronize(parent(of: path))
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Writes a text file atomically.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` that names the path.
  package static func publishText(_ text: String, at path: String) throws {
    try publishBytes(Array(text.utf8), at: path)
  }

  /// Writes bytes, such as an encoded picture, atomically.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` that names the path.
  package static func publishBytes(_ bytes: [UInt8], at path: String) throws {
    try publishFile(at: path) { temporary in
      // Foundation would write through a hidden file of its own, which a kill leaves behind.
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw SystemCall.writeFailure(path) }
      defer { close(descriptor) }
      var done = 0
      while done < bytes.count {
        let count = bytes.withUnsafeBytes {
          write(descriptor, $0.baseAddress! + done, min(bytes.count - done, 1 << 30))
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw SystemCall.writeFailure(path) }
        done += count
      }
    }
  }

  /// Fills a folder under a temporary name beside `path`, flushes every file in it, and renames it to `path`.
  ///
  /// - Parameter fill: receives the path of the temporary folder, which exists and is empty.
  /// - Throws: what `fill` throws (the temporary folder is removed then), or ``Failure`` of kind `inputOutput`.
  package static func publishFolder(at path: String, fill: (String) throws -> Void) throws {
    let temporary = temporaryName(for: path)
    do {
      try createFolder(temporary)
      try fill(temporary)
      for name in try FileManager.default.contentsOfDirectory(atPath: temporary) {
        try SystemCall.synchronize(temporary + "/" + name)
      }
      try SystemCall.synchronize(temporary)
      try SystemCall.rename(temporary, to: path)
      try SystemCall.synchronize(parent(of: path))
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
  }

  /// Creates a folder and its parents; does nothing where it exists.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` that names the path.
  package static func createFolder(_ path: String) throws(Failure) {
    let components = path.split(separator: "/")
    var partial = path.hasPrefix("/") ? "" : "."
    for component in components {
      partial += "/" + component
      guard mkdir(partial, 0o777) == 0 || errno == EEXIST || errno == EISDIR else {
        // A read-only or foreign parent that exists already is no obstacle by itself.
        let code = errno
        if FileManager.default.fileExists(atPath: partial) { continue }
        throw SystemCall.writeFailure(path, code: code)
      }
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      throw SystemCall.writeFailure(path, code: ENOTDIR)
    }
  }

  /// Removes what killed writers left in a folder: entries whose names carry ``temporaryMarker``.
  package static func removeLeftovers(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.contains(temporaryMarker) {
      try? FileManager.default.removeItem(atPath: folder + "/" + name)
    }
  }

  private static func temporaryName(for path: String) -> String {
    path + temporaryMarker + String(getpid())
  }

  private static func parent(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }
}
