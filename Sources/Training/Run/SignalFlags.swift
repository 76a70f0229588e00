import Foundation
import Synchronization

/// The signals that ask a run to write a checkpoint and stop: SIGTERM, SIGINT, SIGUSR1 and SIGHUP.
///
/// The handlers set a flag that the trainer reads before each pass, and acknowledge the first signal at once. A SIGINT
/// after another signal ends the process as it usually does.
package enum SignalFlags {
  /// Tells the user that a signal has come. Runs within a signal handler: it may only make calls that are safe there.
  package typealias Acknowledgment = @convention(c) () -> Void

  // One bit a signal, by its number; written by the handler.
  private static let pending = Atomic<UInt64>(0)
  // Written before the handlers are installed.
  nonisolated(unsafe) private static var acknowledge: Acknowledgment?

  private static let flags: [(signal: Int32, flag: StepFlags)] = [
    (SIGTERM, .terminate), (SIGINT, .interrupt), (SIGUSR1, .user), (SIGHUP, .hangUp),
  ]

  /// Installs the handlers; call once, before the first step.
  package static func install(acknowledge: Acknowledgment?) {
    // The first access to a global initialises it, which a handler must not do.
    pending.store(0, ordering: .relaxed)
    self.acknowledge = acknowledge
    for (signal, _) in flags where !isIgnoredHangUp(signal) {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { SignalFlags.handle($0) }
      action.sa_flags = SA_RESTART
      sigaction(signal, &action, nil)
    }
    // Whoever reads what the run says may end before it, with the terminal that hangs up.
    Foundation.signal(SIGPIPE, SIG_IGN)
  }

  /// From now on signals are not acknowledged: the run is over, and mpirun may send some to processes that are about to end.
  package static func stopAcknowledging() { acknowledge = nil }

  /// Whether a signal has come; any thread may ask.
  static var hasCome: Bool { pending.load(ordering: .relaxed) != 0 }

  /// The signals that have come since ``install(acknowledge:)``.
  static var requests: StepFlags {
    let bits = pending.load(ordering: .relaxed)
    return StepFlags(flags.filter { bits & (1 << UInt64($0.signal)) != 0 }.map(\.flag))
  }

  private static func handle(_ number: Int32) {
    let before = pending.bitwiseOr(1 << UInt64(number), ordering: .relaxed).oldValue
    if before == 0 { return acknowledge?() ?? () }
    guard number == SIGINT else { return }
    // Delivered when the handler returns.
    Foundation.signal(SIGINT, SIG_DFL)
    raise(SIGINT)
  }

  /// nohup has it ignored, and a process that outlives its terminal is what its user wants then.
  private static func isIgnoredHangUp(_ number: Int32) -> Bool {
    var action = sigaction()
    guard number == SIGHUP, sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
