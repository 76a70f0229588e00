internal import CFeatures
import Kernels
import Runtime

/// Two features of two views that are each other's nearest.
package struct FeatureMatch: Sendable, Equatable {
  /// The numbers of the features in view 1 and view 2.
  package let first: Int, second: Int
  /// The squared distance of the descriptors divided by that of the second nearest in view 2: small is distinctive.
  let ratio: Float
}

/// Matches descriptors: mutual nearest neighbours that pass Lowe's ratio test, both ways by one matrix product.
///
/// An object has working memory and belongs to one thread.
package final class DescriptorMatcher {
  /// Rows of view 1 for a product, so that its result stays in the cache.
  private static let block = 128

  private let squaredRatio: Float
  private var first = AlignedBuffer<Float>(count: 0)  // [count, 128]
  private var second = AlignedBuffer<Float>(count: 0)  // [count, 128]
  private var products = AlignedBuffer<Float>(count: 0)  // [block, count]
  private var rowBest: [Float] = [], rowSecond: [Float] = [], columnBest: [Float] = []
  private var rowIndex: [Int32] = [], columnIndex: [Int32] = []

  /// - Parameter ratio: the largest distance to the nearest, as a share of that to the second nearest.
  package init(ratio: Float = 0.8) {
    precondition(ratio > 0 && ratio <= 1, "\(ratio) is no ratio of distances")
    squaredRatio = ratio * ratio
  }

  /// The matches of two sets of descriptors, [count, 128] each, the most distinctive first.
  package func matches(_ a: [UInt8], _ b: [UInt8]) -> [FeatureMatch] {
    let size = FeatureSet.descriptorSize
    let (rows, columns) = (a.count / size, b.count / size)
    guard rows > 0, columns > 1 else { return [] }
    reserve(rows, columns)
    croco_unit_rows(first.pointer, a, rows, size)
    croco_unit_rows(second.pointer, b, columns, size)
    findPeaks(rows, columns)
    var matches: [FeatureMatch] = []
    for row in 0..<rows where Int(columnIndex[Int(rowIndex[row])]) == row {
      // Unit vectors: the squared distance is 2 - 2 times the product.
      let (nearest, next) = (max(0, 1 - rowBest[row]), max(1e-6, 1 - rowSecond[row]))
      guard nearest < squaredRatio * next else { continue }
      matches.append(FeatureMatch(first: row, second: Int(rowIndex[row]), ratio: nearest / next))
    }
    return matches.sorted { ($0.ratio, $0.first) < ($1.ratio, $1.first) }
  }

  /// The best two of every row and the best of every column of all products.
  private func findPeaks(_ rows: Int, _ columns: Int) {
    let size = FeatureSet.descriptorSize
    for column in 0..<columns { columnBest[column] = -2 }
    for start in stride(from: 0, to: rows, by: Self.block) {
      let count = min(Self.block, rows - start)
      OpenBLAS.products.multiply(
        Matrix(first.pointer + start * size, rows: count, columns: size).factor,
        Matrix(second.pointer, rows: columns, columns: size).transposed,
        into: Matrix(products.pointer, rows: count, columns: columns))
      rowBest.withUnsafeMutableBufferPointer { best in
        rowSecond.withUnsafeMutableBufferPointer { second in
          rowIndex.withUnsafeMutableBufferPointer { index in
            croco_row_peaks(
              products.pointer, count, columns, best.baseAddress! + start, second.baseAddress! + start,
              index.baseAddress! + start)
          }
        }
      }
      croco_column_peaks(products.pointer, count, columns, start, &columnBest, &columnIndex)
    }
  }

  private func reserve(_ rows: Int, _ columns: Int) {
    if rows > rowBest.count {
      first = AlignedBuffer(count: rows * FeatureSet.descriptorSize)
      rowBest = [Float](repeating: 0, count: rows)
      rowSecond = rowBest
      rowIndex = [Int32](repeating: 0, count: rows)
    }
    if columns > columnBest.count {
      second = AlignedBuffer(count: columns * FeatureSet.descriptorSize)
      products = AlignedBuffer(count: Self.block * columns)
      columnBest = [Float](repeating: 0, count: columns)
      columnIndex = [Int32](repeating: 0, count: columns)
    }
  }
}
