import Kernels

/// Multi-head self-attention: joint query-key-value map, attention within each sequence, output map.
///
/// Source: Vaswani et al. 2017; reference convention: `qkv` yields query, key, value in that order, heads contiguous.
struct SelfAttention<Element: MatrixElement> {
  private let qkv: Linear<Element>
  private let projection: Linear<Element>
  private let heads: AttentionHeads<Element>

  init(_ name: String, headCount: Int, rotary: Rotary, in parameters: NetworkParameters<Element>) {
    qkv = Linear(name + ".qkv", in: parameters)
    projection = Linear(name + ".proj", in: parameters)
    heads = AttentionHeads(count: headCount, dimension: projection.inputs, rotary: rotary)
  }

  /// What backward needs.
  struct Saved {
    let qkv: MatrixView<Element>  // [rows, 3C], biased and rotated
    let output: MatrixView<Element>  // [rows, C], before the output map
    let logSum: UnsafeMutablePointer<Float>  // [rows * heads], sequence by sequence, head by head

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int) {
      qkv = arena.operands(rows, 3 * dimension)
      output = arena.operands(rows, dimension)
      logSum = arena.floats(rows * headCount)
    }
  }

  /// The bias that ends the branch; the residual pass adds it.
  var branchBias: UnsafePointer<Float> { UnsafePointer(projection.bias) }

  /// branch = output map (without bias) of the attention over `normalized`: [rows, C].
  func forward(_ normalized: MatrixView<Element>, into branch: Matrix, _ saved: Saved, _ pass: Pass<Element>) {
    qkv.forward(normalized, biasedTo: saved.qkv[pass.rows])
    heads.forward(operands(saved.qkv), into: saved.output, logSum: saved.logSum, pass)
    projection.forward(saved.output[pass.rows], into: branch)
  }

  /// normalizedGradient = gradient with respect to the branch's input; qkvGradient is kept for ``formGradients``.
  func backward(
    _ branchGradient: MatrixView<Element>, qkvGradient: MatrixView<Element>, into normalizedGradient: Matrix,
    _ saved: Saved, _ pass: Pass<Element>
  ) {
    let outputGradient = pass.scratch.outputGradient(branchGradient.rows, projection.inputs)
    projection.backward(branchGradient, toOperand: outputGradient)
    heads.backward(
      operands(saved.qkv), outputGradient: outputGradient, logSum: saved.logSum, into: operands(qkvGradient), pass)
    qkv.backward(qkvGradient[pass.rows], into: normalizedGradient)
  }

  /// Forms one part of the parameter gradients, over all rows.
  func formGradients(
    _ branchGradient: MatrixView<Element>, qkvGradient: MatrixView<Element>, normalized: MatrixView<Element>,
    _ saved: Saved, _ part: GradientPart
  ) {
    projection.formGradients(branchGradient, input: saved.output, part)
    qkv.formGradients(qkvGradient, input: normalized, part)
  }

  /// The thirds of the joint map's output or of its gradient.
  private func operands(_ joint: MatrixView<Element>) -> AttentionOperands<Element> {
    let dimension = projection.inputs
    return AttentionOperands(
      query: joint.columns(0..<dimension), key: joint.columns(dimension..<2 * dimension),
      value: joint.columns(2 * dimension..<3 * dimension))
  }
}
