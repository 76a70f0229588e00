import Kernels

/// Multi-head self-attention: joint query-key-value map, attention within each sequence, output map.
///
/// Source: Vaswani et al. 2017; reference convention: `qkv` yields query, key, value in that order, heads contiguous.
struct SelfAttention<Element: MatrixElement>: ResidualBranch {
  let name: String
  private let qkv: Linear<Element>
  private let projection: Linear<Element>
  private let heads: AttentionHeads<Element>

  private let joint: MatrixView<Element>  // [rows, 3C], biased and rotated
  private let output: MatrixView<Element>  // [rows, C], before the output map
  private let jointGradient: MatrixView<Element>  // [rows, 3C]

  init(_ name: String, _ shape: StackShape, _ rotary: Rotary?, in plan: NetworkPlan<Element>) {
    let (rows, dimension) = (shape.tokens.rows, shape.dimension)
    self.name = name
    qkv = Linear(name + ".qkv", inputs: dimension, outputs: 3 * dimension, in: plan)
    projection = Linear(name + ".proj", inputs: dimension, outputs: dimension, in: plan)
    heads = AttentionHeads(name, shape, rotary, in: plan)
    joint = plan.kept.elements(rows, 3 * dimension)
    output = plan.kept.elements(rows, dimension)
    jointGradient = plan.backward.elements(rows, 3 * dimension)
  }

  var bias: UnsafePointer<Float> { projection.bias }
  var maps: [Linear<Element>] { [qkv, projection] }

  func forward(_ normalized: MatrixView<Element>, into branch: Matrix, _ pass: Pass<Element>) {
    qkv.forward(normalized, biasedTo: joint[pass.rows], pass)
    heads.forward(operands(joint), into: output, pass)
    projection.forward(output[pass.rows], into: branch, pass)
  }

  func backward(_ branchGradient: MatrixView<Element>, into normalizedGradient: Matrix, _ pass: Pass<Element>) {
    let outputGradient = pass.teamScratch.outputGradient(pass.stretch.rows.count, branchGradient.columns)
    projection.backward(branchGradient, into: outputGradient[pass.rowsInStretch], pass)
    heads.backward(operands(joint), outputGradient: outputGradient, into: operands(jointGradient), pass)
    qkv.backward(jointGradient[pass.rows], into: normalizedGradient, pass)
  }

  func formGradients(_ branchGradient: MatrixView<Element>, normalized: MatrixView<Element>, _ part: GradientPart) {
    projection.formGradients(branchGradient, input: output, part)
    qkv.formGradients(jointGradient, input: normalized, part)
  }

  private func operands(_ joint: MatrixView<Element>) -> AttentionOperands<Element> {
    let dimension = projection.inputs
    return AttentionOperands(
      query: joint.columns(0..<dimension), key: joint.columns(dimension..<2 * dimension),
      value: joint.columns(2 * dimension..<3 * dimension))
  }
}
