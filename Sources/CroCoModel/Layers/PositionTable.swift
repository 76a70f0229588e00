import Foundation

/// The position tables of CroCo: 2-D sine-cosine (v1) and rotary (v2).
package enum PositionTable {
  /// The 2-D sine-cosine table [rows * columns, dimension] in raster order: sin and cos of the column, then of the row,
  /// a quarter of the dimension each, with frequencies 10000^(-k / (dimension / 4)). Double precision, rounded once.
  ///
  /// Source: CroCo, section 3.1; MoCo v3 and MAE use the same table.
  package static func sineCosine(dimension: Int, rows: Int, columns: Int) -> [Float] {
    precondition(dimension % 4 == 0, "a 2-D sine-cosine table needs a dimension divisible by 4, not \(dimension)")
    let quarter = dimension / 4
    let frequencies = (0..<quarter).map { pow(10000, -Double($0) / Double(quarter)) }
    var table: [Float] = []
    table.reserveCapacity(rows * columns * dimension)
    for row in 0..<rows {
      for column in 0..<columns {
        for position in [Double(column), Double(row)] {
          table += frequencies.map { Float(sin(position * $0)) }
          table += frequencies.map { Float(cos(position * $0)) }
        }
      }
    }
    return table
  }

  /// Cosines and sines of rotary embedding by patch: [rows * columns, headSize / 2] each; the first half of a row holds
  /// the angles of the patch's row, the second those of its column. Angles are formed in float32, as officially.
  ///
  /// Source: Su et al., "RoFormer", 2021; CroCo v2, section 3.2: frequencies base^(-2k / D) with D = headSize / 2.
  package static func rotary(
    headSize: Int, rows: Int, columns: Int, base: Float
  ) -> (cosine: [Float], sine: [Float]) {
    precondition(headSize % 4 == 0, "rotary embedding needs a head size divisible by 4, not \(headSize)")
    let quarter = headSize / 4
    let frequencies = (0..<quarter).map { Float(1) / Float(pow(Double(base), Double(2 * $0) / Double(headSize / 2))) }
    var cosine: [Float] = []
    var sine: [Float] = []
    for row in 0..<rows {
      for column in 0..<columns {
        for position in [Float(row), Float(column)] {
          for frequency in frequencies {
            let angle = position * frequency
            cosine.append(Float(cos(Double(angle))))
            sine.append(Float(sin(Double(angle))))
          }
        }
      }
    }
    return (cosine, sine)
  }

  /// Resamples a table [inRows * inColumns, dimension] to another grid: bicubic (a = -0.75), half-pixel centres, border
  /// clamped, no antialiasing (`torch.nn.functional.interpolate`, mode "bicubic", align_corners False).
  package static func interpolate(
    _ table: [Float], dimension: Int, from source: (rows: Int, columns: Int), to target: (rows: Int, columns: Int)
  ) -> [Float] {
    precondition(
      table.count == source.rows * source.columns * dimension,
      "a table of \(source.rows)x\(source.columns)x\(dimension) does not have \(table.count) values")
    let rowTaps = taps(from: source.rows, to: target.rows)
    let columnTaps = taps(from: source.columns, to: target.columns)
    var result = [Float](repeating: 0, count: target.rows * target.columns * dimension)
    for row in 0..<target.rows {
      for column in 0..<target.columns {
        for channel in 0..<dimension {
          var sum = 0.0
          for (y, weightY) in rowTaps[row] {
            for (x, weightX) in columnTaps[column] {
              sum += weightY * weightX * Double(table[(y * source.columns + x) * dimension + channel])
            }
          }
          result[(row * target.columns + column) * dimension + channel] = Float(sum)
        }
      }
    }
    return result
  }

  private static func taps(from source: Int, to target: Int) -> [[(index: Int, weight: Double)]] {
    let a = -0.75
    func kernel(_ distance: Double) -> Double {
      let d = abs(distance)
      if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
      if d < 2 { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a }
      return 0
    }
    return (0..<target).map { index in
      let center = (Double(index) + 0.5) * Double(source) / Double(target) - 0.5
      let first = Int(center.rounded(.down)) - 1
      return (first..<first + 4).map { (min(max($0, 0), source - 1), kernel(center - Double($0))) }
    }
  }
}

extension ModelConfiguration {
  /// The sine-cosine table of the image's grid, [N, dimension], interpolated where it is formed for ``positionGrid``.
  package func sineCosineTable(dimension: Int) -> [Float] {
    guard let grid = positionGrid, grid != [gridHeight, gridWidth] else {
      return PositionTable.sineCosine(dimension: dimension, rows: gridHeight, columns: gridWidth)
    }
    return PositionTable.interpolate(
      PositionTable.sineCosine(dimension: dimension, rows: grid[0], columns: grid[1]), dimension: dimension,
      from: (grid[0], grid[1]), to: (gridHeight, gridWidth))
  }
}
