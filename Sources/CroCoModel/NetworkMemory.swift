import Kernels

/// All activations and gradient buffers of a network for one micro-batch, carved from one arena.
struct NetworkMemory<Element: MatrixElement> {
  let patches: MatrixView<Element>  // [encoder rows, 3 * patch^2]
  let encoderStreams: [Matrix]  // input of each block and output of the last: [encoder rows, C]
  let encoderSaved: [EncoderBlock<Element>.Saved]
  let encoderStatistics: LayerNorm.Statistics
  let decoderStreams: [Matrix]  // [decoder rows, C]
  let memory: Stream<Element>  // [decoder rows, C]
  let decoderSaved: [DecoderBlock<Element>.Saved]
  let decoderStatistics: LayerNorm.Statistics
  let prediction: Matrix  // [decoder rows, P]
  let scratch: [Scratch<Element>]  // by worker
  let gradients: NetworkGradients<Element>?

  /// Lays everything out. Blocks share what need not outlive them.
  init(
    _ arena: Arena, _ configuration: ModelConfiguration, _ layout: TokenLayout, workerCount: Int,
    _ policy: ActivationPolicy
  ) {
    let (encoderRows, decoderRows) = (layout.encoderRows, layout.decoderRows)
    let (encoder, decoder) = (configuration.encoderDimension, configuration.decoderDimension)
    patches = arena.operands(encoderRows, configuration.patchDimension)
    encoderStreams = Self.streams(arena, encoderRows, encoder, configuration.encoderDepth, policy)
    encoderSaved = Self.repeated(configuration.encoderDepth, policy) {
      EncoderBlock<Element>.Saved(
        arena, rows: encoderRows, dimension: encoder, headCount: configuration.encoderHeadCount,
        ratio: configuration.mlpRatio)
    }
    encoderStatistics = LayerNorm.Statistics(arena, rows: encoderRows)
    decoderStreams = Self.streams(arena, decoderRows, decoder, configuration.decoderDepth, policy)
    memory = arena.stream(decoderRows, decoder)
    decoderSaved = Self.repeated(configuration.decoderDepth, policy) {
      DecoderBlock<Element>.Saved(
        arena, rows: decoderRows, dimension: decoder, headCount: configuration.decoderHeadCount,
        ratio: configuration.mlpRatio)
    }
    decoderStatistics = LayerNorm.Statistics(arena, rows: decoderRows)
    prediction = arena.matrix(decoderRows, configuration.patchDimension)
    scratch = (0..<workerCount).map { _ in Scratch(arena, configuration, layout) }
    gradients = policy != .discard ? NetworkGradients(arena, configuration, layout) : nil
  }

  private static func streams(
    _ arena: Arena, _ rows: Int, _ columns: Int, _ depth: Int, _ policy: ActivationPolicy
  ) -> [Matrix] {
    if policy != .discard { return (0...depth).map { _ in arena.matrix(rows, columns) } }
    let pair = [arena.matrix(rows, columns), arena.matrix(rows, columns)]
    return (0...depth).map { pair[$0 % 2] }
  }

  private static func repeated<Saved>(_ depth: Int, _ policy: ActivationPolicy, _ make: () -> Saved) -> [Saved] {
    policy == .keep ? (0..<depth).map { _ in make() } : [Saved](repeating: make(), count: depth)
  }
}

/// Buffers of the backward pass, over all rows. Encoder and decoder use the same memory one after the other, but for
/// what crosses between them.
struct NetworkGradients<Element: MatrixElement> {
  /// What the prediction's gradient, whose memory is the loss's, is read by: [decoder rows, P].
  let predictionOperands: UnsafeMutablePointer<Float>
  /// Streams flow from one to the other and back.
  let decoderStreams: [Stream<Element>]  // 2 x [decoder rows, C]
  let memory: Stream<Element>  // [decoder rows, C]
  let decoder: DecoderBlock<Element>.Gradients
  let decoderNormalized: MatrixView<Element>  // dec_norm's output again: [decoder rows, C]
  let embedded: MatrixView<Element>  // [encoder rows, decoder C]
  let encoderStreams: [Stream<Element>]  // 2 x [encoder rows, C]
  let encoder: EncoderBlock<Element>.Gradients
  let encoderNormalized: MatrixView<Element>  // enc_norm's output again: [encoder rows, C]
  let finalNorms: NormPartials

  init(_ arena: Arena, _ configuration: ModelConfiguration, _ layout: TokenLayout) {
    let (encoderRows, decoderRows) = (layout.encoderRows, layout.decoderRows)
    let (encoderWidth, decoderWidth) = (configuration.encoderDimension, configuration.decoderDimension)
    let slabCount = layout.slabs.count
    var room = arena.floats(0)
    _ = Element.mirror(room, count: decoderRows * configuration.patchDimension) { floats in
      room = arena.floats(floats)
      return room
    }
    predictionOperands = room
    decoderStreams = [arena.stream(decoderRows, decoderWidth), arena.stream(decoderRows, decoderWidth)]
    memory = arena.stream(decoderRows, decoderWidth)
    embedded = arena.operands(encoderRows, decoderWidth)
    finalNorms = NormPartials(arena, slabCount: slabCount, widest: max(encoderWidth, decoderWidth))
    var decoderPart: (DecoderBlock<Element>.Gradients, MatrixView<Element>)!
    var encoderPart: ([Stream<Element>], EncoderBlock<Element>.Gradients, MatrixView<Element>)!
    arena.overlay([
      { arena in
        decoderPart = (
          .init(
            arena, rows: decoderRows, dimension: decoderWidth, ratio: configuration.mlpRatio, slabCount: slabCount),
          arena.operands(decoderRows, decoderWidth)
        )
      },
      { arena in
        encoderPart = (
          [arena.stream(encoderRows, encoderWidth), arena.stream(encoderRows, encoderWidth)],
          .init(
            arena, rows: encoderRows, dimension: encoderWidth, ratio: configuration.mlpRatio, slabCount: slabCount),
          arena.operands(encoderRows, encoderWidth)
        )
      },
    ])
    (decoder, decoderNormalized) = decoderPart
    (encoderStreams, encoder, encoderNormalized) = encoderPart
  }
}
