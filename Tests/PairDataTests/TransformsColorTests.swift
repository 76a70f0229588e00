import Foundation
import PairData
import Runtime
import Storage
import Testing

/// The parts of transforms.json that the tests read.
private struct Description: Decodable {
  struct Combination: Decodable {
    let order: [UInt8]
    let brightness: Float
    let contrast: Float
    let saturation: Float

    enum CodingKeys: String, CodingKey {
      case order = "fn_idx"
      case brightness, contrast, saturation
    }
  }
  struct Single: Decodable {
    let image: Int
    let op: String
    let factor: Float
  }
  let jitterCombinations: [Combination]
  let singleOperations: [Single]
  let contrastMeans: [Int]
  let cropOffsets: [[Int]]

  enum CodingKeys: String, CodingKey {
    case jitterCombinations = "jitter_combinations"
    case singleOperations = "single_operations"
    case contrastMeans = "contrast_means"
    case cropOffsets = "crop_offsets_top_left"
  }
}

@Suite("Transforms: colours")
struct TransformsColorTests {
  private let tensors: SafetensorsReader
  private let description: Description
  private let images: [RGBImage]

  init() throws {
    tensors = try Fixture.tensors("transforms")
    description = try Fixture.description("transforms", as: Description.self)
    let bytes = try tensors.bytes("images")
    images = (0..<6).map { RGBImage(bytes, number: $0, height: 48, width: 64) }
  }

