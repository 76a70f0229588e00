import Runtime

/// What ranks tell each other once a step; a flag that one rank raises is raised on all.
package struct StepFlags: OptionSet, Sendable {
  /// One bit a flag.
  package let rawValue: UInt64

  /// The flags of the given bits.
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// A rank has a failure; all throw it.
  package static let failure = StepFlags(rawValue: 1)
  /// It is time for a checkpoint.
  package static let checkpoint = StepFlags(rawValue: 2)
  /// The run's time is up: checkpoint and stop.
  package static let timeIsUp = StepFlags(rawValue: 4)
  /// A rank has received the signal: checkpoint and stop.
  package static let terminate = StepFlags(rawValue: 8)
  /// See ``terminate``.
  package static let interrupt = StepFlags(rawValue: 16)
  /// See ``terminate``.
  package static let user = StepFlags(rawValue: 32)

  /// A rank has skipped pairs of a file that it has not named yet.
  package static let badPairs = StepFlags(rawValue: 64)

  /// Why the run stops after this step, or nil where it goes on.
  package var reasonToStop: String? {
    if contains(.terminate) { return "SIGTERM" }
    if contains(.interrupt) { return "SIGINT" }
    if contains(.user) { return "SIGUSR1" }
    return contains(.timeIsUp) ? "schedule.stop_after_minutes" : nil
  }
}

/// What one rank will tell the others at the next agreement.
package struct Concerns: Sendable {
  /// Something that went wrong on this rank.
  package var failure: Failure?
  /// Whether a checkpoint is due, or the run's time is up.
  package var requests: StepFlags = []

  /// Nothing to tell.
  package init() {}

  /// The flags of this rank, with the signals that it has received.
  var flags: StepFlags {
    var flags = requests
    if failure != nil { flags.insert(.failure) }
    switch SignalFlags.received {
    case "SIGTERM": flags.insert(.terminate)
    case "SIGINT": flags.insert(.interrupt)
    case "SIGUSR1": flags.insert(.user)
    default: break
    }
    return flags
  }
}
