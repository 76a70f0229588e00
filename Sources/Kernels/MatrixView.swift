/// A view of a row-major matrix [rows, columns] whose rows lie `stride` elements apart; whoever made the buffer keeps it alive.
package struct MatrixView<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  package let pointer: UnsafeMutablePointer<Element>
  /// The number of rows.
  package let rows: Int
  /// The number of columns.
  package let columns: Int
  /// The distance of two rows in elements.
  package let stride: Int

  /// Views memory as a matrix, without gaps between its rows where no stride is given.
  package init(_ pointer: UnsafeMutablePointer<Element>, rows: Int, columns: Int, stride: Int? = nil) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
  }

  /// The rows of a range.
  package subscript(range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) lie outside 0..<\(rows)")
    return MatrixView(pointer + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// All rows of a range of columns.
  package func columns(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) lie outside 0..<\(columns)")
    return MatrixView(pointer + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// The start of a row.
  package func row(_ index: Int) -> UnsafeMutablePointer<Element> { pointer + index * stride }

  /// The number of elements.
  package var count: Int { rows * columns }

  /// Whether the rows follow each other without gaps, as passes that know no stride need it.
  package var isContiguous: Bool { stride == columns || rows <= 1 }
}

/// A matrix of fp32: streams, statistics, parameters and their gradients.
package typealias Matrix = MatrixView<Float>

extension MatrixView {
  /// The elements of a matrix without gaps, row by row.
  package var elements: UnsafeMutableBufferPointer<Element> {
    precondition(isContiguous, "a matrix with gaps between its rows is no buffer")
    return UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}

extension MatrixView<Float> {
  /// Sets all elements of a matrix without gaps to zero.
  package func clear() {
    precondition(isContiguous, "a matrix with gaps between its rows cannot be cleared at once")
    pointer.update(repeating: 0, count: count)
  }
}
