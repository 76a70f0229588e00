import Collectives
import CroCoModel
import Runtime

/// What a run will cost, counted from its configuration without running it: `--dry-run`.
package struct RunEstimate: Sendable, Equatable {
  /// Trainable parameters.
  package let parameterCount: Int
  /// Bytes of values, gradients, moments and partial sums on each rank.
  package let stateBytes: Int
  /// Bytes of activations and gradient buffers of a pass on each rank.
  package let activationBytes: Int
  /// Bytes of the snapshot from which rank 0 writes checkpoints.
  package let snapshotBytes: Int
  /// Bytes of a checkpoint on disk.
  package let checkpointBytes: Int
  /// Bytes that the rank with the most sends a step, about.
  package let sentBytes: Int
  /// Floating-point operations of a step, over all ranks.
  package let operations: Double

  /// Counts for a number of ranks.
  ///
  /// - Throws: `Failure` of kind `configuration` where there are more ranks than micro-batches.
  package init(_ configuration: TrainingConfiguration, rankCount: Int) throws(Failure) {
    let (model, batch) = (configuration.model, configuration.batch)
    let sum = try GradientSum.needs(
      configuration.compute.reduction, size: rankCount, microBatchCount: batch.microBatchCount)
    parameterCount = CroCoNet.declarations(model).reduce(0) { $0 + $1.count }
    let bufferBytes = 4 * parameterCount
    let copyBytes = configuration.compute.precision.copiesParameters ? bufferBytes / 2 : 0
    let momentBytes = 2 * bufferBytes / (configuration.compute.shardOptimizer ? rankCount : 1)
    stateBytes = (2 + sum.buffers) * bufferBytes + momentBytes + copyBytes
    activationBytes = CroCoNet.activationBytes(
      model, batchSize: configuration.passSize, slabCount: configuration.compute.slabs,
      workerCount: configuration.compute.threads ?? 1, precision: configuration.compute.precision,
      activations: configuration.compute.activationCheckpointing.policy)
    snapshotBytes = 3 * bufferBytes
    checkpointBytes = 3 * bufferBytes + 4 * CroCoNet.buffers(model).reduce(0) { $0 + $1.values.count }
    // Then the owners give away what they updated or, where every rank updates all, the sums, if MPI has not done so.
    let gathers = configuration.compute.reduction == .reproducible || configuration.compute.shardOptimizer ? 1 : 0
    sentBytes = (sum.sent + gathers) * bufferBytes * (rankCount - 1) / rankCount
    operations = OperationCount(model).forwardAndBackward * Double(batch.globalBatchSize)
  }

  /// The estimate for people.
  package var text: String {
    """
    parameters           \(parameterCount)
    memory of a rank     \(Self.size(stateBytes + activationBytes)) (state \(Self.size(stateBytes)), \
    activations \(Self.size(activationBytes))); rank 0 \(Self.size(snapshotBytes)) more for checkpoints
    a checkpoint         \(Self.size(checkpointBytes))
    a step               \(Self.rounded(operations / 1e9)) GFLOP over all ranks; each sends \(Self.size(sentBytes))
    """
  }

  private static func size(_ bytes: Int) -> String {
    bytes < 10_000_000
      ? "\(rounded(Double(bytes) / 1e6)) MB"
      : bytes < 10_000_000_000
        ? "\(bytes / 1_000_000) MB" : "\(rounded(Double(bytes) / 1e9)) GB"
  }

  private static func rounded(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : "\(tenths)"
  }
}
