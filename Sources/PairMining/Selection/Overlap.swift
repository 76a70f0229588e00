import Foundation

/// How much two views share.
///
/// View 1 is cut into cells of equal size, about 16 along its longer side. The overlap is the share of cells whose middle, by the
/// verified matches around it, lies inside view 2. Parts that something hides in view 2 count as shared, since matches do
/// not tell; parts without matches go where the matches nearest to them go.
public struct Overlap: Sendable, Equatable {
  /// The share of view 1 that view 2 sees.
  public let forward: Double
  /// The share of view 2 that view 1 sees.
  public let backward: Double

  /// The smaller of the two.
  public var smaller: Double { min(forward, backward) }

  private static let cells = 16
  /// Matches count by a Gaussian of this deviation, as a share of the longer side.
  static let fieldWidth = 0.12

  /// Measures by matched points in pixels of two views of the given sizes.
  init(
    _ first: [SIMD2<Double>], _ second: [SIMD2<Double>], firstSize: SIMD2<Double>, secondSize: SIMD2<Double>
  ) {
    forward = Self.share(first, second, firstSize, secondSize)
    backward = Self.share(second, first, secondSize, firstSize)
  }

  private static func share(
    _ from: [SIMD2<Double>], _ to: [SIMD2<Double>], _ size: SIMD2<Double>, _ otherSize: SIMD2<Double>
  ) -> Double {
    let field = MatchField(from, to, width: fieldWidth * max(size.x, size.y))
    let step = max(size.x, size.y) / Double(cells)
    let (columns, rows) = (max(1, Int((size.x / step).rounded())), max(1, Int((size.y / step).rounded())))
    var seen = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let cell = SIMD2((Double(column) + 0.5) / Double(columns), (Double(row) + 0.5) / Double(rows))
        let place = field(cell * size)
        if place.x >= 0, place.y >= 0, place.x <= otherSize.x, place.y <= otherSize.y { seen += 1 }
      }
    }
    return Double(seen) / Double(rows * columns)
  }
}
