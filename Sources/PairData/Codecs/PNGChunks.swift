/// The chunks of a PNG file, to leave out what libspng would stumble over, a thousand ancillary chunks, and to find what
/// it does not look for, those after the image data.
enum PNGChunks {
  private static let mostAncillary = 900
  private static let signatureLength = 8

  /// The file without chunks that neither the pixels nor the orientation need, where it has too many of them; nil where
  /// it can be read as it is. A file that ends within a chunk is returned up to its end, to be found out by the decoder.
  static func withoutExcess(_ png: UnsafeRawBufferPointer) -> [UInt8]? {
    var ancillary = 0
    var kept: [Range<Int>] = [0..<min(signatureLength, png.count)]
    for chunk in chunks(png) {
      let isCritical = png[chunk.lowerBound + 4] & 0x20 == 0
      if !isCritical { ancillary += 1 }
      if isCritical || isNeeded(png[chunk.lowerBound + 4..<chunk.upperBound]) { kept.append(chunk) }
    }
    guard ancillary > mostAncillary else { return nil }
    return kept.flatMap { png[$0] }
  }

  /// The content of the first chunk of a type, before or after the image data; nil where there is none that is whole.
  static func content(of type: String, in png: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    for chunk in chunks(png) where png[(chunk.lowerBound + 4)...].starts(with: type.utf8) {
      guard chunk.count >= 12, chunk.count == 12 + length(png, chunk.lowerBound) else { return nil }
      return UnsafeRawBufferPointer(rebasing: png[chunk.lowerBound + 8..<chunk.upperBound - 4])
    }
    return nil
  }

  /// Where chunks lie, from their lengths to their checksums; one that is cut off ends with the file.
  private static func chunks(_ png: UnsafeRawBufferPointer) -> some Sequence<Range<Int>> {
    sequence(state: signatureLength) { offset in
      guard offset + 8 <= png.count else { return nil }
      let start = offset
      offset = min(png.count, start + 12 + length(png, start))
      return start..<offset
    }
  }

  private static func length(_ png: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    (0..<4).reduce(0) { $0 << 8 | Int(png[offset + $1]) }
  }

  /// - Parameter chunk: from its type on.
  private static func isNeeded(_ chunk: Slice<UnsafeRawBufferPointer>) -> Bool {
    let type = String(decoding: chunk.prefix(4), as: UTF8.self)
    if type == "tRNS" || type == "eXIf" { return true }
    return ["tEXt", "zTXt", "iTXt"].contains(type)
      && chunk.dropFirst(4).starts(with: PNGCodec.profileKeyword.utf8)
  }
}
