internal import CTransformer

extension MatrixView where Element: MatrixElement {
  /// Adds a bias [columns] to every row (`croco_add_bias`).
  package func add(bias: UnsafePointer<Float>) {
    Element.passes.pointee.addBias(pointer.stored, stride, bias, rows, columns)
  }

  /// sums[c] = (or += where `adding`) the sum of column c, rows in order: [columns] (`croco_column_sums`).
  package func columnSums(into sums: UnsafeMutablePointer<Float>, adding: Bool) {
    Element.passes.pointee.columnSums(pointer.stored, stride, sums, rows, columns, adding ? 1 : 0)
  }

  /// Adds a bias [columns] to every row; activated = GELU of that: [rows, columns] (`croco_bias_gelu`).
  package func addBiasAndActivate(_ bias: UnsafePointer<Float>, into activated: MatrixView) {
    checkGaps(activated)
    Element.passes.pointee.biasGELU(pointer.stored, bias, activated.pointer.stored, rows, columns)
  }

  /// Turns the gradient with respect to GELU(hidden) into that with respect to hidden; activated = GELU(hidden), formed
  /// again. All are [rows, columns] (`croco_gelu_backward`).
  package func backwardThroughGELU(hidden: MatrixView, activated: MatrixView) {
    checkGaps(hidden)
    checkGaps(activated)
    Element.passes.pointee.geluBackward(pointer.stored, hidden.pointer.stored, activated.pointer.stored, count)
  }

  private func checkGaps(_ other: MatrixView) {
    precondition(isContiguous && other.isContiguous, "GELU passes over rows without gaps")
  }
}

extension MatrixView<Float> {
  /// Adds a bias [columns] and a residual [rows, columns] to every row (`croco_add_bias_residual`).
  package func add(bias: UnsafePointer<Float>, residual: Matrix) {
    precondition(isContiguous && residual.isContiguous, "residuals are added to rows without gaps")
    croco_add_bias_residual(pointer, bias, residual.pointer, rows, columns)
  }
}

/// target[i] += source[i] (`croco_add`).
package func addVector(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int) {
  croco_add(target, source, count)
}
