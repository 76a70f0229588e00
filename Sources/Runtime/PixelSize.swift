/// The size of an image in pixels.
package struct PixelSize: Sendable, Hashable {
  package let height: Int, width: Int

  /// A size of `height` rows and `width` columns.
  package init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
}

/// The size of an image in words, always in the order of `image_size`: "224x224", "480x640 (height x width)".
package func sizeText(height: Int, width: Int) -> String {
  height == width ? "\(height)x\(width)" : "\(height)x\(width) (height x width)"
}
