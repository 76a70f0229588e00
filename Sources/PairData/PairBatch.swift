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

  /// A run of the batch's pairs.
  package struct Part {
    /// View 1: [pairs, 3, H, W].
    package let view1: UnsafePointer<Float>
    /// View 2: [pairs, 3, H, W].
    package let view2: UnsafePointer<Float>
    /// The mask: [pairs, N].
    package let mask: UnsafePointer<UInt8>
  }

  /// The batch in `parts` equal runs of pairs, valid as long as the batch is held.
  package func parts(_ parts: Int) -> [Part] {
    precondition(parts > 0 && count % parts == 0, "\(count) pairs do not make \(parts) equal parts")
    return (0..<parts).map { part in
      let first = part * count / parts
      return Part(
        view1: view1.pointer + first * 3 * height * width, view2: view2.pointer + first * 3 * height * width,
        mask: mask.pointer + first * patchCount)
    }
  }
}
