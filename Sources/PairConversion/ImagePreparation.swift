import PairData
import Runtime

/// How an image becomes one of the wanted size.
package enum ImageFit: String, Sendable, CaseIterable {
  /// Keep the aspect ratio, resize until the wanted size is just covered, cut out the centre.
  case crop
  /// The same with a cut at a random place, keyed by the seed and the image's number.
  case randomCrop = "random-crop"
  /// Resize both sides independently; nothing is cut off, and the aspect ratio changes.
  case stretch
}

/// The interpolation with which images come to one size.
package enum ImageFilter: String, Sendable, CaseIterable {
  case lanczos
  case bicubic
  case bilinear
  /// Lanczos where an image has more than four times the wanted pixels, else bicubic: how CroCo v2's crops are made.
  case adaptive

  /// The filter for an image of so many pixels.
  func filter(reducing pixels: Int, to wanted: Int) -> ResizeFilter {
    switch self {
    case .lanczos: .lanczos
    case .bicubic: .bicubic
    case .bilinear: .bilinear
    case .adaptive: pixels > 4 * wanted ? .lanczos : .bicubic
    }
  }
}

/// Brings images to one size.
package struct ImagePreparation: Sendable {
  /// The wanted size in pixels.
  package let height: Int, width: Int
  /// How an image comes to the wanted size.
  package let fit: ImageFit
  /// The interpolation.
  package let filter: ImageFilter
  /// Whether images that are too small are enlarged; otherwise they are bad data.
  let allowsUpscaling: Bool
  /// Keys the random crops.
  package let seed: UInt64

  /// Wanted size, fit and filter.
  package init(
    height: Int, width: Int, fit: ImageFit = .crop, filter: ImageFilter = .lanczos, allowsUpscaling: Bool = false,
    seed: UInt64 = 0
  ) {
    precondition(height > 0 && width > 0, "\(sizeText(height: height, width: width)) is no image size")
    self.height = height
    self.width = width
    self.fit = fit
    self.filter = filter
    self.allowsUpscaling = allowsUpscaling
    self.seed = seed
  }

  /// The same for images that are turned by a quarter afterwards.
  var turned: ImagePreparation {
    ImagePreparation(
      height: width, width: height, fit: fit, filter: filter, allowsUpscaling: allowsUpscaling, seed: seed)
  }

  /// Checks that an image is large enough, which its header tells already.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image.
  package func check(width imageWidth: Int, height imageHeight: Int, name: String) throws(Failure) {
    guard allowsUpscaling || (imageWidth >= width && imageHeight >= height) else {
      throw Failure(
        .badData,
        "\(name) is \(sizeText(height: imageHeight, width: imageWidth)), smaller than the wanted "
          + "\(sizeText(height: height, width: width)).",
        hint: "Choose a smaller \(.imageSize), or give \(.upscaling).")
    }
  }

  /// The image at the wanted size.
  ///
  /// - Parameter number: the image's number in the conversion, which keys its random crop.
  /// - Throws: `Failure` of kind `badData` for an image that is too small.
  package func apply(to image: RGBImage, number: Int, name: String) throws(Failure) -> RGBImage {
    try check(width: image.width, height: image.height, name: name)
    let filter = filter.filter(reducing: image.width * image.height, to: width * height)
    if fit == .stretch { return image.resized(width: width, height: height, filter: filter) }
    let scale = max(Double(width) / Double(image.width), Double(height) / Double(image.height))
    let fullWidth = max(width, Int((Double(image.width) * scale).rounded()))
    let fullHeight = max(height, Int((Double(image.height) * scale).rounded()))
    var (x, y) = ((fullWidth - width) / 2, (fullHeight - height) / 2)
    if fit == .randomCrop {
      var random = RandomStream(seed: seed, purpose: .crop, index: number)
      x = random.nextIndex(below: fullWidth - width + 1)
      y = random.nextIndex(below: fullHeight - height + 1)
    }
    return image.resized(
      width: fullWidth, height: fullHeight, filter: filter,
      window: PixelWindow(x: x, y: y, width: width, height: height))
  }
}
