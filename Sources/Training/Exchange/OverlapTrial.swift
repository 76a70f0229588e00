import Foundation

/// Whether ranks exchange while they compute.
package enum Overlap: String, Sendable, CaseIterable {
  /// As the first steps show.
  case auto
  /// Always.
  case on
  /// Never.
  case off
}

/// Tries both ways in the first steps of a run, and keeps the faster one. Results are the same either way.
struct OverlapTrial {
  /// The mean milliseconds of steps that exchange after computing, and of those that do so meanwhile.
  typealias Pair = (apart: Double, together: Double)

  /// Whether the next step exchanges while it computes.
  private(set) var overlaps: Bool

  /// Whether one way was chosen.
  private(set) var isDecided: Bool
  private var times: [Double] = []

  // A step that warms up, two that are measured; one that changes over, two that are measured.
  static let changeover = 3
  static let length = 6
  // What a step must gain at least: on hosts that compute with all cores, the thread takes from them.
  private static let leastGain = 0.01

  /// Tries where `overlap` leaves it open.
  init(_ overlap: Overlap) {
    overlaps = overlap == .on
    isDecided = overlap != .auto
  }

  /// Takes the time of a step.
  mutating func note(_ milliseconds: Double) {
    guard !isDecided else { return }
    times.append(milliseconds)
    overlaps = times.count >= Self.changeover
  }

  /// What was measured, once it is all there and until ``decide(apart:together:)``.
  var measured: Pair? {
    guard !isDecided, times.count == Self.length else { return nil }
    func mean(_ range: Range<Int>) -> Double { times[range].reduce(0, +) / Double(range.count) }
    return (mean(1..<Self.changeover), mean(Self.changeover + 1..<Self.length))
  }

  /// Keeps one way, by the means over all ranks.
  ///
  /// - Returns: a sentence on it.
  mutating func decide(apart: Double, together: Double) -> String {
    isDecided = true
    overlaps = together < apart * (1 - Self.leastGain)
    let figures = String(format: "%.0f ms a step instead of %.0f", together, apart)
    return overlaps
      ? "The exchange goes on while ranks compute: \(figures)."
      : "The exchange waits for the computation: beside it, it takes \(figures)."
  }
}
