import Kernels
import Runtime

/// The encoder alone, over single images: features of any block.
///
/// The parameters may be those of a whole network, also of one for other image sizes.
package final class ImageEncoder {
  /// What is read: a block, by its number from 0, whose output has not gone through a norm; or the normalised output of the last.
  package enum Output: Sendable, Equatable {
    case block(Int)
    case normalized
  }

  /// The features that were asked for, overwritten by the next ``forward(_:)``: [B * N, C].
  package let features: Matrix

  private let run: (Matrix) -> Void
  private let memory: PlannedMemory

  /// Builds the encoder of a configuration for batches of `batchSize` images. Blocks behind the output do not run.
  package init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, parameters: ParameterStore, pool: WorkerPool,
    precision: Precision = .fp32, output: Output = .normalized
  ) {
    if let problem = configuration.problem { preconditionFailure("\(problem.property) \(problem.sentence)") }
    let division = BatchDivision(
      batchSize: batchSize, longestSequence: configuration.patchCount, slabCount: slabCount,
      workerCount: pool.workerCount, joinsSlabs: precision.elementsAreIndependent)
    let tokens = TokenLayout(lengths: [configuration.patchCount], division)
    let quantization = precision.quantization
    func make<Element>(_ parameters: NetworkParameters<Element>, _ arrival: Arrival) -> Parts {
      Self.make(configuration, tokens, parameters, pool, arrival, quantization, output)
    }
    (run, features, memory) =
      switch precision.element {
      case .float: make(NetworkParameters<Float>(parameters), parameters.arrival)
      case .bfloat16: make(NetworkParameters<BFloat16>(parameters), parameters.arrival)
      }
  }

  /// Encodes images, normalised: [B, 3 * H * W].
  package func forward(_ images: Matrix) { run(images) }

  private typealias Parts = (run: (Matrix) -> Void, features: Matrix, memory: PlannedMemory)

  private static func make<Element>(
    _ configuration: ModelConfiguration, _ tokens: TokenLayout, _ parameters: NetworkParameters<Element>,
    _ pool: WorkerPool, _ arrival: Arrival, _ quantization: Quantization, _ output: Output
  ) -> Parts {
    let (layers, memory) = NetworkPlan.realize(.discard, parameters, quantizationOfBlocks: quantization) { plan in
      let encoder = Encoder(configuration, tokens, in: plan)
      let scratch = Scratch.make(
        pool.workerCount, inTeamsOf: tokens.division.teamSize, plan.kept, encoder.scratchSize)
      return (
        encoder: encoder, scratch: scratch, features: plan.kept.matrix(tokens.rows, configuration.encoderDimension)
      )
    }
    let (encoder, features) = (layers.encoder, layers.features)
    let runner = SlabRunner(pool, scratch: layers.scratch, arrival: arrival)
    encoder.place(mask: nil)
    let last: Int = if case .block(let block) = output { block } else { encoder.stack.depth - 1 }
    let run = { (images: Matrix) in
      parameters.update(pool)
      runner.forEachSlab(of: tokens) { pass in encoder.embed([images], pass) }
      for block in 0...last {
        encoder.stack.packWeights(of: block, for: .forward, runner)
        runner.forEachSlab(of: tokens) { pass in encoder.stack.forward(block: block, pass) }
      }
      runner.forEachSlab(of: tokens) { pass in
        let result = features[pass.rows]
        guard output == .normalized else {
          result.pointer.update(from: encoder.stack.stream(after: last)[pass.rows].pointer, count: result.count)
          return
        }
        let encoded = encoder.stack.features(pass)[pass.rowsInStretch]
        for index in 0..<result.count { result.pointer[index] = encoded.pointer[index].float }
      }
    }
    return (run, features, memory)
  }
}
