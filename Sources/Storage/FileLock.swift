import Foundation
import Runtime

/// An exclusive lock on a file (`flock`), held as long as the object exists; a kill releases it, on every host.
package final class FileLock: Sendable {
  /// The open file, for reading and writing.
  package let descriptor: Int32

  /// Takes the lock of a file, which is made where it is missing; nil where another process holds it, or has removed it meanwhile.
  ///
  /// File systems without locks (ENOLCK, EOPNOTSUPP) cannot tell; there it is always taken.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where the file cannot be made.
  package init?(_ path: String) throws(Failure) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemCall.writeFailure(path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { return nil }
    // A holder may have removed the file before it let go: then this is the lock of nothing.
    var (mine, there) = (stat(), stat())
    guard fstat(descriptor, &mine) == 0, stat(path, &there) == 0, mine.st_ino == there.st_ino else { return nil }
  }

  deinit { close(descriptor) }
}
