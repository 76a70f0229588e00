import Foundation
import Runtime

/// Files and folders by their paths: looking, listing, renaming, removing.
package enum FileSystem {
  // MARK: Looking

  /// What the system knows of what lies at a path, links followed.
  ///
  /// - Throws: `Failure` of kind `noInput` (missing) or `inputOutput`.
  package static func status(of path: String) throws(Failure) -> FileStatus {
    do throws(SystemError) {
      return try look(path)
    } catch {
      throw .cannotRead(path, code: error.code)
    }
  }

  /// Whether something lies at a path.
  package static func exists(_ path: String) -> Bool { (try? look(path)) != nil }

  /// Whether a folder lies at a path.
  package static func isFolder(_ path: String) -> Bool { (try? look(path))?.isFolder ?? false }

  /// Whether a regular file lies at a path.
  package static func isFile(_ path: String) -> Bool { (try? look(path))?.isRegular ?? false }

  /// Whether a program lies at a path.
  package static func isExecutable(_ path: String) -> Bool {
    (try? SystemCall.perform(.look, path) { _ in Int(access(path.systemPath, X_OK)) }) != nil
  }

  /// Refuses a folder in which this process may not make files.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names it.
  package static func checkWritable(_ folder: String) throws(Failure) {
    try change(.look, folder) { Int(access(folder.systemPath, W_OK | X_OK)) }
  }

  /// The bytes that this process may still write where a path lies or will lie; nil where the system does not tell.
  package static func freeBytes(at path: String) -> Int? {
    var folder = path
    while !exists(folder) {
      let parent = (folder as NSString).deletingLastPathComponent
      if parent.isEmpty || parent == folder { break }
      folder = parent
    }
    var status = statvfs()
    let place = exists(folder) ? folder : "."
    guard (try? SystemCall.perform(.look, place) { _ in Int(statvfs(place.systemPath, &status)) }) != nil else {
      return nil
    }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// An absolute path without links, or the path itself where it leads nowhere.
  package static func resolved(_ path: String) -> String {
    guard let real = realpath(path.systemPath, nil) else { return path }
    defer { free(real) }
    return String(pathBytes: UnsafeRawBufferPointer(start: real, count: strlen(real)))
  }

  /// What the link at a path holds, which may be relative to the link's folder; nil where there is no link.
  package static func linkTarget(_ path: String) -> String? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = try? SystemCall.perform(.look, path) { _ in readlink(path.systemPath, &target, target.count) }
    return length.map { String(pathBytes: target.prefix($0).map { UInt8(bitPattern: $0) }) }
  }

  /// The names in a folder, in no order; none where there is no such folder.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, or `noInput` where it may not be read.
  package static func names(in folder: String) throws(Failure) -> [String] {
    var names: [String] = []
    do throws(SystemError) {
      try SystemCall.perform(.list, folder) { _ in
        guard let stream = opendir(folder.systemPath) else { return -1 }
        defer { closedir(stream) }
        names = []
        errno = 0
        while let entry = readdir(stream) {
          let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(pathBytes: $0.prefix { $0 != 0 }) }
          if name != "." && name != ".." { names.append(name) }
        }
        return errno == 0 ? 0 : -1
      }
    } catch {
      guard error.code != ENOENT else { return [] }
      throw .cannotRead(folder, code: error.code)
    }
    return names
  }

  private static func look(_ path: String, followingLinks: Bool = true) throws(SystemError) -> FileStatus {
    var status = stat()
    let name = path.systemPath
    try SystemCall.perform(.look, path) { _ in Int(followingLinks ? stat(name, &status) : lstat(name, &status)) }
    return FileStatus(status)
  }

  // MARK: Changing

  /// Renames atomically within a file system (`rename`), over what has the name already.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names both paths.
  package static func rename(_ source: String, to target: String) throws(Failure) {
    do throws(SystemError) {
      try SystemCall.perform(.rename, source) { _ in Int(Foundation.rename(source.systemPath, target.systemPath)) }
    } catch {
      throw Failure(.inputOutput, "Cannot rename \(source) to \(target): \(Failure.systemText(error.code)).")
    }
  }

  /// Gives a file a second name; false where the file system cannot, or the name is taken.
  package static func link(_ source: String, as target: String) -> Bool {
    let call = { (_: Int) in
      Int(linkat(AT_FDCWD, source.systemPath, AT_FDCWD, target.systemPath, AT_SYMLINK_FOLLOW))
    }
    return (try? SystemCall.perform(.link, target, call)) != nil
  }

  /// Makes a symbolic link, whose target need not be there.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, also where the path is taken.
  static func makeLink(_ path: String, to target: String) throws(Failure) {
    try change(.link, path) { Int(symlink(target.systemPath, path.systemPath)) }
  }

  /// Flushes a file or a folder to the disk (`fsync`).
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package static func synchronize(_ path: String) throws(Failure) {
    try File(path, .flushing).synchronize()
  }

  /// Creates a folder and its parents; does nothing where it exists.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package static func createFolder(_ path: String) throws(Failure) {
    var partial = path.hasPrefix("/") ? "" : "."
    for component in path.split(separator: "/") {
      partial += "/" + component
      do throws(SystemError) {
        try SystemCall.perform(.createFolder, partial) { _ in Int(mkdir(partial.systemPath, 0o777)) }
      } catch {
        // A read-only or foreign parent that exists already is no obstacle by itself.
        guard !exists(partial) else { continue }
        throw .cannotWrite(path, code: error.code)
      }
    }
    guard isFolder(path) else { throw .cannotWrite(path, code: ENOTDIR) }
  }

  /// Removes a file; does nothing where there is none.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package static func remove(_ path: String) throws(Failure) {
    try change(.remove, path, unless: ENOENT) { Int(unlink(path.systemPath)) }
  }

  /// Removes a folder with all that is in it, or a file; links are not followed. Does nothing where there is none.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package static func removeTree(_ path: String) throws(Failure) {
    guard let status = try? look(path, followingLinks: false) else { return }
    guard status.isFolder else { return try remove(path) }
    for name in try names(in: path) { try removeTree(path.appending(path: name)) }
    try removeFolder(path)
  }

  /// Removes an empty folder; does nothing where there is none.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, also where it is not empty.
  package static func removeFolder(_ path: String) throws(Failure) {
    try change(.remove, path, unless: ENOENT) { Int(rmdir(path.systemPath)) }
  }

  private static func change(
    _ kind: FileCall.Kind, _ path: String, unless accepted: Int32? = nil, _ body: () -> Int
  ) throws(Failure) {
    do throws(SystemError) {
      try SystemCall.perform(kind, path) { _ in body() }
    } catch {
      guard error.code != accepted else { return }
      throw .cannotWrite(path, code: error.code)
    }
  }
}
