import Kernels
import Runtime

/// The encoder alone, over single images: features of any block.
///
/// The parameters may be those of a whole network, also of one for other image sizes.
package final class ImageEncoder {
  /// The normalised output of the last block, overwritten by the next ``forward(_:)``: [B * N, C].
  package let features: Matrix

  private let run: (Matrix) -> Void
  private let block: (Int) -> Matrix
  private let memory: PlannedMemory

  /// Builds the encoder of a configuration for batches of `batchSize` images.
  package init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, parameters: ParameterStore, pool: WorkerPool,
    precision: Precision = .fp32
  ) {
    if let problem = configuration.problem { preconditionFailure("\(problem.property) \(problem.sentence)") }
    let division = BatchDivision(
      batchSize: batchSize, longestSequence: configuration.patchCount, slabCount: slabCount,
      workerCount: pool.workerCount, joinsSlabs: precision.elementsAreIndependent)
    let tokens = TokenLayout(lengths: [configuration.patchCount], division)
    let (arrival, quantization) = (parameters.arrival, precision.quantization)
    (run, block, features, memory) =
      switch precision.element {
      case .float: Self.make(configuration, tokens, NetworkParameters<Float>(parameters), pool, arrival, quantization)
      case .bfloat16:
        Self.make(configuration, tokens, NetworkParameters<BFloat16>(parameters), pool, arrival, quantization)
      }
  }

  /// Encodes images, normalised: [B, 3 * H * W].
  package func forward(_ images: Matrix) { run(images) }

  /// What a block returns, before the last norm: [B * N, C]; overwritten by the next ``forward(_:)``.
  package func features(after block: Int) -> Matrix { self.block(block) }

  private typealias Parts = (run: (Matrix) -> Void, block: (Int) -> Matrix, features: Matrix, memory: PlannedMemory)

  private static func make<Element>(
    _ configuration: ModelConfiguration, _ tokens: TokenLayout, _ parameters: NetworkParameters<Element>,
    _ pool: WorkerPool, _ arrival: Arrival, _ quantization: Quantization
  ) -> Parts {
    let (layers, memory) = NetworkPlan.realize(.keepFeatures, parameters, quantizationOfBlocks: quantization) { plan in
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
    let run = { (images: Matrix) in
      parameters.update(pool)
      runner.forEachSlab(of: tokens) { pass in encoder.embed([images], pass) }
      for block in 0..<encoder.stack.depth {
        encoder.stack.packWeights(of: block, for: .forward, runner)
        runner.forEachSlab(of: tokens) { pass in encoder.stack.forward(block: block, pass) }
      }
      runner.forEachSlab(of: tokens) { pass in
        let (encoded, result) = (encoder.stack.features(pass)[pass.rowsInStretch], features[pass.rows])
        for row in 0..<encoded.rows {
          for column in 0..<encoded.columns { result.row(row)[column] = encoded.row(row)[column].float }
        }
      }
    }
    return (run, encoder.stream(after:), features, memory)
  }
}