  @Test("Colour jitter of six images in six combinations equals the reference byte for byte")
  func combinations() throws {
    let expected = try tensors.bytes("jitter.out")
    #expect(description.jitterCombinations.count == 6)
    for (number, image) in images.enumerated() {
      for (place, combination) in description.jitterCombinations.enumerated() {
        let order = try combination.order.map { try #require(ColorJitter.Operation(rawValue: $0)) }
        let jitter = ColorJitter(
          brightness: combination.brightness, contrast: combination.contrast, saturation: combination.saturation,
          order: order)
        let planar = PlanarImage(image)
        jitter.apply(to: planar)
        #expect(planar.interleaved() == RGBImage(expected, number: number * 6 + place, height: 48, width: 64))
      }
    }
  }

  @Test("Each operation alone equals the reference byte for byte")
  func singleOperations() throws {
    let expected = try tensors.bytes("single.out")
    #expect(description.singleOperations.count == 24)
    for (place, single) in description.singleOperations.enumerated() {
      var jitter = ColorJitter(brightness: 1, contrast: 1, saturation: 1)
      switch single.op {
      case "brightness": jitter.brightness = single.factor
      case "contrast": jitter.contrast = single.factor
      case "saturation": jitter.saturation = single.factor
      default: Issue.record("unknown operation \(single.op)")
      }
      let planar = PlanarImage(images[single.image])
      jitter.apply(to: planar)
      #expect(planar.interleaved() == RGBImage(expected, number: place, height: 48, width: 64))
    }
  }

  @Test("The mean luma equals the reference")
  func luma() throws {
    let gray = try tensors.bytes("gray")
    for (number, image) in images.enumerated() {
      let expected = gray[(number * 48 * 64)..<((number + 1) * 48 * 64)].reduce(0) { $0 + Int($1) }
      let mean = ColorJitter.meanLuma(of: PlanarImage(image))
      #expect(mean == Int(Double(expected) / (48 * 64) + 0.5))
      #expect(mean == description.contrastMeans[number])
    }
  }

  @Test("Crops equal the reference")
  func crops() throws {
    let expected = try tensors.bytes("crop.out")
    for (number, image) in images.enumerated() {
      let offsets = description.cropOffsets[number]
      let window = PlanarImage(height: 32, width: 32)
      window.copy(image, top: offsets[0], left: offsets[1])
      #expect(window.interleaved() == RGBImage(expected, number: number, height: 32, width: 32))
    }
  }

  @Test("Every byte of every channel is normalised to the reference's bits")
  func normalizedTable() throws {
    let expected = try tensors.floats("normalized_table")
    let table = RGBImage(width: 256, height: 1, pixels: (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 3) })
    var actual = [Float](repeating: 0, count: 3 * 256)
    Normalization.imageNet.write(PlanarImage(table), to: &actual)
    #expect(actual.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test("Normalised images equal the reference's bits and turn back into the same pictures")
  func normalizedImages() throws {
    let expected = try tensors.floats("normalized")
    let values = 3 * 48 * 64
    for (place, number) in [2, 4].enumerated() {
      var actual = [Float](repeating: 0, count: values)
      Normalization.imageNet.write(PlanarImage(images[number]), to: &actual)
      #expect(actual.map(\.bitPattern) == expected[(place * values)..<((place + 1) * values)].map(\.bitPattern))
      #expect(Normalization.imageNet.image(of: actual, height: 48, width: 64) == images[number])
    }
  }

  @Test("Values beyond the range of bytes are clipped in pictures, and values that are not numbers are black")
  func clippedPictures() {
    let identity = Normalization(mean: SIMD3(repeating: 0), deviation: SIMD3(repeating: 1))
    let values: [Float] = [-0.5, 1.5, .nan, 0.5, .infinity, -.infinity]
    let image = identity.image(of: values, height: 1, width: 2)
    // Planes red (-0.5, 1.5), green (nan, 0.5), blue (inf, -inf).
    #expect(image.pixels == [0, 0, 255, 255, 128, 0])
  }

  @Test(
    "Images of every small size give what one pixel at a time gives", arguments: [1, 2, 3, 15, 17, 31, 63, 65, 129])
  func oddSizes(width: Int) {
    let image = RGBImage.noise(height: 3, width: width, seed: UInt64(width))
    let jitter = ColorJitter(
      brightness: 1.31, contrast: 0.77, saturation: 1.4, order: [.saturation, .brightness, .contrast, .hue])
    let planar = PlanarImage(image)
    jitter.apply(to: planar)
    #expect(planar.interleaved() == Oracle.jitter(image, brightness: 1.31, contrast: 0.77, saturation: 1.4))
  }

  @Test("Drawn factors lie in the range of the strength and all orders come equally often")
  func draws() {
    var counts: [SIMD4<UInt8>: Int] = [:]
    var smallest = Float.infinity
    var largest = -Float.infinity
    for index in 0..<24_000 {
      var stream = RandomStream(seed: 5, purpose: .colorJitter, epoch: 2, index: index)
      let jitter = ColorJitter(strength: 0.4, from: &stream)
      counts[jitter.order, default: 0] += 1
      for factor in [jitter.brightness, jitter.contrast, jitter.saturation] {
        smallest = min(smallest, factor)
        largest = max(largest, factor)
      }
    }
    #expect(smallest >= 0.6 && smallest < 0.601)
    #expect(largest <= 1.4 && largest > 1.399)
    // 24 orders with 1,000 expected each; five deviations are 155.
    #expect(counts.count == 24)
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 155 })
  }
}

/// One pixel at a time, from the description of the operations.
private enum Oracle {
  /// Saturation, brightness, contrast.
  static func jitter(_ image: RGBImage, brightness: Float, contrast: Float, saturation: Float) -> RGBImage {
    var pixels = image.pixels
    for pixel in stride(from: 0, to: pixels.count, by: 3) {
      let grey = luma(pixels, pixel)
      for channel in 0..<3 {
        pixels[pixel + channel] = blend(Float(grey), pixels[pixel + channel], saturation)
      }
    }
    pixels = pixels.map { blend(0, $0, brightness) }
    let lumas = stride(from: 0, to: pixels.count, by: 3).map { luma(pixels, $0) }
    let mean = Int(Double(lumas.reduce(0, +)) / Double(lumas.count) + 0.5)
    pixels = pixels.map { blend(Float(mean), $0, contrast) }
    return RGBImage(width: image.width, height: image.height, pixels: pixels)
  }

  static func luma(_ pixels: [UInt8], _ first: Int) -> Int {
    (19595 * Int(pixels[first]) + 38470 * Int(pixels[first + 1]) + 7471 * Int(pixels[first + 2]) + 32768) >> 16
  }

  static func blend(_ other: Float, _ byte: UInt8, _ factor: Float) -> UInt8 {
    UInt8(max(0, min(255, other + factor * (Float(byte) - other))))
  }
}
