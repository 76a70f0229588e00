import Runtime

/// Sums the nodes of all ranks bucket by bucket: first the ranks of each host among themselves, then ranks of equal number
/// between hosts. So a host sends (H - 1) / H of each of its nodes, H hosts, whatever the number of its ranks.
final class HostFirstExchange {
  /// The memory of the buffers, in bytes.
  let bufferBytes: Int
  /// The buckets that are under way at once, at most.
  let depth: Int

  private let ownership: Ownership
  private let groups: HostGroups
  private let levels: [Level]  // those with more than one member

  /// The exchange within the host or between hosts, with its memory for each bucket under way.
  private struct Level {
    let exchange: NodeExchange
    let lanes: [NodeExchange.Lane]
    let isWithinHost: Bool
  }

  /// Plans the sums of what the ranks own.
  ///
  /// - Parameter nodes: what each rank's micro-batches come to, by rank.
  init(_ nodes: [[Range<Int>]], tree: SumTree, ownership: Ownership, groups: HostGroups, wire: GradientWire) {
    let (layout, rank) = (groups.layout, groups.communicator.rank)
    let place = layout.place(of: rank)
    (self.ownership, self.groups) = (ownership, groups)
    bufferBytes = Self.bufferBytes(nodes, tree: tree, ownership, wire: wire)
    let depth = BucketPipeline.depth(of: ownership)
    self.depth = depth
    var levels: [Level] = []
    func add(_ exchange: NodeExchange, isWithinHost: Bool, whole: Int, slice: Int) {
      let lanes = (0..<depth).map { _ in exchange.makeLane(whole: whole, slice: slice) }
      levels.append(Level(exchange: exchange, lanes: lanes, isWithinHost: isWithinHost))
    }
    let longest = Longest(ownership, rank: rank)
    let ranks = layout.hosts[place.host]
    if ranks.count > 1 {
      add(
        NodeExchange(ranks.map { nodes[$0] }, tree: tree, group: groups.host, wire: .fp32, rounding: wire),
        isWithinHost: true, whole: longest.bucket, slice: longest.part)
    }
    if layout.hosts.count > 1, place.number < layout.ownersOfHost {
      add(
        NodeExchange(
          Self.hostNodes(nodes, tree, layout), tree: tree, group: groups.peers, wire: wire, rounding: wire),
        isWithinHost: false, whole: longest.part, slice: longest.slice)
    }
    self.levels = levels
  }

  /// The steps of a bucket: an exchange on each level, and the end.
  var stepCount: Int { levels.count + 1 }

  /// Does a step of a bucket; the bucket ``depth`` before it is done.
  ///
  /// - Parameters:
  ///   - nodes: this rank's, over the whole buffer.
  ///   - gradients: receives the sum in this rank's slice at the end, and keeps what it has in the others.
  func begin(
    step: Int, of number: Int, _ nodes: [NodeSlice], into gradients: AlignedBuffer<Float>, workers: WorkerPool?
  ) throws(Failure) -> (any PendingTransfer)? {
    let bucket = ownership.buckets[number]
    let current = step == 0 ? nodes : finish(levels[step - 1], bucket, number, workers)
    if step < levels.count {
      let level = levels[step]
      return try level.exchange.start(
        current, slices: slices(of: bucket, level), through: level.lanes[number % depth])
    }
    let slice = bucket.slices[groups.communicator.rank]
    if !slice.isEmpty {
      (gradients.pointer + slice.lowerBound).update(from: current[0].pointer(at: slice.lowerBound), count: slice.count)
    }
    return nil
  }

  private func finish(
    _ level: Level, _ bucket: Ownership.Bucket, _ number: Int, _ workers: WorkerPool?
  ) -> [NodeSlice] {
    let member = level.isWithinHost ? groups.host.rank : groups.peers.rank
    return level.exchange.finish(
      slices(of: bucket, level)[member], through: level.lanes[number % depth], workers: workers)
  }

  /// What each member of a level adds up.
  private func slices(of bucket: Ownership.Bucket, _ level: Level) -> [Range<Int>] {
    level.isWithinHost
      ? Array(bucket.parts.prefix(groups.host.size)) : groups.layout.hosts.map { bucket.slices[$0[groups.number]] }
  }

  /// What the ranks of each host come to.
  private static func hostNodes(_ nodes: [[Range<Int>]], _ tree: SumTree, _ layout: RankLayout) -> [[Range<Int>]] {
    let shares = nodes.map { $0[0].lowerBound..<$0[$0.count - 1].upperBound }
    return layout.leaves(ofHosts: shares).map(tree.nodes(covering:))
  }

  /// The memory that the rank with the most needs, in bytes.
  static func bufferBytes(
    _ nodes: [[Range<Int>]], tree: SumTree, _ ownership: Ownership, wire: GradientWire
  ) -> Int {
    let layout = ownership.layout
    let hostNodes = hostNodes(nodes, tree, layout).map(\.count)
    return BucketPipeline.depth(of: ownership)
      * (0..<layout.size).reduce(0) { most, rank in
        let (place, longest) = (layout.place(of: rank), Longest(ownership, rank: rank))
        let ranks = layout.hosts[place.host]
        var bytes = 0
        if ranks.count > 1 {
          bytes += NodeExchange.laneBytes(
            nodes: ranks.reduce(0) { $0 + nodes[$1].count }, ownNodes: nodes[rank].count, whole: longest.bucket,
            slice: longest.part, wire: .fp32)
        }
        if layout.hosts.count > 1, place.number < layout.ownersOfHost {
          bytes += NodeExchange.laneBytes(
            nodes: hostNodes.reduce(0, +), ownNodes: hostNodes[place.host], whole: longest.part, slice: longest.slice,
            wire: wire)
        }
        return max(most, bytes)
      }
  }

  /// The most elements of any bucket, of the part of a rank's number, and of its slice.
  private struct Longest {
    var (bucket, part, slice) = (0, 0, 0)

    init(_ ownership: Ownership, rank: Int) {
      let number = ownership.layout.place(of: rank).number
      for candidate in ownership.buckets {
        bucket = max(bucket, candidate.range.count)
        part = max(part, candidate.parts[number].count)
        slice = max(slice, candidate.slices[rank].count)
      }
    }
  }
}
