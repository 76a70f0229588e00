/// Where a rank is in a run, as it tells the others.
package struct RankPosition: Sendable, Equatable, Codable {
  /// The rank's host.
  package var host: String
  /// What it does, such as "micro-batch 2 of 4 of step 12 (backward)".
  package var phase: String
  /// Seconds since it last came to something new.
  package var idle: Double
  /// Seconds for which it may stay there before the run counts as hung.
  package var limit: Double
  /// The collective calls that it has entered.
  package var calls: Int
  /// The collective call that it is in.
  package var call: String?

  /// A position.
  package init(host: String, phase: String, idle: Double = 0, limit: Double, calls: Int = 0, call: String? = nil) {
    (self.host, self.phase, self.idle, self.limit) = (host, phase, idle, limit)
    (self.calls, self.call) = (calls, call)
  }

  /// Call and phase, for people.
  var place: String { call.map { "\($0), \(phase)" } ?? phase }

  /// Who comes first in this order keeps the others waiting: a rank that has entered fewer calls, or has left one in which
  /// others still are and does not come to the next.
  var order: (Int, Int) { (calls, call == nil ? 0 : 1) }
}
