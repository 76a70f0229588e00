/// An 8-bit colour image in memory: rows from the top, pixels from the left, red, green, blue interleaved.
package struct RGBImage: Sendable, Equatable {
  /// Width in pixels.
  package let width: Int
  /// Height in pixels.
  package let height: Int
  /// The samples: [H, W, 3].
  package var pixels: [UInt8]

  /// Wraps pixels.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == width * height * 3,
      "\(width)x\(height) pixels need \(width * height * 3) bytes, got \(pixels.count)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
