/// How stored rows and columns are to be shown: the EXIF tag Orientation, 1 to 8.
///
/// Source: Exif 2.3, tag 0x0112.
package enum Orientation: UInt16, Sendable, CaseIterable {
  case upright = 1
  case mirrored = 2
  case upsideDown = 3
  case mirroredUpsideDown = 4
  case transposed = 5
  /// Show it turned by 90 degrees clockwise.
  case turnRight = 6
  case transverse = 7
  /// Show it turned by 90 degrees anticlockwise.
  case turnLeft = 8

  /// Whether the shown width is the stored height.
  var swapsSides: Bool { rawValue >= 5 }

  /// The image as it is to be shown.
  package func apply(to image: RGBImage) -> RGBImage {
    guard self != .upright else { return image }
    let (width, height) = (image.width, image.height)
    let (outWidth, outHeight) = swapsSides ? (height, width) : (width, height)
    let (row, column) = (width * 3, 3)
    let lastRow = (height - 1) * row
    let lastColumn = (width - 1) * column
    // Where the first shown pixel lies, and the steps through the stored ones for a shown column and row.
    let (start, stepX, stepY): (Int, Int, Int) =
      switch self {
      case .upright: (0, column, row)
      case .mirrored: (lastColumn, -column, row)
      case .upsideDown: (lastRow + lastColumn, -column, -row)
      case .mirroredUpsideDown: (lastRow, column, -row)
      case .transposed: (0, row, column)
      case .turnRight: (lastRow, -row, column)
      case .transverse: (lastRow + lastColumn, -row, -column)
      case .turnLeft: (lastColumn, row, -column)
      }
    let pixels = image.pixels.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
        var write = target.baseAddress!
        for y in 0..<outHeight {
          var read = source.baseAddress! + start + y * stepY
          for _ in 0..<outWidth {
            write[0] = read[0]
            write[1] = read[1]
            write[2] = read[2]
            write += 3
            read += stepX
          }
        }
        count = source.count
      }
    }
    return RGBImage(width: outWidth, height: outHeight, pixels: pixels)
  }
}
