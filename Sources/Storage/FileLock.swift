import Foundation

/// An exclusive lock on a file (`flock`), held as long as the object exists; a kill releases it, on every host.
public final class FileLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of a file, which is made where it is missing; nil where another process holds it.
  ///
  /// File systems without locks (ENOLCK, EOPNOTSUPP) cannot tell; there it is always taken.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where the file cannot be made.
  public init?(_ path: String) throws(Failure) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemCall.writeFailure(path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { return nil }
  }

  deinit { close(descriptor) }
}
