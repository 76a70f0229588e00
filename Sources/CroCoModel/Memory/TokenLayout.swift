import Runtime

/// Where the tokens of a batch lie in the rows of a stack of blocks: sample by sample, a sample's sequences one after the
/// other. Tokens of one sequence attend to each other.
///
/// The encoder of pairs has for each sample the K visible tokens of view 1, then all N of view 2: [B * (K + N)] rows, a ragged
/// batch. The decoder has N tokens a sample, and as many of the context: [B * N].
struct TokenLayout: Sendable {
  /// Rows whose arithmetic belongs together: whole samples, or a part of one. What a slab holds depends on sizes alone.
  struct Slab: Sendable {
    let index: Int
    let rows: Range<Int>
  }

  /// Neighbouring slabs of whole samples, which a team of threads takes at once. Which they are depends on the threads.
  struct Stretch: Sendable {
    let index: Int
    let samples: Range<Int>
    let rows: Range<Int>
    /// The rows of each sequence of each sample.
    let sequences: [Range<Int>]
    let slabs: [Slab]
  }

  /// Tokens of each sequence of a sample.
  let lengths: [Int]
  let division: BatchDivision
  let stretches: [Stretch]

  /// A layout of samples with sequences of these lengths.
  init(lengths: [Int], _ division: BatchDivision) {
    self.lengths = lengths
    self.division = division
    stretches = (0..<division.stretchCount).map { Self.stretch($0, lengths, division) }
  }

  private static func stretch(_ index: Int, _ lengths: [Int], _ division: BatchDivision) -> Stretch {
    let perSample = lengths.reduce(0, +)
    let groups = Partition.range(index, of: division.stretchCount, count: division.groupCount)
    func samples(_ group: Int) -> Range<Int> {
      Partition.range(group, of: division.groupCount, count: division.batchSize)
    }
    let slabs = groups.flatMap { group in
      let rows = samples(group).lowerBound * perSample..<samples(group).upperBound * perSample
      return (0..<division.slabsPerGroup).map { slab in
        let part = Partition.range(slab, of: division.slabsPerGroup, count: rows.count)
        return Slab(
          index: group * division.slabsPerGroup + slab,
          rows: rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound)
      }
    }
    let all = samples(groups.lowerBound).lowerBound..<samples(groups.upperBound - 1).upperBound
    var row = all.lowerBound * perSample
    let sequences = all.flatMap { _ in lengths }.map { length in
      defer { row += length }
      return row..<row + length
    }
    return Stretch(
      index: index, samples: all, rows: all.lowerBound * perSample..<all.upperBound * perSample, sequences: sequences,
      slabs: slabs)
  }

  var batchSize: Int { division.batchSize }  // B
  /// Tokens of a sample.
  var tokensPerSample: Int { lengths.reduce(0, +) }
  var rows: Int { batchSize * tokensPerSample }
  var largestStretch: Int { stretches.map(\.rows.count).max() ?? 0 }
  var longestSequence: Int { lengths.max() ?? 0 }
}

extension Range<Int> {
  /// The same places, counted from `first`.
  func counted(from first: Int) -> Range<Int> { lowerBound - first..<upperBound - first }
}
