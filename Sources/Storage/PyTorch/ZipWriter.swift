import Runtime

/// Writes a zip archive of stored entries whose bytes depend on their content only: no times, and places that are multiples
/// of 64, as PyTorch wants them to map a file into memory.
struct ZipWriter {
  private let file: File
  private let path: String
  private var place = 0
  private var directory: [UInt8] = []
  private var count = 0

  /// Creates the file.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  init(_ path: String) throws(Failure) {
    file = try File(path, .writing)
    self.path = path
  }

  /// Adds an entry.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, or `usage` where the archive would be larger than 32 bits can tell.
  mutating func add(_ name: String, _ bytes: [UInt8]) throws(Failure) {
    let header = place
    let padding = (64 - (header + 34 + name.utf8.count) % 64) % 64
    guard header + 256 + padding + bytes.count + directory.count < Int(UInt32.max), count < Int(UInt16.max) - 1 else {
      throw Failure(
        .usage, "\(Publication.finalPath(of: path)) would be larger than 4 GB, which croco writes as safetensors only.",
        hint: "Give a name that ends in .safetensors.")
    }
    let checksum = bytes.withUnsafeBytes { CRC32.checksum($0) }
    // Version 2.0, names in UTF-8, stored, the first second of 1980.
    let common =
      Self.bytes(UInt16(20)) + Self.bytes(UInt16(0x0800)) + Self.bytes(UInt16(0)) + Self.bytes(UInt16(0))
      + Self.bytes(UInt16(0x21)) + Self.bytes(checksum) + Self.bytes(UInt32(bytes.count))
      + Self.bytes(UInt32(bytes.count)) + Self.bytes(UInt16(name.utf8.count))
    // An extra field that nobody reads fills the gap; PyTorch has the same one.
    let extra = Self.bytes(UInt16(0x4246)) + Self.bytes(UInt16(padding)) + [UInt8](repeating: 0x5A, count: padding)
    try write(Self.bytes(UInt32(0x0403_4B50)) + common + Self.bytes(UInt16(extra.count)) + name.utf8 + extra)
    try write(bytes)
    directory += Self.bytes(UInt32(0x0201_4B50)) + Self.bytes(UInt16(20)) + common
    // No extra field, no comment, first disk, no attributes.
    directory += [UInt8](repeating: 0, count: 12) + Self.bytes(UInt32(header)) + name.utf8
    count += 1
  }

  /// Writes the directory and closes the file.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  mutating func finish() throws(Failure) {
    let start = place
    try write(directory)
    let counts = Self.bytes(UInt16(count)) + Self.bytes(UInt16(count))
    try write(
      Self.bytes(UInt32(0x0605_4B50)) + [0, 0, 0, 0] + counts + Self.bytes(UInt32(directory.count))
        + Self.bytes(UInt32(start)) + [0, 0])
    try file.close()
  }

  private mutating func write(_ bytes: [UInt8]) throws(Failure) {
    try file.write(bytes)
    place += bytes.count
  }

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
