import Kernels

/// Layer normalisation with weight and bias, epsilon 1e-6, biased variance.
///
/// Source: Ba, Kiros, Hinton, "Layer Normalization", 2016. Rows are independent, so the rows of a thread are a call of their own.
struct LayerNorm<Element: MatrixElement> {
  let name: String
  /// The output of all rows, which ``backward(_:input:residual:into:_:)`` forms again: [rows, C].
  let output: MatrixView<Element>

  private let weight: UnsafeMutablePointer<Float>  // [C]
  private let bias: UnsafeMutablePointer<Float>  // [C]
  private let gradients: UnsafeMutablePointer<Float>  // of weight, then of bias: [2, C]
  private let mean: UnsafeMutablePointer<Float>  // [rows]
  private let scale: UnsafeMutablePointer<Float>  // [rows], 1 / deviation
  private let partials: Matrix  // [slabs, 2C]: each slab's part of the gradients, so that their order is fixed

  /// A norm of the rows of `tokens`, of `dimension` channels.
  init(_ name: String, dimension: Int, _ tokens: TokenLayout, in plan: NetworkPlan<Element>) {
    self.name = name
    let place = plan.parameters.declare([
      ParameterDeclaration(name + ".weight", [dimension], .one), ParameterDeclaration(name + ".bias", [dimension]),
    ])
    (weight, bias, gradients) = (place.values, place.values + dimension, place.gradients)
    mean = plan.kept.floats(tokens.rows)
    scale = plan.kept.floats(tokens.rows)
    output = plan.backward.elements(tokens.rows, dimension)
    partials = plan.backward.matrix(tokens.division.slabCount, 2 * dimension)
  }

  /// output = norm(input): [rows of the thread, C].
  func forward(_ input: Matrix, into output: MatrixView<Element>, _ pass: Pass<Element>) {
    normalization(from: pass.rows.lowerBound).apply(to: input, into: output)
    pass.record(name, output)
  }

  /// Ends a residual branch and normalises: stream += branch bias + residual, output = norm(stream). [rows of the thread, C]
  func forward(
    addingTo stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, into output: MatrixView<Element>,
    _ pass: Pass<Element>
  ) {
    normalization(from: pass.rows.lowerBound).apply(
      addingTo: stream, branchBias: branchBias, residual: residual, into: output)
    pass.record(name, output)
  }

  /// inputGradient = residual + gradient through the norm: [rows of the thread, C]. The norm's output is formed again.
  func backward(
    _ outputGradient: Matrix, input: Matrix, residual: Matrix?, into inputGradient: Stream<Element>,
    _ pass: Pass<Element>
  ) {
    for slab in pass.slabs {
      let (rows, partial) = (slab.rows.counted(from: pass.rows.lowerBound), partials[slab.index..<slab.index + 1])
      partial.clear()
      normalization(from: slab.rows.lowerBound).backward(
        outputGradient[rows], x: input[rows], residual: residual?[rows], into: inputGradient[rows],
        recomputing: output[slab.rows], parameterGradients: partial.pointer)
    }
  }

  /// Forms the gradients, in one of the parts: the slabs' sums, added in order.
  func formGradients(_ part: GradientPart) {
    guard part.index == 0 else { return }
    if !part.adds { gradients.update(repeating: 0, count: partials.columns) }
    for slab in 0..<partials.rows { addVector(partials.row(slab), to: gradients, count: partials.columns) }
  }

  /// The norm of rows from `first` of all on.
  private func normalization(from first: Int) -> Normalization {
    Normalization(weight: weight, bias: bias, mean: mean + first, scale: scale + first)
  }
}
