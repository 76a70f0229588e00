/// The chunks of a PNG file, to leave out what libspng would stumble over: it reads a thousand ancillary chunks at most.
enum PNGChunks {
  private static let mostAncillary = 900
  private static let signatureLength = 8

  /// The file without chunks that neither the pixels nor the orientation need, where it has too many of them; nil where
  /// it can be read as it is. A file that ends within a chunk is returned up to its end, to be found out by the decoder.
  static func withoutExcess(_ png: UnsafeRawBufferPointer) -> [UInt8]? {
    var ancillary = 0
    var kept: [Range<Int>] = [0..<min(signatureLength, png.count)]
    var offset = signatureLength
    while offset + 8 <= png.count {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(png[offset + $1]) }
      let end = min(png.count, offset + 12 + length)
      let isCritical = png[offset + 4] & 0x20 == 0
      if !isCritical { ancillary += 1 }
      if isCritical || isNeeded(png[offset + 4..<end]) { kept.append(offset..<end) }
      offset = end
    }
    guard ancillary > mostAncillary else { return nil }
    return kept.flatMap { png[$0] }
  }

  /// - Parameter chunk: from its type on.
  private static func isNeeded(_ chunk: Slice<UnsafeRawBufferPointer>) -> Bool {
    let type = String(decoding: chunk.prefix(4), as: UTF8.self)
    if type == "tRNS" || type == "eXIf" { return true }
    return ["tEXt", "zTXt", "iTXt"].contains(type)
      && chunk.dropFirst(4).starts(with: PNGCodec.profileKeyword.utf8)
  }
}
