/// Ranks with their hosts, for sentences.
struct RankList {
  private let ranks: [Int]
  private let hosts: [String]

  /// Ranks in ascending order, and the hosts of those that are known.
  init(_ ranks: [Int], hosts: [String]) {
    self.ranks = ranks
    self.hosts = hosts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// "rank 3 (node1)", "ranks 0-3, 6 (node0, node2)"; after the numbers stands "of `size`" where that is given.
  func text(of size: Int? = nil) -> String {
    let total = size.map { " of \($0)" } ?? ""
    let place = hosts.isEmpty ? "" : " (\(Self.short(hosts)))"
    return "\(ranks.count == 1 ? "rank" : "ranks") \(Self.short(ranges))\(total)\(place)"
  }

  /// Neighbours together: "0-3".
  private var ranges: [String] {
    var ranges: [ClosedRange<Int>] = []
    for rank in ranks {
      if let last = ranges.last, last.upperBound == rank - 1 {
        ranges[ranges.count - 1] = last.lowerBound...rank
      } else {
        ranges.append(rank...rank)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
  }

  private static func short(_ texts: [String]) -> String {
    texts.prefix(6).joined(separator: ", ") + (texts.count > 6 ? " and \(texts.count - 6) more" : "")
  }
}
