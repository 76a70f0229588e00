/// The right factor of a product, B.
package enum RightFactor<Element: Operand> {
  /// Elements as products multiply them.
  case operands(UnsafePointer<Element>)
  /// fp32, rounded as it is read: weights without a copy. Only where `Element.roundsFloats`.
  case floats(UnsafePointer<Float>)
}

extension RightFactor<Float> {
  /// The values: an operand is fp32.
  var floats: UnsafePointer<Float> {
    switch self {
    case .operands(let values), .floats(let values): values
    }
  }
}
