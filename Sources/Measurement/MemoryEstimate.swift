import Collectives
import CroCoModel
import PairData
import Runtime
import Training

/// The memory that a rank of a run takes, by what it is for: counted from the configuration, without running it.
package struct MemoryEstimate: Sendable, Equatable {
  /// One use of memory.
  package struct Item: Sendable, Equatable {
    /// What it is for: "parameters and gradients".
    package let name: String
    /// Its bytes.
    package let bytes: Int
    /// Whether rank 0 alone has it.
    package let isOfFirstRank: Bool
    /// A sentence on how to make it smaller.
    package let lever: String

    fileprivate init(_ name: String, _ bytes: Int, isOfFirstRank: Bool = false, lever: String) {
      (self.name, self.bytes, self.isOfFirstRank, self.lever) = (name, bytes, isOfFirstRank, lever)
    }
  }

  /// What takes memory, the largest first.
  package let items: [Item]

  /// Bytes of any rank but the first.
  package var bytes: Int { items.reduce(0) { $0 + ($1.isOfFirstRank ? 0 : $1.bytes) } }
  /// Bytes of rank 0.
  package var firstRankBytes: Int { items.reduce(0) { $0 + $1.bytes } }

  /// Counts for a network of `parameterCount` parameters.
  ///
  /// - Throws: `Failure` of kind `configuration` where the ranks cannot share the micro-batches.
  init(
    _ configuration: TrainingConfiguration, parameterCount: Int, layout: RankLayout, threads: Int
  ) throws(Failure) {
    let count = Counting(configuration: configuration, layout: layout, threads: threads)
    let floats = MemoryLayout<Float>.stride * parameterCount
    let copy = configuration.compute.precision.copiesParameters ? floats / 2 : 0
    // The running mean of the weights is held as the moments are.
    let averages = configuration.optimizer.averageDecay == nil ? 0 : 1
    let owners = configuration.compute.shardOptimizer ? layout.hosts.count * layout.ownersOfHost : 1
    let all = [
      Item(
        "parameters and gradients", 2 * floats + copy,
        lever: "Fewer ranks with more threads each (compute.threads) hold fewer copies on a host."),
      Item(
        "moments of AdamW", ((2 + averages) * floats + owners - 1) / owners,
        lever: "With compute.shard_optimizer ranks share them: use more hosts."),
      Item(
        "sums of gradients", try count.sums(parameterCount),
        lever:
          "Fewer micro-batches a rank need fewer: a larger batch.micro_batch_size (with compute.passes), or more hosts."
      ),
      Item(
        "activations", count.activations,
        lever: "Raise compute.passes, lower batch.micro_batch_size, or set compute.activation_checkpointing to block."),
      Item("batches", count.batches, lever: "Lower data.prefetch or batch.micro_batch_size."),
      Item("program and its threads", count.program, lever: "Fewer threads and ranks take less."),
      Item(
        "checkpoint in the making", (3 + averages) * floats, isOfFirstRank: true,
        lever: "Rank 0 alone has it: give its host more memory or fewer ranks."),
      Item("pictures", count.pictures, isOfFirstRank: true, lever: "Lower pictures.count."),
    ]
    items = all.filter { $0.bytes > 0 }.sorted { $0.bytes > $1.bytes }
  }
}

/// The items that take more than a product to count.
private struct Counting {
  let configuration: TrainingConfiguration
  let layout: RankLayout
  let threads: Int

  private var model: ModelConfiguration { configuration.model }
  private var loader: LoaderConfiguration { LoaderConfiguration(configuration) }

  /// Partial sums over micro-batches, and what ranks exchange them through.
  func sums(_ parameterCount: Int) throws(Failure) -> Int {
    let needs = try GradientSum.needs(
      configuration.compute.reduction, layout: layout, microBatchCount: configuration.batch.microBatchCount)
    return try needs.buffers * parameterCount * MemoryLayout<Float>.stride
      + GradientSum.exchangeBytes(
        configuration.compute.reduction, wire: configuration.compute.gradientWire, layout: layout,
        microBatchCount: configuration.batch.microBatchCount, count: parameterCount)
  }

  /// What a pass keeps for its backward, with the memory of each thread.
  var activations: Int {
    CroCoNet.activationBytes(
      model, batchSize: configuration.passSize, slabCount: configuration.compute.slabs, workerCount: threads,
      precision: configuration.compute.precision, activations: configuration.compute.activationCheckpointing.policy)
  }

  /// The ring of the loader, and the batch of validations.
  var batches: Int {
    let length = loader.ringLength + (configuration.validation.everySteps > 0 ? 1 : 0)
    return length * loader.batchBytes(count: configuration.batch.microBatchSize)
  }

  /// A second network without backward over the same parameters, and its pairs.
  var pictures: Int {
    guard configuration.pictures.everySteps > 0 else { return 0 }
    let count = configuration.pictures.count
    return CroCoNet.activationBytes(
      model, batchSize: count, slabCount: configuration.compute.slabs, workerCount: threads, activations: .discard)
      + loader.batchBytes(count: count)
  }

  /// The program with its libraries, and what its threads pack the factors of products into: up to 768 deep, and as many
  /// numbers of both factors as 1,152 such rows have.
  var program: Int {
    let widest = model.mlpRatio * max(model.encoderDimension, model.decoderDimension)
    let packed = 1152 * min(768, widest) * MemoryLayout<Float>.stride
    return Self.programBytes + (layout.size > 1 ? Self.messagingBytes : 0) + threads * packed
  }

  /// Measured: the resident memory of `croco train` beside everything else that is counted here, on Debian 12.
  private static let programBytes = 46_000_000
  /// Measured: what Open MPI adds, on one host.
  private static let messagingBytes = 7_000_000
}
