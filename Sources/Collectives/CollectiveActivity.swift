import Synchronization

/// How many collective calls a rank has entered, and the one that it is in: for threads that watch it.
package final class CollectiveActivity: Sendable {
  private let state = Mutex<(count: Int, call: String?)>((0, nil))

  /// No call yet.
  package init() {}

  /// The collective calls entered so far, and the call under way, such as "MPI_Allreduce".
  package var current: (count: Int, call: String?) { state.withLock { $0 } }

  /// Makes a call.
  ///
  /// - Parameter isNew: false where it waits for a collective that was entered before.
  func during<Result>(_ call: String, isNew: Bool, _ body: () -> Result) -> Result {
    state.withLock { $0 = ($0.count + (isNew ? 1 : 0), call) }
    defer { state.withLock { $0.call = nil } }
    return body()
  }
}
