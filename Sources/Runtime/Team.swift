import Foundation
import Synchronization

/// Threads that run a task together.
final class Team: @unchecked Sendable {
  /// Of one thread, that waits for nobody.
  static let alone = Team(size: 1)

  let size: Int
  /// The task that all run; written by member 0 while the others wait.
  fileprivate var task: Int?
  private let arrived = Atomic<Int>(0)
  private let meetings = Atomic<Int>(0)
  private let condition = NSCondition()

  init(size: Int) { self.size = size }

  /// Waits until all threads have come: awake for some tens of microseconds, as the last is mostly near, then asleep, as it may
  /// wait for the core.
  func meet() {
    guard size > 1 else { return }
    let before = meetings.load(ordering: .relaxed)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == size {
      arrived.store(0, ordering: .relaxed)
      condition.withLock { _ = meetings.add(1, ordering: .releasing) }
      condition.broadcast()
      return
    }
    for _ in 0..<20_000 where meetings.load(ordering: .acquiring) != before { return }
    condition.withLock { while meetings.load(ordering: .acquiring) == before { condition.wait() } }
  }
}

/// A thread's place in the team that runs a task.
package struct TeamMember: Sendable {
  /// The worker of the pool, for scratch memory.
  package let worker: Int
  /// The number within the team.
  package let index: Int
  private let team: Team

  /// A worker that is alone.
  init(worker: Int) { self.init(worker: worker, index: 0, of: .alone) }

  init(worker: Int, index: Int, of team: Team) {
    (self.worker, self.index, self.team) = (worker, index, team)
  }

  /// The threads of the team.
  package var teamSize: Int { team.size }

  /// The worker that is the team's first member.
  package var leader: Int { worker - index }

  /// Waits until all threads of the team are here. Each must come as often as the others.
  package func join() { team.meet() }

  /// The team's next task, which its first member takes by `take`, once all are through with the last.
  func take(_ take: () -> Int?) -> Int? {
    team.meet()
    if index == 0 { team.task = take() }
    team.meet()
    return team.task
  }
}
