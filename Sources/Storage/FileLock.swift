import Foundation
import Runtime

/// An exclusive lock on a file (`flock`), held as long as the object exists; a kill releases it, on every host.
package final class FileLock: Sendable {
  /// The open file, for reading and writing.
  package let file: File

  /// Takes the lock of a file, which is made where it is missing; nil where another process holds it, or has removed it
  /// meanwhile.
  ///
  /// File systems without locks (ENOLCK, EOPNOTSUPP) cannot tell; there it is always taken.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where the file cannot be made.
  package init?(_ path: String) throws(Failure) {
    file = try File(path, .updatingOrCreating)
    guard Self.take(file) else { return nil }
    // A holder may have removed the file before it let go: then this is the lock of nothing.
    guard let there = try? FileSystem.status(of: path), try file.status().identity.isSameFile(as: there.identity) else {
      return nil
    }
  }

  /// Asks again for half a second: whoever starts a program holds a copy of its open files until that begins, after the lock was let go.
  private static func take(_ file: File) -> Bool {
    for _ in 0..<10 {
      if file.takeLock() { return true }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return file.takeLock()
  }
}
