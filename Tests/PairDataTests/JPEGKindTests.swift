import DataFixtures
import Foundation
import PairData
import Runtime
import Testing

/// Kinds of JPEG files that cameras and tools write, and of damage that libjpeg answers with warnings only.
@Suite struct JPEGKindTests {
  /// The recorded picture of the fixtures: columns, rows and diagonals in red, green and blue.
  private static let storedPixels: [UInt8] = (0..<24 * 32).flatMap { pixel in recordedColor(pixel % 32, pixel / 32) }

  @Test(
    "every sampling of the channels is read, to the picture that was stored",
    arguments: [
      "1x1_2x2_2x2", "1x2_1x1_1x1", "1x2_2x1_2x1", "1x4_1x1_1x1", "2x1_1x2_1x2", "2x2_1x2_2x1", "2x2_2x1_1x2",
      "2x4_1x1_1x1", "4x1_1x1_1x1", "4x2_1x1_1x1",
    ])
  func samplings(layout: String) throws {
    let image = try EncodedImage(file: fixture("sampling_\(layout).jpg")).decoded()
    let stored = RGBImage(width: 32, height: 24, pixels: Self.storedPixels)
    #expect(meanDifference(image, stored) < 4, "\(meanDifference(image, stored)) grey levels")
  }

  @Test("Parameters of a sequential scan, revisions of JFIF and codes of Adobe that nobody knows spoil no pixel")
  func harmlessWarnings() throws {
    let sound = try JPEGBytes(picture(1))
    let expected = try sound.decoded()
    // Samsung's cameras write 0 for the last coefficient of the one scan.
    #expect(try sound.changing(from: 0xDA) { $0[$0.count - 2] = 0 }.decoded() == expected)
    #expect(try sound.changing(from: 0xDA) { $0[$0.count - 3] = 1 }.decoded() == expected)
    #expect(try sound.changing(from: 0xE0) { $0[9] = 2 }.decoded() == expected)
    // Transform 3 does not exist; with three channels YCbCr is meant.
    let adobe: [UInt8] = [0xFF, 0xEE, 0, 14] + Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 3]
    #expect(try sound.inserting(adobe, before: 0xDB).decoded() == expected)
  }

  @Test("Stray bytes before the first scan, padding before the last marker, and what follows it spoil nothing")
  func strayBytes() throws {
    let sound = try JPEGBytes(picture(2))
    let expected = try sound.decoded()
    #expect(try sound.inserting([0x11, 0x22], before: 0xDB).decoded() == expected)
    #expect(try sound.inserting([0, 0, 0, 0, 0], before: 0xD9).decoded() == expected)
    #expect(try JPEGBytes(bytes: sound.bytes + [1, 2, 3]).decoded() == expected)
  }

  @Test("Lost image data is found whatever harmless warning comes first")
  func lostData() throws {
    let sound = try JPEGBytes(picture(3, width: 96, height: 64))
    let stray = try sound.inserting([0x11, 0x22], before: 0xDB)
    let half = stray.bytes.count / 2
    expectDamaged(Array(sound.bytes[..<half]), "cut")
    expectDamaged(Array(stray.bytes[..<half]), "stray bytes, then cut")
    expectDamaged(
      Array(stray.bytes[..<half]) + [UInt8](repeating: 0, count: stray.bytes.count - half), "stray bytes, then zeros")
    expectDamaged(Array(stray.bytes.dropLast(2)), "the last marker is missing")
    // What the decoder did not get to is image data, unless it is padding.
    expectDamaged(
      try sound.inserting([UInt8](repeating: 0x5A, count: 40), before: 0xD9).bytes, "data that nothing read")
    expectDamaged(try sound.inserting([0xFF, 0xD9], inScanAt: 0.5).bytes, "an end inside the scan")
  }

  @Test("Flipped bits are found wherever libjpeg notices them, and never crash")
  func flippedBits() throws {
    var random = RandomStream(seed: 3, purpose: .test)
    let sound = try JPEGBytes(picture(4, width: 96, height: 64))
    let expected = try sound.decoded()
    var refused = 0
    for _ in 0..<200 {
      var bytes = sound.bytes
      bytes[random.nextIndex(below: bytes.count)] ^= 1 << UInt8(random.nextIndex(below: 8))
      if let image = try? JPEGBytes(bytes: bytes).decoded() {
        #expect(image.width <= 65_535 && image.pixels.count == image.width * image.height * 3)
      } else {
        refused += 1
      }
    }
    #expect(refused > 20, "\(refused) of 200 are refused")
    #expect(try sound.decoded() == expected)
  }

  @Test("A file of hundreds of scans is given up by its number of scans")
  func manyScans() throws {
    let planes = try JPEGBytes(bytes: Array(Data(contentsOf: URL(fileURLWithPath: fixture("scans.jpg")))))
    _ = try planes.decoded()
    // Each of its scans is a channel, which may be sent again and again.
    let scan = try planes.segments(0xDA)[0]
    let copies = Array(repeating: planes.bytes[scan], count: 300).flatMap(\.self)
    let many = JPEGBytes(
      bytes: Array(planes.bytes[..<scan.upperBound]) + copies + planes.bytes[scan.upperBound...])
    let failure = failure { _ = try many.decoded() }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains("scans") == true, "\(failure?.message ?? "it is read")")
  }

  @Test("CMYK is converted as Pillow does: the ink that black leaves")
  func cmyk() throws {
    let image = try EncodedImage(file: fixture("cmyk.jpg")).decoded()
    let recorded = try EncodedImage(file: fixture("cmyk_as_pillow.png")).decoded()
    #expect(image.width == recorded.width && meanDifference(image, recorded) < 1)
  }

  private func expectDamaged(_ bytes: [UInt8], _ what: Comment) {
    let failure = failure { _ = try JPEGBytes(bytes: bytes).decoded() }
    #expect(failure?.kind == .badData, what)
    #expect(failure?.message.contains("damaged JPEG") == true, what)
  }
}

