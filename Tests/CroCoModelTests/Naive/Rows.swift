import Foundation

/// A matrix in double precision, for plain loops: [count, columns].
struct Rows {
  let count: Int
  let columns: Int
  var values: [Double]

  init(_ count: Int, _ columns: Int) {
    self.count = count
    self.columns = columns
    values = [Double](repeating: 0, count: count * columns)
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  func map(_ function: (Double) -> Double) -> Rows {
    var result = self
    for index in values.indices { result.values[index] = function(values[index]) }
    return result
  }

  /// The rows of these indices, in their order.
  func gathered(_ rows: [Int]) -> Rows {
    var result = Rows(rows.count, columns)
    for (place, row) in rows.enumerated() {
      for column in 0..<columns { result[place, column] = self[row, column] }
    }
    return result
  }

  /// Columns of a range.
  func slice(_ range: Range<Int>) -> Rows {
    var result = Rows(count, range.count)
    for row in 0..<count {
      for column in range { result[row, column - range.lowerBound] = self[row, column] }
    }
    return result
  }

  /// Sets the columns of a range.
  mutating func set(_ range: Range<Int>, _ part: Rows) {
    for row in 0..<count {
      for column in range { self[row, column] = part[row, column - range.lowerBound] }
    }
  }

  /// This [m, k] times `other` [k, n].
  func times(_ other: Rows) -> Rows {
    var result = Rows(count, other.columns)
    for row in 0..<count {
      for k in 0..<columns {
        for column in 0..<other.columns { result[row, column] += self[row, k] * other[k, column] }
      }
    }
    return result
  }

  var transposed: Rows {
    var result = Rows(columns, count)
    for row in 0..<count {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  static func + (left: Rows, right: Rows) -> Rows {
    precondition(left.count == right.count && left.columns == right.columns, "rows of other sizes are added")
    var result = left
    for index in right.values.indices { result.values[index] += right.values[index] }
    return result
  }

  static func * (left: Rows, right: Rows) -> Rows {
    var result = left
    for index in right.values.indices { result.values[index] *= right.values[index] }
    return result
  }
}
