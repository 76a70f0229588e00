import Runtime

/// How gradients are summed over micro-batches and ranks.
package enum Reduction: String, Sendable, CaseIterable {
  /// In a fixed binary tree over the micro-batches: the same bytes for every number of ranks. The default.
  case reproducible
  /// Each rank its own in order, then `MPI_Allreduce`: the bytes depend on the number of ranks.
  case mpi

  /// The order of additions over a step's micro-batches.
  func tree(microBatchCount: Int) -> SumTree {
    switch self {
    case .reproducible: SumTree(leafCount: microBatchCount)
    case .mpi: .chain(leafCount: microBatchCount)
    }
  }
}

/// The sum (not the mean) of the gradients of a step's micro-batches over all ranks.
///
/// A step has M micro-batches, of which each of R ranks computes neighbouring ones, in order: as many as the others or one
/// more. After each, ``accumulate()`` takes what the gradient buffer holds. Backward may overwrite it for the next one. While
/// it computes the last one, it reports through ``finished(_:)`` which gradients are complete. At the end
/// ``sumToOwners()`` or ``sumToAll()`` leaves the sum in the gradient buffer; ``BackgroundExchange`` does so meanwhile.
package final class GradientSum {
  /// The micro-batches of this rank, counted over the whole step.
  package let microBatches: Range<Int>

  private let gradients: AlignedBuffer<Float>
  private let ownership: Ownership
  private let reduction: Reduction
  private let groups: HostGroups
  private let workers: WorkerPool?
  private let partialSums: PartialSums
  private let exchange: HostFirstExchange?
  private let gather: SliceGather
  private let readiness: BucketReadiness

  /// Allocates the buffers for sums of `gradients` and plans them.
  ///
  /// - Parameters:
  ///   - ownership: of the elements of `gradients` by the ranks of `groups`.
  ///   - microBatchCount: M, of the whole step over all ranks.
  ///   - workers: share the additions; nil adds in the calling thread.
  /// - Throws: ``Failure`` of kind `configuration` if there are more ranks than micro-batches.
  package init(
    of gradients: AlignedBuffer<Float>, ownership: Ownership, microBatchCount: Int,
    reduction: Reduction = .reproducible, wire: GradientWire = .fp32, groups: HostGroups, workers: WorkerPool? = nil
  ) throws(Failure) {
    let (layout, communicator) = (groups.layout, groups.communicator)
    precondition(
      ownership.count == gradients.count, "\(gradients.count) gradients, of which \(ownership.count) are owned")
    self.gradients = gradients
    self.ownership = ownership
    self.reduction = reduction
    self.groups = groups
    self.workers = workers
    let tree = reduction.tree(microBatchCount: microBatchCount)
    let shares = try layout.shares(of: microBatchCount)
    microBatches = shares[communicator.rank]
    partialSums = PartialSums(tree: tree, leaves: microBatches, gradients: gradients, wire: wire, workers: workers)
    // MPI's own sum needs no buffers.
    exchange =
      layout.size > 1 && reduction == .reproducible
      ? HostFirstExchange(
        shares.map(tree.nodes(covering:)), tree: tree, ownership: ownership, groups: groups, wire: wire) : nil
    gather = SliceGather(of: gradients, ownership: ownership, groups: groups)
    readiness = BucketReadiness(ownership.buckets.map(\.range))
  }

  /// The memory of all buffers, in bytes.
  package var bufferBytes: Int {
    partialSums.slotCount * gradients.count * MemoryLayout<Float>.stride + (exchange?.bufferBytes ?? 0)
  }

  /// The buckets whose gradients are complete in the last micro-batch, the first so many of ``Ownership/buckets``.
  package var readyBucketCount: Int { readiness.readyCount }

  /// Notes that backward has completed the gradients of `range` in this rank's last micro-batch; each element once.
  package func finished(_ range: Range<Int>) {
    precondition(partialSums.isInLast, "only the last micro-batch of \(microBatches) completes gradients")
    readiness.finish(range)
  }

  /// Takes the gradients of this rank's next micro-batch. Those of the last one stay in the gradient buffer.
  package func accumulate() {
    partialSums.add()
    if partialSums.isComplete { readiness.finishAll() }
  }

  /// Sums over the ranks: each rank has the sum in the gradients that it owns; the rest has no meaning.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func sumToOwners() throws(Failure) {
    precondition(partialSums.isComplete, "this rank has not accumulated all of micro-batches \(microBatches)")
    try sumBuckets(workers: workers, rest: nil)
    if reduction == .mpi, groups.layout.size > 1 { try groups.communicator.sum(gradients.elements) }
    beginNextStep()
  }

  /// Sums over the ranks: all gradients are the sum, with the same bytes on every rank.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func sumToAll() throws(Failure) {
    try sumToOwners()
    // MPI's own sum is everywhere already.
    if reduction == .reproducible { try gather.run() }
  }

  /// Sums bucket after bucket as they are ready, and gathers the sums where all ranks want them; on any thread.
  ///
  /// - Parameter rest: waits a little.
  func sumMeanwhile(toAll: Bool, rest: @escaping () -> Void) throws(Failure) {
    try sumBuckets(workers: nil, rest: rest)
    if toAll { try gather.run(arrival: nil, rest: rest) }
  }

  /// Makes all buckets ready, where a pass was called off and its step will be dropped: other ranks may wait for them.
  func giveUp() { readiness.finishAll() }

  /// Forgets the sums, once they are used.
  func beginNextStep() {
    partialSums.reset()
    readiness.reset()
  }

  private func sumBuckets(workers: WorkerPool?, rest: (() -> Void)?) throws(Failure) {
    try BucketPipeline.run(
      Work(sum: self, nodes: partialSums.nodes.map { NodeSlice(buffer: $0) }, workers: workers), rest: rest)
  }

  private struct Work: BucketWork {
    let sum: GradientSum
    let nodes: [NodeSlice]
    let workers: WorkerPool?

    var bucketCount: Int { sum.ownership.buckets.count }
    var stepCount: Int { sum.exchange?.stepCount ?? 1 }
    var depth: Int { sum.exchange?.depth ?? 1 }

    func isReady(_ bucket: Int) -> Bool { bucket < sum.readiness.readyCount }

    func begin(step: Int, of bucket: Int) throws(Failure) -> (any PendingTransfer)? {
      if step == 0 { sum.partialSums.finish(sum.ownership.buckets[bucket].range, workers: workers) }
      return try sum.exchange?.begin(step: step, of: bucket, nodes, into: sum.gradients, workers: workers)
    }
  }
}

