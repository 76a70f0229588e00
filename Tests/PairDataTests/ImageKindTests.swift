import DataFixtures
import Foundation
import PairData
import Runtime
import Testing

/// WebP images, orientations as tools write them, and PNG files with much beside the pixels.
@Suite struct ImageKindTests {
  @Test("WebP is read: lossless pixels as they are, transparency over white, the EXIF orientation applied")
  func webp() throws {
    let photo = try EncodedImage(file: fixture("photo.webp")).decoded()
    #expect(photo.width == 32 && photo.height == 24)
    for (x, y) in [(0, 0), (31, 23), (7, 11)] {
      let at = (y * 32 + x) * 3
      #expect(Array(photo.pixels[at..<at + 3]) == recordedColor(x, y))
    }
    let transparent = try EncodedImage(file: fixture("transparent.webp")).decoded()
    // Column x is covered by 8 x / 255; the first column not at all.
    #expect(Array(transparent.pixels[..<3]) == [255, 255, 255])
    let sum: Int = 31 * 7 * 248 + 255 * 7 + 127
    let covered = UInt8(sum / 255)
    #expect(transparent.pixels[31 * 3] == covered)
    let turned = try EncodedImage(file: fixture("orientation_6.webp"))
    #expect(turned.width == 24 && turned.height == 32)
    #expect(try turned.decoded() == Orientation.turnRight.apply(to: photo))
  }

  @Test("A WebP animation, and WebP data that is cut off, are bad files")
  func badWebP() throws {
    #expect(failure { _ = try EncodedImage(file: fixture("animation.webp")) }?.message.contains("animation") == true)
    let whole = try Array(Data(contentsOf: URL(fileURLWithPath: fixture("orientation_6.webp"))))
    for count in [13, 25, 40] {
      let failure = failure { _ = try EncodedImage(bytes: Array(whole[..<count]), name: "cut.webp").decoded() }
      #expect(failure?.kind == .badData, "\(count) bytes")
    }
  }

  @Test("The orientation is read as any type of number, of either byte order, behind doubled headers")
  func orientationTypes() throws {
    // Type, and the value 6 as it stands in the entry or behind the directory.
    let types: [(type: UInt16, inline: [UInt8], behind: [UInt8])] = [
      (3, [6, 0], []), (4, [6, 0, 0, 0], []), (6, [6], []), (8, [6, 0], []), (9, [6, 0, 0, 0], []),
      (5, [], [6, 0, 0, 0, 1, 0, 0, 0]), (10, [], [12, 0, 0, 0, 2, 0, 0, 0]),
      (11, [0, 0, 0xC0, 0x40], []), (12, [], [0, 0, 0, 0, 0, 0, 0x18, 0x40]),
    ]
    for (type, inline, behind) in types {
      let little = tiff(type, inline, behind)
      #expect(try orientation(ofExif: little) == .turnRight, "type \(type)")
      #expect(try orientation(ofExif: Array("Exif\0\0".utf8) + little) == .turnRight, "type \(type), doubled header")
    }
    let big: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0]
    #expect(try orientation(ofExif: big) == .turnRight)
    for (type, value) in [(UInt16(3), UInt8(9)), (2, 6), (7, 6), (3, 0)] {
      #expect(try orientation(ofExif: tiff(type, [value, 0], [])) == .upright, "type \(type), value \(value)")
    }
  }

  @Test("PNG: an eXIf chunk turns the picture, before the image data or after it")
  func pngOrientation() throws {
    let stored = picture(5)
    let png = try EncodedImage(encoding: stored, as: .png, name: "test").bytes
    let exif = chunk("eXIf", tiff(3, [6, 0], []))
    for place in [33, png.count - 12] {
      let image = try EncodedImage(bytes: Array(png[..<place]) + exif + png[place...], name: "test.png")
      #expect(image.orientation == .turnRight && image.width == stored.height)
      #expect(try image.decodedAsStored() == stored)
    }
    let cut = Array(png[..<(png.count - 12)]) + exif.dropLast(8)
    #expect(try EncodedImage(bytes: cut, name: "cut.png").orientation == .upright)
  }

  @Test("PNG: ImageMagick's raw profile turns the picture; thousands of texts do not keep it from being read")
  func pngTexts() throws {
    let stored = picture(5)
    let png = try EncodedImage(encoding: stored, as: .png, name: "test").bytes
    let exif = Array("Exif\0\0".utf8) + tiff(3, [6, 0], [])
    let hex = exif.map { String(format: "%02x", $0) }.joined()
    let profile = text("Raw profile type exif", "\nexif\n      \(exif.count)\n\(hex)\n")
    let many = (0..<3000).flatMap { text("Comment", "number \($0)") }
    for chunks in [profile, many + profile] {
      let image = try EncodedImage(bytes: Array(png[..<33]) + chunks + png[33...], name: "test.png")
      #expect(image.orientation == .turnRight)
      #expect(try image.decodedAsStored() == stored)
    }
    #expect(try EncodedImage(bytes: Array(png[..<33]) + many + png[33...], name: "test.png").decoded() == stored)
  }

  /// A TIFF structure whose one entry is the orientation, in little-endian order.
  private func tiff(_ type: UInt16, _ inline: [UInt8], _ behind: [UInt8]) -> [UInt8] {
    let value = behind.isEmpty ? inline + [UInt8](repeating: 0, count: 4 - inline.count) : [26, 0, 0, 0]
    return [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, UInt8(type), 0, 1, 0, 0, 0] + value + [0, 0, 0, 0] + behind
  }

  private func orientation(ofExif exif: [UInt8]) throws -> Orientation {
    let jpeg = try EncodedImage(encoding: picture(6), as: .jpeg, name: "test").bytes
    let content = Array("Exif\0\0".utf8) + exif
    let segment = [0xFF, 0xE1, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
    return try EncodedImage(bytes: Array(jpeg[..<2]) + segment + jpeg[2...], name: "test.jpg").orientation
  }

  /// A tEXt chunk.
  private func text(_ keyword: String, _ content: String) -> [UInt8] {
    chunk("tEXt", Array(keyword.utf8) + [0] + Array(content.utf8))
  }

  private func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    return word(UInt32(body.count - 4)) + body + word(crc32(body))
  }

  /// The checksum of PNG chunks.
  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
