import PairData
import Runtime
import Storage

/// A part of an image, turned by quarters: what a list of crops says about one view.
package struct ImageCrop: Sendable, Hashable {
  /// The box in pixels of the image as it is stored, whatever its EXIF orientation says: boxes are found by tools that
  /// ignore it.
  let box: PixelWindow
  /// By how many quarters the box's content is turned counterclockwise, 0 to 3.
  package let quarterTurns: Int

  /// A box and its turn; quarters count modulo 4.
  package init(box: PixelWindow, quarterTurns: Int = 0) {
    self.box = box
    self.quarterTurns = (quarterTurns % 4 + 4) % 4
  }

  /// The crop as numbers.
  var words: [Int64] { [box.x, box.y, box.width, box.height, quarterTurns].map { Int64($0) } }

  /// The box cut out of a stored image, and turned.
  ///
  /// - Throws: `Failure` of kind `badData` where the box is empty or not inside the image.
  package func apply(to image: RGBImage, name: String) throws(Failure) -> RGBImage {
    guard box.x >= 0, box.y >= 0, box.width > 0, box.height > 0, box.width <= image.width - box.x,
      box.height <= image.height - box.y
    else {
      throw Failure(
        .badData,
        "\(name) is \(image.width)x\(image.height): the crop \(box.width)x\(box.height) at (\(box.x), \(box.y)) is not inside.",
        hint: "Crops belong to the original images, at their original size.")
    }
    let turn: Orientation =
      switch quarterTurns {
      case 1: .turnLeft
      case 2: .upsideDown
      case 3: .turnRight
      default: .upright
      }
    return turn.apply(to: image.cropped(to: box))
  }

  /// Views in groups of one task each, as places in `views`: the crops of one file stand together, so that it is decoded
  /// once; every other view is alone.
  static func groupsByOriginal(_ views: [PairCandidate.View]) -> [[Int]] {
    var groups: [[Int]] = []
    var places: [ExactText: Int] = [:]
    for (index, view) in views.enumerated() {
      if view.crop != nil, let place = places[ExactText(view.path)] {
        groups[place].append(index)
      } else {
        if view.crop != nil { places[ExactText(view.path)] = groups.count }
        groups.append([index])
      }
    }
    return groups
  }
}

extension ConversionOptions {
  /// Reads a view and makes of it what will be stored: cut, resized, encoded.
  ///
  /// - Parameters:
  ///   - number: the view's number in the conversion, which keys its random crop.
  ///   - original: the decoded image of a crop, kept for further crops of the same file; nil at first.
  /// - Throws: `Failure` that names the file.
  func image(
    of view: PairCandidate.View, number: Int, original: inout RGBImage?
  ) throws -> ImageReference {
    let prepared: RGBImage
    if let crop = view.crop {
      let whole = try original ?? EncodedImage(file: view.path).decodedAsStored()
      original = whole
      let part = try crop.apply(to: whole, name: view.path)
      prepared = try preparation?.apply(to: part, number: number, name: view.source) ?? part
    } else {
      let image = try EncodedImage(file: view.path)
      guard let preparation else { return try ImageReference(image, codec: dataset.codec, source: view.source) }
      try preparation.check(width: image.width, height: image.height, name: view.path)
      prepared = try preparation.apply(to: image.decoded(), number: number, name: view.path)
    }
    return try ImageReference(prepared, codec: dataset.codec, source: view.source)
  }
}
