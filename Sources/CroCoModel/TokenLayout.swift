import Tensors

/// Where the tokens of a micro-batch lie: the ragged batch of both views, sample by sample.
///
/// Encoder rows: for each sample its K visible tokens of view 1, then all N tokens of view 2: [B * (K + N)].
/// Decoder rows: N tokens of each sample, for the stream and for the memory: [B * N] each.
/// A slab is a range of whole samples, hence of rows, and does not depend on the number of threads.
struct TokenLayout {
  let batchSize: Int  // B
  let visibleCount: Int  // K
  let patchCount: Int  // N
  let slabCount: Int

  init(_ configuration: ModelConfiguration, batchSize: Int, slabCount: Int) {
    self.batchSize = batchSize
    visibleCount = configuration.visibleCount
    patchCount = configuration.patchCount
    self.slabCount = max(1, min(slabCount, batchSize))
  }

  var encoderRowsPerSample: Int { visibleCount + patchCount }
  var encoderRows: Int { batchSize * encoderRowsPerSample }
  var decoderRows: Int { batchSize * patchCount }

  func samples(ofSlab slab: Int) -> Range<Int> { Partition.range(slab, of: slabCount, count: batchSize) }

  func encoderRows(ofSlab slab: Int) -> Range<Int> { scaled(samples(ofSlab: slab), by: encoderRowsPerSample) }

  func decoderRows(ofSlab slab: Int) -> Range<Int> { scaled(samples(ofSlab: slab), by: patchCount) }

  /// The encoder sequences of a sample: the visible tokens of view 1, and view 2.
  func encoderSequences(ofSample sample: Int) -> [Range<Int>] {
    let start = sample * encoderRowsPerSample
    return [start..<start + visibleCount, start + visibleCount..<start + encoderRowsPerSample]
  }

  /// The largest number of samples in a slab.
  var largestSlab: Int { (batchSize + slabCount - 1) / slabCount }

  private func scaled(_ range: Range<Int>, by factor: Int) -> Range<Int> {
    range.lowerBound * factor..<range.upperBound * factor
  }
}
