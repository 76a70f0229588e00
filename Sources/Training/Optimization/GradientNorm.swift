import Collectives
import CroCoModel
import Kernels
import Runtime

/// The Euclidean norm of all gradients, to which each rank contributes the part that it owns.
///
/// Squares are summed in double precision over fixed blocks of the flat buffer, whose sums are added in order: ranks and
/// threads do not touch the result.
package final class GradientNorm {
  /// The floats of a block; what ranks own starts at its multiples.
  package static let blockLength = 1 << 12

  // So many blocks are a task of a thread: large against its overhead.
  private static let blocksOfTask = 16

  private let parameters: ParameterStore
  private let pool: WorkerPool
  private let communicator: any Communicator
  private let blocks: [Int]  // The numbers of all blocks, those of each rank together, by rank.
  private let slices: [Range<Int>]  // Each rank's part of them, by rank; of one rank: all.
  private let sums: AlignedBuffer<Double>  // [blocks], as these
  private let places: [Int]  // Where the sum of each block lies.

  /// Prepares the norm of `parameters.gradients`, of which every rank has what it owns or, without `ownership`, everything.
  ///
  /// - Parameter ownership: of ranges that start at multiples of ``blockLength``.
  package init(_ parameters: ParameterStore, ownership: Ownership?, communicator: any Communicator, pool: WorkerPool) {
    self.parameters = parameters
    self.communicator = communicator
    self.pool = pool
    let ownership = ownership ?? Ownership(count: parameters.count, layout: RankLayout(size: 1))
    var (blocks, slices): ([Int], [Range<Int>]) = ([], [])
    for rank in 0..<ownership.size {
      let first = blocks.count
      for range in ownership.ranges(of: rank) {
        precondition(range.lowerBound % Self.blockLength == 0, "\(range) begins within a block")
        blocks += range.lowerBound / Self.blockLength..<(range.upperBound + Self.blockLength - 1) / Self.blockLength
      }
      slices.append(first..<blocks.count)
    }
    (self.blocks, self.slices) = (blocks, slices)
    sums = AlignedBuffer(count: blocks.count)
    places = blocks.indices.sorted { blocks[$0] < blocks[$1] }
  }

  /// The norm of what the gradients are now. Collective where several ranks own them.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  package func value() throws(Failure) -> Double {
    sumSquares(of: slices[slices.count == 1 ? 0 : communicator.rank])
    if slices.count > 1 { try communicator.gather(BufferSlices(sums, slices)) }
    return places.reduce(0) { $0 + sums.pointer[$1] }.squareRoot()
  }

  private func sumSquares(of slice: Range<Int>) {
    let (gradients, count) = (parameters.gradients.pointer, parameters.count)
    let (blocks, results) = (blocks, sums.pointer)
    pool.run((slice.count + Self.blocksOfTask - 1) / Self.blocksOfTask) { task, _ in
      let first = slice.lowerBound + task * Self.blocksOfTask
      for place in first..<min(first + Self.blocksOfTask, slice.upperBound) {
        let start = blocks[place] * Self.blockLength
        results[place] = sumOfSquares(gradients + start, count: min(Self.blockLength, count - start))
      }
    }
  }
}
