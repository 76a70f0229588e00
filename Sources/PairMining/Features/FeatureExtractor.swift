internal import CFeatures
import PairData

/// Finds local features: SIFT keypoints (Lowe, 2004) with RootSIFT descriptors (Arandjelovic and Zisserman, 2012).
///
/// An object has working memory and belongs to one thread.
package final class FeatureExtractor {
  /// How features are found.
  package struct Options: Sendable {
    /// Longer sides are shrunk to this many pixels first; images below two thirds of it are doubled.
    var maximumSide: Int
    /// The most features of an image; the largest in scale are kept.
    var maximumCount: Int
    /// The least contrast of a keypoint, of 1 for black against white.
    var contrast: Float

    /// 1000 pixels, 3000 features, a contrast of 0.02 / 3.
    package init(maximumSide: Int = 1000, maximumCount: Int = 3000, contrast: Float = 0.02 / 3) {
      precondition(
        maximumSide >= 32 && maximumCount >= 1, "\(maximumSide) pixels, \(maximumCount) features are too few")
      self.maximumSide = maximumSide
      self.maximumCount = maximumCount
      self.contrast = contrast
    }
  }

  private let options: Options
  private let space = ScaleSpace()

  /// An extractor without features yet.
  package init(options: Options = Options()) { self.options = options }

  /// The features of an image; none where it is tiny or uniform.
  package func features(of image: RGBImage) -> FeatureSet {
    let longer = max(image.width, image.height)
    let scale =
      longer > options.maximumSide
      ? Double(options.maximumSide) / Double(longer) : 3 * longer <= 2 * options.maximumSide ? 2 : 1
    let width = max(1, Int((Double(image.width) * scale).rounded()))
    let height = max(1, Int((Double(image.height) * scale).rounded()))
    guard min(width, height) >= 16 else {
      return FeatureSet(
        imageWidth: image.width, imageHeight: image.height, width: width, height: height, keypoints: [],
        descriptors: [])
    }
    let working = image.resized(width: width, height: height, filter: scale > 1 ? .bicubic : .bilinear)
    var found: [Found] = []
    space.start(working.pixels, width: width, height: height, enlargement: scale)
    repeat { find(&found) } while space.advance()
    let kept = found.indices.sorted { Self.precedes(found[$0], found[$1]) }.prefix(options.maximumCount)
    return FeatureSet(
      imageWidth: image.width, imageHeight: image.height, width: width, height: height,
      keypoints: kept.map { found[$0].keypoint }, descriptors: kept.flatMap { found[$0].descriptor })
  }

  private struct Found {
    let keypoint: Keypoint
    let descriptor: [UInt8]
  }

  private static func precedes(_ a: Found, _ b: Found) -> Bool {
    let (a, b) = (a.keypoint, b.keypoint)
    return (b.scale, a.y, a.x, a.angle) < (a.scale, b.y, b.x, b.angle)
  }

  /// Adds the features of the octave at hand.
  private func find(_ found: inout [Found]) {
    let extrema = space.extrema(contrast: options.contrast)
    for level in 1...ScaleSpace.scalesPerOctave {
      let members = extrema.filter { max(1, min(ScaleSpace.scalesPerOctave, Int($0.level.rounded()))) == level }
      guard !members.isEmpty else { continue }
      let gradient = space.gradient(ofLevel: level)
      for extremum in members { describe(extremum, gradient.magnitude, gradient.angle, &found) }
    }
  }

  private func describe(
    _ extremum: croco_extremum, _ magnitude: UnsafePointer<Float>, _ angle: UnsafePointer<Float>,
    _ found: inout [Found]
  ) {
    let sigma = ScaleSpace.sigma(ofLevel: extremum.level)
    let step = Float(space.step)
    var directions = [Float](repeating: 0, count: Int(CROCO_MAX_ORIENTATIONS))
    let place = croco_place(x: extremum.x, y: extremum.y, sigma: sigma)
    let count = croco_orientations(magnitude, angle, space.width, space.height, place, &directions)
    for direction in directions.prefix(Int(count)) {
      let descriptor = [UInt8](unsafeUninitializedCapacity: FeatureSet.descriptorSize) { target, count in
        croco_describe(
          magnitude, angle, space.width, space.height, place, direction, target.baseAddress)
        count = FeatureSet.descriptorSize
      }
      let keypoint = Keypoint(
        x: extremum.x * step, y: extremum.y * step, scale: sigma * step, angle: direction)
      found.append(Found(keypoint: keypoint, descriptor: descriptor))
    }
  }
}
