internal import CMPI
import Foundation
import Runtime

/// A thread that communicates while others compute. MPI makes no progress of its own, so somebody must ask it to.
///
/// It sleeps between looks: on a host whose cores all compute, it takes from one of them what copying the messages costs.
final class BackgroundThread: Sendable {
  /// Whether the calling thread is one of these.
  static var isCurrent: Bool { Thread.current.name == name }

  private static let name = "croco-exchange"
  private let queue: JobQueue

  /// Starts the thread.
  init() {
    let queue = JobQueue()
    self.queue = queue
    let thread = Thread {
      croco_take_short_slices()
      queue.serve()
    }
    thread.name = Self.name
    thread.start()
  }

  deinit { queue.end() }

  /// Does `job` after those before it; leaves it out where one of them has failed.
  func start(_ job: @escaping () throws(Failure) -> Void) { queue.add(job) }

  /// Waits until all jobs are done.
  ///
  /// - Throws: the ``Failure`` of the first job that failed, now and in every call after it.
  func finish() throws(Failure) { try queue.finish() }

  /// Seconds of a core that the thread has used.
  var processorSeconds: Double { queue.processorSeconds }

  /// Where a job can do nothing but wait: long enough to cost little, and short against a bucket on the wire.
  static func rest() { usleep(200) }
}

/// The jobs of the thread.
private final class JobQueue: @unchecked Sendable {
  // All is guarded by `condition`.
  private let condition = NSCondition()
  private var jobs: [() throws(Failure) -> Void] = []
  private var isBusy = false
  private var isEnding = false
  private var failure: Failure?
  private var seconds = 0.0

  var processorSeconds: Double { condition.withLock { seconds } }

  func add(_ job: @escaping () throws(Failure) -> Void) {
    condition.withLock { jobs.append(job) }
    condition.broadcast()
  }

  func end() {
    condition.withLock { isEnding = true }
    condition.broadcast()
  }

  func finish() throws(Failure) {
    let failure = condition.withLock {
      while isBusy || !jobs.isEmpty { condition.wait() }
      return self.failure
    }
    if let failure { throw failure }
  }

  func serve() {
    condition.lock()
    while true {
      while jobs.isEmpty && !isEnding { condition.wait() }
      if isEnding { break }
      let (job, hasFailed) = (jobs.removeFirst(), failure != nil)
      isBusy = true
      condition.unlock()
      var own: Failure?
      if !hasFailed { do throws(Failure) { try job() } catch { own = error } }
      condition.lock()
      failure = failure ?? own
      seconds = Self.threadSeconds
      isBusy = false
      condition.broadcast()
    }
    condition.unlock()
  }

  private static var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
