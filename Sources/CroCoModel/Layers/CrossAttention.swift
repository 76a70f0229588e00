import Kernels

/// The second view in the decoder: what cross-attention reads.
struct Context<Element: MatrixElement> {
  let tokens: Stream<Element>  // [rows, C]
  /// To which every block adds: [rows, C].
  let gradient: Stream<Element>
}

/// Multi-head cross-attention: queries from the stream of view 1, keys and values from the context.
///
/// Source: CroCo, section 3.1 (the decoder's second attention). The key and value maps run as one product. The context is
/// the same for all blocks; each normalises it with its own weights, or none does.
struct CrossAttention<Element: MatrixElement>: ResidualBranch {
  let name: String
  private let contextNorm: LayerNorm<Element>?
  private let context: Context<Element>
  private let query: Linear<Element>
  private let keyValue: Linear<Element>
  private let projection: Linear<Element>
  private let heads: AttentionHeads<Element>

  private let queries: MatrixView<Element>  // [rows, C], biased and rotated
  private let keysValues: MatrixView<Element>  // [rows, 2C], biased, keys rotated
  private let output: MatrixView<Element>  // [rows, C], before the output map
  private let queriesGradient: MatrixView<Element>  // [rows, C]
  private let keysValuesGradient: MatrixView<Element>  // [rows, 2C]

  /// - Parameter contextNorm: normalises the context first.
  init(
    _ name: String, _ shape: StackShape, _ rotary: Rotary?, to context: Context<Element>,
    normalizedBy contextNorm: LayerNorm<Element>?, in plan: NetworkPlan<Element>
  ) {
    let (rows, dimension) = (shape.tokens.rows, shape.dimension)
    (self.name, self.contextNorm, self.context) = (name, contextNorm, context)
    query = Linear(name + ".projq", inputs: dimension, outputs: dimension, in: plan)
    keyValue = Linear(joining: [name + ".projk", name + ".projv"], inputs: dimension, outputs: dimension, in: plan)
    projection = Linear(name + ".proj", inputs: dimension, outputs: dimension, in: plan)
    heads = AttentionHeads(name, shape, rotary, in: plan)
    queries = plan.kept.elements(rows, dimension)
    keysValues = plan.kept.elements(rows, 2 * dimension)
    output = plan.kept.elements(rows, dimension)
    queriesGradient = plan.backward.elements(rows, dimension)
    keysValuesGradient = plan.backward.elements(rows, 2 * dimension)
  }

  var bias: UnsafePointer<Float> { projection.bias }
  var maps: [Linear<Element>] { [query, keyValue, projection] }

  /// Keys and values; the keys are rotated later, with the queries.
  func prepare(_ pass: Pass<Element>) {
    var tokens = context.tokens.operands[pass.rows]
    if let contextNorm {
      tokens = pass.scratch.normalized(tokens.rows, tokens.columns)
      contextNorm.forward(context.tokens.values[pass.rows], into: tokens, pass)
    }
    keyValue.forward(tokens, biasedTo: keysValues[pass.rows], pass)
  }

  func forward(_ normalized: MatrixView<Element>, into branch: Matrix, _ pass: Pass<Element>) {
    query.forward(normalized, biasedTo: queries[pass.rows], pass)
    heads.forward(operands(queries, keysValues), into: output, pass)
    projection.forward(output[pass.rows], into: branch, pass)
  }

  func backward(_ branchGradient: MatrixView<Element>, into normalizedGradient: Matrix, _ pass: Pass<Element>) {
    let outputGradient = pass.teamScratch.outputGradient(pass.stretch.rows.count, branchGradient.columns)
    projection.backward(branchGradient, into: outputGradient[pass.rowsInStretch], pass)
    heads.backward(
      operands(queries, keysValues), outputGradient: outputGradient,
      into: operands(queriesGradient, keysValuesGradient), pass)
    query.backward(queriesGradient[pass.rows], into: normalizedGradient, pass)
  }

  /// Adds to the gradient with respect to the context.
  func backwardPreparation(_ pass: Pass<Element>) {
    let (gradient, tokens) = (context.gradient[pass.rows], context.tokens.values[pass.rows])
    guard let contextNorm else {
      keyValue.backward(keysValuesGradient[pass.rows], into: gradient.values, adding: true, pass)
      return
    }
    let normalizedGradient = pass.scratch.normalizedGradient(tokens.rows, tokens.columns)
    keyValue.backward(keysValuesGradient[pass.rows], into: normalizedGradient, pass)
    contextNorm.backward(normalizedGradient, input: tokens, residual: gradient.values, into: gradient, pass)
  }

  func formGradients(_ branchGradient: MatrixView<Element>, normalized: MatrixView<Element>, _ part: GradientPart) {
    projection.formGradients(branchGradient, input: output, part)
    query.formGradients(queriesGradient, input: normalized, part)
    keyValue.formGradients(keysValuesGradient, input: contextNorm?.output ?? context.tokens.operands, part)
    contextNorm?.formGradients(part)
  }

  private func operands(
    _ queries: MatrixView<Element>, _ joint: MatrixView<Element>
  ) -> AttentionOperands<Element> {
    let dimension = projection.inputs
    return AttentionOperands(
      query: queries, key: joint.columns(0..<dimension), value: joint.columns(dimension..<2 * dimension))
  }
}
