/// A picture of many pairs: views side by side, pairs in a grid, each under its number.
public struct ContactSheet: Sendable {
  /// The largest side of a view on the sheet, in pixels.
  public var viewSize = 160
  /// Pairs in a row.
  public var columns = 4
  /// Pairs on the sheet; of more, some at equal distances are shown.
  public var pairLimit = 24

  private let viewGap = 2
  private let margin = 10
  private let labelHeight = 14

  public init() {}

  /// Draws pairs of a data set.
  ///
  /// - Throws: `Failure` of kind `badData` or `inputOutput` that names the image.
  public func draw(_ dataset: PairDataset) throws -> RGBImage {
    let shown = min(pairLimit, dataset.count)
    let pairs = (0..<shown).map { $0 * dataset.count / shown }
    let columns = min(columns, shown)
    let rows = (shown + columns - 1) / columns
    let views = try pairs.map { pair in
      let (view1, view2) = try dataset.images(ofPair: pair)
      return (fitted(view1), fitted(view2))
    }
    let viewHeight = views.map { max($0.0.height, $0.1.height) }.max() ?? viewSize
    let cellWidth = 2 * viewSize + viewGap + margin
    let cellHeight = viewHeight + labelHeight + margin
    var canvas = Canvas(width: columns * cellWidth + margin, height: rows * cellHeight + margin)
    for (cell, (view1, view2)) in views.enumerated() {
      let x = margin + cell % columns * cellWidth
      let y = margin + cell / columns * cellHeight
      canvas.write(pairs[cell], x: x, y: y)
      canvas.paste(view1, x: x, y: y + labelHeight)
      canvas.paste(view2, x: x + viewSize + viewGap, y: y + labelHeight)
    }
    return RGBImage(width: canvas.width, height: canvas.height, pixels: canvas.pixels)
  }

  private func fitted(_ image: RGBImage) -> RGBImage {
    let scale = min(Double(viewSize) / Double(image.width), Double(viewSize) / Double(image.height))
    return image.resized(
      width: max(1, Int((Double(image.width) * scale).rounded())),
      height: max(1, Int((Double(image.height) * scale).rounded())), filter: .bicubic)
  }
}

/// Pixels to paste on, white at first.
private struct Canvas {
  let width: Int
  let height: Int
  var pixels: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  mutating func paste(_ image: RGBImage, x: Int, y: Int) {
    for row in 0..<image.height {
      let source = row * image.width * 3
      let target = ((y + row) * width + x) * 3
      pixels.replaceSubrange(
        target..<(target + image.width * 3), with: image.pixels[source..<(source + image.width * 3)])
    }
  }

  // Digits of 3 x 5 dots; each row's bits from the left.
  private static let digits: [[UInt8]] = [
    [7, 5, 5, 5, 7], [2, 6, 2, 2, 7], [7, 1, 7, 4, 7], [7, 1, 7, 1, 7], [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7], [7, 4, 7, 5, 7], [7, 1, 2, 2, 2], [7, 5, 7, 5, 7], [7, 5, 7, 1, 7],
  ]

  /// Writes a number, every dot 2 x 2 pixels.
  mutating func write(_ number: Int, x: Int, y: Int) {
    for (place, character) in String(number).enumerated() {
      let digit = Self.digits[character.wholeNumberValue ?? 0]
      for row in 0..<10 {
        for column in 0..<6 where digit[row / 2] >> (2 - column / 2) & 1 == 1 {
          let pixel = ((y + row) * width + x + place * 8 + column) * 3
          for channel in 0..<3 { pixels[pixel + channel] = 60 }
        }
      }
    }
  }
}
