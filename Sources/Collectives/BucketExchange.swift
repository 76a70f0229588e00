import Runtime

/// Sums the nodes of all ranks in the tree's order, a bucket at a time: every rank receives all ranks' parts of its slice and
/// adds them up while they are in the cache.
///
/// Every rank sends (R - 1) / R of each of its nodes.
final class BucketExchange {
  /// The memory of the buffers, in bytes.
  var bufferBytes: Int { ((send?.count ?? 0) + receive.count) * MemoryLayout<Float>.stride }

  private let communicator: any Communicator
  private let nodeCounts: [Int]  // by rank
  private let additions: [SumTree.Addition]
  private let send: AlignedBuffer<Float>?  // [bucket, own nodes]; nil: the one node lies in its place
  private let receive: AlignedBuffer<Float>  // [all nodes, own slice]

  /// Plans the sums of what the ranks own.
  ///
  /// - Parameter nodes: what each rank's micro-batches come to, by rank.
  init(_ nodes: [[Range<Int>]], tree: SumTree, ownership: Ownership, communicator: any Communicator) {
    let rank = communicator.rank
    self.communicator = communicator
    nodeCounts = nodes.map(\.count)
    // Ranks hold neighbouring leaves, so nodes arrive in the tree's order.
    additions = tree.additions(over: nodes.flatMap(\.self))
    let (bucket, slice) = ownership.buckets.reduce((0, 0)) { longest, bucket in
      (max(longest.0, bucket.range.count), max(longest.1, bucket.slices[rank].count))
    }
    send = nodeCounts[rank] > 1 ? AlignedBuffer(count: nodeCounts[rank] * bucket) : nil
    receive = AlignedBuffer(count: nodeCounts.reduce(0, +) * slice)
  }

  /// Sums `bucket` over all ranks. The last of this rank's `nodes` receives the sum in this rank's slice, and keeps what it
  /// had in the others.
  func sum(_ bucket: Ownership.Bucket, _ nodes: [AlignedBuffer<Float>], workers: WorkerPool?) throws(Failure) {
    let own = bucket.slices[communicator.rank]
    try communicator.exchange(
      pack(bucket, nodes), into: BufferSlices(receive, counts: nodeCounts.map { $0 * own.count }))
    let terms = (0..<nodeCounts.reduce(0, +)).map { receive.pointer + $0 * own.count }
    BufferSum(buffers: terms, additions: additions).run(0..<own.count, workers: workers)
    (nodes[nodes.count - 1].pointer + own.lowerBound).update(from: receive.pointer, count: own.count)
  }

  /// What is sent: the one node itself, or for each slice in turn that of every node.
  private func pack(_ bucket: Ownership.Bucket, _ nodes: [AlignedBuffer<Float>]) -> BufferSlices<Float> {
    guard let send else { return BufferSlices(nodes[0], bucket.slices) }
    var end = send.pointer
    for slice in bucket.slices {
      for node in nodes {
        end.update(from: node.pointer + slice.lowerBound, count: slice.count)
        end += slice.count
      }
    }
    return BufferSlices(send, counts: bucket.slices.map { $0.count * nodes.count })
  }
}
