import PairData

/// Square windows of two views that show the same at about the same size, in pixels of the images as shown.
package struct AlignedCrop: Sendable, Equatable {
  /// The window of view 1.
  package let first: PixelWindow
  /// The window of view 2.
  package let second: PixelWindow
}

/// Looks for aligned crops.
///
/// As in CroCo v2 (Weinzaepfel et al., ICCV 2023, supplementary material): windows of several sizes in view 1, the corresponding
/// ones in view 2 by the matches within, of which those are kept that share most and repeat each other least.
package struct AlignedCropFinder {
  /// The most crops of a pair.
  let limit: Int
  /// The smallest side in pixels.
  let smallest: Int

  private static let sizes = [1, 0.7, 0.5, 0.35]  // of the shorter side
  private static let fewestPoints = 12
  private static let leastOverlap = 0.5
  private static let largestRepetition = 0.3  // intersection over union of two windows of one view
  private static let scales = 1.0 / 3...3.0

  private struct Candidate {
    let crop: AlignedCrop
    let score: Double
  }

  /// The crops of a pair, the best first.
  func crops(
    _ first: [SIMD2<Double>], _ second: [SIMD2<Double>], firstSize: SIMD2<Double>, secondSize: SIMD2<Double>
  ) -> [AlignedCrop] {
    guard limit > 0 else { return [] }
    let forward = FieldGrid(first, second, size: firstSize)
    let backward = FieldGrid(second, first, size: secondSize)
    var candidates: [Candidate] = []
    let shorter = firstSize.min()
    for share in Self.sizes {
      let side = Int(shorter * share)
      guard side >= smallest else { continue }
      for y in Self.starts(side, within: Int(firstSize.y)) {
        for x in Self.starts(side, within: Int(firstSize.x)) {
          let window = PixelWindow(x: x, y: y, width: side, height: side)
          let members = first.indices.filter { window.contains(first[$0]) }
          guard let other = partner(of: window, members, first, second, forward, secondSize) else { continue }
          let shared = min(
            forward.share(of: window, inside: other), backward.share(of: other, inside: window))
          guard shared >= Self.leastOverlap else { continue }
          let cells = Set(members.filter { other.contains(second[$0]) }.map { window.cell(of: first[$0]) })
          candidates.append(
            Candidate(crop: AlignedCrop(first: window, second: other), score: shared * Double(cells.count)))
        }
      }
    }
    return best(candidates)
  }

  /// The window of view 2 around where the window's middle goes, as much larger as the points lie further apart.
  private func partner(
    of window: PixelWindow, _ members: [Int], _ first: [SIMD2<Double>], _ second: [SIMD2<Double>],
    _ field: FieldGrid, _ size: SIMD2<Double>
  ) -> PixelWindow? {
    guard members.count >= Self.fewestPoints else { return nil }
    let scale = Self.spread(members.map { second[$0] }) / max(1e-9, Self.spread(members.map { first[$0] }))
    guard Self.scales.contains(scale) else { return nil }
    let side = Int((Double(window.width) * scale).rounded())
    guard side >= smallest, Double(side) <= size.min() else { return nil }
    let middle = SIMD2(Double(window.x), Double(window.y)) + Double(window.width) / 2
    let corner = field.image(of: middle) - Double(side) / 2
    guard corner.x.isFinite, corner.y.isFinite else { return nil }
    func inside(_ value: Double, _ length: Double) -> Int { Int(max(0, min(length - Double(side), value))) }
    return PixelWindow(x: inside(corner.x, size.x), y: inside(corner.y, size.y), width: side, height: side)
  }

  private func best(_ candidates: [Candidate]) -> [AlignedCrop] {
    let order = candidates.indices.sorted { (-candidates[$0].score, $0) < (-candidates[$1].score, $1) }
    var chosen: [AlignedCrop] = []
    for index in order where chosen.count < limit {
      let crop = candidates[index].crop
      let repeats = chosen.contains {
        $0.first.repetition(of: crop.first) > Self.largestRepetition
          || $0.second.repetition(of: crop.second) > Self.largestRepetition
      }
      if !repeats { chosen.append(crop) }
    }
    return chosen
  }

  /// Corners of windows at steps of about a quarter of their side, the last at the border.
  private static func starts(_ side: Int, within length: Int) -> [Int] {
    guard length >= side else { return [] }
    let steps = max(1, (length - side + side / 4 - 1) / max(1, side / 4))
    return length == side ? [0] : (0...steps).map { (length - side) * $0 / steps }
  }

  /// The root of the mean squared distance from the middle.
  private static func spread(_ points: [SIMD2<Double>]) -> Double {
    let middle = points.reduce(.zero, +) / Double(points.count)
    return (points.reduce(0) { $0 + (($1 - middle) * ($1 - middle)).sum() } / Double(points.count)).squareRoot()
  }
}

/// A match field at the middles of a grid of cells, so that many windows can ask it.
struct FieldGrid {
  private static let cells = 32
  private var places: [SIMD2<Double>] = []
  private var images: [SIMD2<Double>] = []
  private let field: MatchField

  init(_ from: [SIMD2<Double>], _ to: [SIMD2<Double>], size: SIMD2<Double>) {
    field = MatchField(from, to, width: Overlap.fieldWidth * size.max())
    let step = size.max() / Double(Self.cells)
    for row in 0..<max(1, Int(size.y / step)) {
      for column in 0..<max(1, Int(size.x / step)) {
        places.append(SIMD2(Double(column) + 0.5, Double(row) + 0.5) * step)
      }
    }
    images = places.map { field($0) }
  }

  func image(of point: SIMD2<Double>) -> SIMD2<Double> { field(point) }

  /// The share of a window whose image lies inside another.
  func share(of window: PixelWindow, inside other: PixelWindow) -> Double {
    let members = places.indices.filter { window.contains(places[$0]) }
    guard !members.isEmpty else { return 0 }
    return Double(members.count { other.contains(images[$0]) }) / Double(members.count)
  }
}

extension PixelWindow {
  fileprivate func contains(_ point: SIMD2<Double>) -> Bool {
    point.x >= Double(x) && point.y >= Double(y) && point.x < Double(x + width) && point.y < Double(y + height)
  }

  /// Which of 8 x 8 cells of the window holds a point.
  fileprivate func cell(of point: SIMD2<Double>) -> Int {
    Int((point.y - Double(y)) * 8 / Double(height)) * 8 + Int((point.x - Double(x)) * 8 / Double(width))
  }

  /// Intersection over union.
  fileprivate func repetition(of other: PixelWindow) -> Double {
    let common =
      max(0, min(x + width, other.x + other.width) - max(x, other.x))
      * max(0, min(y + height, other.y + other.height) - max(y, other.y))
    return Double(common) / Double(width * height + other.width * other.height - common)
  }
}
