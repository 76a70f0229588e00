extension MatrixView<Float> {
  /// probabilities = soft-max of each row of factor * logits; spoils the logits (`croco_softmax`).
  ///
  /// - Parameters:
  ///   - probabilities: [rows, columns]; may be the logits' own memory.
  ///   - logSum: receives log(sum(exp(factor * row))): [rows].
  package func softmax<Result: MatrixElement>(
    factor: Float, into probabilities: MatrixView<Result>, logSum: UnsafeMutablePointer<Float>
  ) {
    precondition(isContiguous && probabilities.isContiguous, "soft-max passes over rows without gaps")
    Result.passes.pointee.softmax(pointer, factor, probabilities.pointer.stored, logSum, rows, columns)
  }

  /// From logits, the rows' log-sums and the gradient with respect to the probabilities: the probabilities again, and the
  /// gradient with respect to the logits. Spoils the logits (`croco_softmax_backward`).
  ///
  /// - Parameters:
  ///   - probabilities: [rows, columns]; with fp32 the logits' own memory.
  ///   - logitsGradient: [rows, columns]; may be the gradient's own memory.
  package func softmaxBackward<Result: MatrixElement>(
    factor: Float, logSum: UnsafePointer<Float>, gradient: Matrix, probabilities: MatrixView<Result>,
    logitsGradient: MatrixView<Result>
  ) {
    precondition(
      isContiguous && gradient.isContiguous && probabilities.isContiguous && logitsGradient.isContiguous,
      "soft-max passes over rows without gaps")
    Result.passes.pointee.softmaxBackward(
      pointer, factor, logSum, gradient.pointer, probabilities.pointer.stored, logitsGradient.pointer.stored, rows,
      columns)
  }
}
