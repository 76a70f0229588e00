import Foundation

/// Finding the orientation in image files. Damaged structures count as upright: the tag is a hint, not part of the image.
extension Orientation {
  /// Reads the orientation from EXIF data: a TIFF structure, behind one or more "Exif\0\0" as some cameras write them.
  init(exif: UnsafeRawBufferPointer) {
    var tiff = exif
    while tiff.starts(with: Self.exifHeader) { tiff = UnsafeRawBufferPointer(rebasing: tiff.dropFirst(6)) }
    self = TIFFDirectory(tiff)?.orientation ?? .upright
  }

  private static var exifHeader: [UInt8] { [0x45, 0x78, 0x69, 0x66, 0, 0] }

  /// Finds the orientation in the EXIF segment of a JPEG file.
  init(jpeg: UnsafeRawBufferPointer) {
    self = .upright
    var offset = 2
    while offset + 4 <= jpeg.count, jpeg[offset] == 0xFF {
      let marker = jpeg[offset + 1]
      if marker == 0xFF {
        offset += 1
        continue
      }  // fill bytes
      if marker == 0xDA || marker == 0xD9 { return }  // the image data starts: no EXIF
      if marker == 0x01 || (0xD0...0xD8).contains(marker) {
        offset += 2
        continue
      }
      let length = Int(jpeg[offset + 2]) << 8 | Int(jpeg[offset + 3])
      let end = offset + 2 + length
      guard length >= 2, end <= jpeg.count else { return }
      let content = UnsafeRawBufferPointer(rebasing: jpeg[(offset + 4)..<end])
      if marker == 0xE1, content.starts(with: Self.exifHeader) {
        self.init(exif: content)
        return
      }
      offset = end
    }
  }

  /// Finds the orientation in the EXIF chunk of a WebP file (a RIFF file: name, length, content, padded to even lengths).
  init(webp: UnsafeRawBufferPointer) {
    self = .upright
    var offset = 12
    while offset + 8 <= webp.count {
      let length = (0..<4).reduce(0) { $0 | Int(webp[offset + 4 + $1]) << (8 * $1) }
      let end = offset + 8 + length
      guard end <= webp.count else { return }
      if webp[offset..<offset + 4].elementsEqual("EXIF".utf8) {
        self.init(exif: UnsafeRawBufferPointer(rebasing: webp[offset + 8..<end]))
        return
      }
      offset = end + length % 2
    }
  }

  /// Reads the orientation from ImageMagick's text chunk "Raw profile type exif": a line with the kind of profile, one with
  /// its length, and lines of hexadecimal digits.
  init(rawProfile text: String) {
    let digits = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(3).joined()
      .utf8.filter { $0 > 0x20 }
    var bytes: [UInt8] = []
    for pair in stride(from: 0, to: digits.count - 1, by: 2) {
      guard let byte = UInt8(String(decoding: digits[pair...pair + 1], as: UTF8.self), radix: 16) else { break }
      bytes.append(byte)
    }
    self = bytes.withUnsafeBytes { Orientation(exif: $0) }
  }
}

/// The first directory of a TIFF structure.
///
/// Source: TIFF 6.0, section 2. Tag 0x0112 should be one SHORT; cameras and tools write other types as well.
private struct TIFFDirectory {
  private let bytes: UnsafeRawBufferPointer
  private let isLittleEndian: Bool
  private let start: Int
  private let entryCount: Int

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 8, bytes[0] == bytes[1], bytes[0] == 0x49 || bytes[0] == 0x4D else { return nil }
    self.bytes = bytes
    isLittleEndian = bytes[0] == 0x49
    guard Self.integer(bytes, 2, 2, isLittleEndian) == 42, let start = Self.integer(bytes, 4, 4, isLittleEndian),
      let count = Self.integer(bytes, Int(start), 2, isLittleEndian)
    else { return nil }
    self.start = Int(start)
    entryCount = Int(count)
  }

  var orientation: Orientation? {
    for entry in 0..<entryCount {
      let offset = start + 2 + 12 * entry
      guard let tag = integer(offset, 2) else { return nil }
      if tag == 0x0112 { return value(offset).flatMap { UInt16(exactly: $0) }.flatMap(Orientation.init) }
    }
    return nil
  }

  /// The one value of an entry: integers, rationals and floating point; others and lists have none.
  private func value(_ entry: Int) -> Double? {
    guard let type = integer(entry + 2, 2), integer(entry + 4, 4) == 1 else { return nil }
    switch type {
    case 3, 8: return integer(entry + 8, 2).map { Double($0) }  // SHORT, SSHORT
    case 4, 9: return integer(entry + 8, 4).map { Double($0) }  // LONG, SLONG
    case 6: return integer(entry + 8, 1).map { Double($0) }  // SBYTE
    case 11: return integer(entry + 8, 4).map { Double(Float(bitPattern: UInt32($0))) }  // FLOAT
    case 5, 10:  // RATIONAL, SRATIONAL
      guard let place = integer(entry + 8, 4), let numerator = integer(Int(place), 4),
        let denominator = integer(Int(place) + 4, 4), denominator != 0
      else { return nil }
      return Double(numerator) / Double(denominator)
    case 12:  // DOUBLE
      return integer(entry + 8, 4).flatMap { integer(Int($0), 8) }.map { Double(bitPattern: $0) }
    default: return nil
    }
  }

  private func integer(_ offset: Int, _ size: Int) -> UInt64? { Self.integer(bytes, offset, size, isLittleEndian) }

  private static func integer(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ size: Int, _ isLittleEndian: Bool
  ) -> UInt64? {
    guard offset >= 0, offset + size <= bytes.count else { return nil }
    let content = bytes[offset..<offset + size]
    return (isLittleEndian ? Array(content.reversed()) : Array(content)).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
