import Runtime

/// How gradients are summed over micro-batches and ranks.
package enum Reduction: String, Sendable, CaseIterable {
  /// In a fixed binary tree over the micro-batches: the same bytes for every number of ranks. The default.
  case reproducible
  /// Each rank its own in order, then `MPI_Allreduce`: the bytes depend on the number of ranks.
  case mpi
}

/// Sums the gradients of a step's micro-batches over all ranks.
///
/// A step has M micro-batches, of which rank r of R computes r M / R ..< (r + 1) M / R, in order. After each one the
/// gradient buffer is handed to ``accumulate(_:)`` and cleared, but not after the last; then ``reduceSlice(_:)`` leaves in
/// this rank's ``slice`` of it the sum (not the mean) over all M, or ``reduce(_:)`` in all of it, with the same bytes on
/// every rank.
package final class GradientReducer {
  /// The micro-batches of this rank, counted over the whole step.
  package let microBatches: Range<Int>
  /// The memory of all buffers, in bytes.
  package let bufferBytes: Int
  /// How gradients are summed.
  package let reduction: Reduction
  /// Each rank's elements: those that it sums and, where the optimiser is sharded, updates.
  package let slices: Slices

  let communicator: any Communicator
  let count: Int
  let workers: WorkerPool?
  private let partialSums: PartialSums
  private let exchange: SliceExchange?

  /// Allocates the buffers for `count` gradients and plans the sums.
  ///
  /// - Parameters:
  ///   - count: the floats of the gradient buffer.
  ///   - microBatchCount: M, of the whole step over all ranks.
  ///   - workers: share the additions; nil adds in the calling thread.
  ///   - sliceUnit: slices start at its multiples.
  ///   - bucketLength: the floats that are communicated at once, over all slices; nil: ``defaultBucketLength(ranks:)``.
  /// - Throws: ``Failure`` of kind `configuration` if the ranks do not divide the micro-batches, or if several ranks have
  ///   more gradients than MPI can count.
  package init(
    communicator: any Communicator, reduction: Reduction = .reproducible, count: Int, microBatchCount: Int,
    workers: WorkerPool? = nil, sliceUnit: Int = 16, bucketLength: Int? = nil
  ) throws(Failure) {
    let bucketLength = bucketLength ?? Self.defaultBucketLength(ranks: communicator.size)
    precondition(bucketLength > 0, "a bucket of \(bucketLength) floats")
    self.communicator = communicator
    self.reduction = reduction
    self.count = count
    self.workers = workers
    microBatches = try Self.microBatches(of: communicator.rank, size: communicator.size, count: microBatchCount)
    guard communicator.size == 1 || count <= Int(Int32.max) else {
      throw Failure(
        .configuration, "MPI counts to \(Int32.max), and the network has \(count) parameters.",
        hint: "Train it in a single process, or choose a smaller one.")
    }
    slices = Slices(count: count, size: communicator.size, unit: sliceUnit)
    let tree = reduction == .reproducible ? SumTree(leafCount: microBatchCount) : .chain(leafCount: microBatchCount)
    partialSums = PartialSums(tree: tree, leaves: microBatches, count: count, workers: workers)
    exchange =
      communicator.size > 1
      ? SliceExchange(
        communicator: communicator, tree: tree, slices: slices, bucketLength: min(bucketLength, max(1, count)))
      : nil
    bufferBytes = partialSums.slotCount * count * MemoryLayout<Float>.stride + (exchange?.bufferBytes ?? 0)
  }

  /// 512 KB of each slice: enough for few messages, and little enough to be added in the cache; at most 16 MB in all.
  package static func defaultBucketLength(ranks: Int) -> Int { min(ranks << 17, 1 << 22) }

  /// The share of `rank` of a step's micro-batches.
  ///
  /// - Throws: ``Failure`` of kind `configuration` if `size` does not divide `count`.
  package static func microBatches(of rank: Int, size: Int, count: Int) throws(Failure) -> Range<Int> {
    guard count > 0, count % size == 0 else {
      let divisors = (1...max(1, count)).filter { count % $0 == 0 }.map(String.init)
      let choice = [divisors.dropLast().joined(separator: ", "), divisors[divisors.count - 1]].filter { !$0.isEmpty }
      throw Failure(
        .configuration, "\(size) ranks cannot share the \(count) micro-batches of a step evenly.",
        hint: "Start \(choice.joined(separator: " or ")) ranks, or change global_batch_size or micro_batch_size.")
    }
    return rank * count / size..<(rank + 1) * count / size
  }

  /// The buffers of the size of the gradients that a rank keeps beside these, for estimates.
  ///
  /// - Throws: ``Failure`` of kind `configuration` if `size` does not divide `microBatchCount`.
  package static func bufferCount(
    _ reduction: Reduction, rank: Int, size: Int, microBatchCount: Int
  ) throws(Failure) -> Int {
    let leaves = try microBatches(of: rank, size: size, count: microBatchCount)
    let tree = reduction == .reproducible ? SumTree(leafCount: microBatchCount) : .chain(leafCount: microBatchCount)
    return PartialSums.slotCount(tree: tree, leaves: leaves)
  }

  /// The bytes through which ranks exchange sums, at most; for estimates.
  package static func exchangeBytes(size: Int, count: Int, microBatchCount: Int) -> Int {
    guard size > 1 else { return 0 }
    let tree = SumTree(leafCount: microBatchCount)
    let nodes = (0..<size).map {
      tree.nodes(covering: $0 * microBatchCount / size..<($0 + 1) * microBatchCount / size).count
    }
    let bucket = min(defaultBucketLength(ranks: size), count)
    let sent = nodes.max() ?? 1
    return (nodes.reduce(0, +) * bucket / size + (sent > 1 ? sent * bucket : 0)) * MemoryLayout<Float>.stride
  }

  /// Takes the gradient of this rank's next micro-batch. Clear `gradients` afterwards, but not after the last one.
  package func accumulate(_ gradients: AlignedBuffer<Float>) {
    precondition(gradients.count == count, "\(gradients.count) gradients for a reducer of \(count)")
    partialSums.add(gradients.elements)
  }

  /// The elements that this rank sums.
  package var slice: Range<Int> { slices.ranges[communicator.rank] }

  /// Sums over the ranks: `gradients`, as the last ``accumulate(_:)`` left it, becomes the sum over all micro-batches.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func reduce(_ gradients: AlignedBuffer<Float>) throws(Failure) {
    try reduceSlice(gradients)
    // MPI's own sum is everywhere already.
    if reduction == .reproducible { try gather(gradients) }
  }

  /// Sums over the ranks as ``reduce(_:)`` does, but only this rank's ``slice`` is the sum; the rest has no meaning.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func reduceSlice(_ gradients: AlignedBuffer<Float>) throws(Failure) {
    precondition(gradients.count == count, "\(gradients.count) gradients for a reducer of \(count)")
    precondition(partialSums.isComplete, "this rank has not accumulated all of micro-batches \(microBatches)")
    if reduction == .mpi {
      if communicator.size > 1 { try communicator.sum(gradients.elements) }
    } else {
      try exchange?.sum(partialSums.storedNodes, gradients.pointer, workers: workers)
    }
    partialSums.reset()
  }

  /// Gives every rank the whole of `values`, [count], of which each has its own ``slice``.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func gather(_ values: AlignedBuffer<Float>) throws(Failure) {
    precondition(values.count == count, "\(values.count) values for a reducer of \(count)")
    try exchange?.gather(values.pointer)
  }

  /// Forgets what was accumulated, where all ranks skip a step.
  package func discard() { partialSums.reset() }
}
