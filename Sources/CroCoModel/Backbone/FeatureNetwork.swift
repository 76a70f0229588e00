import Kernels
import Runtime

/// Encoder and decoder without a head, all patches visible: features of images, or of pairs of them, of any block.
///
/// The parameters may be those of a whole network, also of one for other image sizes.
package final class FeatureNetwork {
  /// What is read: a block of the encoder, which sees single images, or of the decoder, which sees pairs.
  package struct Output: Sendable, Equatable {
    /// The stack that the block is of.
    package var part: Part
    /// The block's number, from 0, whose output has not gone through a norm; nil: the last one's, normalised.
    package var block: Int?

    /// The encoder, or the decoder, which an encoder precedes.
    package enum Part: Sendable {
      case encoder, decoder
    }

    /// A block, or the normalised output of the last.
    package init(_ part: Part, block: Int? = nil) { (self.part, self.block) = (part, block) }

    /// Images of a sample: the decoder's features are of view 1, with the help of view 2.
    package var viewCount: Int { part == .encoder ? 1 : 2 }

    /// "enc_blocks.3", or "enc_norm".
    package var name: String {
      let stack = part == .encoder ? "enc" : "dec"
      return block.map { "\(stack)_blocks.\($0)" } ?? "\(stack)_norm"
    }
  }

  /// The features that were asked for, overwritten by the next ``forward(_:)``: [B * N, C].
  package let features: Matrix

  private let run: ([Matrix]) -> Void
  private let memory: PlannedMemory

  /// Builds what leads to the output, for batches of `batchSize` images or pairs. Blocks behind the output do not run.
  package init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, parameters: ParameterStore, pool: WorkerPool,
    precision: Precision = .fp32, output: Output = Output(.encoder)
  ) {
    if let problem = configuration.problem { preconditionFailure("\(problem.property) \(problem.sentence)") }
    let division = BatchDivision(
      batchSize: batchSize, longestSequence: configuration.patchCount, slabCount: slabCount,
      workerCount: pool.workerCount, joinsSlabs: precision.elementsAreIndependent)
    let quantization = precision.quantization
    func make<Element>(_ parameters: NetworkParameters<Element>) -> Parts {
      let (layers, memory) = NetworkPlan.realize(.discard, parameters, quantizationOfBlocks: quantization) { plan in
        FeatureLayers(configuration, division, output, pool, in: plan)
      }
      let runner = SlabRunner(pool, scratch: layers.scratch, arrival: store.arrival)
      layers.encoder.place(mask: nil)
      let run = { (views: [Matrix]) in
        parameters.update(pool)
        layers.forward(views, runner)
      }
      return (run, layers.features, memory)
    }
    let store = parameters
    (run, features, memory) =
      switch precision.element {
      case .float: make(NetworkParameters<Float>(store))
      case .bfloat16: make(NetworkParameters<BFloat16>(store))
      }
  }

  /// Reads normalised images, a matrix for each of ``Output/viewCount``: [B, 3 * H * W] each.
  package func forward(_ views: [Matrix]) { run(views) }

  private typealias Parts = (run: ([Matrix]) -> Void, features: Matrix, memory: PlannedMemory)
}

/// The layers over one kind of element.
private struct FeatureLayers<Element: MatrixElement> {
  let encoder: Encoder<Element>
  let scratch: [Scratch<Element>]
  let features: Matrix

  private let decoder: Decoder<Element>?
  private let block: Int?

  init(
    _ configuration: ModelConfiguration, _ division: BatchDivision, _ output: FeatureNetwork.Output, _ pool: WorkerPool,
    in plan: NetworkPlan<Element>
  ) {
    let lengths = [Int](repeating: configuration.patchCount, count: output.viewCount)
    let encoder = Encoder(configuration, TokenLayout(lengths: lengths, division), in: plan)
    var size = encoder.scratchSize
    switch output.part {
    case .encoder: decoder = nil
    case .decoder:
      let handover = Decoder.Handover(configuration, source: encoder.tokens, in: plan)
      let decoder = Decoder(configuration, source: encoder.tokens, at: encoder.positions, handover, in: plan)
      size = size | decoder.scratchSize
      self.decoder = decoder
    }
    scratch = Scratch.make(pool.workerCount, inTeamsOf: division.teamSize, plan.kept, size)
    let stack = decoder?.stack ?? encoder.stack
    features = plan.kept.matrix(stack.shape.tokens.rows, stack.shape.dimension)
    (self.encoder, block) = (encoder, output.block)
  }

  func forward(_ views: [Matrix], _ runner: SlabRunner<Element>) {
    runner.forEachSlab(of: encoder.tokens) { pass in encoder.embed(views, pass) }
    guard let decoder else { return read(encoder.stack, runner) }
    encoder.stack.forward(runner)
    runner.forEachSlab(of: encoder.tokens) { pass in decoder.embed(encoder.stack.features(pass), pass) }
    read(decoder.stack, runner)
  }

  /// Runs a stack, through the wanted block, and keeps its output.
  private func read(_ stack: TransformerStack<Element>, _ runner: SlabRunner<Element>) {
    stack.forward(through: block, runner)
    runner.forEachSlab(of: stack.shape.tokens) { pass in
      let result = features[pass.rows]
      if let block {
        result.pointer.update(from: stack.stream(after: block)[pass.rows].pointer, count: result.count)
      } else {
        let normalized = stack.features(pass)[pass.rowsInStretch]
        for index in 0..<result.count { result.pointer[index] = normalized.pointer[index].float }
      }
    }
  }
}
