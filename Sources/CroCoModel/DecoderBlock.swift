import Kernels

/// What a decoder attends to: the tokens of view 2, the same for all blocks, and backward the sum of the blocks' gradients
/// with respect to them: [rows, C] each.
struct Context<Element: MatrixElement> {
  let tokens: Stream<Element>
  let gradient: Stream<Element>
}

/// A decoder block: self-attention, cross-attention to the context, which is view 2, and MLP, each pre-normalised and residual.
///
/// Source: CroCo, section 3.1, the "CrossBlock" decoder. Each block normalises the context with its own weights (`norm_y`).
struct DecoderBlock<Element: MatrixElement> {
  let name: String
  private let norm1: LayerNorm
  private let attention: SelfAttention<Element>
  private let contextNorm: LayerNorm?
  private let norm2: LayerNorm
  private let crossAttention: CrossAttention<Element>
  private let norm3: LayerNorm
  private let feedForward: FeedForward<Element>

  init(_ name: String, headCount: Int, rotary: Rotary, in parameters: NetworkParameters<Element>) {
    let store = parameters.store
    self.name = name
    norm1 = LayerNorm(name + ".norm1", in: store)
    attention = SelfAttention(name + ".attn", headCount: headCount, rotary: rotary, in: parameters)
    contextNorm = store.contains(name + ".norm_y.weight") ? LayerNorm(name + ".norm_y", in: store) : nil
    norm2 = LayerNorm(name + ".norm2", in: store)
    crossAttention = CrossAttention(name + ".cross_attn", headCount: headCount, rotary: rotary, in: parameters)
    norm3 = LayerNorm(name + ".norm3", in: store)
    feedForward = FeedForward(name + ".mlp", in: parameters)
  }

