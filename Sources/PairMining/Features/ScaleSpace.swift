internal import CFeatures
import Foundation
import Runtime

/// One octave after the other of a Gaussian scale space, in memory that is used again for every image.
///
/// Source: Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", IJCV 60, 2004, section 3: three scales an
/// octave, 1.6 pixels at the first, 0.5 assumed of the image.
final class ScaleSpace {
  static let scalesPerOctave = 3
  static let firstSigma = 1.6
  static let imageSigma = 0.5

  /// The size of the octave at hand.
  private(set) var width = 0, height = 0
  /// Pixels of the image for a pixel of the octave.
  private(set) var step = 1

  private var pixelCapacity = 0
  private var rowCapacity = 0
  private var gaussians = AlignedBuffer<Float>(count: 0)  // [scales + 3, height, width]
  private var differences = AlignedBuffer<Float>(count: 0)  // [scales + 2, height, width]
  private var gradients = AlignedBuffer<Float>(count: 0)  // [2, height, width]: magnitude, angle
  private var scratch = AlignedBuffer<Float>(count: 0)

  private var plane: Int { width * height }
  private static let levels = scalesPerOctave + 3

  /// The first octave of an image that was enlarged by `enlargement`.
  func start(_ pixels: [UInt8], width: Int, height: Int, enlargement: Double) {
    reserve(width * height, row: width)
    (self.width, self.height, step) = (width, height, 1)
    croco_luminance(differences.pointer, pixels, plane)
    let given = Self.imageSigma * max(1, enlargement)
    blur(differences.pointer, to: level(0), sigma: (Self.firstSigma * Self.firstSigma - given * given).squareRoot())
    fill()
  }

  /// The next octave, half as large; false where it would be too small for features.
  func advance() -> Bool {
    guard min(width, height) / 2 >= 16 else { return false }
    croco_halve(differences.pointer, level(Self.scalesPerOctave), width, height)
    (width, height, step) = (width / 2, height / 2, step * 2)
    level(0).update(from: differences.pointer, count: plane)
    fill()
    return true
  }

  /// Extrema of the differences of Gaussians of this octave.
  func extrema(contrast: Float) -> [croco_extremum] {
    let limits = croco_extremum_limits(contrast: contrast, edge_ratio: 10)
    var found = [croco_extremum](repeating: croco_extremum(), count: 4096)
    while true {
      let count = croco_find_extrema(
        differences.pointer, width, height, Self.levels - 1, limits, &found, found.count)
      if count <= found.count { return Array(found.prefix(count)) }
      found = [croco_extremum](repeating: croco_extremum(), count: count)
    }
  }

  /// Magnitude and angle of the gradient of one level; valid until the next call.
  func gradient(ofLevel index: Int) -> (magnitude: UnsafePointer<Float>, angle: UnsafePointer<Float>) {
    let (magnitude, angle) = (gradients.pointer, gradients.pointer + plane)
    croco_gradient(magnitude, angle, level(index), width, height)
    return (UnsafePointer(magnitude), UnsafePointer(angle))
  }

  /// The scale of a level, in pixels of the octave.
  static func sigma(ofLevel level: Float) -> Float {
    Float(firstSigma) * exp2(level / Float(scalesPerOctave))
  }

  private func level(_ index: Int) -> UnsafeMutablePointer<Float> { gaussians.pointer + index * plane }

  /// All levels from the first, and their differences.
  private func fill() {
    let ratio = exp2(1 / Double(Self.scalesPerOctave))
    for index in 1..<Self.levels {
      let previous = Self.firstSigma * pow(ratio, Double(index - 1))
      blur(level(index - 1), to: level(index), sigma: previous * (ratio * ratio - 1).squareRoot())
    }
    for index in 0..<(Self.levels - 1) {
      croco_difference(differences.pointer + index * plane, level(index + 1), level(index), plane)
    }
  }

  private func blur(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, sigma: Double) {
    let radius = Int((4 * sigma).rounded(.up))
    let weights = (0...radius).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
    let sum = 2 * weights.reduce(0, +) - weights[0]
    croco_blur(target, source, scratch.pointer, width, height, weights.map { Float($0 / sum) }, radius)
  }

  private func reserve(_ pixels: Int, row: Int) {
    // Each has its own limit: a narrower image may have more pixels.
    guard pixels > pixelCapacity || row > rowCapacity else { return }
    pixelCapacity = max(pixels, pixelCapacity)
    rowCapacity = max(row, rowCapacity)
    gaussians = AlignedBuffer(count: Self.levels * pixelCapacity)
    differences = AlignedBuffer(count: (Self.levels - 1) * pixelCapacity)
    gradients = AlignedBuffer(count: 2 * pixelCapacity)
    scratch = AlignedBuffer(count: pixelCapacity + rowCapacity + 128)
  }
}
