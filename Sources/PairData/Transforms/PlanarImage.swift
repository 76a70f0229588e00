internal import CImage
import Runtime

/// Where a crop lies in its image, in pixels from the top left corner.
package struct CropWindow: Sendable, Equatable {
  /// Rows above the window.
  package let top: Int
  /// Columns left of the window.
  package let left: Int
  /// Rows of the window.
  package let height: Int
  /// Columns of the window.
  package let width: Int

  /// A window at a given place.
  package init(top: Int, left: Int, height: Int, width: Int) {
    self.top = top
    self.left = left
    self.height = height
    self.width = width
  }

  /// The window in the middle of an image at least as large; an odd margin leaves the larger part below and right.
  package init(centredIn imageHeight: Int, _ imageWidth: Int, height: Int, width: Int) {
    self.init(top: (imageHeight - height) / 2, left: (imageWidth - width) / 2, height: height, width: width)
  }

  /// A uniformly random window in an image at least as large. Draws the row, then the column.
  package init(
    randomIn imageHeight: Int, _ imageWidth: Int, height: Int, width: Int, from stream: inout RandomStream
  ) {
    let top = stream.nextIndex(below: imageHeight - height + 1)
    let left = stream.nextIndex(below: imageWidth - width + 1)
    self.init(top: top, left: left, height: height, width: width)
  }
}

/// An 8-bit colour image in planes, the form in which the transforms work: [3, H, W].
///
/// Allocated once and reused for image after image; one owner at a time.
package final class PlanarImage {
  /// Rows.
  package let height: Int
  /// Columns.
  package let width: Int
  /// The samples, red plane, green plane, blue plane: [3, H, W].
  let planes: AlignedBuffer<UInt8>

  /// Allocates a black image.
  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
    planes = AlignedBuffer(count: 3 * height * width)
  }

  /// Pixels of a plane.
  var pixelCount: Int { height * width }

  /// Copies the window at (`top`, `left`) of `image` that has the size of this one.
  package func copy(_ image: RGBImage, top: Int, left: Int) {
    precondition(
      top >= 0 && left >= 0 && top + height <= image.height && left + width <= image.width,
      "a \(height)x\(width) window at row \(top), column \(left) leaves an image of \(image.height)x\(image.width)")
    image.pixels.withUnsafeBufferPointer { pixels in
      guard let first = pixels.baseAddress else { return }
      croco_deinterleave(first + 3 * (top * image.width + left), 3 * image.width, planes.pointer, height, width)
    }
  }

  /// A copy with interleaved samples.
  package func interleaved() -> RGBImage {
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * pixelCount) { target, count in
      if let first = target.baseAddress { croco_interleave(planes.pointer, first, pixelCount) }
      count = 3 * pixelCount
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}
