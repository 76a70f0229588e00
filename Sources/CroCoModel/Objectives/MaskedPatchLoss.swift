import Kernels
import Runtime

/// The reconstruction loss: the mean distance of predicted and true patches, over all counted patches of a pass together.
///
/// Source: MAE (He et al., 2022), equation in section 3; CroCo, section 3.1. The target is a constant: it is formed patch by
/// patch where it is needed.
package final class MaskedPatchLoss: Objective {
  private let configuration: LossConfiguration
  private let model: ModelConfiguration
  private let grid: PatchGrid
  private let distance: PatchLoss
  private let patchTotal: Int  // B * N
  private let slabCount: Int
  private let pool: WorkerPool
  private let memory: AlignedBuffer<Float>
  private let buffers: Buffers

  private struct Buffers {
    let losses: UnsafeMutablePointer<Double>  // [B * N]
    let targets: Matrix  // [slabs, P]

    init(_ arena: Arena, patchTotal: Int, slabCount: Int, patchDimension: Int) {
      losses = arena.elements(patchTotal)
      targets = arena.matrix(slabCount, patchDimension)
    }
  }

  /// A loss of passes of `batchSize` pairs.
  package init(
    _ configuration: LossConfiguration, _ model: ModelConfiguration, batchSize: Int, slabCount: Int, pool: WorkerPool
  ) {
    self.configuration = configuration
    self.model = model
    self.pool = pool
    grid = PatchGrid(patchSize: model.patchSize, height: model.imageHeight, width: model.imageWidth)
    distance =
      switch configuration.kind {
      case .l1: .absolute
      case .l2: .squared
      }
    let patchTotal = batchSize * model.patchCount
    let slabCount = max(1, slabCount)
    (self.patchTotal, self.slabCount) = (patchTotal, slabCount)
    (buffers, memory) = Arena.realize { arena in
      Buffers(arena, patchTotal: patchTotal, slabCount: slabCount, patchDimension: model.patchDimension)
    }
  }

  /// The mean loss over the counted patches of the pass; NaN where none counts.
  ///
  /// - Parameter prediction: [B * N, P], in (row, column, channel) order within a patch.
  package func loss(of prediction: Matrix, for input: NetworkInput) -> Double {
    precondition(
      prediction.columns == model.patchDimension,
      "a loss of patches of \(model.patchDimension) values reads no prediction of \(prediction.columns)")
    forEachPatch(input) { slab, patch, counts in
      guard counts else {
        buffers.losses[patch] = 0
        return
      }
      let target = buffers.targets.row(slab)
      fillTarget(target, patch, input)
      buffers.losses[patch] = distance.value(prediction.row(patch), target, count: model.patchDimension)
    }
    return (0..<patchTotal).reduce(0) { $0 + buffers.losses[$1] } / Double(countedPatches(input) * model.patchDimension)
  }

  package func formGradient(of prediction: Matrix, for input: NetworkInput, scale: Double, into gradient: Matrix) {
    let factor = Float(scale / Double(countedPatches(input) * model.patchDimension))
    forEachPatch(input) { _, patch, counts in
      let row = gradient.row(patch)
      if counts {
        fillTarget(row, patch, input)
        distance.gradient(prediction.row(patch), row, factor: factor, into: row, count: model.patchDimension)
      } else {
        row.update(repeating: 0, count: model.patchDimension)
      }
    }
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

  private func countedPatches(_ input: NetworkInput) -> Int {
    configuration.onMaskedOnly ? (0..<patchTotal).reduce(0) { $0 + Int(input.mask.pointer[$1]) } : patchTotal
  }

  private func forEachPatch(_ input: NetworkInput, _ body: (_ slab: Int, _ patch: Int, _ counts: Bool) -> Void) {
    pool.run(slabCount) { slab, _ in
      for patch in Partition.range(slab, of: slabCount, count: patchTotal) {
        body(slab, patch, input.mask.pointer[patch] != 0 || !configuration.onMaskedOnly)
      }
    }
  }

  private func fillTarget(_ target: UnsafeMutablePointer<Float>, _ patch: Int, _ input: NetworkInput) {
    let (sample, place) = patch.quotientAndRemainder(dividingBy: model.patchCount)
    grid.copyChannelLast(place, of: input.view1.row(sample), into: target)
    if configuration.normalizesPatches { PatchLoss.normalizeTarget(target, count: model.patchDimension) }
  }
}
