import PairData

/// A picture of many pairs: views side by side, pairs in a grid, each under its number.
package struct ContactSheet: Sendable {
  /// The largest side of a view on the sheet, in pixels.
  var viewSize = 160
  /// Pairs in a row.
  var columns = 4
  /// The most pairs on the sheet; where there are more, some at equal distances are shown.
  var pairLimit = 24

  private let viewGap = 2
  private let margin = 10
  private let labelHeight = 14

  /// A sheet with the default layout.
  package init() {}

  /// Draws pairs of a data set.
  ///
  /// - Throws: `Failure` of kind `badData` or `inputOutput` that names the image.
  package func draw(_ dataset: PairDataset) throws -> RGBImage {
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
    var canvas = PictureCanvas(width: columns * cellWidth + margin, height: rows * cellHeight + margin)
    for (cell, (view1, view2)) in views.enumerated() {
      let x = margin + cell % columns * cellWidth
      let y = margin + cell / columns * cellHeight
      canvas.write("\(pairs[cell])", x: x, y: y)
      canvas.paste(view1, x: x, y: y + labelHeight)
      canvas.paste(view2, x: x + viewSize + viewGap, y: y + labelHeight)
    }
    return canvas.image
  }

  private func fitted(_ image: RGBImage) -> RGBImage {
    let scale = min(Double(viewSize) / Double(image.width), Double(viewSize) / Double(image.height))
    return image.resized(
      width: max(1, Int((Double(image.width) * scale).rounded())),
      height: max(1, Int((Double(image.height) * scale).rounded())), filter: .bicubic)
  }
}
