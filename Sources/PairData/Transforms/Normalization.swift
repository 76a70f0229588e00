internal import CImage

/// Bytes to centred floats: (byte / 255 - mean) / deviation for each channel, in fp32 with true divisions.
package struct Normalization: Sendable, Equatable {
  /// The mean of red, green and blue, as a share of 255.
  package var mean: SIMD3<Float>
  /// The standard deviation of red, green and blue, as a share of 255.
  package var deviation: SIMD3<Float>

  /// Given statistics.
  package init(mean: SIMD3<Float>, deviation: SIMD3<Float>) {
    self.mean = mean
    self.deviation = deviation
  }

  /// The statistics of ImageNet, which the official models use.
  package static let imageNet = Normalization(
    mean: SIMD3(0.485, 0.456, 0.406), deviation: SIMD3(0.229, 0.224, 0.225))

  /// Writes the normalised image to `target`: [3, H, W].
  package func write(_ image: PlanarImage, to target: UnsafeMutablePointer<Float>) {
    let count = image.pixelCount
    for channel in 0..<3 {
      let first = channel * count
      croco_normalize(image.planes.pointer + first, target + first, count, mean[channel], deviation[channel])
    }
  }

  /// The picture of normalised values [3, H, W]: the nearest byte, clipped; values that are not numbers become 0.
  package func image(of values: UnsafePointer<Float>, height: Int, width: Int) -> RGBImage {
    let planar = PlanarImage(height: height, width: width)
    let count = planar.pixelCount
    for channel in 0..<3 {
      let first = channel * count
      croco_denormalize(values + first, planar.planes.pointer + first, count, mean[channel], deviation[channel])
    }
    return planar.interleaved()
  }
}
