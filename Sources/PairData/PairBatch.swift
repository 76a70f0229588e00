import Runtime

/// One micro-batch of pairs, ready for the network.
package final class PairBatch: @unchecked Sendable {
  /// The number of pairs B.
  package let count: Int
  /// View 1, the image to complete, normalised: [B, 3, H, W].
  package let view1: AlignedBuffer<Float>
  /// View 2, the reference, normalised: [B, 3, H, W].
  package let view2: AlignedBuffer<Float>
  /// The mask of view 1 in raster order, 1 = masked: [B, N]. Every row holds the same number of ones.
  package let mask: AlignedBuffer<UInt8>
  /// How many of the pairs stand in for pairs that could not be used.
  package internal(set) var replacedCount = 0
  /// The image height and width in pixels.
  package let height: Int, width: Int
  /// Patches of a view, N.
  package let patchCount: Int

  /// Allocates a batch of zeros.
  package init(count: Int, height: Int, width: Int, patchCount: Int) {
    self.count = count
    self.height = height
    self.width = width
    self.patchCount = patchCount
    view1 = AlignedBuffer(count: count * 3 * height * width)
    view2 = AlignedBuffer(count: count * 3 * height * width)
    mask = AlignedBuffer(count: count * patchCount)
  }

  /// The bytes of a batch.
  package static func byteCount(count: Int, height: Int, width: Int, patchCount: Int) -> Int {
    count * (2 * 3 * height * width * MemoryLayout<Float>.stride + patchCount)
  }

  /// A run of the batch's pairs, which holds the batch.
  package struct Part {
    /// What the pairs belong to; it owns the memory.
    package let batch: PairBatch
    /// The pairs' places in the batch.
    package let pairs: Range<Int>

    /// View 1: [pairs, 3, H, W]. Valid as long as the batch is held.
    package var view1: UnsafeMutablePointer<Float> { batch.view1.pointer + pairs.lowerBound * batch.imageCount }
    /// View 2: [pairs, 3, H, W]. Valid as long as the batch is held.
    package var view2: UnsafeMutablePointer<Float> { batch.view2.pointer + pairs.lowerBound * batch.imageCount }
    /// The mask: [pairs, N]. Valid as long as the batch is held.
    package var mask: UnsafeMutablePointer<UInt8> { batch.mask.pointer + pairs.lowerBound * batch.patchCount }
  }

  /// The values of an image, 3 * H * W.
  package var imageCount: Int { 3 * height * width }

  /// All pairs.
  package var whole: Part { Part(batch: self, pairs: 0..<count) }

  /// The batch in `parts` equal runs of pairs.
  package func parts(_ parts: Int) -> [Part] {
    precondition(parts > 0 && count % parts == 0, "\(count) pairs do not make \(parts) equal parts")
    return (0..<parts).map { Part(batch: self, pairs: $0 * count / parts..<($0 + 1) * count / parts) }
  }
}
