import Runtime

/// The random mask of view 1: exactly `maskedCount` of N patches, every set equally likely.
///
/// The official rule: with a = argsort(noise), patch i is masked when a[i] < `maskedCount`. (Not "the smallest noise
/// values are masked": for the same noise that is another mask.) Holds the memory for sorting; one owner at a time.
package final class PatchMask {
  /// Patches of a view, N.
  package let patchCount: Int
  /// Masked patches of a view.
  package let maskedCount: Int

  // Noise bits above, patch number below: unique keys, so any sort is stable.
  private let keys: AlignedBuffer<UInt64>

  /// Masks of `maskedCount` of `patchCount` patches.
  package init(patchCount: Int, maskedCount: Int) {
    precondition((0...patchCount).contains(maskedCount), "\(maskedCount) of \(patchCount) patches cannot be masked")
    self.patchCount = patchCount
    self.maskedCount = maskedCount
    keys = AlignedBuffer(count: patchCount)
  }

  /// Draws N noise values and writes the mask, 1 = masked: [N].
  package func write(to target: UnsafeMutablePointer<UInt8>, from stream: inout RandomStream) {
    for patch in 0..<patchCount { setKey(patch, noise: stream.nextUnit()) }
    finish(target)
  }

  /// Writes the mask, 1 = masked, that given noise in 0 ..< 1 leads to: [N].
  package func write(to target: UnsafeMutablePointer<UInt8>, noise: [Float]) {
    precondition(noise.count == patchCount, "\(patchCount) patches need as many noise values, not \(noise.count)")
    for patch in 0..<patchCount { setKey(patch, noise: noise[patch]) }
    finish(target)
  }

  private func setKey(_ patch: Int, noise: Float) {
    // Non-negative floats are ordered as their bits.
    keys.pointer[patch] = UInt64(noise.bitPattern) << 32 | UInt64(patch)
  }

  private func finish(_ target: UnsafeMutablePointer<UInt8>) {
    sortKeys()
    for place in 0..<patchCount {
      target[place] = Int(truncatingIfNeeded: keys.pointer[place] & 0xFFFF_FFFF) < maskedCount ? 1 : 0
    }
  }

  // Heap sort (Williams, 1964): in place, where the standard library's sort allocates.
  private func sortKeys() {
    for root in stride(from: patchCount / 2 - 1, through: 0, by: -1) { sink(root, below: patchCount) }
    for last in stride(from: patchCount - 1, to: 0, by: -1) {
      (keys.pointer[0], keys.pointer[last]) = (keys.pointer[last], keys.pointer[0])
      sink(0, below: last)
    }
  }

  private func sink(_ start: Int, below end: Int) {
    let keys = keys.pointer
    let key = keys[start]
    var hole = start
    while true {
      var child = 2 * hole + 1
      guard child < end else { break }
      if child + 1 < end && keys[child + 1] > keys[child] { child += 1 }
      guard keys[child] > key else { break }
      keys[hole] = keys[child]
      hole = child
    }
    keys[hole] = key
  }
}
