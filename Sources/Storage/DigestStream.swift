internal import CXXHash

/// An XXH3 64-bit digest of bytes that come in pieces; equal to ``FileDigest`` of all of them in a row.
package final class DigestStream {
  private let state: OpaquePointer

  /// A digest of nothing so far.
  package init() {
    guard let state = XXH3_createState() else { fatalError("out of memory while making a digest") }
    self.state = state
    XXH3_64bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  /// Adds bytes.
  package func update(_ bytes: UnsafeRawBufferPointer) {
    if !bytes.isEmpty { XXH3_64bits_update(state, bytes.baseAddress, bytes.count) }
  }

  /// Adds a text and its end, so that two texts differ from their concatenation.
  package func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    update(UInt64(text.utf8.count))
  }

  /// Adds a number.
  package func update(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { update($0) }
  }

  /// The digest of all bytes so far.
  package var digest: FileDigest { FileDigest(value: XXH3_64bits_digest(state)) }
}
