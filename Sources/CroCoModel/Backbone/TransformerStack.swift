import Kernels

/// The blocks of an encoder or decoder with the stream that runs through them, and the norm at their end.
struct TransformerStack<Element: MatrixElement> {
  /// The sizes of the blocks.
  let shape: StackShape

  private typealias Part<Layer> = (layers: Layer, range: Range<Int>)
  private let blocks: [Part<TransformerBlock<Element>>]
  private let norm: Part<LayerNorm<Element>>
  private let streams: [Matrix]  // input of each block, and output of the last: [rows, C]
  private let gradients: [Stream<Element>]  // 2 x [rows, C], between which backward alternates
  private let policy: ActivationPolicy
  private let quantization: Quantization

  /// Makes `depth` blocks and the norm.
  ///
  /// - Parameter gradients: two streams [rows, C] for backward.
  init(
    _ shape: StackShape, depth: Int, norm: String, gradients: [Stream<Element>], in plan: NetworkPlan<Element>,
    block: (_ index: Int, _ plan: NetworkPlan<Element>) -> TransformerBlock<Element>
  ) {
    self.shape = shape
    self.gradients = gradients
    (policy, quantization) = (plan.policy, plan.quantizationOfBlocks)
    let rows = shape.tokens.rows
    let count = plan.policy == .discard ? 2 : depth + 1
    let streams = (0..<count).map { _ in plan.kept.matrix(rows, shape.dimension) }
    self.streams = (0...depth).map { streams[$0 % count] }
    // Blocks share what need not outlive them.
    let overlay = Arena.Overlay([plan.backward, plan.weights] + (plan.policy == .keep ? [] : [plan.kept]))
    blocks = (0..<depth).map { index in overlay.layOut { plan.parameters.range { block(index, plan.ofBlocks) } } }
    self.norm = plan.parameters.range { LayerNorm(norm, dimension: shape.dimension, shape.tokens, in: plan) }
  }

  /// What a worker's scratch needs for the blocks.
  var scratchSize: Scratch<Element>.Size { Scratch.Size(shape, quantization) }

  /// The stream before the first block: [rows, C].
  var input: Matrix { streams[0] }

  /// The gradient with respect to ``input``, after the backward pass.
  var inputGradient: Stream<Element> { gradient(before: 0) }

  /// The stream after a block, [rows, C]; a network that discards it uses its memory again for the block after the next.
  func stream(after block: Int) -> Matrix { streams[block + 1] }

  /// The number of blocks.
  var depth: Int { blocks.count }

  /// Packs the weights of a block, where they are quantised, before products of a direction run over its slabs.
  func packWeights(of index: Int, for direction: QuantizedWeight.Direction, _ runner: SlabRunner<Element>) {
    guard quantization > .none else { return }
    let (block, range) = blocks[index]
    runner.packWeights(of: range, for: direction) { part in block.packWeights(part) }
  }

  /// Runs the blocks up to `last`, or all, over all slabs, one block after the other.
  func forward(through last: Int? = nil, _ runner: SlabRunner<Element>) {
    for block in 0...(last ?? depth - 1) {
      packWeights(of: block, for: .forward, runner)
      runner.forEachSlab(of: shape.tokens) { pass in forward(block: block, pass) }
    }
  }

  /// Runs a block over one stretch.
  func forward(block index: Int, _ pass: Pass<Element>) {
    pass.awaitParameters(blocks[index].range)
    blocks[index].layers.forward(streams[index], into: streams[index + 1], pass)
  }

  /// The features of one stretch after the last block, in its scratch: [rows of the stretch, C].
  func features(_ pass: Pass<Element>) -> MatrixView<Element> {
    pass.awaitParameters(norm.range)
    let normalized = pass.scratch.normalized(pass.stretch.rows.count, shape.dimension)
    norm.layers.forward(streams[blocks.count][pass.rows], into: normalized[pass.rowsInStretch], pass)
    return normalized
  }

  /// Backward through all blocks, from the gradient that `reader` has for the features.
  ///
  /// For each block the gradients of the rows (by stretch), then those of the parameters (by part).
  func backward(
    from reader: any FeatureReader<Element>, _ runner: SlabRunner<Element>, finished: (Range<Int>) -> Void
  ) {
    let (norm, last) = (norm.layers, blocks.count)
    runner.forEachSlab(of: shape.tokens) { pass in
      let featureGradient = pass.scratch.normalizedGradient(pass.stretch.rows.count, shape.dimension)
      reader.backward(into: featureGradient, pass)
      let own = featureGradient[pass.rowsInStretch]
      pass.record(norm.name, own)
      norm.backward(
        own, input: streams[last][pass.rows], residual: nil, into: gradient(before: last)[pass.rows], pass)
    }
    runner.formGradients(shape.tokens) { part in
      reader.formGradients(norm.output, part)
      norm.formGradients(part)
    }
    finished(reader.range)
    finished(self.norm.range)
    for index in blocks.indices.reversed() { backward(block: index, runner, finished: finished) }
  }

  private func backward(block index: Int, _ runner: SlabRunner<Element>, finished: (Range<Int>) -> Void) {
    let (block, range) = blocks[index]
    let outputGradient = gradient(before: index + 1)
    if policy == .recomputeBlocks {
      packWeights(of: index, for: .forward, runner)
      runner.forEachSlab(of: shape.tokens) { pass in forward(block: index, pass.unwatched) }
    }
    packWeights(of: index, for: .backward, runner)
    runner.forEachSlab(of: shape.tokens) { pass in
      block.backward(outputGradient, input: streams[index], into: gradient(before: index), pass)
    }
    runner.formGradients(shape.tokens) { part in block.formGradients(outputGradient, part) }
    finished(range)
  }

  private func gradient(before block: Int) -> Stream<Element> { gradients[(blocks.count - block) % 2] }
}
