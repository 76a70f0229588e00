import Runtime

/// Where the tokens of a micro-batch lie: the ragged batch of both views, sample by sample.
///
/// Encoder rows: for each sample its K visible tokens of view 1, then all N tokens of view 2: [B * (K + N)].
/// Decoder rows: N tokens of each sample, for the stream and for the memory: [B * N] each.
struct TokenLayout: Sendable {
  /// A range of whole samples, hence of rows. What it holds depends on sizes alone, not on the number of threads.
  struct Slab: Sendable {
    let index: Int
    let samples: Range<Int>
    let encoderRows: Range<Int>
    let decoderRows: Range<Int>
    /// Tokens that attend to each other in the encoder: for each sample view 1, then view 2.
    let encoderSequences: [Range<Int>]
    /// Tokens that attend to each other in the decoder, and in the memory.
    let decoderSequences: [Range<Int>]
  }

  let batchSize: Int  // B
  let visibleCount: Int  // K
  let patchCount: Int  // N
  let slabs: [Slab]

  init(_ configuration: ModelConfiguration, batchSize: Int, slabCount: Int) {
    let visible = configuration.visibleCount
    let patches = configuration.patchCount
    self.batchSize = batchSize
    visibleCount = visible
    patchCount = patches
    let slabCount = max(1, min(slabCount, batchSize))
    slabs = (0..<slabCount).map { index in
      let samples = Partition.range(index, of: slabCount, count: batchSize)
      let perSample = visible + patches
      return Slab(
        index: index, samples: samples,
        encoderRows: samples.lowerBound * perSample..<samples.upperBound * perSample,
        decoderRows: samples.lowerBound * patches..<samples.upperBound * patches,
        encoderSequences: samples.flatMap { sample in
          let start = sample * perSample
          return [start..<start + visible, start + visible..<start + perSample]
        },
        decoderSequences: samples.map { $0 * patches..<($0 + 1) * patches })
    }
  }

  var encoderRows: Int { batchSize * (visibleCount + patchCount) }
  var decoderRows: Int { batchSize * patchCount }
  var largestEncoderSlab: Int { slabs.map(\.encoderRows.count).max() ?? 0 }
  var largestDecoderSlab: Int { slabs.map(\.decoderRows.count).max() ?? 0 }
}
