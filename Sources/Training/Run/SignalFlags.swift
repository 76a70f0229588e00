import Foundation
import Synchronization

/// The signals that ask a run to write a checkpoint and stop: SIGTERM, SIGINT and SIGUSR1.
///
/// The handlers only set a flag that the trainer reads once a step. SIGINT has its usual effect the second time.
package enum SignalFlags {
  // One bit a signal, by its number; written by the handler.
  private static let pending = Atomic<UInt64>(0)

  /// Installs the handlers; call once, before the first step.
  package static func install() {
    // The first access to a global initialises it, which a handler must not do.
    pending.store(0, ordering: .relaxed)
    for signal in [SIGTERM, SIGINT, SIGUSR1] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { SignalFlags.pending.bitwiseOr(1 << UInt64($0), ordering: .relaxed) }
      action.sa_flags = SA_RESTART
      if signal == SIGINT { action.sa_flags |= CInt(bitPattern: UInt32(SA_RESETHAND)) }
      sigaction(signal, &action, nil)
    }
  }

  /// The signals that have come since ``install()``.
  static var requests: StepFlags {
    let bits = pending.load(ordering: .relaxed)
    let flags: [(Int32, StepFlags)] = [(SIGTERM, .terminate), (SIGINT, .interrupt), (SIGUSR1, .user)]
    return StepFlags(flags.filter { bits & (1 << UInt64($0.0)) != 0 }.map(\.1))
  }
}
