import Kernels

/// A pre-normalised transformer block: x + attention(norm1(x)), then x + mlp(norm2(x)).
///
/// Source: ViT (Dosovitskiy et al., 2021); CroCo uses it for both views with the same weights.
struct EncoderBlock<Element: MatrixElement> {
  let name: String
  private let norm1: LayerNorm
  private let attention: SelfAttention<Element>
  private let norm2: LayerNorm
  private let feedForward: FeedForward<Element>

  init(_ name: String, headCount: Int, rotary: Rotary, in parameters: NetworkParameters<Element>) {
    let store = parameters.store
    self.name = name
    norm1 = LayerNorm(name + ".norm1", in: store)
    attention = SelfAttention(name + ".attn", headCount: headCount, rotary: rotary, in: parameters)
    norm2 = LayerNorm(name + ".norm2", in: store)
    feedForward = FeedForward(name + ".mlp", in: parameters)
  }

  /// What backward needs besides the block's input, over all rows.
  struct Saved {
    let statistics1: LayerNorm.Statistics
    let attention: SelfAttention<Element>.Saved
    let middle: Matrix  // [rows, C], the stream between the branches
    let statistics2: LayerNorm.Statistics
    let hidden: MatrixView<Element>  // [rows, ratio * C]

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int, ratio: Int) {
      statistics1 = LayerNorm.Statistics(arena, rows: rows)
      attention = SelfAttention<Element>.Saved(arena, rows: rows, dimension: dimension, headCount: headCount)
      middle = arena.matrix(rows, dimension)
      statistics2 = LayerNorm.Statistics(arena, rows: rows)
      hidden = arena.operands(rows, ratio * dimension)
    }
  }

  /// Buffers of backward that the next block uses again, over all rows.
  struct Gradients {
    let middle: Stream<Element>  // [rows, C]
    let qkv: MatrixView<Element>  // [rows, 3C]
    let hidden: MatrixView<Element>  // [rows, ratio * C]
    let activated: MatrixView<Element>  // [rows, ratio * C], GELU again
    let normalized1: MatrixView<Element>  // [rows, C], norm1's output again
    let normalized2: MatrixView<Element>  // [rows, C]
    let norms: NormPartials

    init(_ arena: Arena, rows: Int, dimension: Int, ratio: Int, slabCount: Int) {
      middle = arena.stream(rows, dimension)
      qkv = arena.operands(rows, 3 * dimension)
      hidden = arena.operands(rows, ratio * dimension)
      activated = arena.operands(rows, ratio * dimension)
      normalized1 = arena.operands(rows, dimension)
      normalized2 = arena.operands(rows, dimension)
      norms = NormPartials(arena, slabCount: slabCount, widest: dimension)
    }
  }

  /// output = block(input) for the rows of one slab. Both are [all rows, C].
  func forward(_ input: Matrix, into output: Matrix, _ saved: Saved, _ pass: Pass<Element>) {
    let rows = pass.rows
    let (x, middle, y) = (input[rows], saved.middle[rows], output[rows])
    let normalized = pass.scratch.normalized(x.rows, x.columns)
    norm1.forward(x, into: normalized, saved.statistics1[rows])
    pass.record(name + ".norm1", normalized)
    attention.forward(normalized, into: middle, saved.attention, pass)
    pass.record(name + ".attn", middle, adding: attention.branchBias)
    norm2.forward(
      addingTo: middle, branchBias: attention.branchBias, residual: x, into: normalized, saved.statistics2[rows])
    pass.record(name + ".norm2", normalized)
    let activated = pass.scratch.wide(x.rows, feedForward.hiddenCount)
    feedForward.forward(normalized, hidden: saved.hidden[rows], activated: activated, into: y)
    pass.record(name + ".mlp", y, adding: feedForward.branchBias)
    y.add(bias: feedForward.branchBias, residual: middle)
    pass.record(name, y)
  }

  /// inputGradient = gradient with respect to `input`, for the rows of one slab.
  func backward(
    _ outputGradient: Stream<Element>, input: Matrix, into inputGradient: Stream<Element>, _ saved: Saved,
    _ gradients: Gradients, _ pass: Pass<Element>
  ) {
    let rows = pass.rows
    let (dy, middle) = (outputGradient[rows], gradients.middle[rows])
    pass.record(name, dy.values)
    let normalizedGradient = pass.scratch.normalizedGradient(dy.values.rows, dy.values.columns)
    func partial(_ slot: Int) -> UnsafeMutablePointer<Float> {
      gradients.norms.pointer(slot: slot, slab: pass.slab.index)
    }

    feedForward.backward(
      dy.operands, hidden: saved.hidden[rows], hiddenGradient: gradients.hidden[rows],
      activated: gradients.activated[rows], into: normalizedGradient)
    norm2.backward(
      normalizedGradient, input: saved.middle[rows], saved.statistics2[rows], residualGradient: dy.values,
      into: middle, recomputing: gradients.normalized2[rows], partial: partial(1))
    attention.backward(
      middle.operands, qkvGradient: gradients.qkv, into: normalizedGradient, saved.attention, pass)
    norm1.backward(
      normalizedGradient, input: input[rows], saved.statistics1[rows], residualGradient: middle.values,
      into: inputGradient[rows], recomputing: gradients.normalized1[rows], partial: partial(0))
  }

  /// Forms one part of the parameter gradients, once all slabs are through.
  func formGradients(
    _ outputGradient: Stream<Element>, _ saved: Saved, _ gradients: Gradients, _ part: GradientPart
  ) {
    feedForward.formGradients(
      outputGradient.operands, hiddenGradient: gradients.hidden, activated: gradients.activated,
      normalized: gradients.normalized2, part)
    attention.formGradients(
      gradients.middle.operands, qkvGradient: gradients.qkv, normalized: gradients.normalized1, saved.attention,
      part)
    if part.index == 0 {
      norm1.formGradients(gradients.norms, slot: 0, adding: part.adds)
      norm2.formGradients(gradients.norms, slot: 1, adding: part.adds)
    }
  }
}
