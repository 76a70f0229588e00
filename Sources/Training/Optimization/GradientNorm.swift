import Collectives
import CroCoModel
import Kernels
import Runtime

/// The Euclidean norm of all gradients, to which each rank contributes the part that it updates.
///
/// Squares are summed in double precision over fixed blocks of the flat buffer, whose sums are added in order: ranks and
/// threads do not touch the result.
package final class GradientNorm {
  /// The floats of a block; slices of ranks start at its multiples.
  package static let blockLength = 1 << 12

  // So many blocks are a task of a thread: large against its overhead.
  private static let blocksOfTask = 16

  private let parameters: ParameterStore
  private let pool: WorkerPool
  private let communicator: any Communicator
  private let blocks: [Range<Int>]  // by rank; of one rank: all blocks
  private let sums: AlignedBuffer<Double>  // [blocks]

  /// Prepares the norm of `parameters.gradients`, of which every rank has its one of `slices` or, without, everything.
  ///
  /// - Parameter slices: start at multiples of ``blockLength``.
  package init(_ parameters: ParameterStore, slices: Slices?, communicator: any Communicator, pool: WorkerPool) {
    self.parameters = parameters
    self.communicator = communicator
    self.pool = pool
    let ranges = slices?.ranges ?? [0..<parameters.count]
    func block(_ element: Int) -> Int { (element + Self.blockLength - 1) / Self.blockLength }
    blocks = ranges.map { block($0.lowerBound)..<block($0.upperBound) }
    sums = AlignedBuffer(count: block(parameters.count))
  }

  /// The norm of what the gradients are now. Collective where they are in slices.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  package func value() throws(Failure) -> Double {
    sumSquares(of: blocks[blocks.count == 1 ? 0 : communicator.rank])
    if blocks.count > 1 {
      try communicator.gatherSlices(
        sums.pointer, counts: blocks.map(\.count), offsets: blocks.map(\.lowerBound))
    }
    return sums.elements.reduce(0, +).squareRoot()
  }

  private func sumSquares(of blocks: Range<Int>) {
    let (gradients, count) = (parameters.gradients.pointer, parameters.count)
    let results = sums.pointer
    pool.run((blocks.count + Self.blocksOfTask - 1) / Self.blocksOfTask) { task, _ in
      let first = blocks.lowerBound + task * Self.blocksOfTask
      for block in first..<min(first + Self.blocksOfTask, blocks.upperBound) {
        let start = block * Self.blockLength
        results[block] = sumOfSquares(
          gradients + start, count: min(Self.blockLength, count - start))
      }
    }
  }
}
