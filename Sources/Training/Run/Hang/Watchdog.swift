import Collectives
import Foundation
import Synchronization

/// Notices a run that does not move on: MPI has no time limit, so that one hung rank would keep all others waiting for ever.
package final class Watchdog: Sendable {
  private struct State {
    var idle = 0.0
    var phase = "the start of the run"
    var stage: StepStage?
    var patience: Patience
    var isStopped = false
  }

  private let state: Mutex<State>
  private let communicator: any Communicator
  private let board: RankBoard?

  /// Starts watching in a thread of its own.
  ///
  /// - Parameters:
  ///   - limit: the longest time without a ``note(_:)`` on any rank. Time for which this process is stopped does not count.
  ///   - communicator: the ranks of the run.
  ///   - folder: where the ranks tell each other where they are; nil where there is one rank.
  ///   - bite: called once, from the watching thread, with a sentence that says which rank hangs.
  package init(
    _ limit: HangLimit, communicator: any Communicator, folder: String? = nil,
    bite: @escaping @Sendable (_ sentence: String) -> Void
  ) {
    self.communicator = communicator
    state = Mutex(State(patience: Patience(limit, ranks: communicator.size)))
    let (rank, size) = (communicator.rank, communicator.size)
    board = folder.map { RankBoard($0, rank: rank, of: size) }
    let thread = Thread { [weak self] in
      var interval = 0.0
      while true {
        let passed = Self.pause(interval)
        guard let self, let position = self.position(after: passed) else { return }
        interval = min(1, position.limit / 20)
        guard position.idle > position.limit else { continue }
        let standstill = Standstill(rank: rank, of: size, own: position, others: self.board?.sightings ?? [:])
        if standstill.isDue { return bite(standstill.sentence) }
      }
    }
    thread.name = "croco-watchdog"
    thread.start()
    board?.start { [weak self] in self?.position(after: 0) }
  }

  /// Tells that the run goes on, and with what.
  package func note(_ phase: String) {
    state.withLock { ($0.idle, $0.phase, $0.stage) = (0, phase, nil) }
  }

  /// Tells that the run has come to a stage of a step.
  func note(_ stage: StepStage) {
    state.withLock { ($0.idle, $0.stage) = (0, stage) }
  }

  /// Learns from a step of so many seconds how long steps take.
  func count(step seconds: Double) { state.withLock { $0.patience.add(step: seconds) } }

  /// Ends the watch.
  package func stop() {
    state.withLock { $0.isStopped = true }
    board?.close()
  }

  /// Where this rank is after `seconds` more; nil once the watch has ended.
  private func position(after seconds: Double) -> RankPosition? {
    let state = state.withLock {
      $0.idle += seconds
      return $0
    }
    guard !state.isStopped else { return nil }
    let activity = communicator.activity.current
    return RankPosition(
      host: communicator.hostName, phase: state.phase + (state.stage.map { " (\($0.activity))" } ?? ""),
      idle: state.idle, limit: state.patience.seconds(in: state.stage), calls: activity.count, call: activity.call)
  }

  /// Sleeps, and gives the seconds that have passed; where the process was stopped meanwhile, without most of that.
  private static func pause(_ seconds: Double) -> Double {
    let start = ContinuousClock.now
    Thread.sleep(forTimeInterval: seconds)
    return min((ContinuousClock.now - start) / .seconds(1), 2 * seconds)
  }
}
