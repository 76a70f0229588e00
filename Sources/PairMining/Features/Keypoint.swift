/// A place in an image with a scale and a direction, in pixels of the working size.
package struct Keypoint: Sendable, Equatable, BitwiseCopyable {
  /// Pixels from the centre of the left column.
  package let x: Float
  /// Pixels from the centre of the top row.
  package let y: Float
  /// The standard deviation of the Gaussian at which it was found, in pixels.
  package let scale: Float
  /// The dominant direction of the gradient, clockwise as seen, in radians from 0 to 2 pi.
  package let angle: Float
}

/// Local features of an image: keypoints with RootSIFT descriptors, the largest scale first.
package struct FeatureSet: Sendable, Equatable {
  /// The bytes of a descriptor.
  static let descriptorSize = 128

  /// The image's size as shown, in pixels.
  let imageWidth: Int, imageHeight: Int
  /// The size that keypoints refer to.
  package let width: Int, height: Int
  /// The places.
  package let keypoints: [Keypoint]
  /// [count, 128], in the order of the keypoints.
  package let descriptors: [UInt8]

  /// The number of features.
  package var count: Int { keypoints.count }
}
