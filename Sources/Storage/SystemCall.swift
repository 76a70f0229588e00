import Foundation
import Runtime

/// The few system calls that Foundation hides or does without error codes, each with a typed failure.
package enum SystemCall {
  /// The text of the current `errno`, such as "No space left on device".
  package static func errorText(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

  /// Flushes a file or a folder to the disk (`fsync`).
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` that names the path.
  package static func synchronize(_ path: String) throws(Failure) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw writeFailure(path) }
    defer { close(descriptor) }
    // EINVAL: a file system that cannot flush a folder (some network mounts); there is nothing to do then.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw writeFailure(path) }
  }

  /// Renames atomically within a file system (`rename`).
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` that names both paths.
  package static func rename(_ source: String, to target: String) throws(Failure) {
    guard Foundation.rename(source, target) == 0 else {
      throw Failure(.inputOutput, "Cannot rename \(source) to \(target): \(errorText()).")
    }
  }

  /// The failure of a write to `path`, from `errno`.
  package static func writeFailure(_ path: String, code: Int32 = errno) -> Failure {
    let hint: Advice? =
      switch code {
      case ENOSPC, EDQUOT: "Free some space or choose another \(.output)."
      case EACCES, EROFS, EPERM: "Choose an \(.output) that you may write to."
      default: nil
      }
    return Failure(.inputOutput, "Cannot write \(path): \(errorText(code)).", hint: hint)
  }

  /// The failure of a read from `path`, from `errno`: `noInput` where it is missing or forbidden, else `inputOutput`.
  package static func readFailure(_ path: String, code: Int32 = errno) -> Failure {
    let missing = code == ENOENT || code == ENOTDIR || code == EACCES
    return Failure(missing ? .noInput : .inputOutput, "Cannot read \(path): \(errorText(code)).")
  }
}
