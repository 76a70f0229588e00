import Kernels

/// Multi-head cross-attention: queries from the stream of view 1, keys and values from the context, which is view 2.
///
/// Source: CroCo, section 3.1 (the decoder's second attention). The key and value maps run as one GEMM.
struct CrossAttention<Element: MatrixElement> {
  private let query: Linear<Element>
  private let keyValue: Linear<Element>
  private let projection: Linear<Element>
  private let heads: AttentionHeads<Element>

  init(_ name: String, headCount: Int, rotary: Rotary, in parameters: NetworkParameters<Element>) {
    query = Linear(name + ".projq", in: parameters)
    keyValue = Linear(name + ".projk", and: name + ".projv", in: parameters)
    projection = Linear(name + ".proj", in: parameters)
    heads = AttentionHeads(count: headCount, dimension: projection.inputs, rotary: rotary)
  }

  /// What backward needs.
  struct Saved {
    let query: MatrixView<Element>  // [rows, C], biased and rotated
    let keyValue: MatrixView<Element>  // [rows, 2C], biased, keys rotated
    let output: MatrixView<Element>  // [rows, C], before the output map
    let logSum: UnsafeMutablePointer<Float>  // [rows * heads]

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int) {
      query = arena.operands(rows, dimension)
      keyValue = arena.operands(rows, 2 * dimension)
      output = arena.operands(rows, dimension)
      logSum = arena.floats(rows * headCount)
    }
  }

  /// Gradients that ``formGradients`` needs, over all rows.
  struct Gradients {
    let query: MatrixView<Element>  // [rows, C]
    let keyValue: MatrixView<Element>  // [rows, 2C]

    init(_ arena: Arena, rows: Int, dimension: Int) {
      query = arena.operands(rows, dimension)
      keyValue = arena.operands(rows, 2 * dimension)
    }
  }

  /// The bias that ends the branch; the residual pass adds it.
  var branchBias: UnsafePointer<Float> { UnsafePointer(projection.bias) }

  /// Keys and values of the context, which must be normalised already where the network does so: [rows, C]. The keys are
  /// rotated as attention comes to them.
  func forward(context: MatrixView<Element>, _ saved: Saved, _ pass: Pass<Element>) {
    keyValue.forward(context, biasedTo: saved.keyValue[pass.rows])
  }

  /// branch = output map (without bias) of the attention of `normalized` to the context: [rows, C].
  func forward(_ normalized: MatrixView<Element>, into branch: Matrix, _ saved: Saved, _ pass: Pass<Element>) {
    query.forward(normalized, biasedTo: saved.query[pass.rows])
    heads.forward(operands(saved.query, saved.keyValue), into: saved.output, logSum: saved.logSum, pass)
    projection.forward(saved.output[pass.rows], into: branch)
  }

  /// normalizedGradient = gradient with respect to the query stream; that of the context follows from ``backwardContext``.
  func backward(
    _ branchGradient: MatrixView<Element>, into normalizedGradient: Matrix, _ saved: Saved, _ gradients: Gradients,
    _ pass: Pass<Element>
  ) {
    let outputGradient = pass.scratch.outputGradient(branchGradient.rows, projection.inputs)
    projection.backward(branchGradient, toOperand: outputGradient)
    heads.backward(
      operands(saved.query, saved.keyValue), outputGradient: outputGradient, logSum: saved.logSum,
      into: operands(gradients.query, gradients.keyValue), pass)
    query.backward(gradients.query[pass.rows], into: normalizedGradient)
  }

  /// contextGradient = (or +=) gradient with respect to the (normalised) context: [rows, C].
  func backwardContext(_ gradients: Gradients, into contextGradient: Matrix, adding: Bool, _ pass: Pass<Element>) {
    keyValue.backward(gradients.keyValue[pass.rows], into: contextGradient, adding: adding)
  }

  /// Forms one part of the parameter gradients, over all rows.
  func formGradients(
    _ branchGradient: MatrixView<Element>, _ gradients: Gradients, normalized: MatrixView<Element>,
    context: MatrixView<Element>, _ saved: Saved, _ part: GradientPart
  ) {
    projection.formGradients(branchGradient, input: saved.output, part)
    query.formGradients(gradients.query, input: normalized, part)
    keyValue.formGradients(gradients.keyValue, input: context, part)
  }

  /// Queries with the halves of the joint key and value map's output, or the gradients of all three.
  private func operands(_ query: MatrixView<Element>, _ keyValue: MatrixView<Element>) -> AttentionOperands<Element> {
    let dimension = projection.inputs
    return AttentionOperands(
      query: query, key: keyValue.columns(0..<dimension), value: keyValue.columns(dimension..<2 * dimension))
  }
}
