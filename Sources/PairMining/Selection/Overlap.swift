import Foundation

/// How much two views share.
///
/// View 1 is cut into cells of equal size, 16 along its longer side. A view sees a cell of the other where the verified
/// matches around the cell lead inside the view, and where at least 2 % of the features around the cell are matched: of
/// what both views show some is always matched, of what is hidden or outside nothing. A cell without features counts by
/// its place alone. On rendered scenes with an overlap of 0.34 to 0.9 the mean error is 0.05, the largest 0.3.
package struct Overlap: Sendable, Equatable {
  /// The share of view 1 that view 2 sees.
  package let forward: Double
  /// The share of view 2 that view 1 sees.
  package let backward: Double

  /// The smaller of the two.
  var smaller: Double { min(forward, backward) }

  /// What is known of one view, in pixels.
  struct View {
    let size: SIMD2<Double>
    /// All features.
    let features: [SIMD2<Double>]
    /// Verified matches, in the same order in both views.
    let matches: [SIMD2<Double>]
  }

  private static let cells = 16
  private static let leastMatched = 0.02
  private static let leastFeatures = 0.5
  /// Deviations of the Gaussians that say what lies around a cell, as shares of the longer side: for features, and for the
  /// matches that tell where it leads.
  private static let featureWidth = 0.05
  static let fieldWidth = 0.12

  init(_ first: View, _ second: View) {
    forward = Self.share(of: first, seenBy: second)
    backward = Self.share(of: second, seenBy: first)
  }

  private static func share(of view: View, seenBy other: View) -> Double {
    let longer = view.size.max()
    let field = MatchField(view.matches, other.matches, width: fieldWidth * longer)
    let columns = max(1, Int((view.size.x * Double(cells) / longer).rounded()))
    let rows = max(1, Int((view.size.y * Double(cells) / longer).rounded()))
    var seen = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let cell = SIMD2((Double(column) + 0.5) / Double(columns), (Double(row) + 0.5) / Double(rows)) * view.size
        let place = field(cell)
        guard place.x >= 0, place.y >= 0, place.x <= other.size.x, place.y <= other.size.y else { continue }
        let features = density(view.features, at: cell, width: featureWidth * longer)
        let matches = density(view.matches, at: cell, width: featureWidth * longer)
        if features < leastFeatures || matches >= leastMatched * features { seen += 1 }
      }
    }
    return Double(seen) / Double(rows * columns)
  }

  /// How many points lie around a place, weighted by a Gaussian of their distance.
  private static func density(_ points: [SIMD2<Double>], at place: SIMD2<Double>, width: Double) -> Double {
    let inverseSquare = 1 / (2 * width * width)
    var sum = 0.0
    for point in points {
      let offset = point - place
      let exponent = (offset * offset).sum() * inverseSquare
      if exponent < 12 { sum += exp(-exponent) }
    }
    return sum
  }
}
