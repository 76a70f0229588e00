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
    let tokens = TokenLayout(batchSize: batchSize, lengths: [configuration.patchCount], slabCount: slabCount)
    (run, features, memory) =
      switch precision {
      case .fp32:
        Self.make(configuration, tokens, NetworkParameters<Float>(parameters), pool, parameters.arrival, output)
      case .bf16:
        Self.make(configuration, tokens, NetworkParameters<BFloat16>(parameters), pool, parameters.arrival, output)
      }
  }

  /// Encodes images, normalised: [B, 3 * H * W].
  package func forward(_ images: Matrix) { run(images) }

  private typealias Parts = (run: (Matrix) -> Void, features: Matrix, memory: PlannedMemory)

  private static func make<Element>(
    _ configuration: ModelConfiguration, _ tokens: TokenLayout, _ parameters: NetworkParameters<Element>,
    _ pool: WorkerPool, _ arrival: Arrival, _ output: Output
  ) -> Parts {
    let (layers, memory) = NetworkPlan.realize(.discard, parameters) { plan in
      let encoder = Encoder(configuration, tokens, in: plan)
      let scratch = (0..<pool.workerCount).map { _ in Scratch(plan.kept, encoder.scratchSize) }
      return (
        encoder: encoder, scratch: scratch, features: plan.kept.matrix(tokens.rows, configuration.encoderDimension)
      )
    }
    let (encoder, features) = (layers.encoder, layers.features)
    let runner = SlabRunner(pool, scratch: layers.scratch, arrival: arrival)
    encoder.place(mask: nil)
    let run = { (images: Matrix) in
      parameters.update(pool)
      runner.forEachSlab(of: tokens) { pass in
        encoder.embed([images], pass)
        let result = features[pass.rows]
        switch output {
        case .block(let last):
          for block in 0...last { encoder.stack.forward(block: block, pass) }
          result.pointer.update(from: encoder.stack.stream(after: last)[pass.rows].pointer, count: result.count)
        case .normalized:
          for block in 0..<encoder.stack.depth { encoder.stack.forward(block: block, pass) }
          let encoded = encoder.stack.features(pass)
          for index in 0..<result.count { result.pointer[index] = encoded.pointer[index].float }
        }
      }
    }
    return (run, features, memory)
  }
}
