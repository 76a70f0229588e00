/// fp32 rows, and the same numbers as matrix products read them: one memory in fp32, a copy in bf16.
///
/// The residual streams' gradients are such: sums go on in fp32, products take the copy.
package struct Stream<Element: MatrixElement> {
  /// The rows.
  package let values: Matrix
  /// The rows as products read them.
  package let operands: MatrixView<Element>

  /// Pairs rows with what products read of them: [rows, C] each.
  package init(values: Matrix, operands: MatrixView<Element>) {
    self.values = values
    self.operands = operands
  }

  /// The rows of a range.
  package subscript(rows: Range<Int>) -> Stream { Stream(values: values[rows], operands: operands[rows]) }

  /// Brings the copy up to date, where it is one.
  package func updateOperands() {
    if Int(bitPattern: values.pointer) == Int(bitPattern: operands.pointer) { return }
    Element.convert(values.pointer, into: operands.pointer, count: values.count)
  }
}
