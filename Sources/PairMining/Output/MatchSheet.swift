import Foundation
import PairData
import Runtime

/// Pictures of accepted pairs side by side, with lines between matched points.
struct MatchSheet {
  let result: MiningResult
  let pool: WorkerPool

  /// Pairs on a page, and pages at most; where there are more pairs, some at equal distances are shown.
  private static let pairsPerPage = 24
  private static let pageLimit = 10
  private static let columns = 3
  private static let view = (width: 300, height: 225)
  private static let gap = 4
  private static let margin = 10
  private static let labelHeight = 22

  /// The pages in PNG, handed over one after the other.
  ///
  /// - Throws: `Failure` where an image can no longer be read, or what `body` throws.
  func pages(_ body: (_ number: Int, _ png: [UInt8]) throws -> Void) throws {
    let pairs = result.acceptedPairs
    let shown = min(pairs.count, Self.pairsPerPage * Self.pageLimit)
    let chosen = (0..<shown).map { $0 * pairs.count / shown }
    for (page, start) in stride(from: 0, to: shown, by: Self.pairsPerPage).enumerated() {
      let numbers = Array(chosen[start..<min(shown, start + Self.pairsPerPage)])
      try body(page + 1, PNGCodec.encode(try draw(numbers.map { ($0 + 1, pairs[$0]) })))
    }
  }

  private func draw(_ pairs: [(number: Int, pair: PairMeasurement)]) throws -> RGBImage {
    let views = try pool.map(2 * pairs.count) { task, _ in
      let pair = pairs[task / 2].pair
      return try Self.fitted(result.images[task % 2 == 0 ? pair.first : pair.second].path)
    }.map { try $0.get() }
    let columns = min(Self.columns, pairs.count)
    let cell = (
      width: 2 * Self.view.width + Self.gap + Self.margin, height: Self.view.height + Self.labelHeight + Self.margin
    )
    var canvas = PictureCanvas(
      width: columns * cell.width + Self.margin,
      height: (pairs.count + columns - 1) / columns * cell.height + Self.margin)
    for (place, (number, pair)) in pairs.enumerated() {
      let x = Self.margin + place % columns * cell.width
      let y = Self.margin + place / columns * cell.height
      label(pair, number, x, y, &canvas)
      let (first, second) = (views[2 * place], views[2 * place + 1])
      let secondX = x + Self.view.width + Self.gap
      canvas.paste(first.image, x: x, y: y + Self.labelHeight)
      canvas.paste(second.image, x: secondX, y: y + Self.labelHeight)
      for (index, point) in pair.points.enumerated() {
        canvas.line(
          from: (x + Int(point.x * first.scale), y + Self.labelHeight + Int(point.y * first.scale)),
          to: (secondX + Int(point.z * second.scale), y + Self.labelHeight + Int(point.w * second.scale)),
          color: Self.color(index))
      }
    }
    return canvas.image
  }

  private func label(_ pair: PairMeasurement, _ number: Int, _ x: Int, _ y: Int, _ canvas: inout PictureCanvas) {
    let figures = String(
      format: "%d: overlap %.2f / %.2f, %d inliers of %d, parallax %.2f", number, pair.overlap.forward,
      pair.overlap.backward, pair.inlierCount, pair.matchCount, pair.parallax)
    let names = [pair.first, pair.second].map { (result.images[$0].path as NSString).lastPathComponent }
    let letters = Self.view.width / PictureCanvas.letterWidth
    canvas.write(figures, x: x, y: y)
    for (place, name) in names.enumerated() {
      canvas.write(
        String(name.suffix(letters)), x: x + place * (Self.view.width + Self.gap), y: y + PictureCanvas.textHeight + 3)
    }
  }

  private static func fitted(_ path: String) throws -> (image: RGBImage, scale: Float) {
    let image = try EncodedImage(file: path).decoded()
    let scale = min(
      Float(view.width) / Float(image.width), Float(view.height) / Float(image.height))
    let width = max(1, Int((Float(image.width) * scale).rounded()))
    let height = max(1, Int((Float(image.height) * scale).rounded()))
    return (image.resized(width: width, height: height, filter: .bilinear), scale)
  }

  /// Six colours in turn, so that neighbouring lines can be told apart.
  private static func color(_ index: Int) -> [UInt8] {
    [[255, 60, 60], [60, 220, 60], [80, 120, 255], [255, 220, 0], [255, 80, 255], [0, 230, 230]][index % 6]
  }
}
