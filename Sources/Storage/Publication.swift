import Foundation
import Runtime

/// Publishing by rename: readers see a complete file or folder under its final name, or none.
package enum Publication {
  /// The marker in the names of unfinished files and folders; leftovers of a killed writer carry it.
  package static let temporaryMarker = ".tmp-"

  /// Writes a file under a temporary name beside `path`, flushes it, and renames it to `path`.
  ///
  /// - Parameter write: receives the temporary path, and creates and closes the file there.
  /// - Throws: what `write` throws (the temporary file is removed then), or `Failure` of kind `inputOutput`.
  package static func publishFile(at path: String, write: (String) throws -> Void) throws {
    // A rename would put a file in the place of a device or a pipe.
    if let status = try? FileSystem.status(of: path), !status.isRegular {
      throw Failure(
        .inputOutput, "Cannot write \(path): it is there and is no regular file.", hint: "Choose another name.")
    }
    let temporary = temporaryPath(for: path)
    do {
      try write(temporary)
      try FileSystem.synchronize(temporary)
      try FileSystem.rename(temporary, to: path)
      try FileSystem.synchronize(parent(of: path))
    } catch {
      try? FileSystem.remove(temporary)
      throw error
    }
  }

  /// Writes a text file atomically.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package static func publishText(_ text: String, at path: String) throws {
    try publishBytes(Array(text.utf8), at: path)
  }

  /// Writes bytes, such as an encoded picture, atomically.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package static func publishBytes(_ bytes: [UInt8], at path: String) throws {
    // Foundation would write through a hidden file of its own, which a kill leaves behind.
    try publishFile(at: path) { temporary in
      let file = try File(temporary, .writing)
      try file.write(bytes)
      try file.close()
    }
  }

  /// Makes a symbolic link, or lets one that is there lead elsewhere; at any time it leads to the old target or to the new.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, also where the file system has no links.
  package static func publishLink(at path: String, to target: String) throws {
    let temporary = temporaryPath(for: path)
    try FileSystem.remove(temporary)
    do {
      try FileSystem.makeLink(temporary, to: target)
      try FileSystem.rename(temporary, to: path)
      try FileSystem.synchronize(parent(of: path))
    } catch {
      try? FileSystem.remove(temporary)
      throw error
    }
  }

  /// Fills a folder under a temporary name beside `path`, flushes every file in it, and renames it to `path`.
  ///
  /// - Parameters:
  ///   - makeWay: removes what is at `path` already, once the new folder is whole.
  ///   - fill: receives the path of the temporary folder, which exists and is empty.
  /// - Throws: what `fill` throws (the temporary folder is removed then), or `Failure` of kind `inputOutput`.
  package static func publishFolder(
    at path: String, makeWay: () throws -> Void = {}, fill: (String) throws -> Void
  ) throws {
    removeAbandoned(for: path)
    let temporary = temporaryPath(for: path)
    do {
      try FileSystem.createFolder(temporary)
      try fill(temporary)
      for name in try FileSystem.names(in: temporary) {
        try FileSystem.synchronize(temporary.appending(path: name))
      }
      try FileSystem.synchronize(temporary)
      try makeWay()
      try FileSystem.rename(temporary, to: path)
      try FileSystem.synchronize(parent(of: path))
    } catch {
      try? FileSystem.removeTree(temporary)
      throw error
    }
  }

  /// Removes what killed writers left in a folder: entries whose names carry ``temporaryMarker``. What cannot be removed
  /// stays.
  package static func removeLeftovers(in folder: String) {
    for name in (try? FileSystem.names(in: folder)) ?? [] where name.contains(temporaryMarker) {
      try? FileSystem.removeTree(folder.appending(path: name))
    }
  }

  /// The other process that is at work on an unfinished file of this name, if it lives on this host.
  package static func writer(of name: String) -> pid_t? {
    guard name.contains(temporaryMarker),
      let process = name.components(separatedBy: temporaryMarker).last.flatMap(pid_t.init), process != getpid(),
      kill(process, 0) == 0
    else { return nil }
    return process
  }

  /// Removes what killed processes left of a folder that was to have the path `path`.
  private static func removeAbandoned(for path: String) {
    let (folder, prefix) = (parent(of: path), (path as NSString).lastPathComponent + temporaryMarker)
    for name in (try? FileSystem.names(in: folder)) ?? [] where name.hasPrefix(prefix) && writer(of: name) == nil {
      try? FileSystem.removeTree(folder.appending(path: name))
    }
  }

  /// Where this process writes what is to have the path `path`.
  package static func temporaryPath(for path: String) -> String { path + temporaryMarker + String(getpid()) }

  /// The path that an unfinished file is to have, or that of any other file as it is.
  static func finalPath(of path: String) -> String {
    guard path.contains(temporaryMarker) else { return path }
    let components = path.split(separator: "/", omittingEmptySubsequences: false)
    return components.map { $0.components(separatedBy: temporaryMarker)[0] }.joined(separator: "/")
  }

  private static func parent(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }
}
