import Foundation
import Runtime
import Storage

/// How a run ended before its last step, as the last line of its log tells it.
package struct RunEnding: Sendable, Equatable {
  /// The exit code.
  package let code: Int32
  /// What happened, and what to do.
  package let sentence: String

  /// An ending as it is told to the user.
  package init(code: Int32, sentence: String) { (self.code, self.sentence) = (code, sentence) }

  /// The ending that a line of the log tells, which begins with the time; nil where it tells something else.
  package init?(logLine line: some StringProtocol) {
    let words = line.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[1].hasPrefix(Self.opening) else { return nil }
    let parts = words[1].dropFirst(Self.opening.count).split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let code = Int32(parts[0]) else { return nil }
    self.init(code: code, sentence: parts[1].trimmingCharacters(in: .whitespaces))
  }

  /// Adds the line to the log of a run, from any rank that sees its folder and any thread.
  package func write(to folder: RunFolder) {
    guard FileSystem.exists(folder.logFile) else { return }
    // A full disk may be the very reason why the run ends.
    guard let log = try? RunLog(path: folder.logFile, listener: { _, _ in }) else { return }
    log(.info, "\(Self.opening)\(code): \(sentence.replacing("\n", with: " "))")
  }

  private static let opening = "Ended with code "
}
