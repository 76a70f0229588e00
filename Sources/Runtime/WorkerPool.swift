import Foundation
import Synchronization

/// A fixed set of threads that runs numbered tasks: the parallel-for of everything in croco.
///
/// Tasks are handed out in order to whichever worker is free; which worker runs a task, and how many there are, must not
/// matter to its result. The calling thread is worker 0. One `run` at a time; tasks must not call `run`.
package final class WorkerPool: Sendable {
  /// The number of workers, the calling thread included.
  package let workerCount: Int

  private let shift: Shift

  /// Starts `workerCount - 1` threads, which debuggers show under `name` and a number.
  package init(workerCount: Int, name: String = "croco") {
    precondition(workerCount >= 1, "a pool needs at least one worker, not \(workerCount)")
    self.workerCount = workerCount
    let shift = Shift(helperCount: workerCount - 1)
    self.shift = shift
    for worker in 1..<max(1, workerCount) {
      // The threads hold the shift, not the pool, which can so go away and end them.
      let thread = Thread { shift.serve(worker) }
      thread.name = "\(name)-\(worker)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit { shift.end() }

  /// Runs tasks 0 ..< `tasks` and returns when all are done.
  ///
  /// - Parameter body: receives the task and the worker (0 ..< `workerCount`) that runs it, for scratch memory.
  package func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard tasks > 1, workerCount > 1 else {
      for task in 0..<max(0, tasks) where !shift.leavesOut() { body(task, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      shift.run(tasks) { [shift] task, worker in
        if !shift.leavesOut() { body(task, worker) }
      }
    }
  }

  /// Runs tasks 0 ..< `tasks`, each on all threads of a team at the same time, and returns when all are done.
  ///
  /// A task that is called off is left out by its whole team.
  ///
  /// - Parameters:
  ///   - size: workers of a team, as many teams as there are workers for; one is as in ``run(_:_:)``.
  ///   - body: receives the task and which member of a team runs it.
  package func run(_ tasks: Int, byTeamsOf size: Int, _ body: (_ task: Int, _ member: TeamMember) -> Void) {
    precondition((1...workerCount).contains(size), "\(workerCount) workers are no team of \(size)")
    guard size > 1 else { return run(tasks) { task, worker in body(task, TeamMember(worker: worker)) } }
    let teams = (0..<min(tasks, workerCount / size)).map { _ in Team(size: size) }
    let nextTask = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      // A worker does not come back before its team is through, so that each has one place.
      shift.run(teams.count * size) { [shift] place, _ in
        let member = TeamMember(worker: place, index: place % size, of: teams[place / size])
        while let task = member.take({
          let task = nextTask.add(1, ordering: .relaxed).oldValue
          return task < tasks && !shift.leavesOut() ? task : nil
        }) {
          body(task, member)
        }
      }
    }
  }

  /// Runs `body`, whose tasks are left out as soon as `isCalledOff` holds: then it is soon over, and what it computed is
  /// of no use.
  ///
  /// - Parameter isCalledOff: asked by any worker before each task; once true, it stays so.
  /// - Returns: whether no task was left out.
  package func run(unless isCalledOff: @escaping @Sendable () -> Bool, _ body: () -> Void) -> Bool {
    shift.watch(isCalledOff)
    body()
    return !shift.endWatch()
  }
}

/// What the threads of a pool share.
private final class Shift: @unchecked Sendable {
  typealias Body = (_ task: Int, _ worker: Int) -> Void

  private let helperCount: Int
  private let nextTask = Atomic<Int>(0)
  private let hasLeftOut = Atomic<Bool>(false)
  // Changed between runs only, by the thread that makes them.
  private var isCalledOff: (@Sendable () -> Bool)?
  // All below is guarded by `mutex`.
  private var mutex = pthread_mutex_t()
  private var wake = pthread_cond_t()
  private var done = pthread_cond_t()
  private var generation = 0
  private var running: Int
  private var taskCount = 0
  private var body: Body?
  private var isEnding = false

  init(helperCount: Int) {
    self.helperCount = helperCount
    // Until they reach their loop, the helpers count as busy.
    running = helperCount
    pthread_mutex_init(&mutex, nil)
    pthread_cond_init(&wake, nil)
    pthread_cond_init(&done, nil)
  }

  deinit {
    pthread_cond_destroy(&done)
    pthread_cond_destroy(&wake)
    pthread_mutex_destroy(&mutex)
  }

  func watch(_ isCalledOff: @escaping @Sendable () -> Bool) {
    hasLeftOut.store(false, ordering: .relaxed)
    self.isCalledOff = isCalledOff
  }

  /// Whether a task was left out meanwhile.
  func endWatch() -> Bool {
    isCalledOff = nil
    return hasLeftOut.load(ordering: .relaxed)
  }

  /// Whether the next task is to be left out, which is noted.
  func leavesOut() -> Bool {
    guard let isCalledOff, isCalledOff() else { return false }
    hasLeftOut.store(true, ordering: .relaxed)
    return true
  }

  func run(_ tasks: Int, _ body: @escaping Body) {
    pthread_mutex_lock(&mutex)
    while running > 0 { pthread_cond_wait(&done, &mutex) }
    self.body = body
    taskCount = tasks
    nextTask.store(0, ordering: .relaxed)
    running = helperCount
    generation += 1
    pthread_cond_broadcast(&wake)
    pthread_mutex_unlock(&mutex)
    drain(body, tasks, 0)
    pthread_mutex_lock(&mutex)
    while running > 0 { pthread_cond_wait(&done, &mutex) }
    self.body = nil
    pthread_mutex_unlock(&mutex)
  }

  /// Tells the helpers to go home; does not wait for them, for they hold this object and nothing of the pool's user.
  func end() {
    pthread_mutex_lock(&mutex)
    isEnding = true
    generation += 1
    pthread_cond_broadcast(&wake)
    pthread_mutex_unlock(&mutex)
  }

  func serve(_ worker: Int) {
    var seen = 0
    pthread_mutex_lock(&mutex)
    while true {
      running -= 1
      if running == 0 { pthread_cond_signal(&done) }
      while generation == seen { pthread_cond_wait(&wake, &mutex) }
      seen = generation
      if isEnding { break }
      let (body, tasks) = (body!, taskCount)
      pthread_mutex_unlock(&mutex)
      drain(body, tasks, worker)
      pthread_mutex_lock(&mutex)
    }
    pthread_mutex_unlock(&mutex)
  }

  private func drain(_ body: Body, _ tasks: Int, _ worker: Int) {
    while true {
      let task = nextTask.add(1, ordering: .relaxed).oldValue
      if task >= tasks { return }
      body(task, worker)
    }
  }
}
