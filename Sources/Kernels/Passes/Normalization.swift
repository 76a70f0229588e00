internal import CTransformer

/// Layer normalisation of some rows: its parameters, and where the statistics of the rows are kept for backward.
///
/// Source: Ba, Kiros, Hinton, "Layer Normalization", 2016; biased variance, epsilon 1e-6.
package struct Normalization {
  /// The scale of each channel: [columns].
  package let weight: UnsafePointer<Float>
  /// What is added to each channel: [columns].
  package let bias: UnsafePointer<Float>
  /// The mean of each row: [rows].
  package let mean: UnsafeMutablePointer<Float>
  /// 1 / sqrt(variance + epsilon) of each row: [rows].
  package let scale: UnsafeMutablePointer<Float>

  /// Gathers what a pass over rows needs.
  package init(
    weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, mean: UnsafeMutablePointer<Float>,
    scale: UnsafeMutablePointer<Float>
  ) {
    (self.weight, self.bias, self.mean, self.scale) = (weight, bias, mean, scale)
  }

  /// output = norm(x): [rows, columns] (`croco_layer_norm`).
  package func apply<Element: MatrixElement>(to x: Matrix, into output: MatrixView<Element>) {
    checkGaps(x.isContiguous && output.isContiguous)
    Element.passes.pointee.layerNorm(x.pointer, weight, bias, output.pointer.stored, mean, scale, x.rows, x.columns)
  }

  /// Ends a residual branch and normalises: stream += branch bias + residual, output = norm(stream). All but the bias are
  /// [rows, columns] (`croco_residual_layer_norm`).
  package func apply<Element: MatrixElement>(
    addingTo stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, into output: MatrixView<Element>
  ) {
    checkGaps(stream.isContiguous && residual.isContiguous && output.isContiguous)
    Element.passes.pointee.residualLayerNorm(
      stream.pointer, branchBias, residual.pointer, weight, bias, output.pointer.stored, mean, scale, stream.rows,
      stream.columns)
  }

  /// gradient = residual + the output's gradient through the norm of x; output = norm(x), formed again. All are
  /// [rows, columns] (`croco_layer_norm_backward`).
  ///
  /// - Parameter parameterGradients: of weight, then of bias, which are added to: [2, columns].
  package func backward<Element: MatrixElement>(
    _ outputGradient: Matrix, x: Matrix, residual: Matrix?, into gradient: Stream<Element>,
    recomputing output: MatrixView<Element>, parameterGradients: UnsafeMutablePointer<Float>
  ) {
    checkGaps(outputGradient.isContiguous && x.isContiguous && residual?.isContiguous != false)
    checkGaps(gradient.values.isContiguous && gradient.operands.isContiguous && output.isContiguous)
    Element.passes.pointee.layerNormBackward(
      outputGradient.pointer, x.pointer, mean, scale, weight, bias, residual.map { UnsafePointer($0.pointer) },
      gradient.values.pointer, gradient.operands.pointer.stored, parameterGradients, parameterGradients + x.columns,
      output.pointer.stored, x.rows, x.columns)
  }

  private func checkGaps(_ holds: Bool) { precondition(holds, "layer norm passes over rows without gaps") }
}
