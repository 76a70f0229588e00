import Kernels
import Runtime

/// Runs the slabs of a network, and the parts of its weight gradients, on the threads of a pool.
final class SlabRunner<Element: MatrixElement> {
  let pool: WorkerPool
  /// Who watches, if anybody does.
  var recorder: TensorRecorder?
  /// Whether the backward pass under way adds to the gradients of the parameters.
  var addsGradients = false
  private let scratch: [Scratch<Element>]  // by worker
  private let arrival: Arrival

  init(_ pool: WorkerPool, scratch: [Scratch<Element>], arrival: Arrival) {
    self.pool = pool
    self.arrival = arrival
    self.scratch = scratch
  }

  /// Runs `body` over all slabs of `tokens`, stretch by stretch, in every thread of the team that takes a stretch.
  func forEachSlab(of tokens: TokenLayout, _ body: (Pass<Element>) -> Void) {
    pool.run(tokens.stretches.count, byTeamsOf: tokens.division.teamSize) { stretch, member in
      body(Pass(tokens, stretch: stretch, member, scratch: scratch, recorder, arrival))
    }
  }

  /// Runs the packing of weights, once the parameters up to the end of `range` are there.
  func packWeights(
    of range: Range<Int>, for direction: QuantizedWeight.Direction, _ body: (WeightPart) -> Void
  ) {
    arrival.wait(for: range.upperBound)
    let parts = 4 * pool.workerCount
    pool.run(parts) { part, _ in body(WeightPart(direction: direction, index: part, count: parts)) }
  }

  /// Runs the parameter gradients of layers, part by part.
  func formGradients(_ tokens: TokenLayout, _ body: (GradientPart) -> Void) {
    let parts = tokens.division.gradientPartCount
    pool.run(parts) { part, _ in body(GradientPart(index: part, count: parts, adds: addsGradients)) }
  }
}
