import Tensors

/// All activations and gradient buffers of a network for one micro-batch, carved from one arena.
struct NetworkMemory {
  let patches: Matrix  // [encoder rows, 3 * patch^2]
  let encoderStreams: [Matrix]  // input of each block and output of the last: [encoder rows, C]
  let encoderSaved: [EncoderBlock.Saved]
  let encoderStatistics: LayerNorm.Statistics
  let decoderStreams: [Matrix]  // [decoder rows, C]
  let memory: Matrix  // [decoder rows, C]
  let decoderSaved: [DecoderBlock.Saved]
  let decoderStatistics: LayerNorm.Statistics
  let prediction: Matrix  // [decoder rows, P]
  let scratch: [Scratch]  // by worker
  let gradients: NetworkGradients?

  /// Lays everything out. Blocks share what need not outlive them.
  init(
    _ arena: Arena, _ configuration: ModelConfiguration, _ layout: TokenLayout, workerCount: Int,
    _ policy: ActivationPolicy
  ) {
    let (encoderRows, decoderRows) = (layout.encoderRows, layout.decoderRows)
    let (encoder, decoder) = (configuration.encoderDimension, configuration.decoderDimension)
    patches = arena.matrix(encoderRows, configuration.patchDimension)
    encoderStreams = Self.streams(arena, encoderRows, encoder, configuration.encoderDepth, policy)
    encoderSaved = Self.repeated(configuration.encoderDepth, policy) {
      EncoderBlock.Saved(
        arena, rows: encoderRows, dimension: encoder, headCount: configuration.encoderHeadCount,
        ratio: configuration.mlpRatio)
    }
    encoderStatistics = LayerNorm.Statistics(arena, rows: encoderRows)
    decoderStreams = Self.streams(arena, decoderRows, decoder, configuration.decoderDepth, policy)
    memory = arena.matrix(decoderRows, decoder)
    decoderSaved = Self.repeated(configuration.decoderDepth, policy) {
      DecoderBlock.Saved(
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
struct NetworkGradients {
  /// Streams flow from one to the other and back.
  let decoderStreams: [Matrix]  // 2 x [decoder rows, C]
  let memory: Matrix  // [decoder rows, C]
  let decoder: DecoderBlock.Gradients
  let decoderNormalized: Matrix  // dec_norm's output again: [decoder rows, C]
  let embedded: Matrix  // [encoder rows, decoder C]
  let encoderStreams: [Matrix]  // 2 x [encoder rows, C]
  let encoder: EncoderBlock.Gradients
  let encoderNormalized: Matrix  // enc_norm's output again: [encoder rows, C]
  let finalNorms: NormPartials

  init(_ arena: Arena, _ configuration: ModelConfiguration, _ layout: TokenLayout) {
    let (encoderRows, decoderRows) = (layout.encoderRows, layout.decoderRows)
    let (encoderWidth, decoderWidth) = (configuration.encoderDimension, configuration.decoderDimension)
    let slabCount = layout.slabs.count
    decoderStreams = [arena.matrix(decoderRows, decoderWidth), arena.matrix(decoderRows, decoderWidth)]
    memory = arena.matrix(decoderRows, decoderWidth)
    embedded = arena.matrix(encoderRows, decoderWidth)
    finalNorms = NormPartials(arena, slabCount: slabCount, widest: max(encoderWidth, decoderWidth))
    var decoderPart: (DecoderBlock.Gradients, Matrix)!
    var encoderPart: ([Matrix], EncoderBlock.Gradients, Matrix)!
    arena.overlay([
      { arena in
        decoderPart = (
          .init(
            arena, rows: decoderRows, dimension: decoderWidth, ratio: configuration.mlpRatio, slabCount: slabCount),
          arena.matrix(decoderRows, decoderWidth)
        )
      },
      { arena in
        encoderPart = (
          [arena.matrix(encoderRows, encoderWidth), arena.matrix(encoderRows, encoderWidth)],
          .init(
            arena, rows: encoderRows, dimension: encoderWidth, ratio: configuration.mlpRatio, slabCount: slabCount),
          arena.matrix(encoderRows, encoderWidth)
        )
      },
    ])
    (decoder, decoderNormalized) = decoderPart
    (encoderStreams, encoder, encoderNormalized) = encoderPart
  }
}
