/// What becomes of a product on its way to memory, where the result is an operand of further products: [m, n].
///
/// A bias is [n]; `hidden` and `activated` lie as the result does, without gaps.
package enum Finish<Element: Operand> {
  /// Nothing.
  case plain
  /// result = product + bias.
  case bias(UnsafePointer<Float>)
  /// The same, and activated = GELU(result).
  case biasGELU(UnsafePointer<Float>, activated: UnsafeMutablePointer<Element>)
  /// result = product * GELU'(hidden), and activated = GELU(hidden).
  case geluBackward(hidden: UnsafePointer<Element>, activated: UnsafeMutablePointer<Element>)
}

extension Finish {
  /// Does it to a result that is there, [m, n], for products that cannot do it on the way.
  func apply(to result: UnsafeMutablePointer<Element>, m: Int, n: Int) {
    let all = MatrixView(result, rows: m, columns: n)
    switch self {
    case .plain: break
    case .bias(let bias): Element.addBias(all, bias)
    case .biasGELU(let bias, let activated):
      Element.biasGELU(all, bias, into: MatrixView(activated, rows: m, columns: n))
    case .geluBackward(let hidden, let activated):
      Element.geluBackward(
        all, hidden: MatrixView(UnsafeMutablePointer(mutating: hidden), rows: m, columns: n),
        activated: MatrixView(activated, rows: m, columns: n))
    }
  }
}
