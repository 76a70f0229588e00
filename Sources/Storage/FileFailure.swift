import Foundation
import Runtime

extension Failure {
  /// The failure of a write to `path`, of kind `inputOutput`. Unfinished files are called by the name that they are to have.
  package static func cannotWrite(_ path: String, code: Int32) -> Failure {
    let hint: Advice? =
      switch code {
      case ENOSPC, EDQUOT: "Free some space or choose another \(.output)."
      case EACCES, EROFS, EPERM: "Choose an \(.output) that you may write to."
      default: nil
      }
    let name = Publication.finalPath(of: path)
    return Failure(.inputOutput, "Cannot write \(name): \(systemText(code)).", hint: hint)
  }

  /// The failure of a read from `path`: of kind `noInput` where it is missing or forbidden, else `inputOutput`.
  package static func cannotRead(_ path: String, code: Int32) -> Failure {
    let isMissing = code == ENOENT || code == ENOTDIR || code == EACCES
    return Failure(isMissing ? .noInput : .inputOutput, "Cannot read \(path): \(systemText(code)).")
  }

  /// The `errno` that another library's text of a failure names: "... errno = 28, ...".
  package static func systemCode(namedIn text: String) -> Int32? {
    guard let name = text.range(of: "errno = ") else { return nil }
    return Int32(text[name.upperBound...].prefix { $0.isNumber })
  }

  /// The system's words for an `errno`, such as "No space left on device".
  package static func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }
}
