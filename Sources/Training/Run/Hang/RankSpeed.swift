import Foundation
import Runtime

/// Compares how long the ranks compute for a micro-batch, and names those for which the others wait, each once.
///
/// A step takes as long as its slowest rank. Every few seconds the ranks tell each other the mean time of their backward passes,
/// which wait for nobody, while forward may wait for values; one that exceeds the median rank's several times in a row is slow.
package struct RankSpeed {
  /// A rank is slow that takes so many times as long as the median rank.
  static let limit = 1.5
  /// So many comparisons in a row tell a slow rank from one that was disturbed.
  static let patience = 3
  /// What a comparison is taken of, at least.
  static let least = (steps: 5, seconds: 2.0)

  private let microBatches: Double
  private var steps = 0
  private var sum = (computed: 0.0, total: 0.0)  // ms
  private var slowCounts: [Int: Int] = [:]
  private var named: Set<Int> = []

  /// Nothing yet, for a rank that computes so many micro-batches of a step.
  package init(microBatches: Int) { self.microBatches = Double(microBatches) }

  /// Whether it is time for a comparison; rank 0 asks all for it.
  var isDue: Bool { steps >= Self.least.steps && sum.total >= Self.least.seconds * 1000 }

  /// Counts a step.
  mutating func add(_ report: StepReport) {
    steps += 1
    sum.computed += report.stages[.backward] ?? 0
    sum.total += report.milliseconds
  }

  /// Compares the ranks over the steps since the last comparison, and warns of those that have become slow; collective.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  mutating func compare(_ context: RunContext) throws(Failure) {
    let own = "\(sum.computed / Double(max(1, steps)) / microBatches) \(context.communicator.hostName)"
    (steps, sum) = (0, (0, 0))
    let all = try context.communicator.gatherBytes(Array(own.utf8)).map {
      String(decoding: $0, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
    }
    if let warning = note(all.map { Double($0[0]) ?? 0 }, hosts: all.map { $0[1] }) { context.log(.warning, warning) }
  }

  /// Takes a comparison.
  ///
  /// - Parameters:
  ///   - times: milliseconds of a micro-batch, by rank.
  ///   - hosts: the ranks' hosts.
  /// - Returns: a warning of the ranks that were slow several times in a row, and are not named yet.
  package mutating func note(_ times: [Double], hosts: [String]) -> String? {
    // Of two ranks the faster one is the measure.
    let median = times.sorted()[(times.count - 1) / 2]
    for (rank, time) in times.enumerated() {
      slowCounts[rank] = median > 0 && time >= Self.limit * median ? slowCounts[rank, default: 0] + 1 : 0
    }
    let slow = times.indices.filter { slowCounts[$0] == Self.patience && !named.contains($0) }
    guard let slowest = slow.max(by: { times[$0] < times[$1] }) else { return nil }
    named.formUnion(slow)
    let name = RankList(slow, hosts: slow.map { hosts[$0] }).text(of: times.count)
    let (verb, object) = slow.count == 1 ? ("computes", "it") : ("compute", "them")
    let factor = String(format: "%.1f", times[slowest] / median)
    return
      "\(name.prefix(1).uppercased())\(name.dropFirst()) \(verb)\(slow.count == 1 ? "" : " up to") \(factor) times as long as "
      + "\(times.count == 2 ? "the other" : "the median rank") (\(Self.milliseconds(times[slowest])) instead of "
      + "\(Self.milliseconds(median)) for backward of a micro-batch), and all wait for \(object) in every step: look there for other programs, "
      + "for cores that ranks share, and for a processor that is hot or clocked low."
  }

  /// "412 ms", "1.7 ms".
  private static func milliseconds(_ value: Double) -> String { StepReport.fixed(value, value < 10 ? 1 : 0) + " ms" }
}
