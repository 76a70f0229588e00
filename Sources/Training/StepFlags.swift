import Storage

/// What ranks tell each other once a step; a flag that one rank raises is raised on all.
public struct StepFlags: OptionSet, Sendable {
  /// One bit a flag.
  public let rawValue: UInt64

  /// The flags of the given bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// A rank has a failure; all throw it.
  public static let failure = StepFlags(rawValue: 1)
  /// It is time for a checkpoint.
  public static let checkpoint = StepFlags(rawValue: 2)
  /// The run's time is up: checkpoint and stop.
  public static let timeIsUp = StepFlags(rawValue: 4)
  /// A rank has received the signal: checkpoint and stop.
  public static let terminate = StepFlags(rawValue: 8)
  /// See ``terminate``.
  public static let interrupt = StepFlags(rawValue: 16)
  /// See ``terminate``.
  public static let user = StepFlags(rawValue: 32)

  /// A rank has skipped pairs of a file that it has not named yet.
  public static let badPairs = StepFlags(rawValue: 64)

  /// Why the run stops after this step, or nil where it goes on.
  public var reasonToStop: String? {
    if contains(.terminate) { return "SIGTERM" }
    if contains(.interrupt) { return "SIGINT" }
    if contains(.user) { return "SIGUSR1" }
    return contains(.timeIsUp) ? "schedule.stop_after_minutes" : nil
  }
}

/// What one rank will tell the others at the next agreement.
public struct Concerns: Sendable {
  /// Something that went wrong on this rank.
  public var failure: Failure?
  /// Whether a checkpoint is due, or the run's time is up.
  public var requests: StepFlags = []

  /// Nothing to tell.
  public init() {}

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
