internal import CXXHash
import Runtime

/// The XXH3 64-bit digest that manifests and checkpoints record of their files.
package struct FileDigest: Sendable, Equatable, Hashable, CustomStringConvertible {
  /// The digest as a number.
  package let value: UInt64

  /// The digest as 16 lower-case hexadecimal digits.
  package var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Reads a digest back from its hexadecimal text; nil if the text is not 16 hexadecimal digits.
  package init?(_ text: String) {
    guard text.count == 16, let value = UInt64(text, radix: 16) else { return nil }
    self.value = value
  }

  init(value: UInt64) { self.value = value }

  /// Digests bytes in memory (`XXH3_64bits`).
  package init(of bytes: UnsafeRawBufferPointer) {
    value = XXH3_64bits(bytes.baseAddress, bytes.count)
  }

  /// Digests a whole file in pieces of 1 MiB.
  ///
  /// - Throws: `Failure` of kind `noInput` or `inputOutput` that names the file.
  package init(ofFile path: String) throws(Failure) {
    let file = try File(path, .reading)
    let stream = DigestStream()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    var count = piece.count
    while count == piece.count {
      count = try file.read(into: piece)
      stream.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
    }
    self = stream.digest
  }
}
