import PairData
import Runtime

/// Images that a conversion stores much larger than what training cuts out of them.
package struct LargeImages: Codable, Sendable, Equatable {
  /// The usual side of a training crop, in pixels.
  package static let usualCrop = 224
  /// Images of which both sides are above it are large, in pixels.
  package static let limit = 2 * usualCrop

  /// How many there are.
  package private(set) var count: Int
  /// The sides of the largest, in pixels.
  package private(set) var height: Int, width: Int

  /// The large ones of some images; nil where there is none.
  init?(_ images: some Sequence<ImageReference>) {
    let large = images.filter { min($0.height, $0.width) > Self.limit }
    guard let first = large.first else { return nil }
    (count, height, width) = (large.count, first.height, first.width)
    for image in large { takeLarger(height: image.height, width: image.width) }
  }

  /// Those of all parts; nil where none has any.
  init?(_ parts: [LargeImages]) {
    guard let first = parts.first else { return nil }
    self = first
    for part in parts.dropFirst() {
      count += part.count
      takeLarger(height: part.height, width: part.width)
    }
  }

  /// Of equally many pixels the higher image, so that the order of images does not matter.
  private mutating func takeLarger(height: Int, width: Int) {
    if (height * width, height) > (self.height * self.width, self.height) {
      (self.height, self.width) = (height, width)
    }
  }

  /// What to do about them, with figures.
  ///
  /// - Parameter imageCount: the number of all images.
  package func advice(of imageCount: Int) -> Advice {
    let times = height * width / (Self.usualCrop * Self.usualCrop)
    return """
      \(count) of \(counted(imageCount, "image")) are stored with more than \(Self.limit) x \(Self.limit) pixels, the largest \
      with \(sizeText(height: height, width: width)): training decodes the whole image each time, here \(times) times the \
      pixels of a crop of \(Self.usualCrop) x \(Self.usualCrop); convert with \(.imageSize) \(Self.limit) to save time and disk
      """
  }
}
