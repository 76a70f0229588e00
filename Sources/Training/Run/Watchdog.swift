import Foundation
import Synchronization

/// Notices a rank that makes no progress: MPI has no time limit, so that one hung rank would keep all others waiting
/// for ever.
package final class Watchdog: Sendable {
  private struct Progress {
    var time: ContinuousClock.Instant
    var phase: String
    var isStopped = false
  }

  private let progress: Mutex<Progress>

  /// Starts watching in a thread of its own.
  ///
  /// - Parameters:
  ///   - seconds: the longest time between two calls of ``note(_:)``.
  ///   - bite: called once, from the watching thread, with the phase that hangs.
  package init(seconds: Double, bite: @escaping @Sendable (_ phase: String) -> Void) {
    progress = Mutex(Progress(time: ContinuousClock.now, phase: "start"))
    let thread = Thread { [weak self] in
      let interval = min(1, seconds / 10)
      while true {
        Thread.sleep(forTimeInterval: interval)
        guard let state = self?.progress.withLock({ $0 }), !state.isStopped else { return }
        if ContinuousClock.now - state.time > .seconds(seconds) { return bite(state.phase) }
      }
    }
    thread.name = "croco-watchdog"
    thread.start()
  }

  /// Tells that the run goes on, and with what.
  package func note(_ phase: String) {
    progress.withLock {
      $0.time = ContinuousClock.now
      $0.phase = phase
    }
  }

  /// Ends the watch.
  package func stop() { progress.withLock { $0.isStopped = true } }
}
