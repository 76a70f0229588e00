import Runtime

/// Where the tokens of a batch lie in the rows of a stack of blocks: sample by sample, a sample's sequences one after the
/// other. Tokens of one sequence attend to each other.
///
/// The encoder of pairs has for each sample the K visible tokens of view 1, then all N of view 2: [B * (K + N)] rows, a ragged
/// batch. The decoder has N tokens a sample, and as many of the context: [B * N].
struct TokenLayout: Sendable {
  /// A range of whole samples, hence of rows. What it holds depends on sizes alone, not on the number of threads.
  struct Slab: Sendable {
    let index: Int
    let samples: Range<Int>
    let rows: Range<Int>
    /// The rows of each sequence of each sample.
    let sequences: [Range<Int>]
  }

  let batchSize: Int  // B
  /// Tokens of each sequence of a sample.
  let lengths: [Int]
  let slabs: [Slab]

  init(batchSize: Int, lengths: [Int], slabCount: Int) {
    self.batchSize = batchSize
    self.lengths = lengths
    let perSample = lengths.reduce(0, +)
    let slabCount = max(1, min(slabCount, batchSize))
    slabs = (0..<slabCount).map { index in
      let samples = Partition.range(index, of: slabCount, count: batchSize)
      var sequences: [Range<Int>] = []
      var row = samples.lowerBound * perSample
      for length in samples.flatMap({ _ in lengths }) {
        sequences.append(row..<row + length)
        row += length
      }
      return Slab(
        index: index, samples: samples, rows: samples.lowerBound * perSample..<samples.upperBound * perSample,
        sequences: sequences)
    }
  }

  /// Tokens of a sample.
  var tokensPerSample: Int { lengths.reduce(0, +) }
  var rows: Int { batchSize * tokensPerSample }
  var largestSlab: Int { slabs.map(\.rows.count).max() ?? 0 }
  var longestSequence: Int { lengths.max() ?? 0 }
}
