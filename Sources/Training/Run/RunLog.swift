import Foundation
import Runtime
import Storage

/// What rank 0 says: to `log.txt` with the time, and to the listener that the command line gives.
package final class RunLog {
  /// What a line is.
  package enum Level: String, Sendable {
    /// The line of a step.
    case step
    /// Anything else of interest.
    case info
    /// Something that the user should look at.
    case warning
  }

  private let file: File?
  private let listener: (Level, String) -> Void

  /// A log that writes to `path`, if any, and calls `listener`.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the file.
  package init(path: String?, listener: @escaping (Level, String) -> Void) throws(Failure) {
    if let path { file = try File(path, .appending) } else { file = nil }
    self.listener = listener
  }

  /// A log that nobody reads: that of all ranks but the first.
  package static var silent: RunLog {
    guard let log = try? RunLog(path: nil, listener: { _, _ in }) else {
      preconditionFailure("a log without a file opens none")
    }
    return log
  }

  /// Says a line.
  package func callAsFunction(_ level: Level, _ text: String) {
    let prefix = level == .warning ? "warning: " : ""
    // A log that cannot be written must not end a run; a full disk shows in the metrics and checkpoints.
    try? file?.write(Array("\(Date().ISO8601Format()) \(prefix)\(text)\n".utf8))
    listener(level, text)
  }
}
