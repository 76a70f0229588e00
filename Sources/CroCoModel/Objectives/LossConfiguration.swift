import Kernels
import Runtime

/// What the loss compares and how.
package struct LossConfiguration: Sendable, Equatable {
  /// The distance of prediction and target.
  package enum Kind: String, Sendable, CaseIterable {
    /// Mean squared error.
    case l2
    /// Mean absolute error.
    case l1
  }

  /// The distance.
  package var kind = Kind.l2
  /// Whether targets are normalised patch by patch: (t - mean) / sqrt(unbiased variance + 1e-6).
  package var normalizesPatches = true
  /// Whether only masked patches count.
  package var onMaskedOnly = true

  /// The loss of the official pre-training: normalised patches, mean squared error over the masked ones.
  package init() {}

  /// The objective of a network's passes.
  ///
  /// - Parameter slabCount: of the network; it does not change results.
  package func makeObjective(
    _ model: ModelConfiguration, batchSize: Int, slabCount: Int, pool: WorkerPool
  ) -> any Objective {
    MaskedPatchLoss(self, model, batchSize: batchSize, slabCount: slabCount, pool: pool)
  }
}