  /// What backward needs besides the block's input and the context, over all rows.
  struct Saved {
    let statistics1, statistics2, statistics3, contextStatistics: LayerNorm.Statistics
    let attention: SelfAttention<Element>.Saved
    let middle1: Matrix  // [rows, C], the stream after self-attention
    let cross: CrossAttention<Element>.Saved
    let middle2: Matrix  // [rows, C], the stream after cross-attention
    let hidden: MatrixView<Element>  // [rows, ratio * C]

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int, ratio: Int) {
      statistics1 = LayerNorm.Statistics(arena, rows: rows)
      statistics2 = LayerNorm.Statistics(arena, rows: rows)
      statistics3 = LayerNorm.Statistics(arena, rows: rows)
      contextStatistics = LayerNorm.Statistics(arena, rows: rows)
      attention = SelfAttention<Element>.Saved(arena, rows: rows, dimension: dimension, headCount: headCount)
      middle1 = arena.matrix(rows, dimension)
      cross = CrossAttention<Element>.Saved(arena, rows: rows, dimension: dimension, headCount: headCount)
      middle2 = arena.matrix(rows, dimension)
      hidden = arena.operands(rows, ratio * dimension)
    }
  }

  /// Buffers of backward that the next block uses again, over all rows.
  struct Gradients {
    let middle2, middle1: Stream<Element>  // [rows, C]
    let qkv: MatrixView<Element>  // [rows, 3C]
    let cross: CrossAttention<Element>.Gradients
    let hidden: MatrixView<Element>  // [rows, ratio * C]
    let activated: MatrixView<Element>  // [rows, ratio * C], GELU again
    let normalized1, normalized2, normalized3: MatrixView<Element>  // [rows, C], the norms' outputs again
    let normalizedContext: MatrixView<Element>  // [rows, C]
    let norms: NormPartials

    init(_ arena: Arena, rows: Int, dimension: Int, ratio: Int, slabCount: Int) {
      middle2 = arena.stream(rows, dimension)
      middle1 = arena.stream(rows, dimension)
      qkv = arena.operands(rows, 3 * dimension)
      cross = CrossAttention<Element>.Gradients(arena, rows: rows, dimension: dimension)
      hidden = arena.operands(rows, ratio * dimension)
      activated = arena.operands(rows, ratio * dimension)
      normalized1 = arena.operands(rows, dimension)
      normalized2 = arena.operands(rows, dimension)
      normalized3 = arena.operands(rows, dimension)
      normalizedContext = arena.operands(rows, dimension)
      norms = NormPartials(arena, slabCount: slabCount, widest: dimension)
    }
  }

  /// output = block(input, context) for the rows of one slab. All are [all rows, C].
  func forward(
    _ input: Matrix, context: Stream<Element>, into output: Matrix, _ saved: Saved, _ pass: Pass<Element>
  ) {
    let rows = pass.rows
    let (x, middle1, middle2, y) = (input[rows], saved.middle1[rows], saved.middle2[rows], output[rows])
    let normalized = pass.scratch.normalized(x.rows, x.columns)
    norm1.forward(x, into: normalized, saved.statistics1[rows])
    pass.record(name + ".norm1", normalized)
    attention.forward(normalized, into: middle1, saved.attention, pass)
    pass.record(name + ".attn", middle1, adding: attention.branchBias)

    if let contextNorm {
      contextNorm.forward(context.values[rows], into: normalized, saved.contextStatistics[rows])
      pass.record(name + ".norm_y", normalized)
    }
    crossAttention.forward(context: contextNorm == nil ? context.operands[rows] : normalized, saved.cross, pass)
    norm2.forward(
      addingTo: middle1, branchBias: attention.branchBias, residual: x, into: normalized, saved.statistics2[rows])
    pass.record(name + ".norm2", normalized)
    crossAttention.forward(normalized, into: middle2, saved.cross, pass)
    pass.record(name + ".cross_attn", middle2, adding: crossAttention.branchBias)

    norm3.forward(
      addingTo: middle2, branchBias: crossAttention.branchBias, residual: middle1, into: normalized,
      saved.statistics3[rows])
    pass.record(name + ".norm3", normalized)
    let activated = pass.scratch.wide(x.rows, feedForward.hiddenCount)
    feedForward.forward(normalized, hidden: saved.hidden[rows], activated: activated, into: y)
    pass.record(name + ".mlp", y, adding: feedForward.branchBias)
    y.add(bias: feedForward.branchBias, residual: middle2)
    pass.record(name, y)
  }

  /// inputGradient = gradient with respect to `input`; the context's gradient += that with respect to its tokens. One slab.
  func backward(
    _ outputGradient: Stream<Element>, input: Matrix, context: Context<Element>, into inputGradient: Stream<Element>,
    _ saved: Saved, _ gradients: Gradients, _ pass: Pass<Element>
  ) {
    let rows = pass.rows
    let (dy, middle2, middle1) = (outputGradient[rows], gradients.middle2[rows], gradients.middle1[rows])
    pass.record(name, dy.values)
    let normalizedGradient = pass.scratch.normalizedGradient(dy.values.rows, dy.values.columns)
    func partial(_ slot: Int) -> UnsafeMutablePointer<Float> {
      gradients.norms.pointer(slot: slot, slab: pass.slab.index)
    }

    feedForward.backward(
      dy.operands, hidden: saved.hidden[rows], hiddenGradient: gradients.hidden[rows],
      activated: gradients.activated[rows], into: normalizedGradient)
    norm3.backward(
      normalizedGradient, input: saved.middle2[rows], saved.statistics3[rows], residualGradient: dy.values,
      into: middle2, recomputing: gradients.normalized3[rows], partial: partial(2))

    crossAttention.backward(middle2.operands, into: normalizedGradient, saved.cross, gradients.cross, pass)
    norm2.backward(
      normalizedGradient, input: saved.middle1[rows], saved.statistics2[rows], residualGradient: middle2.values,
      into: middle1, recomputing: gradients.normalized2[rows], partial: partial(1))
    if let contextNorm {
      crossAttention.backwardContext(gradients.cross, into: normalizedGradient, adding: false, pass)
      contextNorm.backward(
        normalizedGradient, input: context.tokens.values[rows], saved.contextStatistics[rows],
        residualGradient: context.gradient.values[rows], into: context.gradient[rows],
        recomputing: gradients.normalizedContext[rows], partial: partial(3))
    } else {
      crossAttention.backwardContext(gradients.cross, into: context.gradient.values[rows], adding: true, pass)
    }

    attention.backward(
      middle1.operands, qkvGradient: gradients.qkv, into: normalizedGradient, saved.attention, pass)
    norm1.backward(
      normalizedGradient, input: input[rows], saved.statistics1[rows], residualGradient: middle1.values,
      into: inputGradient[rows], recomputing: gradients.normalized1[rows], partial: partial(0))
  }

  /// Forms one part of the parameter gradients, once all slabs are through.
  func formGradients(
    _ outputGradient: Stream<Element>, context: Stream<Element>, _ saved: Saved, _ gradients: Gradients,
    _ part: GradientPart
  ) {
    feedForward.formGradients(
      outputGradient.operands, hiddenGradient: gradients.hidden, activated: gradients.activated,
      normalized: gradients.normalized3, part)
    crossAttention.formGradients(
      gradients.middle2.operands, gradients.cross, normalized: gradients.normalized2,
      context: contextNorm == nil ? context.operands : gradients.normalizedContext, saved.cross, part)
    attention.formGradients(
      gradients.middle1.operands, qkvGradient: gradients.qkv, normalized: gradients.normalized1, saved.attention,
      part)
    if part.index == 0 {
      norm1.formGradients(gradients.norms, slot: 0, adding: part.adds)
      norm2.formGradients(gradients.norms, slot: 1, adding: part.adds)
      norm3.formGradients(gradients.norms, slot: 2, adding: part.adds)
      contextNorm?.formGradients(gradients.norms, slot: 3, adding: part.adds)
    }
  }
}
