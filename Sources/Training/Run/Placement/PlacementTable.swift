import Runtime

/// The table of where ranks compute, for people: a line a rank, or where there are many, a line a host, of which equal ones are
/// counted.
package struct PlacementTable {
  /// So many ranks have a line each.
  static let rankLimit = 8
  /// So many hosts that differ have a line each.
  static let hostLimit = 8

  private let placements: [RankPlacement]

  /// The placements of all ranks, in their order.
  package init(_ placements: [RankPlacement]) { self.placements = placements }

  /// The lines; none for one rank.
  package var lines: [String] {
    guard placements.count > 1 else { return [] }
    let header = ["rank", "host", "cores", "NUMA domain", "threads"]
    if placements.count <= Self.rankLimit {
      return Self.aligned([header] + placements.enumerated().map { row(of: [$0.offset], $0.element.host) })
    }
    return folded(header)
  }

  private func folded(_ header: [String]) -> [String] {
    var hosts: [(name: String, ranks: [Int])] = []
    for (host, ranks) in Dictionary(grouping: placements.indices, by: { placements[$0].host }) {
      hosts.append((host, ranks))
    }
    hosts.sort { $0.ranks[0] < $1.ranks[0] }
    var kinds: [(row: [String], alike: Int)] = []
    var places: [[String]: Int] = [:]
    for host in hosts {
      let row = row(of: host.ranks, host.name)
      let place = Array(row.dropFirst(2))
      if let kind = places[place] {
        kinds[kind].alike += 1
      } else {
        places[place] = kinds.count
        kinds.append((row, 0))
      }
    }
    let shown = kinds.prefix(Self.hostLimit)
    let rows = Self.aligned([header] + shown.map(\.row))
    var lines = [rows[0]]
    for (row, kind) in zip(rows.dropFirst(), shown) {
      lines.append(row)
      if kind.alike > 0 { lines.append("... and \(counted(kind.alike, "host")) alike") }
    }
    let left = kinds.dropFirst(Self.hostLimit).reduce(0) { $0 + $1.alike + 1 }
    if left > 0 { lines.append("... and \(counted(left, "other host"))") }
    return lines
  }

  /// The cells of some ranks of a host.
  private func row(of ranks: [Int], _ host: String) -> [String] {
    let own = ranks.map { placements[$0] }
    let numbers = IndexRanges(ranks).texts
    return [
      Self.short(numbers), host, Self.short(own.map { IndexRanges($0.cores).text }),
      Self.short(own.map { IndexRanges($0.domains).text }), Self.short(own.map { "\($0.threads)" }),
    ]
  }

  /// Texts of ranks; one where all are equal, and the first few of many.
  private static func short(_ texts: [String]) -> String {
    let known = texts.map { $0.isEmpty ? "unknown" : $0 }
    if known.count > 1, Set(known).count == 1 { return known[0] + " each" }
    return known.prefix(4).joined(separator: " ") + (known.count > 4 ? " ..." : "")
  }

  private static func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return cells.dropLast().joined(separator: "  ") + "  " + row[row.count - 1]
    }
  }
}
