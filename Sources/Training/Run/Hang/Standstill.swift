import Foundation

/// Who keeps whom waiting in a run that does not move on, as one rank sees it.
package struct Standstill {
  /// What is known of a rank.
  package struct Sighting: Sendable {
    /// Where the rank said that it was.
    package var position: RankPosition
    /// Seconds since it last said anything.
    package var silence: Double

    /// A rank that was at `position`, `silence` seconds ago.
    package init(_ position: RankPosition, silence: Double = 0) { (self.position, self.silence) = (position, silence) }
  }

  private enum Cause {
    /// These ranks say nothing any more.
    case silent([Int])
    /// These have not come to where the others wait.
    case behind([Int])
    /// Nothing was ever heard of these.
    case unknown([Int])
    /// All are at the same place.
    case network
  }

  private let rank: Int
  private let own: RankPosition
  private let ranks: [Sighting?]

  /// What `rank` sees of the `size` ranks.
  ///
  /// - Parameters:
  ///   - own: where `rank` itself is, and for how long it waits.
  ///   - others: what it knows of the others, by rank.
  package init(rank: Int, of size: Int, own: RankPosition, others: [Int: Sighting]) {
    self.rank = rank
    self.own = own
    ranks = (0..<size).map { $0 == rank ? Sighting(own) : others[$0] }
  }

  /// Whether it is time for this rank to speak and end the run: not where another rank moves on, or may take longer for what it
  /// does, and the lowest rank that is alive speaks first, since a stopped rank cannot.
  package var isDue: Bool {
    // Half of the own limit less: where others are is known late.
    guard
      !ranks.contains(where: { sighting in
        sighting.map { !isSilent($0) && $0.position.idle < max(own.limit, $0.position.limit) - own.limit / 2 } ?? false
      })
    else { return false }
    let before = ranks[..<rank].count { $0.map { !isSilent($0) } ?? true }
    return own.idle > own.limit * (1 + 0.1 * Double(min(before, 3)))
  }

  /// The ranks that the others wait for; none where all are at the same place.
  package var culprits: [Int] {
    switch cause {
    case .silent(let ranks), .behind(let ranks), .unknown(let ranks): ranks
    case .network: []
    }
  }

  /// Who hangs, where, and who waits.
  package var sentence: String {
    guard ranks.count > 1 else { return "\(name([rank])) \(hasNotMoved(own.idle)): \(own.phase)." }
    switch cause {
    case .silent(let silent):
      let positions = silent.compactMap { ranks[$0] }
      let seconds = positions.map(\.silence).min() ?? 0
      return
        "\(name(silent)) \(hasNotMoved(seconds, silent)), and \(silent.count == 1 ? "gives" : "give") no sign of life: "
        + "last heard of in \(positions[0].position.place). \(waiting(for: silent))"
    case .behind(let behind):
      let positions = behind.compactMap { ranks[$0]?.position }
      return "\(name(behind)) \(hasNotMoved(positions.map(\.idle).min() ?? 0, behind)): in \(positions[0].place). "
        + waiting(for: behind)
    case .unknown(let unknown):
      return "\(name([rank])) \(hasNotMoved(own.idle)): in \(own.place). Nothing is known of "
        + "\(list(unknown).text()), which may keep the others waiting."
    case .network:
      return
        "All \(ranks.count) ranks run, but have not moved for \(Self.duration(own.idle)): rank \(rank) (\(own.host)) is in "
        + "\(own.place). The network between their hosts may be the cause."
    }
  }

  private var cause: Cause {
    let silent = ranks.indices.filter { ranks[$0].map(isSilent) ?? false }
    if !silent.isEmpty { return .silent(silent) }
    let known = ranks.indices.compactMap { rank in ranks[rank].map { (rank: rank, position: $0.position) } }
    let unknown = ranks.indices.filter { ranks[$0] == nil }
    let last = known.min { $0.position.order < $1.position.order }?.position ?? own
    let behind = known.filter { $0.position.order == last.order }.map(\.rank)
    // A rank within a call may itself wait for one of which nothing is known.
    if behind.count < known.count, unknown.isEmpty || last.call == nil { return .behind(behind) }
    return unknown.isEmpty ? .network : .unknown(unknown)
  }

  /// Ranks tell something many times within the limit.
  private func isSilent(_ sighting: Sighting) -> Bool { sighting.silence > own.limit / 2 }

  private func waiting(for culprits: [Int]) -> String {
    let object = culprits.count == 1 ? "it" : "them"
    guard let waiter = culprits.contains(rank) ? ranks.indices.first(where: { !culprits.contains($0) }) : rank,
      let position = ranks[waiter]?.position
    else { return "" }
    return "The others wait for \(object): rank \(waiter) (\(position.host)) in \(position.place)."
  }

  private func list(_ ranks: [Int]) -> RankList {
    RankList(ranks, hosts: ranks.compactMap { self.ranks[$0]?.position.host })
  }

  private func name(_ ranks: [Int]) -> String {
    let text = list(ranks).text(of: self.ranks.count)
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  private func hasNotMoved(_ seconds: Double, _ ranks: [Int] = [0]) -> String {
    "\(ranks.count == 1 ? "has" : "have") not moved for \(Self.duration(seconds))"
  }

  /// "30 minutes", "60 s", "0.05 s".
  private static func duration(_ seconds: Double) -> String {
    if seconds >= 120 { return "\(Int((seconds / 60).rounded())) minutes" }
    return seconds >= 10 ? "\(Int(seconds.rounded())) s" : String(format: "%.2g s", seconds)
  }
}
