import Foundation
import Runtime

/// What was wrong with pairs that were skipped: the first failure of each file, for the log.
package final class BadPairReports: @unchecked Sendable {
  /// A file, and what was wrong with the first of its pairs.
  package struct Report: Sendable, Equatable {
    /// The file; "" for pairs in memory.
    package let file: String
    /// What was wrong.
    package let sentence: String
  }

  private let lock = NSLock()
  private var files: Set<String> = []
  private var news: [Report] = []

  /// Nothing yet.
  package init() {}

  /// Whether there is something that ``take()`` has not returned yet.
  package var hasNews: Bool {
    lock.lock()
    defer { lock.unlock() }
    return !news.isEmpty
  }

  /// What was noted since the last call.
  package func take() -> [Report] {
    lock.lock()
    defer { lock.unlock() }
    defer { news = [] }
    return news
  }

  /// Notes a failure unless its file is known already; false for failures that are not the data's.
  func note(_ failure: Failure, file: String) -> Bool {
    guard [.badData, .noInput, .inputOutput].contains(failure.kind) else { return false }
    lock.lock()
    defer { lock.unlock() }
    if files.insert(file).inserted { news.append(Report(file: file, sentence: failure.message)) }
    return true
  }
}
