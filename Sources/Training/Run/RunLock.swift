import Runtime
import Storage

/// Keeps other processes from training in a run folder, as long as it exists.
final class RunLock: Sendable {
  private let lock: FileLock

  /// Takes the lock of a folder.
  ///
  /// - Throws: `Failure` of kind `interrupted` where another process trains there, `inputOutput` where nothing can be written.
  init(_ folder: RunFolder) throws(Failure) {
    guard let lock = try FileLock(folder.lockFile) else {
      throw Failure(
        .interrupted, "Another process trains in \(folder.path) right now.",
        hint: "Wait for it, or choose another \(.output).")
    }
    self.lock = lock
  }
}
