/// For how long a run may stand still before it is ended.
package enum HangLimit: Sendable, Equatable {
  /// As long as the run's own steps let one expect; see ``Patience``.
  case automatic
  /// So many minutes, wherever the run is.
  case minutes(Double)
}

/// The seconds for which a rank may stay where it is, learnt from the steps that it has made.
package struct Patience {
  /// Before the first step is done, and where a disk may be what is waited for: shared ones are silent for minutes at times.
  static let unknown = 1800.0
  /// The limit as a multiple of the median step.
  static let factor = 20.0
  /// The shortest limit that is not the user's: networks and hosts pause for seconds. With it a hung rank is told within a minute.
  static let least = 50.0
  /// So many of the last steps count.
  static let stepCount = 101

  private let fixed: Double?
  private let least: Double
  private var steps: [Double] = []  // seconds
  private var next = 0

  /// Nothing is known of steps yet.
  package init(_ limit: HangLimit, ranks: Int) {
    fixed = if case .minutes(let minutes) = limit { minutes * 60 } else { nil }
    // Many ranks tell each other where they are less often; see ``RankBoard``.
    least = max(Self.least, Double(ranks) / 4)
  }

  /// Learns from a step of so many seconds.
  package mutating func add(step seconds: Double) {
    if steps.count < Self.stepCount { steps.append(seconds) } else { steps[next] = seconds }
    next = (next + 1) % Self.stepCount
  }

  /// The limit within a stage of a step, or outside of steps.
  package func seconds(in stage: StepStage?) -> Double {
    if let fixed { return fixed }
    guard !steps.isEmpty else { return Self.unknown }
    let limit = max(least, Self.factor * steps.sorted()[steps.count / 2])
    return stage == nil || stage == .data ? max(limit, Self.unknown) : limit
  }
}
