/// Counted work of a network, for MFU and estimates. A multiply-add counts as two operations; element-wise work is left out.
package struct OperationCount: Sendable, Equatable {
  /// Operations of a forward pass of one pair.
  package let forward: Double

  /// Operations of forward and backward together, which does every product twice. What is computed again instead of kept (the
  /// attention logits, and with activation checkpointing whole blocks) does not count, as is usual for MFU.
  package var forwardAndBackward: Double { 3 * forward }

  /// Counts the matrix products of a configuration.
  package init(_ configuration: ModelConfiguration) {
    let visible = Double(configuration.visibleCount)
    let patches = Double(configuration.patchCount)
    let rows = visible + patches
    let encoder = Double(configuration.encoderDimension)
    let decoder = Double(configuration.decoderDimension)
    let ratio = Double(configuration.mlpRatio)
    let patch = Double(configuration.patchDimension)

    let blockWeights = 4 + 2 * ratio  // qkv, proj, fc1, fc2 in units of C^2
    let encoderLinear = rows * encoder * encoder * blockWeights * Double(configuration.encoderDepth)
    let encoderLogits = (visible * visible + patches * patches) * encoder * Double(configuration.encoderDepth)
    let decoderLinear = patches * decoder * decoder * (blockWeights + 4) * Double(configuration.decoderDepth)
    let decoderLogits = 2 * patches * patches * decoder * Double(configuration.decoderDepth)
    let ends = rows * encoder * (patch + decoder) + patches * decoder * patch

    // Logits, and the sums of values that are weighted by them.
    forward = 2 * (encoderLinear + decoderLinear + ends) + 4 * (encoderLogits + decoderLogits)
  }
}
