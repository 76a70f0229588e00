internal import CKernels
import Tensors

/// A pre-normalised transformer block: x + attention(norm1(x)), then x + mlp(norm2(x)).
///
/// Source: ViT (Dosovitskiy et al., 2021); CroCo uses it for both views with the same weights.
struct EncoderBlock {
  let name: String
  private let norm1: LayerNorm
  private let attention: SelfAttention
  private let norm2: LayerNorm
  private let feedForward: FeedForward

  init(_ name: String, headCount: Int, rotary: Rotary, in store: ParameterStore) {
    self.name = name
    norm1 = LayerNorm(name + ".norm1", in: store)
    attention = SelfAttention(name + ".attn", headCount: headCount, rotary: rotary, in: store)
    norm2 = LayerNorm(name + ".norm2", in: store)
    feedForward = FeedForward(name + ".mlp", in: store)
  }

  /// What backward needs besides the block's input, over all rows.
  struct Saved {
    let statistics1: LayerNorm.Statistics
    let attention: SelfAttention.Saved
    let middle: Matrix  // [rows, C], the stream between the branches
    let statistics2: LayerNorm.Statistics
    let hidden: Matrix  // [rows, ratio * C]

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int, ratio: Int) {
      statistics1 = LayerNorm.Statistics(arena, rows: rows)
      attention = SelfAttention.Saved(arena, rows: rows, dimension: dimension, headCount: headCount)
      middle = arena.matrix(rows, dimension)
      statistics2 = LayerNorm.Statistics(arena, rows: rows)
      hidden = arena.matrix(rows, ratio * dimension)
    }
  }

  /// Buffers of backward that the next block uses again, over all rows.
  struct Gradients {
    let middle: Matrix  // [rows, C]
    let qkv: Matrix  // [rows, 3C]
    let hidden: Matrix  // [rows, ratio * C]
    let activated: Matrix  // [rows, ratio * C], GELU again
    let normalized1: Matrix  // [rows, C], norm1's output again
    let normalized2: Matrix  // [rows, C]
    let norms: NormPartials

    init(_ arena: Arena, rows: Int, dimension: Int, ratio: Int, slabCount: Int) {
      middle = arena.matrix(rows, dimension)
      qkv = arena.matrix(rows, 3 * dimension)
      hidden = arena.matrix(rows, ratio * dimension)
      activated = arena.matrix(rows, ratio * dimension)
      normalized1 = arena.matrix(rows, dimension)
      normalized2 = arena.matrix(rows, dimension)
      norms = NormPartials(arena, slabCount: slabCount, widest: dimension)
    }
  }

  /// output = block(input) for the rows of one slab. Both are [all rows, C].
  func forward(
    _ input: Matrix, into output: Matrix, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved, _ scratch: Scratch,
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
    _ outputGradient: Matrix, input: Matrix, into inputGradient: Matrix, slab: Int, rows: Range<Int>,
    sequences: [Range<Int>], _ saved: Saved, _ gradients: Gradients, _ scratch: Scratch, _ recorder: TensorRecorder?
  ) {
    let dy = outputGradient[rows]
    recorder?.record(name, dy, rows)
    let normalizedGradient = scratch.normalized(dy.rows, dy.columns)
    let first = rows.lowerBound
    feedForward.backward(
      dy, hidden: saved.hidden[rows], hiddenGradient: gradients.hidden[rows], activated: gradients.activated[rows],
      into: normalizedGradient)
    norm2.backward(
      normalizedGradient, input: saved.middle[rows], saved.statistics2, firstRow: first, residualGradient: dy,
      into: gradients.middle[rows], recomputing: gradients.normalized2[rows],
      partial: gradients.norms.pointer(slot: 1, slab: slab))
    attention.backward(
      gradients.middle[rows], rows: rows, sequences: sequences, saved.attention, qkvGradient: gradients.qkv,
      outputGradient: scratch.gradient(dy.rows, dy.columns), into: normalizedGradient, scratch: scratch.attention)
    norm1.backward(
      normalizedGradient, input: input[rows], saved.statistics1, firstRow: first,
      residualGradient: gradients.middle[rows], into: inputGradient[rows],
      recomputing: gradients.normalized1[rows], partial: gradients.norms.pointer(slot: 0, slab: slab))
  }

  /// Adds part `part` of `parts` of the parameter gradients, once all slabs are through.
  func addGradients(_ outputGradient: Matrix, _ saved: Saved, _ gradients: Gradients, part: Int, of parts: Int) {
    feedForward.addGradients(
      outputGradient, hiddenGradient: gradients.hidden, activated: gradients.activated,
      normalized: gradients.normalized2, part: part, of: parts)
    attention.addGradients(
      gradients.middle, qkvGradient: gradients.qkv, normalized: gradients.normalized1, saved.attention, part: part,
      of: parts)
    if part == 0 {
      norm1.addGradients(gradients.norms, slot: 0)
      norm2.addGradients(gradients.norms, slot: 1)
    }
  }
}
