import Foundation
import Synchronization

/// A fixed set of threads that runs numbered tasks: the parallel-for of everything in croco.
///
/// Tasks are handed out in order to whichever worker is free; which worker runs a task, and how many there are, must not
/// matter to its result. The calling thread is worker 0. One `run` at a time; tasks must not call `run`.
public final class WorkerPool: @unchecked Sendable {
  /// The number of workers, the calling thread included.
  public let workerCount: Int

  private typealias Body = (_ task: Int, _ worker: Int) -> Void

  // All below is guarded by `mutex`, but for `nextTask`, from which the workers draw without it.
  private var mutex = pthread_mutex_t()
  private var wake = pthread_cond_t()
  private var done = pthread_cond_t()
  private var threads: [Thread] = []
  private var generation = 0
  private var running = 0
  private var taskCount = 0
  private var body: Body?
  private var isStopping = false
  private let nextTask = Atomic<Int>(0)

  /// Starts `workerCount - 1` threads.
  public init(workerCount: Int) {
    precondition(workerCount >= 1, "a pool needs at least one worker, not \(workerCount)")
    self.workerCount = workerCount
    pthread_mutex_init(&mutex, nil)
    pthread_cond_init(&wake, nil)
    pthread_cond_init(&done, nil)
    for worker in 1..<max(1, workerCount) {
      let thread = Thread { [unowned self] in serve(worker) }
      thread.name = "croco-\(worker)"
      thread.stackSize = 8 << 20
      threads.append(thread)
      running += 1
      thread.start()
    }
    // A thread that has not yet reached its loop must not outlive the pool unseen.
    pthread_mutex_lock(&mutex)
    while running > 0 { pthread_cond_wait(&done, &mutex) }
    pthread_mutex_unlock(&mutex)
  }

  deinit {
    pthread_mutex_lock(&mutex)
    isStopping = true
    generation += 1
    running = workerCount - 1
    pthread_cond_broadcast(&wake)
    while running > 0 { pthread_cond_wait(&done, &mutex) }
    pthread_mutex_unlock(&mutex)
  }

  /// Runs tasks 0 ..< `tasks` and returns when all are done.
  ///
  /// - Parameter body: receives the task and the worker (0 ..< `workerCount`) that runs it, for scratch memory.
  public func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard tasks > 1, workerCount > 1 else {
      for task in 0..<max(0, tasks) { body(task, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      pthread_mutex_lock(&mutex)
      self.body = body
      taskCount = tasks
      nextTask.store(0, ordering: .relaxed)
      running = workerCount - 1
      generation += 1
      pthread_cond_broadcast(&wake)
      pthread_mutex_unlock(&mutex)
      drain(body, tasks, 0)
      pthread_mutex_lock(&mutex)
      while running > 0 { pthread_cond_wait(&done, &mutex) }
      self.body = nil
      pthread_mutex_unlock(&mutex)
    }
  }

  private func serve(_ worker: Int) {
    var seen = 0
    pthread_mutex_lock(&mutex)
    while true {
      running -= 1
      if running == 0 { pthread_cond_signal(&done) }
      while generation == seen { pthread_cond_wait(&wake, &mutex) }
      seen = generation
      if isStopping { break }
      let (body, tasks) = (body!, taskCount)
      pthread_mutex_unlock(&mutex)
      drain(body, tasks, worker)
      pthread_mutex_lock(&mutex)
    }
    running -= 1
    if running == 0 { pthread_cond_signal(&done) }
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
