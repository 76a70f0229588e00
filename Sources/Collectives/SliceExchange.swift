import Storage
import Tensors

/// Sums the nodes of all ranks in the tree's order: slices of a bucket go to their owners, are summed and gathered.
///
/// Every rank sends (R - 1) / R of each of its nodes and receives as much of the sum, as a ring allreduce does.
final class SliceExchange {
  /// The memory of the buffers, in bytes.
  let bufferBytes: Int

  private let communicator: any Communicator
  private let bucketLength: Int
  private let nodeCounts: [Int]  // by rank
  private let additions: [SumTree.Addition]
  private let send: AlignedBuffer<Float>?  // [bucketLength x own nodes]; nil where the one node is sent from its place
  private let receive: AlignedBuffer<Float>  // [all nodes, longest slice]

  init(communicator: any Communicator, tree: SumTree, bucketLength: Int) {
    self.communicator = communicator
    self.bucketLength = bucketLength
    let size = communicator.size
    let nodes = (0..<size).map {
      tree.nodes(covering: $0 * tree.leafCount / size..<($0 + 1) * tree.leafCount / size)
    }
    nodeCounts = nodes.map(\.count)
    additions = tree.additions(over: nodes.flatMap(\.self))
    let ownNodes = nodeCounts[communicator.rank]
    // Rounding to cache lines makes a slice, of this or of a shorter last bucket, at most 16 longer than its share.
    let longestSlice = bucketLength / size + 17
    send = ownNodes > 1 ? AlignedBuffer(count: ownNodes * bucketLength) : nil
    receive = AlignedBuffer(count: nodeCounts.reduce(0, +) * longestSlice)
    bufferBytes = ((send?.count ?? 0) + receive.count) * MemoryLayout<Float>.stride
  }

  /// Sums over all ranks. This rank's nodes lie in `stored` and, the last one, in `gradients`, which receives the sum.
  func sum(
    _ stored: [UnsafeMutablePointer<Float>], _ gradients: UnsafeMutableBufferPointer<Float>, workers: WorkerPool?
  ) throws(Failure) {
    guard let base = gradients.baseAddress else { return }
    for start in stride(from: 0, to: gradients.count, by: bucketLength) {
      let slices = Self.slices(of: min(bucketLength, gradients.count - start), size: communicator.size)
      try sumBucket((stored + [base]).map { $0 + start }, slices, workers)
    }
  }

  /// Sums one bucket; the last of `nodes` receives the sum.
  private func sumBucket(
    _ nodes: [UnsafeMutablePointer<Float>], _ slices: [Range<Int>], _ workers: WorkerPool?
  ) throws(Failure) {
    let own = slices[communicator.rank]
    let source = pack(nodes, slices)
    let counts = slices.map { $0.count * nodes.count }
    let receiveCounts = nodeCounts.map { $0 * own.count }
    try communicator.exchange(
      source, counts: counts, offsets: Self.offsets(of: counts),
      into: receive.pointer, counts: receiveCounts, offsets: Self.offsets(of: receiveCounts))
    // Ranks hold neighbouring leaves, so nodes arrive in the tree's order.
    let terms = (0..<nodeCounts.reduce(0, +)).map { receive.pointer + $0 * own.count }
    BufferSum(buffers: terms, additions: additions).run(count: own.count, workers: workers)
    let target = nodes[nodes.count - 1]
    (target + own.lowerBound).update(from: receive.pointer, count: own.count)
    try communicator.gatherSlices(target, counts: slices.map(\.count), offsets: slices.map(\.lowerBound))
  }

  /// The bucket as it is sent: for each slice in turn, that of every node.
  private func pack(_ nodes: [UnsafeMutablePointer<Float>], _ slices: [Range<Int>]) -> UnsafePointer<Float> {
    guard let send else { return UnsafePointer(nodes[0]) }
    var end = send.pointer
    for slice in slices {
      for node in nodes {
        end.update(from: node + slice.lowerBound, count: slice.count)
        end += slice.count
      }
    }
    return UnsafePointer(send.pointer)
  }

  /// A bucket's division among the ranks, in whole cache lines as far as possible.
  private static func slices(of length: Int, size: Int) -> [Range<Int>] {
    func start(_ rank: Int) -> Int { rank == size ? length : rank * length / size / 16 * 16 }
    return (0..<size).map { start($0)..<start($0 + 1) }
  }

  private static func offsets(of counts: [Int]) -> [Int] {
    var end = 0
    return counts.map { count in
      defer { end += count }
      return end
    }
  }
}
