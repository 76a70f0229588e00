import Foundation
import Storage

/// Keeps other processes from training in a run folder, as long as it exists (`flock`).
final class RunLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of a folder.
  ///
  /// - Throws: `Failure` of kind `usage` where another process trains there, `inputOutput` where nothing can be written.
  init(_ folder: RunFolder) throws(Failure) {
    descriptor = open(folder.lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemCall.writeFailure(folder.lockFile) }
    // File systems without locks (ENOLCK, EOPNOTSUPP) cannot tell; then nothing is refused.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      // The object is complete: deinit closes the file.
      throw Failure(
        .usage, "Another process trains in \(folder.path) right now.", hint: "Wait for it, or choose another --output.")
    }
  }

  deinit { close(descriptor) }
}
