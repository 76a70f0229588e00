import Synchronization

/// Which buckets have all their gradients, as backward reports the ranges of parameters that it is done with.
///
/// All ranks exchange buckets in the same order, so a bucket is ready only when those before it are. One thread reports, any may
/// look.
final class BucketReadiness: Sendable {
  private struct State {
    var readyCount = 0
    var missing: [Int]  // elements of each bucket whose gradients are not complete
  }

  private let buckets: [Range<Int>]  // from the end of the buffer to its start
  private let state: Mutex<State>

  /// No bucket is ready, unless it is empty.
  init(_ buckets: [Range<Int>]) {
    self.buckets = buckets
    state = Mutex(State(missing: buckets.map(\.count)))
  }

  /// The buckets that are ready: the first so many.
  var readyCount: Int { state.withLock { $0.readyCount } }

  /// Takes a range whose gradients are complete; each element is reported once a step.
  func finish(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    state.withLock { state in
      // Ranges come about in the order of the buckets, so those that are ready need not be looked at.
      for index in state.readyCount..<buckets.count {
        let bucket = buckets[index]
        guard bucket.upperBound > range.lowerBound else { break }
        state.missing[index] -= bucket.clamped(to: range).count
        precondition(state.missing[index] >= 0, "gradients among \(range) were reported twice")
      }
      while state.readyCount < buckets.count, state.missing[state.readyCount] == 0 { state.readyCount += 1 }
    }
  }

  /// Takes all that has not been reported.
  func finishAll() {
    state.withLock { $0 = State(readyCount: buckets.count, missing: [Int](repeating: 0, count: buckets.count)) }
  }

  /// Begins the next step.
  func reset() { state.withLock { $0 = State(missing: buckets.map(\.count)) } }
}
