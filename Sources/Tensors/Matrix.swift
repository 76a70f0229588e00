/// A view of a contiguous row-major matrix [rows, columns]; whoever made the buffer keeps it alive.
public struct MatrixView<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  public let pointer: UnsafeMutablePointer<Element>
  /// The number of rows.
  public let rows: Int
  /// The number of columns, and the distance of two rows in elements.
  public let columns: Int

  /// Views memory as a matrix.
  public init(_ pointer: UnsafeMutablePointer<Element>, rows: Int, columns: Int) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
  }

  /// The rows of a range.
  public subscript(range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) lie outside 0..<\(rows)")
    return MatrixView(pointer + range.lowerBound * columns, rows: range.count, columns: columns)
  }

  /// The start of a row.
  public func row(_ index: Int) -> UnsafeMutablePointer<Element> { pointer + index * columns }

  /// The number of elements.
  public var count: Int { rows * columns }
}

/// A matrix of fp32: streams, statistics, parameters and their gradients.
public typealias Matrix = MatrixView<Float>

extension MatrixView<Float> {
  /// Sets all elements to zero.
  public func clear() { pointer.update(repeating: 0, count: count) }
}
