/// A type of floating numbers that weights are stored in, under the name that safetensors has for it.
package enum FloatingType: String, Sendable, CaseIterable {
  /// IEEE 754 of 16 bits.
  case fp16 = "F16"
  /// The upper half of an fp32.
  case bf16 = "BF16"
  /// IEEE 754 of 32 bits.
  case fp32 = "F32"
  /// IEEE 754 of 64 bits.
  case fp64 = "F64"

  /// The numbers of little-endian bytes as fp32.
  package func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { source in
      switch self {
      case .fp16: Self.map(source) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
      case .bf16: Self.map(source) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
      case .fp32: Self.map(source) { (bits: UInt32) in Float(bitPattern: bits) }
      case .fp64: Self.map(source) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
      }
    }
  }

  /// fp32 numbers as little-endian bytes of this type, each rounded to the nearest, ties to even.
  package func bytes(_ values: [Float]) -> [UInt8] {
    switch self {
    case .fp16: Self.bytes(values) { Float16($0).bitPattern }
    case .bf16: Self.bytes(values, Self.roundedUpperHalf)
    case .fp32: Self.bytes(values) { $0.bitPattern }
    case .fp64: Self.bytes(values) { Double($0).bitPattern }
    }
  }

  private static func roundedUpperHalf(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    // A carry must not make an infinity of what is no number.
    guard !value.isNaN else { return UInt16(bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  private static func map<Bits: FixedWidthInteger>(
    _ source: UnsafeRawBufferPointer, _ number: (Bits) -> Float
  ) -> [Float] {
    let width = MemoryLayout<Bits>.size
    return (0..<source.count / width).map {
      number(Bits(littleEndian: source.loadUnaligned(fromByteOffset: $0 * width, as: Bits.self)))
    }
  }

  private static func bytes<Bits: FixedWidthInteger>(_ values: [Float], _ bits: (Float) -> Bits) -> [UInt8] {
    values.map { bits($0).littleEndian }.withUnsafeBytes { Array($0) }
  }
}
