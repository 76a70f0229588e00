import DataFixtures
import Foundation
import PairData
import Storage
import Testing

@Suite struct CodecTests {
  static let files = [
    "rgb.png", "rgba.png", "grey.png", "grey_alpha.png", "palette.png", "palette_transparent.png", "bits1.png",
    "grey16.png",
    "rgb16.png", "interlaced.png", "orientation_6.png", "grey.jpg", "progressive.jpg", "full_chroma.jpg",
    "half_chroma.jpg",
  ]

  @Test(
    "images decode to the recorded pixels, whatever their kind and orientation",
    arguments: files + (1...8).map { "orientation_\($0).jpg" })
  func decodes(name: String) throws {
    let expected = try storedImage(SafetensorsReader(path: fixture("decoded.safetensors")), name)
    let image = try EncodedImage(file: fixture(name))
    #expect(image.width == expected.width)
    #expect(image.height == expected.height)
    let decoded = try image.decoded()
    if name.hasSuffix(".png") {
      #expect(decoded == expected)
    } else {
      // Releases of libjpeg-turbo differ by one grey level in chroma upsampling.
      let largest = zip(decoded.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
      #expect(decoded.width == expected.width && largest <= 2, "largest difference \(largest)")
    }
  }

  @Test("every orientation moves every pixel where EXIF says", arguments: Orientation.allCases)
  func orientations(orientation: Orientation) {
    let stored = picture(2, width: 7, height: 5)
    let shown = orientation.apply(to: stored)
    let (right, bottom) = (stored.width - 1, stored.height - 1)
    for y in 0..<shown.height {
      for x in 0..<shown.width {
        // EXIF 2.3: which side of the shown picture the stored row 0 and column 0 are.
        let (column, row) =
          switch orientation {
          case .upright: (x, y)
          case .mirrored: (right - x, y)
          case .upsideDown: (right - x, bottom - y)
          case .mirroredUpsideDown: (x, bottom - y)
          case .transposed: (y, x)
          case .turnRight: (y, bottom - x)
          case .transverse: (right - y, bottom - x)
          case .turnLeft: (right - y, x)
          }
        for channel in 0..<3 {
          #expect(
            shown.pixels[(y * shown.width + x) * 3 + channel]
              == stored.pixels[(row * stored.width + column) * 3 + channel])
        }
      }
    }
  }

  @Test("PNG is lossless and deterministic, JPEG deterministic and close")
  func encodes() throws {
    let image = picture(4, width: 33, height: 17)
    let png = try EncodedImage(encoding: image, as: .png, name: "a")
    #expect(try png.decoded() == image)
    #expect(try png.bytes == EncodedImage(encoding: image, as: .png, name: "b").bytes)
    let jpeg = try EncodedImage(encoding: image, as: .jpeg, quality: 95, name: "a")
    #expect(meanDifference(try jpeg.decoded(), image) < 6)
    #expect(try jpeg.bytes == EncodedImage(encoding: image, as: .jpeg, quality: 95, name: "b").bytes)
    let coarse = try EncodedImage(encoding: image, as: .jpeg, quality: 30, name: "a")
    #expect(coarse.bytes.count < jpeg.bytes.count)
  }

  @Test("files that are no images are refused by name, whatever their suffix")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let cases: [(String, [UInt8], String)] = [
        ("text.jpg", Array("not a picture".utf8), "text"), ("empty.png", [], "0 bytes"),
        ("photo.jpg", Array("RIFF....WEBPVP8 ".utf8), "WebP"), ("noise.png", [1, 2, 3, 0, 255], "unknown"),
        ("header.jpg", [0xFF, 0xD8, 0xFF, 0xE0], "damaged JPEG"),
        ("header.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "damaged PNG"),
      ]
      for (name, bytes, reason) in cases {
        let path = folder + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let refusal = failure { _ = try EncodedImage(file: path) }
        #expect(refusal?.kind == .badData)
        #expect(refusal?.message.contains(path) == true)
        #expect(refusal?.message.contains(reason) == true, "\(refusal?.message ?? "accepted")")
      }
      #expect(failure { _ = try EncodedImage(file: folder + "/missing.png") }?.kind == .noInput)
      #expect(failure { _ = try EncodedImage(file: folder) }?.kind == .badData)
    }
  }

  @Test("an image that claims gigantic sizes is refused before memory is taken")
  func hugeSizes() throws {
    var bytes = try EncodedImage(encoding: picture(0), as: .jpeg, name: "a").bytes
    // The frame header: FF C0, length, precision, height, width.
    let frame = try #require((0..<(bytes.count - 1)).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    for offset in 5..<9 { bytes[frame + offset] = 0xFF }
    let refusal = failure { _ = try EncodedImage(bytes: bytes, name: "huge.jpg") }
    #expect(refusal?.kind == .badData)
    #expect(refusal?.message.contains("huge.jpg") == true)
  }

  @Test("an image that is cut off anywhere is refused", arguments: [ImageFormat.jpeg, .png])
  func truncation(format: ImageFormat) throws {
    let bytes = try EncodedImage(encoding: picture(0), as: format, name: "a").bytes
    // The end marker alone (2 bytes of a JPEG, the empty last chunk of a PNG) holds no pixels.
    for length in stride(from: 0, to: bytes.count - 64, by: 7) {
      let refusal = failure { _ = try EncodedImage(bytes: Array(bytes.prefix(length)), name: "cut").decoded() }
      #expect(refusal?.kind == .badData, "\(length) of \(bytes.count) bytes were accepted")
    }
  }
}
