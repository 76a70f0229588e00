import Runtime

/// Sums the nodes of all ranks in the tree's order: every rank receives all ranks' parts of its slice and adds them up.
///
/// Every rank sends (R - 1) / R of each of its nodes, piece by piece, so that the pieces are added while in the cache.
final class SliceExchange {
  /// The memory of the buffers, in bytes.
  let bufferBytes: Int

  private let communicator: any Communicator
  private let slices: Slices
  private let pieceLength: Int  // of a slice
  private let nodeCounts: [Int]  // by rank
  private let additions: [SumTree.Addition]
  private let send: AlignedBuffer<Float>?  // [own nodes x pieces of all slices]; nil: the one node lies in its place
  private let receive: AlignedBuffer<Float>  // [all nodes, pieceLength]

  /// Plans the sums over `slices`, of which pieces of `bucketLength` floats together are communicated at once.
  init(communicator: any Communicator, tree: SumTree, slices: Slices, bucketLength: Int) {
    self.communicator = communicator
    self.slices = slices
    let size = communicator.size
    pieceLength = max(16, bucketLength / size / 16 * 16)
    let nodes = (0..<size).map {
      tree.nodes(covering: $0 * tree.leafCount / size..<($0 + 1) * tree.leafCount / size)
    }
    nodeCounts = nodes.map(\.count)
    additions = tree.additions(over: nodes.flatMap(\.self))
    let ownNodes = nodeCounts[communicator.rank]
    send = ownNodes > 1 ? AlignedBuffer(count: ownNodes * size * pieceLength) : nil
    receive = AlignedBuffer(count: nodeCounts.reduce(0, +) * pieceLength)
    bufferBytes = ((send?.count ?? 0) + receive.count) * MemoryLayout<Float>.stride
  }

  /// Sums over all ranks. This rank's nodes lie in `stored` and, the last one, in `gradients`, whose slice of this rank
  /// receives the sum; the other slices keep what they had.
  func sum(
    _ stored: [UnsafeMutablePointer<Float>], _ gradients: UnsafeMutablePointer<Float>, workers: WorkerPool?
  ) throws(Failure) {
    for start in starts { try sumPieces(stored + [gradients], pieces(from: start), workers) }
  }

  /// Gives every rank all slices of `values`, of which it has its own.
  func gather(_ values: UnsafeMutablePointer<Float>) throws(Failure) {
    for start in starts {
      let pieces = pieces(from: start)
      try communicator.gatherSlices(values, counts: pieces.map(\.count), offsets: pieces.map(\.lowerBound))
    }
  }

  /// Where pieces start in their slices.
  private var starts: StrideTo<Int> { stride(from: 0, to: slices.ranges.map(\.count).max() ?? 0, by: pieceLength) }

  /// The next piece of every slice; empty where a slice has ended.
  private func pieces(from start: Int) -> [Range<Int>] {
    slices.ranges.map { slice in
      let lower = min(slice.lowerBound + start, slice.upperBound)
      return lower..<min(lower + pieceLength, slice.upperBound)
    }
  }

  /// Sums one piece of every slice; the last of `nodes` receives that of this rank.
  private func sumPieces(
    _ nodes: [UnsafeMutablePointer<Float>], _ pieces: [Range<Int>], _ workers: WorkerPool?
  ) throws(Failure) {
    let own = pieces[communicator.rank]
    let counts = pieces.map { $0.count * nodes.count }
    let receiveCounts = nodeCounts.map { $0 * own.count }
    try communicator.exchange(
      pack(nodes, pieces), counts: counts, offsets: send == nil ? pieces.map(\.lowerBound) : Self.offsets(of: counts),
      into: receive.pointer, counts: receiveCounts, offsets: Self.offsets(of: receiveCounts))
    // Ranks hold neighbouring leaves, so nodes arrive in the tree's order.
    let terms = (0..<nodeCounts.reduce(0, +)).map { receive.pointer + $0 * own.count }
    BufferSum(buffers: terms, additions: additions).run(count: own.count, workers: workers)
    (nodes[nodes.count - 1] + own.lowerBound).update(from: receive.pointer, count: own.count)
  }

  /// What is sent: the one node itself, or for each piece in turn that of every node.
  private func pack(_ nodes: [UnsafeMutablePointer<Float>], _ pieces: [Range<Int>]) -> UnsafePointer<Float> {
    guard let send else { return UnsafePointer(nodes[0]) }
    var end = send.pointer
    for piece in pieces {
      for node in nodes {
        end.update(from: node + piece.lowerBound, count: piece.count)
        end += piece.count
      }
    }
    return UnsafePointer(send.pointer)
  }

  private static func offsets(of counts: [Int]) -> [Int] {
    var end = 0
    return counts.map { count in
      defer { end += count }
      return end
    }
  }
}
