/// A brain floating-point number: the upper 16 bits of a `Float`, 8 of them for the exponent and 7 for the fraction.
///
/// It is stored and multiplied, never computed with: sums are formed in fp32.
package struct BFloat16: BitwiseCopyable, Sendable, Equatable {
  /// Sign, exponent and fraction.
  package let bits: UInt16

  /// The nearest bfloat16, ties to even; NaN stays NaN.
  package init(_ value: Float) {
    let pattern = value.bitPattern
    bits =
      value.isNaN
      ? UInt16(truncatingIfNeeded: pattern >> 16) | 0x40
      : UInt16(truncatingIfNeeded: (pattern &+ 0x7FFF &+ ((pattern >> 16) & 1)) >> 16)
  }

  /// The same number as a `Float`.
  package var float: Float { Float(bitPattern: UInt32(bits) << 16) }
}
