/// How gradients travel between hosts.
package enum GradientWire: String, Sendable, CaseIterable {
  /// As they are.
  case fp32
  /// As bfloat16, half the bytes. Every node of the tree but its root is rounded, wherever it is summed and sent or not, so that
  /// results do not depend on where hosts begin; sums are fp32.
  case bf16

  /// The bytes of an element.
  package var bytes: Int { self == .fp32 ? 4 : 2 }
}
