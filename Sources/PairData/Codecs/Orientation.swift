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

  /// Reads the orientation from a TIFF structure (the content of an EXIF segment without "Exif\0\0").
  ///
  /// Damaged structures count as upright: the tag is a hint, not part of the image.
  init(tiff: UnsafeRawBufferPointer) {
    self = Self.find(in: tiff) ?? .upright
  }

  private static func find(in tiff: UnsafeRawBufferPointer) -> Orientation? {
    guard tiff.count >= 8 else { return nil }
    let isLittle = tiff[0] == 0x49
    guard isLittle || tiff[0] == 0x4D, tiff[1] == tiff[0] else { return nil }
    func short(_ offset: Int) -> Int? {
      guard offset >= 0, offset + 2 <= tiff.count else { return nil }
      let (a, b) = (Int(tiff[offset]), Int(tiff[offset + 1]))
      return isLittle ? a | b << 8 : a << 8 | b
    }
    func long(_ offset: Int) -> Int? {
      guard let a = short(offset), let b = short(offset + 2) else { return nil }
      return isLittle ? a | b << 16 : a << 16 | b
    }
    guard short(2) == 42, let directory = long(4), let entries = short(directory) else { return nil }
    for entry in 0..<entries {
      let offset = directory + 2 + entry * 12
      guard let tag = short(offset) else { return nil }
      if tag == 0x0112, short(offset + 2) == 3, let value = short(offset + 8) {
        return Orientation(rawValue: UInt16(value))
      }
    }
    return nil
  }

  /// Finds the orientation in the EXIF segment of a JPEG file.
  init(jpeg: UnsafeRawBufferPointer) {
    self = .upright
    var offset = 2
    while offset + 4 <= jpeg.count, jpeg[offset] == 0xFF {
      let marker = jpeg[offset + 1]
      if marker == 0xFF {
        offset += 1
        continue
      }  // fill bytes
      if marker == 0xDA || marker == 0xD9 { return }  // the image data starts: no EXIF
      if marker == 0x01 || (0xD0...0xD8).contains(marker) {
        offset += 2
        continue
      }
      let length = Int(jpeg[offset + 2]) << 8 | Int(jpeg[offset + 3])
      let end = offset + 2 + length
      guard length >= 2, end <= jpeg.count else { return }
      let content = UnsafeRawBufferPointer(rebasing: jpeg[(offset + 4)..<end])
      if marker == 0xE1, content.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) {
        self.init(tiff: UnsafeRawBufferPointer(rebasing: content[6...]))
        return
      }
      offset = end
    }
  }
}
