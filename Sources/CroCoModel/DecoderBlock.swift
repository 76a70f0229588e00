internal import CTransformer
import Kernels

/// A decoder block: self-attention, cross-attention to the memory of view 2, MLP, each pre-normalised and residual.
///
/// Source: CroCo, section 3.1, the "CrossBlock" decoder. The memory is the same for all blocks; each normalises it with its
/// own weights (`norm_y`), from statistics that are formed once.
struct DecoderBlock<Element: Operand> {
  let name: String
  private let norm1: LayerNorm
  private let attention: SelfAttention<Element>
  private let memoryNorm: LayerNorm?
  private let norm2: LayerNorm
  private let crossAttention: CrossAttention<Element>
  private let norm3: LayerNorm
  private let feedForward: FeedForward<Element>

  init(_ name: String, headCount: Int, rotary: Rotary, in parameters: NetworkParameters<Element>) {
    let store = parameters.store
    self.name = name
    norm1 = LayerNorm(name + ".norm1", in: store)
    attention = SelfAttention(name + ".attn", headCount: headCount, rotary: rotary, in: parameters)
    memoryNorm = store.contains(name + ".norm_y.weight") ? LayerNorm(name + ".norm_y", in: store) : nil
    norm2 = LayerNorm(name + ".norm2", in: store)
    crossAttention = CrossAttention(name + ".cross_attn", headCount: headCount, rotary: rotary, in: parameters)
    norm3 = LayerNorm(name + ".norm3", in: store)
    feedForward = FeedForward(name + ".mlp", in: parameters)
  }

