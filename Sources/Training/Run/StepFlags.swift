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
  /// A rank has received the signal: drop the step, checkpoint and stop.
  package static let terminate = StepFlags(rawValue: 8)
  /// See ``terminate``.
  package static let interrupt = StepFlags(rawValue: 16)
  /// See ``terminate``.
  package static let user = StepFlags(rawValue: 32)
  /// See ``terminate``.
  package static let hangUp = StepFlags(rawValue: 256)

  /// A rank has left the step before its time; all drop it.
  package static let unfinished = StepFlags(rawValue: 128)

  /// What does not wait for the end of a step: signals, and failures.
  package static let interruptions: StepFlags = [.failure, .terminate, .interrupt, .user, .hangUp]

  /// A rank waits much for data, and has not said so yet.
  package static let waitsForData = StepFlags(rawValue: 512)

  /// It is time to compare how fast the ranks compute.
  package static let comparesSpeed = StepFlags(rawValue: 1024)

  /// A rank has skipped pairs of a file that it has not named yet.
  package static let badPairs = StepFlags(rawValue: 64)

  /// Why the run stops after this step, or nil where it goes on.
  package var reasonToStop: String? {
    if contains(.terminate) { return "SIGTERM" }
    if contains(.interrupt) { return "SIGINT" }
    if contains(.user) { return "SIGUSR1" }
    if contains(.hangUp) { return "SIGHUP" }
    return contains(.timeIsUp) ? "schedule.stop_after_minutes" : nil
  }
}

/// What one rank tells the others at an agreement.
package struct Concerns: Sendable {
  /// Something that went wrong on this rank.
  package var failure: Failure?
  /// What this rank asks of all, and the signals that it has received.
  package var requests: StepFlags = []

  /// Nothing to tell, or a failure.
  package init(failure: Failure? = nil) { self.failure = failure }

  /// The same, with a failure that goes before one that is there.
  func adding(_ failure: Failure?) -> Concerns {
    var sum = self
    sum.failure = failure ?? self.failure
    return sum
  }

  /// The flags of this rank.
  var flags: StepFlags { failure == nil ? requests : requests.union(.failure) }
}
