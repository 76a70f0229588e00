internal import CImage
import Runtime

/// Random brightness, contrast and saturation, in random order, on 8-bit colours.
///
/// Every operation blends in fp32 with black, the mean grey or each pixel's grey, clips to 0 ... 255 and truncates; a
/// factor of 1 changes nothing. For the same factors and order the bytes are those of torchvision on Pillow images.
package struct ColorJitter: Sendable, Equatable {
  /// One of the four places in the order; `hue` is there for the odds and does nothing.
  package enum Operation: UInt8, Sendable, CaseIterable {
    /// Blend with black.
    case brightness = 0
    /// Blend with the mean luma of the image as it is then.
    case contrast = 1
    /// Blend with each pixel's luma.
    case saturation = 2
    /// No operation.
    case hue = 3
  }

  /// The blend factor of brightness; 1 changes nothing.
  package var brightness: Float
  /// The blend factor of contrast; 1 changes nothing.
  package var contrast: Float
  /// The blend factor of saturation; 1 changes nothing.
  package var saturation: Float
  /// The raw values of the operations in the order in which they run.
  package var order: SIMD4<UInt8>

  /// Given factors and order.
  package init(brightness: Float, contrast: Float, saturation: Float, order: [Operation] = Operation.allCases) {
    precondition(Set(order).count == 4 && order.count == 4, "\(order) is not a permutation of the four operations")
    self.brightness = brightness
    self.contrast = contrast
    self.saturation = saturation
    self.order = SIMD4(order.map(\.rawValue))
  }

  /// A random permutation (Fisher and Yates), then the factors of brightness, contrast and saturation, each uniform in
  /// max(0, 1 - strength) ... 1 + strength.
  package init(strength: Float, from stream: inout RandomStream) {
    var order = SIMD4<UInt8>(0, 1, 2, 3)
    for last in stride(from: 3, to: 0, by: -1) {
      let other = stream.nextIndex(below: last + 1)
      (order[last], order[other]) = (order[other], order[last])
    }
    let range = max(0, 1 - strength)...(1 + strength)
    brightness = stream.nextUniform(range)
    contrast = stream.nextUniform(range)
    saturation = stream.nextUniform(range)
    self.order = order
  }

  /// Changes the colours of `image`.
  package func apply(to image: PlanarImage) {
    let bytes = image.planes.pointer
    let pixelCount = image.pixelCount
    for place in 0..<4 {
      switch Operation(rawValue: order[place]) {
      case .brightness where brightness != 1: croco_blend_constant(bytes, 3 * pixelCount, 0, brightness)
      case .contrast where contrast != 1:
        croco_blend_constant(bytes, 3 * pixelCount, Int32(Self.meanLuma(of: image)), contrast)
      case .saturation where saturation != 1: croco_blend_luma(bytes, pixelCount, saturation)
      default: break
      }
    }
  }

  /// The mean 8-bit luma of an image (ITU-R BT.601 weights in 16-bit fixed point), rounded to the nearest integer.
  package static func meanLuma(of image: PlanarImage) -> Int {
    Int(Double(croco_luma_sum(image.planes.pointer, image.pixelCount)) / Double(image.pixelCount) + 0.5)
  }
}
