/// Which positions of the sample order make up which micro-batch.
///
/// A step s of global batch G has G / B micro-batches; micro-batch m holds the B positions from s * G + m * B on.
/// A loader prepares a range of each step's micro-batches, one after another, step after step.
package struct BatchSchedule: Sendable, Equatable {
  /// Samples of a step over all ranks, G.
  package let globalBatchSize: Int
  /// Samples of a micro-batch, B.
  package let microBatchSize: Int
  /// The micro-batches of every step that are prepared here, out of 0 ..< G / B.
  package let microBatches: Range<Int>
  /// The first step that is prepared.
  package let firstStep: Int

  /// A schedule; `microBatches` nil means all of a step.
  package init(globalBatchSize: Int, microBatchSize: Int, microBatches: Range<Int>? = nil, firstStep: Int = 0) {
    precondition(
      microBatchSize >= 1 && globalBatchSize >= microBatchSize && globalBatchSize % microBatchSize == 0,
      "a global batch of \(globalBatchSize) is not a whole number of micro-batches of \(microBatchSize)")
    let all = 0..<(globalBatchSize / microBatchSize)
    let microBatches = microBatches ?? all
    precondition(
      !microBatches.isEmpty && all.lowerBound <= microBatches.lowerBound && microBatches.upperBound <= all.upperBound,
      "micro-batches \(microBatches) are not among \(all)")
    precondition(firstStep >= 0, "there is no step \(firstStep)")
    self.globalBatchSize = globalBatchSize
    self.microBatchSize = microBatchSize
    self.microBatches = microBatches
    self.firstStep = firstStep
  }

  /// The positions of a micro-batch of a step.
  package func positions(step: Int, microBatch: Int) -> Range<Int> {
    let first = step * globalBatchSize + microBatch * microBatchSize
    return first..<(first + microBatchSize)
  }

  /// The positions of the `ordinal`-th batch that is prepared here, counted from the first step.
  package func positions(ofBatch ordinal: Int) -> Range<Int> {
    let (step, place) = ordinal.quotientAndRemainder(dividingBy: microBatches.count)
    return positions(step: firstStep + step, microBatch: microBatches.lowerBound + place)
  }
}
