import PairData
import Runtime
import Storage

/// A part of an image, turned by quarters once it has its size: what a list of crops says about one view.
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

  /// Whether what is shown is as wide as the box is high.
  var swapsSides: Bool { quarterTurns % 2 == 1 }

  /// The box cut out of a stored image; black where it sticks out.
  ///
  /// Source: Pillow's `Image.crop`.
  ///
  /// - Throws: `Failure` of kind `badData` where the box is empty, too large, or holds no pixel of the image.
  package func cut(from image: RGBImage, name: String) throws(Failure) -> RGBImage {
    let place = "the crop \(sizeText(height: box.height, width: box.width)) at row \(box.y), column \(box.x)"
    let columns = max(0, box.x)..<max(0, box.x, min(image.width, box.x + box.width))
    let rows = max(0, box.y)..<max(0, box.y, min(image.height, box.y + box.height))
    guard !columns.isEmpty, !rows.isEmpty else {
      throw Failure(
        .badData, "\(name) is \(sizeText(height: image.height, width: image.width)): \(place) holds no pixel of it.",
        hint: "Crops belong to the original images, at their original size.")
    }
    let inside = image.cropped(
      to: PixelWindow(x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count))
    guard inside.width < box.width || inside.height < box.height else { return inside }
    try ImageLimits.check(width: box.width, height: box.height, name: "\(name), \(place)")
    var pixels = [UInt8](repeating: 0, count: box.width * box.height * 3)
    let rowBytes = inside.width * 3
    for row in 0..<inside.height {
      let start = ((rows.lowerBound - box.y + row) * box.width + columns.lowerBound - box.x) * 3
      pixels.replaceSubrange(start..<start + rowBytes, with: inside.pixels[row * rowBytes..<(row + 1) * rowBytes])
    }
    return RGBImage(width: box.width, height: box.height, pixels: pixels)
  }

  /// An image turned counterclockwise.
  package func turn(_ image: RGBImage) -> RGBImage {
    let turn: Orientation =
      switch quarterTurns {
      case 1: .turnLeft
      case 2: .upsideDown
      case 3: .turnRight
      default: .upright
      }
    return turn.apply(to: image)
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