  /// What backward needs besides the block's input and the memory, over all rows.
  struct Saved {
    let statistics1, statistics2, statistics3, memoryStatistics: LayerNorm.Statistics
    let attention: SelfAttention<Element>.Saved
    let middle1: Matrix  // [rows, C], the stream after self-attention
    let cross: CrossAttention<Element>.Saved
    let middle2: Matrix  // [rows, C], the stream after cross-attention
    let hidden: MatrixView<Element>  // [rows, ratio * C]

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int, ratio: Int) {
      statistics1 = LayerNorm.Statistics(arena, rows: rows)
      statistics2 = LayerNorm.Statistics(arena, rows: rows)
      statistics3 = LayerNorm.Statistics(arena, rows: rows)
      memoryStatistics = LayerNorm.Statistics(arena, rows: rows)
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
    let normalizedMemory: MatrixView<Element>  // [rows, C]
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
      normalizedMemory = arena.operands(rows, dimension)
      norms = NormPartials(arena, slabCount: slabCount, widest: dimension)
    }
  }

  /// output = block(input, memory) for the rows of one slab. All are [all rows, C].
  func forward(
    _ input: Matrix, memory: Stream<Element>, into output: Matrix, rows: Range<Int>, sequences: [Range<Int>],
    _ saved: Saved,
    _ scratch: Scratch<Element>, _ recorder: TensorRecorder?
  ) {
    let (x, middle1, middle2, y) = (input[rows], saved.middle1[rows], saved.middle2[rows], output[rows])
    let normalized = scratch.normalized(x.rows, x.columns)
    let first = rows.lowerBound
    norm1.forward(x, into: normalized, saved.statistics1, firstRow: first)
    recorder?.record(name + ".norm1", normalized, rows)
    attention.forward(
      normalized, rows: rows, sequences: sequences, saved.attention, into: middle1, scratch: scratch.attention)
    recorder?.record(name + ".attn", middle1, rows, adding: attention.branchBias)

    if let memoryNorm {
      memoryNorm.forward(memory.values[rows], into: normalized, saved.memoryStatistics, firstRow: first)
      recorder?.record(name + ".norm_y", normalized, rows)
    }
    crossAttention.forward(memory: memoryNorm == nil ? memory.operands[rows] : normalized, rows: rows, saved.cross)
    norm2.forward(
      addingTo: middle1, branchBias: attention.branchBias, residual: x, into: normalized, saved.statistics2,
      firstRow: first)
    recorder?.record(name + ".norm2", normalized, rows)
    crossAttention.forward(
      normalized, rows: rows, sequences: sequences, saved.cross, into: middle2, scratch: scratch.attention)
    recorder?.record(name + ".cross_attn", middle2, rows, adding: crossAttention.branchBias)

    norm3.forward(
      addingTo: middle2, branchBias: crossAttention.branchBias, residual: middle1, into: normalized, saved.statistics3,
      firstRow: first)
    recorder?.record(name + ".norm3", normalized, rows)
    let activated = scratch.wide(x.rows, feedForward.hiddenCount)
    feedForward.forward(normalized, hidden: saved.hidden[rows], activated: activated, into: y)
    recorder?.record(name + ".mlp", y, rows, adding: feedForward.branchBias)
    croco_add_bias_residual(y.pointer, feedForward.branchBias, middle2.pointer, y.rows, y.columns)
    recorder?.record(name, y, rows)
  }

  /// inputGradient = gradient with respect to `input`; memoryGradient += that with respect to the memory. One slab.
  func backward(
    _ outputGradient: Stream<Element>, input: Matrix, memory: Stream<Element>, into inputGradient: Stream<Element>,
    memoryGradient: Stream<Element>,
    slab: Int, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved, _ gradients: Gradients,
    _ scratch: Scratch<Element>,
    _ recorder: TensorRecorder?
  ) {
    let dy = outputGradient[rows]
    recorder?.record(name, dy.values, rows)
    let (count, columns) = (dy.values.rows, dy.values.columns)
    let normalizedGradient = scratch.normalizedGradient(count, columns)
    let outputScratch = scratch.outputGradient(count, columns)
    let first = rows.lowerBound
    func partial(_ slot: Int) -> UnsafeMutablePointer<Float> { gradients.norms.pointer(slot: slot, slab: slab) }

    feedForward.backward(
      dy.operands, hidden: saved.hidden[rows], hiddenGradient: gradients.hidden[rows],
      activated: gradients.activated[rows],
      into: normalizedGradient)
    norm3.backward(
      normalizedGradient, input: saved.middle2[rows], saved.statistics3, firstRow: first, residualGradient: dy.values,
      into: gradients.middle2[rows], recomputing: gradients.normalized3[rows], partial: partial(2))

    crossAttention.backward(
      gradients.middle2[rows].operands, rows: rows, sequences: sequences, saved.cross, gradients.cross,
      outputGradient: outputScratch, into: normalizedGradient, scratch: scratch.attention)
    norm2.backward(
      normalizedGradient, input: saved.middle1[rows], saved.statistics2, firstRow: first,
      residualGradient: gradients.middle2[rows].values, into: gradients.middle1[rows],
      recomputing: gradients.normalized2[rows], partial: partial(1))
    if let memoryNorm {
      crossAttention.backwardMemory(gradients.cross, rows: rows, into: normalizedGradient, adding: false)
      memoryNorm.backward(
        normalizedGradient, input: memory.values[rows], saved.memoryStatistics, firstRow: first,
        residualGradient: memoryGradient.values[rows], into: memoryGradient[rows],
        recomputing: gradients.normalizedMemory[rows], partial: partial(3))
    } else {
      crossAttention.backwardMemory(gradients.cross, rows: rows, into: memoryGradient.values[rows], adding: true)
    }

    attention.backward(
      gradients.middle1[rows].operands, rows: rows, sequences: sequences, saved.attention, qkvGradient: gradients.qkv,
      outputGradient: outputScratch, into: normalizedGradient, scratch: scratch.attention)
    norm1.backward(
      normalizedGradient, input: input[rows], saved.statistics1, firstRow: first,
      residualGradient: gradients.middle1[rows].values, into: inputGradient[rows],
      recomputing: gradients.normalized1[rows], partial: partial(0))
  }

  /// Forms one part of the parameter gradients, once all slabs are through.
  func formGradients(
    _ outputGradient: Stream<Element>, memory: Stream<Element>, _ saved: Saved, _ gradients: Gradients,
    _ part: GradientPart
  ) {
    feedForward.formGradients(
      outputGradient.operands, hiddenGradient: gradients.hidden, activated: gradients.activated,
      normalized: gradients.normalized3, part)
    crossAttention.formGradients(
      gradients.middle2.operands, gradients.cross, normalized: gradients.normalized2,
      memory: memoryNorm == nil ? memory.operands : gradients.normalizedMemory, saved.cross, part)
    attention.formGradients(
      gradients.middle1.operands, qkvGradient: gradients.qkv, normalized: gradients.normalized1, saved.attention,
      part)
    if part.index == 0 {
      norm1.formGradients(gradients.norms, slot: 0, adding: part.adds)
      norm2.formGradients(gradients.norms, slot: 1, adding: part.adds)
      norm3.formGradients(gradients.norms, slot: 2, adding: part.adds)
      memoryNorm?.formGradients(gradients.norms, slot: 3, adding: part.adds)
    }
  }
}
