import Kernels

/// fp32 rows, and the same numbers as matrix products read them: one memory in fp32, a copy in bf16.
///
/// The residual streams' gradients are such: sums go on in fp32, products take the copy.
struct Stream<Element: Operand> {
  let values: Matrix
  let operands: MatrixView<Element>

  /// The rows of a range.
  subscript(rows: Range<Int>) -> Stream { Stream(values: values[rows], operands: operands[rows]) }

  /// Brings the copy up to date, where it is one.
  func updateOperands() {
    if Int(bitPattern: values.pointer) == Int(bitPattern: operands.pointer) { return }
    Element.convert(values.pointer, into: operands.pointer, count: values.count)
  }
}
