/// A view of a contiguous row-major fp32 matrix [rows, columns]; whoever made the buffer keeps it alive.
public struct Matrix: @unchecked Sendable {
  /// The first element.
  public let pointer: UnsafeMutablePointer<Float>
  /// The number of rows.
  public let rows: Int
  /// The number of columns, and the distance of two rows in floats.
  public let columns: Int

  /// Views memory as a matrix.
  public init(_ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
  }

  /// The rows of a range.
  public subscript(range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) lie outside 0..<\(rows)")
    return Matrix(pointer + range.lowerBound * columns, rows: range.count, columns: columns)
  }

  /// The first row.
  public func row(_ index: Int) -> UnsafeMutablePointer<Float> { pointer + index * columns }

  /// The number of elements.
  public var count: Int { rows * columns }

  /// Sets all elements to zero.
  public func clear() { pointer.update(repeating: 0, count: count) }
}
