/// A factor of a matrix product: a matrix as it is stored, or its transpose.
package struct Factor<Element: MatrixElement> {
  /// Where the numbers are.
  enum Values {
    /// Elements as products multiply them.
    case elements(UnsafePointer<Element>)
    /// fp32, rounded to elements as it is read.
    case unrounded(UnsafePointer<Float>)
    /// Integers with scales, packed for the product that is asked for.
    case quantized(QuantizedWeight)
  }

  let values: Values
  /// The matrix as it is stored, and the elements between the starts of two of its rows.
  let storedRows: Int, storedColumns: Int, stride: Int
  let isTransposed: Bool

  /// A matrix as it is stored.
  package init(_ matrix: MatrixView<Element>) {
    self.init(
      .elements(matrix.pointer), rows: matrix.rows, columns: matrix.columns, stride: matrix.stride, isTransposed: false)
  }

  /// A matrix of fp32 whose numbers are rounded as they are read: weights without a copy. Only as right factor, and where
  /// `Element.products.roundsFactors`.
  package init(rounding matrix: Matrix) {
    self.init(
      .unrounded(matrix.pointer), rows: matrix.rows, columns: matrix.columns, stride: matrix.stride,
      isTransposed: false)
  }

  /// The weight [outputs, inputs] of a linear map, as integers: a right factor, transposed where it is packed for
  /// ``QuantizedWeight/Direction/forward``, as it is where for `backward`.
  package init(_ weight: QuantizedWeight) {
    self.init(
      .quantized(weight), rows: weight.outputs, columns: weight.inputs, stride: weight.inputs, isTransposed: false)
  }

  private init(_ values: Values, rows: Int, columns: Int, stride: Int, isTransposed: Bool) {
    self.values = values
    (storedRows, storedColumns, self.stride) = (rows, columns, stride)
    self.isTransposed = isTransposed
  }

  /// The transpose, of the same memory.
  package var transposed: Factor {
    Factor(values, rows: storedRows, columns: storedColumns, stride: stride, isTransposed: !isTransposed)
  }

  /// The rows of the factor.
  package var rows: Int { isTransposed ? storedColumns : storedRows }
  /// The columns of the factor.
  package var columns: Int { isTransposed ? storedRows : storedColumns }

  /// What C functions take for transposition.
  var transposition: Int32 { isTransposed ? 1 : 0 }

  /// The elements of a factor that has some.
  var elements: UnsafePointer<Element> {
    guard case .elements(let elements) = values else { preconditionFailure("only right factors may be other") }
    return elements
  }
}

extension Factor<Float> {
  /// The numbers: with fp32 there is nothing to round.
  var floats: UnsafePointer<Float> {
    switch values {
    case .elements(let floats), .unrounded(let floats): floats
    case .quantized: preconditionFailure("integers are multiplied by products of their own")
    }
  }
}

extension MatrixView where Element: MatrixElement {
  /// The matrix as a factor.
  package var factor: Factor<Element> { Factor(self) }
  /// The transpose as a factor.
  package var transposed: Factor<Element> { factor.transposed }
}
