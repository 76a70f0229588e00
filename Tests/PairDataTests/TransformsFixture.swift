import Foundation
import PairData
import Storage
import Testing

/// Reference arrays and their descriptions.
enum Fixture {
  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil))
  }

  static func tensors(_ name: String) throws -> SafetensorsReader {
    try SafetensorsReader(path: try path("\(name).safetensors"))
  }

  static func description<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: try path("\(name).json"))))
  }
}

extension RGBImage {
  /// Image `number` of a stored array [count, H, W, 3].
  init(_ bytes: [UInt8], number: Int, height: Int, width: Int) {
    let size = height * width * 3
    self.init(width: width, height: height, pixels: Array(bytes[(number * size)..<((number + 1) * size)]))
  }

  /// A picture without structure, the same at every call.
  static func noise(height: Int, width: Int, seed: UInt64) -> RGBImage {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    let pixels = (0..<(height * width * 3)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// A picture whose red is the row and whose green is the column.
  static func coordinates(height: Int, width: Int, blue: UInt8 = 0) -> RGBImage {
    var pixels: [UInt8] = []
    for row in 0..<height {
      for column in 0..<width { pixels += [UInt8(row), UInt8(column), blue] }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}

extension PlanarImage {
  /// The planes of a whole image.
  convenience init(_ image: RGBImage) {
    self.init(height: image.height, width: image.width)
    copy(image, top: 0, left: 0)
  }
}
