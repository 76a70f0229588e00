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
}

/// The reconstruction loss of a micro-batch and its gradient with respect to the prediction.
///
/// Source: MAE (He et al., 2022), equation in section 3; CroCo, section 3.1. The mean is over all counted patches of the
/// micro-batch together. The target is a constant.
package final class MaskedLoss {
  /// What is compared.
  package let configuration: LossConfiguration

  private let model: ModelConfiguration
  private let batchSize: Int
  private let pool: WorkerPool
  private let slabCount: Int
  private let targetBuffer: AlignedBuffer<Float>
  private let gradientBuffer: AlignedBuffer<Float>
  private let patchLosses: AlignedBuffer<Double>
  private var prediction: UnsafePointer<Float>?
  private var mask: UnsafePointer<UInt8>?
  private var countedPatches = 0

  /// A loss for micro-batches of `batchSize` pairs.
  package init(
    _ configuration: LossConfiguration, _ model: ModelConfiguration, batchSize: Int, slabCount: Int, pool: WorkerPool
  ) {
    self.configuration = configuration
    self.model = model
    self.batchSize = batchSize
    self.pool = pool
    self.slabCount = max(1, min(slabCount, batchSize))
    targetBuffer = AlignedBuffer(count: batchSize * model.patchCount * model.patchDimension)
    gradientBuffer = AlignedBuffer(count: batchSize * model.patchCount * model.patchDimension)
    patchLosses = AlignedBuffer(count: batchSize * model.patchCount)
  }

  /// The target of the last ``forward(prediction:view1:mask:)``, normalised if so configured: [B, N, P]. Patches that do not
  /// count are not filled in.
  package var target: UnsafeMutableBufferPointer<Float> { targetBuffer.elements }

  /// The mean loss over the counted patches of the micro-batch; NaN where none counts.
  ///
  /// - Parameters:
  ///   - prediction: [B, N, P], in (row, column, channel) order within a patch. Both it and the mask must stay valid until
  ///     ``gradient(scale:)``.
  ///   - view1: the image to complete, normalised: [B, 3, H, W].
  ///   - mask: 1 = masked: [B, N].
  package func forward(
    prediction: UnsafePointer<Float>, view1: UnsafePointer<Float>, mask: UnsafePointer<UInt8>
  ) -> Double {
    self.prediction = prediction
    self.mask = mask
    forEachPatch { patch, counts in
      guard counts else {
        patchLosses.pointer[patch] = 0
        return
      }
      let target = targetBuffer.pointer + patch * model.patchDimension
      fillTarget(target, patch, view1)
      patchLosses.pointer[patch] = distance.value(
        prediction + patch * model.patchDimension, target, count: model.patchDimension)
    }
    let total = batchSize * model.patchCount
    countedPatches = configuration.onMaskedOnly ? (0..<total).reduce(0) { $0 + Int(mask[$1]) } : total
    return patchLosses.elements.reduce(0, +) / Double(countedPatches * model.patchDimension)
  }

  /// The gradient of `scale` times the last loss with respect to the prediction: [B, N, P].
  package func gradient(scale: Double) -> UnsafePointer<Float> {
    guard let prediction else { preconditionFailure("the gradient of a loss follows its forward pass") }
    let factor = Float(scale / Double(countedPatches * model.patchDimension))
    forEachPatch { patch, counts in
      let offset = patch * model.patchDimension
      if counts {
        distance.gradient(
          prediction + offset, targetBuffer.pointer + offset, factor: factor, into: gradientBuffer.pointer + offset,
          count: model.patchDimension)
      } else {
        (gradientBuffer.pointer + offset).update(repeating: 0, count: model.patchDimension)
      }
    }
    return UnsafePointer(gradientBuffer.pointer)
  }

  /// Targets [B, N, P] normalised patch by patch, as the loss compares them.
  package static func normalized(_ target: [Float], patchDimension: Int) -> [Float] {
    var result = target
    result.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: patchDimension) {
        PatchLoss.normalizeTarget(values.baseAddress! + start, count: patchDimension)
      }
    }
    return result
  }

  private func forEachPatch(_ body: (_ patch: Int, _ counts: Bool) -> Void) {
    guard let mask else { preconditionFailure("a loss needs a mask") }
    pool.run(slabCount) { slab, _ in
      for patch in Partition.range(slab, of: slabCount, count: batchSize * model.patchCount) {
        body(patch, mask[patch] != 0 || !configuration.onMaskedOnly)
      }
    }
  }

  private func fillTarget(_ target: UnsafeMutablePointer<Float>, _ patch: Int, _ view1: UnsafePointer<Float>) {
    let (sample, place) = patch.quotientAndRemainder(dividingBy: model.patchCount)
    model.grid.copyChannelLast(place, of: view1 + sample * 3 * model.imageHeight * model.imageWidth, into: target)
    if configuration.normalizesPatches { PatchLoss.normalizeTarget(target, count: model.patchDimension) }
  }

  private var distance: PatchLoss { configuration.kind == .l1 ? .absolute : .squared }
}
