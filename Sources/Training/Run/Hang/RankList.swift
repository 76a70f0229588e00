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
    return "\(ranks.count == 1 ? "rank" : "ranks") \(Self.short(IndexRanges(ranks).texts))\(total)\(place)"
  }

  private static func short(_ texts: [String]) -> String {
    texts.prefix(6).joined(separator: ", ") + (texts.count > 6 ? " and \(texts.count - 6) more" : "")
  }
}