// What a sum needs, without making it: for estimates.
extension GradientSum {
  /// What the rank that needs the most keeps beside the gradients, in buffers of their size, and what it sends to other hosts, in
  /// parts of (H - 1) / H of its host's share of that size, H hosts.
  ///
  /// - Throws: ``Failure`` of kind `configuration` if there are more ranks than micro-batches.
  package static func needs(
    _ reduction: Reduction, layout: RankLayout, microBatchCount: Int
  ) throws(Failure) -> (buffers: Int, sent: Int) {
    let tree = reduction.tree(microBatchCount: microBatchCount)
    let shares = try layout.shares(of: microBatchCount)
    let buffers = shares.map { PartialSums.slotCount(tree: tree, leaves: $0) }.max() ?? 0
    let nodes = layout.leaves(ofHosts: shares).map { tree.nodes(covering: $0).count }.max() ?? 1
    // MPI's own sum is as an exchange of slices and a gather.
    return (buffers, reduction == .mpi ? 2 : nodes)
  }

  /// The bytes through which ranks exchange the nodes of a sum over `count` gradients, at most; for estimates.
  package static func exchangeBytes(
    _ reduction: Reduction, wire: GradientWire, layout: RankLayout, microBatchCount: Int, count: Int
  ) throws(Failure) -> Int {
    guard layout.size > 1, reduction == .reproducible else { return 0 }
    let tree = reduction.tree(microBatchCount: microBatchCount)
    let nodes = try layout.shares(of: microBatchCount).map(tree.nodes(covering:))
    // Between hosts the length is measured when a run begins.
    let length = layout.hosts.count > 1 ? Ownership.longestBucket : nil
    return HostFirstExchange.bufferBytes(
      nodes, tree: tree, Ownership(count: count, layout: layout, bucketLength: length), wire: wire)
  }
}
