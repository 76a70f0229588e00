import Runtime

/// What looks wrong in where ranks compute, a sentence a kind.
package struct PlacementChecks {
  private let placements: [RankPlacement]
  /// The ranks of each host.
  private let hosts: [[Int]]

  /// The placements of all ranks, in their order.
  package init(_ placements: [RankPlacement]) {
    self.placements = placements
    hosts = Dictionary(grouping: placements.indices, by: { placements[$0].host }).values.sorted { $0[0] < $1[0] }
  }

  /// More threads than cores, cores that ranks share though bound, and cores on both sides of a border of NUMA domains.
  package var warnings: [String] {
    let groups = hosts.flatMap(sharers)
    let crowded = groups.filter { cores(of: $0).indices.count < threads(of: $0) }
    let overlapping = groups.filter { group in
      !crowded.contains(group) && group.contains { placements[$0].cores != placements[group[0]].cores }
    }
    let astride = placements.indices.filter { placements[$0].domains.count > 1 && !placements[$0].hasWholeDomains }
    var warnings: [String] = []
    if let group = crowded.first {
      warnings.append(
        "\(name(group)) \(group.count == 2 ? "both" : "all") run on \(cores(of: group).text(of: "core")), with "
          + "\(threads(of: group)) threads for \(counted(cores(of: group).indices.count, "core"))\(others(crowded)): start fewer ranks, or lower "
          + "compute.threads.")
    }
    if let group = overlapping.first {
      warnings.append(
        "\(name(group)) are bound to cores that overlap (\(cores(of: [group[0]]).text), "
          + "\(cores(of: [group[1]]).text))\(others(overlapping)): bind each to cores of its own "
          + "(mpirun --map-by ppr:R:node:PE=T --bind-to core).")
    }
    if let rank = astride.first {
      let domains = IndexRanges(placements[rank].domains).text
      warnings.append(
        "\(name([rank])) has \(cores(of: [rank]).text(of: "core")), parts of the NUMA domains \(domains)"
          + "\(others(astride.map { [$0] })): what it reads lies partly in far memory; bind ranks within domains "
          + "(mpirun --map-by ppr:1:numa:PE=T --bind-to core).")
    }
    return warnings
  }

  /// What may be worth a try: ranks whose cores are those of several NUMA domains.
  package var advice: String? {
    guard
      let rank = placements.indices.first(where: { placements[$0].domains.count > 1 && placements[$0].hasWholeDomains })
    else { return nil }
    return
      "\(name([rank])) has the cores of \(placements[rank].domains.count) NUMA domains: one rank for each domain, with as many "
      + "threads as that has cores, may be faster."
  }

  /// The ranks of a host in groups that are tied by cores that they share; of two and more ranks each.
  private func sharers(_ ranks: [Int]) -> [[Int]] {
    var groups: [(ranks: [Int], cores: Set<Int>)] = []
    for rank in ranks {
      var merged = (ranks: [rank], cores: Set(placements[rank].cores))
      groups.removeAll { group in
        guard !group.cores.isDisjoint(with: merged.cores) else { return false }
        merged = (group.ranks + merged.ranks, group.cores.union(merged.cores))
        return true
      }
      groups.append(merged)
    }
    return groups.map { $0.ranks.sorted() }.filter { $0.count > 1 }
  }

  private func cores(of ranks: [Int]) -> IndexRanges { IndexRanges(ranks.flatMap { placements[$0].cores }) }

  private func threads(of ranks: [Int]) -> Int { ranks.reduce(0) { $0 + placements[$1].threads } }

  /// "Ranks 0-3 of 8 (node0)".
  private func name(_ ranks: [Int]) -> String {
    let text = RankList(ranks, hosts: ranks.map { placements[$0].host }).text(of: placements.count)
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  /// Of several groups in the same state one is named.
  private func others(_ groups: [[Int]]) -> String {
    let ranks = groups.dropFirst().reduce(0) { $0 + $1.count }
    return ranks == 0 ? "" : " (\(ranks) more \(ranks == 1 ? "rank is" : "ranks are") alike)"
  }
}