/// The color at (x, y) of the recorded picture.
func recordedColor(_ x: Int, _ y: Int) -> [UInt8] { [UInt8(x * 7), UInt8(y * 9), UInt8((x + y) * 4)] }

/// A JPEG file to be changed.
private struct JPEGBytes {
  var bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  init(_ image: RGBImage) throws { bytes = try EncodedImage(encoding: image, as: .jpeg, name: "test").bytes }

  func decoded() throws -> RGBImage { try EncodedImage(bytes: bytes, name: "test.jpg").decoded() }

  /// The places of the segments with this marker: from 0xFF to the next marker, scans with their data.
  func segments(_ marker: UInt8) throws -> [Range<Int>] {
    var found: [Range<Int>] = []
    var offset = 2
    while offset + 4 <= bytes.count, bytes[offset] == 0xFF, bytes[offset + 1] != 0xD9 {
      var end = offset + 2 + (Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3]))
      if bytes[offset + 1] == 0xDA {
        while end + 1 < bytes.count, bytes[end] != 0xFF || bytes[end + 1] == 0 { end += 1 }
      }
      if bytes[offset + 1] == marker { found.append(offset..<end) }
      offset = end
    }
    if marker == 0xD9 { found.append(offset..<bytes.count) }
    try #require(!found.isEmpty, "there is no segment \(marker)")
    return found
  }

  /// The file with the header of the first such segment changed: its bytes from the marker on.
  func changing(from marker: UInt8, _ change: (inout [UInt8]) -> Void) throws -> JPEGBytes {
    let start = try segments(marker)[0].lowerBound
    let length = 2 + (Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]))
    var header = Array(bytes[start..<start + length])
    change(&header)
    return JPEGBytes(bytes: Array(bytes[..<start]) + header + bytes[(start + length)...])
  }

  func inserting(_ new: [UInt8], before marker: UInt8) throws -> JPEGBytes {
    let start = try segments(marker)[0].lowerBound
    return JPEGBytes(bytes: Array(bytes[..<start]) + new + bytes[start...])
  }

  func inserting(_ new: [UInt8], inScanAt share: Double) throws -> JPEGBytes {
    let scan = try segments(0xDA)[0]
    let place = scan.lowerBound + Int(Double(scan.count) * share)
    return JPEGBytes(bytes: Array(bytes[..<place]) + new + bytes[place...])
  }
}
