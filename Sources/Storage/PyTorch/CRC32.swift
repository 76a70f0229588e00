/// The checksum of zip archives: CRC-32 with the polynomial 0x04C11DB7, reflected, eight bytes at a time.
///
/// Source: PKWARE's description of the zip format, section 4.4.7; "slicing by 8" of Kounavis and Berry, 2005.
enum CRC32 {
  /// The checksum of bytes.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = UInt32.max
    var place = 0
    tables.withUnsafeBufferPointer { tables in
      while place + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ UInt64(crc)
        crc = 0
        for byte in 0..<8 {
          crc ^= tables[(7 - byte) << 8 | Int(truncatingIfNeeded: word >> (8 * UInt64(byte)) & 0xFF)]
        }
        place += 8
      }
      for byte in bytes[place...] { crc = crc >> 8 ^ tables[Int((crc ^ UInt32(byte)) & 0xFF)] }
    }
    return ~crc
  }

  // Table k, 256 entries each: what a byte does to the checksum when k bytes follow it.
  private static let tables: [UInt32] = {
    var tables = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    for place in 256..<2048 {
      let before = tables[place - 256]
      tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
    }
    return tables
  }()
}
