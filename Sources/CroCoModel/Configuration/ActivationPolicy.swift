/// What a network keeps of its forward pass.
///
/// The result is the same, byte for byte, whatever the policy: what is not kept is computed again by the same calls.
package enum ActivationPolicy: Sendable, Equatable {
  /// Everything that backward needs.
  case keep
  /// The input of each block; backward runs the block forward again (Chen et al., "Training Deep Nets with Sublinear
  /// Memory Cost", 2016). About a third more work, a fraction of the memory.
  case recomputeBlocks
  /// Nothing: for inference, without a backward pass.
  case discard

  /// Whether a backward pass can follow.
  package var hasBackward: Bool { self == .keep || self == .recomputeBlocks }
}
