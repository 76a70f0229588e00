/// Little-endian numbers at places of a buffer; nil for what does not lie within it, so that no place can be too large.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The length of the buffer.
  var count: Int { bytes.count }

  /// A byte.
  func uint8(_ place: Int) -> UInt8? { place >= 0 && place < bytes.count ? bytes[place] : nil }

  /// A number of 16 bits.
  func uint16(_ place: Int) -> Int? { number(place, UInt16.self).map(Int.init) }

  /// A number of 32 bits.
  func uint32(_ place: Int) -> Int? { number(place, UInt32.self).map(Int.init) }

  /// A number of 64 bits; nil also where it is above any length of a file.
  func uint64(_ place: Int) -> Int? { number(place, UInt64.self).flatMap { $0 < 1 << 62 ? Int($0) : nil } }

  /// A range of bytes.
  func slice(_ place: Int, _ length: Int) -> UnsafeRawBufferPointer? {
    guard place >= 0, length >= 0, place <= bytes.count, length <= bytes.count - place else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])
  }

  private func number<Number: FixedWidthInteger>(_ place: Int, _: Number.Type) -> Number? {
    slice(place, MemoryLayout<Number>.size).map { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
  }
}
