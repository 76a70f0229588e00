import Kernels

/// The decoder: completes view 1, whose visible tokens it is given, with the help of view 2.
///
/// Source: CroCo, section 3.1, with its "CrossBlock": self-attention, cross-attention to the second view, MLP.
struct Decoder<Element: MatrixElement> {
  /// The rows of its tokens, N of each sample.
  let tokens: TokenLayout

  private let input: (layers: DecoderInput<Element>, range: Range<Int>)
  private let source: TokenLayout  // the encoder's
  private let context: Context<Element>
  private let embeddedGradient: MatrixView<Element>  // [encoder rows, C]
  let stack: TransformerStack<Element>

  /// What backward leaves for the encoder's, when the other buffers of the decoder may be used again.
  struct Handover {
    let streams: [Stream<Element>]  // 2 x [decoder rows, C]
    let context: Stream<Element>  // [decoder rows, C]
    let embedded: MatrixView<Element>  // [encoder rows, C]

    init(_ configuration: ModelConfiguration, source: TokenLayout, in plan: NetworkPlan<Element>) {
      let (rows, dimension) = (source.batchSize * configuration.patchCount, configuration.decoderDimension)
      streams = (0..<2).map { _ in plan.backward.stream(rows, dimension) }
      context = plan.backward.stream(rows, dimension)
      embedded = plan.backward.elements(source.rows, dimension)
    }
  }

  /// A decoder of the features of an encoder of pairs.
  ///
  /// - Parameters:
  ///   - source: the encoder's tokens: of each sample the visible ones of view 1, then all of view 2.
  ///   - sourcePositions: the patch index of each of the encoder's rows.
  init(
    _ configuration: ModelConfiguration, source: TokenLayout, at sourcePositions: UnsafePointer<Int32>,
    _ handover: Handover, in plan: NetworkPlan<Element>
  ) {
    let patches = configuration.patchCount
    let tokens = TokenLayout(lengths: [patches], source.division)
    (self.tokens, self.source) = (tokens, source)
    let shape = StackShape(
      tokens: tokens, dimension: configuration.decoderDimension, headCount: configuration.decoderHeadCount,
      mlpRatio: configuration.mlpRatio)
    let positions = plan.kept.table(tokens.rows) { (0..<tokens.rows).map { Int32($0 % patches) } }
    let places = PositionEmbedding("dec_pos_embed", configuration, shape, at: positions, in: plan)
    let context = Context<Element>(tokens: plan.kept.stream(tokens.rows, shape.dimension), gradient: handover.context)
    self.context = context
    embeddedGradient = handover.embedded
    input = plan.parameters.range {
      DecoderInput(
        inputs: configuration.encoderDimension, outputs: shape.dimension, source: sourcePositions, places, in: plan)
    }
    stack = TransformerStack(
      shape, depth: configuration.decoderDepth, norm: "dec_norm", gradients: handover.streams, in: plan
    ) { index, plan in
      Self.block(
        "dec_blocks.\(index)", shape, places.rotary, context, configuration.normalizesContext, in: plan)
    }
  }

  /// A block of self-attention, cross-attention to the context, which it may normalise, and an MLP.
  private static func block(
    _ name: String, _ shape: StackShape, _ rotary: Rotary?, _ context: Context<Element>, _ normalizes: Bool,
    in plan: NetworkPlan<Element>
  ) -> TransformerBlock<Element> {
    func norm(_ suffix: String) -> LayerNorm<Element> {
      LayerNorm(name + suffix, dimension: shape.dimension, shape.tokens, in: plan)
    }
    let norm1 = norm(".norm1")
    let attention = SelfAttention(name + ".attn", shape, rotary, in: plan)
    let contextNorm = normalizes ? norm(".norm_y") : nil
    let norm2 = norm(".norm2")
    let cross = CrossAttention(
      name + ".cross_attn", shape, rotary, to: context, normalizedBy: contextNorm, in: plan)
    let norm3 = norm(".norm3")
    let feedForward = FeedForward(name + ".mlp", shape, in: plan)
    return TransformerBlock(
      name, shape, in: plan, stages: [(norm1, attention), (norm2, cross), (norm3, feedForward)])
  }

  /// The scratch of a worker.
  var scratchSize: Scratch<Element>.Size {
    var size = stack.scratchSize
    size.rows = max(size.rows, source.largestStretch * stack.shape.dimension)
    return size
  }

  /// Embeds the encoder's features of the rows of one thread: what the stack begins with.
  ///
  /// - Parameters:
  ///   - encoded: the features, which may lie in the scratch.
  ///   - source: the encoder's pass over the slab.
  func embed(_ encoded: MatrixView<Element>, _ source: Pass<Element>) {
    let pass = source.over(tokens)
    pass.awaitParameters(input.range)
    input.layers.forward(encoded, source, stream: stack.input, context: context.tokens, pass)
  }

  /// Backward from the gradient that `reader` has for the features.
  ///
  /// - Parameter finished: is told which elements of the store's gradients are complete.
  func backward(
    from reader: any FeatureReader<Element>, _ runner: SlabRunner<Element>, finished: (Range<Int>) -> Void
  ) {
    runner.forEachSlab(of: tokens) { pass in context.gradient.values[pass.rows].clear() }
    stack.backward(from: reader, runner, finished: finished)
  }
}

/// The decoder reads the encoder's features.
extension Decoder: FeatureReader {
  var range: Range<Int> { input.range }

  func backward(into featureGradient: Matrix, _ source: Pass<Element>) {
    input.layers.backward(
      streamGradient: stack.inputGradient.values, contextGradient: context.gradient.values, into: embeddedGradient,
      source, source.over(tokens))
    input.layers.linear.backward(embeddedGradient[source.rows], into: featureGradient, source)
  }

  func formGradients(_ features: MatrixView<Element>, _ part: GradientPart) {
    input.layers.linear.formGradients(embeddedGradient, input: features, part)
    if part.index == 0 {
      input.layers.formMaskTokenGradient(stack.inputGradient.values, source, adding: part.adds)
    }
  }
}
