import Runtime

/// Which ranks share a host, and what follows from it: in which order ranks take micro-batches, and who sums what.
///
/// The exchange goes host first: the ranks of a host sum among themselves, then ranks of equal number on all hosts go on. Where
/// hosts have different numbers of ranks, those beyond the smallest number have no peers on every host and own nothing.
package struct RankLayout: Sendable, Equatable {
  /// The ranks of each host, ascending; hosts in the order of their lowest ranks.
  package let hosts: [[Int]]

  private let places: [(host: Int, number: Int)]  // by rank

  /// Ranks with the host of each, by rank: equal numbers share a host.
  package init(hosts labels: [Int]) {
    precondition(!labels.isEmpty, "a layout needs a rank")
    var (hosts, indices): ([[Int]], [Int: Int]) = ([], [:])
    places = labels.enumerated().map { rank, label in
      let host = indices[label, default: hosts.count]
      if host == hosts.count { hosts.append([]) }
      indices[label] = host
      hosts[host].append(rank)
      return (host, hosts[host].count - 1)
    }
    self.hosts = hosts
  }

  /// `size` ranks on one host.
  package init(size: Int) { self.init(hosts: [Int](repeating: 0, count: size)) }

  /// The number of ranks.
  package var size: Int { places.count }

  /// How many ranks of each host own something: as many as the host with the fewest has.
  package var ownersOfHost: Int { hosts.map(\.count).min() ?? 1 }

  /// The host of a rank, and the rank's number among those of the host.
  package func place(of rank: Int) -> (host: Int, number: Int) { places[rank] }

  /// The micro-batches that `rank` computes of the `count` of a step: as many as the others, or one more.
  ///
  /// - Throws: ``Failure`` of kind `configuration` if there are more ranks than micro-batches.
  package func microBatches(of rank: Int, count: Int) throws(Failure) -> Range<Int> {
    guard size <= count else {
      throw Failure(
        .configuration,
        "\(size) ranks cannot share the \(counted(count, "micro-batch", "micro-batches")) of a step.",
        hint: "Start at most \(count), or change global_batch_size or micro_batch_size.")
    }
    // Host after host: neighbours compute neighbouring micro-batches, so that a host has few nodes of the tree.
    let (host, number) = places[rank]
    let position = hosts[..<host].reduce(0) { $0 + $1.count } + number
    return Partition.range(position, of: size, count: count)
  }

  /// The micro-batches of every rank, by rank.
  ///
  /// - Throws: as ``microBatches(of:count:)``.
  package func shares(of count: Int) throws(Failure) -> [Range<Int>] {
    var shares: [Range<Int>] = []
    for rank in 0..<size { shares.append(try microBatches(of: rank, count: count)) }
    return shares
  }

  /// The micro-batches of every host, which are neighbours, from those of its ranks.
  func leaves(ofHosts shares: [Range<Int>]) -> [Range<Int>] {
    hosts.map { shares[$0[0]].lowerBound..<shares[$0[$0.count - 1]].upperBound }
  }

  /// Whether two layouts put every rank on the same host.
  package static func == (left: RankLayout, right: RankLayout) -> Bool { left.hosts == right.hosts }
}
