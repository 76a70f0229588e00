internal import CTransformer
import Kernels

/// A pre-normalised transformer block: x + attention(norm1(x)), then x + mlp(norm2(x)).
///
/// Source: ViT (Dosovitskiy et al., 2021); CroCo uses it for both views with the same weights.
struct EncoderBlock<Element: Operand> {
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
  func forward(
    _ input: Matrix, into output: Matrix, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved,
    _ scratch: Scratch<Element>,
    _ recorder: TensorRecorder?
  ) {
    let (x, middle, y) = (input[rows], saved.middle[rows], output[rows])
    let normalized = scratch.normalized(x.rows, x.columns)
    let first = rows.lowerBound
    norm1.forward(x, into: normalized, saved.statistics1, firstRow: first)
    recorder?.record(name + ".norm1", normalized, rows)
    attention.forward(
      normalized, rows: rows, sequences: sequences, saved.attention, into: middle, scratch: scratch.attention)
    recorder?.record(name + ".attn", middle, rows, adding: attention.branchBias)
    norm2.forward(
      addingTo: middle, branchBias: attention.branchBias, residual: x, into: normalized, saved.statistics2,
      firstRow: first)
    recorder?.record(name + ".norm2", normalized, rows)
    let activated = scratch.wide(x.rows, feedForward.hiddenCount)
    feedForward.forward(normalized, hidden: saved.hidden[rows], activated: activated, into: y)
    recorder?.record(name + ".mlp", y, rows, adding: feedForward.branchBias)
    croco_add_bias_residual(y.pointer, feedForward.branchBias, middle.pointer, y.rows, y.columns)
    recorder?.record(name, y, rows)
  }

  /// inputGradient = gradient with respect to `input`, for the rows of one slab.
  func backward(
    _ outputGradient: Stream<Element>, input: Matrix, into inputGradient: Stream<Element>, slab: Int, rows: Range<Int>,
    sequences: [Range<Int>], _ saved: Saved, _ gradients: Gradients, _ scratch: Scratch<Element>,
    _ recorder: TensorRecorder?
  ) {
    let dy = outputGradient[rows]
    recorder?.record(name, dy.values, rows)
    let (count, columns) = (dy.values.rows, dy.values.columns)
    let normalizedGradient = scratch.normalizedGradient(count, columns)
    let first = rows.lowerBound
    feedForward.backward(
      dy.operands, hidden: saved.hidden[rows], hiddenGradient: gradients.hidden[rows],
      activated: gradients.activated[rows],
      into: normalizedGradient)
    norm2.backward(
      normalizedGradient, input: saved.middle[rows], saved.statistics2, firstRow: first, residualGradient: dy.values,
      into: gradients.middle[rows], recomputing: gradients.normalized2[rows],
      partial: gradients.norms.pointer(slot: 1, slab: slab))
    attention.backward(
      gradients.middle[rows].operands, rows: rows, sequences: sequences, saved.attention, qkvGradient: gradients.qkv,
      outputGradient: scratch.outputGradient(count, columns), into: normalizedGradient, scratch: scratch.attention)
    norm1.backward(
      normalizedGradient, input: input[rows], saved.statistics1, firstRow: first,
      residualGradient: gradients.middle[rows].values, into: inputGradient[rows],
      recomputing: gradients.normalized1[rows], partial: gradients.norms.pointer(slot: 0, slab: slab))
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
