import Foundation
import Synchronization

/// How far the elements of a buffer have come that somebody else brings, from its start on; at first all are there.
///
/// One thread brings, any may wait.
package final class Arrival: @unchecked Sendable {
  private let end = Atomic<Int>(.max)
  private let condition = NSCondition()

  /// All elements are there.
  package init() {}

  /// Nothing is there any more: new elements are on their way.
  package func begin() { end.store(0, ordering: .releasing) }

  /// The elements before `end` have come.
  package func advance(to end: Int) {
    condition.withLock { self.end.store(end, ordering: .releasing) }
    condition.broadcast()
  }

  /// Whether the elements before `end` have come.
  package func hasCome(to end: Int) -> Bool { self.end.load(ordering: .acquiring) >= end }

  /// Waits until the elements before `end` have come.
  package func wait(for end: Int) {
    guard !hasCome(to: end) else { return }
    condition.withLock { while !hasCome(to: end) { condition.wait() } }
  }
}
