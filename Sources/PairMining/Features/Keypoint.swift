/// A place in an image with a scale and a direction, in pixels of the working size.
public struct Keypoint: Sendable, Equatable, BitwiseCopyable {
  /// Pixels from the centre of the left column.
  public let x: Float
  /// Pixels from the centre of the top row.
  public let y: Float
  /// The standard deviation of the Gaussian at which it was found, in pixels.
  public let scale: Float
  /// The dominant direction of the gradient, clockwise as seen, in radians from 0 to 2 pi.
  public let angle: Float
}

/// Local features of an image: keypoints with RootSIFT descriptors, the largest scale first.
public struct FeatureSet: Sendable, Equatable {
  /// The bytes of a descriptor.
  public static let descriptorSize = 128

  /// The image's size as shown, in pixels.
  public let imageWidth: Int, imageHeight: Int
  /// The size that keypoints refer to.
  public let width: Int, height: Int
  /// The places.
  public let keypoints: [Keypoint]
  /// [count, 128], in the order of the keypoints.
  public let descriptors: [UInt8]

  /// The number of features.
  public var count: Int { keypoints.count }
}
