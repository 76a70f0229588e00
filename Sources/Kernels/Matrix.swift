/// A view of a contiguous row-major matrix [rows, columns]; whoever made the buffer keeps it alive.
package struct MatrixView<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  package let pointer: UnsafeMutablePointer<Element>
  /// The number of rows.
  package let rows: Int
  /// The number of columns, and the distance of two rows in elements.
  package let columns: Int

  /// Views memory as a matrix.
  package init(_ pointer: UnsafeMutablePointer<Element>, rows: Int, columns: Int) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
  }

  /// The rows of a range.
  package subscript(range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) lie outside 0..<\(rows)")
    return MatrixView(pointer + range.lowerBound * columns, rows: range.count, columns: columns)
  }

  /// The start of a row.
  package func row(_ index: Int) -> UnsafeMutablePointer<Element> { pointer + index * columns }

  /// The number of elements.
  package var count: Int { rows * columns }
}

/// A matrix of fp32: streams, statistics, parameters and their gradients.
package typealias Matrix = MatrixView<Float>

extension MatrixView<Float> {
  /// Sets all elements to zero.
  package func clear() { pointer.update(repeating: 0, count: count) }
}
