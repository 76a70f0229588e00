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
/// ``sumToOwners()`` or ``sumToAll()`` leaves the sum in the gradient buffer.
package final class GradientSum {
  /// The micro-batches of this rank, counted over the whole step.
  package let microBatches: Range<Int>

  private let gradients: AlignedBuffer<Float>
  private let ownership: Ownership
  private let reduction: Reduction
  private let communicator: any Communicator
  private let workers: WorkerPool?
  private let partialSums: PartialSums
  private let exchange: BucketExchange?
  private var readiness: BucketReadiness

  /// Allocates the buffers for sums of `gradients` and plans them.
  ///
  /// - Parameters:
  ///   - ownership: of the elements of `gradients` by the ranks of `communicator`.
  ///   - microBatchCount: M, of the whole step over all ranks.
  ///   - workers: share the additions; nil adds in the calling thread.
  /// - Throws: ``Failure`` of kind `configuration` if there are more ranks than micro-batches.
  package init(
    of gradients: AlignedBuffer<Float>, ownership: Ownership, microBatchCount: Int,
    reduction: Reduction = .reproducible,
    communicator: any Communicator, workers: WorkerPool? = nil
  ) throws(Failure) {
    let size = communicator.size
    precondition(
      ownership.count == gradients.count && ownership.size == size,
      "\(gradients.count) gradients of \(size) ranks, of which \(ownership.size) own \(ownership.count)")
    self.gradients = gradients
    self.ownership = ownership
    self.reduction = reduction
    self.communicator = communicator
    self.workers = workers
    let tree = reduction.tree(microBatchCount: microBatchCount)
    var shares: [Range<Int>] = []
    for rank in 0..<size { shares.append(try Self.microBatches(of: rank, size: size, count: microBatchCount)) }
    microBatches = shares[communicator.rank]
    partialSums = PartialSums(tree: tree, leaves: microBatches, gradients: gradients, workers: workers)
    // MPI's own sum needs no buffers.
    exchange =
      size > 1 && reduction == .reproducible
      ? BucketExchange(
        shares.map(tree.nodes(covering:)), tree: tree, ownership: ownership, communicator: communicator) : nil
    readiness = BucketReadiness(ownership.buckets.map(\.range))
  }

  /// The memory of all buffers, in bytes.
  package var bufferBytes: Int {
    partialSums.slotCount * gradients.count * MemoryLayout<Float>.stride + (exchange?.bufferBytes ?? 0)
  }

  /// The micro-batches that `rank` of `size` computes of the `count` of a step.
  ///
  /// - Throws: ``Failure`` of kind `configuration` if there are more ranks than micro-batches.
  package static func microBatches(of rank: Int, size: Int, count: Int) throws(Failure) -> Range<Int> {
    guard size <= count else {
      throw Failure(
        .configuration,
        "\(size) ranks cannot share the \(count) \(count == 1 ? "micro-batch" : "micro-batches") of a step.",
        hint: "Start at most \(count), or change global_batch_size or micro_batch_size.")
    }
    return Partition.range(rank, of: size, count: count)
  }

  /// What the rank that needs the most keeps beside the gradients, in buffers of their size, and what it sends of a sum, in
  /// parts of (R - 1) / R of that size; for estimates.
  ///
  /// - Throws: ``Failure`` of kind `configuration` if there are more ranks than micro-batches.
  package static func needs(
    _ reduction: Reduction, size: Int, microBatchCount: Int
  ) throws(Failure) -> (buffers: Int, sent: Int) {
    let tree = reduction.tree(microBatchCount: microBatchCount)
    var (buffers, nodes) = (0, 0)
    for rank in 0..<size {
      let leaves = try microBatches(of: rank, size: size, count: microBatchCount)
      buffers = max(buffers, PartialSums.slotCount(tree: tree, leaves: leaves))
      nodes = max(nodes, tree.nodes(covering: leaves).count)
    }
    // MPI's own sum is as an exchange of slices and a gather.
    return (buffers, reduction == .mpi ? 2 : nodes)
  }

  /// The bytes through which ranks exchange the nodes of a sum over `count` gradients, at most; for estimates.
  package static func exchangeBytes(_ reduction: Reduction, size: Int, microBatchCount: Int, count: Int) -> Int {
    guard size > 1, reduction == .reproducible else { return 0 }
    let tree = reduction.tree(microBatchCount: microBatchCount)
    let nodes = (0..<size).map {
      tree.nodes(covering: Partition.range($0, of: size, count: microBatchCount)).count
    }
    let bucket = min(Ownership.defaultBucketLength(ranks: size), count)
    let sent = nodes.max() ?? 1
    return (nodes.reduce(0, +) * bucket / size + (sent > 1 ? sent * bucket : 0)) * MemoryLayout<Float>.stride
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
    for bucket in ownership.buckets[..<readiness.readyCount] {
      partialSums.finish(bucket.range)
      try exchange?.sum(bucket, partialSums.nodes, workers: workers)
    }
    if reduction == .mpi, communicator.size > 1 { try communicator.sum(gradients.elements) }
    partialSums.reset()
    readiness.reset()
  }

  /// Sums over the ranks: all gradients are the sum, with the same bytes on every rank.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func sumToAll() throws(Failure) {
    try sumToOwners()
    // MPI's own sum is everywhere already.
    if reduction == .reproducible { try ownership.gather(gradients, by: communicator) }
  }
}
