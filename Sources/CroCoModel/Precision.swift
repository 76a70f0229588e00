import Tensors

/// The arithmetic of a network's matrix products. Sums, residual streams, statistics, soft-max, gradients of parameters and
/// the parameters themselves are fp32 with either.
public enum Precision: String, Sendable, CaseIterable {
  /// 32 bits, by OpenBLAS: the reference.
  case fp32
  /// What products read is rounded to bfloat16, by oneDNN: half the memory of activations, about twice the speed on
  /// processors with bf16 instructions. ``OneDNN/requireBFloat16()`` tells whether it is possible.
  case bf16
}
