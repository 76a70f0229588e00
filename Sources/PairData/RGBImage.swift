/// An 8-bit colour image in memory: rows from the top, pixels from the left, red, green, blue interleaved.
public struct RGBImage: Sendable, Equatable {
  /// Width in pixels.
  public let width: Int
  /// Height in pixels.
  public let height: Int
  /// The samples: [H, W, 3].
  public var pixels: [UInt8]

  /// Wraps pixels.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == width * height * 3,
      "\(width)x\(height) pixels need \(width * height * 3) bytes, got \(pixels.count)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
